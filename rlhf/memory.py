"""What a run will hold in memory, told before it starts, and what is done when memory runs out all the same.

The plan counts weights, gradients, optimizer and cache from their shapes. Activations are an estimate: what a decoder layer of the
usual kind keeps for its backward pass. A compiled layer keeps less.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn
from transformers import PreTrainedModel

from rlhf.config import OnlineOptions
from rlhf.graphs import drop_graphs, is_recorded, rounded_rows, rounded_width
from rlhf.lanes import num_lanes
from rlhf.losses import CHUNK_LOGITS, MIN_CHUNK_ROWS
from rlhf.models import num_parameters
from rlhf.options import LoopOptions, TrainingOptions
from rlhf.passes import plain_head
from rlhf.types import InputError, Report

Config = TypeVar("Config", bound=LoopOptions | OnlineOptions)
Result = TypeVar("Result")

GIB = 2**30
MARGIN = 1.5
"""What is in memory for each byte kept for the backward pass: gradients on their way back, and what the allocator does not return."""
PAGE = 128
"""Positions of a page of vLLM, at most."""
LOGIT_COPIES = 4
"""Logits, their logarithms, and the gradients of both."""


class MemoryPlan(NamedTuple):
    """Bytes at the fullest moment of a run."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    cache: int
    """What the sampler keeps: keys and values and, where it is vLLM, a copy of the weights."""

    def text(self) -> str:
        """Each part in GiB."""
        parts = [f"{name} {size / GIB:.3g}" for name, size in self._asdict().items() if size]
        return f"{', '.join(parts)}; {sum(self) / GIB:.3g} GiB in all (activations estimated)"


def plan_loop(
    model: PreTrainedModel,
    config: LoopOptions,
    sizes: Iterable[tuple[int, int]],
    *,
    rows_per_batch: int,
) -> MemoryPlan:
    """The plan of a loop over fixed rows; `sizes` as in `passes.micro_batches`, rows_per_batch how many of them make a step."""
    largest = max(sizes, key=lambda size: size[0] * size[1])
    rectangle = largest[0] * largest[1]
    tokens = max(rectangle, min(config.micro_batch_tokens, rows_per_batch * rectangle))
    return _plan(
        [model],
        [model],
        activations=activation_bytes(model, tokens, largest[1], config, config.gradient_checkpointing == "on")
        + logit_bytes(model, tokens),
    )


def plan_online(
    learners: Sequence[PreTrainedModel], frozen: Sequence[nn.Module], config: OnlineOptions, longest: int
) -> MemoryPlan:
    """The plan of a loop that samples: what learns, the policy first, the frozen models beside it, and the sampler's cache.

    `longest` is the longest prompt.
    """
    length = longest + config.max_new_tokens
    tokens = max(length, min(config.micro_batch_tokens, config.minibatch_size * length))
    rows = tokens // length * config.max_new_tokens
    passes = [activation_bytes(model, tokens, length, config) for model in learners]
    is_side_by_side = num_lanes(learners[0].device) > 1
    activations = sum(passes) if is_side_by_side else max(passes)
    if config.engine == "vllm":
        width, most = config.max_prompt_length + config.max_new_tokens, config.generation_batch_size
        cache = copy_bytes(learners[0], config.dtype) + page_bytes(
            learners[0], config.dtype, num_rows=most, length=width
        )
    else:
        cache = _sampler_bytes(learners[0], config, length)
    return _plan(
        [*learners, *frozen],
        learners,
        activations=activations + logit_bytes(learners[0], rows),
        cache=cache,
    )


def cache_bytes(model: PreTrainedModel, dtype: str, *, num_rows: int, length: int) -> int:
    """Keys and values of so many rows of this length."""
    shape: Any = model.config.get_text_config()
    heads = getattr(shape, "num_key_value_heads", None) or shape.num_attention_heads
    size = getattr(shape, "head_dim", None) or shape.hidden_size // shape.num_attention_heads
    return int(2 * shape.num_hidden_layers * heads * size * num_rows * length * (2 if dtype == "bfloat16" else 4))


