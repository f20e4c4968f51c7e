"""Changes to what labelers judge and what they answered: submitted answers, completions, redaction. How tasks come to be: tasks.py."""

import hashlib
import itertools
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import DomainError
from labeling.feedback.chat_models import Conversation, Turn
from labeling.feedback.claims import LeaseLost, labeler_serialize, place_hold
from labeling.feedback.edits import edits_store
from labeling.feedback.kinds.table import KINDS
from labeling.feedback.late import place_hold_late
from labeling.feedback.models import (
    Completion,
    Demonstration,
    Draft,
    LabelingTask,
    Place,
    Ranking,
    Submission,
)
from labeling.feedback.provenance import Typing, provenance_fields
from labeling.jobs.services import audit
from labeling.rounds.models import Project, Prompt, RoundStage

REDACTED = "[redacted]"
BATCH_ROWS = 1000
KEY_IS_TAKEN = "Expected a new Idempotency-Key for a new answer; this key belongs to another answer."
_FILL = """
WITH place AS (
  UPDATE feedback_place SET state = 'filled', labeler_id = %(labeler)s, lease_token = NULL, lease_expires_at = NULL
  WHERE id = %(place)s AND %(is_counted)s),
draft AS (
  DELETE FROM feedback_draft WHERE task_id = %(task)s AND labeler_id = %(labeler)s)
INSERT INTO feedback_submission (labeler_id, key, place_id, body_sha256, response, created_at)
VALUES (%(labeler)s, %(key)s, %(place)s, %(sha256)s, %(response)s, clock_timestamp())
"""


class IdempotencyConflict(DomainError):
    """One Idempotency-Key was used for two different answers."""

    code = "idempotency_conflict"
    status = 409


@transaction.atomic
def answer_submit(
    *,
    labeler: User,
    project_id: int,
    place_id: int,
    lease_token: uuid.UUID,
    key: str,
    answer: Any,
    seconds: float,
    notes: str,
    edits: Mapping[int, str] | None = None,
    typing: Typing | None = None,
    ai_use: str = "",
) -> dict[str, Any]:
    """Stores the answer and its edits, fills the Place and removes the draft; returns {"kind", "id", "is_counted"}.

    `answer` is what the serializer of the Place's kind makes of the request, see kinds/table.py; `edits` are completions
    shown that the labeler made better, {id: new text}; `typing` is kept of labelers who read the notice, see provenance.py.
    An answer whose lease was lost to another is kept and paid as surplus: stored, and not counted unless a place of the task
    is free. Locks the Place. The same key with the same answer returns the first reply again and stores nothing; with another answer
    it raises IdempotencyConflict. Raises LeaseLost and InvalidAnswer.
    """
    labeler_serialize(project_id=project_id, labeler_id=labeler.pk)
    digest = _digest(place_id, answer, notes, edits or {})
    try:
        place, is_counted = place_hold(labeler=labeler, place_id=place_id, lease_token=lease_token), True
    except LeaseLost:
        earlier = _reply_before(labeler, key, digest)
        if earlier is not None:
            return earlier
        place, is_counted = place_hold_late(labeler=labeler, place_id=place_id, lease_token=lease_token)
    fields = {**_common_fields(place, seconds, notes), "labeler_id": labeler.pk, "is_counted": is_counted}
    fields |= provenance_fields(place, labeler, typing, ai_use)
    kind = KINDS[place.kind]
    stored = kind.store(place.task, answer, fields)
    if edits:
        edits_store(place.task, edits, kind.shown(place.task, stored), fields)
    response = {"kind": place.kind, "id": stored.pk, "is_counted": stored.is_counted}
    values: dict[str, int | str] = {
        "place": place.pk, "task": place.task_id, "labeler": labeler.pk, "key": key, "sha256": digest,
        "is_counted": is_counted,
    }  # fmt: skip
    try:
        with connection.cursor() as cursor:
            cursor.execute(_FILL, {**values, "response": json.dumps(response)})
    except IntegrityError as error:
        raise IdempotencyConflict(KEY_IS_TAKEN) from error
    return response


def _reply_before(labeler: User, key: str, digest: str) -> dict[str, Any] | None:
    """The reply under this key, if one was given. Raises IdempotencyConflict when it was to another answer."""
    earlier = Submission.objects.filter(labeler=labeler, key=key).first()
    if earlier is not None and earlier.body_sha256 != digest:
        raise IdempotencyConflict(KEY_IS_TAKEN)
    return None if earlier is None else dict(earlier.response)


def completions_insert(*, project: Project, run_id: int, records: Iterable[Mapping[str, Any]]) -> int:
    """Stores sampled completions; reading the same file twice adds nothing. Returns how many records were read.

    A record is a `completion` of the file contract with `checkpoint_id`, the id of the Checkpoint that wrote it.
    """
    num_records, left = 0, iter(records)
    while batch := list(itertools.islice(left, BATCH_ROWS)):
        asked = {int(record["prompt_id"]) for record in batch}
        known = Prompt.objects.filter(project=project, pk__in=asked).values_list("pk", flat=True)
        if strange := asked - set(known):
            raise ValueError(f"expected prompts of project {project.pk}, got prompt {min(strange)} from run {run_id}")
        rows = [_completion_of(project, run_id, record) for record in batch]
        Completion.objects.bulk_create(rows, ignore_conflicts=True)
        num_records += len(batch)
    return num_records


