"""Each measure of agreement against a literal worked by hand or published, and against a library that is not ours."""

import itertools
import math

import krippendorff
import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from labeling.agreement.judgements import Judgements, RankedAnswer, comparisons_of, meetings_of
from labeling.agreement.measures import cohen_kappa, fleiss_kappa, kendall_tau_b, krippendorff_alpha, pairwise_agreement

FEW = 20  # resamples where a test looks at the value alone


def judgements_from(table):
    """A table with one row per labeler and one column per unit; NaN where a labeler did not judge. Each unit is an item."""
    labeler, unit = np.nonzero(~np.isnan(table))
    value = table[labeler, unit].astype(np.int64)
    return Judgements(item=unit, unit=unit, labeler=labeler, answer=labeler, value=value)


def random_table(seed, num_labelers=4, num_units=40, num_values=5, missing=0.3):
    draw = np.random.default_rng(seed)
    truth = draw.integers(num_values, size=num_units)
    table = np.where(
        draw.random((num_labelers, num_units)) < 0.6, truth, draw.integers(num_values, size=(num_labelers, num_units))
    )
    return np.where(draw.random(table.shape) < missing, np.nan, table.astype(float))


def two_rankings(first, second):
    units = range(len(first))
    answers = [RankedAnswer(item=0, labeler=k, units=units, ranks=ranks) for k, ranks in enumerate((first, second))]
    return meetings_of(comparisons_of(answers))[0]


def test_ties_count_half_or_are_left_out():
    """abc against a tie of a and b, c last: ab is half an agreement, ac and bc are whole ones."""
    meetings = two_rankings([1, 2, 3], [1, 1, 2])
    half, excluded = pairwise_agreement(meetings, "half"), pairwise_agreement(meetings, "excluded")
    assert (half.value, half.n) == (2.5 / 3, 3)
    assert (excluded.value, excluded.n) == (1.0, 2)
    assert pairwise_agreement(two_rankings([1, 1], [1, 1]), "half").value == 1.0
    assert pairwise_agreement(two_rankings([1, 2], [2, 1]), "half").value == 0.0


def test_comparisons_are_the_same_in_whatever_order_completions_are_listed():
    answers = [
        RankedAnswer(item=0, labeler=0, units=[7, 3, 5], ranks=[1, 2, 3]),
        RankedAnswer(item=0, labeler=1, units=[5, 7, 3], ranks=[3, 1, 2]),
    ]
    meetings, repeats = meetings_of(comparisons_of(answers))
    assert (pairwise_agreement(meetings, "half").value, len(meetings), len(repeats)) == (1.0, 3, 0)


def test_rankings_of_overlapping_sets_meet_on_what_both_ranked():
    answers = [
        RankedAnswer(item=0, labeler=0, units=[0, 1, 2], ranks=[1, 2, 3]),
        RankedAnswer(item=0, labeler=1, units=[1, 2, 3], ranks=[2, 1, 3]),
    ]
    meetings, _ = meetings_of(comparisons_of(answers))
    assert (len(meetings), pairwise_agreement(meetings, "half").value) == (1, 0.0)


def test_a_labeler_who_ranks_twice_agrees_with_themselves_apart_from_others():
    answers = [
        RankedAnswer(item=0, labeler=k, units=[0, 1], ranks=ranks)
        for k, ranks in ((0, [1, 2]), (0, [2, 1]), (1, [1, 2]))
    ]
    meetings, repeats = meetings_of(comparisons_of(answers))
    assert (len(meetings), len(repeats), pairwise_agreement(repeats, "half").value) == (2, 1, 0.0)


def test_tau_b_equals_scipy():
    draw = np.random.default_rng(3)
    answers, expected = [], []
    for item in range(60):
        size = int(draw.integers(2, 8))
        rows = [draw.integers(1, 5, size=size) for _ in range(3)]
        units = [item * 10 + unit for unit in range(size)]
        answers += [RankedAnswer(item=item, labeler=k, units=units, ranks=row.tolist()) for k, row in enumerate(rows)]
        expected += [stats.kendalltau(a, b).statistic for a, b in itertools.combinations(rows, 2)]
    defined = [tau for tau in expected if not math.isnan(tau)]
    assert len(defined) < len(expected)
    found = kendall_tau_b(meetings_of(comparisons_of(answers))[0], FEW)
    assert found.value == pytest.approx(np.mean(defined), abs=1e-12)
    assert found.n == len(defined)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("seed", range(5))
