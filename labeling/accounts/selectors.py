"""Reads of a person's own things."""

from django.db.models import QuerySet

from labeling.accounts.models import ApiToken, User
from labeling.errors import NotFound


def tokens_for(user: User) -> QuerySet[ApiToken]:
    """The person's own tokens that are not revoked."""
    return ApiToken.objects.filter(user=user, revoked_at=None)


def token_get_for(user: User, token_id: int) -> ApiToken:
    """One of the person's own live tokens; NotFound for anybody else's."""
    token = tokens_for(user).filter(pk=token_id).first()
    if token is None:
        raise NotFound(f"You have no token {token_id}.")
    return token
