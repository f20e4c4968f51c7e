"""The phases of PPO against a reward model, as functions over a PpoState.

One update: collect_rollouts -> score_rollouts -> estimate_advantages -> update_models. The policy and the frozen reference start
from the same folder, the value model is the reward model's copy, head and bias included. The score is paid at the EOS action; a
completion without EOS gets `missing_eos_score` instead. Log-probabilities to compare with are computed once by the training
forward, so that before the first step ratio = 1 and KL = 0, which is checked. Every random number follows from (seed, update,
row), so no generator state has to be kept. Knows nothing of where it runs; the local loop over these phases is ppo.py.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from rlhf.advantages import (
    generalized_advantages,
    masked_mean,
    masked_sum_per_row,
    mean_less_spread,
    token_rewards,
    whiten,
)
from rlhf.config import PpoConfig
from rlhf.decoding import Request
from rlhf.lanes import side_by_side
from rlhf.lora import add_adapter, without_adapter
from rlhf.memory import until_it_fits
from rlhf.models import autocast, num_parameters, reward_scores
from rlhf.parallel import own, sum_gradients, sum_over_workers
from rlhf.passes import compile_layers, is_compiled, micro_batches
from rlhf.ppo_losses import clipped_policy_loss, clipped_value_loss, kl_k1
from rlhf.pretraining_mix import add_pretraining_gradient
from rlhf.rollouts import (
    Rollouts,
    gather_completions,
    in_chunks,
    join_rollouts,
    policy_logprobs,
    policy_statistics,
    state_values,
)  # fmt: skip
from rlhf.sampling import derived_seed
from rlhf.sampling_state import SamplingState
from rlhf.step_zero import check_step_zero
from rlhf.types import InputError, Report


@dataclass(kw_only=True)
class PpoState(SamplingState):
    """Everything one update reads and changes."""

    config: PpoConfig
    value_model: PreTrainedModel
    value_optimizer: torch.optim.Optimizer
    kl_coefficient: float
    """The config's, until the controller moves it."""
    adapters: dict[str, PeftModel | None] = field(default_factory=dict)
    """Of policy and value model, by the folder they are written to; none where all weights learn. A policy with an adapter is its own
    reference, read without it; so are value model and reward model one."""
    has_learned: bool = False
    """True once this process has done an update."""
    pretraining_windows: Tensor | None = None
    """(N, ptx_length + 1) int64, or None without a pretraining mix."""


class Estimates(NamedTuple):
    """What the update learns from, computed once per batch of rollouts; (B, T) float32 unless noted, 0 where nothing counts."""

    old_logprobs: Tensor
    ref_logprobs: Tensor
    old_values: Tensor
    advantages: Tensor
    """Whitened over the whole batch."""
    returns: Tensor
    """advantages + old_values, before whitening."""
    scores: Tensor
    """(B,)"""
    kl: Tensor
    """(B,) sum over the completion of log(policy / reference)."""


def new_state(
    config: PpoConfig, policy: PreTrainedModel, reward_model: PreTrainedModel, *, eos_token_id: int, pad_token_id: int
) -> PpoState:
    """A state before its first update. All models are put into evaluation mode and stay there: dropout would break the ratio."""
    if pad_token_id == eos_token_id:
        raise InputError(
            f"expected a padding token that is not EOS, got id {eos_token_id} for both; give the tokenizer a pad_token of its own"
        )
    ref_policy, value_model, adapters = policy, reward_model, {}
    if config.lora_rank:
        for name, model in (("adapter", policy), ("value-adapter", value_model)):
            adapters[name] = add_adapter(model, config.lora_rank, config.seed)
    else:
        ref_policy, value_model = copy.deepcopy(policy).requires_grad_(False), copy.deepcopy(reward_model)
        reward_model.requires_grad_(False)
    return PpoState(
        config=config,
        policy=policy.eval(),
        ref_policy=ref_policy.eval(),
        reward_model=reward_model.eval(),
        value_model=value_model.eval(),
        adapters=adapters,
        policy_optimizer=_adam(policy, config.policy_learning_rate, config),
        value_optimizer=_adam(value_model, config.value_learning_rate, config),
        eos_token_id=eos_token_id,
        pad_token_id=pad_token_id,
        kl_coefficient=config.kl_coefficient,
    )


def compile_models(state: PpoState, *, report: Report) -> None:
    """Compiles what learns, and the reference with it: log-probabilities are compared to the last bits before the first step."""
    config = state.config
    num_tokens = config.num_updates * config.num_epochs * config.episodes_per_update * config.max_new_tokens
    flops = 6.0 * num_tokens * (num_parameters(state.policy) + num_parameters(state.value_model))
    compile_layers([state.policy, state.value_model, state.ref_policy], config.compile, flops=flops, report=report)


