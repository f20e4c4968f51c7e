"""What red teams found: their conversations by the harm sought, the kind of attack and how far the model went."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.feedback.chat_models import Conversation, Turn
from labeling.feedback.kinds.red_team.answer import LISTS
from labeling.feedback.models import Edit, LabelingTask
from labeling.rounds.models import LabelSchemaVersion, Project


def attacks_of(project: Project, wanted: Mapping[str, Sequence[str]]) -> QuerySet[Conversation]:
    """Conversations of the red team with these labels, where any are named: {harm_category: [keys], ...}.

    Each has `messages` (all but the two replies to the last message), `last_prompt`, which shows those, `num_turns`, and
    `num_findings`: how many replies the labeler edited into what the model should have said.
    """
    turns = Turn.objects.filter(conversation=OuterRef("pk")).order_by("-number")
    edits = Edit.objects.filter(task=OuterRef("task"), labeler=OuterRef("labeler")).order_by()
    return (
        _attacks(project)
        .filter(**{f"{name}__in": keys for name, keys in wanted.items() if keys})
        .select_related("labeler", "task")
        .annotate(
            messages=Subquery(turns.values("prompt__messages")[:1]),
            last_prompt=Subquery(turns.values("prompt_id")[:1]),
            num_turns=Subquery(turns.values("number")[:1]),
            num_findings=_counted(edits, "task"),
        )
    )


def attack_counts(project: Project) -> list[dict[str, Any]]:
    """[{harm_category, success_level, num}] of all of them."""
    groups = _attacks(project).order_by().values("harm_category", "success_level")
    return [dict(row) for row in groups.annotate(num=Count("pk"))]


def attack_lists(project: Project) -> dict[str, list[dict[str, str]]]:
    """{list of the label schema: [{key, label}]}: the newest version's first, then keys that only older versions have."""
    found: dict[str, dict[str, str]] = {name: {} for name in LISTS.values()}
    versions = LabelSchemaVersion.objects.filter(project=project).order_by("-number")
    for schema in versions.values_list("schema", flat=True):
        for name, labels in found.items():
            for row in schema.get(name, []):
                labels.setdefault(row["key"], row["label"])
    return {name: [{"key": key, "label": label} for key, label in labels.items()] for name, labels in found.items()}


def _attacks(project: Project) -> QuerySet[Conversation]:
    return Conversation.objects.filter(project=project, task__kind=LabelingTask.Kind.RED_TEAM)


def _counted(rows: QuerySet[Any], group: str) -> Coalesce:
    counted = rows.values(group).annotate(num=Count("pk")).values("num")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
