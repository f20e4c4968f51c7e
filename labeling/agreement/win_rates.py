"""How often each checkpoint would be preferred to a reference one, from all comparisons of all checkpoints (Bradley-Terry).

Length-controlled: the log of the length ratio is one more term, so that a checkpoint that only writes longer wins nothing by it
(Stiennon et al. 2020, appendix; Dubois et al. 2024). Pure arithmetic.
"""

from dataclasses import dataclass

import numpy as np

from labeling.agreement.intervals import MIN_ITEMS, Estimate, draws_of
from labeling.agreement.judgements import FloatArray, IntArray

NUM_RESAMPLES = 300
RIDGE = 1e-3  # keeps a checkpoint that never lost at a finite strength
MAX_STEPS = 50
TOLERANCE = 1e-8


@dataclass(frozen=True, kw_only=True)
class Duels:
    """Columns: two checkpoints (by number) answered one prompt; outcome 1 = a preferred, 0.5 = tied, 0 = b preferred."""

    prompt: IntArray
    a: IntArray
    b: IntArray
    outcome: FloatArray
    log_length_ratio: FloatArray  # log(length of a / length of b)

    def __len__(self) -> int:
        return len(self.prompt)


@dataclass(frozen=True)
class Strength:
    """Win rate against the reference; `length_controlled` = at equal length."""

    raw: Estimate
    length_controlled: Estimate


def connected_to(duels: Duels, start: int, size: int) -> set[int]:
    """The checkpoints that a chain of comparisons joins to this one: others cannot be compared with it."""
    joined = np.zeros(size, dtype=bool)
    joined[start] = True
    while True:
        touched = joined[duels.a] | joined[duels.b]
        before = joined.sum()
        joined[duels.a[touched]] = joined[duels.b[touched]] = True
        if joined.sum() == before:
            return set(np.flatnonzero(joined).tolist())


def strengths(duels: Duels, size: int, reference: int, num_resamples: int = NUM_RESAMPLES) -> list[Strength]:
    """The strength of each of `size` checkpoints; intervals resample prompts."""
    prompts, prompt = np.unique(duels.prompt, return_inverse=True)
    plain = design_of(duels, size)
    controlled = np.concatenate([plain, duels.log_length_ratio[:, None]], axis=1)
    n = np.bincount(np.concatenate([duels.a, duels.b]), minlength=size)
    found = []
    for design in (plain, controlled):
        start = fitted(design, duels.outcome, np.ones(len(duels)))
        drawn = []
        for counts in draws_of(len(prompts), num_resamples, seed=0):
            drawn += [fitted(design, duels.outcome, row[prompt], start) for row in counts]
        found.append(rates(start, np.array(drawn), size, reference, n, len(prompts)))
    return [Strength(raw, controlled_one) for raw, controlled_one in zip(*found, strict=True)]


def design_of(duels: Duels, size: int) -> FloatArray:
    design = np.zeros((len(duels), size))
    rows = np.arange(len(duels))
    design[rows, duels.a] = 1.0
    design[rows, duels.b] -= 1.0
    return design


def fitted(design: FloatArray, outcome: FloatArray, weight: FloatArray, start: FloatArray | None = None) -> FloatArray:
    """Coefficients of the weighted logistic regression without intercept, by Newton's method."""
    beta = np.zeros(design.shape[1]) if start is None else start
    ridge = RIDGE * np.eye(design.shape[1])
    for _ in range(MAX_STEPS):
        expected = 1.0 / (1.0 + np.exp(-(design @ beta)))
        slope = design.T @ (weight * (outcome - expected)) - RIDGE * beta
        curve = (design * (weight * expected * (1.0 - expected))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve, slope)
        beta = beta + np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < TOLERANCE:
            break
    return np.asarray(beta)


def rates(
    beta: FloatArray, drawn: FloatArray, size: int, reference: int, n: IntArray, num_prompts: int
) -> list[Estimate]:
    def against(coefficients: FloatArray) -> FloatArray:
        gap = coefficients[..., :size] - coefficients[..., reference : reference + 1]
        return np.asarray(1.0 / (1.0 + np.exp(-gap)))

    value = against(beta)
    if num_prompts < MIN_ITEMS:
        return [Estimate(float(value[k]), None, None, int(n[k]), num_prompts) for k in range(size)]
    low, high = np.quantile(against(drawn), [0.025, 0.975], axis=0)
    return [Estimate(float(value[k]), float(low[k]), float(high[k]), int(n[k]), num_prompts) for k in range(size)]
