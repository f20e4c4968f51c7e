"""Masked statistics, whitening and GAE against numbers computed by hand and against plain Python loops. float64 or float32."""

import math

import pytest
import torch

from rlhf.advantages import (
    explained_variance,
    generalized_advantages,
    masked_mean,
    masked_sum_per_row,
    token_rewards,
    whiten,
)


def random_case(seed: int, *, rows: int = 5, width: int = 7) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rewards, values = torch.randn(2, rows, width, generator=generator)
    return rewards, values, torch.rand(rows, width, generator=generator) < 0.7


def gae_by_loop(rewards, values, mask, gamma, gae_lambda):
    """The textbook double sum over the counted positions of each row."""
    result = torch.zeros_like(rewards)
    for row in range(rewards.shape[0]):
        places = [t for t in range(rewards.shape[1]) if mask[row, t]]
        r = [float(rewards[row, t]) for t in places]
        v = [float(values[row, t]) for t in places] + [0.0]
        deltas = [r[i] + gamma * v[i + 1] - v[i] for i in range(len(places))]
        for i, t in enumerate(places):
            result[row, t] = sum((gamma * gae_lambda) ** (k - i) * deltas[k] for k in range(i, len(places)))
    return result


def test_masked_mean_divides_by_the_counted_positions_only():
    """Point 21."""
    values = torch.tensor([[1.0, 2.0, float("nan")], [6.0, float("inf"), 9.0]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    assert masked_mean(values, mask).item() == 3.0
    assert masked_sum_per_row(values, mask).tolist() == [3.0, 6.0]


def test_masked_mean_of_nothing_is_zero():
    assert masked_mean(torch.tensor([float("nan")]), torch.tensor([False])).item() == 0.0


def test_whitening_by_hand():
    """Point 18: centred for advantages, mean kept for rewards."""
    # mean 2, deviations -1 0 1, biased variance 2/3, so the ends are sqrt(1.5) away.
    values, mask = torch.tensor([[1.0, 2.0], [3.0, 99.0]]), torch.tensor([[True, True], [True, False]])
    end = math.sqrt(1.5)
    torch.testing.assert_close(whiten(values, mask, center=True), torch.tensor([[-end, 0.0], [end, 0.0]]))
    torch.testing.assert_close(whiten(values, mask, center=False), torch.tensor([[2 - end, 2.0], [2 + end, 0.0]]))


def test_whitening_is_global_over_the_batch_and_ignores_padding():
    """Point 19."""
    rewards, _, mask = random_case(1)
    whitened = whiten(rewards, mask, center=True)
    assert abs(whitened[mask].mean().item()) < 1e-6
    assert whitened[mask].var(unbiased=False).item() == pytest.approx(1.0, abs=1e-5)
    assert abs(whitened[0][mask[0]].mean().item()) > 1e-3, "rows must not be whitened one by one"
    wider = torch.nn.functional.pad(rewards, (0, 3), value=float("nan"))
    torch.testing.assert_close(whiten(wider, torch.nn.functional.pad(mask, (0, 3)), center=True)[:, :7], whitened)


def test_whitening_nothing_gives_zeros():
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    assert whiten(torch.full((2, 3), float("nan")), nothing, center=True).tolist() == [[0.0] * 3] * 2


def test_gae_by_hand():
    # gamma 0.5, lambda 0.5; deltas: 1 + 0.5*2 - 1 = 1;  0 + 0.5*4 - 2 = 0;  3 - 4 = -1.
    # A3 = -1; A2 = 0 + 0.25*-1 = -0.25; A1 = 1 + 0.25*-0.25 = 0.9375.
    rewards, values = torch.tensor([[1.0, 0.0, 3.0]]), torch.tensor([[1.0, 2.0, 4.0]])
    advantages, returns = generalized_advantages(
        rewards, values, torch.ones(1, 3, dtype=torch.bool), gamma=0.5, gae_lambda=0.5
    )
    assert advantages.tolist() == [[0.9375, -0.25, -1.0]]
    assert returns.tolist() == [[1.9375, 1.75, 3.0]]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("gamma", "gae_lambda"), [(1.0, 0.95), (0.9, 1.0), (0.97, 0.0)])
def test_gae_equals_the_double_sum(seed, gamma, gae_lambda):
    """T6: also over masks with holes."""
    rewards, values, mask = random_case(seed)
    advantages, returns = generalized_advantages(rewards, values, mask, gamma=gamma, gae_lambda=gae_lambda)
    expected = gae_by_loop(rewards, values, mask, gamma, gae_lambda)
    torch.testing.assert_close(advantages, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(returns, torch.where(mask, expected + values, 0.0), atol=1e-5, rtol=1e-5)


def test_with_lambda_and_gamma_one_the_advantage_is_the_reward_to_go_less_the_value():
    """Point 35, T6."""
    rewards, values, _ = random_case(9)
    advantages, _ = generalized_advantages(
        rewards, values, torch.ones_like(rewards, dtype=torch.bool), gamma=1.0, gae_lambda=1.0
    )
    to_go = rewards.flip(1).cumsum(1).flip(1)
    torch.testing.assert_close(advantages, to_go - values, atol=1e-5, rtol=1e-5)


def test_gae_does_not_see_what_stands_in_the_padding():
    """Point 22."""
    rewards, values, mask = random_case(3)
    expected = generalized_advantages(rewards, values, mask, gamma=0.9, gae_lambda=0.9)
    junk = [
        torch.nn.functional.pad(part.masked_fill(~mask, float("nan")), (0, 2), value=7.0) for part in (rewards, values)
    ]
    found = generalized_advantages(*junk, torch.nn.functional.pad(mask, (0, 2)), gamma=0.9, gae_lambda=0.9)
    for part, other in zip(expected, found, strict=True):
        torch.testing.assert_close(other[:, :7], part)
        assert not other[:, 7:].any()


def test_gae_of_rows_without_tokens_is_zero():
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    advantages, returns = generalized_advantages(torch.ones(2, 3), torch.ones(2, 3), nothing, gamma=1, gae_lambda=1)
    assert not advantages.any()
    assert not returns.any()


def test_the_score_is_paid_on_the_last_counted_token():
    """Points 6 and 7: also in a row without padding; never in a row without tokens."""
    mask = torch.tensor([[True, True, False], [True, True, True], [False, False, False]])
    kl = torch.tensor([[0.5, -1.0, 9.0], [0.0, 0.0, 2.0], [1.0, 1.0, 1.0]])
    rewards = token_rewards(torch.tensor([3.0, 4.0, 5.0]), kl, mask, kl_coefficient=0.1)
    torch.testing.assert_close(rewards, torch.tensor([[-0.05, 3.1, 0.0], [0.0, 0.0, 3.8], [0.0, 0.0, 0.0]]))


def test_explained_variance_by_hand():
    """Point 35."""
    # returns 0 2 4 have variance 8/3; errors 1 -1 0 have variance 2/3; so 1 - 1/4.
    returns, values = torch.tensor([0.0, 2.0, 4.0, 50.0]), torch.tensor([1.0, 1.0, 4.0, 0.0])
    mask = torch.tensor([True, True, True, False])
    assert explained_variance(values, returns, mask).item() == pytest.approx(0.75)
    assert explained_variance(values, torch.ones(4), mask).item() == 0.0
