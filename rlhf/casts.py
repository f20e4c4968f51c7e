"""The weights of linear layers in autocast's type, kept beside them where a step is recorded.

Autocast casts weights anew at every use, or keeps the casts to itself until it is left: a recorded step would cast all weights each
time, or go on reading casts that are gone. These keep their places, and are taken anew from the weights when a batch begins.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D


class Casts:
    """What autocast would make of a model's linear layers; none where it is off, or where the weights have its type."""

    def __init__(self, model: Any) -> None:
        kind = model.device.type
        is_on, dtype = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)
        self._casts = [
            (module, name, weight.detach().to(dtype))
            for module in model.modules()
            if is_on and isinstance(module, nn.Linear | Conv1D)
            for name, weight in module.named_parameters(recurse=False)
            if weight.dtype == torch.float32
        ]

    def renew(self) -> None:
        """From the weights as they are now."""
        for module, name, cast in self._casts:
            cast.copy_(module.get_parameter(name))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model reads them instead of its weights, with the same result."""
        weights = [module._parameters[name] for module, name, _ in self._casts]
        try:
            for module, name, cast in self._casts:
                module._parameters[name] = cast  # type: ignore[assignment]
            yield
        finally:
            for (module, name, _), weight in zip(self._casts, weights, strict=True):
                module._parameters[name] = weight
