"""The figures of the demo's report, computed from texts and answers alone, so that anyone can judge again.

Every rate is a win rate (wins + ties/2)/n or an accuracy with a 95 % interval from resampling whole prompts. The module reads
plain lists; where they come from (the site, files) is the caller's affair.
"""

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

NUM_RESAMPLES = 1000


class Rate(TypedDict):
    """A share with its interval over prompts and its number of judged units."""

    rate: float
    low: float
    high: float
    n: int


def clustered_rate(units: Sequence[tuple[str, float]], seed: int = 0) -> Rate:
    """Return the mean of (prompt_id, value in 0..1) with the 2.5 % and 97.5 % points of resampled prompts."""
    if not units:
        raise ValueError("expected at least one judged unit, got none; was anything sampled or ranked?")
    sums: dict[str, tuple[float, int]] = {}
    for prompt_id, value in units:
        total, count = sums.get(prompt_id, (0.0, 0))
        sums[prompt_id] = (total + value, count + 1)
    clusters = list(sums.values())
    rng = random.Random(seed)
    means = []
    for _ in range(NUM_RESAMPLES):
        drawn = rng.choices(clusters, k=len(clusters))
        means.append(sum(total for total, _ in drawn) / sum(count for _, count in drawn))
    means.sort()
    low, high = means[int(0.025 * NUM_RESAMPLES)], means[int(0.975 * NUM_RESAMPLES) - 1]
    rate = sum(value for _, value in units) / len(units)
    return {"rate": round(rate, 4), "low": round(low, 4), "high": round(high, 4), "n": len(units)}


def win_rate(a: Mapping[str, Sequence[float]], b: Mapping[str, Sequence[float]], seed: int = 0) -> Rate:
    """Return how often a's k-th score beats b's k-th on the same prompt; both map prompt_id to scores."""
    units = [
        (prompt_id, 0.5 + 0.5 * ((x > y) - (x < y)))
        for prompt_id in sorted(a.keys() & b.keys())
        for x, y in zip(a[prompt_id], b[prompt_id], strict=False)
    ]
    return clustered_rate(units, seed)


def shuffled_prompts(prompt_ids: Sequence[str], seed: int = 0) -> dict[str, str]:
    """Return for each prompt another one whose completions are judged in its place (a cycle, so never itself)."""
    order = sorted(prompt_ids)
    random.Random(seed).shuffle(order)
    return dict(zip(order, order[1:] + order[:1], strict=True))


def ranking_pairs(ranking: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return (better, worse) completion indexes of every untied pair of one `ranking` record."""
    ranks = ranking["ranks"]
    pairs = itertools.permutations(range(len(ranks)), 2)
    return [(i, j) for i, j in pairs if ranks[i] < ranks[j]]


def pair_accuracy(
    rankings: Sequence[Mapping[str, Any]], score: Callable[[list[dict[str, Any]], str], float], seed: int = 0
) -> Rate:
    """Return the share of untied pairs that `score` orders as the labeler did; equal scores count one half.

    With the reward model's score it is the accuracy, with the gold judge's the ceiling, with `len` the length baseline.
    """
    units = []
    for index, ranking in enumerate(rankings):
        scores = [score(ranking["prompt"], text) for text in ranking["completions"]]
        prompt_id = str(ranking.get("prompt_id", index))
        for i, j in ranking_pairs(ranking):
            units.append((prompt_id, 0.5 + 0.5 * ((scores[i] > scores[j]) - (scores[i] < scores[j]))))
    return clustered_rate(units, seed)


def length_score(_prompt_messages: list[dict[str, Any]], completion: str) -> float:
    """Score a completion by its number of characters: the baseline that prefers the longer."""
    return float(len(completion))


def agreement(rankings: Sequence[Mapping[str, Any]]) -> Rate:
    """Return the share of pairs untied for both labelers of a task on which the two agree.

    Rankings of one task carry the same `task_id`; completions are matched by `completion_ids`, else by text.
    """
    tasks: dict[str, list[Mapping[str, Any]]] = {}
    for ranking in rankings:
        tasks.setdefault(str(ranking["task_id"]), []).append(ranking)
    units = []
    for task_id, answers in sorted(tasks.items()):
        for one, other in itertools.combinations(answers, 2):
            first, second = _rank_by_completion(one), _rank_by_completion(other)
            for i, j in itertools.combinations(sorted(first.keys() & second.keys()), 2):
                if first[i] != first[j] and second[i] != second[j]:
                    units.append((task_id, float((first[i] < first[j]) == (second[i] < second[j]))))
    return clustered_rate(units)


def _rank_by_completion(ranking: Mapping[str, Any]) -> dict[str, int]:
    keys = ranking.get("completion_ids") or ranking["completions"]
    return {str(key): rank for key, rank in zip(keys, ranking["ranks"], strict=True)}


def lost_share(over: Rate, shuffled: Rate) -> float:
    """Return the share of the gain over one half that is lost when completions answer other prompts."""
    gain = over["rate"] - 0.5
    if gain <= 0:
        return 0.0
    return round((over["rate"] - shuffled["rate"]) / gain, 4)
