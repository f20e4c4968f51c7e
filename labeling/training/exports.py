"""Exports: a snapshot's members are frozen by one INSERT ... SELECT, then written in parts, then sealed with a manifest.

Each part holds a key range and appears whole, with a small file that says what is in it; an export that was killed goes on
after the last whole part. Memory holds one part's rows at most.
"""

import gzip
import hashlib
import json
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from labeling.errors import DomainError
from labeling.store import Store, store_open
from labeling.training.export_rows import EXPORTED
from labeling.training.models import DatasetSnapshot

PART_ROWS = 2000
GZIP_LEVEL = 6  # 9 takes several times as long for a few percent
State = DatasetSnapshot.State
Heartbeat = Callable[[dict[str, Any]], object]

_LABELS = """
SELECT %(snapshot)s, answer.id, prompt.split
FROM feedback_{table} answer
JOIN rounds_prompt prompt ON prompt.id = answer.prompt_id
LEFT JOIN feedback_labelingtask task ON task.id = answer.task_id
WHERE answer.project_id = %(project)s AND answer.is_counted AND answer.superseded_by_id IS NULL AND answer.redacted_at IS NULL
  AND prompt.redacted_at IS NULL AND COALESCE(task.purpose, 'training') = 'training' AND prompt.split = ANY(%(splits)s)
ORDER BY md5(answer.id::text || ':' || %(seed)s::text), answer.id
LIMIT %(limit)s
"""
_PROMPTS = """
SELECT %(snapshot)s, prompt.id, prompt.split
FROM rounds_prompt prompt
WHERE prompt.project_id = %(project)s AND prompt.redacted_at IS NULL AND prompt.split = ANY(%(splits)s)
ORDER BY md5(prompt.id::text || ':' || %(seed)s::text), prompt.id
LIMIT %(limit)s
"""
_MEMBERS = {
    "demonstrations": _LABELS.format(table="demonstration"),
    "rankings": _LABELS.format(table="ranking"),
    "prompts": _PROMPTS,
}
_RANGES = """
SELECT min(object_id), max(object_id) FROM (
  SELECT object_id, (row_number() OVER (ORDER BY object_id) - 1) / %(part_rows)s AS part
  FROM training_snapshotitem WHERE snapshot_id = %(snapshot)s AND split = %(split)s) numbered
GROUP BY part ORDER BY part
"""


class EmptySnapshot(DomainError):
    """No row fits the snapshot's filters."""

    code = "empty_snapshot"
    status = 409


