"""A pairwise answer as sent: which of two is better and by how much, or that both are bad. Pure: no database.

Four levels (Llama 2, 2307.09288, section 3.2.1) force a choice: negligibly, slightly, clearly, much better. Nine points
(Stiennon et al., 2009.01325, appendix C) have a middle that prefers neither. The label schema says which of the two is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from labeling.feedback.answers import Errors, InvalidAnswer, flags_check, ranks_check, ranks_dense, ratings_check
from labeling.feedback.kinds.ranking.answer import RankingAnswer, RankingAnswerSerializer
from labeling.rounds.label_schemas import DEFAULT_PAIRWISE_SCALE, MAX_STRENGTH


@dataclass(frozen=True, kw_only=True)
class PairwiseAnswer(RankingAnswer):
    """A ranking of two with the strength of the preference: 0 is the weakest that the scale knows."""

    strength: int = 0


class PairwiseAnswerSerializer(RankingAnswerSerializer):
    """Keyed by completion id; `strength` from 0 (negligible; on nine points: none) to 3 (on nine points: 4)."""

    strength = serializers.IntegerField(min_value=0)

    def answer_given(self) -> PairwiseAnswer:
        return PairwiseAnswer(**self.by_id())


def pairwise_check(
    answer: PairwiseAnswer, shown: Sequence[int], schema: Mapping[str, Any]
) -> tuple[dict[int, int], float]:
    """Dense ranks and the margin, 0 to 1. Raises InvalidAnswer, which names every field that is wrong."""
    highest = MAX_STRENGTH[schema.get("pairwise_scale", DEFAULT_PAIRWISE_SCALE)]
    errors: Errors = {}
    ranks_check(answer.ranks, shown, errors)
    ratings_check(answer.ratings, shown, schema, errors)
    flags_check(answer.flags, shown, schema, errors)
    if answer.strength > highest:
        errors["strength"] = f"Expected a strength from 0 to {highest}, got {answer.strength}."
    if "ranks" not in errors and "strength" not in errors:
        _tie_check(answer, highest, errors)
    if errors:
        raise InvalidAnswer("The comparison does not fit the task; see the fields.", fields=errors)
    return ranks_dense(answer.ranks), answer.strength / highest


def _tie_check(answer: PairwiseAnswer, highest: int, errors: Errors) -> None:
    """A tie has no strength; only a scale with a middle, or both being bad, allows it."""
    is_tie = len(set(answer.ranks.values())) == 1
    has_middle = highest == MAX_STRENGTH["nine_points"]
    if is_tie and answer.strength:
        errors["strength"] = f"Expected strength 0 where neither is preferred, got {answer.strength}."
    elif is_tie and not has_middle and not answer.all_bad:
        errors["ranks"] = "Expected one of the two to be preferred, or both to be bad; got a tie."
    elif not is_tie and has_middle and not answer.strength:
        errors["strength"] = f"Expected a strength from 1 to {highest} where one is preferred, got 0."
