"""The reward model: prompt + completion -> one number, learned from rankings. One flat loop.

All untied pairs of a ranking are one batch element and each completion is read once. After training, the bias is set so that
demonstrations score 0 on average; it lives in config.reward_bias, as the head has none.
"""

import random
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from rlhf.checkpoint import finish, load_state, run_identity, save_state, stored_summary
from rlhf.config import RewardConfig
from rlhf.data import (
    RankedCompletions,
    balance_labelers,
    endless_batches,
    load_final_answers,
    load_rankings,
    ranking_batch,
    require,
)
from rlhf.lora import add_adapter, merge_adapter
from rlhf.losses import centering_penalty, ranking_loss
from rlhf.memory import plan_loop, require_memory, until_it_fits
from rlhf.models import (
    autocast,
    context_length,
    load_tokenizer,
    new_reward,
    num_parameters,
    prepare_machine,
    reward_scores,
)
from rlhf.optimization import cosine_schedule, new_optimizer, num_steps, optimizer_step
from rlhf.passes import micro_batches, prepare_passes, uncompiled
from rlhf.progress import Progress
from rlhf.reward_report import reward_report
from rlhf.sequences import right_pad
from rlhf.types import Report, ignore_report

SCORING_BATCH = 64
MIN_TRAIN_SAMPLE = 256


