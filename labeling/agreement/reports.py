"""How far all labelers of a table of rankings agree: by measure, rating, flag, category and day. Pure arithmetic."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from labeling.agreement.dawid_skene import dawid_skene
from labeling.agreement.intervals import Estimate
from labeling.agreement.judgements import BoolArray, Meetings, meetings_of
from labeling.agreement.measures import (
    Level,
    fleiss_kappa,
    kendall_tau_b,
    krippendorff_alpha,
    pairwise_agreement,
)
from labeling.agreement.tables import RankingTable

RATING_LEVELS: tuple[Level, ...] = ("ordinal", "interval")
ROW_RESAMPLES = 500  # for the rows of tables
DAYS_SHOWN_SINGLY = 35  # longer spans are shown by week


@dataclass(frozen=True)
class Figure:
    """One estimate under a name: a measure, a value of a category, the first day of a week."""

    name: str
    estimate: Estimate


@dataclass(frozen=True)
class FigureGroup:
    name: str
    figures: list[Figure]


@dataclass(frozen=True, kw_only=True)
class FlagFigures:
    flag: str
    share: float  # of judgements that set it
    likely: float  # share of completions that have it, by Dawid and Skene
    alpha: Estimate
    fleiss: Estimate


@dataclass(frozen=True, kw_only=True)
class AgreementReport:
    num_rankings: int  # of the project
    num_compared: int  # on prompts that were ranked more than once
    num_prompts: int
    num_labelers: int
    measures: list[Figure]
    ratings: list[FigureGroup]
    flags: list[FlagFigures]
    categories: list[FigureGroup]
    days: list[Figure]


def agreement_report(table: RankingTable) -> AgreementReport:
    meetings, repeats = meetings_of(table.comparisons)
    return AgreementReport(
        num_rankings=table.num_rankings,
        num_compared=len(table.answers),
        num_prompts=len(table.prompt_ids),
        num_labelers=len(table.labelers),
        measures=overall_measures(table, meetings, repeats),
        ratings=[
            FigureGroup(axis, [Figure(level, krippendorff_alpha(judged, level)) for level in RATING_LEVELS])
            for axis, judged in table.ratings.items()
        ],
        flags=flag_figures(table),
        categories=category_figures(table, meetings),
        days=by_day(meetings, table.days),
    )


def overall_measures(table: RankingTable, meetings: Meetings, repeats: Meetings) -> list[Figure]:
    return [
        Figure("ties_half", pairwise_agreement(meetings, "half")),
        Figure("ties_excluded", pairwise_agreement(meetings, "excluded")),
        Figure("tau_b", kendall_tau_b(meetings)),
        Figure("alpha_nominal", krippendorff_alpha(table.comparisons, "nominal")),
        Figure("alpha_ordinal", krippendorff_alpha(table.comparisons, "ordinal")),
        Figure("alpha_interval", krippendorff_alpha(table.comparisons, "interval")),
        Figure("fleiss_kappa", fleiss_kappa(table.comparisons)),
        Figure("with_researchers", pairwise_agreement(meetings.where(met_researcher(table, meetings)), "half")),
        Figure("self_repeat", pairwise_agreement(repeats, "half")),
    ]


def met_researcher(table: RankingTable, meetings: Meetings) -> BoolArray:
    """Meetings of somebody who is a researcher with somebody who is not."""
    is_researcher = np.array([labeler.is_researcher for labeler in table.labelers], dtype=bool)
    return np.asarray(is_researcher[meetings.labeler_a] != is_researcher[meetings.labeler_b])


def flag_figures(table: RankingTable) -> list[FlagFigures]:
    return [
        FlagFigures(
            flag=flag,
            share=float(judged.value.mean()),
            likely=float(dawid_skene(judged, smoothing=0.5).likely.mean()),
            alpha=krippendorff_alpha(judged, "nominal"),
            fleiss=fleiss_kappa(judged),
        )
        for flag, judged in table.flags.items()
    ]


def category_figures(table: RankingTable, meetings: Meetings) -> list[FigureGroup]:
    """Agreement by kind of work and by each category of the prompts."""
    groups = {"kind": np.array(table.kinds)[meetings.answer_b]}
    for name, values in table.categories.items():
        groups[name] = np.array(values)[meetings.item]
    return [FigureGroup(name, by_value(meetings, values)) for name, values in groups.items()]


def by_value(meetings: Meetings, values: np.ndarray) -> list[Figure]:
    names = sorted(set(values.tolist()) - {""})
    return [Figure(name, pairwise_agreement(meetings.where(values == name), "half", ROW_RESAMPLES)) for name in names]


def by_day(meetings: Meetings, days: list[date]) -> list[Figure]:
    """Agreement of each day, or of each week (from Monday) of a longer span; a meeting is of the day of its later answer."""
    if not len(meetings):
        return []
    numbers = np.array([day.toordinal() for day in days])
    later = np.maximum(numbers[meetings.answer_a], numbers[meetings.answer_b])
    if later.max() - later.min() >= DAYS_SHOWN_SINGLY:
        later = later - (later - 1) % 7
    return [
        Figure(
            date.fromordinal(int(day)).isoformat(),
            pairwise_agreement(meetings.where(later == day), "half", ROW_RESAMPLES),
        )
        for day in np.unique(later)
    ]
