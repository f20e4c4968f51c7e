"""What RLOO and GRPO share: several completions of each prompt, judged against each other in place of a value model.

One update: collect_groups -> score_rollouts -> the loop's own advantages -> update_policy with the loop's own loss. Sampling,
scoring and the checks at step zero are PPO's. Knows neither of the two objectives.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel

from rlhf.advantages import masked_mean, masked_sum_per_row
from rlhf.config import GroupOptions
from rlhf.lora import add_adapter, without_adapter
from rlhf.memory import plan_online, require_memory, until_it_fits
from rlhf.models import autocast, load_policy, load_reward, num_parameters, prepare_machine, require_same_tokens
from rlhf.online import completion_metrics
from rlhf.optimization import new_optimizer, optimizer_step
from rlhf.passes import compile_layers, micro_batches
from rlhf.ppo_losses import PolicyLoss, kl_k1
from rlhf.ppo_phases import collect_rollouts, score_rollouts
from rlhf.progress import Progress
from rlhf.rollouts import Rollouts, in_chunks, policy_logprobs, policy_statistics
from rlhf.sampling import derived_seed
from rlhf.sampling_state import SamplingState
from rlhf.step_zero import check_step_zero
from rlhf.types import InputError, Report
from rlhf.vllm_engine import require_vllm

ADAM_BETAS = (0.9, 0.999)


@dataclass(kw_only=True)
class GroupState(SamplingState):
    """Everything one update reads and changes."""

    config: GroupOptions
    adapter: PeftModel | None
    """None where all weights learn. A policy with an adapter is its own reference, read without it."""


class Judged(NamedTuple):
    """What an update knows of its completions, computed once; group after group, B = all completions of the update."""

    old_logprobs: Tensor
    """(B, T) float32, 0 where nothing counts."""
    ref_logprobs: Tensor
    """(B, T) float32, 0 where nothing counts."""
    scores: Tensor
    """(B,)"""
    kl: Tensor
    """(B,) sum over the completion of log(policy / reference)."""

    def take(self, index: Tensor) -> "Judged":
        """Some of the rows."""
        return Judged(*(field[index] for field in self))


Loss = Callable[[Tensor, Tensor, Judged, Tensor], PolicyLoss]
"""(new log-probabilities (B, T), mask (B, T), what is known of the rows, advantages (B,)) -> a mean over the B completions."""


def load_models(config: GroupOptions, policy: str | Path, reward: str | Path, tokenizer: Any) -> GroupState:
    """Policy, its frozen copy (or its adapter) and the reward model before their first update; refuses models of other tokens."""
    require_vllm(config.engine)
    device = prepare_machine(config)
    require_same_tokens(tokenizer, policy, reward)
    if tokenizer.pad_token_id == tokenizer.eos_token_id:
        raise InputError(f"expected a padding token that is not EOS, got id {tokenizer.eos_token_id} for both")
    learner: PreTrainedModel = load_policy(policy, tokenizer=tokenizer).to(device).eval()  # type: ignore[arg-type]
    adapter, reference = add_adapter(learner, config.lora_rank, config.seed), learner
    if adapter is None:  # a copy: loaded once more, weights of tokens that the files lack would be drawn once more
        reference = copy.deepcopy(learner).requires_grad_(False)
    optimizer = new_optimizer(learner, weight_decay=0.0, betas=ADAM_BETAS, epsilon=config.adam_epsilon)
    return GroupState(
        config=config,
        policy=learner,
        ref_policy=reference,
        reward_model=load_reward(reward).to(device).eval().requires_grad_(False),  # type: ignore[arg-type]
        policy_optimizer=optimizer,
        adapter=adapter,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def prepare(state: GroupState, prompts: list[list[int]], report: Report) -> None:
    """Plans the memory, and compiles policy and reference where that pays: both, as their log-probabilities are compared."""
    config, state.report = state.config, report
    frozen = [state.ref_policy, state.reward_model, *state.other_rewards]
    plan = plan_online([state.policy], frozen, config, max(map(len, prompts)))
    require_memory(plan, state.policy.device, "micro_batch_tokens, generation_batch_size or max_new_tokens", report)
    num_tokens = config.num_updates * config.num_epochs * config.episodes_per_update * config.max_new_tokens
    flops = 6.0 * num_parameters(state.policy) * num_tokens
    compile_layers([state.policy, state.ref_policy], config.compile, flops=flops, report=report)


def collect_groups(state: GroupState, prompts: Sequence[list[int]], *, stream: str) -> Rollouts:
    """group_size completions of each prompt, side by side."""
    repeated = [prompt for prompt in prompts for _ in range(state.config.group_size)]
    return collect_rollouts(state, repeated, stream=stream)


@torch.no_grad()
def judge(state: GroupState, rollouts: Rollouts) -> Judged:
    """Scores, and the log-probabilities of policy and reference as the training pass computes them."""
    config = state.config

    def logprobs_of(model: PreTrainedModel) -> Tensor:
        return in_chunks(
            lambda part: policy_logprobs(model, part, temperature=config.temperature),
            rollouts,
            chunk_size=config.generation_batch_size,
        )

    with autocast(rollouts.input_ids.device, config.dtype):
        old_logprobs = logprobs_of(state.policy)
        with without_adapter(state.ref_policy):
            ref_logprobs = logprobs_of(state.ref_policy)
    kl = masked_sum_per_row(kl_k1(old_logprobs, ref_logprobs), rollouts.completion_mask)
    return Judged(old_logprobs, ref_logprobs, score_rollouts(state, rollouts), kl)


def update_policy(
    state: GroupState,
    rollouts: Rollouts,
    judged: Judged,
    advantages: Tensor,
    loss: Loss,
    *,
    learning_rate_factor: float,
) -> dict[str, float]:
    """All epochs and minibatches of one update; returns the means of its metrics over the minibatches.

    Before the first step of a run, ratio = 1, clip fraction = 0 and KL = 0 are checked; raises StepZeroError.
    """
    config = state.config
    rate = config.policy_learning_rate * learning_rate_factor
    shuffle = torch.Generator().manual_seed(derived_seed(config.seed, "minibatches", state.update))
    parts: list[dict[str, float]] = []
    for _ in range(config.num_epochs):
        order = torch.randperm(len(advantages), generator=shuffle).to(advantages.device)
        for index in order.split(config.minibatch_size):
            part = (rollouts.take(index), judged.take(index), advantages[index])
            state.config, found = until_it_fits(
                state.config, [state.policy], partial(add_gradients, state, *part, loss), state.report
            )
            gap = found.pop("reference_gap")
            if state.update == 0 and not parts:
                fraction = found["clip_fraction"]
                check_step_zero(state, log_ratio=found["log_ratio"], clip_fraction=fraction, reference_gap=gap)
            norm = optimizer_step(
                state.policy_optimizer, learning_rate=rate, max_gradient_norm=config.max_gradient_norm
            )
            parts.append(found | {"policy_gradient_norm": float(norm)})
    state.update += 1
    means = {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}
    return means | {"learning_rate": rate, "num_tokens": int(rollouts.lengths.sum())}


def add_gradients(
    state: GroupState, rollouts: Rollouts, judged: Judged, advantages: Tensor, loss: Loss, config: GroupOptions
) -> dict[str, float]:
    """Adds the gradient of the mean loss over these completions, however many are read at a time; returns metrics.

    The loss is a mean over completions; clip_fraction is over what the loss clips, tokens or completions, and the others over tokens.
    """
    num_tokens, lengths = int(rollouts.completion_mask.sum()), rollouts.lengths.tolist()
    metrics: dict[str, float] = {}
    num_clippable = 0
    for rows_read in micro_batches(range(len(lengths)), lambda row: (1, lengths[row]), config.micro_batch_tokens):
        index = torch.tensor(rows_read, device=rollouts.lengths.device)
        part, known = rollouts.take(index), judged.take(index)
        mask = part.completion_mask
        with autocast(part.input_ids.device, config.dtype):
            logprobs, entropy = policy_statistics(state.policy, part, temperature=config.temperature)
        found = loss(logprobs, mask, known, advantages[index])
        num_clippable += (clippable := int(found.num_counted))
        rows, tokens = len(index) / len(advantages), float(mask.sum()) / num_tokens
        (rows * found.loss).backward()  # type: ignore[no-untyped-call]
        logprobs = logprobs.detach()
        for name, share, value in (
            ("policy_loss", rows, found.loss.detach()),
            ("clip_fraction", clippable, found.clip_fraction),
            ("log_ratio", tokens, masked_mean((logprobs - known.old_logprobs).abs(), mask)),
            ("entropy", tokens, masked_mean(entropy, mask)),
            ("reference_gap", tokens, masked_mean((logprobs - known.ref_logprobs).abs(), mask)),
        ):
            metrics[name] = metrics.get(name, 0.0) + share * float(value)
    metrics["clip_fraction"] /= max(num_clippable, 1)
    return metrics


def policy_metrics(state: GroupState, rollouts: Rollouts, judged: Judged) -> dict[str, float]:
    """What a batch says about the policy that wrote it."""
    scores, old_logprobs, ref_logprobs = judged.scores, judged.old_logprobs, judged.ref_logprobs
    coefficient = state.config.kl_coefficient
    found = completion_metrics(rollouts, scores, old_logprobs, ref_logprobs, kl_coefficient=coefficient)
    return found | ({"score_spread": state.score_spread} if state.other_rewards else {})


def answer_fixed_prompts(state: GroupState, rows: list[list[int]]) -> dict[str, float]:
    """Score, KL, length and EOS share of the policy on the fixed prompts, always with the same random numbers."""
    rollouts = collect_rollouts(state, rows, stream="fixed prompts")
    return policy_metrics(state, rollouts, judge(state, rollouts))


def training_state(
    state: GroupState, progress: Progress, before: dict[str, float], watch: dict[str, Any], stop_reason: str
) -> dict[str, Any]:
    """What `restore` and its caller need to go on exactly here."""
    return {
        "policy": state.policy.state_dict(),
        "optimizer": state.policy_optimizer.state_dict(),
        "update": state.update,
        "progress": progress.state(),
        "before": before,
        "watch": watch,
        "stop_reason": stop_reason,
    }


def restore(state: GroupState, saved: dict[str, Any]) -> None:
    """Brings a fresh state to where `training_state` was taken; the reference stays as loaded."""
    state.policy.load_state_dict(saved["policy"])
    state.policy_optimizer.load_state_dict(saved["optimizer"])
    state.update = int(saved["update"])