def test_alpha_equals_the_krippendorff_package(level, seed):
    table = random_table(seed)
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement=level)
    assert krippendorff_alpha(judgements_from(table), level, FEW).value == pytest.approx(expected, abs=1e-12)


def test_alpha_of_a_published_example():
    """Three coders, fifteen units, missing values: nominal .691 and interval .811 (the example of the article on Wikipedia)."""
    rows = ["*****34121133*3", "1*213343*******", "**21344*21133*4"]
    table = np.array([[float(c) if c != "*" else np.nan for c in row] for row in rows])
    judgements = judgements_from(table)
    assert krippendorff_alpha(judgements, "nominal", FEW).value == pytest.approx(0.691, abs=5e-4)
    assert krippendorff_alpha(judgements, "interval", FEW).value == pytest.approx(0.811, abs=5e-4)


def test_fleiss_kappa_of_a_published_example():
    """Fourteen labelers, ten units, five values: .210 (the example of the article on Wikipedia)."""
    counts = """0,0,0,0,14 0,2,6,4,2 0,0,3,5,6 0,3,9,2,0 2,2,8,1,1 7,7,0,0,0 3,2,6,3,0 2,5,3,2,2 6,5,2,1,0 0,2,2,3,7"""
    columns = [np.repeat(range(5), [int(n) for n in row.split(",")]) for row in counts.split()]
    found = fleiss_kappa(judgements_from(np.array(columns, dtype=float).T), FEW)
    assert (found.value, found.n) == (pytest.approx(0.210, abs=5e-4), 140)


@pytest.mark.parametrize("seed", range(5))
def test_cohen_kappa_equals_scikit_learn(seed):
    table = random_table(seed, num_labelers=2, missing=0.0)
    meetings, _ = meetings_of(judgements_from(table))
    found = cohen_kappa(meetings, FEW)
    assert (found.value, found.n) == (pytest.approx(cohen_kappa_score(table[0], table[1]), abs=1e-12), 40)
    assert cohen_kappa(meetings.turned(), FEW).value == pytest.approx(found.value, abs=1e-12)


def test_nothing_to_compare_has_no_value_and_no_variation_has_none_either():
    alone = judgements_from(random_table(0, num_labelers=1, missing=0.0))
    same = judgements_from(np.ones((3, 8)))
    for judgements, n in ((alone, 0), (same, 24)):
        for found in (krippendorff_alpha(judgements, "ordinal"), fleiss_kappa(judgements)):
            assert (found.value, found.low, found.high, found.n) == (None, None, None, n)
    assert pairwise_agreement(meetings_of(alone)[0], "half").value is None


def test_few_items_give_a_value_without_an_interval():
    found = krippendorff_alpha(judgements_from(random_table(1, num_units=4, missing=0.0)), "nominal")
    assert found.value is not None
    assert (found.low, found.high, found.num_items) == (None, None, 4)


def test_interval_of_pairwise_agreement_is_close_to_the_normal_one():
    """700 of 1,000 agree: .7 +- 1.96 sqrt(.7 * .3 / 1000) = .672 to .728; 1,000 resamples place the ends within .005."""
    table = np.ones((2, 1000))
    table[1, 300:] = -1
    table[0, 300:] = -1
    table[1, :300] = -1
    found = pairwise_agreement(meetings_of(judgements_from(table))[0], "excluded")
    assert found.value == 0.7
    assert found.low == pytest.approx(0.672, abs=0.005)
    assert found.high == pytest.approx(0.728, abs=0.005)


def test_interval_resamples_prompts_and_not_comparisons():
    """Ten units of one item say no more than one: items of ten equal units have the interval of the items alone."""
    draw = np.random.default_rng(0)
    value = np.where(draw.random(100) < 0.7, 1, -1)
    single = judgements_from(np.stack([np.ones(100), value.astype(float)]))
    unit = np.concatenate([np.arange(1000), np.arange(1000)])
    many = Judgements(
        item=unit // 10, unit=unit, labeler=np.repeat([0, 1], 1000), answer=np.repeat([0, 1], 1000),
        value=np.concatenate([np.ones(1000, dtype=np.int64), np.repeat(value, 10)]),
    )  # fmt: skip
    one, ten = (pairwise_agreement(meetings_of(rows)[0], "half") for rows in (single, many))
    assert (ten.n, one.n) == (1000, 100)
    assert (ten.value, ten.low, ten.high) == pytest.approx((one.value, one.low, one.high), abs=1e-12)
