"""Measures of agreement between labelers, each from sums per item: pairwise, Kendall tau-b, Krippendorff alpha, Cohen and Fleiss kappa."""

from typing import Literal

import numpy as np

from labeling.agreement.intervals import NOTHING, NUM_RESAMPLES, Estimate, estimate_from, ratio, sums_by_item
from labeling.agreement.judgements import FloatArray, IntArray, Judgements, Meetings

Ties = Literal["half", "excluded"]
Level = Literal["nominal", "ordinal", "interval"]


def agreement_points(meetings: Meetings) -> FloatArray:
    """1 where both say the same, 0 where they say the opposite, 0.5 where only one says tied."""
    return np.asarray(1.0 - np.abs(meetings.value_a - meetings.value_b) / 2.0)


def pairwise_agreement(meetings: Meetings, ties: Ties, num_resamples: int = NUM_RESAMPLES) -> Estimate:
    """Share of comparisons on which two labelers agree; a tie of one counts half, or comparisons with any tie are left out."""
    if ties == "excluded":
        meetings = meetings.where((meetings.value_a != 0) & (meetings.value_b != 0))
    points = agreement_points(meetings)
    columns = np.stack([points, np.ones_like(points)], axis=1)
    return estimate_from(sums_by_item(meetings.item, columns), ratio, len(meetings), num_resamples=num_resamples)


def kendall_tau_b(meetings: Meetings, num_resamples: int = NUM_RESAMPLES) -> Estimate:
    """Mean tau-b of every two rankings of one prompt, over the completions that both ranked.

    Two rankings of which one ties everything have no tau-b and are left out. n counts pairs of rankings.
    Kendall 1945, "The treatment of ties in ranking problems".
    """
    if not len(meetings):
        return NOTHING
    codes = meetings.answer_a * (int(meetings.answer_b.max()) + 1) + meetings.answer_b
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    both = np.bincount(inverse, meetings.value_a * meetings.value_b)
    untied = np.bincount(inverse, meetings.value_a**2) * np.bincount(inverse, meetings.value_b**2)
    has_order = untied > 0
    tau = both[has_order] / np.sqrt(untied[has_order])
    sums = sums_by_item(meetings.item[first][has_order], np.stack([tau, np.ones_like(tau)], axis=1))
    return estimate_from(sums, ratio, len(tau), num_resamples=num_resamples)


def value_counts(judgements: Judgements) -> tuple[FloatArray, IntArray, FloatArray]:
    """How often each unit that two or more labelers judged got each value: (units, V), the item of each unit, the V values."""
    judgements = judgements.first_of_each_labeler()
    values, value_index = np.unique(judgements.value, return_inverse=True)
    _, first, unit = np.unique(judgements.unit, return_index=True, return_inverse=True)
    size = len(first) * len(values)
    counts = np.bincount(unit * len(values) + value_index, minlength=size).reshape(len(first), len(values))
    is_shared = counts.sum(axis=1) >= 2
    return counts[is_shared].astype(np.float64), judgements.item[first][is_shared], values.astype(np.float64)


def krippendorff_alpha(judgements: Judgements, level: Level, num_resamples: int = NUM_RESAMPLES) -> Estimate:
    """1 - observed / expected disagreement, for any number of labelers and missing judgements. n counts judgements.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability". No value where every judgement is the same.
    """
    counts, item, values = value_counts(judgements)
    if not len(counts):
        return NOTHING
    num_values = len(values)
    coincidences = coincidences_by_item(counts, item)

    def alpha(sums: FloatArray) -> FloatArray:
        observed = sums.reshape(*sums.shape[:-1], num_values, num_values)
        totals = observed.sum(axis=-1)
        distance = squared_distance(totals, values, level)
        n = totals.sum(axis=-1)
        expected = (totals[..., :, None] * totals[..., None, :] * distance).sum(axis=(-2, -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = 1.0 - (n - 1.0) * (observed * distance).sum(axis=(-2, -1)) / expected
        return np.asarray(np.where(expected > 0, found, np.nan))

    return estimate_from(coincidences, alpha, int(counts.sum()), num_resamples=num_resamples)


def coincidences_by_item(counts: FloatArray, item: IntArray) -> FloatArray:
    """Pairable values of each item, (items, V * V): every ordered pair of judgements of a unit, over its labelers less one."""
    num_values = counts.shape[1]
    weight = 1.0 / (counts.sum(axis=1) - 1.0)
    columns = []
    for v in range(num_values):
        for w in range(num_values):
            pairs = counts[:, v] * (counts[:, w] - (v == w)) * weight
            columns.append(sums_by_item(item, pairs[:, None]))
    return np.concatenate(columns, axis=1)


def squared_distance(totals: FloatArray, values: FloatArray, level: Level) -> FloatArray:
    """Squared distance of every two values, (..., V, V); the ordinal one depends on how often each value occurs."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return (values[:, None] - values[None, :]) ** 2
    middle = np.cumsum(totals, axis=-1) - totals / 2.0  # sum from v to w, ends halved, is the difference of middles
    return np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2)


def fleiss_kappa(judgements: Judgements, num_resamples: int = NUM_RESAMPLES) -> Estimate:
    """Chance-corrected agreement of many labelers, also where units have different numbers of them. n counts judgements.

    Fleiss 1971. With the same number of labelers on every unit it is his kappa; else units weigh alike, judgements too.
    """
    counts, item, _ = value_counts(judgements)
    if not len(counts):
        return NOTHING
    labelers = counts.sum(axis=1)
    agreed = (counts * (counts - 1.0)).sum(axis=1) / (labelers * (labelers - 1.0))
    columns = np.concatenate([agreed[:, None], np.ones((len(counts), 1)), counts], axis=1)

    def kappa(sums: FloatArray) -> FloatArray:
        shares = sums[..., 2:] / sums[..., 2:].sum(axis=-1, keepdims=True)
        return chance_corrected(sums[..., 0] / sums[..., 1], (shares**2).sum(axis=-1))

    return estimate_from(sums_by_item(item, columns), kappa, int(counts.sum()), num_resamples=num_resamples)


def cohen_kappa(meetings: Meetings, num_resamples: int = NUM_RESAMPLES) -> Estimate:
    """Chance-corrected agreement of two labelers: the meetings of one `a` with one `b`. n counts units. Cohen 1960."""
    if not len(meetings):
        return NOTHING
    values, both = np.unique(np.concatenate([meetings.value_a, meetings.value_b]), return_inverse=True)
    num_values, n = len(values), len(meetings)
    cells = np.zeros((n, num_values * num_values))
    cells[np.arange(n), both[:n] * num_values + both[n:]] = 1.0

    def kappa(sums: FloatArray) -> FloatArray:
        table = sums.reshape(*sums.shape[:-1], num_values, num_values)
        total = table.sum(axis=(-2, -1))
        expected = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / total**2
        return chance_corrected(np.trace(table, axis1=-2, axis2=-1) / total, expected)

    return estimate_from(sums_by_item(meetings.item, cells), kappa, n, num_resamples=num_resamples)


def chance_corrected(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """(observed - expected) / (1 - expected); NaN where chance alone explains everything."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected < 1.0, (observed - expected) / (1.0 - expected), np.nan))
