"""People and the ways they prove who they are. What a person may do in a project is rounds.Membership."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. Deactivated (is_active False), never deleted: their labels keep their author."""

    display_name = models.CharField(max_length=128, blank=True)


class Contractor(models.Model):
    """The contract under which a labeler works."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        ENDED = "ended"

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="contractor")
    agency = models.CharField(max_length=128, blank=True)
    contract = models.CharField(max_length=128, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "paused", "ended"]), name="contractor_status_is_known"
            )
        ]


class ApiToken(models.Model):
    """A bearer token, shown once and stored as its SHA-256. Scopes: read, label, manage, train."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
