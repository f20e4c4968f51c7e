"""What is handed out first. Every kind of work of a project has a weight; a Place's priority is the weight's thousands and an offset.

What lets a round move on comes first, so that nothing downstream starves: evaluation, then rankings and pairs, then everything that
starts something new. Within a weight the offset decides (a prompt that takes two answers before one that takes one), and of equal
ones the older task: the places of one task follow each other, so what was begun is finished first.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from labeling.accounts.models import User
from labeling.errors import InvalidInput
from labeling.feedback.models import LabelingTask, Place
from labeling.jobs.services import audit
from labeling.rounds.models import Project

EVALUATION = "evaluation"  # of any kind: its purpose decides
SPAN = 1000  # offsets are below
MIN_WEIGHT, MAX_WEIGHT = 1, 9
DEFAULT_WEIGHTS = {EVALUATION: 5, LabelingTask.Kind.RANKING.value: 4, LabelingTask.Kind.PAIRWISE.value: 4}
OTHER_WEIGHT = 3
WORKS = [EVALUATION, *LabelingTask.Kind.values]


def work_of(kind: str, purpose: str) -> str:
    return EVALUATION if purpose == LabelingTask.Purpose.EVALUATION else kind


def weights_of(project: Project) -> dict[str, int]:
    """{work: weight}: what a manager chose, else the default."""
    return {work: int(project.weights.get(work, DEFAULT_WEIGHTS.get(work, OTHER_WEIGHT))) for work in WORKS}


def place_priority(weights: Mapping[str, int], kind: str, purpose: str, offset: int) -> int:
    if not 0 <= offset < SPAN:
        raise ValueError(f"expected an offset from 0 to {SPAN - 1}, got {offset}")
    return weights[work_of(kind, purpose)] * SPAN + offset


@transaction.atomic
def weights_set(*, actor: User, project: Project, weights: Mapping[str, int]) -> dict[str, int]:
    """Changes the weights that are given, also of the places that nobody has answered yet. Raises InvalidInput."""
    for work, weight in weights.items():
        if work not in WORKS:
            raise InvalidInput(f"Expected one of {', '.join(WORKS)}, got {work!r}.", {work: "unknown kind of work"})
        if not MIN_WEIGHT <= weight <= MAX_WEIGHT:
            raise InvalidInput(
                f"Expected {work} from {MIN_WEIGHT} to {MAX_WEIGHT}, got {weight}.", {work: "out of range"}
            )
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    before = weights_of(locked)
    locked.weights = {**locked.weights, **weights}
    locked.save(update_fields=["weights"])
    for work, weight in weights.items():
        if weight != before[work]:
            waiting = Place.objects.filter(project=project, state__in=[Place.State.OPEN, Place.State.LEASED])
            evaluation = {"task__purpose": LabelingTask.Purpose.EVALUATION}
            places = (
                waiting.filter(**evaluation) if work == EVALUATION else waiting.filter(kind=work).exclude(**evaluation)
            )
            places.update(priority=F("priority") % SPAN + weight * SPAN)
    audit(actor, "weights_set", locked, project=locked, **weights)
    return weights_of(locked)
