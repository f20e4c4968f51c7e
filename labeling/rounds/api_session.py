"""Who is signed in and where they work; signing in and out; accepting an invitation."""

from typing import Any

from django.contrib.auth import login, logout
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.accounts.models import User
from labeling.accounts.sign_in import sign_in
from labeling.rounds.people import invitation_accept, invitation_get_by_token
from labeling.rounds.selectors import projects_for, roles_by_project
from labeling.rounds.serializers import (
    InvitationShownSerializer,
    NewAccountSerializer,
    SessionSerializer,
    SignInSerializer,
)


def session_state(request: Request, user: Any) -> Response:
    if not isinstance(user, User):
        return Response({"user": None, "csrf_token": get_token(request._request), "projects": []})
    roles = roles_by_project(user)
    projects = [
        {
            "id": project.pk,
            "name": project.name,
            "slug": project.slug,
            "is_archived": project.is_archived,
            "roles": roles.get(project.pk, []),
        }
        for project in projects_for(user)
    ]
    state = {"user": user, "csrf_token": get_token(request._request), "projects": projects}
    return Response(SessionSerializer(state).data)


class SessionView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="session_get", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Who is signed in (null: nobody), their projects, and the CSRF token that every change must send as X-CSRFToken."""
        return session_state(request, request.user)

    @extend_schema(operation_id="session_create", request=SignInSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Sign in. The CSRF token changes; use the one in this reply."""
        SessionAuthentication().enforce_csrf(request)  # DRF asks it only of people who are signed in already
        body = SignInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = sign_in(request._request, **body.validated_data)
        return session_state(request, user)

    @extend_schema(operation_id="session_delete", responses=SessionSerializer)
    def delete(self, request: Request) -> Response:
        """Sign out."""
        logout(request._request)
        return session_state(request, None)


class InvitationShownView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="invitation_get", responses=InvitationShownSerializer)
    def get(self, request: Request, token: str) -> Response:
        """What an invitation is for. The token in the address is the right to see it."""
        return Response(InvitationShownSerializer(invitation_get_by_token(token)).data)


class InvitationAcceptView(APIView):
    permission_classes = [AllowAny]
    authentication_classes = [SessionAuthentication]  # a token, whatever its scopes, joins nothing

    @extend_schema(operation_id="invitation_accept", request=NewAccountSerializer, responses=SessionSerializer)
    def post(self, request: Request, token: str) -> Response:
        """Join the project with a new account, and sign in; a person who is signed in joins as themselves."""
        SessionAuthentication().enforce_csrf(request)
        if isinstance(request.user, User):
            return session_state(request, invitation_accept(token=token, user=request.user, account={}))
        body = NewAccountSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = invitation_accept(token=token, user=None, account=body.validated_data)
        login(request._request, user, backend="django.contrib.auth.backends.ModelBackend")
        return session_state(request, user)
