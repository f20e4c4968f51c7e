"""Runs on the cluster: submit, reconcile, cancel. Truth is in the store; Ray is only asked whether a job still lives."""

import json
import logging
from typing import Any

from django.conf import settings
from django.db import DataError

from labeling.jobs.models import Job
from labeling.jobs.services import job_enqueue
from labeling.rounds.models import Checkpoint
from labeling.rounds.services import checkpoint_register
from labeling.store import store_open
from labeling.training.models import RunInput, TrainingRun
from labeling.training.services import (
    metrics_append,
    run_fail,
    run_finish,
    run_mark_running,
    run_mark_submitted,
    run_next_attempt,
)
from labeling.version import code_version
from workers import ray_jobs, store
from workers.generation import completions_ingest

logger = logging.getLogger(__name__)
State = TrainingRun.State


def submission_id(run_id: int, attempt: int) -> str:
    """Ray refuses a second job under the id of a failed one, hence the attempt."""
    return f"run-{run_id}-{attempt}"


def run_submit(run_id: int) -> None:
    """Write the spec of a queued run's attempt and start its job. While Ray is away the run stays queued; reconcile asks again."""
    run = TrainingRun.objects.select_related("project").get(pk=run_id)
    if run.state == State.CANCELLED:  # perhaps after a worker handed the job to Ray and died before it could say so
        run_stop(run.pk, run.attempt)
    if run.state != State.QUEUED:
        return
    files = store_open(settings.STORAGE_URL)
    name = f"runs/{run.pk}/{run.attempt}/spec.json"
    if not files.exists(name):
        files.write_bytes(name, json.dumps(spec_of(run), indent=1).encode())
    try:
        ray_jobs.job_submit(submission_id(run.pk, run.attempt), ["run", files.uri(name)])
    except ray_jobs.ClusterUnreachable as error:
        logger.warning("Run %d stays queued: %s", run.pk, error)
        return
    if not run_mark_submitted(run):
        run_stop(run.pk, run.attempt)


def spec_of(run: TrainingRun) -> dict[str, Any]:
    """Everything the cluster needs to know of an attempt. The work folder is the run's: the next attempt goes on in it."""
    files = store_open(settings.STORAGE_URL)
    inputs = RunInput.objects.filter(run=run).select_related("checkpoint", "snapshot", "corpus")
    return {
        "run_id": run.pk,
        "attempt": run.attempt,
        "kind": run.kind,
        "config": run.config,
        "code_version": code_version(),
        "first_sequence": run.last_sequence + 1,
        "inputs": {given.role: _input(given) for given in inputs},
        "work_uri": files.uri(f"runs/{run.pk}/work"),
        "checkpoints_uri": files.uri("checkpoints"),
    }


def _input(given: RunInput) -> dict[str, str]:
    if given.checkpoint is not None:
        uri = given.checkpoint.uri
        return (
            {"kind": "hub", "uri": uri.removeprefix("hub:")}
            if uri.startswith("hub:")
            else {"kind": "checkpoint", "uri": uri}
        )
    if given.snapshot is not None:
        return {"kind": "snapshot", "uri": given.snapshot.uri}
    if given.corpus is None:
        raise ValueError(f"input {given.role} of run {given.run_id} names nothing")
    return {"kind": "corpus", "uri": given.corpus.uri}


def run_stop(run_id: int, attempt: int) -> None:
    """End the job of an attempt, if Ray has it."""
    ray_jobs.job_stop(submission_id(run_id, attempt))


def run_reconcile(run: TrainingRun) -> None:
    """Bring a live run's rows in line with the store and with Ray. Doing it twice, or after a crash, changes nothing more."""
    if run.state == State.QUEUED:
        _requeue(run)
        return
    _read_events(run)
    name = f"runs/{run.pk}/{run.attempt}/result.json"
    files = store_open(settings.STORAGE_URL)
    if not files.exists(name):
        try:
            status = ray_jobs.job_status(submission_id(run.pk, run.attempt))
        except ray_jobs.ClusterUnreachable:
            return  # a head that is starting again; the next tick asks again
        if status not in {ray_jobs.UNKNOWN, *ray_jobs.ENDED}:
            return
        if not files.exists(name):  # it may have been written between the two questions
            _read_events(run)
            _job_died(run, status)
            return
    _read_events(run)
    result = json.loads(files.read_text(name).replace("\\u0000", "\\ufffd"))
    try:
        _conclude(run, result)
    except (
        ValueError,
        KeyError,
        OSError,
        DataError,
    ) as error:  # what the run left cannot be used; asking again will not help
        run_fail(run, f"the result cannot be used: {type(error).__name__}: {error}")


def _requeue(run: TrainingRun) -> None:
    """A queued run whose submitting job found no cluster gets another one once Ray answers."""
    live = Job.objects.filter(name="run_submit", key=str(run.pk), state__in=[Job.State.QUEUED, Job.State.RUNNING])
    if not live.exists() and ray_jobs.cluster_answers():
        job_enqueue(name="run_submit", key=str(run.pk), payload={"run_id": run.pk})


def _read_events(run: TrainingRun) -> None:
    """Store the parts that begin after the last stored sequence; a part is immutable and was read whole or not at all."""
    files = store_open(settings.STORAGE_URL)
    folder = f"runs/{run.pk}/{run.attempt}/events"
    parts = [name for name in files.list(folder) if name.endswith(".jsonl")]
    new = [name for name in parts if int(name.removesuffix(".jsonl")) > run.last_sequence]
    if new and run.state == State.SUBMITTED:
        run_mark_running(run)
    for name in new:
        # PostgreSQL keeps no NUL, and a model may well write one.
        lines = files.read_text(f"{folder}/{name}").replace("\\u0000", "\\ufffd").splitlines()
        run.last_sequence = metrics_append(run, [json.loads(line) for line in lines])


def _job_died(run: TrainingRun, status: str) -> None:
    logger.warning("Run %d, attempt %d: Ray says %s and there is no result.", run.pk, run.attempt, status)
    if not run_next_attempt(run):
        reason = "Ray has forgotten the job" if status == ray_jobs.UNKNOWN else f"the job ended ({status})"
        run_fail(
            run,
            f"{reason} without a result, {run.attempt} times. Read the log, see that the cluster has memory, then retry.",
        )


def _conclude(run: TrainingRun, result: dict[str, Any]) -> None:
    if result["state"] != "done":
        run_fail(run, str(result["error"]) or "the trainer gave no reason")
        return
    outputs = {}
    for role, made in result["outputs"].items():
        found = store.sha256_of_folder(made["uri"])
        if found != made["sha256"]:
            run_fail(
                run,
                f"the {role} checkpoint at {made['uri']} has hash {found}, expected {made['sha256']}; retry the run",
            )
            return
        outputs[role] = _register(run, role, made, result["summary"])
    completions_ingest(run, result["completions"])
    run_finish(run, result["summary"], outputs)


def _register(run: TrainingRun, role: str, made: dict[str, Any], summary: dict[str, Any]) -> Checkpoint:
    parents = [given.checkpoint for given in run.inputs.select_related("checkpoint") if given.checkpoint is not None]
    label = run.name or (f"Round {run.round.number} {run.kind}" if run.round else f"{run.kind} {run.pk}")
    return checkpoint_register(
        project=run.project, role=role, uri=made["uri"], sha256=made["sha256"],
        name=f"{label} (value)" if role == "value" else label, parents=parents, round=run.round,
        card={"run": run.pk, "kind": run.kind, "config": run.config, "summary": summary},
        num_parameters=made["num_parameters"],
    )  # fmt: skip
