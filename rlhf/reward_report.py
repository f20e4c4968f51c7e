"""What a reward model is worth: how often it agrees with people, for whom, when, how sure it is of itself, and against length.

The unit is an untied pair of a ranking; intervals are 95 % and resample whole rankings, as the pairs of one are not independent. Scores
in, plain numbers out; knows nothing of models.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from rlhf.data import RankedCompletions
from rlhf.evaluate import accuracy

NUM_BINS = 10
MAX_GROUPS = 50
SAME_LENGTH = 0.1


class Judgement(NamedTuple):
    """One untied pair, as people and as the reward model see it."""

    ranking: int
    """Which ranking it is from."""
    difference: float
    """Score of the better completion less that of the worse; above 0 = the model agrees."""
    lengths: tuple[int, int]
    """Tokens of the better and of the worse completion."""
    labeler: str
    round: str
    margin: int
    """How many ranks lie between the two: 1 = neighbours."""


def judged_pairs(rankings: Sequence[RankedCompletions], scores: Sequence[Sequence[float]]) -> list[Judgement]:
    """Every untied pair of the rankings, with the scores of their completions."""
    return [
        Judgement(
            place,
            values[i] - values[j],
            (ranking.completion_lengths[i], ranking.completion_lengths[j]),
            ranking.labeler or "unknown",
            ranking.round or "unknown",
            worse - better,
        )
        for place, (ranking, values) in enumerate(zip(rankings, scores, strict=True))
        for i, better in enumerate(ranking.ranks)
        for j, worse in enumerate(ranking.ranks)
        if better < worse
    ]


def reward_report(
    rankings: Sequence[RankedCompletions], scores: Sequence[Sequence[float]], *, seed: int
) -> dict[str, Any]:
    """Accuracy with its interval, whole and by labeler, round, margin and length; calibration; the length baseline."""
    judgements = judged_pairs(rankings, scores)
    splits: dict[str, Callable[[Judgement], str]] = {
        "by_labeler": lambda pair: pair.labeler,
        "by_round": lambda pair: pair.round,
        "by_margin": lambda pair: f"{pair.margin} apart" if pair.margin < 3 else "3 or more apart",
        "by_length": lambda pair: length_group(*pair.lengths),
    }
    return {
        "accuracy": rate(judgements, agreement, seed),
        **{name: by_group(judgements, group, seed) for name, group in splits.items()},
        "length_baseline": rate(judgements, longer_is_better, seed),
        "score_length_correlation": length_correlation(rankings, scores),
        **calibration(judgements),
    }


def agreement(pair: Judgement) -> float:
    """1 where the better completion scores higher, one half where the scores are equal."""
    return 0.5 if pair.difference == 0 else float(pair.difference > 0)


def longer_is_better(pair: Judgement) -> float:
    """1 where the better completion is the longer one, one half where they are as long."""
    better, worse = pair.lengths
    return 0.5 if better == worse else float(better > worse)


def length_group(better: int, worse: int) -> str:
    """Whether the completion that people preferred is longer, shorter, or within a tenth of the other."""
    if abs(better - worse) <= SAME_LENGTH * max(better, worse):
        return "about as long"
    return "better is longer" if better > worse else "better is shorter"


def rate(judgements: Sequence[Judgement], value: Callable[[Judgement], float], seed: int) -> dict[str, float]:
    """{"rate", "low", "high", "num_pairs", "num_rankings"} of some pairs."""
    found = accuracy([value(pair) for pair in judgements], prompts=[pair.ranking for pair in judgements], seed=seed)
    numbers = {"rate": round(found.rate, 4), "low": round(found.low, 4), "high": round(found.high, 4)}
    return {**numbers, "num_pairs": found.n, "num_rankings": len({pair.ranking for pair in judgements})}


def by_group(
    judgements: Sequence[Judgement], group: Callable[[Judgement], str], seed: int
) -> dict[str, dict[str, float]]:
    """`rate` for each group, the largest first; beyond MAX_GROUPS of them the rest are counted together."""
    groups: dict[str, list[Judgement]] = {}
    for pair in judgements:
        groups.setdefault(group(pair), []).append(pair)
    names = sorted(groups, key=lambda name: (-len(groups[name]), name))
    found = {name: rate(groups[name], agreement, seed) for name in names[:MAX_GROUPS]}
    if rest := [pair for name in names[MAX_GROUPS:] for pair in groups[name]]:
        found["others"] = rate(rest, agreement, seed)
    return found


def calibration(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Ten bins of the probability the model gives to its own choice, from 1/2 to 1, and their expected calibration error.

    The choice is the completion with the higher score, its probability sigmoid(|difference|); in a calibrated model it is
    people's choice just as often. The error is the mean of |share right - probability| over the pairs, bin by bin.
    """
    bins: list[list[tuple[float, float]]] = [[] for _ in range(NUM_BINS)]
    for pair in judgements:
        confidence = 1.0 / (1.0 + math.exp(-min(abs(pair.difference), 700.0)))
        bins[min(int((confidence - 0.5) * 2 * NUM_BINS), NUM_BINS - 1)].append((confidence, agreement(pair)))
    curve, error = [], 0.0
    for pairs in filter(None, bins):
        confidence, right = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
        error += abs(right - confidence) * len(pairs) / len(judgements)
        curve.append({"probability": round(confidence, 4), "share_right": round(right, 4), "num_pairs": len(pairs)})
    return {"calibration_error": round(error, 4), "calibration": curve}


def length_correlation(rankings: Sequence[RankedCompletions], scores: Sequence[Sequence[float]]) -> float:
    """Correlation of score and length within rankings (both less their ranking's mean); 0 where one of them never varies."""
    columns: tuple[list[float], list[float]] = ([], [])
    for ranking, values in zip(rankings, scores, strict=True):
        for column, numbers in zip(columns, (values, ranking.completion_lengths), strict=True):
            middle = sum(numbers) / len(numbers)
            column += [number - middle for number in numbers]
    x, y = (np.array(column) for column in columns)
    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return round(float((x * y).sum()) / size, 4) if size > 0 else 0.0
