"""A figure with its 95 % interval: items are drawn with replacement and the statistic is taken again from their sums."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from labeling.agreement.judgements import FloatArray, IntArray

NUM_RESAMPLES = 1000
MIN_ITEMS = 5  # fewer give no interval worth showing
_CHUNK_CELLS = 4_000_000
Statistic = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Estimate:
    """`value` of a statistic over `n` comparisons on `num_items` prompts; low and high hold 95 % of the resampled values.

    value is None where nothing could be compared; low and high are None with fewer than 5 items.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    num_items: int


NOTHING = Estimate(None, None, None, 0, 0)


def ratio(sums: FloatArray) -> FloatArray:
    """Column 0 over column 1, along the last axis; NaN where column 1 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan))


def sums_by_item(item: IntArray, columns: FloatArray) -> FloatArray:
    """Sums of each column (n, d) over the rows of each item that occurs: (items, d)."""
    _, inverse = np.unique(item, return_inverse=True)
    size = int(inverse.max(initial=-1)) + 1
    return np.stack([np.bincount(inverse, column, minlength=size) for column in columns.T], axis=1)


def estimate_from(
    sums: FloatArray, statistic: Statistic, n: int, *, num_resamples: int = NUM_RESAMPLES, seed: int = 0
) -> Estimate:
    """The statistic of the column sums (items, d), and its bootstrap interval over items.

    `statistic` maps (..., d) to (...); it may return NaN where it has no value, and such resamples are left out.
    """
    num_items = len(sums)
    if n == 0 or num_items == 0:
        return NOTHING
    value = float(statistic(sums.sum(axis=0)))
    if np.isnan(value):
        return Estimate(None, None, None, n, num_items)
    if num_items < MIN_ITEMS:
        return Estimate(value, None, None, n, num_items)
    drawn = statistic(resample(sums, num_resamples, seed))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Estimate(value, float(low), float(high), n, num_items)


def resample(sums: FloatArray, num_resamples: int, seed: int) -> FloatArray:
    """Sums over `num_resamples` draws of as many items with replacement: (num_resamples, d)."""
    return np.concatenate([counts @ sums for counts in draws_of(len(sums), num_resamples, seed)])


def draws_of(num_items: int, num_resamples: int, seed: int) -> Iterator[FloatArray]:
    """How often each item was drawn, in pieces of (rows, num_items) that stay small in memory."""
    draw = np.random.default_rng(seed)
    rows_per_piece = max(_CHUNK_CELLS // num_items, 1)
    for start in range(0, num_resamples, rows_per_piece):
        rows = min(rows_per_piece, num_resamples - start)
        drawn = draw.integers(num_items, size=(rows, num_items)) + np.arange(rows)[:, None] * num_items
        yield np.bincount(drawn.ravel(), minlength=rows * num_items).reshape(rows, num_items).astype(np.float64)
