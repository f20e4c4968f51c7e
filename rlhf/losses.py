"""Objectives: tensors in, a scalar out, one function each. Knows nothing of models, tokens' meaning, devices or configuration.

Shapes: B rows, T tokens, N chosen positions, V vocabulary, P pairs. Sums run in float32 or wider. A mask is True where a token
counts; a mean over an empty mask is 0, so a batch without anything to learn gives no gradient rather than NaN.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Pairs(NamedTuple):
    """The untied pairs of several rankings, over one flat list of scores.

    Example: ranks [1, 1, 2] of one ranking -> chosen [0, 1], rejected [2, 2], weight [0.5, 0.5]
    """

    chosen: Tensor  # (P,) int64, index of the better completion
    rejected: Tensor  # (P,) int64, index of the worse one
    weight: Tensor  # (P,) float32, the ranking's weight / its number of untied pairs
    margin: Tensor  # (P,) float32


def ranking_pairs(rankings: list[list[int]], *, weights: list[float] | None = None, margins: list[float] | None = None) -> Pairs:
    """All untied pairs of each ranking; completions are numbered through, ranking after ranking. Ties form no pair."""
    chosen: list[int] = []
    rejected: list[int] = []
    weight: list[float] = []
    margin: list[float] = []
    start = 0
    for place, ranks in enumerate(rankings):
        pairs = [(i, j) for i, a in enumerate(ranks) for j, b in enumerate(ranks) if a < b]
        chosen += [start + i for i, _ in pairs]
        rejected += [start + j for _, j in pairs]
        weight += [(weights[place] if weights else 1.0) / len(pairs)] * len(pairs) if pairs else []
        margin += [margins[place] if margins else 0.0] * len(pairs)
        start += len(ranks)
    return Pairs(torch.tensor(chosen).long(), torch.tensor(rejected).long(), torch.tensor(weight), torch.tensor(margin))


def ranking_loss(scores: Tensor, pairs: Pairs) -> Tensor:
    """Mean over rankings of the mean over their untied pairs of -log sigmoid(r_chosen - r_rejected - margin); scores (N,).

    InstructGPT (2203.02155) section 3.5 equation 1, ties left out; margin as in Llama 2 (2307.09288) section 3.2.2.
    The mean is weighted by each ranking's weight; with no untied pair the loss is 0.
    """
    differences = scores[pairs.chosen] - scores[pairs.rejected] - pairs.margin.to(scores)
    weight = pairs.weight.to(scores)
    return -(weight * F.logsigmoid(differences)).sum() / weight.sum().clamp_min(torch.finfo(scores.dtype).tiny)


def token_logprobs(logits: Tensor, targets: Tensor, *, temperature: float = 1.0) -> Tensor:
    """log softmax(logits / temperature) at the targets, at least float32; logits (..., V), targets (...) int64 -> (...)."""
    logits = logits if logits.dtype == torch.float64 else logits.float()
    if temperature != 1.0:
        logits = logits / temperature
    flat = -F.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none")
    return flat.view(targets.shape)


def next_token_loss(logits: Tensor, targets: Tensor, *, normaliser: float | Tensor | None = None) -> Tensor:
    """Sum of -log p(target) over N positions divided by `normaliser` (default N); logits (N, V), targets (N,) int64.

    Gradient accumulation passes the number of tokens of the whole batch, so that splitting a batch changes nothing.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    total = F.cross_entropy(logits, targets, reduction="sum")
    return total / (max(targets.numel(), 1) if normaliser is None else normaliser)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of values where the mask (same shape, bool) is True; 0 if it is nowhere True."""
    return torch.where(mask, values, torch.zeros_like(values)).sum() / mask.sum().clamp_min(1)


def policy_loss(logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, completion_mask: Tensor, *, clip_range: float) -> Tensor:
    """Mean of max(-A ratio, -A clip(ratio, 1 - c, 1 + c)) over counted tokens; all (B, T). PPO (1707.06347) equation 7."""
    ratio = log_ratio(logprobs, old_logprobs, completion_mask).exp()
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
    return masked_mean(torch.maximum(-advantages * ratio, -advantages * clipped), completion_mask)


def clip_fraction(logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, completion_mask: Tensor, *, clip_range: float) -> Tensor:
    """Share of counted tokens on which the clipped branch of `policy_loss` is the larger one."""
    ratio = log_ratio(logprobs, old_logprobs, completion_mask).exp()
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
    return masked_mean((-advantages * clipped > -advantages * ratio).float(), completion_mask)


def log_ratio(logprobs: Tensor, old_logprobs: Tensor, completion_mask: Tensor) -> Tensor:
    """logprobs - old_logprobs where counted and 0 elsewhere, held within 20 so that exp cannot overflow; (B, T)."""
    difference = torch.where(completion_mask, logprobs - old_logprobs, torch.zeros_like(logprobs))
    return difference.clamp(-20.0, 20.0)


def value_loss(values: Tensor, old_values: Tensor, returns: Tensor, completion_mask: Tensor, *, clip_range: float) -> Tensor:
    """Half the mean of max((V - R)^2, (clip(V, V_old - c, V_old + c) - R)^2) over counted tokens; all (B, T)."""
    clipped = torch.clamp(values, old_values - clip_range, old_values + clip_range)
    return 0.5 * masked_mean(torch.maximum((values - returns) ** 2, (clipped - returns) ** 2), completion_mask)
