"""How a ranking is stored: one Ranking and one RankedCompletion for each completion shown."""

from collections.abc import Mapping
from typing import Any

from labeling.feedback.kinds.ranking.answer import RankingAnswer, ranking_check
from labeling.feedback.models import Completion, LabelingTask, RankedCompletion, Ranking


def ranking_store(task: LabelingTask, answer: RankingAnswer, fields: dict[str, Any]) -> Ranking:
    """Stores the answer with the `fields` that every answer has. Raises InvalidAnswer."""
    ranks = ranking_check(answer, completions_shown(task), task.label_schema.schema)
    return ranking_insert(answer, ranks, fields)


def completions_shown(task: LabelingTask) -> list[int]:
    return list(task.task_completions.values_list("completion_id", flat=True))


def completions_of_task(task: LabelingTask, stored: Any) -> dict[int, Completion]:
    """{id: completion} of what the task shows, for its edits."""
    rows = task.task_completions.select_related("completion__prompt")
    return {row.completion_id: row.completion for row in rows}


def ranking_insert(
    answer: RankingAnswer, ranks: Mapping[int, int], fields: dict[str, Any], margin: float | None = None
) -> Ranking:
    """The rows of a ranking that was checked."""
    ranking = Ranking.objects.create(all_bad=answer.all_bad, margin=margin, **fields)
    RankedCompletion.objects.bulk_create(
        [
            RankedCompletion(
                ranking=ranking,
                completion_id=completion,
                rank=rank,
                ratings=dict(answer.ratings.get(completion, {})),
                flags=list(answer.flags.get(completion, [])),
            )
            for completion, rank in ranks.items()
        ]
    )
    return ranking
