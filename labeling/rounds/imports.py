"""Puts the rows of an uploaded file into the database: all of them in one transaction, or none.

How demonstrations and rankings are stored is not known here: `import_execute` is given the writer of each kind.
"""

import gzip
import hashlib
import itertools
import json
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from labeling.copy_rows import rows_copy
from labeling.rounds.held_out import HeldOut, asked_in, corpora_holding, held_out_of, texts_of
from labeling.rounds.import_rows import FileError, PromptRow, Row, RowError, TextRow, rows_read
from labeling.rounds.models import Corpus, Import, Project, Prompt
from labeling.rounds.splits import split_of, splits_refusal
from labeling.store import Store, store_open

BATCH_ROWS = 1000
PROGRESS_SECONDS = 0.5
MAX_ROW_ERRORS = 200
Heartbeat = Callable[[dict[str, Any]], Any]


class ImportRefused(Exception):
    """The file as a whole cannot enter; the message is the reason that a person reads. Rolls everything back."""


@dataclass
class Tally:
    """What an import has done so far."""

    rows: int = 0
    refused: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    by_split: Counter[str] = field(default_factory=Counter)
    by_contributor: Counter[str] = field(default_factory=Counter)
    test_prompts: dict[str, tuple[int, str]] = field(default_factory=dict)  # new ones: id -> line, what it asks

    def refuse(self, line: int, error: RowError) -> None:
        self.refused += 1
        if len(self.errors) < MAX_ROW_ERRORS:
            self.errors.append({"line": line, "field": error.field, "message": error.message})


Numbered = tuple[int, Row]
Writer = Callable[[Import, Sequence[Any], Tally], None]


def import_execute(import_id: int, heartbeat: Heartbeat, writers: Mapping[str, Writer]) -> None:
    """The import ends as done (every row is in) or refused (none is; `reason` and `row_errors` say why).

    Safe to call again after a crash: the rows and the state `done` commit together. An unforeseen error marks it failed,
    is raised, and may be retried.
    """
    found = Import.objects.select_related("project").get(pk=import_id)
    if found.state in (Import.State.DONE, Import.State.REFUSED):
        return
    Import.objects.filter(pk=import_id).update(state=Import.State.RUNNING, reason="", row_errors=[])
    tally = Tally()
    try:
        if found.kind == Import.Kind.TEXTS:
            corpus_write(found, tally, heartbeat)
        else:
            rows_write(found, writers[found.kind], tally, heartbeat)
    except ImportRefused as refusal:
        import_end(found, Import.State.REFUSED, tally, str(refusal))
    except Exception as error:
        import_end(found, Import.State.FAILED, tally, f"{type(error).__name__}: {error}")
        raise


def import_end(found: Import, state: str, tally: Tally, reason: str = "") -> None:
    """The import ends; one whose rows are in stays done, whatever an attempt says that was given up and went on."""
    Import.objects.filter(pk=found.pk).exclude(state=Import.State.DONE).update(
        state=state,
        reason=reason,
        rows_done=tally.rows if state == Import.State.DONE else 0,
        rows_refused=tally.refused,
        row_errors=tally.errors,
        bytes_done=found.bytes_total,
        finished_at=timezone.now(),
    )


def import_give_up(import_id: int, reason: str) -> None:
    """The job has no attempt left: an import that was left in the middle says why."""
    found = Import.objects.get(pk=import_id)
    if found.state != Import.State.FAILED:
        import_end(found, Import.State.FAILED, Tally(), f"The import was given up: {reason}. Upload the file again.")


def rows_write(found: Import, write: Writer, tally: Tally, heartbeat: Heartbeat) -> None:
    """Write batch by batch inside one transaction; progress is written beside it, so that people see it grow."""
    with ThreadPoolExecutor(max_workers=1) as beside, transaction.atomic():
        try:
            told_at = -math.inf
            for batch, bytes_done in batches(found, tally):
                write(found, batch, tally)
                tally.rows += len(batch)
                if time.monotonic() >= told_at + PROGRESS_SECONDS:
                    beside.submit(progress_write, found, bytes_done, tally, heartbeat).result()
                    told_at = time.monotonic()
            held_out_check(found, tally)
            refuse_if_wrong(tally)
            import_end(found, Import.State.DONE, tally)
        finally:
            beside.submit(connections.close_all).result()


def held_out_check(found: Import, tally: Tally) -> None:
    """Refuses rows whose new test prompt is in a text for pretraining already. Locks the project against new texts."""
    if not tally.test_prompts:
        return
    Project.objects.select_for_update(no_key=True).get(pk=found.project_id)
    asked = ((name, text) for name, (_, text) in tally.test_prompts.items())
    for name, corpus in corpora_holding(found.project, asked).items():
        message = (
            f"This prompt belongs to the split test, and the text {corpus!r} for pretraining holds it. Leave this row out, or"
            " import the prompts before the texts."
        )
        tally.refuse(tally.test_prompts[name][0], RowError("prompt", message))


def progress_write(found: Import, bytes_done: int, tally: Tally, heartbeat: Heartbeat) -> None:
    """In a thread with a database connection of its own: outside the transaction of the rows."""
    Import.objects.filter(pk=found.pk).update(
        bytes_done=bytes_done, rows_done=tally.rows, rows_refused=tally.refused, row_errors=tally.errors
    )
    heartbeat({"phase": "import", "done": bytes_done, "total": found.bytes_total, "rows": tally.rows})


