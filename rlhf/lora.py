"""LoRA: low-rank changes beside weights that stay as they are, so that a model and the one it started from share one set of weights.

Read with its adapter, a model is what learns; read without, it is where it started from. At the end the adapter is written as peft
writes it, and merged into the weights, so that the model folder loads like any other. LoRA, arXiv 2106.09685.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils.other import AuxiliaryTrainingWrapper
from torch import Tensor, nn
from transformers import PreTrainedModel

from rlhf.checkpoint import write_folder

HEAD_OF_SCORES = "score"


def add_adapter(model: PreTrainedModel, rank: int, seed: int) -> PeftModel | None:
    """Freezes the weights and puts an adapter beside every linear layer but the head over tokens; None, nothing done, at rank 0.

    A head of scores learns whole, as a copy. The adapter's output is 0 until its first step, so the model says what it said.
    """
    if rank == 0:
        return None
    is_scorer = hasattr(model, HEAD_OF_SCORES)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS if is_scorer else TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        modules_to_save=[HEAD_OF_SCORES] if is_scorer else None,
    )
    torch.manual_seed(seed)
    is_training = model.training
    adapter: PeftModel = get_peft_model(model, config)
    model.train(is_training)
    return adapter


@contextmanager
def without_adapter(model: nn.Module) -> Iterator[None]:
    """The model as it was before `add_adapter`; the model itself where it has none."""
    parts = [part for part in model.modules() if isinstance(part, BaseTunerLayer | AuxiliaryTrainingWrapper)]
    for part in parts:
        part.enable_adapters(False)
    try:
        yield
    finally:
        for part in parts:
            part.enable_adapters(True)


def merged_weights(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Each weight under the name it has in files, an adapter's change added to it; a shared one under each of its names."""
    adapted = {name: part for name, part in model.named_modules() if isinstance(part, BaseTunerLayer)}
    for name, weight in model.named_parameters(remove_duplicate=False):
        owner, _, kind = name.rpartition(".")
        layer = adapted.get(owner.removesuffix(".base_layer"))
        if ".lora_" in name:
            continue
        if layer is None:
            yield name, weight.detach()
            continue
        changes = [layer.get_delta_weight(adapter) for adapter in layer.active_adapters] if kind == "weight" else []  # type: ignore[attr-defined]
        yield f"{owner.removesuffix('.base_layer')}.{kind}", sum(changes, weight).detach()


def merge_adapter(adapter: PeftModel | None, folder: Path) -> None:
    """Writes the adapter to `folder` and adds it to the weights of its model, which is then a plain one; nothing without an adapter."""
    if adapter is not None:
        write_folder(folder, lambda temporary: adapter.save_pretrained(str(temporary)))
        adapter.merge_and_unload()
