"""GRPO (arXiv 2402.03300) as Dr. GRPO (arXiv 2503.20783) mends it. One flat loop.

The advantage of every token of a completion is its score less the mean score of its prompt's completions; probability ratios are of
single tokens, clipped as in PPO. Two biases of the original are left out: the advantage is not divided by the group's deviation,
which would weigh prompts by how much their scores happen to agree, and the sum over tokens is divided by max_new_tokens, not by
the completion's own length, which would make long wrong answers cheap. KL to the reference is a term of the loss: k3 times the
probability ratio, whose gradient is that of the KL at each visited state, on and off policy; plain k3's is not. There is no value
model. A killed run goes on from output/state; everything random follows from (seed, update, row).
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from rlhf.advantages import masked_mean
from rlhf.checkpoint import finish, load_state, run_identity, save_state, stored_summary
from rlhf.config import GrpoConfig
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
from rlhf.ppo_losses import MAX_LOG_RATIO, PolicyLoss, clipped_policy_loss, kl_k3
from rlhf.ppo_watch import Watch
from rlhf.progress import Progress
from rlhf.types import Report, ignore_report


def train_grpo(
    config: GrpoConfig,
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
        return grpo_loss(logprobs, judged.old_logprobs, judged.ref_logprobs, advantages, mask, config)

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
        "grpo",
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
        advantages = less_group_mean(judged.scores, group_size=config.group_size)

        factor = learning_rate_factor(config, progress)
        metrics |= update_policy(state, rollouts, judged, advantages, loss, learning_rate_factor=factor)
        if config.sample_every_updates and state.update % config.sample_every_updates == 0:
            write_samples(output, tokenizer, state.update, rollouts, judged.scores, judged.kl)
        for alarm in watch.look(metrics):
            report("log", {"text": f"grpo: update {state.update}: {alarm}"})
        if 0 < config.max_kl < metrics["kl"]:
            stop_reason = f"KL {metrics['kl']:.2f} nats per completion passed max_kl {config.max_kl:g}"
            report("log", {"text": f"grpo: stopped, {stop_reason}"})
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


def less_group_mean(scores: Tensor, *, group_size: int) -> Tensor:
    """(B,) scores, group after group -> (B,) each less the mean of its group.

    Example: [1, 2, 6] in one group of 3 -> [-2, -1, 3]
    """
    groups = scores.view(-1, group_size)
    return (groups - groups.mean(dim=1, keepdim=True)).flatten()


def grpo_loss(
    logprobs: Tensor,
    old_logprobs: Tensor,
    ref_logprobs: Tensor,
    advantages: Tensor,
    mask: Tensor,
    config: GrpoConfig,
) -> PolicyLoss:
    """Mean over completions of the sum over their tokens of max(-A ratio, -A clip(ratio)) + kl_coefficient ratio k3, over max_new_tokens.

    logprobs, old_logprobs, ref_logprobs, mask: (B, T), advantages: (B,). Nothing counted: 0.
    """
    per_token = advantages[:, None].expand_as(logprobs)
    found = clipped_policy_loss(logprobs, old_logprobs, per_token, mask, clip_range=config.clip_range)
    logprobs, old_logprobs, ref_logprobs = (
        values.masked_fill(~mask, 0.0) for values in (logprobs, old_logprobs, ref_logprobs)
    )
    ratio = (logprobs - old_logprobs).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()
    penalty = masked_mean(ratio * kl_k3(logprobs, ref_logprobs), mask)
    share_of_tokens = mask.sum() / (len(mask) * config.max_new_tokens)
    return found._replace(loss=share_of_tokens * (found.loss + config.kl_coefficient * penalty))
