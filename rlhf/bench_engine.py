"""Times the generation engine alone, and whole PPO updates with their three parts."""

from statistics import median
from typing import Any

import torch
from transformers import PreTrainedModel

from rlhf.bench import BenchOptions
from rlhf.bench_workload import (
    EOS,
    PAD,
    documents,
    forward_flops,
    now,
    prompt_lengths,
    random_policy,
    random_reward,
)
from rlhf.config import PpoConfig
from rlhf.decoding import Completions, Request, generate
from rlhf.models import num_parameters
from rlhf.ppo import run_update
from rlhf.ppo_phases import compile_models, new_state
from rlhf.sampling import derived_seed
from rlhf.types import ignore_report


def bench_generate(options: BenchOptions, device: torch.device) -> dict[str, Any]:
    """Sampled tokens per second at temperature 1: prompts of 16 to 64 tokens, one completion each."""
    model = random_policy(options).to(device)  # type: ignore[arg-type]
    prompts = documents(options.batch or 128, *prompt_lengths(options), options)
    seconds, rates, completions = [], [], None
    for repetition in range(options.updates + 1):
        requests = [
            Request(prompt, 1.0, 1.0, derived_seed(options.seed, repetition, row)) for row, prompt in enumerate(prompts)
        ]
        start = now(device)
        completions = generate(
            model,
            requests,
            max_new_tokens=options.new_tokens,
            eos_token_id=EOS,
            pad_token_id=PAD,
            dtype=options.dtype,
        )
        num_tokens = int(completions.mask.sum())
        seconds.append(now(device) - start)
        rates.append(num_tokens / seconds[-1])
    assert completions is not None
    seconds_per_batch = median(seconds[1:])
    bytes_read, flops = generation_work(model, [len(prompt) for prompt in prompts], completions, options)
    return {
        "parameters": num_parameters(model),
        "warmup_seconds": round(seconds[0], 3),
        "seconds_per_batch": round(seconds_per_batch, 4),
        "tokens_per_second": round(median(rates[1:])),
        "mean_length": round(float(completions.mask.sum(dim=1).float().mean()), 1),
        "bytes_per_second": bytes_read / seconds_per_batch,
        "flops_per_second": flops / seconds_per_batch,
    }


def generation_work(
    model: PreTrainedModel, read_lengths: list[int], completions: Completions, options: BenchOptions
) -> tuple[float, float]:
    """(bytes, operations) that the batch cannot do without.

    Bytes: the weights once for the prompts and once a step, and the keys and values of every open row at every step.
    """
    counts = completions.mask.sum(dim=1).tolist()
    width = 2 if options.dtype == "bfloat16" else 4
    weights = (num_parameters(model) - options.vocab * options.hidden) * width
    states = 2 * options.layers * options.hidden * width
    read = sum(
        states * (prompt + step) for prompt, count in zip(read_lengths, counts, strict=True) for step in range(count)
    )
    lengths = [prompt + count for prompt, count in zip(read_lengths, counts, strict=True)]
    return weights * (1.0 + max(counts)) + read, forward_flops(model, lengths)


def bench_ppo(options: BenchOptions, device: torch.device) -> dict[str, Any]:
    """Seconds of a PPO update: 64 episodes, 4 epochs of 4 minibatches; generate, score and update apart."""
    batch = options.batch or 64
    config = PpoConfig(
        num_updates=options.updates + 1,
        episodes_per_update=batch,
        minibatch_size=max(batch // 4, 1),
        num_epochs=4,
        policy_learning_rate=1e-5,
        value_learning_rate=1e-5,
        kl_coefficient=0.05,
        max_new_tokens=options.new_tokens,
        generation_batch_size=batch,
        warmup_updates=0,
        seed=options.seed,
        dtype=options.dtype,
        threads=options.threads,
        compile=options.compile,
    )
    torch.manual_seed(options.seed)
    policy = random_policy(options).to(device)  # type: ignore[arg-type]
    reward = random_reward(options).to(device)  # type: ignore[arg-type]
    state = new_state(config, policy, reward, eos_token_id=EOS, pad_token_id=PAD)
    compile_models(state, report=ignore_report)
    prompts = documents(1024, *prompt_lengths(options), options)
    seconds, parts = [], []
    for _ in range(config.num_updates):
        start = now(device)
        parts.append(run_update(state, prompts, 1.0))
        seconds.append(now(device) - start)
    timed = {name: median(part[name] for part in parts[1:]) for name in parts[0]}
    seconds_per_update = median(seconds[1:])
    return {
        "parameters": num_parameters(policy),
        "warmup_seconds": round(seconds[0], 3),
        "seconds_per_update": round(seconds_per_update, 3),
        "generate": round(timed["sample_seconds"], 3),
        "score": round(timed["score_seconds"], 3),
        "update": round(timed["update_seconds"], 3),
        "all_seconds": [round(value, 2) for value in seconds],
        "tokens_per_second": round(timed["num_tokens"] / seconds_per_update),
        "mean_length": round(timed["length"], 1),
        "flops_per_second": update_flops(state.policy, timed, batch) / seconds_per_update,
    }


def update_flops(policy: PreTrainedModel, timed: dict[str, float], batch: int) -> float:
    """Operations of one update: generation, four scoring passes, and four epochs of two models, a backward as two forwards.

    The vocabulary is counted where a completion token is predicted, and only for the policy and its reference.
    """
    lengths = [round(timed["num_tokens"] / batch)] * batch
    body = forward_flops(policy, lengths, with_head=False)
    head = 2 * policy.config.hidden_size * policy.config.vocab_size * timed["length"] * batch
    return (body + head) + (4 * body + 2 * head) + 4 * 3 * (2 * body + head)