def collect_rollouts(state: SamplingState, prompts: Sequence[list[int]], *, stream: str) -> Rollouts:
    """One sampled completion per prompt, from the current policy. `stream` names the random numbers: same name, same draws.

    The workers share the prompts, and each gets all completions.
    """
    config = state.config
    requests = [
        Request(prompt, config.temperature, 1.0, derived_seed(config.seed, stream, row))
        for row, prompt in enumerate(prompts)
    ]
    completions = state.complete(own(requests))
    return join_rollouts(prompts, gather_completions(completions, state.pad_token_id), pad_token_id=state.pad_token_id)


@torch.no_grad()
def score_rollouts(state: SamplingState, rollouts: Rollouts) -> Tensor:
    """(B,) float32: the reward model at EOS; `missing_eos_score` in its place where the completion has none.

    Of several reward models: their mean less ensemble_penalty times their deviation. Leaves the mean deviation in score_spread.
    """
    members = torch.stack([scores_by(state, model, rollouts) for model in (state.reward_model, *state.other_rewards)])
    scores, spread = mean_less_spread(members, penalty=state.config.ensemble_penalty)
    state.score_spread = float(spread.mean())
    return scores


@torch.no_grad()
def scores_by(state: SamplingState, model: PreTrainedModel, rollouts: Rollouts) -> Tensor:
    """(B,) float32: one reward model at EOS, or `missing_eos_score`."""
    with without_adapter(model):
        scores = in_chunks(
            lambda part: reward_scores(model, part.input_ids, part.sequence_mask()),
            rollouts,
            chunk_size=state.config.generation_batch_size,
        )
    return torch.where(rollouts.has_eos, scores, state.config.missing_eos_score)


@torch.no_grad()
def estimate_advantages(state: PpoState, rollouts: Rollouts, scores: Tensor) -> Estimates:
    """Old and reference log-probabilities, values, KL-penalised rewards, GAE, returns, and whitened advantages."""
    config, mask = state.config, rollouts.completion_mask
    chunk_size = config.generation_batch_size

    def logprobs_of(model: PreTrainedModel) -> Tensor:
        logprobs = partial(policy_logprobs, model, temperature=config.temperature)
        return in_chunks(logprobs, rollouts, chunk_size=chunk_size)

    with autocast(rollouts.input_ids.device, config.dtype):
        old_logprobs = logprobs_of(state.policy)
        with without_adapter(state.ref_policy):
            ref_logprobs = logprobs_of(state.ref_policy)
        old_values = in_chunks(lambda part: state_values(state.value_model, part), rollouts, chunk_size=chunk_size)
    kl = kl_k1(old_logprobs, ref_logprobs)
    rewards = token_rewards(scores, kl, mask, kl_coefficient=state.kl_coefficient)
    if config.whiten_rewards:
        rewards = whiten(rewards, mask, center=False)
    advantages, returns = generalized_advantages(
        rewards, old_values, mask, gamma=config.gamma, gae_lambda=config.gae_lambda
    )
    return Estimates(
        old_logprobs=old_logprobs,
        ref_logprobs=ref_logprobs,
        old_values=old_values,
        advantages=whiten(advantages, mask, center=True),
        returns=returns,
        scores=scores,
        kl=masked_sum_per_row(kl, mask),
    )


def update_models(
    state: PpoState, rollouts: Rollouts, estimates: Estimates, *, learning_rate_factor: float
) -> dict[str, float]:
    """All epochs and minibatches of one update; returns the means of its metrics over the minibatches.

    The first minibatch of the first update is checked before its step: see check_step_zero.
    """
    config = state.config
    _set_learning_rates(state, learning_rate_factor)
    shuffle = torch.Generator().manual_seed(derived_seed(config.seed, "minibatches", state.update))
    parts: list[dict[str, Tensor]] = []
    for _ in range(config.num_epochs):
        order = torch.randperm(len(estimates.scores), generator=shuffle).to(rollouts.lengths.device)
        for index in order.split(config.minibatch_size):
            parts.append(_minibatch_step(state, rollouts.take(index), _take(estimates, index), place=len(parts)))
    state.update += 1
    state.has_learned = True
    return {name: float(torch.stack([part[name] for part in parts]).mean()) for name in parts[0]}


