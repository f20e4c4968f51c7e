"""Moves rounds. Only this module changes the state of a stage; it may be called at any time and as often as one likes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Conflict, DomainError, Forbidden, NotFound
from labeling.jobs.services import audit
from labeling.loop import stages
from labeling.loop.guards import ROLES, actions_of, actions_open, waits_for_start
from labeling.loop.recipe import default_recipe, recipe_check
from labeling.rounds.models import Project, Round, RoundStage
from labeling.rounds.selectors import roles_of
from labeling.training.checkpoints import checkpoint_publish
from labeling.training.models import TrainingRun
from labeling.training.services import LIVE, run_cancel, run_retry

State = RoundStage.State
OVER = (State.DONE, State.SKIPPED)


@transaction.atomic
def round_start(*, project: Project, actor: User, recipe: Sequence[Mapping[str, Any]] | None = None) -> Round:
    """Creates the project's next round with its stages and moves it as far as it goes. Locks the project.

    Raises Conflict in an archived project and while an earlier round still has a stage that is not over, and InvalidInput
    for a wrong recipe.
    """
    checked = recipe_check(default_recipe() if recipe is None else recipe)
    if Project.objects.select_for_update(no_key=True).get(pk=project.pk).is_archived:
        raise Conflict("This project is archived, so no round starts in it. Take it out of the archive under Settings.")
    unfinished = (
        RoundStage.objects.filter(round__project=project).exclude(state__in=OVER).select_related("round").first()
    )
    if unfinished is not None:
        raise Conflict(
            f"Round {unfinished.round.number} is not over: its stage {unfinished.kind} is {unfinished.state}."
        )
    number = (Round.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0) + 1
    started = Round.objects.create(project=project, number=number, recipe=checked, created_by=actor)
    for position, stage in enumerate(checked, start=1):
        options = {name: value for name, value in stage.items() if name != "kind"}
        RoundStage.objects.create(round=started, position=position, kind=stage["kind"], options=options)
    audit(actor, "round_start", started, project=project, number=number)
    round_advance(started.pk)
    return started


@transaction.atomic
def round_advance(round_id: int) -> bool:
    """Moves a round as far as it goes now; returns whether anything changed. Locks the round."""
    moved = Round.objects.select_for_update(no_key=True).get(pk=round_id)
    has_changed = False
    for stage in RoundStage.objects.filter(round=moved).order_by("position"):
        before = (stage.state, stage.reason, dict(stage.outputs))
        if stage.state not in OVER:
            _stage_advance(stage)
        has_changed = has_changed or before != (stage.state, stage.reason, stage.outputs)
        if stage.state not in OVER:
            break
    return has_changed


def rounds_live() -> list[int]:
    """Ids of rounds that have a stage to move, for beat."""
    live = RoundStage.objects.exclude(state__in=OVER).order_by("round_id")
    return list(live.values_list("round_id", flat=True).distinct())


@transaction.atomic
def stage_act(moved: Round, position: int, action: str, actor: User, note: str = "") -> RoundStage:
    """Does what a person asks of a stage, then moves the round. Locks the round.

    Raises NotFound, Forbidden when the person's roles do not allow the action, Conflict when the stage's state does not.
    """
    Round.objects.select_for_update(no_key=True).get(pk=moved.pk)
    stage = RoundStage.objects.filter(round=moved, position=position).first()
    if stage is None:
        raise NotFound(f"Round {moved.number} has no stage {position}.")
    roles = roles_of(actor, moved.project)
    if not ROLES[action] & roles:
        raise Forbidden(
            f"To {action} a stage takes the role {' or '.join(sorted(ROLES[action]))}; you have {sorted(roles)}."
        )
    if action not in actions_of(stage, roles):
        possible = ", ".join(actions_open(stage)) or "nothing"
        raise Conflict(f"Stage {stage.kind} is {stage.state}: possible now is {possible}, not {action}.")
    _ACTIONS[action](stage, actor)
    audit(actor, f"stage_{action}", stage, project=moved.project_id, kind=stage.kind, note=note)
    round_advance(moved.pk)
    stage.refresh_from_db()
    return stage


def _stage_advance(stage: RoundStage) -> None:
    """One stage, one look: a failed one whose run lives again goes on, a waiting one may start, a running one may end."""
    if stage.state == State.FAILED:
        if not _lives_again(stage):
            return
        _set(stage, State.RUNNING)
    if stage.state == State.WAITING:
        reason = "Waits for a manager to start it." if waits_for_start(stage) else stages.why_not_yet(stage)
        if reason:
            _explain(stage, reason)
            return
        stage.attempt += 1
        stage.started_at = timezone.now()
        _set(stage, State.RUNNING)
    try:
        with transaction.atomic():
            progress = stages.step(stage)
    except stages.StageFailed as error:
        _set(stage, State.FAILED, str(error))
        return
    except DomainError as error:
        _set(stage, State.FAILED, error.message)
        return
    stage.outputs = progress.outputs
    if progress.is_done:
        _set(stage, State.DONE)
    else:
        _set(stage, State.RUNNING, progress.reason)


def _lives_again(stage: RoundStage) -> bool:
    """True when the run of a failed stage was retried: it is live, or it has ended well since the stage failed."""
    run = TrainingRun.objects.filter(pk=stage.outputs.get("run_id")).first()
    if run is None or stage.finished_at is None:
        return False
    ended_since = run.finished_at is not None and run.finished_at > stage.finished_at
    return run.state in LIVE or (run.state == TrainingRun.State.DONE and ended_since)


def _start(stage: RoundStage, actor: User) -> None:
    stage.inputs = {**stage.inputs, "is_started": True}
    stage.save(update_fields=["inputs"])


def _close(stage: RoundStage, actor: User) -> None:
    stage.inputs = {**stage.inputs, "is_closed": True}
    stage.save(update_fields=["inputs"])


def _skip(stage: RoundStage, actor: User) -> None:
    run = TrainingRun.objects.filter(pk=stage.outputs.get("run_id"), state__in=LIVE).first()
    if run is not None:
        run_cancel(run, actor)
    stages.abandon(stage)
    _set(stage, State.SKIPPED)


def _retry(stage: RoundStage, actor: User) -> None:
    run = TrainingRun.objects.filter(pk=stage.outputs.get("run_id")).first()
    if run is not None and run.state in (TrainingRun.State.FAILED, TrainingRun.State.CANCELLED):
        run_retry(run, actor)
    elif run is None:
        stage.outputs = {}
    stage.attempt += 1
    _set(stage, State.RUNNING)


def _approve(stage: RoundStage, actor: User) -> None:
    policy = stages.policy_of_round(stage.round)
    if policy is None:
        raise Conflict("This round made no policy that could be published. Reject it to end the round.")
    checkpoint_publish(checkpoint=policy, actor=actor)
    stage.outputs = {"decision": "approved", "checkpoint_id": policy.pk}
    _set(stage, State.DONE)


def _reject(stage: RoundStage, actor: User) -> None:
    stage.outputs = {"decision": "rejected"}
    _set(stage, State.DONE)


_ACTIONS = {
    "start": _start, "close": _close, "skip": _skip, "retry": _retry, "approve": _approve, "reject": _reject,
}  # fmt: skip


def _set(stage: RoundStage, state: str, reason: str = "") -> None:
    stage.state = state
    stage.reason = reason
    stage.finished_at = timezone.now() if state in (*OVER, State.FAILED) else None
    stage.save()


def _explain(stage: RoundStage, reason: str) -> None:
    if stage.reason != reason:
        stage.reason = reason
        stage.save(update_fields=["reason"])
