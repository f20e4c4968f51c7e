"""Times the steps of SFT and of the reward model, optimizer included, as the loops take them."""

from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from rlhf import reward, sft
from rlhf.bench import BenchOptions
from rlhf.bench_workload import EOS, PAD, PeakMemory, documents, forward_flops, now, random_policy, random_reward
from rlhf.config import RewardConfig, SftConfig
from rlhf.data import RankedCompletions, endless_batches
from rlhf.models import num_parameters
from rlhf.optimization import new_optimizer, optimizer_step
from rlhf.passes import prepare_passes
from rlhf.sequences import Encoded
from rlhf.types import ignore_report

NUM_DOCUMENTS, DOCUMENT_LENGTHS = 1024, (32, 256)
PROMPT_LENGTHS, COMPLETION_LENGTHS = (32, 64), (31, 63)  # with EOS, 64 to 128 tokens together
RANKING_SIZES = (2, 4, 9)
STEPS_PER_REPETITION = 8


def bench_sft(options: BenchOptions, device: torch.device) -> dict[str, Any]:
    """Tokens per second of SFT: documents of 32 to 256 tokens, every token learned, 16 documents a step."""
    config = SftConfig(dtype=options.dtype, seed=options.seed, batch_size=options.batch or 16, compile=options.compile)
    model = random_policy(options).to(device).train()  # type: ignore[arg-type]
    rows = [Encoded(ids, [1] * len(ids)) for ids in documents(NUM_DOCUMENTS, *DOCUMENT_LENGTHS, options)]
    prepare_passes(model, config, num_tokens=0, report=ignore_report)
    batches = endless_batches([len(row.ids) for row in rows], config.batch_size, seed=config.seed)

    def accumulate(batch: list[int]) -> list[int]:
        sft.accumulate_gradients(model, [rows[index] for index in batch], PAD, config, device)
        return [len(rows[index].ids) for index in batch]

    warmup, seconds, lengths = timed_steps(model, accumulate, batches, options.updates)
    flops = 3 * forward_flops(model, [length for part in lengths for length in part])
    return {
        "parameters": num_parameters(model),
        "warmup_seconds": round(warmup, 1),
        "seconds_per_step": round(median(seconds) / STEPS_PER_REPETITION, 4),
        "tokens_per_second": round(median(sum(part) / passed for part, passed in zip(lengths, seconds, strict=True))),
        "flops_per_second": flops / sum(seconds),
    }


def bench_reward(options: BenchOptions, device: torch.device) -> dict[str, Any]:
    """Rankings and pairs per second of the reward model, rows of 64 to 128 tokens, 16 rankings of K = 2, 4 and 9 a step."""
    model = random_reward(options).to(device).train()  # type: ignore[arg-type]
    config = RewardConfig(
        dtype=options.dtype, seed=options.seed, batch_size=options.batch or 16, compile=options.compile
    )
    prepare_passes(model, config, num_tokens=0, report=ignore_report)
    figures: dict[str, dict[str, float]] = {
        "warmup_seconds": {},
        "rankings_per_second": {},
        "pairs_per_second": {},
        "flops_per_second": {},
        "peak_rss_mb_by_size": {},
    }
    for size in RANKING_SIZES:
        rankings = random_rankings(size, options)
        lengths = [max(map(len, ranking.rows)) for ranking in rankings]
        batches = endless_batches(lengths, config.batch_size, seed=config.seed)

        def accumulate(batch: list[int], rankings: list[RankedCompletions] = rankings) -> list[int]:
            chosen = [rankings[index] for index in batch]
            reward.accumulate_gradients(model, chosen, PAD, config, device)
            return [len(row) for ranking in chosen for row in ranking.rows]

        with PeakMemory() as memory:  # sizes come in order, so what K = 9 takes is not held against K = 2
            warmup, seconds, rows = timed_steps(model, accumulate, batches, options.updates)
        figures["peak_rss_mb_by_size"][f"k{size}"] = round(memory.peak_bytes / 2**20)
        per_second = median(len(part) / size / passed for part, passed in zip(rows, seconds, strict=True))
        flops = 3 * forward_flops(model, [length for part in rows for length in part], with_head=False)
        figures["warmup_seconds"][f"k{size}"] = round(warmup, 1)
        figures["rankings_per_second"][f"k{size}"] = round(per_second, 1)
        figures["pairs_per_second"][f"k{size}"] = round(per_second * size * (size - 1) / 2, 1)
        figures["flops_per_second"][f"k{size}"] = flops / sum(seconds)
    return {"parameters": num_parameters(model), **figures}


def random_rankings(size: int, options: BenchOptions) -> list[RankedCompletions]:
    """Rankings without ties of `size` random completions each, all of one prompt."""
    count = NUM_DOCUMENTS // size
    prompts = documents(count, *PROMPT_LENGTHS, options)
    completions = iter(documents(count * size, *COMPLETION_LENGTHS, options))
    rankings = []
    for prompt in prompts:
        rows = [[*prompt, *next(completions), EOS] for _ in range(size)]
        rankings.append(
            RankedCompletions(rows, list(range(1, size + 1)), [len(row) - len(prompt) for row in rows], 1.0, 0.0)
        )
    return rankings


def timed_steps(
    model: PreTrainedModel, accumulate: Callable[[list[int]], list[int]], batches: Any, repetitions: int
) -> tuple[float, list[float], list[list[int]]]:
    """Seconds of the first repetition of STEPS_PER_REPETITION steps, then of each timed one, and the row lengths it read."""
    optimizer = new_optimizer(model, weight_decay=0.0)
    seconds: list[float] = []
    lengths: list[list[int]] = []
    for _ in range(repetitions + 1):
        start = now(model.device)
        read: list[int] = []
        for batch in islice(batches, STEPS_PER_REPETITION):
            read += accumulate(batch)
            norm: Tensor = optimizer_step(optimizer, learning_rate=1e-5, max_gradient_norm=1.0)
            norm.item()
        seconds.append(now(model.device) - start)
        lengths.append(read)
    return seconds[0], seconds[1:], lengths[1:]