def _minibatch_step(state: PpoState, rollouts: Rollouts, estimates: Estimates, *, place: int) -> dict[str, Tensor]:
    """One optimizer step of both models on the mean over the rows' tokens. `place` counts the minibatches of this update."""
    models = (state.policy, state.value_model)
    accumulate = partial(_accumulate_gradients, state, rollouts, estimates)
    state.config, metrics = until_it_fits(state.config, models, accumulate, state.report)
    for model in models:
        sum_gradients(model)
    sum_over_workers(metrics.values())
    config = state.config
    if state.update == 0 and place == 0:
        check_step_zero(
            state,
            log_ratio=float(metrics["log_ratio"]),
            clip_fraction=float(metrics["clip_fraction"]),
            reference_gap=float(metrics["reference_gap"]),
        )
    del metrics["reference_gap"]
    if state.pretraining_windows is not None:
        metrics["pretraining_loss"] = add_pretraining_gradient(
            state.policy, state.pretraining_windows, config, state.update, place
        )
    policy_norm = _step(state.policy, state.policy_optimizer, config.max_gradient_norm)
    value_norm = _step(state.value_model, state.value_optimizer, config.max_gradient_norm)
    return metrics | {"policy_gradient_norm": policy_norm, "value_gradient_norm": value_norm}


def _accumulate_gradients(
    state: PpoState, rollouts: Rollouts, estimates: Estimates, config: PpoConfig
) -> dict[str, Tensor]:
    """Adds this worker's share of the gradients of both mean losses over the rows' tokens, however many are read at a time.

    Returns its share of the means; summed over the workers, gradients and means are those of all rows.
    """
    lengths = rollouts.lengths.tolist()
    metrics: dict[str, Tensor] = {}
    for rows in micro_batches(own(range(len(lengths))), lambda row: (1, lengths[row]), config.micro_batch_tokens):
        index = torch.tensor(rows, device=rollouts.lengths.device)
        part = rollouts.take(index)
        share = part.completion_mask.sum() / rollouts.completion_mask.sum()
        for name, value in _add_gradients(state, part, _take(estimates, index), share=share).items():
            metrics[name] = metrics.get(name, torch.zeros_like(value)) + share * value
    return metrics


def _add_gradients(state: PpoState, rollouts: Rollouts, estimates: Estimates, *, share: Tensor) -> dict[str, Tensor]:
    """Adds `share` times the gradients of both mean losses over these rows' tokens; returns the means over those tokens."""
    pieces = [partial(add, state, rollouts, estimates, share) for add in (_add_policy_gradient, _add_value_gradient)]
    # Compiling is for one thread at a time, and what is compiled is compiled in a process's first update.
    in_turn = not state.has_learned and is_compiled(state.policy)
    of_policy, of_value = side_by_side(pieces, rollouts.input_ids.device, in_turn=in_turn)
    return of_policy | of_value


def _add_policy_gradient(state: PpoState, rollouts: Rollouts, estimates: Estimates, share: Tensor) -> dict[str, Tensor]:
    config, mask = state.config, rollouts.completion_mask
    with autocast(rollouts.input_ids.device, config.dtype):
        logprobs, entropy = policy_statistics(state.policy, rollouts, temperature=config.temperature)
    policy = clipped_policy_loss(
        logprobs, estimates.old_logprobs, estimates.advantages, mask, clip_range=config.clip_range
    )
    (share * policy.loss).backward()  # type: ignore[no-untyped-call]
    return {
        "policy_loss": policy.loss.detach(),
        "clip_fraction": policy.clip_fraction,
        "ratio": policy.ratio,
        "log_ratio": policy.mean_log_ratio,
        "approximate_kl": policy.approximate_kl,
        "entropy": masked_mean(entropy, mask),
        "reference_gap": masked_mean((logprobs.detach() - estimates.ref_logprobs).abs(), mask),
    }


def _add_value_gradient(state: PpoState, rollouts: Rollouts, estimates: Estimates, share: Tensor) -> dict[str, Tensor]:
    config, mask = state.config, rollouts.completion_mask
    with autocast(rollouts.input_ids.device, config.dtype):
        values = state_values(state.value_model, rollouts)
    loss = clipped_value_loss(values, estimates.old_values, estimates.returns, mask, clip_range=config.value_clip_range)
    (share * loss).backward()  # type: ignore[no-untyped-call]
    return {"value_loss": loss.detach()}


def _adam(model: PreTrainedModel, learning_rate: float, config: PpoConfig) -> torch.optim.Optimizer:
    learned = [weight for weight in model.parameters() if weight.requires_grad]
    return torch.optim.Adam(learned, lr=learning_rate, eps=config.adam_epsilon, fused=True)


def _set_learning_rates(state: PpoState, factor: float) -> None:
    """Peak times factor; the policy stands still while only the value model learns."""
    is_policy_learning = state.update >= state.config.critic_warmup_updates
    for optimizer, peak in (
        (state.policy_optimizer, state.config.policy_learning_rate * is_policy_learning),
        (state.value_optimizer, state.config.value_learning_rate),
    ):
        for group in optimizer.param_groups:
            group["lr"] = peak * factor


def _step(model: PreTrainedModel, optimizer: torch.optim.Optimizer, max_norm: float) -> Tensor:
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm if max_norm > 0 else float("inf"))
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return norm


def _take(estimates: Estimates, index: Tensor) -> Estimates:
    return Estimates(*(field[index] for field in estimates))