def _completion_of(project: Project, run_id: int, record: Mapping[str, Any]) -> Completion:
    return Completion(
        project=project,
        prompt_id=int(record["prompt_id"]),
        checkpoint_id=int(record["checkpoint_id"]),
        text=record["text"],
        token_ids=record["token_ids"],
        temperature=record["temperature"],
        top_p=record["top_p"],
        max_new_tokens=record.get("max_new_tokens", 0),
        template_version=record.get("template_version", ""),
        seed=record["seed"],
        logprob=record["logprob"],
        scores=record.get("scores", []),
        run_id=run_id,
    )


def places_close(*, stage: RoundStage, expired_only: bool = False) -> int:
    """Closes the stage's open Places and those whose lease ran out; a live lease may still be submitted. Returns how many."""
    places = Place.objects.filter(task__stage=stage)
    expired = places.filter(state=Place.State.LEASED, lease_expires_at__lt=timezone.now())
    closed = places_shut(expired)
    return closed if expired_only else closed + places_shut(places.filter(state=Place.State.OPEN))


@transaction.atomic
def completion_redact(*, actor: User, completion: Completion, reason: str) -> None:
    """Removes the text of a completion and of its edits and keeps the rows; tasks that show it are closed.

    The demonstration that an edit made goes with it, whichever of the two is redacted, and so do drafts of these tasks, which
    may hold an edited copy. Turns of a chat that went on with it repeat its text and are redacted too. Sealed snapshots stay
    as they are.
    """
    now = timezone.now()
    texts = Completion.objects.filter(Q(pk=completion.pk) | Q(edit_made_by__original=completion))
    texts.update(text=REDACTED, token_ids=[], redacted_at=now)
    Demonstration.objects.filter(Q(edit__original=completion) | Q(edit__edited=completion)).update(
        messages=[{"role": "assistant", "content": REDACTED}], redacted_at=now
    )
    completion.refresh_from_db()
    tasks = LabelingTask.objects.filter(task_completions__completion=completion)
    Draft.objects.filter(task__in=tasks).delete()
    places_shut(Place.objects.filter(task__in=tasks, state__in=[Place.State.OPEN, Place.State.LEASED]))
    if Turn.objects.filter(chosen__completion=completion).exists():
        for later in _prompts_after(completion.prompt):
            _prompt_blank(later)
    audit(actor, "completion_redact", completion, project=completion.project, reason=reason)


@transaction.atomic
def prompt_redact(*, actor: User, prompt: Prompt, reason: str) -> None:
    """Removes the text of a prompt, its completions and its answers and keeps the rows; its tasks are closed.

    Later turns of the same chat repeat its text and are redacted too.
    """
    for each in [prompt, *_prompts_after(prompt)]:
        _prompt_blank(each)
    audit(actor, "prompt_redact", prompt, project=prompt.project, reason=reason)


def _prompt_blank(prompt: Prompt) -> None:
    now = timezone.now()
    message = {"role": "user", "content": REDACTED}
    prompt.messages = [message]
    prompt.metadata = {}
    prompt.redacted_at = now
    prompt.save(update_fields=["messages", "metadata", "redacted_at"])
    Completion.objects.filter(prompt=prompt).update(text=REDACTED, token_ids=[], redacted_at=now)
    Demonstration.objects.filter(prompt=prompt).update(messages=[message], notes="", redacted_at=now)
    Ranking.objects.filter(prompt=prompt).update(notes="", redacted_at=now)
    Conversation.objects.filter(turns__prompt=prompt).update(notes="")
    Draft.objects.filter(task__prompt=prompt).delete()
    places_shut(Place.objects.filter(task__prompt=prompt, state__in=[Place.State.OPEN, Place.State.LEASED]))


def _prompts_after(prompt: Prompt) -> list[Prompt]:
    """The prompts of later turns of the chat that this one is a turn of; none for other prompts."""
    turn = Turn.objects.filter(prompt=prompt).first()
    if turn is None:
        return []
    return list(Prompt.objects.filter(turn__conversation=turn.conversation, turn__number__gt=turn.number))


def places_shut(places: Any) -> int:
    closed: int = places.update(state=Place.State.CLOSED, labeler=None, lease_token=None, lease_expires_at=None)
    return closed


def _common_fields(place: Place, seconds: float, notes: str) -> dict[str, Any]:
    task = place.task
    return {
        "project_id": place.project_id, "round_id": task.round_id, "prompt_id": task.prompt_id, "task": task, "place": place,
        "guideline_id": task.guideline_id, "label_schema_id": task.label_schema_id,
        "seconds": seconds, "notes": notes,
    }  # fmt: skip


def _digest(place_id: int, answer: Any, notes: str, edits: Mapping[int, str]) -> str:
    body = json.dumps([place_id, asdict(answer), notes, dict(edits)], sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()
