"""RLOO (arXiv 2402.14740): REINFORCE with the mean of the prompt's other completions as baseline. One flat loop.

A completion is one action: its reward is the score less kl_coefficient x log(policy / reference) of the whole completion, and its
probability ratio is that of the whole completion, clipped as in PPO for every step after the first. There is no value model. A killed
run goes on from output/state; everything random follows from (seed, update, row).
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rlhf.advantages import masked_sum_per_row
from rlhf.checkpoint import finish, load_state, run_identity, save_state, stored_summary
from rlhf.config import RlooConfig
from rlhf.data import require
from rlhf.groups import (
    Judged,
    answer_fixed_prompts,
    collect_groups,
    judge,
    load_models,
    policy_metrics,
    prepare,
    restore,
    training_state,
    update_policy,
)
from rlhf.lora import merge_adapter
from rlhf.models import load_rewards, load_tokenizer
from rlhf.online import change, learning_rate_factor, prompts_of_update, read_prompts, split_prompts, write_samples
from rlhf.ppo_losses import PolicyLoss, clipped_policy_loss
from rlhf.ppo_watch import Watch
from rlhf.progress import Progress
from rlhf.types import Report, ignore_report


def train_rloo(
    config: RlooConfig,
    *,
    policy: str | Path,
    reward: str | Path,
    prompts: list[Path],
    ensemble: Sequence[Path] = (),
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Train `policy` against `reward` (and `ensemble`, further reward models); write output/model, output/samples and
    output/summary.json; return the summary.
    """
    identity = run_identity(config, policy=policy, reward=reward, prompts=prompts, ensemble=list(ensemble))
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary

    def loss(logprobs: Tensor, mask: Tensor, judged: Judged, advantages: Tensor) -> PolicyLoss:
        return rloo_loss(logprobs, judged.old_logprobs, advantages, mask, clip_range=config.clip_range)

    tokenizer = load_tokenizer(policy)
    state = load_models(config, policy, reward, tokenizer)
    state.other_rewards = load_rewards(ensemble, tokenizer, policy, state.policy.device)
    rows = read_prompts(state, tokenizer, prompts, report)
    require(rows, "prompt", prompts)
    prepare(state, rows, report)
    training_rows, fixed_rows = split_prompts(rows, config)
    watch, stop_reason = Watch(config.dtype), ""
    if (saved := load_state(output, identity=identity)) is not None:
        restore(state, saved)
        before, stop_reason = saved["before"], saved["stop_reason"]
        watch.resume(saved["watch"])
    else:
        before = answer_fixed_prompts(state, fixed_rows)
    progress = Progress(  # its clock runs from here
        "rloo",
        report,
        max_steps=config.num_updates,
        max_seconds=config.max_seconds,
        checkpoint_every_seconds=config.checkpoint_every_seconds,
    )
    if saved is not None:
        progress.resume(saved["progress"])
    while not progress.is_over and not stop_reason:
        chosen = prompts_of_update(training_rows, config, state.update)
        rollouts = collect_groups(state, chosen, stream=f"update {state.update}")
        judged = judge(state, rollouts)
        metrics = policy_metrics(state, rollouts, judged)
        rewards = judged.scores - config.kl_coefficient * judged.kl
        advantages = leave_one_out(rewards, group_size=config.group_size)

        factor = learning_rate_factor(config, progress)
        metrics |= update_policy(state, rollouts, judged, advantages, loss, learning_rate_factor=factor)
        if config.sample_every_updates and state.update % config.sample_every_updates == 0:
            write_samples(output, tokenizer, state.update, rollouts, judged.scores, judged.kl)
        for alarm in watch.look(metrics):
            report("log", {"text": f"rloo: update {state.update}: {alarm}"})
        if 0 < config.max_kl < metrics["kl"]:
            stop_reason = f"KL {metrics['kl']:.2f} nats per completion passed max_kl {config.max_kl:g}"
            report("log", {"text": f"rloo: stopped, {stop_reason}"})
        progress.advance(int(metrics.pop("num_tokens")), **metrics)
        if progress.is_checkpoint_due:
            kept = training_state(state, progress, before, watch.state(), stop_reason)
            save_state(output, kept, identity=identity)
            progress.saved()
    progress.flush()
    summary = {
        "num_updates": state.update,
        "num_prompts": len(training_rows),
        "num_fixed_prompts": len(fixed_rows),
        **change(before, answer_fixed_prompts(state, fixed_rows)),
        "seconds": progress.seconds,
        "stop_reason": stop_reason,
        "alarms": watch.raised,
    }
    merge_adapter(state.adapter, output / "adapter")
    card = {"role": "policy", "policy": str(policy), "reward": str(reward), "options": asdict(config)}
    state.end_sampling()
    return finish(output, state.policy, tokenizer, summary, card, identity=identity)


def leave_one_out(rewards: Tensor, *, group_size: int) -> Tensor:
    """(B,) rewards, group after group -> (B,) each less the mean of the others of its group. arXiv 2402.14740 equation 8.

    Example: [1, 2, 6] in one group of 3 -> [1 - 4, 2 - 3.5, 6 - 1.5]
    """
    groups = rewards.view(-1, group_size)
    others = (groups.sum(dim=1, keepdim=True) - groups) / (group_size - 1)
    return (groups - others).flatten()


def rloo_loss(
    logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, mask: Tensor, *, clip_range: float
) -> PolicyLoss:
    """Mean over completions of max(-A ratio, -A clip(ratio)); the ratio is of whole completions, so its gradient is REINFORCE's.

    logprobs, old_logprobs, mask: (B, T), advantages: (B,). The clip does nothing before the first step.
    """
    new, old = (masked_sum_per_row(values, mask) for values in (logprobs, old_logprobs))
    return clipped_policy_loss(
        new, old, advantages, torch.ones_like(advantages, dtype=torch.bool), clip_range=clip_range
    )
