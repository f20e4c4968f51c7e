"""Figures of each labeler of a table of rankings, and of the pairs that met most. Pure arithmetic."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeling.agreement.bradley_terry import Consensus, reliable_consensus, wins_of
from labeling.agreement.dawid_skene import dawid_skene
from labeling.agreement.intervals import NOTHING, Estimate
from labeling.agreement.judgements import IntArray, Meetings, meetings_of
from labeling.agreement.measures import cohen_kappa, kendall_tau_b, pairwise_agreement
from labeling.agreement.reports import ROW_RESAMPLES, met_researcher
from labeling.agreement.scores import LabelerScore, labeler_scores, rows_of_labelers
from labeling.agreement.tables import Labeler, RankingTable

MAX_PAIRS = 300
MIN_PAIR_COMPARISONS = 10


@dataclass(frozen=True, kw_only=True)
class LabelerRow:
    labeler: Labeler
    num_rankings: int
    median_seconds: float
    score: LabelerScore
    ties_excluded: Estimate
    tau_b: Estimate
    with_researchers: Estimate
    self_repeat: Estimate
    reliability: float
    flags_found: float | None  # of the flags that a completion likely has, the share that they set
    flags_wrong: float | None  # of the flags that it likely has not


@dataclass(frozen=True, kw_only=True)
class PairRow:
    a: int
    b: int
    agreement: Estimate
    kappa: Estimate


@dataclass(frozen=True, kw_only=True)
class LabelersReport:
    """`pairs` holds indexes into `labelers`: the pairs that met most often."""

    labelers: list[LabelerRow]
    pairs: list[PairRow]


def labelers_report(table: RankingTable) -> LabelersReport:
    meetings, repeats = meetings_of(table.comparisons)
    return LabelersReport(
        labelers=list(labeler_rows(table, meetings, repeats)), pairs=pair_rows(meetings, len(table.labelers))
    )


def labeler_rows(table: RankingTable, meetings: Meetings, repeats: Meetings) -> Iterator[LabelerRow]:
    num_labelers = len(table.labelers)
    scores = labeler_scores(meetings, num_labelers, topics(table), ROW_RESAMPLES)
    met = dict(rows_of_labelers(meetings, num_labelers))
    researched = met_researcher(table, meetings)
    reliability = consensus_of(table).reliability
    flags = flag_rates(table)
    by_labeler: list[list[int]] = [[] for _ in table.labelers]
    for number, answer in enumerate(table.answers):
        by_labeler[answer.labeler].append(number)
    for k, labeler in enumerate(table.labelers):
        mine = met.get(k, np.zeros(0, dtype=np.int64))
        here = meetings.where(mine)  # type: ignore[arg-type]
        yield LabelerRow(
            labeler=labeler,
            num_rankings=len(by_labeler[k]),
            median_seconds=float(np.median([table.seconds[n] for n in by_labeler[k]])),
            score=scores.get(k, LabelerScore(NOTHING, NOTHING)),
            ties_excluded=pairwise_agreement(here, "excluded", ROW_RESAMPLES),
            tau_b=kendall_tau_b(here, ROW_RESAMPLES),
            with_researchers=pairwise_agreement(here.where(researched[mine]), "half", ROW_RESAMPLES),
            self_repeat=pairwise_agreement(repeats.where(repeats.labeler_a == k), "half", ROW_RESAMPLES),
            reliability=float(reliability[k]),
            flags_found=flags.get(k, (None, None))[0],
            flags_wrong=flags.get(k, (None, None))[1],
        )


def topics(table: RankingTable) -> IntArray:
    """A number for each item: items with the same metadata are expected to be about as hard."""
    names = sorted(set(table.categories) - {"split"})
    keys = (
        list(zip(*(table.categories[name] for name in names), strict=True)) if names else [()] * len(table.prompt_ids)
    )
    index = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([index[key] for key in keys], dtype=np.int64)


def consensus_of(table: RankingTable) -> Consensus:
    """One strength for each unit and one reliability for each labeler."""
    wins = wins_of(
        [answer.units for answer in table.answers],
        [answer.ranks for answer in table.answers],
        [answer.labeler for answer in table.answers],
    )
    return reliable_consensus(wins, len(table.completion_ids), len(table.labelers))


def flag_rates(table: RankingTable) -> dict[int, tuple[float | None, float | None]]:
    """{labeler: (share of likely flags that they set, share of unlikely ones that they set)} over all flags."""
    sums = np.zeros((len(table.labelers), 4))  # set and likely, likely, set and unlikely, unlikely
    for judged in table.flags.values():
        if len(np.unique(judged.value)) < 2:
            continue
        truth = dawid_skene(judged, smoothing=0.5)
        likely = truth.posterior[np.searchsorted(truth.units, judged.unit), 1]
        for column, weight in enumerate((likely * judged.value, likely, (1 - likely) * judged.value, 1 - likely)):
            sums[:, column] += np.bincount(judged.labeler, weight, minlength=len(sums))
    return {
        k: (float(row[0] / row[1]) if row[1] > 0.5 else None, float(row[2] / row[3]) if row[3] > 0.5 else None)
        for k, row in enumerate(sums)
    }


def pair_rows(meetings: Meetings, num_labelers: int) -> list[PairRow]:
    """The pairs of labelers that met most, each with at least ten comparisons."""
    codes = meetings.labeler_a * num_labelers + meetings.labeler_b
    order = np.argsort(codes, kind="stable")
    found, starts, sizes = np.unique(codes[order], return_index=True, return_counts=True)
    rows = []
    for index in np.argsort(-sizes, kind="stable")[:MAX_PAIRS]:
        if sizes[index] < MIN_PAIR_COMPARISONS:
            break
        here = meetings.where(order[starts[index] : starts[index] + sizes[index]])  # type: ignore[arg-type]
        a, b = divmod(int(found[index]), num_labelers)
        agreement = pairwise_agreement(here, "half", ROW_RESAMPLES)
        rows.append(PairRow(a=a, b=b, agreement=agreement, kappa=cohen_kappa(here, ROW_RESAMPLES)))
    return rows
