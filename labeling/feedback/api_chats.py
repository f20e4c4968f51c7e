"""Endpoints of live chats: the labeler's turns, and the tasks that a manager opens."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.accounts.models import User
from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest
from labeling.feedback import chat_batches, selectors, turns
from labeling.feedback.api_labeling import held_place
from labeling.feedback.chat_models import ChatBatch
from labeling.feedback.chat_serializers import (
    ChatBatchInputSerializer,
    ChatBatchPageSerializer,
    ChatBatchSerializer,
    ChatMessageInputSerializer,
    ChatSerializer,
    turn_json,
)
from labeling.feedback.models import Place
from labeling.feedback.serializers import LeaseInputSerializer
from labeling.rounds.models import Membership
from labeling.rounds.selectors import project_get_for


def chat_json(user: User, place: Place) -> dict[str, Any]:
    """My chat on the place's task, as ChatSerializer says."""
    batch = turns.batch_of(place.task)
    mine = turns.turns_of(place.task_id, user.pk)
    return {"max_turns": batch.max_turns, "turns": [turn_json(turn) for turn in mine]}


class ChatView(APIView):
    @extend_schema(operation_id="chat_detail", responses=ChatSerializer)
    def get(self, request: SignedInRequest, place_id: int) -> Response:
        """My chat so far."""
        return Response(chat_json(request.user, selectors.place_get_for(request.user, place_id)))


class ChatTurnView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="chat_turn", request=ChatMessageInputSerializer, responses=ChatSerializer)
    def post(self, request: SignedInRequest, place_id: int) -> Response:
        """Judges the turn before, goes on with its chosen reply and sends my next message; the stream tells of the replies."""
        place, body = held_place(request, place_id, ChatMessageInputSerializer)
        given = {**body.validated_data, "verdict": body.verdict_given()}
        turns.turn_send(labeler=request.user, place_id=place.pk, **given)
        return Response(chat_json(request.user, place))


class ChatRetryView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="chat_retry", request=LeaseInputSerializer, responses=ChatSerializer)
    def post(self, request: SignedInRequest, place_id: int) -> Response:
        """Asks again for the replies that failed."""
        place, body = held_place(request, place_id, LeaseInputSerializer)
        turns.turn_retry(labeler=request.user, place_id=place.pk, **body.validated_data)
        return Response(chat_json(request.user, place))


class ChatBatchRow(ChatBatchSerializer):
    """A ChatBatch of the database with the counts of its places from the context."""

    def to_representation(self, instance: ChatBatch) -> dict[str, Any]:
        instance.places = self.context["places"][instance.pk]  # type: ignore[attr-defined]
        return super().to_representation(instance)


class ChatBatchListView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="chat_batch_list", parameters=[CURSOR], responses=ChatBatchPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Chat tasks as they were opened, newest first."""
        project = project_get_for(request.user, project_id, Membership.Role.MANAGER)
        batches = chat_batches.batches_of(project)
        return Response(
            page_of(request, batches, ChatBatchRow, lambda shown: {"places": chat_batches.place_counts(shown)})
        )

    @extend_schema(
        operation_id="chat_batch_create", request=ChatBatchInputSerializer, responses={201: ChatBatchSerializer}
    )
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Opens chat tasks with one or two checkpoints."""
        project = project_get_for(request.user, project_id, Membership.Role.MANAGER)
        body = ChatBatchInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        batch = chat_batches.chats_open(project=project, actor=request.user, **body.validated_data)
        return Response(batch_json(batch), status=201)


class ChatBatchCloseView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="chat_batch_close", request=None, responses=ChatBatchSerializer)
    def post(self, request: SignedInRequest, project_id: int, batch_id: int) -> Response:
        """Closes what nobody works on yet."""
        batch = chat_batches.batch_get_for(request.user, project_id, batch_id)
        chat_batches.chats_close(actor=request.user, batch=batch)
        return Response(batch_json(batch))


def batch_json(batch: ChatBatch) -> Any:
    return ChatBatchRow(batch, context={"places": chat_batches.place_counts([batch])}).data
