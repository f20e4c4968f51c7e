"""The outbox: a Job is written in the same transaction as its cause; Celery is only the doorbell that makes a worker look."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of background work, idempotent by its id. (name, key) names what it is about; at most one live row each."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    name = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    error = models.TextField(blank=True)
    progress = models.JSONField(default=dict)
    run_after = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "key"], condition=Q(state__in=["queued", "running"]), name="job_one_live_per_name_key"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed"]), name="job_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state__in=["queued", "running"]), name="job_live_run_after")
        ]


class Heartbeat(models.Model):
    """Last sign of life of a component (web, worker, beat, ray, redis) with the code version it runs."""

    component = models.CharField(max_length=64, unique=True)
    version = models.CharField(max_length=64)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()


class AuditEntry(models.Model):
    """Append-only record of who did what to which object. A trigger refuses updates and deletes."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=64)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    project_id = models.BigIntegerField(null=True, db_index=True)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)
