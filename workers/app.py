"""The Celery application: `celery -A workers.app worker` and `... beat`. Tasks carry ids only; the database says what to do."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeling.settings")
os.environ.setdefault("DATABASE_POOL_SIZE", "0")  # this process forks, and a pool must not be shared by forks

import django

django.setup()

from typing import Any  # noqa: E402

from celery import Celery  # noqa: E402
from django.conf import settings  # noqa: E402

from labeling.feedback.imports import import_run  # noqa: E402
from labeling.feedback.repeats import repeats_open_all  # noqa: E402
from labeling.jobs.models import Job  # noqa: E402
from labeling.loop.services import round_advance  # noqa: E402
from labeling.rounds.imports import import_give_up  # noqa: E402
from labeling.training.models import TrainingRun  # noqa: E402
from labeling.training.services import run_fail  # noqa: E402
from workers import generation  # noqa: E402
from workers.export import snapshot_export, snapshot_give_up  # noqa: E402
from workers.tick import tick  # noqa: E402
from workers.training import run_stop, run_submit  # noqa: E402
from workers.work import job_work  # noqa: E402

TICK_SECONDS = 2.0
REPEATS_SECONDS = 600.0

app = Celery("roundtable", broker=settings.REDIS_URL, backend=settings.REDIS_URL)
app.conf.update(
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    result_expires=300,
    task_ignore_result=True,
    timezone="UTC",
    beat_schedule={
        "tick": {"task": "workers.beat_tick", "schedule": TICK_SECONDS, "options": {"expires": TICK_SECONDS * 2}},
        "repeats": {
            "task": "workers.beat_repeats",
            "schedule": REPEATS_SECONDS,
            "options": {"expires": REPEATS_SECONDS},
        },
    },
)

# What each job of the outbox does: (payload, heartbeat) -> nothing.
JOB_FUNCTIONS = {
    "import_rows": lambda job, heartbeat: import_run(job.payload["import_id"], heartbeat),
    "snapshot_export": lambda job, heartbeat: snapshot_export(job.payload["snapshot_id"], heartbeat),
    "run_submit": lambda job, heartbeat: run_submit(job.payload["run_id"]),
    "run_cancel": lambda job, heartbeat: run_stop(job.payload["run_id"], job.payload["attempt"]),
    "stage_advance": lambda job, heartbeat: round_advance(job.payload["round_id"]),
}


@app.task(name="workers.job_run")  # type: ignore[untyped-decorator]
def job_run(job_id: int) -> None:
    """Do one job of the outbox if it is due."""
    job_work(job_id, JOB_FUNCTIONS, give_up)


@app.task(name="workers.beat_tick")  # type: ignore[untyped-decorator]
def beat_tick() -> None:
    tick()


@app.task(name="workers.beat_repeats")  # type: ignore[untyped-decorator]
def beat_repeats() -> None:
    """Tasks that labelers meet again; at most one for each labeler a call, so that they come in between."""
    repeats_open_all()


@app.task(name="workers.sample_text", ignore_result=False)  # type: ignore[untyped-decorator]
def sample_text(
    checkpoint_uri: str,
    messages: list[dict[str, Any]],
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    seed: int,
) -> dict[str, Any]:
    """One completion with its probabilities, for the sampling box, which waits for it."""
    return generation.sample_text(checkpoint_uri, messages, temperature, top_p, max_new_tokens, seed)


@app.task(name="workers.turn_write")  # type: ignore[untyped-decorator]
def turn_write(turn_id: int, attempt: int) -> None:
    """The replies of one turn of a chat, for a labeler who watches them grow."""
    generation.turn_write(turn_id, attempt)


def give_up(job: Job, error: str) -> None:
    """A job has no attempt left: the row that waits for it says why."""
    if job.name == "run_submit":
        run_fail(TrainingRun.objects.get(pk=job.payload["run_id"]), f"The run could not be submitted: {error}")
    elif job.name == "snapshot_export":
        snapshot_give_up(job.payload["snapshot_id"], error)
    elif job.name == "import_rows":
        import_give_up(job.payload["import_id"], error)
