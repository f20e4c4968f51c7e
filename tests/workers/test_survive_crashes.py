"""kill -9 of every part while work is under way: the work completes by itself and every count is right."""

import os
import re
import signal
import time

import pytest

from tests.workers.conftest import Site, wait_for

pytestmark = pytest.mark.slow

START_LONG_RUN = """
    config = {**TINY, "max_seconds": 20.0, "checkpoint_every_seconds": 1.0}
    run = run_start("pretrain", config, {"texts": corpus()})
    until(run, ("running",), 60)
    time.sleep(3)
    say(run.pk)
"""
REPORT_RUN = """
    run = ended(TrainingRun.objects.get(pk={run}), 200)
    sequences = list(MetricPoint.objects.filter(run=run).order_by("sequence").values_list("sequence", flat=True))
    say({{"state": run.state, "error": run.error, "attempt": run.attempt, "outputs": run.outputs.count(),
         "checkpoints": Checkpoint.objects.filter(card__run=run.pk).count(), "seconds": run.summary.get("seconds", 0),
         "has_gaps": sequences != list(range(sequences[0], sequences[0] + len(sequences)))}})
"""


def kill(pids: list[int]) -> None:
    assert pids, "expected a process to kill"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_a_killed_actor_is_followed_by_an_attempt_that_goes_on(site: Site) -> None:
    run = site.execute(START_LONG_RUN)
    kill(site.pids("ray::RunActor"))
    got = site.execute(REPORT_RUN.format(run=run))
    assert (got["state"], got["attempt"], got["outputs"], got["checkpoints"]) == ("done", 2, 1, 1), got
    assert got["seconds"] >= 20  # of both attempts together: the second went on, so the clock did too
    assert not got["has_gaps"]


def test_ppo_killed_after_its_first_training_state_goes_on_and_is_registered_once(site: Site) -> None:
    run = site.execute("""
        prompts(40)
        snapshot = ended(snapshot_create(project=PROJECT, kind="prompts", filters={"splits": ["train"]}, actor=ADMIN))
        config = {"num_updates": 100_000, "max_seconds": 20.0, "checkpoint_every_seconds": 1.0, "episodes_per_update": 8,
                  "minibatch_size": 4, "num_epochs": 1, "max_new_tokens": 8, "threads": 1}
        run = run_start("ppo", config, {"policy": base(), "reward": reward(), "prompts": snapshot})
        until(run, ("running",), 60)
        deadline = time.monotonic() + 60
        while not MetricPoint.objects.filter(run=run, kind="checkpoint").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        say(run.pk)
    """)
    kill(site.pids("ray::RunActor"))
    got = site.execute(REPORT_RUN.format(run=run))
    assert (got["state"], got["attempt"], got["outputs"], got["checkpoints"]) == ("done", 2, 2, 2), got
    assert got["seconds"] >= 20
    assert not got["has_gaps"]
    steps, updates, metric_steps, roles, parents, log = site.execute(f"""
        run = TrainingRun.objects.get(pk={run})
        points = MetricPoint.objects.filter(run=run).order_by("sequence")
        made = {{output.role: output.checkpoint for output in run.outputs.all()}}
        say([list(points.filter(kind="checkpoint").values_list("step", flat=True)), run.summary["num_updates"],
             list(points.filter(kind="metric").values_list("step", flat=True)), sorted(made),
             sorted(parent.role for parent in made["policy"].parents.all()),
             store_open(settings.STORAGE_URL).read_text(f"runs/{{run.pk}}/2/log.txt")])
    """)
    went_on_from = re.search(r"ppo: goes on from step (\d+)", log)
    assert went_on_from is not None
    assert int(went_on_from[1]) >= steps[0] > 0
    assert steps == sorted(set(steps)), "no training state was passed twice: the second attempt did not begin anew"
    assert metric_steps[-1] == updates > steps[0]
    assert roles == ["policy", "value"]
    assert parents == ["base", "reward"]


def test_a_killed_head_comes_back_and_the_run_goes_on(site: Site) -> None:
    run = site.execute(START_LONG_RUN)
    kill(site.pids("ray start --head"))
    got = site.execute(REPORT_RUN.format(run=run))
    assert (got["state"], got["outputs"], got["checkpoints"]) == ("done", 1, 1), got
    assert got["attempt"] == 2


def test_a_killed_redis_delays_a_run_and_loses_nothing(site: Site) -> None:
    kill(site.pids("redis-server"))
    got = site.execute("""
        run = ended(run_start("pretrain", {**TINY, "max_steps": 3}, {"texts": corpus()}), 150)
        say([run.state, run.attempt, run.outputs.count()])
    """)
    assert got == ["done", 1, 1]


def test_a_killed_postgres_comes_back_with_every_row(site: Site) -> None:
    before = site.execute("prompts(100); say(Prompt.objects.count())")
    kill(site.pids("postgres -D"))
    time.sleep(1)
    wait_for(lambda: "PostgreSQL ended" in site.said() and site.pids("postgres -D"), 30, "PostgreSQL to start again")
    time.sleep(2)
    assert site.execute("say(Prompt.objects.count())") == before


def test_a_worker_killed_during_an_export_leaves_a_whole_snapshot(site: Site) -> None:
    snapshot = site.execute("""
        prompts(60_000)
        snapshot = snapshot_create(project=PROJECT, kind="prompts", filters={"splits": ["train", "validation"]}, actor=ADMIN)
        files = store_open(settings.STORAGE_URL)
        while not [name for name in files.list(f"snapshots/{snapshot.pk}") if name.endswith(".jsonl.gz")]:
            time.sleep(0.01)
        say(snapshot.pk)
    """)
    kill(site.pids("workers.app --quiet worker"))
    got = site.execute(f"""
        snapshot = ended(DatasetSnapshot.objects.get(pk={snapshot}), 180)
        files = store_open(settings.STORAGE_URL)
        names = [name for name in files.list(f"snapshots/{{snapshot.pk}}") if name.endswith(".jsonl.gz")]
        parts = [gzip.decompress(files.read_bytes(f"snapshots/{{snapshot.pk}}/{{name}}")) for name in names]
        ids = [json.loads(line)["prompt_id"] for part in parts for line in part.splitlines()]
        expected = Prompt.objects.filter(project=PROJECT).count()
        say([snapshot.state, snapshot.num_rows == expected, len(ids) == len(set(ids)) == expected])
    """)
    assert got == ["sealed", True, True]
