"""How a pairwise answer is stored: as a Ranking of two with its margin."""

from typing import Any

from labeling.feedback.kinds.pairwise.answer import PairwiseAnswer, pairwise_check
from labeling.feedback.kinds.ranking.rows import completions_shown, ranking_insert
from labeling.feedback.models import LabelingTask, Ranking


def pairwise_store(task: LabelingTask, answer: PairwiseAnswer, fields: dict[str, Any]) -> Ranking:
    """Stores the answer with the `fields` that every answer has. Raises InvalidAnswer."""
    ranks, margin = pairwise_check(answer, completions_shown(task), task.label_schema.schema)
    return ranking_insert(answer, ranks, fields, margin)
