"""The rows under way, by the slot of the cache that holds each, and the step that reads one token of every row and draws the next.

Whatever a step reads or writes lies in tensors that stay where they are, its shapes follow from `num_rows` and `width` alone, and it
asks nothing of the host. So it may run on more rows and columns than are needed, the surplus changing nothing, and on a GPU it can be
recorded once and replayed (graphs.py).
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from rlhf.cache import SlotCache, decoding_masks
from rlhf.sampling import draw_tokens, row_uniforms


class Drawn(NamedTuple):
    """What one step drew, by slot; the fields are those of decoding.Step."""

    is_open: Tensor
    tokens: Tensor
    logprobs: Tensor
    probabilities: Tensor
    logits: Tensor


class Slots:
    """Keys, values and state of up to `num_slots` rows of up to `capacity` positions. The rows in use are the first."""

    def __init__(self, model: Any, num_slots: int, capacity: int) -> None:
        self.num_slots, self.capacity, self.device = num_slots, capacity, model.device
        num_layers = model.config.get_text_config().num_hidden_layers
        self.cache = SlotCache(num_layers=num_layers, num_slots=num_slots, capacity=capacity, device=self.device)
        # Of each row: its seed, the token to read next and where that stands, where the prompt's last token stands.
        self.seeds, self.next_tokens, self.positions, self.starts = (
            torch.zeros(num_slots, dtype=torch.int64, device=self.device) for _ in range(4)
        )
        self.temperature, self.top_p = (torch.ones(num_slots, device=self.device) for _ in range(2))
        self.is_open = torch.zeros(num_slots, dtype=torch.bool, device=self.device)
        # What was drawn, at the position at which it stands. The last column is written by rows that have ended at the limit.
        self.tokens = torch.zeros(num_slots, capacity + 1, dtype=torch.int64, device=self.device)
        self.logprobs = torch.zeros(num_slots, capacity + 1, device=self.device)
        self.eos_token_id, self.limit = (torch.zeros((), dtype=torch.int64, device=self.device) for _ in range(2))

    def begin(self, *, eos_token_id: int, max_new_tokens: int) -> None:
        """Empty all slots, for rows that end with this token or after so many."""
        for layer in self.cache.own_layers:  # what is masked still enters products: nothing undefined may be left there
            if layer.keys is not None and layer.values is not None:
                layer.keys.zero_()
                layer.values.zero_()
        self.vacate(0)
        self.eos_token_id.fill_(eos_token_id)
        self.limit.fill_(max_new_tokens)

    def admit(self, first: int, rows: list[tuple[int, int, int]], sampling: list[tuple[float, float]]) -> None:
        """Rows from slot `first` on: (last token of the prompt, its position, seed) and (temperature, top_p) of each.

        The cache holds what stands before that token.
        """
        place = slice(first, first + len(rows))
        self.next_tokens[place], self.starts[place], self.seeds[place] = torch.tensor(rows, device=self.device).T
        self.temperature[place], self.top_p[place] = torch.tensor(sampling, device=self.device).T
        self.positions[place] = self.starts[place]
        self.is_open[place] = True

    def move(self, sources: list[int], targets: list[int], widths: list[int]) -> None:
        """Each slot of `targets` becomes what that of `sources` is; of the cache, as many positions as `widths` says."""
        if not sources:
            return
        for source, target, width in zip(sources, targets, widths, strict=True):
            self.cache.copy_slot(source, target, width)
        old, new = torch.tensor([sources, targets], device=self.device)
        for state in (self.seeds, self.next_tokens, self.positions, self.starts, self.temperature, self.top_p,
                      self.is_open, self.tokens, self.logprobs):  # fmt: skip
            state[new] = state[old]

    def vacate(self, first: int) -> None:
        """No rows from slot `first` on. Position 0 is one that every layer may see, so that nothing undefined enters the cache."""
        self.is_open[first:] = False
        self.positions[first:] = 0
        self.starts[first:] = 0

    def drawn_so_far(self, num_rows: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
        """Of the first rows: tokens and logprobs (num_rows, width), padded with what means nothing, and counts (num_rows,)."""
        starts = self.starts[:num_rows]
        columns = starts[:, None] + torch.arange(1, width + 1, device=self.device)
        tokens, logprobs = self.tokens[:num_rows].gather(1, columns), self.logprobs[:num_rows].gather(1, columns)
        return tokens, logprobs, self.positions[:num_rows] - starts

    def step(self, model: Any, num_rows: int, width: int, *, is_any_greedy: bool, is_any_cut: bool) -> Drawn:
        """Read one token of each of the first rows and draw the next; no open row stands at or behind position `width`.

        A row that has ended, or a slot that was never filled, draws on without going on: what it writes is not read.
        """
        positions, count = self.positions[:num_rows], self.positions[:num_rows] - self.starts[:num_rows]
        self.cache.expect_tokens(positions, width)
        output = model(
            input_ids=self.next_tokens[:num_rows, None],
            attention_mask=decoding_masks(model, positions, width),
            position_ids=positions[:, None],
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits = output.logits[:, -1]
        tokens, logprobs, probabilities = draw_tokens(
            logits,
            row_uniforms(self.seeds[:num_rows], count),
            temperature=self.temperature[:num_rows],
            top_p=self.top_p[:num_rows] if is_any_cut else None,
            is_any_greedy=is_any_greedy,
        )
        # From here on the rows change: a step that fails before this can be taken again.
        is_open = self.is_open[:num_rows].clone()
        column = positions[:, None] + 1
        self.tokens[:num_rows].scatter_(1, column, tokens[:, None])
        self.logprobs[:num_rows].scatter_(1, column, logprobs[:, None])
        self.is_open[:num_rows] = is_open & (tokens != self.eos_token_id) & (count + 1 < self.limit)
        self.next_tokens[:num_rows] = tokens
        positions += is_open
        return Drawn(is_open, tokens, logprobs, probabilities, logits)
