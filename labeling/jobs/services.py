"""The outbox and its doorbell, heartbeats and the audit trail."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from celery import Celery
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import KombuError
from redis import RedisError

from labeling.jobs.models import AuditEntry, Heartbeat, Job
from labeling.version import code_version

logger = logging.getLogger(__name__)
STALE_AFTER = timedelta(seconds=60)  # a running job whose heartbeat is older than this was left by a dead worker
RETRY_SECONDS = (2, 10, 30, 120)


def job_enqueue(*, name: str, key: str, payload: dict[str, Any], delay_seconds: float = 0) -> Job:
    """A queued Job in the caller's transaction; a live one with the same (name, key) is returned instead of a second.

    After commit the doorbell rings; when the broker does not answer, beat rings later.
    """
    live = Q(state__in=[Job.State.QUEUED, Job.State.RUNNING])
    with transaction.atomic():
        Job.objects.bulk_create([Job(name=name, key=key, payload=payload)], ignore_conflicts=True)
        job = Job.objects.select_for_update().filter(live, name=name, key=key).get()
        if delay_seconds:
            job.run_after = timezone.now() + timedelta(seconds=delay_seconds)
            job.save(update_fields=["run_after"])
        else:
            transaction.on_commit(lambda: doorbell_ring(job.pk))
    return job


@lru_cache(maxsize=1)
def doorbell() -> Celery:
    options = {"socket_connect_timeout": 2, "socket_timeout": 5}
    app = Celery("labeling", broker=settings.REDIS_URL, backend=settings.REDIS_URL)
    app.conf.update(broker_transport_options=options, task_publish_retry=False, broker_connection_retry=False)
    return app


def doorbell_ring(job_id: int) -> None:
    """Ask a worker to look at the job. A lost ring is harmless: beat rings for every due job."""
    try:
        doorbell().send_task("workers.job_run", [job_id], ignore_result=True)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("Job %d waits for beat: Redis did not take the message (%s).", job_id, error)


def job_claim(job_id: int) -> Job | None:
    """Take the job for running, or None when it is not due, is done, or another worker is at it (its row lock or its heartbeat)."""
    now = timezone.now()
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=True).filter(due(now), pk=job_id).first()
        if job is None:
            return None
        job.state = Job.State.RUNNING
        job.attempt += 1
        job.heartbeat_at = now
        job.save(update_fields=["state", "attempt", "heartbeat_at"])
    return job


def due(now: Any) -> Q:
    queued = Q(state=Job.State.QUEUED, run_after__lte=now)
    return queued | Q(state=Job.State.RUNNING, heartbeat_at__lt=now - STALE_AFTER)


def jobs_due() -> Iterable[int]:
    """Ids of jobs that a worker should look at now, oldest first."""
    return list(Job.objects.filter(due(timezone.now())).order_by("run_after").values_list("pk", flat=True)[:500])


def job_heartbeat(job: Job, progress: dict[str, Any] | None = None) -> bool:
    """Say that the job is still at work; False when it was taken over by another attempt, and must stop."""
    fields: dict[str, Any] = {"heartbeat_at": timezone.now()}
    if progress is not None:
        fields["progress"] = progress
    return bool(own_attempt(job).update(**fields))


def job_finish(job: Job) -> None:
    own_attempt(job).update(state=Job.State.DONE, finished_at=timezone.now(), error="")


def job_fail(job: Job, error: str, retry: bool = True) -> bool:
    """Queue the job again after a pause, or mark it failed when it may not be retried or has no attempt left.

    False, and nothing changes, when another attempt has taken it over.
    """
    if retry and job.attempt < job.max_attempts:
        wait = RETRY_SECONDS[min(job.attempt, len(RETRY_SECONDS)) - 1]
        later = timezone.now() + timedelta(seconds=wait)
        return bool(own_attempt(job).update(state=Job.State.QUEUED, run_after=later, error=error, heartbeat_at=None))
    return bool(own_attempt(job).update(state=Job.State.FAILED, finished_at=timezone.now(), error=error))


def own_attempt(job: Job) -> models.QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempt=job.attempt)


def audit(actor: Any, action: str, obj: models.Model, project: Any = None, **detail: Any) -> AuditEntry:
    """One line in the append-only record: who did what to which object; `detail` must be JSON."""
    return AuditEntry.objects.create(
        actor=None if actor is None or isinstance(actor, AnonymousUser) else actor,
        action=action,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        project_id=getattr(project, "pk", project),
        detail=detail,
    )


def heartbeat_beat(component: str, detail: dict[str, Any] | None = None) -> None:
    """`component` is alive now and runs this code version."""
    values = {"version": code_version(), "detail": detail or {}, "at": timezone.now()}
    Heartbeat.objects.update_or_create(component=component, defaults=values)
