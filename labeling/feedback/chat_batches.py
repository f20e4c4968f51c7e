"""Chat tasks that managers open, follow and close."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet

from labeling.accounts.models import User
from labeling.errors import InvalidInput, NotFound
from labeling.feedback.chat_models import ChatBatch
from labeling.feedback.models import LabelingTask, Place
from labeling.feedback.services import places_shut
from labeling.feedback.tasks import NotReadyForLabeling, TaskSpec, tasks_create
from labeling.jobs.services import audit
from labeling.rounds.models import Checkpoint, LabelSchemaVersion, Membership, Project
from labeling.rounds.selectors import project_get_for

WRITERS = (Checkpoint.Role.BASE, Checkpoint.Role.POLICY)
ATTACK_LISTS = ("harm_categories", "attack_kinds", "success_levels")


@transaction.atomic
def chats_open(
    *, project: Project, actor: User, num_tasks: int, checkpoint_a: int, checkpoint_b: int, **settings: Any
) -> ChatBatch:
    """Opens chat tasks of one kind with two checkpoints, or twice the same one; `settings` are the batch's other fields.

    Raises InvalidInput for a checkpoint that cannot write and for two replies that could not differ, NotReadyForLabeling when
    the project has no guideline, or no label schema with what a red team is asked.
    """
    a, b = (_writer(project, pk, name) for name, pk in (("checkpoint_a", checkpoint_a), ("checkpoint_b", checkpoint_b)))
    if a == b and settings["temperature_a"] == settings["temperature_b"] == 0:
        message = (
            "At temperature 0 one checkpoint writes the same reply twice. Raise a temperature, or choose another one."
        )
        raise InvalidInput(message, {"temperature_b": message})
    if settings["kind"] == ChatBatch.Kind.RED_TEAM:
        _attack_labels_check(project)
    batch = ChatBatch.objects.create(project=project, created_by=actor, checkpoint_a=a, checkpoint_b=b, **settings)
    spec = TaskSpec(
        prompt=None,
        prompt_style=LabelingTask.PromptStyle.PLAIN,
        brief=batch.brief,
        kind=batch.kind,
        chat_batch=batch.pk,
    )
    tasks_create(project=project, specs=[spec] * num_tasks)
    audit(actor, "chats_open", batch, project=project, kind=batch.kind, num_tasks=num_tasks)
    return batch


def chats_close(*, actor: User, batch: ChatBatch) -> int:
    """Closes the places of the batch that nobody works on; what is under way may still be handed in. Returns how many."""
    closed = places_shut(Place.objects.filter(task__chat_batch=batch, state=Place.State.OPEN))
    audit(actor, "chats_close", batch, project=batch.project, closed=closed)
    return closed


def batches_of(project: Project) -> QuerySet[ChatBatch]:
    return ChatBatch.objects.filter(project=project).select_related("checkpoint_a", "checkpoint_b")


def batch_get_for(user: User, project_id: int, batch_id: int) -> ChatBatch:
    """A batch of chat tasks, for the project's managers."""
    project = project_get_for(user, project_id, Membership.Role.MANAGER)
    batch = batches_of(project).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(f"There are no chat tasks {batch_id} in this project.")
    return batch


def place_counts(batches: Iterable[ChatBatch]) -> dict[int, dict[str, int]]:
    """{batch: {state of places: how many}}."""
    found = {batch.pk: dict.fromkeys(Place.State.values, 0) for batch in batches}
    rows = Place.objects.filter(task__chat_batch__in=list(found)).order_by().values_list("task__chat_batch_id", "state")
    for batch_id, state, num in rows.annotate(num=Count("pk")):
        found[batch_id or 0][state] = num
    return found


def _writer(project: Project, checkpoint_id: int, field: str) -> Checkpoint:
    found = Checkpoint.objects.filter(project=project, pk=checkpoint_id, role__in=WRITERS)
    checkpoint = found.exclude(state=Checkpoint.State.RETIRED).first()
    if checkpoint is None:
        message = f"Expected a base or policy of this project that is not retired, got checkpoint {checkpoint_id}."
        raise InvalidInput(message, {field: message})
    return checkpoint


def _attack_labels_check(project: Project) -> None:
    newest = LabelSchemaVersion.objects.filter(project=project).order_by("-number").first()
    missing = [name for name in ATTACK_LISTS if newest is not None and not newest.schema.get(name)]
    if missing:
        raise NotReadyForLabeling(
            f"Expected the label schema to have {', '.join(missing)} before red-team tasks open. Add them under Label schema."
        )
