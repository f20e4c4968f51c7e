"""Pretraining: next-token prediction on packed text, from random weights. One flat loop.

Documents follow each other in one stream cut into windows of context_length tokens; attention may look into the document before,
as BOS marks the border. Learning rate, warmup and end follow the clock, the steps, or both, whichever is further on.
"""

import math
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.checkpoint import finish, load_state, run_identity, save_state, stored_summary
from rlhf.config import PretrainConfig
from rlhf.data import PackedText, load_text
from rlhf.memory import plan_loop, require_memory, until_it_fits
from rlhf.models import autocast, load_tokenizer, new_policy, num_parameters, prepare_machine
from rlhf.optimization import cosine_schedule, new_optimizer, optimizer_step
from rlhf.passes import next_token_sum, prepare_passes, uncompiled
from rlhf.progress import Progress
from rlhf.types import InputError, Report, ignore_report


def pretrain(
    config: PretrainConfig,
    *,
    tokenizer: Path,
    texts: list[Path],
    validation: list[Path],
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Trains a new model; writes output/model and output/summary.json and returns the summary. A finished run is not repeated."""
    identity = run_identity(config, tokenizer=tokenizer, texts=texts, validation=validation)
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    device = prepare_machine(config)
    text_tokenizer = load_tokenizer(tokenizer)
    text = load_text(text_tokenizer, texts, report)
    num_windows = (len(text.tokens) - 1) // config.context_length
    if num_windows < 1:
        raise InputError(
            f"expected more than context_length = {config.context_length} tokens of text, got {len(text.tokens)}"
        )
    held_out = load_validation(config, text_tokenizer, validation, report)
    model = new_policy(config, text_tokenizer).to(device)  # type: ignore[arg-type]
    plan = plan_loop(model, config, [(1, config.context_length)], rows_per_batch=config.sequences_per_batch)
    require_memory(plan, device, "micro_batch_tokens or context_length", report)
    optimizer = new_optimizer(model, weight_decay=config.weight_decay)
    one_pass = -(-num_windows // config.sequences_per_batch)
    num_tokens = (config.max_steps or one_pass) * config.tokens_per_batch
    prepare_passes(model, config, num_tokens=num_tokens, report=report)
    progress = Progress(
        "pretrain",
        report,
        max_steps=config.max_steps or (0 if config.max_seconds else one_pass),
        max_seconds=config.max_seconds,
        checkpoint_every_seconds=config.checkpoint_every_seconds,
    )
    loss_value: float | None = None
    if state := load_state(output, identity=identity):
        loss_value = state["loss"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        progress.resume(state["progress"])
    while not progress.is_over:
        batch = window_batch(text.tokens, config, progress.step).to(device)
        rate = config.learning_rate * cosine_schedule(
            progress.fraction,
            warmup_fraction=config.warmup_fraction,
            final_fraction=config.final_learning_rate_fraction,
        )
        config, loss = until_it_fits(config, [model], partial(accumulate_gradients, model, batch), report)
        loss_value = loss
        norm = optimizer_step(optimizer, learning_rate=rate, max_gradient_norm=config.max_gradient_norm)
        progress.advance(batch[:, 1:].numel(), loss=loss, learning_rate=rate, gradient_norm=norm.item())
        if progress.is_checkpoint_due:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": progress.state()}
            save_state(output, {**state, "loss": loss_value}, identity=identity)
            progress.saved()
    summary = {
        "num_parameters": num_parameters(model),
        "num_steps": progress.step,
        "num_tokens": progress.step * config.tokens_per_batch,
        "tokens_of_text": len(text.tokens),
        "seconds": progress.seconds,
        "train_loss": loss_value,
    }
    if held_out is not None:
        summary |= evaluate_text(model, held_out, config, device)
    card = {"role": "base", "options": asdict(config)}
    return finish(output, model, text_tokenizer, summary, card, identity=identity)


def load_validation(
    config: PretrainConfig, tokenizer: PreTrainedTokenizerBase, paths: list[Path], report: Report
) -> PackedText | None:
    """Held-out text, read before training so that a mistake in it costs nothing; None without files."""
    if not paths:
        return None
    text = load_text(tokenizer, paths, report, name="validation", max_tokens=config.max_validation_tokens)
    if (num_tokens := min(len(text.tokens) - 1, config.max_validation_tokens)) < config.context_length:
        raise InputError(
            f"expected at least context_length = {config.context_length} tokens of validation text, got {num_tokens}"
        )
    return text


def window_batch(tokens: Tensor, config: PretrainConfig, step: int) -> Tensor:
    """(B, context_length + 1) int64 windows of a step; each pass shuffles the windows and shifts where they begin.

    The step and the seed alone decide which windows come, so a resumed run reads on where it stopped.
    """
    length, size = config.context_length, config.sequences_per_batch
    num_windows = (len(tokens) - 1) // length
    per_pass = max(num_windows // size, 1)
    pass_number, place = divmod(step, per_pass)
    generator = torch.Generator().manual_seed(config.seed * 1_000_003 + pass_number)
    order = torch.randperm(num_windows, generator=generator)
    room = len(tokens) - 1 - num_windows * length
    shift = int(torch.randint(room + 1, (1,), generator=generator))
    starts = order[place * size : (place + 1) * size] * length + shift
    return tokens[starts[:, None] + torch.arange(length + 1)].long()


def accumulate_gradients(model: PreTrainedModel, windows: Tensor, config: PretrainConfig) -> float:
    """Adds the gradient of the mean loss over all windows, however they are split; returns that loss."""
    total = 0.0
    for part in windows.split(max(config.micro_batch_tokens // config.context_length, 1)):
        with autocast(windows.device, config.dtype):
            loss = window_loss(model, part) * (len(part) / len(windows))
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


def window_loss(model: PreTrainedModel, batch: Tensor) -> Tensor:
    """Mean next-token loss of windows (B, T + 1)."""
    targets = batch[:, 1:].flatten()
    everywhere = torch.ones_like(batch[:, 1:], dtype=torch.bool)
    return next_token_sum(model, batch[:, :-1], everywhere, targets) / targets.numel()


@torch.no_grad()
def evaluate_text(
    model: PreTrainedModel, text: PackedText, config: PretrainConfig, device: torch.device
) -> dict[str, float]:
    """Held-out loss per token, and in bits per byte, which does not depend on the tokenizer."""
    length, size = config.context_length, config.sequences_per_batch
    num_windows = min(len(text.tokens) - 1, config.max_validation_tokens) // length
    model.eval()
    starts = torch.arange(num_windows) * length
    windows = text.tokens[starts[:, None] + torch.arange(length + 1)].long()
    total = 0.0
    for batch in windows.split(size):
        with autocast(device, config.dtype), uncompiled(model):
            total += window_loss(model, batch.to(device)).item() * len(batch)
    loss = total / num_windows
    bits_per_byte = loss / math.log(2) * len(text.tokens) / max(text.num_bytes, 1)
    return {
        "validation_loss": loss,
        "validation_bits_per_byte": bits_per_byte,
        "validation_tokens": num_windows * length,
    }
