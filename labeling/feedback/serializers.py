"""The JSON of tasks and answers. Explicit fields only: what is not named here never leaves the site."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from labeling.api_request import finite
from labeling.feedback.answer_base import MAX_SECONDS, AiUse
from labeling.feedback.answers import MESSAGE_ROLES
from labeling.feedback.kinds.table import KINDS
from labeling.feedback.models import (
    Completion,
    Demonstration,
    LabelingTask,
    RankedCompletion,
    Ranking,
    Skip,
)
from labeling.feedback.priorities import MAX_WEIGHT, MIN_WEIGHT
from labeling.feedback.provenance import Typing
from labeling.numbers import MAX_NUMBER
from labeling.rounds.label_schemas import DEFAULT_PAIRWISE_SCALE, PAIRWISE_SCALES
from labeling.rounds.models import Prompt


class ChatMessageSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=MESSAGE_ROLES)
    content = serializers.CharField(allow_blank=True)
    weight = serializers.IntegerField(required=False, min_value=0, max_value=1)


class SchemaAxisSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    low = serializers.CharField(help_text="What the lowest rating means.")
    high = serializers.CharField(help_text="What the highest rating means.")
    minimum = serializers.IntegerField()
    maximum = serializers.IntegerField()
    is_required = serializers.BooleanField(default=False, help_text="Each completion must be rated on it.")


class SchemaFlagSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class AssignmentSchemaSerializer(serializers.Serializer[Any]):
    axes = SchemaAxisSerializer(many=True)
    flags = SchemaFlagSerializer(many=True)
    pairwise_scale = serializers.ChoiceField(choices=PAIRWISE_SCALES, default=DEFAULT_PAIRWISE_SCALE)
    use_cases = SchemaFlagSerializer(many=True, default=list)
    prompt_flags = SchemaFlagSerializer(many=True, default=list)
    harm_categories = SchemaFlagSerializer(many=True, default=list)
    attack_kinds = SchemaFlagSerializer(many=True, default=list)
    success_levels = SchemaFlagSerializer(many=True, default=list)


class AssignmentPlaceSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    lease_token = serializers.UUIDField()
    lease_expires_at = serializers.DateTimeField()
    lease_seconds = serializers.IntegerField(help_text="What a renewal gives.")
    seconds_left = serializers.FloatField(help_text="Until the lease ends, for clocks that disagree.")


class AssignmentPromptSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    messages = ChatMessageSerializer(many=True)


class AssignmentCompletionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    position = serializers.IntegerField()
    text = serializers.CharField(allow_blank=True)


class AssignmentGuidelineSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()


class AssignmentLabelSchemaSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    schema = AssignmentSchemaSerializer()


class AssignmentTaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=LabelingTask.Kind.choices)
    prompt = AssignmentPromptSerializer(allow_null=True, help_text="Null where the labeler writes the prompt too.")
    prompt_style = serializers.ChoiceField(choices=LabelingTask.PromptStyle.choices)
    brief = serializers.CharField(allow_blank=True)
    asks_ai_use = serializers.BooleanField(help_text="The answer must say whether AI helped.")
    completions = AssignmentCompletionSerializer(many=True)
    guideline = AssignmentGuidelineSerializer()
    label_schema = AssignmentLabelSchemaSerializer()


class AssignmentDraftSerializer(serializers.Serializer[Any]):
    body = serializers.DictField(child=serializers.JSONField(allow_null=True))
    updated_at = serializers.DateTimeField()


class AssignmentSerializer(serializers.Serializer[Any]):
    place = AssignmentPlaceSerializer()
    task = AssignmentTaskSerializer()
    draft = AssignmentDraftSerializer(allow_null=True)


class NeedsSerializer(serializers.Serializer[Any]):
    """Open tasks that ask for a language, an expertise or both."""

    language = serializers.CharField(allow_blank=True)
    expertise = serializers.CharField(allow_blank=True)
    num_tasks = serializers.IntegerField()


class ClaimInputSerializer(serializers.Serializer[Any]):
    after_place = serializers.IntegerField(required=False, allow_null=True, default=None, max_value=MAX_NUMBER)


class ClaimSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer(allow_null=True)
    reason = serializers.ChoiceField(choices=["", "nothing_open", "nothing_fits", "guideline_changed"])
    waiting_for_others = NeedsSerializer(many=True, help_text="Where nothing fits: what is open for other people.")


class LeaseInputSerializer(serializers.Serializer[Any]):
    lease_token = serializers.UUIDField()


class LeaseSerializer(serializers.Serializer[Any]):
    lease_expires_at = serializers.DateTimeField()


class DraftInputSerializer(LeaseInputSerializer):
    body = serializers.DictField(child=serializers.JSONField(allow_null=True))


class SkipInputSerializer(LeaseInputSerializer):
    reason = serializers.ChoiceField(choices=Skip.Reason.choices)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    claim_next = serializers.BooleanField(required=False, default=True)


class NextSerializer(serializers.Serializer[Any]):
    next = AssignmentSerializer(allow_null=True)


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="TaskAnswer",
        serializers=[kind.serializer for kind in KINDS.values()],
        resource_type_field_name=None,
    )
)
class TaskAnswerField(serializers.DictField):
    """The answer to a task; what it must hold depends on the kind of the task."""


class EditInputSerializer(serializers.Serializer[Any]):
    completion = serializers.IntegerField(help_text="In a chat: the id of the reply.")
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)


class TypingInputSerializer(serializers.Serializer[Any]):
    """Counts of how the answer was written; never what was typed."""

    typing_seconds = serializers.FloatField(min_value=0, max_value=MAX_SECONDS, validators=[finite])
    pasted_share = serializers.FloatField(
        min_value=0, max_value=1, validators=[finite], help_text="Of the characters that were typed or pasted."
    )
    num_edits = serializers.IntegerField(
        min_value=0, max_value=1_000_000, help_text="How often text was deleted or replaced."
    )


class SubmitInputSerializer(LeaseInputSerializer):
    seconds = serializers.FloatField(required=False, default=0, min_value=0, max_value=MAX_SECONDS)
    notes = serializers.CharField(required=False, allow_blank=True, default="", max_length=5000)
    answer = TaskAnswerField()
    edits = EditInputSerializer(
        many=True,
        required=False,
        default=list,
        help_text="Completions shown that the labeler edited into better answers; each makes a demonstration and a pair.",
    )
    typing = TypingInputSerializer(
        required=False, default=None, allow_null=True, help_text="Kept once I have read the notice about it."
    )
    ai_use = serializers.ChoiceField(
        choices=AiUse.choices, required=False, default="", allow_blank=True, help_text="Where the project asks for it."
    )
    claim_next = serializers.BooleanField(required=False, default=True)

    def typing_given(self) -> Typing | None:
        given = self.validated_data["typing"]
        return None if given is None else Typing(**given)

    def edits_given(self) -> dict[int, str]:
        return {edit["completion"]: edit["text"] for edit in self.validated_data["edits"]}

    def answer_given(self, kind: str) -> Any:
        """The answer as the kind's own type; a ValidationError names the fields that are missing or wrong."""
        given = KINDS[kind].serializer(data=self.validated_data["answer"])
        given.is_valid(raise_exception=True)
        return given.answer_given()


class StoredAnswerSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LabelingTask.Kind.choices)
    id = serializers.IntegerField()
    is_counted = serializers.BooleanField()


class LabelingNoticeSerializer(serializers.Serializer[Any]):
    is_due = serializers.BooleanField(help_text="I have not read yet what is recorded of my answers.")
    asks_ai_use = serializers.BooleanField(help_text="Each answer must say whether AI helped.")


class SubmitSerializer(NextSerializer):
    answer = StoredAnswerSerializer()


class KindCountsSerializer(serializers.Serializer[Any]):
    demonstration = serializers.IntegerField()
    ranking = serializers.IntegerField()
    pairwise = serializers.IntegerField()
    chat = serializers.IntegerField()
    red_team = serializers.IntegerField()


class MineSerializer(serializers.Serializer[Any]):
    today = serializers.IntegerField(help_text="Answers in the last 24 hours.")
    total = serializers.IntegerField()


class LabelingPreferencesSerializer(serializers.Serializer[Any]):
    takes_sensitive = serializers.BooleanField(help_text="Whether I get tasks that others found sensitive.")


class LabelingSummarySerializer(LabelingPreferencesSerializer):
    open = KindCountsSerializer()
    waiting_for_others = NeedsSerializer(many=True, help_text="Open tasks that ask for what I have not.")
    mine = MineSerializer()


class CompletionSerializer(serializers.ModelSerializer[Completion]):
    checkpoint_name = serializers.CharField(source="checkpoint.name", default="", read_only=True)
    is_redacted = serializers.SerializerMethodField()

    class Meta:
        model = Completion
        fields = [
            "id", "prompt", "checkpoint", "checkpoint_name", "text", "temperature", "top_p", "max_new_tokens", "seed",
            "logprob", "run_id", "is_redacted", "created_at",
        ]  # fmt: skip

    def get_is_redacted(self, row: Completion) -> bool:
        return row.redacted_at is not None


class AnswerSerializer(serializers.ModelSerializer[Any]):
    """What every answer shows."""

    labeler_name = serializers.SerializerMethodField()
    round_number = serializers.IntegerField(source="round.number", default=None, allow_null=True, read_only=True)
    guideline_number = serializers.IntegerField(
        source="guideline.number", default=None, allow_null=True, read_only=True
    )
    is_redacted = serializers.SerializerMethodField()

    def get_labeler_name(self, row: Demonstration | Ranking) -> str:
        return row.labeler_name if row.labeler is None else row.labeler.display_name or row.labeler.username

    def get_is_redacted(self, row: Demonstration | Ranking) -> bool:
        return row.redacted_at is not None


