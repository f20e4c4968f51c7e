"""Rows of the database as records of the file contract, in the order of their ids. Columns are read, not objects: exports are long."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from labeling.feedback.models import Demonstration, RankedCompletion, Ranking
from labeling.rounds.models import Prompt

Record = dict[str, Any]
_ANSWER = (
    "id", "prompt_id", "round__number", "labeler_id", "labeler_name", "prompt__split", "guideline__number",
    "label_schema__number", "typing_seconds", "pasted_share", "num_edits", "ai_use",
)  # fmt: skip
_RANKED = (
    "ranking_id", "rank", "ratings", "flags", "completion_id", "completion__checkpoint_id", "completion__text",
)  # fmt: skip


def demonstration_records(ids: Sequence[int]) -> Iterator[Record]:
    rows = Demonstration.objects.filter(pk__in=ids, redacted_at=None).order_by("pk")
    for row in rows.values(*_ANSWER, "messages", "use_case", "prompt_flags"):
        yield {**_common(row), **{name: row[name] for name in ("messages", "use_case", "prompt_flags")}}


def ranking_records(ids: Sequence[int]) -> Iterator[Record]:
    """Orders of the completions whose text is still there, where at least two are."""
    ranked: dict[int, list[Any]] = {}
    items = RankedCompletion.objects.filter(ranking_id__in=ids, completion__redacted_at=None)
    items = items.order_by("ranking_id", "completion_id")
    for ranking_id, *item in items.values_list(*_RANKED):
        ranked.setdefault(ranking_id, []).append(item)
    rows = Ranking.objects.filter(pk__in=ids, redacted_at=None).order_by("pk")
    for row in rows.values(*_ANSWER, "task_id", "task__chosen", "prompt__messages", "all_bad", "margin"):
        left = ranked.get(row["id"], [])
        if len(left) < 2:
            continue
        ranks, ratings, flags, completions, checkpoints, texts = zip(*left, strict=True)
        yield {
            **_common(row),
            "task_id": _text(row["task_id"]),
            "prompt": row["prompt__messages"],
            "completions": texts,
            "ranks": ranks,
            "completion_ids": [str(completion) for completion in completions],
            "checkpoint_ids": [_text(checkpoint) for checkpoint in checkpoints],
            "ratings": ratings,
            "flags": flags,
            "all_bad": row["all_bad"],
            "margin": row["margin"],
            **({"chosen": row["task__chosen"]} if row["task__chosen"] else {}),
        }


def prompt_records(ids: Sequence[int]) -> Iterator[Record]:
    rows = Prompt.objects.filter(pk__in=ids, redacted_at=None).order_by("pk")
    for number, messages, split in rows.values_list("id", "messages", "split"):
        yield {"prompt_id": str(number), "prompt": messages, "split": split}


def _common(row: dict[str, Any]) -> Record:
    return {
        "id": str(row["id"]),
        "prompt_id": str(row["prompt_id"]),
        "round": row["round__number"],
        "labeler": _text(row["labeler_id"]) or row["labeler_name"],
        "split": row["prompt__split"],
        "guideline": row["guideline__number"],
        "schema": row["label_schema__number"],
        **_provenance(row),
    }


def _provenance(row: dict[str, Any]) -> Record:
    """How the answer was made, as far as it was recorded."""
    found = {name: row[name] for name in ("typing_seconds", "pasted_share", "num_edits") if row[name] is not None}
    if row["ai_use"]:
        found["ai_use"] = row["ai_use"]
    return {"provenance": found} if found else {}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


EXPORTED: dict[str, Callable[[Sequence[int]], Iterator[Record]]] = {
    "demonstrations": demonstration_records,
    "rankings": ranking_records,
    "prompts": prompt_records,
}
