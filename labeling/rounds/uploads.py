"""Takes an uploaded file into the store and queues the job that reads its rows."""

import hashlib
import os
import uuid
from typing import Any

from django.conf import settings
from django.db import transaction

from labeling.accounts.models import User
from labeling.errors import InvalidInput
from labeling.jobs.services import audit, job_enqueue
from labeling.rounds.models import Import, Project
from labeling.store import store_open

FILE_NAMES = (".jsonl", ".jsonl.gz", ".jsonl.xz", ".csv", ".csv.gz", ".csv.xz")


def import_create(*, actor: User, project: Project, kind: str, file: Any) -> Import:
    """Copy the upload to the store in pieces, then, in one transaction, add the Import and its job. Raises InvalidInput."""
    name = os.path.basename(file.name)[-255:]
    if not name.lower().endswith(FILE_NAMES):
        expected = f"Expected a name that ends in {', '.join(FILE_NAMES)}, got {name!r}."
        raise InvalidInput(expected, {"file": expected})
    store = store_open(settings.STORAGE_URL)
    digest = hashlib.sha256()
    stored = f"imports/{uuid.uuid4().hex}/rows" + next(end for end in FILE_NAMES if name.lower().endswith(end))
    with store.open_write(stored) as target:
        for piece in file.chunks(2**20):
            digest.update(piece)
            target.write(piece)
    with transaction.atomic():
        found = Import.objects.create(
            project=project,
            kind=kind,
            file_name=name,
            created_by=actor,
            uri=store.uri(stored),
            sha256=digest.hexdigest(),
            bytes_total=file.size,
        )
        job_enqueue(name="import_rows", key=str(found.pk), payload={"import_id": found.pk})
        audit(actor, "import_create", found, project, kind=kind, file_name=name)
    return found
