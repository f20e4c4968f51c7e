"""Sign in, API tokens, people's accounts."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from labeling.accounts.models import ApiToken, User
from labeling.errors import InvalidInput
from labeling.jobs.services import audit

SCOPES = ("read", "label", "manage", "train")
TOKEN_PREFIX = "rt_"
LAST_USED_RESOLUTION = timedelta(minutes=1)


def token_create(
    *, user: User, name: str, scopes: list[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown once: only its SHA-256 is kept. Raises InvalidInput for an unknown scope."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"Scopes must be some of {', '.join(SCOPES)}; got {scopes}.", {"scopes": "unknown or none"})
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=text[:10],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    audit(user, "token_create", token)
    return token, text


def token_revoke(*, token: ApiToken) -> None:
    """The token stops working at once; revoking it again changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit(token.user, "token_revoke", token)


def token_authenticate(text: str) -> ApiToken | None:
    """The live token with this text, of an active user; None otherwise. Candidates are compared in constant time."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    now = timezone.now()
    live = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, user__is_active=True)
    for token in live.select_related("user").filter(prefix=text[:10]):
        if hmac.compare_digest(token.sha256, sha256):
            if token.last_used_at is None or now - token.last_used_at > LAST_USED_RESOLUTION:
                ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
            return token
    return None
