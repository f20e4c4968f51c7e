"""What every live page shares: Server-Sent Events as plain async views, and who may follow one."""

import json
from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from labeling.accounts.models import User
from labeling.accounts.services import token_authenticate
from labeling.errors import DomainError


class NotSignedIn(DomainError):
    """No session and no live token."""

    code = "not_signed_in"
    status = 401


def signed_in_user(request: HttpRequest) -> User:
    """The user of the session or of the bearer token (scope read). Raises NotSignedIn."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = token_authenticate(text.strip())
        if token is None or "read" not in token.scopes:
            raise NotSignedIn("Expected a live token with the scope read.")
        return token.user
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise NotSignedIn("Sign in to follow live changes.")
    return user


def stream_response(events: AsyncIterator[bytes]) -> StreamingHttpResponse:
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


def event(name: str, data: Any, identity: int | None = None) -> bytes:
    first = "" if identity is None else f"id: {identity}\n"
    return f"{first}event: {name}\ndata: {json.dumps(data, default=str)}\n\n".encode()
