"""Changes to what labelers are asked and what they answered: tasks, submitted answers, completions, redaction."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
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
    TaskCompletion,
)
from labeling.feedback.priorities import place_priority, weights_of
from labeling.feedback.provenance import Typing, provenance_fields
from labeling.feedback.routing import needs_of_prompts
from labeling.jobs.services import audit
from labeling.rounds.abilities import needs_key
from labeling.rounds.models import GuidelineVersion, LabelSchemaVersion, Project, Prompt, Round, RoundStage

REDACTED = "[redacted]"
RED_TEAM = LabelingTask.Kind.RED_TEAM
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


class NotReadyForLabeling(DomainError):
    """The project lacks something that every task must name."""

    code = "not_ready_for_labeling"
    status = 409


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One task to create. `completions` are ids in the order in which every labeler sees them.

    Without a prompt the labeler writes one, as `prompt_style` and `brief` ask.
    """

    prompt: int | None
    kind: str
    prompt_style: str = LabelingTask.PromptStyle.GIVEN
    brief: str = ""
    purpose: str = LabelingTask.Purpose.TRAINING
    completions: Sequence[int] = ()
    num_places: int = 1
    repeats: int | None = None
    """The ranking that this task asks for again."""
    chosen: str = ""
    """How active sampling chose it: at random, or because reward models disagree by `disagreement`."""
    disagreement: float | None = None
    reserved_for: int | None = None
    """The user to whom alone its places are given."""
    offset: int = 0
    """Among tasks of the same kind of work: higher is handed out first, below 1000."""
    chat_batch: int | None = None

    def __post_init__(self) -> None:
        if self.kind == LabelingTask.Kind.PAIRWISE and len(self.completions) != 2:
            raise ValueError(f"expected two completions in a pairwise task, got {len(self.completions)}")


@transaction.atomic
def tasks_create(
    *, project: Project, specs: Sequence[TaskSpec], round: Round | None = None, stage: RoundStage | None = None
) -> int:
    """Creates tasks with their completions and open places under the newest guideline and label schema; returns how many.

    A task asks for the language and the expertise that its prompt's metadata names. Red-team tasks, and all tasks on prompts
    that a red team wrote, go only to people who take sensitive ones.
    Raises NotReadyForLabeling when the project has no guideline or no label schema yet.
    """
    guideline = GuidelineVersion.objects.filter(project=project).order_by("-number").first()
    schema = LabelSchemaVersion.objects.filter(project=project).order_by("-number").first()
    if guideline is None or schema is None:
        missing = "guideline" if guideline is None else "label schema"
        raise NotReadyForLabeling(
            f"Expected the project to have a {missing} before tasks open. Write its first version."
        )
    needs = needs_of_prompts(spec.prompt for spec in specs)
    weights = weights_of(Project.objects.get(pk=project.pk))
    tasks = LabelingTask.objects.bulk_create(
        [
            LabelingTask(
                project=project,
                round=round,
                stage=stage,
                prompt_id=spec.prompt,
                prompt_style=spec.prompt_style,
                brief=spec.brief,
                chat_batch_id=spec.chat_batch,
                kind=spec.kind,
                purpose=spec.purpose,
                repeats_id=spec.repeats,
                chosen=spec.chosen,
                disagreement=spec.disagreement,
                guideline=guideline,
                label_schema=schema,
                language=needs.get(spec.prompt or 0, ("", ""))[0],
                expertise=needs.get(spec.prompt or 0, ("", ""))[1],
            )
            for spec in specs
        ],
        batch_size=1000,
    )
    TaskCompletion.objects.bulk_create(
        [
            TaskCompletion(task=task, completion_id=completion, position=position)
            for task, spec in zip(tasks, specs, strict=True)
            for position, completion in enumerate(spec.completions)
        ],
        batch_size=1000,
    )
    attacks = set(Prompt.objects.filter(project=project, origin=RED_TEAM).values_list("pk", flat=True))
    Place.objects.bulk_create(
        [
            Place(
                task=task,
                number=number,
                project=project,
                kind=spec.kind,
                priority=place_priority(weights, spec.kind, spec.purpose, spec.offset),
                needs=needs_key(task.language, task.expertise),
                reserved_for_id=spec.reserved_for,
                is_sensitive=spec.kind == RED_TEAM or spec.prompt in attacks,
            )
            for task, spec in zip(tasks, specs, strict=True)
            for number in range(1, spec.num_places + 1)
        ],
        batch_size=1000,
    )
    return len(tasks)


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
    known = set(Prompt.objects.filter(project=project).values_list("pk", flat=True))
    num_records = 0
    batch: list[Completion] = []
    for record in records:
        prompt_id = int(record["prompt_id"])
        if prompt_id not in known:
            raise ValueError(f"expected a prompt of project {project.pk}, got prompt {prompt_id} from run {run_id}")
        batch.append(
            Completion(
                project=project,
                prompt_id=prompt_id,
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
        )
        num_records += 1
        if len(batch) == 1000:
            Completion.objects.bulk_create(batch, ignore_conflicts=True)
            batch = []
    Completion.objects.bulk_create(batch, ignore_conflicts=True)
    return num_records


def places_close(*, stage: RoundStage, expired_only: bool = False) -> int:
    """Closes the stage's open Places and those whose lease ran out; a live lease may still be submitted. Returns how many."""
    places = Place.objects.filter(task__stage=stage)
    expired = places.filter(state=Place.State.LEASED, lease_expires_at__lt=timezone.now())
    closed = places_shut(expired)
    return closed if expired_only else closed + places_shut(places.filter(state=Place.State.OPEN))


@transaction.atomic
def completion_redact(*, actor: User, completion: Completion, reason: str) -> None:
    """Removes the text of a completion and of its edits and keeps the rows; tasks that show it are closed.

    Turns of a chat that went on with it repeat its text and are redacted too. Sealed snapshots stay as they are.
    """
    now = timezone.now()
    texts = Completion.objects.filter(Q(pk=completion.pk) | Q(edit_made_by__original=completion))
    texts.update(text=REDACTED, token_ids=[], redacted_at=now)
    Demonstration.objects.filter(edit__original=completion).update(
        messages=[{"role": "assistant", "content": REDACTED}], redacted_at=now
    )
    completion.refresh_from_db()
    tasks = LabelingTask.objects.filter(task_completions__completion=completion)
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
