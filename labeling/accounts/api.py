"""A person's own password and API tokens."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.accounts.models import ApiToken
from labeling.accounts.selectors import token_get_for, tokens_for
from labeling.accounts.services import SCOPES, token_create, token_revoke
from labeling.accounts.sign_in import password_change
from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at"]


class TokenPageSerializer(serializers.Serializer[Any]):
    results = TokenSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class TokenInputSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=64)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), min_length=1)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class TokenCreatedSerializer(TokenSerializer):
    token = serializers.CharField(help_text="The text to send as `Authorization: Bearer <token>`; shown only now.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class TokenListView(APIView):
    @extend_schema(operation_id="token_list", parameters=[CURSOR], responses=TokenPageSerializer)
    def get(self, request: SignedInRequest) -> Response:
        """The person's own tokens."""
        return Response(page_of(request, tokens_for(request.user), TokenSerializer))

    @extend_schema(operation_id="token_create", request=TokenInputSerializer, responses={201: TokenCreatedSerializer})
    def post(self, request: SignedInRequest) -> Response:
        """Make a token; its text is in this reply only."""
        body = TokenInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        token, text = token_create(user=request.user, **body.validated_data)
        return Response({**TokenSerializer(token).data, "token": text}, status=201)


class PasswordInputSerializer(serializers.Serializer[Any]):
    current = serializers.CharField(max_length=1024, trim_whitespace=False)
    new = serializers.CharField(max_length=1024, trim_whitespace=False)


class PasswordView(APIView):
    @extend_schema(operation_id="password_change", request=PasswordInputSerializer, responses={204: None})
    def put(self, request: SignedInRequest) -> Response:
        """Change the person's own password. This session goes on, all others end; tokens stay until they are revoked."""
        body = PasswordInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        password_change(user=request.user, **body.validated_data)
        update_session_auth_hash(request._request, request.user)
        return Response(status=204)


class TokenView(APIView):
    @extend_schema(operation_id="token_revoke", responses={204: None})
    def delete(self, request: SignedInRequest, token_id: int) -> Response:
        """Revoke a token; it stops working at once."""
        token_revoke(token=token_get_for(request.user, token_id))
        return Response(status=204)
