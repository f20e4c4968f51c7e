"""The outbox: one live job per name and key, one worker per job, retries, and a doorbell that may be lost."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from labeling.jobs import services
from labeling.jobs.models import Job
from labeling.jobs.services import job_claim, job_enqueue, job_fail, job_finish, job_heartbeat, jobs_due

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    rings = []
    monkeypatch.setattr(services, "doorbell_ring", rings.append)
    return rings


def enqueue(**more):
    return job_enqueue(name="import_rows", key="7", payload={"import_id": 7}, **more)


def test_live_job_is_returned_instead_of_a_second(rung):
    first, second = enqueue(), enqueue()
    assert first == second
    assert rung == [first.pk, first.pk]
    job_finish(job_claim(first.pk))
    assert enqueue() != first


def test_rolled_back_cause_leaves_no_job_and_no_ring(rung):
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert rung == []


def test_job_is_claimed_once():
    job = enqueue()
    assert job_claim(job.pk).attempt == 1
    assert job_claim(job.pk) is None


def test_job_of_a_dead_worker_is_claimed_again_and_the_dead_one_may_not_finish_it():
    job = enqueue()
    dead = job_claim(job.pk)
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=61))
    assert list(jobs_due()) == [job.pk]
    heir = job_claim(job.pk)
    assert heir.attempt == 2
    assert not job_heartbeat(dead, {"done": 1})
    job_finish(dead)
    assert Job.objects.get().state == "running"
    job_finish(heir)
    assert Job.objects.get().state == "done"


def test_failed_job_waits_then_runs_again_until_its_attempts_end():
    job = enqueue()
    for attempt in range(1, 6):
        Job.objects.update(run_after=timezone.now())
        claimed = job_claim(job.pk)
        assert claimed.attempt == attempt
        job_fail(claimed, "no luck")
        if attempt < 5:
            assert list(jobs_due()) == []
    assert (Job.objects.get().state, Job.objects.get().error) == ("failed", "no luck")


def test_delayed_job_is_not_due_yet(rung):
    job = enqueue(delay_seconds=60)
    assert list(jobs_due()) == []
    assert job_claim(job.pk) is None
    assert rung == []


def test_unreachable_redis_does_not_undo_the_cause(monkeypatch, settings):
    monkeypatch.undo()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    services.doorbell.cache_clear()
    try:
        job = enqueue()
    finally:
        services.doorbell.cache_clear()
    assert Job.objects.get() == job
    assert not connection.in_atomic_block
