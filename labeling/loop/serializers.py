"""The JSON of rounds and their stages."""

from typing import Any

from rest_framework import serializers

from labeling.loop.guards import ACTIONS, ROUND_STATES
from labeling.loop.selectors import summary_get
from labeling.rounds.models import RoundStage


class RecipeStageSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=RoundStage.Kind.choices)
    num_tasks = serializers.IntegerField(required=False)
    num_plain = serializers.IntegerField(required=False, help_text="Prompts of any kind for labelers to write.")
    num_few_shot = serializers.IntegerField(required=False, help_text="Few-shot prompts for labelers to write.")
    use_cases = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Use cases, each for one prompt that a labeler writes."
    )
    num_prompts = serializers.IntegerField(required=False)
    completions_per_prompt = serializers.IntegerField(required=False)
    overlap_share = serializers.FloatField(required=False)
    random_share = serializers.FloatField(
        required=False,
        help_text="Active sampling: prompts on which the newest reward models disagree are ranked first, this share at random.",
    )
    task_kind = serializers.ChoiceField(choices=["ranking", "pairwise"], required=False)
    manual = serializers.BooleanField(required=False, help_text="The stage waits until a manager starts it.")
    config = serializers.DictField(child=serializers.JSONField(), required=False, help_text="Options of the trainer.")


class RecipeSerializer(serializers.Serializer[Any]):
    recipe = RecipeStageSerializer(many=True)


class RoundInputSerializer(serializers.Serializer[Any]):
    recipe = RecipeStageSerializer(many=True, required=False)


class StageCountsSerializer(serializers.Serializer[Any]):
    """Places for stages in which people work; progress for stages that run on the cluster."""

    places_open = serializers.IntegerField()
    places_leased = serializers.IntegerField()
    places_filled = serializers.IntegerField()
    places_closed = serializers.IntegerField()
    progress_done = serializers.FloatField()
    progress_total = serializers.FloatField()
    phase = serializers.CharField(allow_blank=True)


class StageOutputsSerializer(serializers.Serializer[Any]):
    """Ids of what the stage has made so far."""

    snapshot_id = serializers.IntegerField(required=False)
    demonstrations_snapshot_id = serializers.IntegerField(required=False)
    run_id = serializers.IntegerField(required=False)
    checkpoint_id = serializers.IntegerField(required=False)
    value_checkpoint_id = serializers.IntegerField(required=False)
    num_tasks = serializers.IntegerField(required=False)
    num_completions = serializers.IntegerField(required=False)
    num_random = serializers.IntegerField(
        required=False,
        help_text="Under active sampling: prompts chosen at random; all of them while nothing scored them.",
    )
    evaluation_ids = serializers.ListField(child=serializers.IntegerField(), required=False)
    decision = serializers.ChoiceField(choices=["approved", "rejected"], required=False)


class StageSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=RoundStage.Kind.choices)
    state = serializers.ChoiceField(choices=RoundStage.State.choices)
    attempt = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True, help_text="Why it waits or failed.")
    options = RecipeStageSerializer()
    counts = StageCountsSerializer()
    outputs = StageOutputsSerializer()
    run_ids = serializers.ListField(child=serializers.IntegerField())
    actions = serializers.ListField(child=serializers.ChoiceField(choices=ACTIONS), help_text="What I may do now.")
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class RoundSummarySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ROUND_STATES)
    current_stage = serializers.CharField(allow_blank=True, help_text="Kind of the first stage that is not over.")
    created_at = serializers.DateTimeField()


class RoundRowSerializer(RoundSummarySerializer):
    """A Round of the database in one line."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return super().to_representation(summary_get(instance))


class RoundSerializer(RoundSummarySerializer):
    stages = StageSerializer(many=True)


class RoundPageSerializer(serializers.Serializer[Any]):
    results = RoundSummarySerializer(many=True)
    next = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class StageActInputSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=ACTIONS)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
