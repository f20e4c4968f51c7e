"""The generation engine: prompts in, sampled completions out, for rollouts, for completions to be ranked and for chat.

A batch is prefilled once per distinct prompt (left-padded), then decoded one token a step from a preallocated key-value cache;
finished rows leave the batch. Every row has its own temperature, top-p and seed, and in float32 gives the same text alone and
in any batch. The engine knows token ids only: records and text are the business of
generate.py.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rlhf.cache import PreallocatedCache
from rlhf.sampling import draw_tokens, row_uniforms
from rlhf.types import InputError

# Dropping finished rows copies the cache, so they leave together once they are this share of the batch.
COMPACTION_SHARE = 1 / 8


class Request(NamedTuple):
    """One row to complete. `prompt` is token ids, generation prompt included."""

    prompt: list[int]
    temperature: float
    """0 is greedy."""
    top_p: float
    seed: int


class Step(NamedTuple):
    """The tokens of one step, one entry per row still open (R of them)."""

    rows: Tensor
    """(R,) positions in the list of requests."""
    tokens: Tensor
    """(R,) drawn token ids."""
    logprobs: Tensor
    """(R,) log-probability at the sampling temperature, before top-p."""
    probabilities: Tensor
    """(R,) chance with which the token was drawn, after temperature and top-p."""
    logits: Tensor
    """(R, V) float32, of the raw model."""


class Completions(NamedTuple):
    """Completed rows, right-padded, on the model's device. T = longest completion; EOS is part of a completion."""

    tokens: Tensor
    """(B, T) int64, padding id where nothing counts."""
    mask: Tensor
    """(B, T) bool, True = a token that was drawn."""
    logprobs: Tensor
    """(B, T) float32 as the sampler saw them, 0 where nothing counts."""
    has_eos: Tensor
    """(B,) bool, False = cut off at the length limit."""


class Decoding:
    """A batch under way. Call `step()` while `is_open`; the caller holds torch.no_grad() and any autocast around both."""

    def __init__(
        self, model: Any, requests: Sequence[Request], *, max_new_tokens: int, eos_token_id: int, pad_token_id: int
    ) -> None:
        _check_requests(model, requests, max_new_tokens)
        self.model, self.eos_token_id, self.pad_token_id = model, eos_token_id, pad_token_id
        self.device = model.device
        self.steps_left = max_new_tokens
        self.num_done = 0
        self.uniforms = row_uniforms([request.seed for request in requests], max_new_tokens).to(self.device)
        self.temperature = torch.tensor([request.temperature for request in requests], device=self.device)
        self.top_p = torch.tensor([request.top_p for request in requests], device=self.device)
        self.rows = torch.arange(len(requests), device=self.device)
        self.is_row_open = torch.ones(len(requests), dtype=torch.bool, device=self.device)
        self._prefill([request.prompt for request in requests], max_new_tokens)

    @property
    def is_open(self) -> bool:
        return self.steps_left > 0

    def _prefill(self, prompts: list[list[int]], max_new_tokens: int) -> None:
        """Run each distinct prompt once, then give every row its copy of the cache."""
        distinct: dict[tuple[int, ...], int] = {}
        owners = [distinct.setdefault(tuple(prompt), len(distinct)) for prompt in prompts]
        width = max(len(prompt) for prompt in distinct)
        input_ids = torch.tensor(
            [[self.pad_token_id] * (width - len(p)) + list(p) for p in distinct], device=self.device
        )
        counts = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in distinct], device=self.device)
        self.cache = PreallocatedCache(
            num_layers=self.model.config.get_text_config().num_hidden_layers, capacity=width + max_new_tokens
        )
        positions = (counts.cumsum(dim=-1) - 1).clamp(min=0)
        logits = self._forward(input_ids, counts, positions)
        owner = torch.tensor(owners, device=self.device)
        self.logits = logits[owner]
        if owners != list(range(len(distinct))):
            self.cache.select_rows(owner)
        self.next_positions = counts.sum(dim=-1)[owner]
        filler = counts.new_ones(len(prompts), max_new_tokens)
        self.attention_mask = torch.cat([counts[owner], filler], dim=1)

    def _forward(self, input_ids: Tensor, attention_mask: Tensor, positions: Tensor) -> Tensor:
        output = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: Tensor = output.logits[:, -1].float()
        return logits

    def step(self) -> Step:
        """Draw one token for every open row, close the rows that ended, and run the model for those that go on."""
        tokens, logprobs, probabilities = draw_tokens(
            self.logits,
            self.uniforms[self.rows, self.num_done],
            temperature=self.temperature[self.rows],
            top_p=self.top_p[self.rows],
        )
        was_open = self.is_row_open
        step = Step(*(part[was_open] for part in (self.rows, tokens, logprobs, probabilities, self.logits)))
        self.num_done += 1
        self.steps_left -= 1
        self.is_row_open = was_open & (tokens != self.eos_token_id)
        num_open = int(self.is_row_open.sum())
        if num_open == 0:
            self.steps_left = 0
        if self.steps_left > 0:
            self._advance(tokens, num_open)
        return step

    def _advance(self, tokens: Tensor, num_open: int) -> None:
        num_closed = len(tokens) - num_open
        if num_closed > 0 and num_closed >= COMPACTION_SHARE * len(tokens):
            keep = self.is_row_open.nonzero().squeeze(-1)
            self.cache.select_rows(keep)
            self.rows, tokens, self.is_row_open = self.rows[keep], tokens[keep], self.is_row_open[keep]
            self.attention_mask, self.next_positions = self.attention_mask[keep], self.next_positions[keep]
        width = self.cache.get_seq_length() + 1
        self.logits = self._forward(tokens[:, None], self.attention_mask[:, :width], self.next_positions[:, None])
        self.next_positions = self.next_positions + 1


