"""The losses of PPO and the KL estimators it reports. Tensors in, tensors out; a mask is True where a position counts.

Every mean is over the counted positions of what is passed in. All arithmetic is float32 or wider: pass float32.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rlhf.advantages import masked_mean
from rlhf.cpu import linear
from rlhf.losses import add_head_gradients, chunks, logit_slopes, logit_statistics

# exp(20) is 5e8: far outside any trusted ratio, and still finite when squared in float32.
MAX_LOG_RATIO = 20.0


class PolicyLoss(NamedTuple):
    """Parts of one clipped policy step, all scalars, all masked."""

    loss: Tensor
    clip_fraction: Tensor
    """Share of counted tokens whose gradient the clip removes."""
    ratio: Tensor
    """Mean probability ratio new / old."""
    mean_log_ratio: Tensor
    """Mean |log new - log old|; 0 before the first step."""
    approximate_kl: Tensor
    """Mean half squared log ratio: how far this step's policy is from the one that sampled."""
    num_counted: Tensor
    """How many positions these means are over."""


def clipped_policy_loss(
    logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, mask: Tensor, *, clip_range: float
) -> PolicyLoss:
    """Mean of max(-A ratio, -A clip(ratio, 1 - eps, 1 + eps)). arXiv 1707.06347 equation 7.

    All tensors (..., T) of one shape. Nothing counted: loss 0 with zero gradient.
    """
    log_ratio = (logprobs - old_logprobs).masked_fill(~mask, 0.0)
    ratio = log_ratio.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()
    advantages = advantages.masked_fill(~mask, 0.0)
    unclipped = -advantages * ratio
    clipped = -advantages * ratio.clamp(1.0 - clip_range, 1.0 + clip_range)
    with torch.no_grad():
        clip_fraction = masked_mean((clipped > unclipped).to(ratio.dtype), mask)
        mean_ratio = masked_mean(ratio, mask)
        mean_log_ratio = masked_mean(log_ratio.abs(), mask)
        approximate_kl = masked_mean(kl_k2(logprobs, old_logprobs), mask)
    loss = masked_mean(torch.maximum(unclipped, clipped), mask)
    return PolicyLoss(loss, clip_fraction, mean_ratio, mean_log_ratio, approximate_kl, mask.sum())


def clipped_value_loss(
    values: Tensor, old_values: Tensor, returns: Tensor, mask: Tensor, *, clip_range: float
) -> Tensor:
    """Mean of 0.5 max((V - R)^2, (clip(V, V_old - eps, V_old + eps) - R)^2) -> (); 0 when nothing counts.

    All tensors (..., T) of one shape. `clip_range` is in the unit of the reward.
    """
    values = values.masked_fill(~mask, 0.0)
    old_values = old_values.masked_fill(~mask, 0.0)
    returns = returns.masked_fill(~mask, 0.0)
    clipped = torch.maximum(torch.minimum(values, old_values + clip_range), old_values - clip_range)
    return masked_mean(0.5 * torch.maximum((values - returns) ** 2, (clipped - returns) ** 2), mask)


def kl_k1(logprobs: Tensor, ref_logprobs: Tensor) -> Tensor:
    """Per-token log(pi / pi_ref) on tokens drawn from pi: unbiased, signed; its sum is the KL of the sequence."""
    return logprobs - ref_logprobs


def kl_k2(logprobs: Tensor, ref_logprobs: Tensor) -> Tensor:
    """Per-token half squared log ratio: biased, never negative; its gradient is that of the KL."""
    return 0.5 * (logprobs - ref_logprobs) ** 2


def kl_k3(logprobs: Tensor, ref_logprobs: Tensor) -> Tensor:
    """Per-token exp(-d) - 1 + d with d = log(pi / pi_ref): unbiased, never negative, steadier than k1."""
    difference = (logprobs - ref_logprobs).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
    return torch.expm1(-difference) + difference


def token_statistics(logits: Tensor, tokens: Tensor, *, temperature: float) -> tuple[Tensor, Tensor]:
    """Log-probability of each taken token and the entropy, both (N,) float32, of softmax(logits / temperature).

    logits: (N, V) any float type, tokens: (N,). entropy = logsumexp - sum p * logit, and carries no gradient.
    """
    scaled = logits.float() / temperature
    normalizer = torch.logsumexp(scaled, dim=-1)
    logprobs = scaled.gather(-1, tokens[:, None]).squeeze(-1) - normalizer
    with torch.no_grad():
        entropy = normalizer - (torch.softmax(scaled, dim=-1) * scaled).sum(dim=-1)
    return logprobs, entropy


def head_statistics(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, tokens: Tensor, *, temperature: float, has_entropy: bool = True
) -> tuple[Tensor, Tensor]:
    """`token_statistics` of the logits hidden @ weight.T + bias; hidden (N, D), weight (V, D), bias (V,), tokens (N,) int64.

    No (N, V) tensor exists: positions are taken in chunks, and the backward pass makes each chunk's logits again. Products run in
    the autocast dtype, the rest wider. Without has_entropy the entropy is 0 and costs nothing.
    """
    statistics: tuple[Tensor, Tensor] = _HeadStatistics.apply(hidden, weight, bias, tokens, temperature, has_entropy)  # type: ignore[no-untyped-call]
    return statistics


class _HeadStatistics(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        tokens: Tensor,
        temperature: float,
        has_entropy: bool,
    ) -> tuple[Tensor, Tensor]:
        device = hidden.device.type
        narrow = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
        ctx.wide, ctx.temperature = torch.float64 if narrow == torch.float64 else torch.float32, temperature
        ctx.dtypes = [None if tensor is None else tensor.dtype for tensor in (hidden, weight, bias)]
        saved = hidden.to(narrow), weight.to(narrow), None if bias is None else bias.to(narrow)
        logprobs, entropy, normalizer = (
            torch.zeros(len(tokens), dtype=ctx.wide, device=hidden.device) for _ in range(3)
        )
        with torch.autocast(device, enabled=False):
            for chunk in chunks(len(tokens), weight.shape[0]):
                logits = _logits(saved, chunk)
                found = logit_statistics(logits, tokens[chunk], temperature, ctx.wide, has_entropy=has_entropy)
                logprobs[chunk], entropy[chunk], normalizer[chunk] = found
        ctx.save_for_backward(*saved, tokens, normalizer)
        ctx.mark_non_differentiable(entropy)
        return logprobs, entropy

    @staticmethod
    def backward(ctx: Any, slope: Tensor, _: Tensor) -> Any:  # type: ignore[override]
        *saved, tokens, normalizer = ctx.saved_tensors
        gradients = [
            torch.zeros(tensor.shape, dtype=ctx.wide, device=tensor.device) if tensor is not None and needed else None
            for tensor, needed in zip(saved, ctx.needs_input_grad, strict=False)
        ]
        with torch.autocast(slope.device.type, enabled=False):
            for chunk in chunks(len(tokens), saved[1].shape[0]):
                of_rows = tokens[chunk], normalizer[chunk], slope[chunk], ctx.temperature, ctx.wide
                slopes = logit_slopes(_logits(saved, chunk), *of_rows)
                add_head_gradients(gradients, slopes, saved[0][chunk], saved[1], chunk.start)
        passed = zip(gradients, ctx.dtypes, strict=True)
        return *(None if gradient is None else gradient.to(dtype) for gradient, dtype in passed), None, None, None


def _logits(saved: Sequence[Tensor | None], chunk: slice) -> Tensor:
    hidden, weight, bias = saved
    assert hidden is not None
    assert weight is not None
    return linear(hidden[chunk], weight, bias)
