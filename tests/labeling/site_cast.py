"""The people and the project that tests of the site share."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.accounts.models import User
from labeling.feedback.imports import import_run
from labeling.rounds.models import Import, Membership, Project
from labeling.rounds.services import project_create

PASSWORD = "quiet-otter-7-lamps"


@dataclass
class Cast:
    """One project with a person of each role, a stranger who works elsewhere, and an administrator."""

    project: Project
    elsewhere: Project
    people: dict[str, User]

    def client(self, role: str, **options: Any) -> Client:
        client = Client(**options)
        if role != "anonymous":
            client.force_login(self.people[role])
        return client

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.project.pk}"


def cast_make() -> Cast:
    admin = User.objects.create_superuser(username="admin", password=PASSWORD)
    people = {
        name: User.objects.create_user(username=name, password=PASSWORD)
        for name in (*Membership.Role.values, "stranger")
    }
    project = project_create(actor=admin, name="Rabbits", slug="rabbits")
    elsewhere = project_create(actor=admin, name="Hares", slug="hares")
    for role in Membership.Role.values:
        Membership.objects.create(project=project, user=people[role], role=role)
        Membership.objects.create(project=elsewhere, user=people["stranger"], role=role)
    return Cast(project, elsewhere, {**people, "admin": admin})


def jsonl(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def upload(cast: Cast, kind: str, name: str, content: bytes, role: str = "manager") -> Any:
    file = SimpleUploadedFile(name, content)
    return cast.client(role).post(f"{cast.path}/imports", {"kind": kind, "file": file})


def import_file(cast: Cast, kind: str, name: str, content: bytes) -> Import:
    """Upload through the API, then do the job as a worker would."""
    reply = upload(cast, kind, name, content)
    assert reply.status_code == 201, reply.content
    import_run(reply.json()["id"], lambda progress: True)
    return Import.objects.get(pk=reply.json()["id"])


def store_url(folder: Path) -> str:
    return f"file://{folder}"
