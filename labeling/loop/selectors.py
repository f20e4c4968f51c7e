"""Reads of rounds: the board of one round as a person may see and use it."""

from collections import defaultdict
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from labeling.accounts.models import User
from labeling.errors import NotFound
from labeling.feedback.models import Place
from labeling.feedback.selectors import STAFF
from labeling.loop.guards import actions_of
from labeling.rounds.models import Project, Round, RoundStage
from labeling.rounds.selectors import project_get_for, roles_of
from labeling.training.models import TrainingRun

State = RoundStage.State
OVER = (State.DONE, State.SKIPPED)


def round_state(shown: Round) -> str:
    """running, waiting, failed, done or rejected: derived from the stages."""
    stages = list(shown.stages.all())
    if any(stage.outputs.get("decision") == "rejected" for stage in stages):
        return "rejected"
    states = {stage.state for stage in stages}
    if State.FAILED in states:
        return "failed"
    if states <= set(OVER):
        return "done"
    return "running" if State.RUNNING in states else "waiting"


def current_stage(shown: Round) -> str:
    """Kind of the first stage that is not over; empty when all are."""
    return next((str(stage.kind) for stage in shown.stages.all() if stage.state not in OVER), "")


def rounds_of(project: Project) -> QuerySet[Round]:
    stages = Prefetch("stages", RoundStage.objects.order_by("position"))
    return Round.objects.filter(project=project).select_related("project").prefetch_related(stages)


def round_get_for(user: User, project_id: int, number: int) -> Round:
    """A round, for managers and engineers of its project."""
    project = project_get_for(user, project_id, *STAFF)
    found = rounds_of(project).filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no round {number} in this project.")
    return found


def summary_get(shown: Round) -> dict[str, Any]:
    """The round in one line."""
    base = {name: getattr(shown, name) for name in ("id", "number", "created_at")}
    return {**base, "state": round_state(shown), "current_stage": current_stage(shown)}


def board_get(user: User, shown: Round) -> dict[str, Any]:
    """The round with its stages in order: counts, run ids, why each waits, and what this user may do now."""
    roles = roles_of(user, shown.project)
    places: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Place.objects.filter(task__round=shown).values_list("task__stage_id", "state").annotate(num=Count("id"))
    for stage_id, state, num in rows.order_by():
        places[stage_id][state] = num
    runs: dict[int, list[TrainingRun]] = defaultdict(list)
    for run in TrainingRun.objects.filter(round=shown, stage__isnull=False).order_by("pk"):
        runs[run.stage_id or 0].append(run)
    stages = [
        {
            **{name: getattr(stage, name) for name in _STAGE_FIELDS},
            "options": {"kind": stage.kind, **stage.options},
            "counts": _counts(places[stage.pk], runs[stage.pk]),
            "run_ids": [run.pk for run in runs[stage.pk]],
            "actions": actions_of(stage, roles),
        }
        for stage in shown.stages.all()
    ]
    return {**summary_get(shown), "stages": stages}


_STAGE_FIELDS = ("id", "position", "kind", "state", "attempt", "reason", "outputs", "started_at", "finished_at")


def _counts(places: dict[str, int], runs: list[TrainingRun]) -> dict[str, Any]:
    progress = runs[-1].progress if runs else {}
    return {
        **{f"places_{state}": places.get(state, 0) for state in Place.State.values},
        "progress_done": progress.get("done", 0),
        "progress_total": progress.get("total", 0),
        "phase": progress.get("phase", ""),
    }
