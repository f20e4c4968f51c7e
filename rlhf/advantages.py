"""Advantage estimation for PPO: masked statistics, whitening, generalized advantage estimation.

Tensors in, tensors out. Shapes: B = episodes, T = completion positions. A mask is boolean and True means "counts". Every
function ignores what stands at uncounted positions (also NaN or infinity) and returns zero there. The counted positions of a
row need not be contiguous: a hole is stepped over as if it were not there.
"""

import torch
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` over the counted positions -> (); 0 when nothing counts. Shapes of both: any, equal."""
    return values.masked_fill(~mask, 0.0).sum() / mask.sum().clamp(min=1)


def masked_sum_per_row(values: Tensor, mask: Tensor) -> Tensor:
    """(B, T) values, (B, T) mask -> (B,) sum of each row's counted positions; 0 for a row in which nothing counts."""
    return values.masked_fill(~mask, 0.0).sum(dim=-1)


def whiten(values: Tensor, mask: Tensor, *, center: bool, epsilon: float = 1e-8) -> Tensor:
    """Scale to unit variance over all counted positions together (one mean and one biased variance for the whole batch).

    values, mask: (B, T) -> (B, T), zero where nothing counts. `center=True` gives zero mean; `center=False` keeps the mean
    that was there, which is the form for rewards. arXiv 2403.17031, details 24 and 25. Nothing counted: all zeros.
    """
    mean = masked_mean(values, mask)
    variance = masked_mean((values - mean) ** 2, mask)
    whitened = (values - mean) * torch.rsqrt(variance + epsilon)
    if not center:
        whitened = whitened + mean
    return whitened.masked_fill(~mask, 0.0)


def mean_less_spread(members: Tensor, *, penalty: float) -> tuple[Tensor, Tensor]:
    """(M, B) scores by M models -> (B,) their mean less penalty x deviation, and (B,) that deviation (over M: one model has none).

    arXiv 2310.02743 section 3 takes off a multiple of the variance; a deviation has the unit of the scores.
    """
    spread = members.std(dim=0, correction=0)
    return members.mean(dim=0) - penalty * spread, spread


def token_rewards(scores: Tensor, kl: Tensor, mask: Tensor, *, kl_coefficient: float) -> Tensor:
    """Per-token reward -coefficient * kl_t, plus the episode's score on its last counted token (the EOS action).

    scores: (B,), kl: (B, T) the signed k1 estimate, mask: (B, T) -> (B, T). arXiv 2203.02155 section 3.5. A row in which
    nothing counts has no last token: its score is not paid.
    """
    rewards = (-kl_coefficient * kl).masked_fill(~mask, 0.0)
    positions = torch.arange(mask.shape[1], device=mask.device)
    last = (positions * mask).amax(dim=1)
    paid = torch.where(mask.any(dim=1), scores, torch.zeros_like(scores))
    return rewards.scatter_add(1, last[:, None], paid[:, None].to(rewards.dtype))


def generalized_advantages(
    rewards: Tensor, values: Tensor, mask: Tensor, *, gamma: float, gae_lambda: float
) -> tuple[Tensor, Tensor]:
    """GAE over the counted tokens: delta_t = r_t + gamma V_{t+1} - V_t, A_t = delta_t + gamma lambda A_{t+1}.

    rewards, values, mask: (B, T) -> (advantages, returns), both (B, T) float32 and zero where nothing counts. The value after
    the last counted token is 0 (the episode has ended), whatever stands in the padding. returns = advantages + values,
    before any whitening. arXiv 1506.02438 equation 16.
    """
    rewards = rewards.float().masked_fill(~mask, 0.0)
    values = values.float().masked_fill(~mask, 0.0)
    advantages = torch.zeros_like(values)
    next_value = torch.zeros_like(values[:, 0])
    next_advantage = torch.zeros_like(next_value)
    for position in range(values.shape[1] - 1, -1, -1):
        counts = mask[:, position]
        delta = rewards[:, position] + gamma * next_value - values[:, position]
        advantage = delta + gamma * gae_lambda * next_advantage
        advantages[:, position] = torch.where(counts, advantage, 0.0)
        next_advantage = torch.where(counts, advantage, next_advantage)
        next_value = torch.where(counts, values[:, position], next_value)
    return advantages, advantages + values


def explained_variance(values: Tensor, returns: Tensor, mask: Tensor) -> Tensor:
    """1 - Var(returns - values) / Var(returns) over the counted positions -> (); 0 when the returns do not vary."""
    error = returns - values
    residual = masked_mean((error - masked_mean(error, mask)) ** 2, mask)
    total = masked_mean((returns - masked_mean(returns, mask)) ** 2, mask)
    return torch.where(total > 0, 1.0 - residual / total.clamp(min=1e-12), torch.zeros_like(total))
