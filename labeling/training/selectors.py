"""Reads of snapshots, runs, checkpoints and evaluations. Everything here is for managers and engineers."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from labeling.accounts.models import User
from labeling.errors import NotFound
from labeling.feedback.models import Completion
from labeling.feedback.selectors import STAFF
from labeling.numbers import whole_number
from labeling.rounds.models import Checkpoint, Corpus, Membership, Project, Prompt
from labeling.rounds.selectors import project_get_for
from labeling.training.models import (
    DatasetSnapshot,
    Evaluation,
    MetricPoint,
    RunInput,
    RunOutput,
    SnapshotItem,
    TrainingRun,
)

ENGINEER = Membership.Role.ENGINEER


def runs_of(
    project: Project, *, kinds: Sequence[str] = (), states: Sequence[str] = (), search: str = ""
) -> QuerySet[TrainingRun]:
    """Runs of the project: of these kinds and in these states, where any are named, and with this text in their name."""
    inputs = RunInput.objects.select_related("checkpoint", "snapshot__round", "corpus").order_by("role")
    outputs = RunOutput.objects.select_related("checkpoint").order_by("role")
    return (
        TrainingRun.objects.filter(_matching(search), project=project, **_one_of(kind=kinds, state=states))
        .select_related("round", "created_by")
        .prefetch_related(Prefetch("inputs", inputs), Prefetch("outputs", outputs))
    )


def run_get_for(user: User, run_id: int, *roles: str) -> TrainingRun:
    """A run of a project in which the user has one of the roles (default: manager or engineer)."""
    found = TrainingRun.objects.select_related("project").filter(pk=run_id).first()
    if found is None:
        raise NotFound(f"There is no run {run_id}.")
    project = project_get_for(user, found.project_id, *(roles or STAFF))
    return runs_of(project).get(pk=run_id)


def snapshots_of(
    project: Project, *, kinds: Sequence[str] = (), states: Sequence[str] = (), search: str = ""
) -> QuerySet[DatasetSnapshot]:
    """Snapshots of the project; they have no names, so `search` is an id or the number of a round."""
    snapshots = DatasetSnapshot.objects.filter(project=project, **_one_of(kind=kinds, state=states))
    if search:
        number = whole_number(search)
        snapshots = snapshots.none() if number is None else snapshots.filter(Q(pk=number) | Q(round__number=number))
    return snapshots.select_related("round", "created_by")


def checkpoints_of(project: Project, *, roles: Sequence[str] = (), search: str = "") -> QuerySet[Checkpoint]:
    found = Checkpoint.objects.filter(_matching(search), project=project, **_one_of(role=roles))
    return found.select_related("round").prefetch_related("parents", "children")


def _matching(search: str) -> Q:
    """Rows with this text in their name or this number as their id; all rows for an empty text."""
    number = whole_number(search)
    return Q(name__icontains=search) | (Q() if number is None else Q(pk=number))


def _one_of(**wanted: Sequence[str]) -> dict[str, Sequence[str]]:
    """Filters for the fields for which any value is named."""
    return {f"{field}__in": values for field, values in wanted.items() if values}


def checkpoint_get_for(user: User, checkpoint_id: int, *roles: str) -> Checkpoint:
    """A checkpoint of a project in which the user has one of the roles (default: manager or engineer)."""
    found = Checkpoint.objects.filter(pk=checkpoint_id).first()
    if found is None:
        raise NotFound(f"There is no checkpoint {checkpoint_id}.")
    project = project_get_for(user, found.project_id, *(roles or STAFF))
    return checkpoints_of(project).get(pk=checkpoint_id)


def checkpoint_lineage(checkpoint: Checkpoint) -> dict[str, Any]:
    """Where a checkpoint comes from and what came of it: its run, the snapshots behind it, the labels in them, its completions."""
    made_by = RunOutput.objects.filter(checkpoint=checkpoint).select_related("run").order_by("pk").first()
    runs = RunOutput.objects.filter(checkpoint__in=_with_ancestors(checkpoint)).values("run")
    used = DatasetSnapshot.objects.filter(used_by__run__in=runs).select_related("round").distinct().order_by("pk")
    snapshots = list(used)
    kinds = DatasetSnapshot.Kind
    return {
        "made_by": made_by.run if made_by else None,
        "snapshots": snapshots,
        "num_demonstrations": _num_labels(snapshots, kinds.DEMONSTRATIONS),
        "num_rankings": _num_labels(snapshots, kinds.RANKINGS),
        "num_completions": Completion.objects.filter(checkpoint=checkpoint).count(),
        "used_by": list(TrainingRun.objects.filter(inputs__checkpoint=checkpoint).distinct().order_by("pk")),
    }


def _with_ancestors(checkpoint: Checkpoint) -> set[int]:
    found, newest = {checkpoint.pk}, {checkpoint.pk}
    while newest:
        parents = Checkpoint.objects.filter(children__in=newest).values_list("pk", flat=True)
        newest = set(parents) - found
        found |= newest
    return found


def _num_labels(snapshots: list[DatasetSnapshot], kind: str) -> int:
    """Distinct labels in the snapshots of a kind: a later round's snapshot holds those of the earlier ones again."""
    items = SnapshotItem.objects.filter(snapshot__in=[row.pk for row in snapshots if row.kind == kind])
    return items.values("object_id").distinct().count()


def metrics_after(run: TrainingRun, sequence: int, limit: int = 2000) -> list[MetricPoint]:
    return list(MetricPoint.objects.filter(run=run, sequence__gt=sequence).order_by("sequence")[:limit])


def things_get(project: Project, inputs: dict[str, dict[str, int]]) -> dict[str, Checkpoint | DatasetSnapshot | Corpus]:
    """{role: {"checkpoint" | "snapshot" | "corpus": id}} as rows of the project. Raises NotFound."""
    models: dict[str, Any] = {"checkpoint": Checkpoint, "snapshot": DatasetSnapshot, "corpus": Corpus}
    found = {}
    for role, reference in inputs.items():
        for name, pk in reference.items():
            found[role] = models[name].objects.filter(project=project, pk=pk).first()
            if found[role] is None:
                raise NotFound(f"Input {role}: there is no {name} {pk} in this project.")
    return found


def prompts_compared(project: Project, a: Checkpoint, b: Checkpoint) -> QuerySet[Prompt]:
    """Prompts for which both checkpoints wrote completions."""
    by_a = Completion.objects.filter(prompt=OuterRef("pk"), checkpoint=a, redacted_at=None)
    by_b = Completion.objects.filter(prompt=OuterRef("pk"), checkpoint=b, redacted_at=None)
    both = (
        Completion.objects.filter(checkpoint__in=[a, b], redacted_at=None).select_related("checkpoint").order_by("id")
    )
    return Prompt.objects.filter(Exists(by_a), Exists(by_b), project=project).prefetch_related(
        Prefetch("completions", both, to_attr="compared")
    )


def evaluations_of(project: Project, round_number: int = 0) -> QuerySet[Evaluation]:
    """Win rates of the project; of one round where its number is given."""
    found = Evaluation.objects.filter(project=project).select_related("a", "b", "round")
    return found.filter(round__number=round_number) if round_number else found


def corpora_of(project: Project, search: str = "") -> QuerySet[Corpus]:
    return Corpus.objects.filter(_matching(search), project=project)
