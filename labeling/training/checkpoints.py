"""Bases that come from outside, and publishing. Registering what a run made is rounds.services.checkpoint_register."""

import hashlib
import re
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Conflict, InvalidInput
from labeling.jobs.services import audit
from labeling.rounds.models import Checkpoint, Project
from labeling.rounds.services import checkpoint_register

HUB_NAME = re.compile(r"^[\w.-]+/[\w.-]+$")


def base_register(*, project: Project, actor: User, source: str, name: str = "") -> Checkpoint:
    """Registers a folder below MODELS_DIR or a hub model as a base. Raises InvalidInput when it is neither."""
    root = Path(settings.MODELS_DIR).resolve()
    folder = (root / source).resolve()
    if folder.is_dir() and folder.is_relative_to(root) and folder != root:
        if not (folder / "config.json").exists():
            raise InvalidInput(
                f"Expected a model in {source}: it has no config.json.", {"source": "not a model folder"}
            )
        uri, sha256 = folder.as_uri(), sha256_of_folder(folder)
    elif HUB_NAME.match(source) and ".." not in source:
        uri, sha256 = f"hub:{source}", hashlib.sha256(f"hub:{source}".encode()).hexdigest()
    else:
        expected = f"a folder below {root} or a hub name like owner/model"
        raise InvalidInput(f"Expected {expected}, got {source!r}.", {"source": f"Expected {expected}."})
    checkpoint = checkpoint_register(
        project=project, role=Checkpoint.Role.BASE, uri=uri, sha256=sha256, name=name or source, parents=[], round=None,
        card={"source": source}, num_parameters=0,
    )  # fmt: skip
    audit(actor, "checkpoint_create", checkpoint, project=project, source=source)
    return checkpoint


@transaction.atomic
def checkpoint_publish(*, checkpoint: Checkpoint, actor: User | None) -> Checkpoint:
    """Makes a policy the project's published one and retires the one before. Locks the project: two clicks take turns."""
    if checkpoint.role != Checkpoint.Role.POLICY:
        raise Conflict(f"Expected a policy, got a checkpoint of role {checkpoint.role}; only policies are published.")
    Project.objects.select_for_update(no_key=True).get(pk=checkpoint.project_id)
    published = Checkpoint.objects.filter(
        project=checkpoint.project_id, role=Checkpoint.Role.POLICY, state=Checkpoint.State.PUBLISHED
    )
    for earlier in published.exclude(pk=checkpoint.pk):
        earlier.state = Checkpoint.State.RETIRED
        earlier.save(update_fields=["state"])
    checkpoint.state = Checkpoint.State.PUBLISHED
    checkpoint.published_at = timezone.now()
    checkpoint.save(update_fields=["state", "published_at"])
    audit(actor, "checkpoint_publish", checkpoint, project=checkpoint.project_id)
    return checkpoint


def sha256_of_folder(folder: Path) -> str:
    """One hash of every file's path and bytes, in the order of the paths; the trainers hash their folders the same way."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{digest}\n".encode())
    return total.hexdigest()
