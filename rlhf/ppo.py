"""PPO in one process: reads prompts, repeats the phases of ppo_phases.py until the budget is spent, writes policy and value model.

A fixed batch of prompts is answered before the first update and after the last, with the same random numbers; the difference is
what the run is judged by. A killed run goes on from output/state: everything random follows from (seed, update, row), so the
state is weights, optimizers and counters.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from rlhf.average import Average
from rlhf.checkpoint import finish, load_state, run_identity, save_model, save_state, stored_summary, write_json
from rlhf.config import PpoConfig
from rlhf.data import require
from rlhf.models import load_policy, load_reward, load_tokenizer, prepare_machine
from rlhf.ppo_phases import (
    Estimates,
    PpoState,
    collect_rollouts,
    compile_models,
    estimate_advantages,
    new_state,
    rollout_metrics,
    score_rollouts,
    update_models,
)
from rlhf.ppo_watch import Watch, next_kl_coefficient
from rlhf.pretraining_mix import load_windows
from rlhf.progress import Progress
from rlhf.records import read_records
from rlhf.rollouts import Rollouts
from rlhf.sampling import derived_seed
from rlhf.sequences import encode_prompts
from rlhf.types import InputError, Report, ignore_report

MAX_FIXED_PROMPTS = 256
NUM_SAMPLES_SHOWN = 8
Look = Callable[[Rollouts, Estimates], None]


def train_ppo(
    config: PpoConfig,
    *,
    policy: str | Path,
    reward: str | Path,
    prompts: list[Path],
    texts: Sequence[Path] = (),
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Train `policy` against `reward`; write output/model, output/value and output/summary.json; return the summary.

    `texts` is plain text for the pretraining mix. Besides: output/samples/ (tables of completions), and output/average (the
    running average of the policy) where ema_decay asks for it. A finished run is not repeated. Raises StepZeroError where the
    first update would rest on wrong numbers.
    """
    identity = run_identity(config, policy=policy, reward=reward, prompts=prompts, texts=list(texts))
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    tokenizer = load_tokenizer(policy)
    state = load_models(config, policy, reward, tokenizer)
    compile_models(state, report=report)
    rows = read_prompts(config, tokenizer, prompts, state, report)
    require(rows, "prompt", prompts)
    training_rows, fixed_rows = split_prompts(rows, config)
    state.pretraining_windows = load_windows(config, tokenizer, list(texts), report)
    average, watch = Average(state.policy, config.ema_decay), Watch(config.dtype)

    def look(rollouts: Rollouts, estimates: Estimates) -> None:
        if config.sample_every_updates and state.update % config.sample_every_updates == 0:
            write_samples(output, tokenizer, state.update, rollouts, estimates)

    stop_reason = ""
    saved = load_state(output, identity=identity)
    if saved is not None:
        before, stop_reason = restore(state, saved), saved["stop_reason"]
        average.resume(saved["average"])
        watch.resume(saved["watch"])
    else:
        before = answer_fixed_prompts(state, fixed_rows)
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in before.items())
        report("log", {"text": f"ppo: before the first update: {numbers}"})
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
        if progress.is_checkpoint_due:
            extra = {"average": average.weights, "watch": watch.state(), "stop_reason": stop_reason}
            save_state(output, {**training_state(state, progress, before), **extra}, identity=identity)
            progress.saved()
    progress.flush()
    after = answer_fixed_prompts(state, fixed_rows)
    summary = {
        "num_updates": state.update,
        "num_prompts": len(training_rows),
        "num_fixed_prompts": len(fixed_rows),
        "reward_before": before["score"],
        "reward_after": after["score"],
        "kl": after["kl"],
        "k3": after["k3"],
        "length_before": before["length"],
        "length_after": after["length"],
        "eos_share_before": before["eos_share"],
        "eos_share_after": after["eos_share"],
        "seconds": progress.seconds,
        "stop_reason": stop_reason,
        "alarms": watch.raised,
    }
    card = {"policy": str(policy), "reward": str(reward), "options": asdict(config)}
    save_model(state.value_model, tokenizer, output / "value", {"role": "value", **card})
    average.save(state.policy, tokenizer, output / "average", {"role": "policy", **card})
    return finish(output, state.policy, tokenizer, summary, {"role": "policy", **card}, identity=identity)


