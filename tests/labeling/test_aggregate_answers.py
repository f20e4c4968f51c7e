"""Aggregation against crowd-kit, and what it is for: labelers who err count less, and hard items are not held against labelers."""

import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation import BradleyTerry, DawidSkene

from labeling.agreement.bradley_terry import bradley_terry, reliable_consensus, wins_of
from labeling.agreement.dawid_skene import dawid_skene
from labeling.agreement.judgements import Judgements, meetings_of
from labeling.agreement.scores import labeler_scores


def judgements_of(item, labeler, value):
    item, labeler = np.asarray(item), np.asarray(labeler)
    return Judgements(item=item, unit=item, labeler=labeler, answer=np.arange(len(item)), value=np.asarray(value))


def noisy_flags(seed, accuracy, num_units=200):
    """Every labeler on every unit; labeler k says the truth with probability accuracy[k]."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(2, size=num_units)
    unit, labeler = np.meshgrid(np.arange(num_units), np.arange(len(accuracy)))
    is_right = draw.random(unit.shape) < np.asarray(accuracy)[:, None]
    value = np.where(is_right, truth, 1 - truth)
    return truth, judgements_of(unit.ravel(), labeler.ravel(), value.ravel())


@pytest.mark.parametrize("seed", range(3))
def test_dawid_skene_equals_crowd_kit(seed):
    _, judgements = noisy_flags(seed, [0.9, 0.8, 0.7, 0.6, 0.55])
    frame = pd.DataFrame({"task": judgements.unit, "worker": judgements.labeler, "label": judgements.value})
    oracle = DawidSkene(n_iter=100, tol=-1).fit(
        frame
    )  # its loss counts the prior once a judgement and may end it too early
    found = dawid_skene(judgements)
    np.testing.assert_allclose(found.posterior, oracle.probas_[[0, 1]].to_numpy(), atol=1e-5)
    assert (found.likely == oracle.labels_.sort_index().to_numpy()).all()


def test_dawid_skene_beats_the_majority_when_most_labelers_guess():
    truth, judgements = noisy_flags(7, [0.95, 0.95, 0.5, 0.5, 0.5, 0.5, 0.5])
    votes = np.bincount(judgements.unit, judgements.value) / 7
    majority = ((votes > 0.5) == truth).mean()
    found = dawid_skene(judgements, smoothing=0.5)
    assert (found.likely == truth).mean() > max(majority, 0.9)
    right = found.confusion[:, [0, 1], [0, 1]].mean(axis=1)
    assert right[:2].min() > 0.85
    assert right[2:].max() < 0.65


def test_bradley_terry_equals_crowd_kit():
    draw = np.random.default_rng(1)
    strength = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    rows = []
    for _ in range(400):
        left, right = draw.choice(5, size=2, replace=False)
        is_left = draw.random() < 1 / (1 + np.exp(strength[right] - strength[left]))
        rows.append((left, right, left if is_left else right))
    frame = pd.DataFrame(rows, columns=["left", "right", "label"]).assign(worker="w")
    oracle = (
        BradleyTerry(n_iter=2000, tol=-1).fit(frame).scores_.sort_index().to_numpy()
    )  # a tolerance ends it at step 2
    wins = wins_of(
        [[a, b] for a, b, _ in rows], [[1, 2] if won == a else [2, 1] for a, b, won in rows], [0] * len(rows)
    )
    found = np.exp(bradley_terry(wins, 5))
    np.testing.assert_allclose(found / found.sum(), oracle / oracle.sum(), atol=1e-5)


def test_bradley_terry_of_two_units_is_the_log_odds():
    """Three wins of four: strength ratio 3. A tie is half a win of each: two wins and one tie of three give 5."""
    assert np.diff(bradley_terry(wins_of([[0, 1]] * 4, [[2, 1]] * 3 + [[1, 2]], [0] * 4), 2))[0] == pytest.approx(
        np.log(3)
    )
    assert np.diff(bradley_terry(wins_of([[0, 1]] * 3, [[2, 1]] * 2 + [[1, 1]], [0] * 3), 2))[0] == pytest.approx(
        np.log(5)
    )


def ranked_by(seed, sharpness, num_prompts=150, size=4):
    """Labeler k ranks every prompt's completions by true strength plus noise of 1 / sharpness[k]."""
    draw = np.random.default_rng(seed)
    truth = np.array([draw.permutation(size) for _ in range(num_prompts)]).astype(float)
    units, ranks, labelers = [], [], []
    for labeler, sharp in enumerate(sharpness):
        for prompt in range(num_prompts):
            seen = -(truth[prompt] + draw.normal(size=size) / sharp)
            units.append([prompt * size + unit for unit in range(size)])
            ranks.append((seen.argsort().argsort() + 1).tolist())
            labelers.append(labeler)
    return truth, wins_of(units, ranks, labelers)


