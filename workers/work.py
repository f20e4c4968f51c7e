"""Carrying out one Job of the outbox: claim, heartbeat while it works, finish or fail. Which function is the caller's affair."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction

from labeling.jobs.models import Job
from labeling.jobs.services import job_claim, job_fail, job_finish, job_heartbeat

logger = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 10
Heartbeat = Callable[[dict[str, Any]], object]


class JobTaken(RuntimeError):
    """Another worker has taken the job over: this one was silent for too long and must stop."""


def job_work(
    job_id: int, functions: Mapping[str, Callable[[Job, Heartbeat], object]], give_up: Callable[[Job, str], None]
) -> None:
    """Do the job if it is due and free. After its last attempt `give_up` tells the rows that wait for it why."""
    job = job_claim(job_id)
    if job is None:
        return
    if job.attempt > job.max_attempts:
        _end(
            job, f"the worker died {job.max_attempts} times while it was at it; look at its memory and its log", give_up
        )
        return

    def heartbeat(progress: dict[str, Any]) -> None:
        if not job_heartbeat(job, progress):
            raise JobTaken(f"job {job.pk} ({job.name}) went on in another worker")

    try:
        with _beating(job):
            functions[job.name](job, heartbeat)
    except JobTaken as error:
        logger.warning("%s", error)
    except (
        Exception
    ) as error:  # the border of a job: whatever was raised is its reason, and the next attempt may do better
        logger.exception("Job %d (%s) failed, attempt %d of %d.", job.pk, job.name, job.attempt, job.max_attempts)
        _end(job, f"{type(error).__name__}: {error}", give_up)
    else:
        job_finish(job)


def _end(job: Job, reason: str, give_up: Callable[[Job, str], None]) -> None:
    """Queue the job again, or end it together with what waits for it."""
    with transaction.atomic():
        if job_fail(job, reason) and job.attempt >= job.max_attempts:
            give_up(job, reason)


@contextmanager
def _beating(job: Job) -> Iterator[None]:
    """A thread that says the job is at work, so that nobody else takes it."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(HEARTBEAT_SECONDS):
            try:
                job_heartbeat(job)
            except (
                DatabaseError,
                InterfaceError,
            ) as error:  # a database that starts again must not end the heartbeat for good
                logger.warning("Job %d (%s) could not give its sign of life: %s", job.pk, job.name, error)
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
