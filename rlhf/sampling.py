"""Drawing tokens from logits, row by row reproducible.

Each row owns a seed; its uniforms are a hash of seed and step, so they depend neither on the batch around it nor on the device
nor on what was drawn before. A token is drawn by inverting the cumulative distribution at one uniform. Rounding differences
between batch shapes (about 1e-6 in float32) change a token only if the uniform falls within them.
"""

import hashlib

import torch
import torch.nn.functional as F
from torch import Tensor

from rlhf import native

GOLDEN = -7046029254386353131
"""2^64 / the golden ratio, as a signed number: the step of splitmix64."""
MIXERS = ((30, -4658895280553007687), (27, -7723592293110705685), (31, 1))
"""Shift and multiplier of each round of splitmix64."""
BLOCK = 64
"""Tokens summed together before the cumulative distribution is searched."""


def derived_seed(*parts: int | str) -> int:
    """A 63-bit seed from any parts, the same on every machine: derived_seed(1, "prompt-7", 0)."""
    digest = hashlib.blake2b("\x1f".join(f"{type(part).__name__}:{part}" for part in parts).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1


def row_uniforms(seeds: Tensor, steps: Tensor) -> Tensor:
    """One uniform in [0, 1) for each row at its own step: seeds, steps (R,) int64 -> (R,) float32. A splitmix64 counter."""
    bits = _mixed(_mixed(seeds) + (steps + 1) * GOLDEN)
    return ((bits >> 40) & 0xFFFFFF).float() * 2.0**-24


def _mixed(values: Tensor) -> Tensor:
    for shift, multiplier in MIXERS:
        # The shift of a signed number repeats its sign; the mask makes it the shift of the same 64 bits without one.
        values = (values ^ ((values >> shift) & ((1 << (64 - shift)) - 1))) * multiplier
    return values


def draw_tokens(
    logits: Tensor,
    uniforms: Tensor,
    *,
    temperature: Tensor,
    top_p: Tensor | None = None,
    is_any_greedy: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw one token a row.

    logits: (R, V); uniforms, temperature, top_p: (R,) -> (tokens (R,) int64, logprobs (R,) float32, probabilities (R,)).
    `logprobs` is the log-probability under softmax(logits / temperature) over the whole vocabulary (temperature 1 for a greedy
    row), the one a trainer can recompute. `probabilities` is the chance with which this token was really drawn: after
    temperature and top-p, 1 for a greedy row. Temperature 0 is greedy; ties go to the lowest token id. top_p None means 1
    everywhere; is_any_greedy False spares the search for the likeliest token where no temperature is 0.
    """
    found = native.draw_tokens(logits, uniforms, temperature) if top_p is None else None
    if found is not None:
        tokens, logprobs = found
        return tokens, logprobs, torch.where(temperature == 0, 1.0, logprobs.exp()) if is_any_greedy else logprobs.exp()
    is_greedy = temperature == 0
    scaled = logits.float() / torch.where(is_greedy, 1.0, temperature)[:, None]
    largest = scaled.amax(dim=-1, keepdim=True)
    weights = (scaled - largest).exp_()
    total = weights.sum(dim=-1)
    kept = weights if top_p is None else _nucleus(weights / total[:, None], top_p)
    tokens = _invert(kept, uniforms)
    if is_any_greedy:
        tokens = torch.where(is_greedy, scaled.argmax(dim=-1), tokens)
    place = tokens[:, None]
    logprobs = (scaled.gather(-1, place) - largest).squeeze(-1) - total.log()
    drawn = logprobs.exp() if top_p is None else kept.gather(-1, place).squeeze(-1) / kept.sum(dim=-1)
    return tokens, logprobs, torch.where(is_greedy, 1.0, drawn)


def _invert(weights: Tensor, uniforms: Tensor) -> Tensor:
    """The first token whose cumulative weight exceeds uniform x total: weights (R, V) >= 0 -> (R,). It always has weight.

    Blocks are searched first and then the block: a cumulative sum over all of the vocabulary would cost more than the rest.
    """
    missing = -weights.shape[-1] % BLOCK
    blocks = (F.pad(weights, (0, missing)) if missing else weights).unflatten(-1, (-1, BLOCK))
    block_ends = blocks.sum(dim=-1).cumsum(dim=-1)
    block, before = _search(block_ends, uniforms * block_ends[:, -1])
    inside = blocks[torch.arange(len(block), device=block.device), block].cumsum(dim=-1)
    place, _ = _search(inside, uniforms * block_ends[:, -1] - before)
    return block * BLOCK + place


def _search(ends: Tensor, threshold: Tensor) -> tuple[Tensor, Tensor]:
    """(R,) the first place whose end exceeds the threshold, and the end of the place before it, 0 for the first."""
    # Below the total even after rounding, so the place found always carries weight.
    threshold = torch.minimum(threshold, torch.nextafter(ends[:, -1], torch.zeros_like(threshold)))
    place = torch.searchsorted(ends, threshold[:, None], right=True)
    before = torch.where(place > 0, ends.gather(-1, (place - 1).clamp(min=0)), 0.0)
    return place.squeeze(-1), before.squeeze(-1)


def _nucleus(distribution: Tensor, top_p: Tensor) -> Tensor:
    """Zero all but the smallest set of likeliest tokens whose probability reaches top_p; (R, V) -> (R, V), not rescaled."""
    ordered, order = distribution.sort(dim=-1, descending=True, stable=True)
    is_outside = ordered.cumsum(dim=-1) - ordered >= top_p[:, None]
    is_outside[:, 0] = False
    is_outside &= (top_p < 1.0)[:, None]
    return distribution.masked_fill(torch.zeros_like(is_outside).scatter(-1, order, is_outside), 0.0)
