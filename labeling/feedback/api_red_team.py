"""The endpoint of what red teams found."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest, choices_given
from labeling.feedback import red_team
from labeling.feedback.chat_models import Conversation
from labeling.feedback.kinds.red_team.answer import LISTS
from labeling.feedback.selectors import STAFF
from labeling.feedback.serializers import ChatMessageSerializer, SchemaFlagSerializer
from labeling.rounds.selectors import project_get_for

LABELS = [OpenApiParameter(name, str, many=True, description=f"Keys out of {rows}.") for name, rows in LISTS.items()]


class AttackSerializer(serializers.ModelSerializer[Conversation]):
    """One conversation of a red team."""

    labeler_name = serializers.SerializerMethodField()
    brief = serializers.CharField(source="task.brief")
    messages = ChatMessageSerializer(many=True, help_text="All but the two replies to the last message.")
    last_prompt = serializers.IntegerField(help_text="The prompt whose page shows these two.")
    num_turns = serializers.IntegerField()
    num_findings = serializers.IntegerField(help_text="Replies edited into what the model should have said.")

    class Meta:
        model = Conversation
        fields = [
            "id", "labeler_name", "brief", *LISTS, "notes", "is_counted", "messages", "last_prompt", "num_turns",
            "num_findings", "created_at",
        ]  # fmt: skip

    def get_labeler_name(self, row: Conversation) -> str:
        return row.labeler.display_name or row.labeler.username


class AttackCountSerializer(serializers.Serializer[Any]):
    harm_category = serializers.CharField()
    success_level = serializers.CharField()
    num = serializers.IntegerField()


class AttackListsSerializer(serializers.Serializer[Any]):
    harm_categories = SchemaFlagSerializer(many=True)
    attack_kinds = SchemaFlagSerializer(many=True)
    success_levels = SchemaFlagSerializer(many=True)


class AttackPageSerializer(serializers.Serializer[Any]):
    results = AttackSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()
    counts = AttackCountSerializer(many=True, help_text="Of all conversations, whatever is filtered.")
    lists = AttackListsSerializer(help_text="What the keys mean, of every version of the label schema.")


class AttackListView(APIView):
    @extend_schema(operation_id="attack_list", parameters=[CURSOR, *LABELS], responses=AttackPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Conversations of the red team, newest first, and how many there are of each harm and success."""
        project = project_get_for(request.user, project_id, *STAFF)
        lists = red_team.attack_lists(project)
        wanted = {
            name: choices_given(request, name, [row["key"] for row in lists[rows]]) for name, rows in LISTS.items()
        }
        page = page_of(request, red_team.attacks_of(project, wanted), AttackSerializer)
        return Response({**page, "counts": red_team.attack_counts(project), "lists": lists})
