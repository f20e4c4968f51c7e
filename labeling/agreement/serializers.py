"""The JSON of the quality reports. Explicit fields only."""

from typing import Any

from rest_framework import serializers

from labeling.feedback.models import LabelingTask
from labeling.rounds.models import RoundStage


class EstimateSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="null where nothing could be compared.")
    low = serializers.FloatField(
        allow_null=True, help_text="Low end of the 95 % interval; null with fewer than 5 prompts."
    )
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="How many comparisons.")
    num_items = serializers.IntegerField(help_text="On how many prompts.")


class FigureSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    estimate = EstimateSerializer()


class FlagFiguresSerializer(serializers.Serializer[Any]):
    flag = serializers.CharField()
    share = serializers.FloatField(help_text="Share of judgements that set it.")
    likely = serializers.FloatField(
        help_text="Share of completions that likely have it, labelers weighted by how they err."
    )
    alpha = EstimateSerializer()
    fleiss = EstimateSerializer()


class FigureGroupSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    figures = FigureSerializer(many=True)


class AgreementSerializer(serializers.Serializer[Any]):
    made_at = serializers.DateTimeField()
    num_rankings = serializers.IntegerField(source="report.num_rankings")
    num_compared = serializers.IntegerField(
        source="report.num_compared", help_text="Rankings of prompts that were ranked more than once."
    )
    num_prompts = serializers.IntegerField(source="report.num_prompts")
    num_labelers = serializers.IntegerField(source="report.num_labelers")
    measures = FigureSerializer(source="report.measures", many=True)
    ratings = FigureGroupSerializer(source="report.ratings", many=True, help_text="By axis.")
    flags = FlagFiguresSerializer(source="report.flags", many=True)
    categories = FigureGroupSerializer(source="report.categories", many=True)
    days = FigureSerializer(source="report.days", many=True)


class LabelerSerializer(serializers.Serializer[Any]):
    user_id = serializers.IntegerField(allow_null=True, help_text="null for a name that an import brought.")
    name = serializers.CharField()
    is_researcher = serializers.BooleanField()


class LabelerRowSerializer(serializers.Serializer[Any]):
    labeler = LabelerSerializer()
    num_rankings = serializers.IntegerField()
    median_seconds = serializers.FloatField()
    agreement = EstimateSerializer(source="score.raw", help_text="With the other labelers; a tie of one counts half.")
    adjusted = EstimateSerializer(source="score.adjusted", help_text="The same on prompts of average difficulty.")
    ties_excluded = EstimateSerializer()
    tau_b = EstimateSerializer()
    with_researchers = EstimateSerializer()
    self_repeat = EstimateSerializer(help_text="With themselves, where they ranked a prompt again.")
    reliability = serializers.FloatField(
        help_text="How likely they put a pair in its true order, judged from everybody."
    )
    flags_found = serializers.FloatField(allow_null=True, help_text="Of the flags likely due, the share that they set.")
    flags_wrong = serializers.FloatField(
        allow_null=True, help_text="Of the flags likely not due, the share that they set."
    )


class LabelerPairSerializer(serializers.Serializer[Any]):
    a = serializers.IntegerField(help_text="Index into labelers.")
    b = serializers.IntegerField(help_text="Index into labelers.")
    agreement = EstimateSerializer()
    kappa = EstimateSerializer()


class LabelersQualitySerializer(serializers.Serializer[Any]):
    made_at = serializers.DateTimeField()
    labelers = LabelerRowSerializer(source="report.labelers", many=True)
    pairs = LabelerPairSerializer(source="report.pairs", many=True)


class DayCountSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    kind = serializers.ChoiceField(choices=LabelingTask.Kind.choices)
    count = serializers.IntegerField()


class KindSecondsSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LabelingTask.Kind.choices)
    n = serializers.IntegerField()
    quantiles = serializers.ListField(child=serializers.FloatField(), help_text="10, 25, 50, 75 and 90 %.")


class AiUseCountsSerializer(serializers.Serializer[Any]):
    none = serializers.IntegerField(help_text="No AI.")
    help = serializers.IntegerField(help_text="AI for ideas, facts or spelling.")
    text = serializers.IntegerField(help_text="Some of the words are an AI's.")


class ProvenanceRowSerializer(serializers.Serializer[Any]):
    user_id = serializers.IntegerField()
    name = serializers.CharField()
    num_recorded = serializers.IntegerField(help_text="Answers of which anything was recorded.")
    num_written = serializers.IntegerField(help_text="Those in which something was typed or pasted.")
    median_typing_seconds = serializers.FloatField(allow_null=True)
    pasted_share = serializers.FloatField(allow_null=True, help_text="Mean over the written answers.")
    median_edits = serializers.FloatField(allow_null=True)
    ai_use = AiUseCountsSerializer()


class ProvenanceSerializer(serializers.Serializer[Any]):
    labelers = ProvenanceRowSerializer(many=True)


class MyQualitySerializer(serializers.Serializer[Any]):
    made_at = serializers.DateTimeField()
    row = LabelerRowSerializer(allow_null=True, help_text="null until somebody else ranked a prompt that I ranked.")
    days = DayCountSerializer(many=True)
    seconds = KindSecondsSerializer(many=True)
    provenance = ProvenanceRowSerializer(allow_null=True, help_text="null where nothing of mine was recorded.")


class PlaceCountsSerializer(serializers.Serializer[Any]):
    open = serializers.IntegerField()
    leased = serializers.IntegerField()
    filled = serializers.IntegerField()
    closed = serializers.IntegerField()


class StageProgressSerializer(serializers.Serializer[Any]):
    round_number = serializers.IntegerField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=RoundStage.Kind.choices)
    state = serializers.ChoiceField(choices=RoundStage.State.choices)
    places = PlaceCountsSerializer()
    num_places = serializers.IntegerField(help_text="Places that are answered or still may be.")
    per_hour = serializers.FloatField(help_text="Answers an hour over the last 24 hours.")
    finishes_at = serializers.DateTimeField(
        allow_null=True, help_text="At that pace; null when nothing moves or nothing waits."
    )


class ProgressSerializer(serializers.Serializer[Any]):
    stages = StageProgressSerializer(many=True)
    days = DayCountSerializer(many=True)
    seconds = KindSecondsSerializer(many=True)


class CheckpointRateSerializer(serializers.Serializer[Any]):
    checkpoint_id = serializers.IntegerField()
    name = serializers.CharField()
    round_number = serializers.IntegerField(allow_null=True)
    mean_length = serializers.FloatField(help_text="Mean characters of its completions.")
    raw = EstimateSerializer()
    length_controlled = EstimateSerializer(help_text="At equal length.")


class WinRatesSerializer(serializers.Serializer[Any]):
    made_at = serializers.DateTimeField()
    reference = serializers.IntegerField(source="report.reference", allow_null=True)
    num_apart = serializers.IntegerField(
        source="report.num_apart", help_text="Checkpoints that no chain of comparisons joins to the reference."
    )
    checkpoints = CheckpointRateSerializer(source="report.checkpoints", many=True)
