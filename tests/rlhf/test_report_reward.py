"""The reward model's report, and what ties, margins, weights and centering do to its loss. Numbers by hand."""

import math

import pytest
import torch

from rlhf.data import RankedCompletions, balance_labelers
from rlhf.losses import centering_penalty, ranking_loss, ranking_pairs
from rlhf.reward_report import calibration, judged_pairs, length_correlation, reward_report


def ranked(ranks: list[int], lengths: list[int], labeler: str = "ann", round: str = "1") -> RankedCompletions:
    return RankedCompletions([[1, 2]] * len(ranks), ranks, lengths, 1.0, 0.0, labeler, round)


RANKINGS = [ranked([1, 2, 3], [10, 20, 30]), ranked([1, 1, 2], [9, 10, 10], "bob", "2"), ranked([2, 1], [5, 5], "bob")]
SCORES = [[2.0, 1.0, 1.5], [0.0, 3.0, 1.0], [1.0, 1.0]]
# ann: 1-2 right, 1-3 right, 2-3 wrong; bob: 0 < 1 wrong, 3 > 1 right; bob: equal, one half.


def test_accuracy_by_labeler_round_margin_and_length():
    report = reward_report(RANKINGS, SCORES, seed=1)
    assert report["accuracy"]["rate"] == pytest.approx(3.5 / 6, abs=1e-4)
    assert (report["accuracy"]["num_pairs"], report["accuracy"]["num_rankings"]) == (6, 3)
    assert {name: row["rate"] for name, row in report["by_labeler"].items()} == {"ann": 0.6667, "bob": 0.5}
    assert {name: row["num_pairs"] for name, row in report["by_round"].items()} == {"1": 4, "2": 2}
    assert report["by_margin"]["2 apart"]["rate"] == 1.0
    assert report["by_margin"]["1 apart"]["rate"] == 0.5
    # 10 < 20, 10 < 30, 20 < 30; 9 against 10 and the rest are within a tenth
    assert {name: row["num_pairs"] for name, row in report["by_length"].items()} == {
        "about as long": 3,
        "better is shorter": 3,
    }
    # the better one is longer in no pair of ann's; bob: 9 < 10, 10 = 10, 5 = 5
    assert report["length_baseline"]["rate"] == pytest.approx(1.0 / 6, abs=1e-4)
    assert all(row["low"] <= row["rate"] <= row["high"] for row in report["by_labeler"].values())


def test_calibration_by_hand():
    # sigmoid(log 4) = 0.8 twice, right once; sigmoid(log 1.5) = 0.6 once, right.
    differences = [math.log(4), -math.log(4), math.log(1.5)]
    pairs = [judged_pairs([ranked([1, 2], [1, 1])], [[difference, 0.0]])[0] for difference in differences]
    found = calibration(pairs)
    assert found["calibration"] == [
        {"probability": 0.6, "share_right": 1.0, "num_pairs": 1},
        {"probability": 0.8, "share_right": 0.5, "num_pairs": 2},
    ]
    assert found["calibration_error"] == pytest.approx((0.3 * 2 + 0.4) / 3, abs=1e-4)


def test_a_calibrated_model_has_no_error_and_a_boastful_one_has():
    generator = torch.Generator().manual_seed(0)
    differences = torch.randn(20_000, generator=generator) * 1.5
    is_first = torch.rand(20_000, generator=generator) < torch.sigmoid(differences)
    seen = [d if first else -d for d, first in zip(differences.tolist(), is_first.tolist(), strict=True)]
    template = judged_pairs([ranked([1, 2], [1, 1])], [[1.0, 0.0]])[0]
    assert calibration([template._replace(difference=d) for d in seen])["calibration_error"] < 0.01
    assert calibration([template._replace(difference=4 * d) for d in seen])["calibration_error"] > 0.1


def test_length_correlation_looks_within_rankings():
    assert length_correlation([ranked([1, 2], [1, 2]), ranked([1, 2], [101, 102])], [[1.0, 2.0], [0.0, 1.0]]) == 1.0
    assert length_correlation([ranked([1, 2], [5, 5])], [[1.0, 2.0]]) == 0.0


def test_many_labelers_are_counted_together_beyond_the_first_fifty():
    rankings = [ranked([1, 2], [3, 3], f"labeler {place}") for place in range(60)]
    groups = reward_report(rankings, [[1.0, 0.0]] * 60, seed=1)["by_labeler"]
    assert len(groups) == 51
    assert groups["others"]["num_rankings"] == 10


def test_ties_ask_for_equal_scores_when_they_weigh_something():
    # one ranking 1, 1, 2 with ties at 0.5: pair weights 1, 1 and 0.5; differences 1, 3 and, tied, 2 or -2.
    scores = torch.tensor([1.0, 3.0, 0.0], dtype=torch.float64, requires_grad=True)
    pairs = ranking_pairs([[1, 1, 2]], tie_weight=0.5)
    log = torch.nn.functional.logsigmoid
    one, three, two = (torch.tensor(value, dtype=torch.float64) for value in (1.0, 3.0, 2.0))
    expected = -(log(one) + log(three) + 0.25 * (log(two) + log(-two))) / 2.5
    assert ranking_loss(scores, pairs).item() == pytest.approx(expected.item(), rel=1e-12)
    assert ranking_loss(scores, ranking_pairs([[1, 1, 2]])).item() == pytest.approx(-(log(one) + log(three)).item() / 2)
    tied = ranking_pairs([[1, 1]], tie_weight=1.0)
    equal = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    loss = ranking_loss(equal, tied)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert equal.grad is not None
    assert equal.grad.abs().max() == 0, "equal scores are where a tie pulls neither way"
    assert tied.is_tied.tolist() == [True, True]


def test_the_centering_penalty_by_hand():
    # pairs (0, 1) and (0, 2): sums 3 and 1 -> (9 + 1) / 2
    scores = torch.tensor([2.0, 1.0, -1.0], dtype=torch.float64)
    assert centering_penalty(scores, ranking_pairs([[1, 2, 2]])).item() == pytest.approx(5.0)
    assert centering_penalty(scores, ranking_pairs([[1, 1, 1]])).item() == 0.0


def test_labelers_count_alike_when_balanced():
    rankings = [ranked([1, 2], [1, 1], "ann")] * 8 + [ranked([1, 2], [1, 1], "bob")] * 2
    for balance, expected in ((0.0, (1.0, 1.0)), (1.0, (5 / 8, 5 / 2)), (0.5, None)):
        weights = [ranking.weight for ranking in balance_labelers(rankings, balance)]
        assert sum(weights) == pytest.approx(10.0)
        if expected is not None:
            assert (weights[0], weights[-1]) == pytest.approx(expected)
    assert 1 < weights[-1] < 2.5
