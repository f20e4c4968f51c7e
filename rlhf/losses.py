"""Objectives: tensors in, a scalar out, one function each. Knows nothing of models, tokens' meaning, devices or configuration.

Shapes: N chosen positions or scores, V vocabulary, P pairs. Sums run in float32 or wider. A mean over nothing is 0, so a batch
without anything to learn gives no gradient rather than NaN. PPO's objectives are in ppo_losses.py.
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
    weight: Tensor  # (P,) float64, the ranking's weight / its number of untied pairs
    margin: Tensor  # (P,) float64


def ranking_pairs(
    rankings: list[list[int]], *, weights: list[float] | None = None, margins: list[float] | None = None
) -> Pairs:
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
    indices = (torch.tensor(places, dtype=torch.int64) for places in (chosen, rejected))
    return Pairs(*indices, *(torch.tensor(values, dtype=torch.float64) for values in (weight, margin)))


def ranking_loss(scores: Tensor, pairs: Pairs) -> Tensor:
    """Mean over rankings of the mean over their untied pairs of -log sigmoid(r_chosen - r_rejected - margin); scores (N,).

    InstructGPT (2203.02155) section 3.5 equation 1, ties left out; margin as in Llama 2 (2307.09288) section 3.2.2.
    The mean is weighted by each ranking's weight; with no untied pair the loss is 0.
    """
    differences = scores[pairs.chosen] - scores[pairs.rejected] - pairs.margin.to(scores)
    weight = pairs.weight.to(scores)
    return -(weight * F.logsigmoid(differences)).sum() / weight.sum().clamp_min(torch.finfo(scores.dtype).tiny)


def next_token_loss(logits: Tensor, targets: Tensor, *, normaliser: float | Tensor | None = None) -> Tensor:
    """Sum of -log p(target) over N positions divided by `normaliser` (default N); logits (N, V), targets (N,) int64.

    Gradient accumulation passes the number of tokens of the whole batch, so that splitting a batch changes nothing.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    total = F.cross_entropy(logits, targets, reduction="sum")
    return total / (max(targets.numel(), 1) if normaliser is None else normaliser)
