"""Objectives: tensors in, a scalar out, one function each. Knows nothing of models, tokens' meaning, devices or configuration.

Shapes: N chosen positions or scores, V vocabulary, P pairs. Sums run in float32 or wider. A mean over nothing is 0, so a batch
without anything to learn gives no gradient rather than NaN. PPO's objectives are in ppo_losses.py.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from rlhf import native
from rlhf.cpu import linear

CHUNK_LOGITS = 2**21
"""Logits that exist at one time (8 MB in float32), but never fewer than MIN_CHUNK_ROWS positions."""
MIN_CHUNK_ROWS = 128


class Pairs(NamedTuple):
    """The pairs of several rankings, over one flat list of scores. A tied pair stands in both directions, or not at all.

    Example: ranks [1, 1, 2] of one ranking -> chosen [0, 1], rejected [2, 2], weight [0.5, 0.5], is_tied [False, False]
    """

    chosen: Tensor  # (P,) int64, index of the better completion
    rejected: Tensor  # (P,) int64, index of the worse one
    weight: Tensor  # (P,) float64, the pair's share of its ranking's weight
    margin: Tensor  # (P,) float64
    is_tied: Tensor  # (P,) bool


def ranking_pairs(
    rankings: list[list[int]],
    *,
    weights: list[float] | None = None,
    margins: list[float] | None = None,
    tie_weight: float = 0.0,
) -> Pairs:
    """All pairs of each ranking; completions are numbered through, ranking after ranking.

    A tied pair weighs tie_weight of an untied one, half of it in each direction; at 0 ties form no pair.
    """
    ends: list[tuple[int, int]] = []
    weight: list[float] = []
    margin: list[float] = []
    is_tied: list[bool] = []
    start = 0
    for place, ranks in enumerate(rankings):
        untied = [(i, j) for i, a in enumerate(ranks) for j, b in enumerate(ranks) if a < b]
        tied = (
            [(i, j) for i, a in enumerate(ranks) for j, b in enumerate(ranks) if a == b and i != j]
            if tie_weight
            else []
        )
        shares = [1.0] * len(untied) + [tie_weight / 2] * len(tied)
        ends += [(start + i, start + j) for i, j in untied + tied]
        weight += [(weights[place] if weights else 1.0) * share / sum(shares) for share in shares]
        margin += [margins[place] if margins else 0.0] * len(untied) + [0.0] * len(tied)
        is_tied += [False] * len(untied) + [True] * len(tied)
        start += len(ranks)
    chosen, rejected = torch.tensor(ends, dtype=torch.int64).view(-1, 2).T
    return Pairs(
        chosen,
        rejected,
        weight=torch.tensor(weight, dtype=torch.float64),
        margin=torch.tensor(margin, dtype=torch.float64),
        is_tied=torch.tensor(is_tied, dtype=torch.bool),
    )


def ranking_loss(scores: Tensor, pairs: Pairs) -> Tensor:
    """Mean over rankings of the mean over their pairs of -log sigmoid(r_chosen - r_rejected - margin); scores (N,).

    InstructGPT (2203.02155) section 3.5 equation 1; margin as in Llama 2 (2307.09288) section 3.2.2. A tied pair costs least
    at equal scores. The mean is weighted by each ranking's weight; without a pair the loss is 0.
    """
    differences = scores[pairs.chosen] - scores[pairs.rejected] - pairs.margin.to(scores)
    return -_weighted_mean(F.logsigmoid(differences), pairs)


def centering_penalty(scores: Tensor, pairs: Pairs) -> Tensor:
    """Mean of (r_chosen + r_rejected)^2, weighted as in `ranking_loss`: holds the scores near 0. arXiv 2312.09244 equation 2."""
    return _weighted_mean((scores[pairs.chosen] + scores[pairs.rejected]) ** 2, pairs)


def _weighted_mean(values: Tensor, pairs: Pairs) -> Tensor:
    weight = pairs.weight.to(values)
    return (weight * values).sum() / weight.sum().clamp_min(torch.finfo(values.dtype).tiny)


def next_token_loss(logits: Tensor, targets: Tensor, *, normaliser: float | Tensor | None = None) -> Tensor:
    """Sum of -log p(target) over N positions divided by `normaliser` (default N); logits (N, V), targets (N,) int64.

    Gradient accumulation passes the number of tokens of the whole batch, so that splitting a batch changes nothing.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    total = F.cross_entropy(logits, targets, reduction="sum")
    return total / (max(targets.numel(), 1) if normaliser is None else normaliser)


