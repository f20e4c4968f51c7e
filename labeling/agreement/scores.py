"""A labeler's agreement with others, judged against what was to be expected on the same items: hard items count less against them."""

import itertools
from dataclasses import dataclass

import numpy as np

from labeling.agreement.intervals import NUM_RESAMPLES, Estimate, estimate_from, ratio
from labeling.agreement.judgements import FloatArray, IntArray, Meetings
from labeling.agreement.measures import agreement_points


@dataclass(frozen=True)
class LabelerScore:
    """`raw` = agreement with others, ties half; `adjusted` = what it would be on items of average difficulty."""

    raw: Estimate
    adjusted: Estimate


def labeler_scores(
    meetings: Meetings, num_labelers: int, group: IntArray, num_resamples: int = NUM_RESAMPLES
) -> dict[int, LabelerScore]:
    """Scores of every labeler who met another.

    Expected on an item is how far the others agree with each other there; where only two labelers met, how far others agree on the
    items of its group (`group[item]`: a topic, say). adjusted = everybody's agreement + mean (own - expected) agreement.
    """
    points = agreement_points(meetings)
    item = meetings.item
    num_items = len(group)
    all_points, all_met = _sums(item, points, num_items), _sums(item, np.ones_like(points), num_items)
    group_points, group_met = _sums(group, all_points, 0), _sums(group, all_met, 0)
    overall = float(points.mean()) if len(points) else 0.0
    found = {}
    for labeler, rows in rows_of_labelers(meetings, num_labelers):
        items, inverse = np.unique(item[rows], return_inverse=True)
        own_points, own_met = _sums(inverse, points[rows], 0), _sums(inverse, np.ones(len(rows)), 0)
        own_group_points, own_group_met = (
            _sums(group[items], own_points, len(group_met)),
            _sums(group[items], own_met, len(group_met)),
        )
        others_met = all_met[items] - own_met
        elsewhere = _share(group_points - own_group_points, group_met - own_group_met, overall)[group[items]]
        expected = np.where(others_met > 0, _share(all_points[items] - own_points, others_met, overall), elsewhere)
        n = int(own_met.sum())
        raw = estimate_from(np.stack([own_points, own_met], axis=1), ratio, n, num_resamples=num_resamples)
        shifted = own_points - own_met * expected + own_met * overall
        adjusted = estimate_from(np.stack([shifted, own_met], axis=1), share_of, n, num_resamples=num_resamples)
        found[labeler] = LabelerScore(raw, adjusted)
    return found


def share_of(sums: FloatArray) -> FloatArray:
    return np.clip(ratio(sums), 0.0, 1.0)


def rows_of_labelers(meetings: Meetings, num_labelers: int) -> list[tuple[int, IntArray]]:
    """(labeler, rows in which they are a or b) of every labeler who has any."""
    n = len(meetings)
    both = np.concatenate([meetings.labeler_a, meetings.labeler_b])
    order = np.argsort(both, kind="stable")
    edges = np.concatenate([[0], np.cumsum(np.bincount(both, minlength=num_labelers))])
    return [
        (labeler, order[start:end] % n)
        for labeler, (start, end) in enumerate(itertools.pairwise(edges.tolist()))
        if end > start
    ]


def _sums(index: IntArray, values: FloatArray, size: int) -> FloatArray:
    return np.asarray(np.bincount(index, values, minlength=size), dtype=np.float64)


def _share(points: FloatArray, met: FloatArray, default: float) -> FloatArray:
    return np.where(met > 0, points / np.where(met > 0, met, 1.0), default)