@transaction.atomic
def snapshot_freeze(snapshot_id: int) -> DatasetSnapshot:
    """Fixes the members of a queued snapshot in one statement; a frozen one is returned as it is. Raises EmptySnapshot."""
    snapshot = DatasetSnapshot.objects.select_for_update(no_key=True).get(pk=snapshot_id)
    if snapshot.state != State.QUEUED:
        return snapshot
    values = {
        "snapshot": snapshot.pk, "project": snapshot.project_id, "splits": snapshot.filters["splits"],
        "seed": snapshot.filters.get("seed", 0), "limit": snapshot.filters.get("limit") or None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        members = _MEMBERS[snapshot.kind]
        cursor.execute(f"INSERT INTO training_snapshotitem (snapshot_id, object_id, split) {members}", values)
        if cursor.rowcount == 0:
            raise EmptySnapshot(
                f"There are no {snapshot.kind} in the splits {', '.join(snapshot.filters['splits'])} yet."
            )
    snapshot.state = State.FROZEN
    snapshot.save(update_fields=["state"])
    return snapshot


def export_run(snapshot_id: int, heartbeat: Heartbeat) -> DatasetSnapshot:
    """Exports a snapshot from wherever it stands to sealed. Safe to run again after a crash at any moment.

    An empty snapshot ends as failed with its reason; other errors are the caller's to retry.
    """
    try:
        snapshot = snapshot_freeze(snapshot_id)
    except EmptySnapshot as error:
        return snapshot_fail(snapshot_id, error.message)
    if snapshot.state != State.FROZEN:
        return snapshot
    store = store_open(settings.STORAGE_URL)
    ranges = [
        (split, *bounds) for split in snapshot.filters["splits"] for bounds in enumerate(_key_ranges(snapshot, split))
    ]
    parts = []
    for number, (split, index, (first, last)) in enumerate(ranges, start=1):
        parts.append(_part_write(store, snapshot, split, index, first, last))
        heartbeat({"done": number, "total": len(ranges)})
    return _seal(store, snapshot, parts)


@transaction.atomic
def snapshot_fail(snapshot_id: int, reason: str) -> DatasetSnapshot:
    """Ends a snapshot that is not sealed as failed."""
    snapshot = DatasetSnapshot.objects.select_for_update(no_key=True).get(pk=snapshot_id)
    if snapshot.state != State.SEALED:
        snapshot.state = State.FAILED
        snapshot.reason = reason
        snapshot.save(update_fields=["state", "reason"])
    return snapshot


@transaction.atomic
def snapshot_seal(snapshot_id: int, *, uri: str, sha256: str, num_rows_by_split: dict[str, int]) -> DatasetSnapshot:
    """Makes a frozen snapshot immutable under the hash of its manifest; sealing it again changes nothing."""
    snapshot = DatasetSnapshot.objects.select_for_update(no_key=True).get(pk=snapshot_id)
    if snapshot.state == State.FROZEN:
        snapshot.state = State.SEALED
        snapshot.uri = uri
        snapshot.sha256 = sha256
        snapshot.num_rows = sum(num_rows_by_split.values())
        snapshot.num_rows_by_split = num_rows_by_split
        snapshot.sealed_at = timezone.now()
        snapshot.save()
    return snapshot


def _seal(store: Store, snapshot: DatasetSnapshot, parts: list[dict[str, Any]]) -> DatasetSnapshot:
    num_rows: dict[str, int] = {}
    for part in parts:
        num_rows[part["split"]] = num_rows.get(part["split"], 0) + part["rows"]
    manifest = {
        "snapshot": snapshot.pk,
        "kind": snapshot.kind,
        "filters": snapshot.filters,
        "rows": num_rows,
        "parts": parts,
    }
    content = (json.dumps(manifest, sort_keys=True, indent=1) + "\n").encode()
    folder = f"snapshots/{snapshot.pk}"
    store.write_bytes(f"{folder}/manifest.json", content)
    sha256 = hashlib.sha256(content).hexdigest()
    return snapshot_seal(snapshot.pk, uri=store.uri(folder), sha256=sha256, num_rows_by_split=num_rows)


def _part_write(
    store: Store, snapshot: DatasetSnapshot, split: str, index: int, first: int, last: int
) -> dict[str, Any]:
    """Writes one part unless an earlier attempt has; returns what the manifest says of it."""
    name = f"{split}-{index:05d}.jsonl.gz"
    described = f"snapshots/{snapshot.pk}/{split}-{index:05d}.json"
    if store.exists(described):
        earlier: dict[str, Any] = json.loads(store.read_text(described))
        return earlier
    ids = snapshot.items.filter(split=split, object_id__range=(first, last)).order_by("object_id")
    with store.open_write(f"snapshots/{snapshot.pk}/{name}") as file:
        hashed = _Hashed(file)
        num_rows = 0
        with gzip.GzipFile(fileobj=hashed, mode="wb", mtime=0, filename="", compresslevel=GZIP_LEVEL) as packed:
            for record in EXPORTED[snapshot.kind](list(ids.values_list("object_id", flat=True))):
                packed.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
                num_rows += 1
    part = {"name": name, "split": split, "rows": num_rows, "sha256": hashed.digest.hexdigest()}
    store.write_bytes(described, json.dumps(part).encode())
    return part


def _key_ranges(snapshot: DatasetSnapshot, split: str) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_RANGES, {"part_rows": PART_ROWS, "snapshot": snapshot.pk, "split": split})
        return [(int(first), int(last)) for first, last in cursor.fetchall()]


class _Hashed:
    """A file to write to that hashes what goes through."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()
