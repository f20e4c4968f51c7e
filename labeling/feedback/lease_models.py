"""What outlives a lease: the right to answer late, and the reply to an answer that was sent."""

from django.conf import settings
from django.db import models
from django.db.models import Q

USER = settings.AUTH_USER_MODEL


class LostLease(models.Model):
    """A lease that ran out before another took its Place. Its holder may still answer once: kept and paid.

    A trigger writes these rows, so that whatever moves a Place on keeps its promise to the one who worked on it.
    """

    place = models.ForeignKey("feedback.Place", on_delete=models.CASCADE, related_name="lost_leases")
    task = models.ForeignKey("feedback.LabelingTask", on_delete=models.CASCADE, related_name="lost_leases")
    labeler = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    lease_token = models.UUIDField(unique=True)
    lost_at = models.DateTimeField(auto_now_add=True)
    is_answered = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["labeler", "task"], condition=Q(is_answered=True), name="lost_lease_answered"),
        ]


class Submission(models.Model):
    """The reply to one Idempotency-Key of one labeler: the same key gets the same reply, never a second answer."""

    labeler = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=128)
    place = models.ForeignKey("feedback.Place", on_delete=models.CASCADE, related_name="+")
    body_sha256 = models.CharField(max_length=64)
    response = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["labeler", "key"], name="submission_key_once")]
