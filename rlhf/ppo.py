"""PPO in one process: reads prompts, repeats the phases of ppo_phases.py until the budget is spent, writes policy and value model.

A fixed batch of prompts is answered before the first update and after the last, with the same random numbers; the difference is
what the run is judged by. A killed run goes on from output/state: everything random follows from (seed, update, row), so the
state is weights, optimizers and counters.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlhf.advantages import explained_variance
from rlhf.average import Average
from rlhf.checkpoint import finish, load_state, run_identity, save_model, save_state, stored_summary
from rlhf.config import PpoConfig
from rlhf.data import require
from rlhf.lora import merge_adapter
from rlhf.memory import plan_online, require_memory
from rlhf.models import (
    load_policy,
    load_reward,
    load_rewards,
    load_tokenizer,
    num_parameters,
    prepare_machine,
    require_same_tokens,
)
from rlhf.online import (
    change,
    completion_metrics,
    learning_rate_factor,
    prompts_of_update,
    read_prompts,
    split_prompts,
    write_samples,
)
from rlhf.overoptimization import GoldWatch
from rlhf.parallel import num_workers
from rlhf.ppo_phases import (
    Estimates,
    PpoState,
    collect_rollouts,
    compile_models,
    estimate_advantages,
    new_state,
    score_rollouts,
    scores_by,
    update_models,
)
from rlhf.ppo_watch import Watch, next_kl_coefficient
from rlhf.pretraining_mix import load_windows
from rlhf.progress import Progress
from rlhf.rollouts import Rollouts
from rlhf.types import InputError, Report, ignore_report
from rlhf.vllm_engine import require_vllm

Look = Callable[[Rollouts, Estimates], None]


def train_ppo(
    config: PpoConfig,
    *,
    policy: str | Path,
    reward: str | Path,
    prompts: list[Path],
    texts: Sequence[Path] = (),
    ensemble: Sequence[Path] = (),
    heldout: str | Path | None = None,
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Train `policy` against `reward`; write output/model, output/value and output/summary.json; return the summary.

    `texts` is plain text for the pretraining mix; `ensemble` are reward models beside the first; `heldout` is one that pays for
    nothing and watches for over-optimization. Besides: output/samples/ (tables of completions), and output/average (the running
    average of the policy) where ema_decay asks for it. A finished run is not repeated. Raises StepZeroError where the first
    update would rest on wrong numbers.
    """
    judges: dict[str, Any] = {"ensemble": list(ensemble), "heldout": [] if heldout is None else [heldout]}
    identity = run_identity(config, policy=policy, reward=reward, prompts=prompts, texts=list(texts), **judges)
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    tokenizer = load_tokenizer(policy)
    state = load_models(config, policy, reward, tokenizer)
    load_judges(state, policy, tokenizer, **judges)
    compile_models(state, report=report)
    rows = read_prompts(state, tokenizer, prompts, report)
    require(rows, "prompt", prompts)
    state.report = report
    plan_memory(state, rows, report)
    training_rows, fixed_rows = split_prompts(rows, config)
    state.pretraining_windows = load_windows(config, tokenizer, list(texts), report)
    average, watch, gold = Average(state.policy, config.ema_decay), Watch(config.dtype), GoldWatch()

    def look(rollouts: Rollouts, estimates: Estimates) -> None:
        if config.sample_every_updates and state.update % config.sample_every_updates == 0:
            write_samples(output, tokenizer, state.update, rollouts, estimates.scores, estimates.kl)

    stop_reason = ""
    saved = load_state(output, identity=identity)
    if saved is not None:
        before, stop_reason = restore(state, saved), saved["stop_reason"]
        average.resume(saved["average"])
        watch.resume(saved["watch"])
        gold.resume(saved["gold"])
    else:
        before = answer_fixed_prompts(state, fixed_rows)
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in before.items())
        report("log", {"text": f"ppo: before the first update: {numbers}"})
        if heldout is not None:
            gold.add(0, before)
    progress = Progress(  # its clock runs from here
        "ppo",
        report,
        max_steps=config.num_updates,
        max_seconds=config.max_seconds,
        checkpoint_every_seconds=config.checkpoint_every_seconds,
    )
    if saved is not None:
        progress.resume(saved["progress"])
    while not progress.is_over and not stop_reason:
        metrics = run_update(state, training_rows, learning_rate_factor(config, progress), look)
        average.update(state.policy)
        for alarm in watch.look(metrics):
            report("log", {"text": f"ppo: update {state.update}: {alarm}"})
        if 0 < config.max_kl < metrics["kl"]:
            stop_reason = f"KL {metrics['kl']:.2f} nats per completion passed max_kl {config.max_kl:g}"
            report("log", {"text": f"ppo: stopped, {stop_reason}"})
        progress.advance(int(metrics.pop("num_tokens")), **metrics)
        if heldout is not None and state.update % config.watch_every_updates == 0:
            report("metric", {"step": progress.step, **gold.add(state.update, answer_fixed_prompts(state, fixed_rows))})
        if progress.is_checkpoint_due:
            extra = {
                "average": average.weights,
                "watch": watch.state(),
                "gold": gold.points,
                "stop_reason": stop_reason,
            }
            save_state(output, {**training_state(state, progress, before), **extra}, identity=identity)
            progress.saved()
    progress.flush()
    after = answer_fixed_prompts(state, fixed_rows)
    summary = {
        "num_updates": state.update,
        "num_prompts": len(training_rows),
        "num_fixed_prompts": len(fixed_rows),
        **change(before, after),
        "seconds": progress.seconds,
        "stop_reason": stop_reason,
        "alarms": watch.raised,
        **({} if heldout is None else {"overoptimization": gold.conclude(state.update, after, report)}),
    }
    card = {"policy": str(policy), "reward": str(reward), "options": asdict(config)}
    for name, adapter in state.adapters.items():
        merge_adapter(adapter, output / name)
    save_model(state.value_model, tokenizer, output / "value", {"role": "value", **card})
    average.save(state.policy, tokenizer, output / "average", {"role": "policy", **card})
    state.end_sampling()
    return finish(output, state.policy, tokenizer, summary, {"role": "policy", **card}, identity=identity)


