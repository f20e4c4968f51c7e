"""The reward model: prompt + completion -> one number, learned from rankings. One flat loop.

All untied pairs of a ranking are one batch element and each completion is read once. After training, the bias is set so that
demonstrations score 0 on average; it lives in config.reward_bias, as the head has none.
"""

import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from rlhf.checkpoint import finish, load_state, run_identity, save_state, stored_summary
from rlhf.config import RewardConfig
from rlhf.data import RankedCompletions, endless_batches, load_final_answers, load_rankings, ranking_batch, require
from rlhf.losses import ranking_loss
from rlhf.models import (
    autocast,
    context_length,
    load_tokenizer,
    new_reward,
    num_parameters,
    prepare_machine,
    reward_scores,
)
from rlhf.optimization import cosine_schedule, new_optimizer, optimizer_step
from rlhf.passes import micro_batches, prepare_passes, uncompiled
from rlhf.progress import Progress
from rlhf.sequences import right_pad
from rlhf.types import Report, ignore_report

SCORING_BATCH = 64
BOOTSTRAP_SAMPLES = 1000


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
    identity = run_identity(config, base=base, rankings=rankings)
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    device = prepare_machine(config)
    tokenizer = load_tokenizer(base)
    max_length = min(config.max_length, context_length(base))
    limits: dict[str, Any] = {"max_length": max_length, "report": report}
    examples = load_rankings(tokenizer, rankings, **limits)
    require(examples, "ranking", rankings)
    held_out = load_rankings(tokenizer, validation, **limits, limit=config.max_validation_records)
    answers = load_final_answers(tokenizer, demonstrations, max_length=max_length, limit=config.max_demonstrations)
    model = new_reward(base, tokenizer, config.seed).to(device)  # type: ignore[arg-type]
    steps = num_steps(len(examples), config)
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
        loss, accuracy = accumulate_gradients(model, chosen, tokenizer.pad_token_id, config, device)
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
        **evaluate_rankings(model, held_out, tokenizer.pad_token_id, config, device),
    }
    card = {"role": "reward", "base": str(base), "options": asdict(config)}
    return finish(output, model, tokenizer, summary, card, identity=identity)


def num_steps(num_examples: int, config: RewardConfig) -> int:
    """Steps of num_epochs, or max_steps if that is fewer."""
    steps = max(1, round(config.num_epochs * num_examples / config.batch_size))
    return min(steps, config.max_steps or steps)


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
        rows, pairs = ranking_batch(part)
        with autocast(device, config.dtype):
            scores = score_batch(model, rows, pad_id, device)
        pairs = type(pairs)(*(tensor.to(device) for tensor in pairs))
        loss = ranking_loss(scores, pairs) * (sum(ranking.weight for ranking in part) / total_weight)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
        num_right += float((scores[pairs.chosen] > scores[pairs.rejected]).sum())
        num_pairs += len(pairs.chosen)
    return total, num_right / num_pairs


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
        with autocast(device, dtype), uncompiled():
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
    model: PreTrainedModel, rankings: list[RankedCompletions], pad_id: int, config: RewardConfig, device: torch.device
) -> dict[str, Any]:
    """Share of held-out untied pairs in the right order with its 95 % interval, and what preferring the longer one reaches."""
    if not rankings:
        return {"heldout_accuracy": None, "low": None, "high": None, "num_pairs": 0, "num_heldout": 0}
    rows = [row for ranking in rankings for row in ranking.rows]
    flat = iter(score_rows(model, rows, pad_id, config.dtype, device))
    scores = [[next(flat) for _ in ranking.rows] for ranking in rankings]
    by_score = [pairs_in_order(values, ranking.ranks) for values, ranking in zip(scores, rankings, strict=True)]
    by_length = [pairs_in_order([float(n) for n in ranking.completion_lengths], ranking.ranks) for ranking in rankings]
    low, high = bootstrap_interval(by_score, seed=config.seed)
    batch = ranking_batch(rankings)
    loss = ranking_loss(torch.tensor([value for row in scores for value in row]), batch.pairs).item()
    return {
        "heldout_accuracy": _share(by_score),
        "low": low,
        "high": high,
        "num_pairs": sum(count for _, count in by_score),
        "num_heldout": len(rankings),
        "heldout_loss": loss,
        "length_baseline": _share(by_length),
    }


def pairs_in_order(values: list[float], ranks: list[int]) -> tuple[float, int]:
    """(pairs whose better completion has the larger value, equal values counting one half; untied pairs)."""
    pairs = [(values[i], values[j]) for i, a in enumerate(ranks) for j, b in enumerate(ranks) if a < b]
    return sum(1.0 if better > worse else 0.5 if better == worse else 0.0 for better, worse in pairs), len(pairs)


def bootstrap_interval(counts: list[tuple[float, int]], *, seed: int) -> tuple[float, float]:
    """95 % interval of the share of pairs, resampling whole rankings, as the pairs of one are not independent."""
    generator = random.Random(seed)
    shares = sorted(_share(generator.choices(counts, k=len(counts))) for _ in range(BOOTSTRAP_SAMPLES))
    return shares[int(0.025 * BOOTSTRAP_SAMPLES)], shares[int(0.975 * BOOTSTRAP_SAMPLES)]


def _share(counts: list[tuple[float, int]]) -> float:
    return sum(right for right, _ in counts) / sum(count for _, count in counts)