def page_bytes(model: PreTrainedModel, dtype: str, *, num_rows: int, length: int) -> int:
    """Keys and values of so many rows, at most this long, in vLLM's pages; one row more covers pages begun and the page of nothing."""
    longest = min(length, getattr(model.config.get_text_config(), "max_position_embeddings", None) or length)
    return cache_bytes(model, dtype, num_rows=num_rows + 1, length=-(-longest // PAGE) * PAGE)


def copy_bytes(model: PreTrainedModel, dtype: str) -> int:
    """The weights once more, in the precision of the arithmetic, the head apart from the embeddings."""
    shape: Any = model.config.get_text_config()
    head = shape.vocab_size * shape.hidden_size if shape.tie_word_embeddings else 0
    return int((num_parameters(model) + head) * (2 if dtype == "bfloat16" else 4))


def _sampler_bytes(policy: PreTrainedModel, config: OnlineOptions, length: int) -> int:
    """The sampler's cache, and where its steps are recorded the casts of the weights that they read."""
    slots = min(config.generation_batch_size, config.episodes_per_update)
    casts = 0
    if is_recorded(policy.device):
        slots, length = rounded_rows(slots), rounded_width(length)
        casts = 2 * num_parameters(policy) if config.dtype == "bfloat16" else 0
    return cache_bytes(policy, config.dtype, num_rows=slots, length=length) + casts


def logit_bytes(model: PreTrainedModel, num_positions: int) -> int:
    """The logits that are there at once: a chunk of them, or those of all positions where the model changes what its head says."""
    vocabulary = model.config.vocab_size
    is_chunked = model.get_output_embeddings() is None or plain_head(model) is not None
    num_rows = max(MIN_CHUNK_ROWS, CHUNK_LOGITS // vocabulary)
    return (num_rows if is_chunked else max(num_rows, num_positions)) * vocabulary * 4 * LOGIT_COPIES


def activation_bytes(
    model: PreTrainedModel, tokens: int, length: int, config: TrainingOptions, is_checkpointed: bool = False
) -> int:
    """What `tokens` positions in rows of `length` take for a forward and a backward pass.

    A layer keeps six tensors of the model's width around its norms, in float32 always; four of the attention's and four of the
    MLP's width around its products; and, off a GPU, the probabilities of short rows. Checkpointed, a layer keeps its input alone, and
    one layer at a time is computed again, its gradients beside it.
    """
    shape: Any = model.config.get_text_config()
    heads = shape.num_attention_heads
    hidden, attention = shape.hidden_size, heads * (getattr(shape, "head_dim", None) or shape.hidden_size // heads)
    inner = getattr(shape, "intermediate_size", None) or 4 * hidden
    width = 2 if config.dtype == "bfloat16" else 4
    scores = heads * length * (width + 4) if model.device.type == "cpu" else 0
    layer = 6 * 4 * hidden + 4 * width * (attention + inner) + scores
    layers = shape.num_hidden_layers
    kept = layers * 4 * hidden + 2 * layer if is_checkpointed else layers * layer
    return int(MARGIN * tokens * kept)


def require_memory(plan: MemoryPlan, device: torch.device, advice: str, report: Report) -> None:
    """Reports the plan, and stops a run that cannot fit; the weights that it counts are loaded already."""
    free = free_bytes(device)
    needed = sum(plan) - plan.weights
    report("log", {"text": f"memory: {plan.text()}; beyond the weights {needed / GIB:.3g}, free {free / GIB:.3g}"})
    if needed > free:
        raise InputError(
            f"expected {needed / GIB:.3g} GiB of free memory for this run, got {free / GIB:.3g} GiB "
            f"({plan.text()}); lower {advice}, or take a smaller model"
        )


def free_bytes(device: torch.device) -> int:
    """What this process may still take: of the GPU, or of the machine and of the control group it runs in."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    amounts = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    group = Path("/sys/fs/cgroup")
    limit = (group / "memory.max").read_text().strip() if (group / "memory.max").exists() else "max"
    if limit != "max":
        amounts.append(int(limit) - int((group / "memory.current").read_text()))
    return min(amounts) if amounts else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def until_it_fits(
    config: Config, models: Sequence[nn.Module], accumulate: Callable[[Config], Result], report: Report
) -> tuple[Config, Result]:
    """Lets `accumulate` add a batch's gradients to the models; where memory runs out, begins the batch again with half the tokens a pass.

    Gradients are cleared in between and normalised by the whole batch, so the loss is what it would have been. Returns the config
    to go on with.
    """
    asked = config.micro_batch_tokens
    while True:
        try:
            result = accumulate(config)
            break
        except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU's allocator raises no class of its own
            if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
                raise
            if config.micro_batch_tokens == 1:
                raise InputError(
                    "memory ran out though rows go through the model one by one; expected room for the longest row: lower "
                    "max_length, turn gradient_checkpointing on where there is such an option, or take a smaller model"
                ) from error
        # Out of the handler, so that the traceback no longer holds the tensors of the pass that failed.
        for model in models:
            model.zero_grad(set_to_none=True)
        drop_graphs()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        config = replace(config, micro_batch_tokens=config.micro_batch_tokens // 2)
    if config.micro_batch_tokens < asked:
        text = f"memory ran out: passes hold at most {config.micro_batch_tokens} tokens from here on, where {asked} were asked for"
        report("log", {"text": text + "; the loss stays the same"})
    return config, result


def _plan(
    models: Sequence[nn.Module], learners: Sequence[nn.Module], *, activations: int, cache: int = 0
) -> MemoryPlan:
    parameters = {id(weight): weight for model in models for weight in model.parameters()}
    trained = sum(weight.numel() for model in learners for weight in model.parameters() if weight.requires_grad)
    weights = sum(weight.numel() * weight.element_size() for weight in parameters.values())
    return MemoryPlan(weights, gradients=4 * trained, optimizer=8 * trained, activations=activations, cache=cache)
