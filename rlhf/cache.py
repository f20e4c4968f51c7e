"""A preallocated key-value cache of slots for batched decoding with any Hugging Face causal language model.

Every slot holds one row from its position 0 on, so rows of any age share a batch and there is no padding on the left. The rows
in use are always the first slots. Prefilling writes whole prompts, a decoding step one position a row; what lies behind a row's
position is never attended to and overwritten in time. The cache knows nothing about tokens or sampling.
"""

import weakref
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

from rlhf.native import store_states
from rlhf.types import InputError


class SlotLayer(CacheLayerMixin):
    """Keys and values of one layer: (slots, heads, capacity, head_dim)."""

    is_sliding = False

    def __init__(self, cache: "SlotCache") -> None:
        super().__init__()
        # Weakly: in a ring of references, one batch's cache would stay in memory beside the next one's.
        self.cache = weakref.proxy(cache)

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        # The attention runs in the type of the values: under autocast the rotary embedding leaves the keys in float32.
        self.dtype, self.device = value_states.dtype, value_states.device
        size = (self.cache.num_slots, key_states.shape[1], self.cache.capacity)
        self.keys = torch.zeros(*size, key_states.shape[-1], dtype=self.dtype, device=self.device)
        self.values = torch.zeros(*size, value_states.shape[-1], dtype=self.dtype, device=self.device)
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Store (rows, heads, new, head_dim) where the cache points to; returns all that the attention may see."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        cache = self.cache
        if cache.positions is None:
            rows, _, length, _ = key_states.shape
            slots = slice(cache.first_slot, cache.first_slot + rows)
            self.keys[slots, :, :length] = key_states
            self.values[slots, :, :length] = value_states
            return key_states.to(self.dtype), value_states
        rows = len(cache.positions)
        for states, fresh in ((self.keys, key_states.to(self.dtype)), (self.values, value_states)):
            if not store_states(states, fresh, cache.positions):
                states[cache.slots[:rows], :, cache.positions] = fresh[:, :, 0]
        return self.keys[:rows, :, : cache.width], self.values[:rows, :, : cache.width]

    def copy_slot(self, source: int, target: int, width: int) -> None:
        """Slot `target` becomes what `source` is, up to `width` positions."""
        if self.keys is not None and self.values is not None:
            self.keys[target, :, :width] = self.keys[source, :, :width]
            self.values[target, :, :width] = self.values[source, :, :width]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return query_length, 0

    def get_seq_length(self) -> int:
        return 0

    def get_max_length(self) -> int:
        return self.cache.capacity


class SlotCache(Cache):
    """One SlotLayer per decoder layer, `num_slots` rows of `capacity` positions; say what comes before each forward pass."""

    def __init__(self, *, num_layers: int, num_slots: int, capacity: int, device: torch.device) -> None:
        self.num_slots, self.capacity = num_slots, capacity
        self.slots = torch.arange(num_slots, device=device)
        self.first_slot, self.width = 0, 0
        self.positions: Tensor | None = None
        self.own_layers = [SlotLayer(self) for _ in range(num_layers)]
        super().__init__(layers=list(self.own_layers))

    def expect_prompts(self, first_slot: int) -> None:
        """The next forward pass reads whole rows from position 0 on, into the slots from first_slot on."""
        self.first_slot, self.positions = first_slot, None

    def expect_tokens(self, positions: Tensor, width: int) -> None:
        """The next forward pass reads one token for each of the first slots, at positions (rows,), all below `width`."""
        if width > self.capacity:
            raise ValueError(
                f"The cache holds {self.capacity} tokens a row; {width} were needed. Allocate a larger one."
            )
        self.positions, self.width = positions, width

    def copy_slot(self, source: int, target: int, width: int) -> None:
        for layer in self.own_layers:
            layer.copy_slot(source, target, width)


def decoding_masks(model: Any, positions: Tensor, width: int) -> Tensor | dict[str, Tensor]:
    """Which of `width` positions each row sees, (R, 1, 1, width) as the model's attention wants it, by layer type if they differ.

    positions: (R,) of the token being read; a row sees itself and what is before it, within the window of a sliding layer.
    """
    config = model.config.get_text_config()
    columns = torch.arange(width, device=positions.device)
    full = (columns <= positions[:, None])[:, None, None]
    kinds = set(getattr(config, "layer_types", None) or ())
    if unknown := kinds - {"full_attention", "sliding_attention"}:
        raise InputError(
            f"expected a model whose layers attend to all or to a window of the text, got layers of {unknown}"
        )
    window = getattr(config, "sliding_window", None)
    sliding = full if window is None else full & (columns > positions[:, None] - window)[:, None, None]
    masks = {"full_attention": full, "sliding_attention": sliding}
    if config._attn_implementation == "eager":  # it adds its mask to the scores
        smallest = torch.finfo(torch.bfloat16).min
        masks = {
            kind: torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, smallest)
            for kind, mask in masks.items()
        }
    if len(kinds) > 1:
        return masks
    return masks["full_attention" if kinds == {"full_attention"} else "sliding_attention"]
