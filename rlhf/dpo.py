"""Direct preference optimization (arXiv 2305.18290): a policy learned from rankings, without a reward model. One flat loop.

The implicit reward of a completion is beta x log(policy / reference), summed over its tokens, EOS included. On it goes the reward
model's own loss: all untied pairs of a ranking are one batch element and each completion is read once. Policy and reference
start as one model, whose log-probabilities are computed once before the first step, so no second model is held.
"""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from rlhf.advantages import masked_sum_per_row
from rlhf.checkpoint import finish, load_state, run_identity, save_state, stored_summary
from rlhf.config import DpoConfig
from rlhf.data import RankedCompletions, endless_batches, load_rankings, ranking_batch, require
from rlhf.lora import add_adapter, merge_adapter
from rlhf.losses import ranking_loss
from rlhf.memory import plan_loop, require_memory, until_it_fits
from rlhf.models import autocast, context_length, load_policy, load_tokenizer, num_parameters, prepare_machine
from rlhf.optimization import cosine_schedule, new_optimizer, num_steps, optimizer_step
from rlhf.passes import micro_batches, prepare_passes, uncompiled
from rlhf.progress import Progress
from rlhf.reward import rectangle
from rlhf.reward_report import reward_report
from rlhf.rollouts import given_rollouts, policy_logprobs
from rlhf.step_zero import STEP_ZERO_TOLERANCE
from rlhf.types import Report, StepZeroError, ignore_report


class Preference(NamedTuple):
    """One ranking beside what the reference thinks of its completions."""

    ranking: RankedCompletions
    ref_logprobs: Tensor  # (K,) float32, of whole completions


