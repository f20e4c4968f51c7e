"""The generation engine: prompts in, sampled completions out, for rollouts, for completions to be ranked and for chat.

Rows sit in the slots of a preallocated key-value cache and are decoded one token a step; finished rows leave the batch and waiting
requests take their place. A prompt is prefilled once for all its completions: everything but its last token goes into the cache,
the last one opens the row's first step. Every row has its own temperature, top-p and seed, and in float32 gives the same text
alone and in any batch. The engine knows token ids only: records and text are the business of generate.py.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rlhf.graphs import is_recorded, take_graphs
from rlhf.lanes import num_lanes, one_thread, side_by_side
from rlhf.models import num_parameters
from rlhf.slots import Slots
from rlhf.types import InputError

# Moving rows costs time, so finished rows leave together once they are this share of the batch.
LEAVING_SHARE = 1 / 8
# On a GPU, reading which rows have finished makes the host wait for it.
STEPS_BETWEEN_LOOKS = {"cpu": 1, "cuda": 8}
PREFILL_TOKENS = 2048
"""Prompt tokens of one forward pass, padding included; bounds memory and, rows being sorted, the padding."""


LANE_ROWS = 16
"""Fewer rows do not pay for a lane of their own: each reads all weights at every step."""


SMALL_STEP = 6e8
"""Rows x parameters of a step below which one CPU thread is faster than any way to share the work (measured on two cores)."""


class Request(NamedTuple):
    """One row to complete. `prompt` is token ids, generation prompt included."""

    prompt: list[int]
    temperature: float
    """0 is greedy."""
    top_p: float
    seed: int


class Step(NamedTuple):
    """The tokens of one step, one entry per row of the batch (R of them). On a GPU it holds until the next step."""

    rows: Tensor
    """(R,) positions in the list of requests."""
    is_open: Tensor
    """(R,) bool, True = the row had not ended before; what the other fields say of a row that had means nothing."""
    tokens: Tensor
    """(R,) drawn token ids."""
    logprobs: Tensor
    """(R,) log-probability at the sampling temperature, before top-p."""
    probabilities: Tensor
    """(R,) chance with which the token was drawn, after temperature and top-p."""
    logits: Tensor
    """(R, V) of the raw model, in its type; in float32 on a GPU."""


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
    """Requests under way, at most `max_rows` at a time (all of them by default). Call `step()` while `is_open`.

    The caller holds torch.no_grad() and any autocast around the whole of it.
    """

    def __init__(
        self,
        model: Any,
        requests: Sequence[Request],
        *,
        max_new_tokens: int,
        eos_token_id: int,
        pad_token_id: int,
        max_rows: int = 0,
    ) -> None:
        check_requests(model, requests, max_new_tokens)
        self.model, self.requests, self.device = model, requests, model.device
        self.max_new_tokens, self.eos_token_id, self.pad_token_id = max_new_tokens, eos_token_id, pad_token_id
        self.num_slots = min(max_rows or len(requests), len(requests))
        self.capacity = max(len(request.prompt) for request in requests) + max_new_tokens
        self.is_any_greedy = any(request.temperature == 0 for request in requests)
        self.is_any_cut = any(request.top_p < 1 for request in requests)
        self.spans: list[int] = []
        """Of each row in the batch: where its last token would stand at step 0, from which its position at any step follows."""
        self.graphs = take_graphs(model, self, self.num_slots, self.capacity) if is_recorded(self.device) else None
        self.slots = self.graphs.slots if self.graphs else Slots(model, self.num_slots, self.capacity)
        self.slots.begin(eos_token_id=eos_token_id, max_new_tokens=max_new_tokens)
        # Of each request, once its row has left.
        shape = (len(requests), max_new_tokens)
        self.tokens = torch.full(shape, pad_token_id, device=self.device)
        self.logprobs = torch.zeros(shape, device=self.device)
        self.counts = torch.zeros(len(requests), dtype=torch.int64, device=self.device)
        self.num_steps = 0
        self.waiting = deque(range(len(requests)))
        self.rows = torch.zeros(0, dtype=torch.int64, device=self.device)
        """Of each row in the batch: its request."""
        self._admit()

    @property
    def is_open(self) -> bool:
        return len(self.spans) > 0

    def step(self) -> Step:
        """Read one token of every row, draw the next, close the rows that ended and let waiting requests in."""
        # A row that has ended but not left counts on past its last position; no row is ever behind the cache's end.
        width = min(max(self.spans) + self.num_steps + 1, self.capacity)
        draw = self.graphs.step if self.graphs else self.slots.step
        drawn = draw(self.model, len(self.spans), width, is_any_greedy=self.is_any_greedy, is_any_cut=self.is_any_cut)
        step = Step(self.rows, *drawn)
        self.num_steps += 1
        if self.num_steps % STEPS_BETWEEN_LOOKS.get(self.device.type, 1) == 0:
            self._let_go()
        return step

    def completions(self) -> Completions:
        """What has been drawn so far, in the order of the requests."""
        self._collect()
        width = int(self.counts.max())
        mask = torch.arange(width, device=self.device) < self.counts[:, None]
        tokens = self.tokens[:, :width].masked_fill(~mask, self.pad_token_id)
        has_eos = (mask & (tokens == self.eos_token_id)).any(dim=1)
        return Completions(tokens, mask, self.logprobs[:, :width].masked_fill(~mask, 0.0), has_eos)

    def _collect(self) -> None:
        """Take over what the rows in the batch have drawn."""
        drawn = self.slots.drawn_so_far(len(self.spans), self.max_new_tokens)
        self.tokens[self.rows], self.logprobs[self.rows], self.counts[self.rows] = drawn

    def _admit(self) -> None:
        """Give the free slots to waiting requests, prefilling each distinct prompt among them once."""
        first, free = len(self.spans), self.num_slots - len(self.spans)
        names = [self.waiting.popleft() for _ in range(min(free, len(self.waiting)))]
        if not names:
            return
        # Rows of similar length are prefilled together, and rows of one prompt stand together.
        names.sort(key=lambda name: (len(self.requests[name].prompt), self.requests[name].prompt))
        admitted = [self.requests[name] for name in names]
        slots: dict[tuple[int, ...], int] = {}
        owners = [slots.setdefault(tuple(request.prompt), first + len(slots)) for request in admitted]
        self._prefill([list(prompt[:-1]) for prompt in slots], first)
        # Backwards, no copy overwrites a slot that a later one reads: row i's owner is never behind slot first + i.
        copies = [(owner, first + place) for place, owner in enumerate(owners) if owner != first + place]
        for source, target in reversed(copies):
            self.slots.cache.copy_slot(source, target, len(admitted[target - first].prompt))
        self.slots.admit(
            first,
            [(request.prompt[-1], len(request.prompt) - 1, request.seed) for request in admitted],
            [(request.temperature, request.top_p) for request in admitted],
        )
        self.rows = torch.cat([self.rows, self._on_device(names)])
        self.spans += [len(request.prompt) - 1 - self.num_steps for request in admitted]

    def _prefill(self, prompts: list[list[int]], first_slot: int) -> None:
        """Run prompts, sorted by length, through the model into consecutive slots; an empty one needs nothing."""
        start = 0
        while start < len(prompts):
            end = start + 1
            while end < len(prompts) and (end + 1 - start) * len(prompts[end]) <= PREFILL_TOKENS:
                end += 1
            group = prompts[start:end]
            width = len(group[-1])
            if width > 0:
                ids = [prompt + [self.pad_token_id] * (width - len(prompt)) for prompt in group]
                self.slots.cache.expect_prompts(first_slot + start)
                with self.graphs.casts.in_place() if self.graphs else nullcontext():
                    self.model.base_model(
                        input_ids=self._on_device(ids), past_key_values=self.slots.cache, use_cache=True
                    )
            start = end

    def _let_go(self) -> None:
        """Look which rows have ended; once they are enough, the last rows move into their slots and new ones are let in."""
        is_open = self.slots.is_open[: len(self.spans)].tolist()
        num_open = sum(is_open)
        num_ended = len(is_open) - num_open
        if num_ended == 0 or (num_open > 0 and num_ended < LEAVING_SHARE * len(is_open)):
            return
        self._collect()
        holes = [place for place in range(num_open) if not is_open[place]]
        movers = [place for place in range(num_open, len(is_open)) if is_open[place]]
        self.slots.move(movers, holes, [self.spans[mover] + self.num_steps for mover in movers])
        self.slots.vacate(num_open)
        order = list(range(num_open))
        for hole, mover in zip(holes, movers, strict=True):
            order[hole] = mover
        self.rows = self.rows[self._on_device(order)]
        self.spans = [self.spans[place] for place in order]
        self._admit()

    def _on_device(self, numbers: Any) -> Tensor:
        return torch.tensor(numbers, dtype=torch.int64, device=self.device)


@torch.no_grad()
def generate(
    model: Any,
    requests: Sequence[Request],
    *,
    max_new_tokens: int,
    eos_token_id: int,
    pad_token_id: int,
    dtype: str = "float32",
    max_rows: int = 0,
) -> Completions:
    """Complete all requests, at most max_rows side by side (0: all). `dtype` "bfloat16" runs the model under autocast."""
    check_requests(model, requests, max_new_tokens)
    max_rows = min(max_rows or len(requests), len(requests))
    is_small = is_small_step(model, max_rows)

    def complete(lane: list[int]) -> Completions:
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
            decoding = Decoding(
                model,
                [requests[row] for row in lane],
                max_new_tokens=max_new_tokens,
                eos_token_id=eos_token_id,
                pad_token_id=pad_token_id,
                max_rows=-(-max_rows * len(lane) // len(requests)),
            )
            while decoding.is_open:
                decoding.step()
        return decoding.completions()

    with one_thread() if is_small else nullcontext():
        lanes = _lanes(requests, max(1, min(num_lanes(model.device), max_rows // LANE_ROWS)))
        parts = side_by_side([partial(complete, lane) for lane in lanes], model.device)
    return join_completions(lanes, parts, pad_token_id)


def is_small_step(model: Any, num_rows: int) -> bool:
    """True where one thread decodes so many rows faster than several."""
    return bool(model.device.type == "cpu" and num_rows * num_parameters(model) < SMALL_STEP)


def join_completions(places: Sequence[Sequence[int]], parts: Sequence[Completions], pad_token_id: int) -> Completions:
    """One batch from several; row i of parts[p] goes to row places[p][i]."""
    if len(parts) == 1:
        return parts[0]
    shape = sum(len(part.tokens) for part in parts), max(part.tokens.shape[1] for part in parts)
    first = parts[0]
    together = Completions(
        first.tokens.new_full(shape, pad_token_id),
        first.mask.new_zeros(shape),
        first.logprobs.new_zeros(shape),
        first.has_eos.new_zeros(shape[0]),
    )
    for rows, part in zip(places, parts, strict=True):
        for whole, field in zip(together, part, strict=True):
            view = whole[:, : field.shape[1]] if field.ndim > 1 else whole
            view[rows] = field
    return together


def _lanes(requests: Sequence[Request], count: int) -> list[list[int]]:
    """The requests' places dealt to `count` lanes, about as many to each, and the completions of one prompt together."""
    if count == 1:
        return [list(range(len(requests)))]
    by_prompt: dict[tuple[int, ...], list[int]] = {}
    for place, request in enumerate(requests):
        by_prompt.setdefault(tuple(request.prompt), []).append(place)
    lanes: list[list[int]] = [[] for _ in range(count)]
    for prompt in sorted(by_prompt, key=lambda prompt: (-len(by_prompt[prompt]), len(prompt))):
        min(lanes, key=len).extend(by_prompt[prompt])
    return [lane for lane in lanes if lane]


def check_requests(model: Any, requests: Sequence[Request], max_new_tokens: int) -> None:
    """Fails where a request asks for what no engine can give."""
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
