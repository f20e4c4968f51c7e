"""The tasks that labelers are asked to do, and their places: how they come to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from labeling.errors import DomainError
from labeling.feedback.models import LabelingTask, Place, TaskCompletion
from labeling.feedback.priorities import place_priority, weights_of
from labeling.feedback.routing import needs_of_prompts
from labeling.rounds.abilities import needs_key
from labeling.rounds.models import GuidelineVersion, LabelSchemaVersion, Project, Prompt, Round, RoundStage

RED_TEAM = LabelingTask.Kind.RED_TEAM
BATCH_ROWS = 1000


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
    is_sensitive: bool = False
    """Only for people who take such tasks; what a red team does and what it wrote always is."""

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
    tasks = _tasks_insert(project, specs, round, stage)
    TaskCompletion.objects.bulk_create(
        [
            TaskCompletion(task=task, completion_id=completion, position=position)
            for task, spec in zip(tasks, specs, strict=True)
            for position, completion in enumerate(spec.completions)
        ],
        batch_size=BATCH_ROWS,
    )
    _places_insert(project, tasks, specs)
    return len(tasks)


def _tasks_insert(
    project: Project, specs: Sequence[TaskSpec], round: Round | None, stage: RoundStage | None
) -> list[LabelingTask]:
    guideline = GuidelineVersion.objects.filter(project=project).order_by("-number").first()
    schema = LabelSchemaVersion.objects.filter(project=project).order_by("-number").first()
    if guideline is None or schema is None:
        missing = "guideline" if guideline is None else "label schema"
        raise NotReadyForLabeling(
            f"Expected the project to have a {missing} before tasks open. Write its first version."
        )
    needs = needs_of_prompts(spec.prompt for spec in specs)
    return LabelingTask.objects.bulk_create(
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
        batch_size=BATCH_ROWS,
    )


def _places_insert(project: Project, tasks: Sequence[LabelingTask], specs: Sequence[TaskSpec]) -> None:
    weights = weights_of(Project.objects.get(pk=project.pk))
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
                is_sensitive=spec.is_sensitive or spec.kind == RED_TEAM or spec.prompt in attacks,
            )
            for task, spec in zip(tasks, specs, strict=True)
            for number in range(1, spec.num_places + 1)
        ],
        batch_size=BATCH_ROWS,
    )