def train_dpo(
    config: DpoConfig,
    *,
    policy: str | Path,
    rankings: list[Path],
    validation: list[Path],
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Trains `policy` away from itself; writes output/model and output/summary.json and returns the summary."""
    identity = run_identity(config, policy=policy, rankings=rankings, validation=validation)
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    device = prepare_machine(config)
    tokenizer = load_tokenizer(policy)
    pad_id = tokenizer.pad_token_id
    limits: dict[str, Any] = {"max_length": min(config.max_length, context_length(policy)), "report": report}
    ranked = load_rankings(tokenizer, rankings, **limits)
    require(ranked, "ranking", rankings)
    held_out = load_rankings(tokenizer, validation, **limits, limit=config.max_validation_records)
    model = load_policy(policy, tokenizer=tokenizer).to(device)  # type: ignore[arg-type]
    adapter = add_adapter(model, config.lora_rank, config.seed)
    plan = plan_loop(model, config, map(rectangle, ranked), rows_per_batch=config.batch_size)
    require_memory(plan, device, "micro_batch_tokens, max_length or the completions of a ranking", report)
    steps = num_steps(
        len(ranked), batch_size=config.batch_size, num_epochs=config.num_epochs, max_steps=config.max_steps
    )
    mean_tokens = sum(len(row) for ranking in ranked for row in ranking.rows) / len(ranked)
    prepare_passes(model, config, num_tokens=int(steps * config.batch_size * mean_tokens), report=report)
    examples, held_out_examples = (beside_reference(model, part, pad_id, config, device) for part in (ranked, held_out))
    optimizer = new_optimizer(model, weight_decay=config.weight_decay)
    progress = Progress(
        "dpo",
        report,
        max_steps=steps,
        max_seconds=config.max_seconds,
        checkpoint_every_seconds=config.checkpoint_every_seconds,
    )
    if state := load_state(output, identity=identity):
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        progress.resume(state["progress"])
    lengths = [max(map(len, ranking.rows)) for ranking in ranked]
    batches = endless_batches(lengths, config.batch_size, seed=config.seed, start_step=progress.step)
    model.train()  # gradient checkpointing asks for it; there is no dropout
    while not progress.is_over:
        rate = config.learning_rate * cosine_schedule(
            progress.fraction,
            warmup_fraction=config.warmup_fraction,
            final_fraction=config.final_learning_rate_fraction,
        )
        chosen = [examples[index] for index in next(batches)]
        accumulate = partial(accumulate_gradients, model, chosen, pad_id, device=device)
        config, metrics = until_it_fits(config, [model], accumulate, report)
        if progress.step == 0 and not metrics["log_ratio"] <= STEP_ZERO_TOLERANCE[config.dtype]:
            raise StepZeroError(
                f"stopped before the first step: policy and reference differ by {metrics['log_ratio']:.2e} per token "
                f"instead of 0 (tolerance {STEP_ZERO_TOLERANCE[config.dtype]:g} in {config.dtype}); is dropout off?"
            )
        norm = optimizer_step(optimizer, learning_rate=rate, max_gradient_norm=config.max_gradient_norm)
        num_tokens = sum(len(row) for example in chosen for row in example.ranking.rows)
        progress.advance(num_tokens, **metrics, learning_rate=rate, gradient_norm=norm.item())
        if progress.is_checkpoint_due:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": progress.state()}
            save_state(output, state, identity=identity)
            progress.saved()
    summary = {
        "num_parameters": num_parameters(model),
        "num_rankings": len(examples),
        "num_steps": progress.step,
        "seconds": progress.seconds,
        "num_heldout": len(held_out),
        **evaluate_policy(model, held_out_examples, pad_id, config, device),
    }
    merge_adapter(adapter, output / "adapter")
    card = {"role": "policy", "policy": str(policy), "options": asdict(config)}
    return finish(output, model, tokenizer, summary, card, identity=identity)


def accumulate_gradients(
    model: PreTrainedModel, examples: list[Preference], pad_id: int, config: DpoConfig, device: torch.device
) -> dict[str, float]:
    """Adds the gradient of the loss over all examples, however they are split; returns it beside means over pairs.

    log_ratio is the mean |log(policy / reference)| per token, 0 before the first step.
    """
    total_weight = sum(example.ranking.weight for example in examples)
    num_tokens = sum(sum(example.ranking.completion_lengths) for example in examples)
    found: list[tuple[float, Tensor, Tensor, float]] = []
    for part in micro_batches(examples, lambda example: rectangle(example.ranking), config.micro_batch_tokens):
        rankings = [example.ranking for example in part]
        pairs = ranking_batch(rankings).pairs
        pairs = type(pairs)(*(tensor.to(device) for tensor in pairs))
        ref_logprobs = torch.cat([example.ref_logprobs for example in part]).to(device)
        logprobs = completion_logprobs(model, rankings, pad_id, config, device)
        rewards = implicit_rewards(logprobs, ref_logprobs, beta=config.beta)
        loss = ranking_loss(rewards, pairs) * (sum(ranking.weight for ranking in rankings) / total_weight)
        loss.backward()  # type: ignore[no-untyped-call]
        rewards = rewards.detach()
        drift = float(rewards.abs().sum()) / config.beta / num_tokens
        found.append((loss.item(), rewards[pairs.chosen], rewards[pairs.rejected], drift))
    losses, chosen, rejected, drifts = zip(*found, strict=True)
    better, worse = torch.cat(chosen), torch.cat(rejected)
    return {
        "loss": sum(losses),
        "accuracy": float((better > worse).float().mean()),
        "chosen_reward": float(better.mean()),
        "rejected_reward": float(worse.mean()),
        "log_ratio": sum(drifts),
    }


def implicit_rewards(logprobs: Tensor, ref_logprobs: Tensor, *, beta: float) -> Tensor:
    """(N,) beta x log(policy / reference) of whole completions. arXiv 2305.18290 section 4, without the prompt's constant."""
    return beta * (logprobs - ref_logprobs)


def completion_logprobs(
    model: PreTrainedModel, rankings: list[RankedCompletions], pad_id: int, config: DpoConfig, device: torch.device
) -> Tensor:
    """(N,) float32 log-probability of each completion given its prompt, EOS included, ranking after ranking."""
    rows = [row for ranking in rankings for row in ranking.rows]
    lengths = [length for ranking in rankings for length in ranking.completion_lengths]
    rollouts = given_rollouts(rows, lengths, pad_token_id=pad_id).to(device)
    with autocast(device, config.dtype):
        logprobs = policy_logprobs(model, rollouts, temperature=1.0)
    return masked_sum_per_row(logprobs, rollouts.completion_mask)


@torch.no_grad()
def beside_reference(
    model: PreTrainedModel, rankings: list[RankedCompletions], pad_id: int, config: DpoConfig, device: torch.device
) -> list[Preference]:
    """Each ranking with the model's present log-probabilities, in the order given."""
    model.eval()
    found: dict[int, Tensor] = {}
    for part in micro_batches(list(enumerate(rankings)), lambda item: rectangle(item[1]), config.micro_batch_tokens):
        with uncompiled(model):
            logprobs = completion_logprobs(model, [ranking for _, ranking in part], pad_id, config, device).cpu()
        sizes = [len(ranking.rows) for _, ranking in part]
        found |= {place: row for (place, _), row in zip(part, logprobs.split(sizes), strict=True)}
    return [Preference(ranking, found[place]) for place, ranking in enumerate(rankings)]


def evaluate_policy(
    model: PreTrainedModel, examples: list[Preference], pad_id: int, config: DpoConfig, device: torch.device
) -> dict[str, Any]:
    """Agreement of the implicit reward with held-out rankings; nothing without any."""
    if not examples:
        return {"heldout_accuracy": None, "low": None, "high": None, "num_pairs": 0}
    rankings = [example.ranking for example in examples]
    now = beside_reference(model, rankings, pad_id, config, device)
    rewards = [
        implicit_rewards(after.ref_logprobs, before.ref_logprobs, beta=config.beta)
        for after, before in zip(now, examples, strict=True)
    ]
    report = reward_report(rankings, [row.tolist() for row in rewards], seed=config.seed)
    return {
        "heldout_loss": ranking_loss(torch.cat(rewards), ranking_batch(rankings).pairs).item(),
        "heldout_accuracy": report["accuracy"]["rate"],
        **{name: report["accuracy"][name] for name in ("low", "high", "num_pairs")},
        "length_baseline": report["length_baseline"]["rate"],
        "calibration_error": report["calibration_error"],
    }
