"""Scripted labelers are noisy, tie near scores, and the report's figures are those of hand-made cases."""

import itertools
import random

import pytest

from demo import domain, judge, labelers, report


def make_rankings(num_tasks: int = 400) -> list[dict]:
    rng = random.Random(5)
    rankings = []
    for index, record in enumerate(domain.prompts(5, num_tasks)):
        quality = 0.6 if index % 2 else 0.88  # as in a first round and after PPO
        brief = judge.read_brief(record["prompt"])
        texts = [domain.note_text(rng, brief, quality) for _ in range(4)]
        for labeler in ("ada", "bob"):
            answer = labelers.rank(labelers.labeler_rng(labeler, record["prompt_id"]), record["prompt"], texts)
            rankings.append(
                {
                    **record,
                    "task_id": record["prompt_id"],
                    "completions": texts,
                    "ranks": answer.ranks,
                    "completion_ids": [f"{record['prompt_id']}-{k}" for k in range(4)],
                }
            )
    return rankings


def test_two_labelers_agree_as_often_as_people_do() -> None:
    rankings = make_rankings()
    assert 0.70 <= report.agreement(rankings)["rate"] <= 0.78
    ceiling = report.pair_accuracy(rankings, judge.gold)
    assert 0.75 < ceiling["low"] < ceiling["rate"] < ceiling["high"] < 0.88
    assert 0.45 <= report.pair_accuracy(rankings, report.length_score)["rate"] <= 0.58


def test_ranks_are_dense_and_near_scores_tie() -> None:
    assert labelers.ranks_with_ties([0.5, 0.9, 0.49, 0.1], width=0.04) == [2, 1, 2, 3]
    assert labelers.ranks_with_ties([0.3, 0.32, 0.34], width=0.03) == [2, 1, 1]


def test_labeler_repeats_itself_and_orders_a_pair_both_ways() -> None:
    record = domain.prompts(6, 1)[0]
    rng = random.Random(0)
    good, bad = (domain.note_text(rng, judge.read_brief(record["prompt"]), q) for q in (1.0, 0.0))
    first, again = (labelers.rank(labelers.labeler_rng("ada", "t"), record["prompt"], [good, bad]) for _ in range(2))
    assert first == again
    assert first.ranks == [1, 2]
    assert set(first.ratings[0]) == set(labelers.AXES)
    assert all(1 <= value <= 7 for rating in first.ratings for value in rating.values())
    assert labelers.rank(labelers.labeler_rng("ada", "t"), record["prompt"], [bad, good]).ranks == [2, 1]


def test_win_rate_counts_ties_as_half() -> None:
    wins = report.win_rate({"p": [1.0], "q": [0.5], "r": [0.2]}, {"p": [0.0], "q": [0.5], "r": [0.9]})
    assert wins["rate"] == 0.5
    assert wins["n"] == 3
    assert report.win_rate({"p": [1.0]}, {"p": [0.0]}) == {"rate": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    with pytest.raises(ValueError, match="at least one"):
        report.win_rate({}, {})


def test_interval_resamples_whole_prompts() -> None:
    repeated = [(f"p{i}", float(i % 2)) for i in range(20) for _ in range(50)]
    single = [(f"p{i}-{k}", float(i % 2)) for i in range(20) for k in range(50)]
    wide, narrow = report.clustered_rate(repeated), report.clustered_rate(single)
    assert wide["high"] - wide["low"] > 4 * (narrow["high"] - narrow["low"])


def test_pairs_and_agreement_of_a_hand_made_case() -> None:
    base = {"prompt": [], "completions": ["a", "bb", "ccc"], "task_id": "t", "completion_ids": [1, 2, 3]}
    one, other = base | {"ranks": [1, 2, 2]}, base | {"ranks": [2, 1, 3]}
    assert report.ranking_pairs(one) == [(0, 1), (0, 2)]
    assert report.agreement([one, other])["rate"] == 0.5
    assert report.pair_accuracy([one], report.length_score)["rate"] == 0.0
    assert report.pair_accuracy([other], report.length_score)["rate"] == pytest.approx(1 / 3, abs=1e-4)


def test_shuffling_never_keeps_a_prompt() -> None:
    swapped = report.shuffled_prompts([str(i) for i in range(50)])
    assert sorted(swapped.values()) == sorted(swapped)
    assert all(key != value for key, value in itertools.chain(swapped.items()))
    full: report.Rate = {"rate": 0.9, "low": 0.8, "high": 1.0, "n": 1}
    assert report.lost_share(full, {**full, "rate": 0.7}) == 0.5
