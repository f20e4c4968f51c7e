"""Rows of the database as records of the file contract."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from labeling.feedback.models import Demonstration, RankedCompletion, Ranking
from labeling.rounds.models import Prompt

Record = dict[str, Any]


def _demonstrations(ids: Sequence[int]) -> QuerySet[Demonstration]:
    return Demonstration.objects.filter(pk__in=ids, redacted_at=None).select_related(
        "prompt", "round", "guideline", "label_schema"
    )


def _demonstration(row: Demonstration) -> Record:
    return {**_common(row), "messages": row.messages}


def _rankings(ids: Sequence[int]) -> QuerySet[Ranking]:
    ranked = RankedCompletion.objects.select_related("completion").order_by("completion_id")
    rows = Ranking.objects.filter(pk__in=ids, redacted_at=None).select_related(
        "prompt", "round", "guideline", "label_schema"
    )
    return rows.prefetch_related(Prefetch("ranked_completions", ranked))


def _ranking(row: Ranking) -> Record | None:
    """The order of the completions whose text is still there; None when fewer than two are."""
    ranked = [item for item in row.ranked_completions.all() if item.completion.redacted_at is None]
    if len(ranked) < 2:
        return None
    return {
        **_common(row),
        "task_id": _text(row.task_id),
        "prompt": row.prompt.messages,
        "completions": [item.completion.text for item in ranked],
        "ranks": [item.rank for item in ranked],
        "completion_ids": [str(item.completion_id) for item in ranked],
        "checkpoint_ids": [_text(item.completion.checkpoint_id) for item in ranked],
        "ratings": [item.ratings for item in ranked],
        "flags": [item.flags for item in ranked],
        "all_bad": row.all_bad,
    }


def _prompts(ids: Sequence[int]) -> QuerySet[Prompt]:
    return Prompt.objects.filter(pk__in=ids, redacted_at=None)


def _prompt(row: Prompt) -> Record:
    return {"prompt_id": str(row.pk), "prompt": row.messages, "split": row.split}


def _common(row: Demonstration | Ranking) -> Record:
    return {
        "id": str(row.pk),
        "prompt_id": str(row.prompt_id),
        "round": row.round.number if row.round else None,
        "labeler": str(row.labeler_id) if row.labeler_id else row.labeler_name,
        "split": row.prompt.split,
        "guideline": row.guideline.number if row.guideline else None,
        "schema": row.label_schema.number if row.label_schema else None,
    }


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


EXPORTED: dict[str, tuple[Callable[[Sequence[int]], QuerySet[Any]], Callable[[Any], Record | None]]] = {
    "demonstrations": (_demonstrations, _demonstration),
    "rankings": (_rankings, _ranking),
    "prompts": (_prompts, _prompt),
}
