"""A preallocated key-value cache for batched decoding with any Hugging Face causal language model.

Memory for the whole completion is taken once; each step writes one slot and hands out views, so decoding never concatenates.
Rows can be repeated or dropped between steps. The cache knows nothing about tokens, padding or sampling.
"""

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin


class PreallocatedLayer(CacheLayerMixin):
    """Keys and values of one layer: (rows, heads, capacity, head_dim), of which the first `length` slots are filled."""

    is_sliding = False

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity
        self.length = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        # The attention runs in the type of the values: under autocast the rotary embedding leaves the keys in float32.
        self.dtype, self.device = value_states.dtype, value_states.device
        rows, heads, _, key_dim = key_states.shape
        self.keys = torch.empty(rows, heads, self.capacity, key_dim, dtype=self.dtype, device=self.device)
        self.values = torch.empty(
            rows, heads, self.capacity, value_states.shape[-1], dtype=self.dtype, device=self.device
        )
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Append (rows, heads, new, head_dim) and return views of everything filled so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        end = self.length + key_states.shape[2]
        if end > self.capacity:
            raise ValueError(f"The cache holds {self.capacity} tokens a row; {end} were needed. Allocate a larger one.")
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def select_rows(self, rows: Tensor) -> None:
        """Keep, drop or repeat rows: row i becomes what row `rows[i]` was. rows: (new_rows,) int64."""
        assert self.keys is not None
        assert self.values is not None
        self.keys = _gather_rows(self.keys, rows, self.length)
        self.values = _gather_rows(self.values, rows, self.length)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.length + query_length, 0

    def get_seq_length(self) -> int:
        return self.length

    def get_max_length(self) -> int:
        return self.capacity


class PreallocatedCache(Cache):
    """One PreallocatedLayer per decoder layer, each with room for `capacity` tokens a row."""

    def __init__(self, *, num_layers: int, capacity: int) -> None:
        self.own_layers = [PreallocatedLayer(capacity) for _ in range(num_layers)]
        super().__init__(layers=list(self.own_layers))

    def select_rows(self, rows: Tensor) -> None:
        for layer in self.own_layers:
            layer.select_rows(rows)


def _gather_rows(states: Tensor, rows: Tensor, length: int) -> Tensor:
    selected = states.new_empty(rows.shape[0], *states.shape[1:])
    selected[:, :, :length] = states[:, :, :length].index_select(0, rows)
    return selected
