"""A running average of the policy's weights over the updates of a run; InstructGPT (2203.02155, appendix C.4) released such averages."""

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.checkpoint import save_model


class Average:
    """decay x average + (1 - decay) x weights after each update; keeps nothing where decay is 0."""

    def __init__(self, model: PreTrainedModel, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {}
        if decay:
            self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def resume(self, weights: dict[str, Tensor]) -> None:
        """Goes on from the `weights` of an earlier attempt."""
        for name, value in self.weights.items():
            value.copy_(weights[name])

    @torch.no_grad()
    def update(self, model: PreTrainedModel) -> None:
        """Moves the average towards the model."""
        for name, value in model.state_dict().items():
            if name in self.weights:
                self.weights[name].lerp_(value, 1.0 - self.decay)

    def save(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, card: dict[str, Any]
    ) -> None:
        """Writes the average as a model folder, the model's own weights left alone; nothing where decay is 0."""
        if self.decay:
            averaged = copy.deepcopy(model)
            averaged.load_state_dict(self.weights)
            save_model(averaged, tokenizer, folder, card)
