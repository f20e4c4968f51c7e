"""How the training loops run a model: which rows go through it together, compiled or not, and what is read off at the end.

Knows models and token budgets; knows nothing of records, optimizers or schedules. What is made here changes speed and memory,
never a result beyond rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from rlhf.cpu import OneDnnLinear
from rlhf.losses import head_loss, next_token_loss
from rlhf.models import LOGIT_TRANSFORMS, hidden_states, num_parameters, selected_logits
from rlhf.options import LoopOptions
from rlhf.types import Report

Item = TypeVar("Item")

FLOPS_WORTH_COMPILING = 5e13
"""Below this much arithmetic in a whole run, compiling (half a minute on two cores) takes longer than it saves."""


def prepare_passes(model: PreTrainedModel, config: LoopOptions, *, num_tokens: int, report: Report) -> None:
    """Sets up gradient checkpointing and compilation; num_tokens is what the run will read in all."""
    if config.gradient_checkpointing == "on":
        model.gradient_checkpointing_enable({"use_reentrant": False})
    compile_layers([model], config.compile, flops=6.0 * num_parameters(model) * num_tokens, report=report)


def compile_layers(models: Sequence[PreTrainedModel], choice: str, *, flops: float, report: Report) -> None:
    """Compiles the decoder layers if `choice` ("on", "off" or "auto") and the work ahead say so and a compiler works."""
    if choice == "off" or (choice == "auto" and flops < FLOPS_WORTH_COMPILING):
        return
    if reason := reason_not_to_compile():
        report("log", {"text": f"not compiled, which changes the speed alone: {reason}"})
        return
    for model in models:
        for layer in model.modules():
            if isinstance(
                layer, GradientCheckpointingLayer
            ):  # one decoder layer is compiled, and its code serves them all
                layer.compile(dynamic=True)


@cache
def reason_not_to_compile() -> str:
    """Why torch.compile does not work here, found by compiling one addition; empty if it does."""
    from torch._inductor import config as inductor

    inductor.compile_threads = 1  # a pool of compiling processes would hold more memory than training
    # A flag of the whole process, and one lane may compile while another runs.
    torch._dynamo.config.error_on_nested_fx_trace = False
    try:
        torch.compile(lambda values: values + 1)(torch.ones(8))
    except Exception as error:  # noqa: BLE001 - the machine's compiler may fail in any way; training goes on without it
        return str(error).strip().splitlines()[0] or type(error).__name__
    return ""


def is_compiled(model: PreTrainedModel) -> bool:
    return any(module._compiled_call_impl is not None for module in model.modules())


def uncompiled(model: PreTrainedModel) -> AbstractContextManager[Any]:
    """For passes that are too few to compile for."""
    if not is_compiled(model):
        return nullcontext()
    stance: AbstractContextManager[Any] = torch.compiler.set_stance("force_eager")
    return stance


def next_token_sum(
    model: PreTrainedModel, input_ids: Tensor, positions: Tensor, targets: Tensor, position_ids: Tensor | None = None
) -> Tensor:
    """Sum of -log p(target) at the True entries of positions (B, T); targets (N,) are the tokens after them, row by row.

    Padding, if any, is on the right. position_ids (B, T) begin anew where a row holds another document, which attention then does
    not cross; None means one document a row. Logits exist in chunks only, unless the model changes them after its head.
    """
    head = plain_head(model)
    if head is None:
        return next_token_loss(
            selected_logits(model, input_ids, positions, position_ids=position_ids), targets, normaliser=1.0
        )
    return head_loss(
        hidden_states(model, input_ids, position_ids=position_ids)[positions], head.weight, head.bias, targets
    )


def plain_head(model: PreTrainedModel) -> nn.Linear | None:
    """The model's head if its logits are hidden @ weight.T + bias and nothing more."""
    head = model.get_output_embeddings()
    is_changed = any(getattr(model.config, name, None) for name in LOGIT_TRANSFORMS)
    return None if is_changed or type(head) not in (nn.Linear, OneDnnLinear) else cast(nn.Linear, head)


def micro_batches(items: Sequence[Item], size: Callable[[Item], tuple[int, int]], budget: int) -> Iterator[list[Item]]:
    """Splits items into groups of like length whose rectangle, all rows x the longest, holds at most `budget` tokens.

    `size` says (rows, longest row) of an item. An item too large for the budget goes alone.
    """
    group: list[Item] = []
    num_rows = 0
    for item in sorted(items, key=lambda item: size(item)[1]):
        rows, longest = size(item)
        if group and (num_rows + rows) * longest > budget:
            yield group
            group, num_rows = [], 0
        group.append(item)
        num_rows += rows
    if group:
        yield group
