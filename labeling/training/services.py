"""Snapshots and training runs: what becomes of them, one function a change. The work itself is done by background jobs."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Conflict, InvalidInput
from labeling.jobs.services import audit, job_enqueue
from labeling.rounds.models import Checkpoint, Corpus, Project, Prompt, Round, RoundStage
from labeling.training.models import DatasetSnapshot, MetricPoint, RunInput, RunOutput, TrainingRun
from labeling.training.options import config_check

State = TrainingRun.State
LIVE = (State.QUEUED, State.SUBMITTED, State.RUNNING)
MAX_ATTEMPTS = 5  # of one run by itself, before a person has to look

# Kind of run -> input role -> what it takes; a role that ends in "?" may be left out.
INPUT_ROLES: dict[str, dict[str, str]] = {
    "tokenizer": {"texts": "corpus"},
    "pretrain": {"texts": "corpus"},
    "sft": {"base": "checkpoint", "demonstrations": "snapshot"},
    "reward": {"base": "checkpoint", "rankings": "snapshot", "demonstrations?": "snapshot"},
    "ppo": {"policy": "checkpoint", "reward": "checkpoint", "prompts": "snapshot", "texts?": "corpus"},
    "sample": {
        "policy": "checkpoint", "prompts": "snapshot", "policy_b?": "checkpoint", "policy_c?": "checkpoint",
        "reward?": "checkpoint", "reward_b?": "checkpoint", "reward_c?": "checkpoint",
    },
}  # fmt: skip
RunThing = Checkpoint | DatasetSnapshot | Corpus


@transaction.atomic
def snapshot_create(
    *, project: Project, kind: str, filters: Mapping[str, Any], actor: User | None, round: Round | None = None
) -> DatasetSnapshot:
    """Creates a queued snapshot and the job that exports it.

    Filters: `splits` (default train and validation), `limit` (0 = all) and `seed`, which chooses the rows below the limit.
    """
    splits = list(filters.get("splits") or ["train", "validation"])
    unknown = sorted(set(splits) - set(Prompt.Split.values))
    if unknown:
        raise InvalidInput(
            f"Expected splits out of {Prompt.Split.values}, got {unknown[0]!r}.", {"filters": "unknown split"}
        )
    if kind != DatasetSnapshot.Kind.PROMPTS and Prompt.Split.TEST in splits:
        raise InvalidInput("Labels of test prompts are never exported for training. Leave the split test out.")
    kept = {"splits": splits, "limit": int(filters.get("limit") or 0), "seed": int(filters.get("seed") or 0)}
    snapshot = DatasetSnapshot.objects.create(project=project, round=round, kind=kind, filters=kept, created_by=actor)
    job_enqueue(name="snapshot_export", key=str(snapshot.pk), payload={"snapshot_id": snapshot.pk})
    audit(actor, "snapshot_create", snapshot, project=project, kind=kind, filters=kept)
    return snapshot


@transaction.atomic
def run_create(
    *,
    project: Project,
    kind: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, RunThing],
    actor: User | None,
    name: str = "",
    round: Round | None = None,
    stage: RoundStage | None = None,
) -> TrainingRun:
    """Creates a queued run with its inputs and the job that submits it. Raises InvalidInput naming the field to mend."""
    _check_inputs(project, kind, inputs)
    run = TrainingRun.objects.create(
        project=project,
        round=round,
        stage=stage,
        kind=kind,
        name=name,
        config=config_check(kind, config),
        created_by=actor,
    )
    for role, thing in inputs.items():
        RunInput.objects.create(run=run, role=role, **{_type_of(thing): thing})
    job_enqueue(name="run_submit", key=str(run.pk), payload={"run_id": run.pk})
    audit(actor, "run_create", run, project=project, kind=kind)
    return run


@transaction.atomic
def run_mark_submitted(run: TrainingRun) -> bool:
    """The cluster has the job; False when the run is no longer queued (cancelled meanwhile)."""
    return bool(TrainingRun.objects.filter(pk=run.pk, state=State.QUEUED).update(state=State.SUBMITTED))


@transaction.atomic
def run_mark_running(run: TrainingRun) -> bool:
    """The job has reported; False when the run is not live."""
    row = TrainingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.state not in LIVE:
        return False
    row.state = State.RUNNING
    row.started_at = row.started_at or timezone.now()
    row.save(update_fields=["state", "started_at"])
    return True


@transaction.atomic
def metrics_append(run: TrainingRun, events: Iterable[Mapping[str, Any]]) -> int:
    """Stores events of the file contract; one whose sequence is stored already adds nothing. Returns the last sequence."""
    row = TrainingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    points = []
    for event in events:
        values = {key: value for key, value in event.items() if key not in ("sequence", "time", "kind", "step")}
        points.append(
            MetricPoint(
                run=row,
                sequence=event["sequence"],
                kind=event["kind"],
                step=event.get("step"),
                values=values,
                at=_moment(event["time"]),
            )
        )
        if event["kind"] == "phase" and event["sequence"] > row.last_sequence:
            row.progress = {
                "phase": event.get("name", ""),
                "done": event.get("done", 0),
                "total": event.get("total", 0),
            }
        row.last_sequence = max(row.last_sequence, event["sequence"])
    MetricPoint.objects.bulk_create(points, ignore_conflicts=True, batch_size=1000)
    row.save(update_fields=["progress", "last_sequence"])
    return row.last_sequence


@transaction.atomic
def run_finish(run: TrainingRun, summary: Mapping[str, Any], outputs: Mapping[str, Checkpoint]) -> bool:
    """The run is done and made these checkpoints. False, and nothing changes, when it was not live (already done, cancelled)."""
    row = TrainingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.state not in LIVE:
        return False
    for role, checkpoint in outputs.items():
        RunOutput.objects.get_or_create(run=row, role=role, defaults={"checkpoint": checkpoint})
    row.state = State.DONE
    row.summary = dict(summary)
    row.error = ""
    row.finished_at = timezone.now()
    row.save(update_fields=["state", "summary", "error", "finished_at"])
    return True


@transaction.atomic
def run_fail(run: TrainingRun, error: str) -> bool:
    """The run has failed for this reason. False when it was not live."""
    row = TrainingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.state not in LIVE:
        return False
    row.state = State.FAILED
    row.error = error
    row.finished_at = timezone.now()
    row.save(update_fields=["state", "error", "finished_at"])
    return True


@transaction.atomic
def run_next_attempt(run: TrainingRun) -> bool:
    """A live run whose job died goes back to the queue as its next attempt. False when no attempt is left or it is not live."""
    row = TrainingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.state not in LIVE or row.attempt >= MAX_ATTEMPTS:
        return False
    _queue_again(row)
    return True


@transaction.atomic
def run_cancel(run: TrainingRun, actor: User | None) -> TrainingRun:
    """Stops a live run. Its job on the cluster is stopped in the background. Raises Conflict when the run has ended."""
    row = TrainingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.state not in LIVE:
        raise Conflict(
            f"Expected a run that is queued or running, got one that is {row.state}; there is nothing to cancel."
        )
    was_queued = row.state == State.QUEUED
    row.state = State.CANCELLED
    row.finished_at = timezone.now()
    row.save(update_fields=["state", "finished_at"])
    if not was_queued:
        job_enqueue(
            name="run_cancel", key=f"{row.pk}-{row.attempt}", payload={"run_id": row.pk, "attempt": row.attempt}
        )
    audit(actor, "run_cancel", row, project=row.project_id)
    return row


@transaction.atomic
def run_retry(run: TrainingRun, actor: User | None) -> TrainingRun:
    """Queues a failed or cancelled run again; it goes on from its last training state. Raises Conflict in other states."""
    row = TrainingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.state not in (State.FAILED, State.CANCELLED):
        raise Conflict(f"Expected a run that failed or was cancelled, got one that is {row.state}.")
    _queue_again(row)
    audit(actor, "run_retry", row, project=row.project_id)
    return row


def _queue_again(row: TrainingRun) -> None:
    row.state = State.QUEUED
    row.attempt += 1
    row.error = ""
    row.finished_at = None
    row.save(update_fields=["state", "attempt", "error", "finished_at"])
    job_enqueue(name="run_submit", key=str(row.pk), payload={"run_id": row.pk})


def _check_inputs(project: Project, kind: str, inputs: Mapping[str, RunThing]) -> None:
    roles = {role.rstrip("?"): wanted for role, wanted in INPUT_ROLES[kind].items()}
    needed = {role for role in INPUT_ROLES[kind] if not role.endswith("?")}
    if unknown := sorted(set(inputs) - set(roles)):
        raise InvalidInput(
            f"Expected the inputs {sorted(roles)} for {kind}, got {unknown[0]!r}.", {f"inputs.{unknown[0]}": "unknown"}
        )
    if missing := sorted(needed - set(inputs)):
        raise InvalidInput(
            f"A run of kind {kind} needs the input {missing[0]!r}.", {f"inputs.{missing[0]}": "Choose one."}
        )
    for role, thing in inputs.items():
        problem = _problem(project, kind, role, roles[role], thing)
        if problem:
            raise InvalidInput(f"Input {role}: {problem}", {f"inputs.{role}": problem})


def _problem(project: Project, kind: str, role: str, wanted: str, thing: RunThing) -> str:
    if _type_of(thing) != wanted:
        return f"Expected a {wanted}, got a {_type_of(thing)}."
    if thing.project_id != project.pk:
        return "It belongs to another project."
    if isinstance(thing, DatasetSnapshot):
        if thing.kind != role:
            return f"Expected a snapshot of {role}, got one of {thing.kind}."
        if thing.state != DatasetSnapshot.State.SEALED:
            return f"Expected a sealed snapshot, got one that is {thing.state}. Wait until it is sealed."
        if kind == TrainingRun.Kind.PPO and Prompt.Split.TEST in thing.filters.get("splits", []):
            return (
                "Expected prompts to learn from, got a snapshot that holds test prompts. Make one of the split train."
            )
    if isinstance(thing, Checkpoint):
        allowed = (
            (Checkpoint.Role.REWARD,) if role.startswith("reward") else (Checkpoint.Role.BASE, Checkpoint.Role.POLICY)
        )
        if thing.role not in allowed:
            return f"Expected a checkpoint of role {' or '.join(allowed)}, got role {thing.role}."
    return ""


def _type_of(thing: RunThing) -> str:
    return {Checkpoint: "checkpoint", DatasetSnapshot: "snapshot", Corpus: "corpus"}[type(thing)]


def _moment(value: float | str) -> datetime:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else datetime.fromisoformat(value)
