"""One order of the completions of each prompt from the rankings of several labelers, who are not equally reliable.

Bradley-Terry: P(i before j) = s_i / (s_i + s_j); a tie is half a win of each. Reliability r_k = how likely labeler k puts a pair in its
true order, by Dawid and Skene's model with one figure for each labeler; their comparisons weigh log(r / (1 - r)), the weight with which
votes are best added (Nitzan and Paroush 1982). One joint model of strengths and reliabilities cannot tell a close pair from a careless
labeler when only two or three rank a prompt: it calls everybody reliable.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeling.agreement.judgements import FloatArray, IntArray

TOLERANCE = 1e-6
MAX_STEPS = 2000
MAX_RELIABILITY = 0.98  # such a labeler weighs as much as four of 0.73
PRIOR_RIGHT, PRIOR_WRONG = 4.0, 1.0  # what is assumed of a labeler before their first comparison: right in four of five


@dataclass(frozen=True, kw_only=True)
class Wins:
    """Comparisons as columns: how often `winner` was put before `loser` by `labeler`; a tie is two rows of weight 0.5."""

    winner: IntArray
    loser: IntArray
    labeler: IntArray
    weight: FloatArray


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """log_strength of each unit; reliability of each labeler: how likely they put a pair in its true order."""

    log_strength: FloatArray
    reliability: FloatArray


def wins_of(units: Sequence[Sequence[int]], ranks: Sequence[Sequence[int]], labelers: Sequence[int]) -> Wins:
    """All pairs of every ranking."""
    parts: list[list[FloatArray]] = [[], [], [], []]
    by_size: dict[int, list[int]] = {}
    for number, row in enumerate(units):
        by_size.setdefault(len(row), []).append(number)
    for size, numbers in by_size.items():
        left, right = np.triu_indices(size, 1)
        unit = np.array([units[n] for n in numbers])
        rank = np.array([ranks[n] for n in numbers])
        ahead = np.sign(rank[:, right] - rank[:, left]).ravel()
        labeler = np.repeat([labelers[n] for n in numbers], len(left))
        first, second = unit[:, left].ravel(), unit[:, right].ravel()
        for winner, loser, share in ((first, second, (1 + ahead) / 2), (second, first, (1 - ahead) / 2)):
            counts = share > 0
            for part, column in zip(parts, (winner, loser, labeler, share), strict=True):
                part.append(column[counts])
    columns = [np.concatenate(part) if part else np.zeros(0) for part in parts]
    winner, loser, labeler = (column.astype(np.int64) for column in columns[:3])
    return Wins(winner=winner, loser=loser, labeler=labeler, weight=columns[3])


def bradley_terry(wins: Wins, num_units: int, prior: float = 0.0) -> FloatArray:
    """log strengths with mean 0, by minorization-maximization (Hunter 2004, "MM algorithms for generalized Bradley-Terry models").

    `prior` = wins and losses of every unit against an invisible one of strength 1; with 0, units that never lost have no finite
    strength, and the strengths of groups that never met cannot be compared.
    """
    strength = np.ones(num_units)
    won = np.bincount(wins.winner, wins.weight, minlength=num_units) + prior
    for _ in range(MAX_STEPS):
        shared = wins.weight / (strength[wins.winner] + strength[wins.loser])
        met = np.asarray(
            np.bincount(wins.winner, shared, minlength=num_units)
            + np.bincount(wins.loser, shared, minlength=num_units)
            + 2.0 * prior / (strength + 1.0)
        )
        new = np.where(met > 0, won / np.where(met > 0, met, 1.0), strength)
        if prior == 0.0:
            new /= new.sum() / num_units
        moved = np.abs(np.log(np.maximum(new, 1e-300)) - np.log(np.maximum(strength, 1e-300))).max(initial=0.0)
        strength = new
        if moved < TOLERANCE:
            break
    return np.log(np.maximum(strength, 1e-300))


def labeler_reliability(wins: Wins, num_labelers: int) -> FloatArray:
    """How likely each labeler puts a pair in its true order, from pairs that two or more labelers ordered; ties say nothing.

    Expectation-maximization: how likely each order is true given who said so, then how often each labeler said what is true.
    """
    is_strict = wins.weight == 1.0
    winner, loser, labeler = wins.winner[is_strict], wins.loser[is_strict], wins.labeler[is_strict]
    low, high = np.minimum(winner, loser), np.maximum(winner, loser)
    _, pair, counts = np.unique(low * (int(high.max(initial=0)) + 1) + high, return_inverse=True, return_counts=True)
    is_shared = counts[pair] >= 2
    pair, labeler, sign = pair[is_shared], labeler[is_shared], np.where(winner < loser, 1.0, -1.0)[is_shared]
    judged = np.bincount(labeler, minlength=num_labelers)
    reliability = np.full(num_labelers, PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG))
    for _ in range(MAX_STEPS):
        evidence = np.bincount(pair, sign * log_odds(reliability)[labeler], minlength=len(counts))
        is_right = 1.0 / (1.0 + np.exp(-sign * evidence[pair]))
        right = np.bincount(labeler, is_right, minlength=num_labelers)
        before, reliability = reliability, (right + PRIOR_RIGHT) / (judged + PRIOR_RIGHT + PRIOR_WRONG)
        if np.abs(reliability - before).max(initial=0.0) < TOLERANCE:
            break
    return reliability


def log_odds(reliability: FloatArray) -> FloatArray:
    bounded = np.clip(reliability, 1.0 - MAX_RELIABILITY, MAX_RELIABILITY)
    return np.asarray(np.log(bounded / (1.0 - bounded)))


def reliable_consensus(wins: Wins, num_units: int, num_labelers: int, prior: float = 0.5) -> Consensus:
    """Strengths from comparisons weighted by their labelers' reliability (mean weight 1). Whoever is mostly wrong counts in reverse."""
    reliability = labeler_reliability(wins, num_labelers)
    trust = log_odds(reliability)[wins.labeler]
    scale = np.abs(trust).mean() if len(trust) and np.abs(trust).mean() > 0 else 1.0
    is_reversed = trust < 0
    weighted = Wins(
        winner=np.where(is_reversed, wins.loser, wins.winner),
        loser=np.where(is_reversed, wins.winner, wins.loser),
        labeler=wins.labeler,
        weight=wins.weight * np.abs(trust) / scale,
    )
    return Consensus(log_strength=bradley_terry(weighted, num_units, prior), reliability=reliability)