def head_loss(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
    """Sum of -log p(target) of the logits hidden @ weight.T + bias; hidden (N, D), weight (V, D), bias (V,), targets (N,) int64.

    The same number and gradients as `next_token_loss`, but no (N, V) tensor exists: positions are taken in chunks, and since a
    sum's gradient is known on the way forward, nothing is computed twice. Products run in the autocast dtype, the rest wider.
    """
    total: Tensor = _HeadLoss.apply(hidden, weight, bias, targets)  # type: ignore[no-untyped-call]
    return total


def chunks(num_rows: int, vocabulary: int) -> Iterator[slice]:
    """The rows whose logits exist at the same time."""
    size = max(MIN_CHUNK_ROWS, CHUNK_LOGITS // vocabulary)
    return (slice(start, start + size) for start in range(0, num_rows, size))


class _HeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:  # type: ignore[override]
        device = hidden.device.type
        narrow = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
        wide = torch.float64 if narrow == torch.float64 else torch.float32
        narrow_weight, narrow_bias = weight.to(narrow), None if bias is None else bias.to(narrow)
        gradients = [
            torch.zeros(tensor.shape, dtype=wide, device=tensor.device) if tensor is not None and needed else None
            for tensor, needed in zip((hidden, weight, bias), ctx.needs_input_grad, strict=False)
        ]
        total = torch.zeros((), dtype=wide, device=hidden.device)
        with torch.autocast(device, enabled=False):
            for chunk in chunks(len(targets), weight.shape[0]):
                part = hidden[chunk].to(narrow)
                logits = linear(part, narrow_weight, narrow_bias)
                logprobs, _, normalizer = logit_statistics(logits, targets[chunk], 1.0, wide, has_entropy=False)
                total -= logprobs.sum()
                if any(gradient is not None for gradient in gradients):
                    slopes = logit_slopes(logits, targets[chunk], normalizer, -torch.ones_like(logprobs), 1.0, wide)
                    add_head_gradients(gradients, slopes, part, narrow_weight, chunk.start)
        ctx.save_for_backward(*gradients)
        ctx.dtypes = [None if tensor is None else tensor.dtype for tensor in (hidden, weight, bias)]
        return total

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:  # type: ignore[override]
        scaled = zip(ctx.saved_tensors, ctx.dtypes, strict=True)
        return *(None if gradient is None else (gradient * slope).to(dtype) for gradient, dtype in scaled), None


def add_head_gradients(
    gradients: list[Tensor | None], slope: Tensor, hidden: Tensor, weight: Tensor, start: int
) -> None:
    """Adds one chunk's part; slope (n, V) is the gradient of its logits, hidden (n, D) what they were computed from."""
    of_hidden, of_weight, of_bias = gradients
    if of_hidden is not None:
        of_hidden[start : start + len(hidden)] = linear(slope, weight.t())
    if of_weight is not None:
        of_weight += linear(slope.t(), hidden.t())
    if of_bias is not None:
        of_bias += slope.sum(0, dtype=of_bias.dtype)


def logit_statistics(
    logits: Tensor, tokens: Tensor, temperature: float, wide: torch.dtype, *, has_entropy: bool
) -> tuple[Tensor, Tensor | float, Tensor]:
    """(log-probability of the tokens, entropy, log of the divisor), each (n,), of softmax(logits / temperature).

    logits (n, V), tokens (n,) int64; computed in `wide`, float32 or float64. Without has_entropy the entropy is 0.
    """
    if (found := native.token_statistics(logits, tokens, temperature)) is not None:
        return found if has_entropy else (found[0], 0.0, found[2])
    scaled = logits.to(wide) / temperature
    normalizer = torch.logsumexp(scaled, dim=-1)
    logprobs = scaled.gather(1, tokens[:, None]).squeeze(1) - normalizer
    if not has_entropy:
        return logprobs, 0.0, normalizer
    shares = (scaled - normalizer[:, None]).exp_()
    return logprobs, normalizer - shares.mul_(scaled).sum(dim=-1), normalizer


def logit_slopes(
    logits: Tensor, tokens: Tensor, normalizer: Tensor, slope: Tensor, temperature: float, wide: torch.dtype
) -> Tensor:
    """(n, V) in the type of the logits, which may be overwritten: slope times (one hot - softmax) / temperature.

    That is the gradient of sum(slope * log-probability of the tokens); normalizer and slope (n,).
    """
    if (found := native.slopes_of_logprobs(logits, tokens, normalizer, slope, temperature)) is not None:
        return found
    slopes = (logits.to(wide).div_(temperature) - normalizer[:, None]).exp_().neg_()
    slopes.scatter_add_(1, tokens[:, None], torch.ones_like(slopes[:, :1]))
    return slopes.mul_(slope[:, None] / temperature).to(logits.dtype)
