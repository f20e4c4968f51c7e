"""The JSON of snapshots, runs, metrics, checkpoints, comparisons and evaluations."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.feedback.answers import MESSAGE_ROLES
from labeling.feedback.serializers import ChatMessageSerializer, CompletionSerializer
from labeling.numbers import MAX_NUMBER
from labeling.rounds.models import Checkpoint, Corpus, Prompt
from labeling.training.models import DatasetSnapshot, Evaluation, MetricPoint, RunInput, RunOutput, TrainingRun

SPLITS = Prompt.Split.choices
RunKind = TrainingRun.Kind
MAX_SEED = 2**31 - 1


class SnapshotFiltersSerializer(serializers.Serializer[Any]):
    splits = serializers.ListField(child=serializers.ChoiceField(choices=SPLITS), required=False)
    limit = serializers.IntegerField(required=False, min_value=0, max_value=MAX_NUMBER, help_text="0 = all.")
    seed = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_NUMBER, help_text="Chooses the rows below the limit."
    )


class SnapshotInputSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=DatasetSnapshot.Kind.choices)
    filters = SnapshotFiltersSerializer(required=False)


class SnapshotSerializer(serializers.ModelSerializer[DatasetSnapshot]):
    filters = SnapshotFiltersSerializer()
    num_rows_by_split = serializers.DictField(child=serializers.IntegerField())
    round_number = serializers.IntegerField(source="round.number", default=None, allow_null=True, read_only=True)

    class Meta:
        model = DatasetSnapshot
        fields = [
            "id", "kind", "state", "filters", "uri", "sha256", "num_rows", "num_rows_by_split", "reason", "round_number",
            "created_at", "sealed_at",
        ]  # fmt: skip


class SnapshotPageSerializer(serializers.Serializer[Any]):
    results = SnapshotSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class CheckpointReferenceSerializer(serializers.ModelSerializer[Checkpoint]):
    class Meta:
        model = Checkpoint
        fields = ["id", "name", "role", "state", "sha256"]


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    round_number = serializers.IntegerField(source="round.number", default=None, allow_null=True, read_only=True)
    parents = CheckpointReferenceSerializer(many=True)
    children = CheckpointReferenceSerializer(many=True)

    class Meta:
        model = Checkpoint
        fields = [
            "id", "name", "role", "state", "sha256", "num_parameters", "round_number", "parents", "children", "created_at",
            "published_at",
        ]  # fmt: skip


class RunReferenceSerializer(serializers.ModelSerializer[TrainingRun]):
    class Meta:
        model = TrainingRun
        fields = ["id", "kind", "name", "state"]


class CheckpointLineageSerializer(serializers.Serializer[Any]):
    """The run that made a checkpoint, the labels it learned from, and what used it."""

    made_by = RunReferenceSerializer(allow_null=True)
    snapshots = SnapshotSerializer(many=True)
    num_demonstrations = serializers.IntegerField()
    num_rankings = serializers.IntegerField()
    num_completions = serializers.IntegerField()
    used_by = RunReferenceSerializer(many=True)


class CheckpointDetailSerializer(CheckpointLineageSerializer, CheckpointSerializer):
    uri = serializers.CharField()
    card = serializers.DictField(child=serializers.JSONField())

    class Meta(CheckpointSerializer.Meta):
        fields = [
            *CheckpointSerializer.Meta.fields, "uri", "card", "made_by", "snapshots", "num_demonstrations", "num_rankings",
            "num_completions", "used_by",
        ]  # fmt: skip


class CheckpointPageSerializer(serializers.Serializer[Any]):
    results = CheckpointSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class CheckpointInputSerializer(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=500, help_text="A folder below MODELS_DIR, or the name of a model on the hub."
    )
    name = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")


class CorpusSerializer(serializers.ModelSerializer[Corpus]):
    class Meta:
        model = Corpus
        fields = ["id", "name", "sha256", "num_documents", "num_characters", "created_at"]


class CorpusPageSerializer(serializers.Serializer[Any]):
    results = CorpusSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class RunInputReferenceSerializer(serializers.Serializer[Any]):
    """Exactly one of the three."""

    checkpoint = serializers.IntegerField(required=False)
    snapshot = serializers.IntegerField(required=False)
    corpus = serializers.IntegerField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(
                f"Expected one of checkpoint, snapshot or corpus, got {sorted(attrs) or 'none'}."
            )
        return attrs


class RunCreateSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=RunKind.choices)
    name = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")
    config = serializers.DictField(child=serializers.JSONField(), required=False, default=dict)
    inputs = serializers.DictField(child=RunInputReferenceSerializer())


class RunInputSerializer(serializers.ModelSerializer[RunInput]):
    checkpoint = CheckpointReferenceSerializer(allow_null=True)
    snapshot = SnapshotSerializer(allow_null=True)
    corpus = CorpusSerializer(allow_null=True)

    class Meta:
        model = RunInput
        fields = ["role", "checkpoint", "snapshot", "corpus"]


class RunOutputSerializer(serializers.ModelSerializer[RunOutput]):
    checkpoint = CheckpointReferenceSerializer()

    class Meta:
        model = RunOutput
        fields = ["role", "checkpoint"]


class RunProgressSerializer(serializers.Serializer[Any]):
    phase = serializers.CharField(required=False)
    done = serializers.FloatField(required=False)
    total = serializers.FloatField(required=False)


class RunSerializer(serializers.ModelSerializer[TrainingRun]):
    round_number = serializers.IntegerField(source="round.number", default=None, allow_null=True, read_only=True)
    config = serializers.DictField(child=serializers.JSONField())
    summary = serializers.DictField(child=serializers.JSONField())
    progress = RunProgressSerializer()
    inputs = RunInputSerializer(many=True)
    outputs = RunOutputSerializer(many=True)
    created_by_name = serializers.CharField(source="created_by.username", default="", read_only=True)

    class Meta:
        model = TrainingRun
        fields = [
            "id", "kind", "name", "state", "attempt", "round_number", "stage", "config", "progress", "summary", "error", "inputs",
            "outputs", "last_sequence", "created_by_name", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class RunPageSerializer(serializers.Serializer[Any]):
    results = RunSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


@extend_schema_field({"type": "object", "additionalProperties": {"oneOf": [{"type": "number"}, {"type": "string"}]}})
class MetricValuesField(serializers.JSONField):
    """{name: number or text}."""


class MetricPointSerializer(serializers.ModelSerializer[MetricPoint]):
    values = MetricValuesField()

    class Meta:
        model = MetricPoint
        fields = ["sequence", "kind", "step", "values", "at"]


class MetricsSerializer(serializers.Serializer[Any]):
    results = MetricPointSerializer(many=True)
    last_sequence = serializers.IntegerField(help_text="Ask again with `after` = this.")


class RunLogSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(allow_blank=True)
    next_offset = serializers.IntegerField()


class SampleMessageSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=MESSAGE_ROLES)
    content = serializers.CharField(allow_blank=True, max_length=20_000)


class SampleInputSerializer(serializers.Serializer[Any]):
    messages = SampleMessageSerializer(many=True, allow_empty=False)
    temperature = serializers.FloatField(default=1.0, min_value=0, max_value=5)
    top_p = serializers.FloatField(default=1.0, min_value=0.01, max_value=1)
    max_new_tokens = serializers.IntegerField(default=128, min_value=1, max_value=1024)
    seed = serializers.IntegerField(default=0, min_value=0, max_value=MAX_SEED)


class TopTokenSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField(allow_blank=True)
    probability = serializers.FloatField()


class SampledTokenSerializer(TopTokenSerializer):
    sampled_probability = serializers.FloatField(
        required=False, help_text="After temperature and top-p; `probability` is the model's own, at temperature 1."
    )
    top = TopTokenSerializer(many=True)


class SampleSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(allow_blank=True)
    finish_reason = serializers.ChoiceField(choices=["eos", "length"])
    tokens = SampledTokenSerializer(many=True)


class ComparedPromptSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    split = serializers.ChoiceField(choices=SPLITS)
    messages = ChatMessageSerializer(many=True)


class ComparedSerializer(serializers.Serializer[Any]):
    """A prompt and what the checkpoints `a` and `b` of the context wrote for it."""

    prompt = ComparedPromptSerializer(source="*")
    a = serializers.SerializerMethodField()
    b = serializers.SerializerMethodField()

    @extend_schema_field(CompletionSerializer(many=True))
    def get_a(self, row: Any) -> Any:
        return self._of(row, self.context["a"])

    @extend_schema_field(CompletionSerializer(many=True))
    def get_b(self, row: Any) -> Any:
        return self._of(row, self.context["b"])

    def _of(self, row: Any, checkpoint_id: int) -> Any:
        written = [completion for completion in row.compared if completion.checkpoint_id == checkpoint_id]
        return CompletionSerializer(written, many=True).data


class ComparedPageSerializer(serializers.Serializer[Any]):
    results = ComparedSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    a = CheckpointReferenceSerializer()
    b = CheckpointReferenceSerializer()
    round_number = serializers.IntegerField(source="round.number", default=None, allow_null=True, read_only=True)

    class Meta:
        model = Evaluation
        fields = [
            "id", "round_number", "a", "b", "axis", "judge", "wins", "ties", "losses", "n", "rate", "low", "high", "created_at",
        ]  # fmt: skip


class EvaluationPageSerializer(serializers.Serializer[Any]):
    results = EvaluationSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class TrainingOptionsSerializer(serializers.Serializer[Any]):
    """Per trainer: a JSON schema with title, type, default, minimum, maximum, enum, description and x-source of each option."""

    tokenizer = serializers.DictField(child=serializers.JSONField())
    pretrain = serializers.DictField(child=serializers.JSONField())
    sft = serializers.DictField(child=serializers.JSONField())
    reward = serializers.DictField(child=serializers.JSONField())
    ppo = serializers.DictField(child=serializers.JSONField())
    sample = serializers.DictField(child=serializers.JSONField())
