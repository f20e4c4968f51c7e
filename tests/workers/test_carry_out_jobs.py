"""One job of the outbox in a worker: its errors, its retries, and a worker that dies or falls silent."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from labeling.jobs import services
from labeling.jobs.models import Job
from labeling.jobs.services import job_claim, job_enqueue
from tests.workers.conftest import wait_for
from workers import work
from workers.work import job_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(services, "doorbell_ring", lambda job_id: None)
    return job_enqueue(name="import_rows", key="7", payload={})


def left_by_a_dead_worker() -> None:
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=61))


def test_a_job_that_kills_its_worker_is_given_up_after_its_attempts(job: Job) -> None:
    for _ in range(5):
        assert job_claim(job.pk) is not None
        left_by_a_dead_worker()
    done, given_up = [], []
    job_work(job.pk, {"import_rows": lambda job, beat: done.append(job)}, lambda job, reason: given_up.append(reason))
    job.refresh_from_db()
    assert (job.state, done, len(given_up)) == ("failed", [], 1)
    assert "the worker died 5 times" in job.error == given_up[0]
    assert job_claim(job.pk) is None


def test_the_last_failure_and_giving_up_are_one_change(job: Job) -> None:
    Job.objects.update(attempt=4)

    def fail(job: Job, beat: object) -> None:
        raise OSError("no room")

    def give_up(job: Job, reason: str) -> None:
        raise OperationalError("the database went away")

    with pytest.raises(OperationalError):
        job_work(job.pk, {"import_rows": fail}, give_up)
    job.refresh_from_db()
    assert job.state == "running", "nobody was told, so the job must come round again"
    left_by_a_dead_worker()
    told: list[str] = []
    job_work(job.pk, {"import_rows": fail}, lambda job, reason: told.append(reason))
    assert len(told) == 1


def test_a_worker_that_was_taken_for_dead_changes_nothing(job: Job) -> None:
    told: list[str] = []

    def overtaken(job: Job, beat: object) -> None:
        left_by_a_dead_worker()
        assert job_claim(job.pk).attempt == 5
        raise OSError("too late")

    Job.objects.update(attempt=3)
    job_work(job.pk, {"import_rows": overtaken}, lambda job, reason: told.append(reason))
    job.refresh_from_db()
    assert (job.state, job.attempt, told) == ("running", 5, [])


def test_the_heartbeat_goes_on_after_the_database_was_away(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "HEARTBEAT_SECONDS", 0.02)
    beats: list[str] = []
    job_heartbeat = services.job_heartbeat

    def sometimes(job: Job, progress: dict | None = None) -> bool:
        beats.append("away" if len(beats) < 2 else "beat")
        if beats[-1] == "away":
            raise OperationalError("the database is starting up")
        return job_heartbeat(job, progress)

    monkeypatch.setattr(work, "job_heartbeat", sometimes)

    def long(job: Job, beat: object) -> None:
        wait_for(lambda: "beat" in beats, 5, "a sign of life after the database was away")

    job_work(job.pk, {"import_rows": long}, lambda job, reason: None)
    job.refresh_from_db()
    assert job.state == "done"