ANSWER_FIELDS = [
    "id", "prompt", "labeler", "labeler_name", "round_number", "guideline_number", "seconds", "typing_seconds", "pasted_share",
    "num_edits", "ai_use", "notes", "is_counted", "is_redacted", "created_at",
]  # fmt: skip


class DemonstrationSerializer(AnswerSerializer):
    messages = ChatMessageSerializer(many=True)
    prompt_flags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Demonstration
        fields = [*ANSWER_FIELDS, "messages", "use_case", "prompt_flags"]


class RankedCompletionSerializer(serializers.ModelSerializer[RankedCompletion]):
    text = serializers.CharField(source="completion.text")
    checkpoint = serializers.IntegerField(source="completion.checkpoint_id", allow_null=True)
    checkpoint_name = serializers.CharField(source="completion.checkpoint.name", default="", read_only=True)
    ratings = serializers.DictField(child=serializers.IntegerField())
    flags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = RankedCompletion
        fields = ["completion", "rank", "ratings", "flags", "text", "checkpoint", "checkpoint_name"]


class RankingSerializer(AnswerSerializer):
    ranked_completions = RankedCompletionSerializer(many=True)
    purpose = serializers.CharField(source="task.purpose", default="training", read_only=True)
    prompt_messages = ChatMessageSerializer(source="prompt.messages", many=True)

    class Meta:
        model = Ranking
        fields = [*ANSWER_FIELDS, "all_bad", "margin", "purpose", "prompt_messages", "ranked_completions"]


class PromptDetailSerializer(serializers.ModelSerializer[Prompt]):
    messages = ChatMessageSerializer(many=True)
    metadata = serializers.DictField(child=serializers.JSONField())
    is_redacted = serializers.SerializerMethodField()
    completions = CompletionSerializer(many=True)
    demonstrations = DemonstrationSerializer(many=True)
    rankings = RankingSerializer(many=True)

    class Meta:
        model = Prompt
        fields = [
            "id", "external_id", "messages", "contributor", "origin", "metadata", "split", "is_redacted", "created_at",
            "completions", "demonstrations", "rankings",
        ]  # fmt: skip

    def get_is_redacted(self, row: Prompt) -> bool:
        return row.redacted_at is not None


class WeightsSerializer(serializers.Serializer[Any]):
    """How early each kind of work is handed out: 9 first, 1 last."""

    evaluation = serializers.IntegerField(required=False, min_value=MIN_WEIGHT, max_value=MAX_WEIGHT)
    demonstration = serializers.IntegerField(required=False, min_value=MIN_WEIGHT, max_value=MAX_WEIGHT)
    ranking = serializers.IntegerField(required=False, min_value=MIN_WEIGHT, max_value=MAX_WEIGHT)
    pairwise = serializers.IntegerField(required=False, min_value=MIN_WEIGHT, max_value=MAX_WEIGHT)
    chat = serializers.IntegerField(required=False, min_value=MIN_WEIGHT, max_value=MAX_WEIGHT)
    red_team = serializers.IntegerField(required=False, min_value=MIN_WEIGHT, max_value=MAX_WEIGHT)


class RedactInputSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class DemonstrationPageSerializer(serializers.Serializer[Any]):
    results = DemonstrationSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class RankingPageSerializer(serializers.Serializer[Any]):
    results = RankingSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class StoppedSkipSerializer(serializers.ModelSerializer[Skip]):
    labeler_name = serializers.CharField(source="labeler.display_name")

    class Meta:
        model = Skip
        fields = ["reason", "note", "labeler_name", "created_at"]


class StoppedTaskSerializer(serializers.ModelSerializer[LabelingTask]):
    """A task that many skipped, with what they said. `messages` is empty where the prompt was to be written."""

    messages = serializers.SerializerMethodField()
    skips = StoppedSkipSerializer(many=True)
    stopped_at = serializers.DateTimeField()

    class Meta:
        model = LabelingTask
        fields = ["id", "kind", "prompt", "messages", "brief", "language", "expertise", "skips", "stopped_at"]

    @extend_schema_field(ChatMessageSerializer(many=True))
    def get_messages(self, task: LabelingTask) -> list[dict[str, Any]]:
        return list(task.prompt.messages) if task.prompt else []


class ReopenInputSerializer(serializers.Serializer[Any]):
    """What the task asks for from now on; what is left out stays as it is."""

    language = serializers.CharField(required=False, allow_blank=True, max_length=20)
    expertise = serializers.CharField(required=False, allow_blank=True, max_length=32)


class StoppedTaskPageSerializer(serializers.Serializer[Any]):
    results = StoppedTaskSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()
