"""What a skip leads to. Unclear and broken tasks stop after few skips, for a manager to look at; sensitive ones go on to those
who take such tasks; a task outside somebody's expertise goes to others. A task that many skip stops, whatever they say.
"""

from collections import Counter

from django.db import transaction
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Conflict
from labeling.feedback.models import LabelingTask, Place, Skip
from labeling.feedback.routing import task_needs_set
from labeling.jobs.services import audit
from labeling.rounds.models import RoundStage

STOP_AFTER = {Skip.Reason.BROKEN: 2, Skip.Reason.UNCLEAR: 3}
STOP_AFTER_ANY = 5


def skip_route(*, task: LabelingTask, reason: str) -> None:
    """Called after a Skip was stored, in its transaction, which has locked the task: of two last skips one stops it."""
    if reason == Skip.Reason.SENSITIVE:
        task.places.exclude(state=Place.State.FILLED).update(is_sensitive=True)
    reasons = Counter(task.skips.filter(is_settled=False).values_list("reason", flat=True))
    if any(reasons[known] >= limit for known, limit in STOP_AFTER.items()) or reasons.total() >= STOP_AFTER_ANY:
        task.stopped_at = timezone.now()
        task.save(update_fields=["stopped_at"])
        task.places.filter(state=Place.State.OPEN).update(state=Place.State.CLOSED)


def is_redacted(task: LabelingTask) -> bool:
    """Whether a text that the task shows was removed."""
    shown = task.task_completions.filter(completion__redacted_at__isnull=False)
    return (task.prompt is not None and task.prompt.redacted_at is not None) or shown.exists()


@transaction.atomic
def task_reopen(*, actor: User, task: LabelingTask, language: str | None = None, expertise: str | None = None) -> None:
    """Opens the places of a stopped task again; those who skipped it are not asked again, and their skips no longer count.

    A task that people skipped as not their expertise may ask for a language or an expertise from now on.

    Raises Conflict when the task has not stopped, its stage is over, or its text was removed.
    """
    if task.stopped_at is None:
        raise Conflict("Expected a task that has stopped; this one is still offered.")
    if task.stage is not None and task.stage.state != RoundStage.State.RUNNING:
        raise Conflict(f"Expected a task of a running stage; the stage {task.stage.kind} is {task.stage.state}.")
    if is_redacted(task):
        raise Conflict("A text of this task was removed; it can no longer be offered.")
    task.skips.update(is_settled=True)
    task.places.filter(state=Place.State.CLOSED).update(state=Place.State.OPEN)
    task.stopped_at = None
    task.save(update_fields=["stopped_at"])
    audit(actor, "task_reopen", task, project=task.project)
    if language is not None or expertise is not None:
        needs = {"language": task.language if language is None else language}
        task_needs_set(actor=actor, task=task, expertise=task.expertise if expertise is None else expertise, **needs)