@torch.no_grad()
def generate(
    model: Any,
    requests: Sequence[Request],
    *,
    max_new_tokens: int,
    eos_token_id: int,
    pad_token_id: int,
    dtype: str = "float32",
) -> Completions:
    """Complete all requests as one batch. `dtype` "bfloat16" runs the model under autocast."""
    with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
        decoding = Decoding(
            model, requests, max_new_tokens=max_new_tokens, eos_token_id=eos_token_id, pad_token_id=pad_token_id
        )
        shape = (len(requests), max_new_tokens)
        tokens = torch.full(shape, pad_token_id, device=model.device)
        mask = torch.zeros(shape, dtype=torch.bool, device=model.device)
        logprobs = torch.zeros(shape, device=model.device)
        has_eos = torch.zeros(len(requests), dtype=torch.bool, device=model.device)
        while decoding.is_open:
            column = decoding.num_done
            step = decoding.step()
            tokens[step.rows, column] = step.tokens
            mask[step.rows, column] = True
            logprobs[step.rows, column] = step.logprobs
            has_eos[step.rows] = step.tokens == eos_token_id
    width = decoding.num_done
    return Completions(tokens[:, :width], mask[:, :width], logprobs[:, :width], has_eos)


def _check_requests(model: Any, requests: Sequence[Request], max_new_tokens: int) -> None:
    if not requests:
        raise InputError("Nothing to complete: the list of requests is empty. Pass at least one prompt.")
    if max_new_tokens < 1:
        raise InputError(f"max_new_tokens must be at least 1, not {max_new_tokens}.")
    longest = max(len(request.prompt) for request in requests)
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if min(len(request.prompt) for request in requests) == 0:
        raise InputError("A prompt has no tokens; a completion needs at least one token to start from.")
    if context is not None and longest + max_new_tokens > context:
        raise InputError(
            f"The longest prompt has {longest} tokens and max_new_tokens is {max_new_tokens}, together more than the "
            f"model's context of {context}. Shorten the prompt or lower max_new_tokens."
        )
    for request in requests:
        if request.temperature < 0 or not 0 < request.top_p <= 1:
            raise InputError(
                f"temperature must be 0 or more and top_p in (0, 1]; got {request.temperature} and {request.top_p}."
            )
