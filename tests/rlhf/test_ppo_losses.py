"""Clipped losses and KL estimators against hand-computed numbers and a slow loop."""

import math

import pytest
import torch

from rlhf.ppo_losses import clipped_policy_loss, clipped_value_loss, kl_k1, kl_k2, kl_k3, token_statistics


def case(seed: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    first, second, third, fourth = torch.randn(4, 4, 6, generator=generator, dtype=torch.float64) * 0.5
    return first, second, third, fourth, torch.rand(4, 6, generator=generator) < 0.6


def test_policy_loss_by_hand():
    # ratios 1.5, 0.5, 1 with advantages 2, -1, 3 and clip 0.2:
    # max(-3, -2.4) = -2.4 (clipped); max(0.5, 0.8) = 0.8 (clipped); -3. Mean -4.6/3, clip fraction 2/3.
    new = torch.tensor([[math.log(1.5), math.log(0.5), 0.0, 5.0]])
    mask = torch.tensor([[True, True, True, False]])
    found = clipped_policy_loss(new, torch.zeros(1, 4), torch.tensor([[2.0, -1.0, 3.0, 9.0]]), mask, clip_range=0.2)
    assert found.loss.item() == pytest.approx(-4.6 / 3)
    assert found.clip_fraction.item() == pytest.approx(2 / 3)
    assert found.ratio.item() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(3))
def test_losses_equal_a_slow_loop(seed):
    new, old, advantages, returns, mask = case(seed)
    policy, value, count = 0.0, 0.0, int(mask.sum())
    for row, column in mask.nonzero().tolist():
        n, o, a, r = (float(part[row, column]) for part in (new, old, advantages, returns))
        ratio = math.exp(n - o)
        policy += max(-a * ratio, -a * min(max(ratio, 0.8), 1.2)) / count
        value += 0.5 * max((n - r) ** 2, (min(max(n, o - 0.3), o + 0.3) - r) ** 2) / count
    assert clipped_policy_loss(new, old, advantages, mask, clip_range=0.2).loss.item() == pytest.approx(policy)
    assert clipped_value_loss(new, old, returns, mask, clip_range=0.3).item() == pytest.approx(value)


def test_a_clipped_token_has_no_gradient_and_padding_never_has():
    new = torch.tensor([[0.5, 0.0, 0.0]], requires_grad=True)
    mask = torch.tensor([[True, True, False]])
    clipped_policy_loss(new, torch.zeros(1, 3), torch.ones(1, 3), mask, clip_range=0.2).loss.backward()
    assert new.grad is not None
    assert new.grad.tolist() == [[0.0, -0.5, 0.0]]


def test_value_loss_by_hand():
    # V 2, old 1, R 1, clip 0.5: max(1, 0.25) / 2 = 0.5. V 2, old 0, R 3, clip 0.5: max(1, 6.25) / 2 = 3.125.
    found = clipped_value_loss(
        torch.tensor([2.0, 2.0, 8.0]),
        torch.tensor([1.0, 0.0, 0.0]),
        torch.tensor([1.0, 3.0, 0.0]),
        torch.tensor([True, True, False]),
        clip_range=0.5,
    )
    assert found.item() == pytest.approx((0.5 + 3.125) / 2)


def test_losses_over_nothing_are_zero_with_zero_gradient():
    """Points 21 and 22."""
    new = torch.full((2, 3), float("nan"), requires_grad=True)
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    loss = clipped_policy_loss(new, torch.zeros(2, 3), torch.zeros(2, 3), nothing, clip_range=0.2).loss
    loss = loss + clipped_value_loss(new, torch.zeros(2, 3), torch.zeros(2, 3), nothing, clip_range=0.2)
    loss.backward()
    assert loss.item() == 0.0
    assert new.grad is not None
    assert not new.grad.any()


def test_padding_changes_no_loss():
    """Point 22."""
    new, old, advantages, returns, mask = case(5)
    wide = [torch.nn.functional.pad(part, (0, 4), value=3.0) for part in (new, old, advantages, returns)]
    wide_mask = torch.nn.functional.pad(mask, (0, 4))
    narrow = clipped_policy_loss(new, old, advantages, mask, clip_range=0.2)
    for one, other in zip(narrow, clipped_policy_loss(*wide[:3], wide_mask, clip_range=0.2), strict=True):
        torch.testing.assert_close(one, other)


def test_kl_estimators_by_hand():
    new, ref = torch.tensor([math.log(0.5)]), torch.tensor([math.log(0.25)])
    difference = math.log(2)
    assert kl_k1(new, ref).item() == pytest.approx(difference)
    assert kl_k2(new, ref).item() == pytest.approx(difference**2 / 2)
    assert kl_k3(new, ref).item() == pytest.approx(0.5 - 1 + difference)


def test_k1_and_k3_average_to_the_exact_kl_under_the_policy():
    generator = torch.Generator().manual_seed(0)
    log_p, log_q = torch.log_softmax(torch.randn(2, 12, generator=generator, dtype=torch.float64), dim=-1)
    exact = (log_p.exp() * (log_p - log_q)).sum()
    torch.testing.assert_close((log_p.exp() * kl_k1(log_p, log_q)).sum(), exact)
    torch.testing.assert_close((log_p.exp() * kl_k3(log_p, log_q)).sum(), exact)
    assert (kl_k3(log_p, log_q) >= 0).all()


def test_token_statistics_by_hand():
    # Two equal logits at any temperature: log 1/2, entropy log 2. Logits 0 and log 3 * 2 at temperature 2: 1/4 and 3/4.
    logits = torch.tensor([[1.0, 1.0], [0.0, 2 * math.log(3)]])
    logprobs, entropy = token_statistics(logits, torch.tensor([0, 1]), temperature=2.0)
    assert logprobs.tolist() == pytest.approx([math.log(0.5), math.log(0.75)])
    assert entropy.tolist() == pytest.approx([math.log(2), -0.75 * math.log(0.75) - 0.25 * math.log(0.25)])
