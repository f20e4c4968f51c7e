"""Drawing tokens from logits, row by row reproducible.

Each row owns a seed, and its uniforms depend on nothing else: neither on the batch around it nor on the device. A token is
drawn by inverting the cumulative distribution at one uniform. Rounding differences between batch shapes (about 1e-6 in
float32) change a token only if the uniform falls within them.
"""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def derived_seed(*parts: int | str) -> int:
    """A 63-bit seed from any parts, the same on every machine: derived_seed(1, "prompt-7", 0)."""
    digest = hashlib.blake2b("\x1f".join(f"{type(part).__name__}:{part}" for part in parts).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1


def row_uniforms(seeds: Sequence[int], num_steps: int) -> Tensor:
    """One uniform in [0, 1) per row and step -> (rows, num_steps) float32 on the CPU."""
    generator = torch.Generator()
    return torch.stack([torch.rand(num_steps, generator=generator.manual_seed(seed)) for seed in seeds])


def draw_tokens(
    logits: Tensor, uniforms: Tensor, *, temperature: Tensor, top_p: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw one token a row.

    logits: (R, V); uniforms, temperature, top_p: (R,) -> (tokens (R,) int64, logprobs (R,) float32, probabilities (R,)).
    `logprobs` is the log-probability under softmax(logits / temperature) over the whole vocabulary (temperature 1 for a greedy
    row), the one a trainer can recompute. `probabilities` is the chance with which this token was really drawn: after
    temperature and top-p, 1 for a greedy row. Temperature 0 is greedy; ties go to the lowest token id.
    """
    is_greedy = temperature == 0
    scaled = logits.float() / torch.where(is_greedy, 1.0, temperature)[:, None]
    log_distribution = torch.log_softmax(scaled, dim=-1)
    nucleus = _nucleus(log_distribution.exp(), top_p)
    cumulative = nucleus.cumsum(dim=-1)
    total = cumulative[:, -1]
    # Below the total even after rounding, so the token found always carries probability.
    threshold = torch.minimum(uniforms * total, torch.nextafter(total, torch.zeros_like(total)))
    tokens = torch.searchsorted(cumulative, threshold[:, None], right=True).squeeze(-1)
    tokens = torch.where(is_greedy, scaled.argmax(dim=-1), tokens)
    drawn = nucleus.gather(-1, tokens[:, None]).squeeze(-1) / total
    return tokens, log_distribution.gather(-1, tokens[:, None]).squeeze(-1), torch.where(is_greedy, 1.0, drawn)


def _nucleus(distribution: Tensor, top_p: Tensor) -> Tensor:
    """Zero all but the smallest set of likeliest tokens whose probability reaches top_p; (R, V) -> (R, V), not rescaled."""
    if bool((top_p >= 1.0).all()):
        return distribution
    ordered, order = distribution.sort(dim=-1, descending=True, stable=True)
    is_outside = ordered.cumsum(dim=-1) - ordered >= top_p[:, None]
    is_outside[:, 0] = False
    is_outside &= (top_p < 1.0)[:, None]
    return distribution.masked_fill(torch.zeros_like(is_outside).scatter(-1, order, is_outside), 0.0)