def load_models(config: PpoConfig, policy: str | Path, reward: str | Path, tokenizer: Any) -> PpoState:
    """Policy and reward model as a fresh state on the device; refuses models that do not share their tokens."""
    device = prepare_machine(config)
    if load_tokenizer(reward).get_vocab() != tokenizer.get_vocab():
        raise InputError(
            f"expected the reward model at {reward} to have the tokenizer of the policy at {policy}, got another vocabulary; "
            "train the reward model from this policy's family"
        )
    return new_state(
        config,
        load_policy(policy, tokenizer=tokenizer).to(device),  # type: ignore[arg-type]
        load_reward(reward).to(device),  # type: ignore[arg-type]
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def read_prompts(
    config: PpoConfig, tokenizer: Any, paths: list[Path], state: PpoState, report: Report
) -> list[list[int]]:
    """Prompts as token ids; those too long for max_prompt_length or for the model's context are left out and counted."""
    rows = encode_prompts(tokenizer, [record["prompt"] for record in read_records(paths, "prompt")])
    context = getattr(state.policy.config.get_text_config(), "max_position_embeddings", None)
    room = (
        config.max_prompt_length if context is None else min(config.max_prompt_length, context - config.max_new_tokens)
    )
    kept = [row for row in rows if len(row) <= room]
    if len(kept) < len(rows):
        report(
            "log",
            {
                "text": f"ppo: {len(rows) - len(kept)} of {len(rows)} prompts are left out, being longer than {room} tokens "
                "(max_prompt_length, or the model's context less max_new_tokens)"
            },
        )
    return kept


def split_prompts(rows: list[list[int]], config: PpoConfig) -> tuple[list[list[int]], list[list[int]]]:
    """(prompts to train on, fixed prompts to judge by): apart where there are enough, else the fixed ones serve for both."""
    shuffled = random.Random(derived_seed(config.seed, "fixed prompts")).sample(rows, len(rows))
    num_fixed = min(len(rows), max(config.episodes_per_update, 1), MAX_FIXED_PROMPTS)
    fixed = shuffled[:num_fixed]
    return (shuffled[num_fixed:] if len(rows) >= 4 * num_fixed else shuffled), fixed


def prompts_of_update(rows: list[list[int]], config: PpoConfig, update: int) -> list[list[int]]:
    """The next episodes_per_update prompts of an endless sequence of shuffled passes over all of them."""
    picked: list[list[int]] = []
    place = update * config.episodes_per_update
    while len(picked) < config.episodes_per_update:
        epoch, start = divmod(place + len(picked), len(rows))
        order = torch.randperm(
            len(rows), generator=torch.Generator().manual_seed(derived_seed(config.seed, "prompts", epoch))
        ).tolist()
        picked += [rows[index] for index in order[start : start + config.episodes_per_update - len(picked)]]
    return picked


def learning_rate_factor(config: PpoConfig, progress: Progress) -> float:
    """Linear to 0 over the run, by updates or by the clock; the first warmup_updates rise from a tenth."""
    warmup = min(1.0, 0.1 + 0.9 * progress.step / config.warmup_updates) if config.warmup_updates else 1.0
    return warmup * (1.0 - progress.fraction)


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
        "learning_rate": config.policy_learning_rate * factor,
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


def answer_fixed_prompts(state: PpoState, rows: list[list[int]]) -> dict[str, float]:
    """Score, KL, length and EOS share of the policy on the fixed prompts, always with the same random numbers."""
    rollouts = collect_rollouts(state, rows, stream="fixed prompts")
    return rollout_metrics(state, rollouts, estimate_advantages(state, rollouts, score_rollouts(state, rollouts)))


def write_samples(output: Path, tokenizer: Any, update: int, rollouts: Rollouts, estimates: Estimates) -> None:
    """output/samples/update-000010.json: some of the update's completions with score, KL and length."""
    table = []
    for row in range(min(NUM_SAMPLES_SHOWN, len(estimates.scores))):
        prompt_length, length = int(rollouts.prompt_lengths[row]), int(rollouts.lengths[row])
        ids = rollouts.input_ids[row].tolist()
        table.append(
            {
                "prompt": tokenizer.decode(ids[:prompt_length]),
                "completion": tokenizer.decode(ids[prompt_length:length]),
                "score": round(float(estimates.scores[row]), 4),
                "kl": round(float(estimates.kl[row]), 4),
                "length": length - prompt_length,
                "has_eos": bool(rollouts.has_eos[row]),
            }
        )
    write_json(output / "samples" / f"update-{update:06}.json", table)


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
