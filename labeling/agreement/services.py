"""Brings a file of public rankings into a project through the same import that people use."""

import gzip
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db import transaction

from labeling.accounts.models import User
from labeling.agreement.public_sets import ranking_row
from labeling.errors import InvalidInput
from labeling.feedback.imports import import_run
from labeling.jobs.models import Job
from labeling.jobs.services import job_claim, job_finish, job_heartbeat
from labeling.rounds.imports import MAX_ROW_ERRORS
from labeling.rounds.models import Import, Project
from labeling.rounds.uploads import import_create


@dataclass
class Brought:
    """What became of a file: the import that is done, and each row that was refused with its line and reason."""

    found: Import
    refused: list[dict[str, Any]] = field(default_factory=list)


def rankings_bring(*, actor: User, project: Project, path: Path, only: dict[str, str]) -> Brought:
    """Import every good ranking of a file whose fields equal `only`. An import takes all rows or none: rows that it refuses are
    taken out and the rest is uploaded again, so that a person can read which rows are missing and why.

    Raises InvalidInput when the file as a whole is refused, or has more wrong rows than an import lists.
    """
    rows = dict(rows_of(path, only))
    found = import_at_once(actor, project, path, rows)
    if found.state == Import.State.DONE:
        return Brought(found)
    refused = list(found.row_errors)
    if not refused or found.rows_refused > len(refused):
        raise InvalidInput(
            f"{path.name}: {found.reason} (at most {MAX_ROW_ERRORS} wrong rows are left out by themselves)"
        )
    lines = list(rows)
    for error in refused:
        error["line"] = lines[error["line"] - 1]
        rows.pop(error["line"], None)
    found = import_at_once(actor, project, path, rows)
    if found.state != Import.State.DONE:
        raise InvalidInput(f"{path.name}: {found.reason}")
    return Brought(found, refused)


def rows_of(path: Path, only: dict[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, ranking row) of every record whose fields equal `only`."""
    with open_plain(path) as stream:
        for line, text in enumerate(stream, start=1):
            record = json.loads(text)
            if all(str(record.get(name)) == value for name, value in only.items()):
                yield line, ranking_row(record)


def open_plain(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return lzma.open(path, "rb") if path.suffix == ".xz" else path.open("rb")


def import_at_once(actor: User, project: Project, path: Path, rows: dict[int, dict[str, Any]]) -> Import:
    """Upload the rows and do the import's job here: it is claimed in the transaction that queues it, so no worker takes it."""
    body = BytesIO()
    with gzip.GzipFile(fileobj=body, mode="wb", mtime=0, compresslevel=1) as packed:
        for row in rows.values():
            packed.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    size = body.tell()
    body.seek(0)
    file = InMemoryUploadedFile(body, "file", f"{path.name.split('.')[0]}.jsonl.gz", "application/gzip", size, None)
    with transaction.atomic():
        found = import_create(actor=actor, project=project, kind=Import.Kind.RANKINGS, file=file)
        job = job_claim(Job.objects.get(name="import_rows", key=str(found.pk)).pk)
    assert job is not None
    import_run(found.pk, lambda progress: job_heartbeat(job, progress))
    job_finish(job)
    found.refresh_from_db()
    return found