def load_models(config: PpoConfig, policy: str | Path, reward: str | Path, tokenizer: Any) -> PpoState:
    """Policy and reward model as a fresh state on the device; refuses models that do not share their tokens."""
    if num_workers() > 1 and (config.max_seconds or config.minibatch_size < num_workers()):
        raise InputError(
            f"expected max_seconds = 0 and a minibatch_size of at least {num_workers()} for {num_workers()} workers, whose clocks "
            f"differ and who share each minibatch; got {config.max_seconds:g} and {config.minibatch_size}"
        )
    require_vllm(config.engine)
    device = prepare_machine(config)
    require_same_tokens(tokenizer, policy, reward)
    return new_state(
        config,
        load_policy(policy, tokenizer=tokenizer).to(device),  # type: ignore[arg-type]
        load_reward(reward).to(device),  # type: ignore[arg-type]
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def load_judges(
    state: PpoState, policy: str | Path, tokenizer: Any, *, ensemble: Sequence[Path], heldout: Sequence[str | Path]
) -> None:
    """Reward models beside the first one, and the held-out one if there is one."""
    state.other_rewards = load_rewards(ensemble, tokenizer, policy, state.policy.device)
    state.heldout_reward = next(iter(load_rewards(heldout, tokenizer, policy, state.policy.device)), None)


def plan_memory(state: PpoState, prompts: list[list[int]], report: Report) -> None:
    """Reports what the run will hold; refuses one that cannot fit."""
    frozen = [state.ref_policy, state.reward_model, *state.other_rewards]
    frozen += [] if state.heldout_reward is None else [state.heldout_reward]
    plan = plan_online([state.policy, state.value_model], frozen, state.config, max(map(len, prompts)))
    if state.config.ema_decay:  # the average is one more set of the policy's weights
        plan = plan._replace(optimizer=plan.optimizer + 4 * num_parameters(state.policy))
    require_memory(plan, state.policy.device, "micro_batch_tokens, generation_batch_size or max_new_tokens", report)


def run_update(
    state: PpoState, rows: list[list[int]], factor: float, look: Look = lambda rollouts, estimates: None
) -> dict[str, float]:
    """One update: all phases, their metrics and the seconds each took. Moves the KL coefficient for the next update.

    `look` is shown what was sampled, after the models have learned from it.
    """
    config = state.config
    clock = [time.monotonic()]
    rollouts = collect_rollouts(state, prompts_of_update(rows, config, state.update), stream=f"update {state.update}")
    clock.append(time.monotonic())
    estimates = estimate_advantages(state, rollouts, score_rollouts(state, rollouts))
    clock.append(time.monotonic())
    metrics = rollout_metrics(state, rollouts, estimates)
    metrics |= update_models(state, rollouts, estimates, learning_rate_factor=factor)
    clock.append(time.monotonic())
    names = ("sample_seconds", "score_seconds", "update_seconds")
    metrics |= {name: end - start for name, start, end in zip(names, clock, clock[1:], strict=False)}
    metrics |= {
        "learning_rate": state.policy_optimizer.param_groups[0]["lr"],
        "kl_coefficient": state.kl_coefficient,
        "num_tokens": int(rollouts.lengths.sum()),
    }
    state.kl_coefficient = next_kl_coefficient(
        state.kl_coefficient,
        metrics["kl"],
        target=config.target_kl,
        horizon=config.kl_horizon,
        num_episodes=config.episodes_per_update,
    )
    look(rollouts, estimates)
    return metrics


def rollout_metrics(state: PpoState, rollouts: Rollouts, estimates: Estimates) -> dict[str, float]:
    """What a batch of rollouts says about the policy that wrote it, and about the value model."""
    found = completion_metrics(
        rollouts, estimates.scores, estimates.old_logprobs, estimates.ref_logprobs, kl_coefficient=state.kl_coefficient
    )
    variance = explained_variance(estimates.old_values, estimates.returns, rollouts.completion_mask)
    spread = {"score_spread": state.score_spread} if state.other_rewards else {}
    return found | spread | {"explained_variance": float(variance)}


def answer_fixed_prompts(state: PpoState, rows: list[list[int]]) -> dict[str, float]:
    """Score, KL, length and EOS share of the policy on the fixed prompts, always with the same random numbers."""
    rollouts = collect_rollouts(state, rows, stream="fixed prompts")
    found = rollout_metrics(state, rollouts, estimate_advantages(state, rollouts, score_rollouts(state, rollouts)))
    if state.heldout_reward is not None:
        found["heldout_score"] = float(scores_by(state, state.heldout_reward, rollouts).mean())
    return found


def training_state(state: PpoState, progress: Progress, before: dict[str, float]) -> dict[str, Any]:
    """What `restore` needs to go on exactly here."""
    return {
        "policy": state.policy.state_dict(),
        "value": state.value_model.state_dict(),
        "policy_optimizer": state.policy_optimizer.state_dict(),
        "value_optimizer": state.value_optimizer.state_dict(),
        "update": state.update,
        "kl_coefficient": state.kl_coefficient,
        "progress": progress.state(),
        "before": before,
    }


def restore(state: PpoState, saved: dict[str, Any]) -> dict[str, float]:
    """Bring a fresh state to where `training_state` was taken (the reference stays as loaded); returns `before`."""
    state.policy.load_state_dict(saved["policy"])
    state.value_model.load_state_dict(saved["value"])
    state.policy_optimizer.load_state_dict(saved["policy_optimizer"])
    state.value_optimizer.load_state_dict(saved["value_optimizer"])
    state.update, state.kl_coefficient = int(saved["update"]), float(saved["kl_coefficient"])
    before: dict[str, float] = saved["before"]
    return before
