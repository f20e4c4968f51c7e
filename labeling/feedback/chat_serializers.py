"""The JSON of live chats. What wrote a reply is for managers alone: the labeler's side names no checkpoint and no setting."""

from typing import Any

from rest_framework import serializers

from labeling.feedback.chat_models import ChatBatch, Reply, Turn
from labeling.feedback.kinds.chat.answer import MAX_TURNS, VerdictSerializer, verdict_given
from labeling.feedback.kinds.pairwise.answer import PairwiseAnswer
from labeling.feedback.serializers import LeaseInputSerializer
from labeling.feedback.turns import NOT_ANSWERED, State, state_of
from labeling.numbers import MAX_NUMBER

MAX_TASKS, MAX_NEW_TOKENS, MAX_BRIEF = 10_000, 1024, 5000


class ReplySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    position = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Reply.State.choices)
    text = serializers.CharField(allow_blank=True, help_text="What is written so far.")
    error = serializers.CharField(allow_blank=True, help_text="Why it failed.")


class TurnSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    message = serializers.CharField()
    chosen = serializers.IntegerField(allow_null=True, help_text="The reply with which the chat went on.")
    replies = ReplySerializer(many=True)


class ChatSerializer(serializers.Serializer[Any]):
    max_turns = serializers.IntegerField()
    turns = TurnSerializer(many=True)


class ChatMessageInputSerializer(LeaseInputSerializer):
    number = serializers.IntegerField(
        min_value=1, max_value=MAX_TURNS, help_text="Which turn this is, from 1; sending one again changes nothing."
    )
    message = serializers.CharField(allow_blank=True, trim_whitespace=False)
    verdict = VerdictSerializer(
        required=False, allow_null=True, default=None, help_text="Of the turn before; a red team may leave it out."
    )
    chosen = serializers.IntegerField(
        required=False, allow_null=True, default=None, max_value=MAX_NUMBER, help_text="The reply to go on with."
    )

    def verdict_given(self) -> PairwiseAnswer | None:
        return verdict_given(self.validated_data["verdict"])


class ChatBatchInputSerializer(serializers.ModelSerializer[ChatBatch]):
    num_tasks = serializers.IntegerField(min_value=1, max_value=MAX_TASKS)
    brief = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_BRIEF)
    checkpoint_a = serializers.IntegerField(max_value=MAX_NUMBER)
    checkpoint_b = serializers.IntegerField(max_value=MAX_NUMBER, help_text="The same one again: two samples of one.")
    temperature_a = serializers.FloatField(min_value=0, max_value=2, default=1)
    temperature_b = serializers.FloatField(min_value=0, max_value=2, default=1)
    top_p = serializers.FloatField(min_value=0.05, max_value=1, default=1)
    max_new_tokens = serializers.IntegerField(min_value=1, max_value=MAX_NEW_TOKENS, default=256)
    max_turns = serializers.IntegerField(min_value=1, max_value=MAX_TURNS, default=10)

    class Meta:
        model = ChatBatch
        fields = [
            "kind", "num_tasks", "brief", "checkpoint_a", "checkpoint_b", "temperature_a", "temperature_b", "top_p",
            "max_new_tokens", "max_turns",
        ]  # fmt: skip


class ChatPlacesSerializer(serializers.Serializer[Any]):
    open = serializers.IntegerField()
    leased = serializers.IntegerField()
    filled = serializers.IntegerField()
    closed = serializers.IntegerField()


class ChatBatchSerializer(serializers.ModelSerializer[ChatBatch]):
    checkpoint_a_name = serializers.CharField(source="checkpoint_a.name")
    checkpoint_b_name = serializers.CharField(source="checkpoint_b.name")
    places = ChatPlacesSerializer()

    class Meta:
        model = ChatBatch
        fields = [
            "id", "kind", "brief", "checkpoint_a", "checkpoint_a_name", "checkpoint_b", "checkpoint_b_name",
            "temperature_a", "temperature_b", "top_p", "max_new_tokens", "max_turns", "places", "created_at",
        ]  # fmt: skip


class ChatBatchPageSerializer(serializers.Serializer[Any]):
    results = ChatBatchSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


def turn_json(turn: Turn) -> dict[str, Any]:
    """A turn as its labeler sees it."""
    return {
        "number": turn.number,
        "message": turn.message,
        "chosen": turn.chosen_id,
        "replies": [reply_json(reply) for reply in turn.replies.all()],
    }


def reply_json(reply: Reply) -> dict[str, Any]:
    state = state_of(reply)
    error = (reply.error or NOT_ANSWERED) if state == State.FAILED else ""
    return {"id": reply.pk, "position": reply.position, "state": state, "text": reply.text, "error": error}
