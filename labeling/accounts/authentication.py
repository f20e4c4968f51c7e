"""Who is asking: the session cookie of the site, or a bearer token with scopes."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import permissions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from labeling.accounts.models import ApiToken, User
from labeling.accounts.services import token_authenticate


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; the request's `auth` is then the ApiToken."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token_authenticate(text.strip())
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked; make a new one under Tokens.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class IsSignedInWithScope(permissions.BasePermission):
    """Signed in; and with a token: scope `read` to read, the view's `token_scope` for anything else (none: not by token)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        scope = "read" if request.method in permissions.SAFE_METHODS else getattr(view, "token_scope", None)
        if scope in request.auth.scopes:
            return True
        self.message = (
            f"This token needs the scope {scope!r}; it has {request.auth.scopes}."
            if scope
            else ("This cannot be done with a token; sign in on the site.")
        )
        return False