def refuse_if_wrong(tally: Tally) -> None:
    if tally.refused:
        rows, mend = ("One row is", "Mend it") if tally.refused == 1 else (f"{tally.refused:,} rows are", "Mend them")
        raise ImportRefused(f"{rows} wrong, so none was imported. {mend} and upload the file again.")
    if not tally.rows:
        raise ImportRefused("The file has no rows.")
    if reason := splits_refusal(tally.by_split, tally.by_contributor):
        raise ImportRefused(reason)


def batches(found: Import, tally: Tally) -> Iterator[tuple[list[Numbered], int]]:
    """Good rows in batches, each with the number of bytes read so far; wrong rows go to the tally."""
    store = store_open(settings.STORAGE_URL)
    name = store.name(found.uri)
    with store.open_read(name) as raw:
        try:
            for piece in pieces(rows_read(raw, name, found.kind)):
                batch: list[Numbered] = []
                for line, row in piece:
                    if isinstance(row, RowError):
                        tally.refuse(line, row)
                    else:
                        batch.append((line, row))
                yield batch, min(raw.tell(), found.bytes_total)
        except FileError as error:
            raise ImportRefused(str(error)) from error


def pieces(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while piece := list(itertools.islice(rows, BATCH_ROWS)):
        yield piece


def prompts_write(found: Import, batch: Sequence[tuple[int, PromptRow]], tally: Tally) -> dict[int, int]:
    """The id of the Prompt of each line; new ones are added with their split, equal ones that are there already are shared."""
    names = {row.external_id for _, row in batch}
    there = {
        prompt.external_id: prompt for prompt in Prompt.objects.filter(project=found.project, external_id__in=names)
    }
    new: list[Prompt] = []
    for line, row in batch:
        known = there.get(row.external_id)
        if known is None:
            there[row.external_id] = prompt_new(found, row)
            new.append(there[row.external_id])
            tally.by_split[new[-1].split] += 1
            if new[-1].split == Prompt.Split.TEST:
                tally.test_prompts[row.external_id] = (line, asked_in(row.messages))
            if row.contributor:
                tally.by_contributor[row.contributor] += 1
        elif known.messages != row.messages and not is_same_by_hash(row):
            message = f"The id {row.external_id!r} already names a prompt with another text; use another id."
            tally.refuse(line, RowError("prompt_id", message))
    rows_copy(new)
    return {line: there[row.external_id].pk for line, row in batch}


def is_same_by_hash(row: PromptRow) -> bool:
    return row.external_id.startswith("sha256:")  # such a name is made from the text, without its case and spacing


def prompt_new(found: Import, row: PromptRow) -> Prompt:
    return Prompt(
        project=found.project,
        external_id=row.external_id,
        messages=row.messages,
        contributor=row.contributor,
        metadata=row.metadata,
        split=split_of(row.messages, row.contributor),
    )


def corpus_write(found: Import, tally: Tally, heartbeat: Heartbeat) -> None:
    """Copy checked texts to one compressed file in the store, then add the Corpus in the transaction that ends the import.

    That transaction locks the project and looks for the test prompts that came meanwhile.
    """
    store = store_open(settings.STORAGE_URL)
    name = f"corpora/{found.pk}/texts.jsonl.gz"
    held_out, newest = held_out_of(found.project)
    with store.open_write(name) as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, compresslevel=6) as target:
        num_characters = texts_copy(found, target, held_out, tally, heartbeat)
        refuse_if_wrong(tally)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=found.project_id)
        late, latest = held_out_of(found.project, after=newest)
        if latest > newest and any(late.found_in(text) for text in texts_of(store.uri(name))):
            raise ImportRefused(
                "Test prompts that these texts hold were imported at the same time. Upload the file again."
            )
        Corpus.objects.create(
            project=found.project,
            name=corpus_name(found),
            uri=store.uri(name),
            sha256=file_sha256(store, name),
            num_documents=tally.rows,
            num_characters=num_characters,
        )
        import_end(found, Import.State.DONE, tally)


def texts_copy(found: Import, target: Any, held_out: HeldOut, tally: Tally, heartbeat: Heartbeat) -> int:
    num_characters = 0
    for batch, bytes_done in batches(found, tally):
        for line, row in batch:
            assert isinstance(row, TextRow)
            if prompt := held_out.found_in(row.text):
                message = f"Expected a text without test prompts, got one that holds {prompt!r}. Remove it: test prompts measure."
                tally.refuse(line, RowError("text", message))
                continue
            record = {"text": row.text, **({"title": row.title} if row.title else {})}
            target.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            num_characters += len(row.text)
        tally.rows += len(batch)
        progress_write(found, bytes_done, tally, heartbeat)
    return num_characters


def corpus_name(found: Import) -> str:
    """The file's name without its ending; with the import's number when an earlier corpus has that name."""
    stem = os.path.basename(found.file_name).split(".")[0][:100] or "texts"
    is_taken = Corpus.objects.filter(project=found.project, name=stem).exists()
    return f"{stem} {found.pk}" if is_taken else stem


def file_sha256(store: Store, name: str) -> str:
    digest = hashlib.sha256()
    file: IO[bytes]
    with store.open_read(name) as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()