def train_reward(
    config: RewardConfig,
    *,
    base: str | Path,
    rankings: list[Path],
    validation: list[Path],
    demonstrations: list[Path],
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Trains from `base` (an SFT policy); writes output/model and output/summary.json and returns the summary."""
    inputs = {"rankings": rankings, "validation": validation, "demonstrations": demonstrations}
    identity = run_identity(config, base=base, **inputs)
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    device = prepare_machine(config)
    tokenizer = load_tokenizer(base)
    max_length = min(config.max_length, context_length(base))
    limits: dict[str, Any] = {"max_length": max_length, "report": report}
    examples = load_rankings(tokenizer, rankings, **limits, keep_tied=config.tie_weight > 0)
    require(examples, "ranking", rankings)
    examples = balance_labelers(examples, config.labeler_balance)
    held_out = load_rankings(tokenizer, validation, **limits, limit=config.max_validation_records)
    answers = load_final_answers(tokenizer, demonstrations, max_length=max_length, limit=config.max_demonstrations)
    model = new_reward(base, tokenizer, config.seed).to(device)  # type: ignore[arg-type]
    adapter = add_adapter(model, config.lora_rank, config.seed)
    plan = plan_loop(model, config, map(rectangle, examples), rows_per_batch=config.batch_size)
    require_memory(plan, device, "micro_batch_tokens, max_length or the completions of a ranking", report)
    steps = num_steps(
        len(examples), batch_size=config.batch_size, num_epochs=config.num_epochs, max_steps=config.max_steps
    )
    mean_tokens = sum(len(row) for example in examples for row in example.rows) / len(examples)
    prepare_passes(model, config, num_tokens=int(steps * config.batch_size * mean_tokens), report=report)
    optimizer = new_optimizer(model, weight_decay=config.weight_decay)
    progress = Progress(
        "reward",
        report,
        max_steps=steps,
        max_seconds=config.max_seconds,
        checkpoint_every_seconds=config.checkpoint_every_seconds,
    )
    if state := load_state(output, identity=identity):
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        progress.resume(state["progress"])
    lengths = [max(map(len, example.rows)) for example in examples]
    batches = endless_batches(lengths, config.batch_size, seed=config.seed, start_step=progress.step)
    model.train()
    while not progress.is_over:
        rate = config.learning_rate * cosine_schedule(
            progress.fraction,
            warmup_fraction=config.warmup_fraction,
            final_fraction=config.final_learning_rate_fraction,
        )
        chosen = [examples[index] for index in next(batches)]
        accumulate = partial(accumulate_gradients, model, chosen, tokenizer.pad_token_id, device=device)
        config, (loss, accuracy) = until_it_fits(config, [model], accumulate, report)
        norm = optimizer_step(optimizer, learning_rate=rate, max_gradient_norm=config.max_gradient_norm)
        num_tokens = sum(len(row) for example in chosen for row in example.rows)
        progress.advance(num_tokens, loss=loss, accuracy=accuracy, learning_rate=rate, gradient_norm=norm.item())
        if progress.is_checkpoint_due:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": progress.state()}
            save_state(output, state, identity=identity)
            progress.saved()
    summary = {
        "num_parameters": num_parameters(model),
        "num_rankings": len(examples),
        "num_steps": progress.step,
        "seconds": progress.seconds,
        **center(model, answers, tokenizer.pad_token_id, config, device),
        **evaluate_rankings(model, examples, held_out, tokenizer.pad_token_id, config, device),
    }
    merge_adapter(adapter, output / "adapter")
    card = {"role": "reward", "base": str(base), "options": asdict(config)}
    return finish(output, model, tokenizer, summary, card, identity=identity)


def rectangle(ranking: RankedCompletions) -> tuple[int, int]:
    """(K, tokens of the longest): what a ranking takes of a forward pass."""
    return len(ranking.rows), max(map(len, ranking.rows))


def accumulate_gradients(
    model: PreTrainedModel, rankings: list[RankedCompletions], pad_id: int, config: RewardConfig, device: torch.device
) -> tuple[float, float]:
    """Adds the gradient of the loss over all rankings, however they are split; returns that loss and the share of pairs right."""
    total_weight = sum(ranking.weight for ranking in rankings)
    total, num_right, num_pairs = 0.0, 0.0, 0
    for part in micro_batches(rankings, rectangle, config.micro_batch_tokens):
        rows, pairs = ranking_batch(part, tie_weight=config.tie_weight)
        with autocast(device, config.dtype):
            scores = score_batch(model, rows, pad_id, device)
        pairs = type(pairs)(*(tensor.to(device) for tensor in pairs))
        loss = ranking_loss(scores, pairs) + config.center_coefficient * centering_penalty(scores, pairs)
        loss = loss * (sum(ranking.weight for ranking in part) / total_weight)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
        is_right = (scores[pairs.chosen] > scores[pairs.rejected]) & ~pairs.is_tied
        num_right += float(is_right.sum())
        num_pairs += int((~pairs.is_tied).sum())
    return total, num_right / max(num_pairs, 1)


def score_batch(model: PreTrainedModel, rows: list[list[int]], pad_id: int, device: torch.device) -> Tensor:
    """(B,) scores of token rows that end with EOS."""
    padded = right_pad(rows, pad_id)
    return reward_scores(model, padded.ids.to(device), padded.mask.to(device))


@torch.no_grad()
def score_rows(
    model: PreTrainedModel, rows: list[list[int]], pad_id: int, dtype: str, device: torch.device
) -> list[float]:
    """Scores of many token rows, in their order; batches are made by length."""
    model.eval()
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    scores = [0.0] * len(rows)
    for start in range(0, len(order), SCORING_BATCH):
        part = order[start : start + SCORING_BATCH]
        with autocast(device, dtype), uncompiled(model):
            found = score_batch(model, [rows[index] for index in part], pad_id, device)
        for index, score in zip(part, found.tolist(), strict=True):
            scores[index] = score
    return scores


def center(
    model: PreTrainedModel, answers: list[list[int]], pad_id: int, config: RewardConfig, device: torch.device
) -> dict[str, Any]:
    """Sets config.reward_bias so that the answers score 0 on average; without answers it stays 0."""
    model.config.reward_bias = 0.0
    if not answers:
        return {"reward_bias": 0.0, "num_demonstrations": 0}
    scores = torch.tensor(score_rows(model, answers, pad_id, config.dtype, device), dtype=torch.float64)
    model.config.reward_bias = -scores.mean().item()
    return {
        "reward_bias": model.config.reward_bias,
        "num_demonstrations": len(answers),
        "demonstration_score_deviation": scores.std(correction=0).item(),
    }


def evaluate_rankings(
    model: PreTrainedModel,
    trained: list[RankedCompletions],
    held_out: list[RankedCompletions],
    pad_id: int,
    config: RewardConfig,
    device: torch.device,
) -> dict[str, Any]:
    """Agreement with held-out rankings and its report, beside the same on as many rankings that were trained on."""
    found: dict[str, Any] = {"heldout_accuracy": None, "low": None, "high": None, "num_pairs": 0}
    sample = random.Random(config.seed).sample(trained, min(len(trained), max(len(held_out), MIN_TRAIN_SAMPLE)))
    for name, rankings in (("train", sample), ("heldout", held_out)):
        if not (rankings := [ranking for ranking in rankings if len(set(ranking.ranks)) > 1]):
            continue
        flat = score_rows(model, [row for ranking in rankings for row in ranking.rows], pad_id, config.dtype, device)
        values = iter(flat)
        scores = [[next(values) for _ in ranking.rows] for ranking in rankings]
        found[f"{name}_loss"] = ranking_loss(torch.tensor(flat), ranking_batch(rankings).pairs).item()
        report = reward_report(rankings, scores, seed=config.seed)
        found[f"{name}_accuracy"] = report["accuracy"]["rate"]
    found["num_heldout"] = len(held_out)
    if held_out:
        found["accuracy_gap"] = (
            found["train_accuracy"] - found["heldout_accuracy"] if "train_accuracy" in found else None
        )
        found |= {name: report["accuracy"][name] for name in ("low", "high", "num_pairs")}
        found["length_baseline"] = report["length_baseline"]["rate"]
        found["calibration_error"] = report["calibration_error"]
        found["report"] = report
    return found
