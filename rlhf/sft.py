"""Supervised fine-tuning: next-token loss on the tokens of weight 1 of demonstrations. One flat loop."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from rlhf.checkpoint import finish, load_state, run_identity, save_state, stored_summary
from rlhf.config import SftConfig
from rlhf.data import endless_batches, load_demonstrations, require
from rlhf.lora import add_adapter, merge_adapter
from rlhf.memory import plan_loop, require_memory, until_it_fits
from rlhf.models import autocast, context_length, load_policy, load_tokenizer, num_parameters, prepare_machine
from rlhf.optimization import cosine_schedule, new_optimizer, num_steps, optimizer_step
from rlhf.passes import micro_batches, next_token_sum, prepare_passes, uncompiled
from rlhf.progress import Progress
from rlhf.sequences import Encoded, Packed, pack, right_pad
from rlhf.types import Report, ignore_report


class SftBatch(NamedTuple):
    """Conversations ready for a forward pass; the token after position t is predicted where learned[:, t] is True."""

    ids: Tensor  # (B, T) int64
    learned: Tensor  # (B, T) bool, True = the next token has weight 1
    targets: Tensor  # (N,) int64, those next tokens, row by row
    positions: Tensor | None  # (B, T) int64, beginning anew with each conversation; None = one conversation a row


def train_sft(
    config: SftConfig,
    *,
    base: str | Path,
    demonstrations: list[Path],
    validation: list[Path],
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Fine-tunes `base`; writes output/model and output/summary.json and returns the summary. A finished run is not repeated."""
    identity = run_identity(config, base=base, demonstrations=demonstrations, validation=validation)
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    device = prepare_machine(config)
    tokenizer = load_tokenizer(base)
    max_length = min(config.max_length, context_length(base))
    limits: dict[str, Any] = {"max_length": max_length, "report": report}
    examples = load_demonstrations(tokenizer, demonstrations, **limits)
    require(examples, "demonstration", demonstrations)
    held_out = load_demonstrations(tokenizer, validation, **limits, limit=config.max_validation_records)
    model = load_policy(base, tokenizer=tokenizer).to(device)  # type: ignore[arg-type]
    adapter = add_adapter(model, config.lora_rank, config.seed)
    plan = plan_loop(
        model, config, [(1, config.packed_length), *map(rectangle, examples)], rows_per_batch=config.batch_size
    )
    require_memory(plan, device, "micro_batch_tokens or max_length", report)
    steps = num_steps(
        len(examples), batch_size=config.batch_size, num_epochs=config.num_epochs, max_steps=config.max_steps
    )
    mean_length = sum(len(row.ids) for row in examples) / len(examples)
    prepare_passes(model, config, num_tokens=int(steps * config.batch_size * mean_length), report=report)
    optimizer = new_optimizer(model, weight_decay=config.weight_decay)
    state = load_state(output, identity=identity)
    if state is not None:
        loss_before = state["heldout_loss_before"]
    else:
        loss_before = heldout_loss(model, held_out, tokenizer.pad_token_id, config, device)
    progress = Progress(  # its clock runs from here
        "sft",
        report,
        max_steps=steps,
        max_seconds=config.max_seconds,
        checkpoint_every_seconds=config.checkpoint_every_seconds,
    )
    if state is not None:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        progress.resume(state["progress"])
    batches = endless_batches(
        [len(row.ids) for row in examples], config.batch_size, seed=config.seed, start_step=progress.step
    )
    model.train()
    while not progress.is_over:
        rate = config.learning_rate * cosine_schedule(
            progress.fraction,
            warmup_fraction=config.warmup_fraction,
            final_fraction=config.final_learning_rate_fraction,
        )
        rows = [examples[index] for index in next(batches)]
        accumulate = partial(accumulate_gradients, model, rows, tokenizer.pad_token_id, device=device)
        config, loss = until_it_fits(config, [model], accumulate, report)
        norm = optimizer_step(optimizer, learning_rate=rate, max_gradient_norm=config.max_gradient_norm)
        num_tokens = sum(len(row.ids) for row in rows)
        progress.advance(num_tokens, loss=loss, learning_rate=rate, gradient_norm=norm.item())
        if progress.is_checkpoint_due:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": progress.state()}
            save_state(output, {**state, "heldout_loss_before": loss_before}, identity=identity)
            progress.saved()
    summary = {
        "num_parameters": num_parameters(model),
        "num_demonstrations": len(examples),
        "num_heldout": len(held_out),
        "num_steps": progress.step,
        "seconds": progress.seconds,
        "heldout_loss_before": loss_before,
        "heldout_loss_after": heldout_loss(model, held_out, tokenizer.pad_token_id, config, device),
    }
    merge_adapter(adapter, output / "adapter")
    card = {"role": "policy", "base": str(base), "options": asdict(config)}
    return finish(output, model, tokenizer, summary, card, identity=identity)


def sft_batch(rows: Sequence[Encoded | Packed], pad_id: int) -> SftBatch:
    """Pads conversations on the right. Example: weights [0, 1, 1] -> learned [True, True] over the ids without the last one."""
    ids = right_pad([row.ids for row in rows], pad_id).ids
    learned = right_pad([row.weights for row in rows], 0).ids[:, 1:].bool()
    packed = [row.positions for row in rows if isinstance(row, Packed)]
    positions = right_pad(packed, 0).ids[:, :-1] if packed else None
    return SftBatch(ids[:, :-1], learned, ids[:, 1:][learned], positions)


def accumulate_gradients(
    model: PreTrainedModel, rows: list[Encoded], pad_id: int, config: SftConfig, device: torch.device
) -> float:
    """Adds the gradient of the mean loss over all learned tokens of the rows, however they are split; returns that loss."""
    num_learned = sum(sum(row.weights[1:]) for row in rows)
    total = 0.0
    items: Sequence[Encoded | Packed] = pack(rows, config.packed_length) if config.packed_length else rows
    for part in micro_batches(items, rectangle, config.micro_batch_tokens):
        batch = sft_batch(part, pad_id)
        with autocast(device, config.dtype):
            loss = summed_loss(model, batch, device) / num_learned
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


@torch.no_grad()
def heldout_loss(
    model: PreTrainedModel, examples: list[Encoded], pad_id: int, config: SftConfig, device: torch.device
) -> float | None:
    """Mean loss over all learned tokens of the examples, or None without examples."""
    if not examples:
        return None
    model.eval()
    total, count = 0.0, 0
    for part in micro_batches(examples, rectangle, config.micro_batch_tokens):
        batch = sft_batch(part, pad_id)
        with autocast(device, config.dtype), uncompiled(model):
            total += summed_loss(model, batch, device).item()
        count += len(batch.targets)
    return total / count


def rectangle(row: Encoded | Packed) -> tuple[int, int]:
    """(1, its length): what a row takes of a forward pass."""
    return 1, len(row.ids)


def summed_loss(model: PreTrainedModel, batch: SftBatch, device: torch.device) -> Tensor:
    """Sum of -log p over the learned tokens."""
    return next_token_sum(model, *(None if tensor is None else tensor.to(device) for tensor in batch))  # type: ignore[arg-type]