def test_reliable_labelers_count_more_in_the_consensus():
    truth, wins = ranked_by(2, [4.0, 4.0, 0.2, 0.2, 0.2])
    found = reliable_consensus(wins, truth.size, 5)
    plain = bradley_terry(wins, truth.size, prior=0.5)
    assert found.reliability[:2].min() > 0.9
    assert found.reliability[2:].max() < 0.75
    assert order_accuracy(found.log_strength, truth) > order_accuracy(plain, truth) + 0.02


def order_accuracy(log_strength, truth):
    """Share of pairs within prompts that are in the true order."""
    left, right = np.triu_indices(truth.shape[1], 1)
    scores = log_strength.reshape(truth.shape)
    return (np.sign(scores[:, left] - scores[:, right]) == np.sign(truth[:, left] - truth[:, right])).mean()


def test_a_labeler_who_gets_hard_items_is_not_blamed_for_them():
    """All four labelers are equal; labeler 0 works on hard items only. Raw agreement blames them, the adjusted score does not."""
    draw = np.random.default_rng(5)
    item, labeler, value = [], [], []
    for number in range(1200):
        is_hard = number < 600
        who = [0, *draw.choice([1, 2, 3], size=2, replace=False)] if is_hard else [1, 2, 3]
        for k in who:
            item.append(number)
            labeler.append(k)
            value.append(1 if draw.random() < (0.65 if is_hard else 0.95) else -1)
    meetings, _ = meetings_of(judgements_of(item, labeler, value))
    scores = labeler_scores(meetings, 4, np.zeros(1200, dtype=np.int64))
    assert scores[0].raw.value < scores[1].raw.value - 0.1
    assert abs(scores[0].adjusted.value - scores[1].adjusted.value) < 0.03
    assert scores[0].adjusted.low < scores[1].adjusted.value < scores[0].adjusted.high


def test_what_was_expected_is_how_the_others_agreed_without_the_labeler():
    """1 and 2 always agree, 0 agrees on three of four items: everybody 10 / 12, 0 is 1 / 4 below what the others do: 7 / 12."""
    value = [1, 1, 1, 1, 1, 1, 1, 1, 1, -1, 1, 1]
    meetings, _ = meetings_of(judgements_of(np.repeat(range(4), 3), np.tile(range(3), 4), value))
    scores = labeler_scores(meetings, 3, np.zeros(4, dtype=np.int64))
    assert scores[0].raw.value == pytest.approx(6 / 8)
    assert scores[0].adjusted.value == pytest.approx(7 / 12)


def test_where_only_two_met_the_topic_says_what_was_to_be_expected():
    """Two topics, pairs of labelers only: labeler 0 works mostly on the hard topic, like 1; 2 and 3 mostly on the easy one."""
    draw = np.random.default_rng(6)
    item, labeler, value, group = [], [], [], []
    for number in range(4000):
        is_hard = number % 2
        pair = draw.choice(4, size=2, replace=False, p=[0.4, 0.4, 0.1, 0.1] if is_hard else [0.1, 0.1, 0.4, 0.4])
        group.append(is_hard)
        for k in pair:
            item.append(number)
            labeler.append(k)
            value.append(1 if draw.random() < (0.65 if is_hard else 0.95) else -1)
    meetings, _ = meetings_of(judgements_of(item, labeler, value))
    scores = labeler_scores(meetings, 4, np.array(group))
    assert scores[0].raw.value < scores[3].raw.value - 0.1
    assert abs(scores[0].adjusted.value - scores[3].adjusted.value) < 0.04
