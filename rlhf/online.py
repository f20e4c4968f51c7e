"""What the loops share that sample from the policy they train: which prompts come when, the learning rate, metrics, the summary.

Knows prompts as token ids, rollouts as tensors, and of models only how long a text they are made for; knows nothing of objectives.
"""

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from rlhf.advantages import masked_mean, masked_sum_per_row
from rlhf.checkpoint import write_json
from rlhf.config import OnlineOptions
from rlhf.ppo_losses import kl_k1, kl_k3
from rlhf.progress import Progress
from rlhf.records import read_records
from rlhf.rollouts import Rollouts
from rlhf.sampling import derived_seed
from rlhf.sequences import encode_prompts
from rlhf.types import Report

if TYPE_CHECKING:
    from rlhf.sampling_state import SamplingState

MAX_FIXED_PROMPTS = 256
NUM_SAMPLES_SHOWN = 8


def read_prompts(state: "SamplingState", tokenizer: Any, paths: list[Path], report: Report) -> list[list[int]]:
    """Prompts as token ids; those too long for max_prompt_length or for a model that will read them are left out and counted."""
    rows = encode_prompts(tokenizer, [record["prompt"] for record in read_records(paths, "prompt")])
    readers = [state.policy, state.reward_model, *state.other_rewards, *filter(None, [state.heldout_reward])]
    contexts = [getattr(model.config.get_text_config(), "max_position_embeddings", None) for model in readers]
    new_tokens = state.config.max_new_tokens
    room = min([state.config.max_prompt_length, *(size - new_tokens for size in contexts if size is not None)])
    kept = [row for row in rows if len(row) <= room]
    if len(kept) < len(rows):
        report(
            "log",
            {
                "text": f"{len(rows) - len(kept)} of {len(rows)} prompts are left out, being longer than {room} tokens "
                "(max_prompt_length, or the context of policy or reward model less max_new_tokens)"
            },
        )
    return kept


def split_prompts(rows: list[list[int]], config: OnlineOptions) -> tuple[list[list[int]], list[list[int]]]:
    """(prompts to train on, fixed prompts to judge by): apart where there are enough, else the fixed ones serve for both."""
    shuffled = random.Random(derived_seed(config.seed, "fixed prompts")).sample(rows, len(rows))
    num_fixed = min(len(rows), max(config.episodes_per_update, 1), MAX_FIXED_PROMPTS)
    fixed = shuffled[:num_fixed]
    return (shuffled[num_fixed:] if len(rows) >= 4 * num_fixed else shuffled), fixed


def prompts_of_update(rows: list[list[int]], config: OnlineOptions, update: int) -> list[list[int]]:
    """The next prompts_per_update prompts of an endless sequence of shuffled passes over all of them."""
    picked: list[list[int]] = []
    place = update * config.prompts_per_update
    while len(picked) < config.prompts_per_update:
        epoch, start = divmod(place + len(picked), len(rows))
        order = torch.randperm(
            len(rows), generator=torch.Generator().manual_seed(derived_seed(config.seed, "prompts", epoch))
        ).tolist()
        picked += [rows[index] for index in order[start : start + config.prompts_per_update - len(picked)]]
    return picked


def learning_rate_factor(config: OnlineOptions, progress: Progress) -> float:
    """Linear to 0 over the run, by updates or by the clock; the first warmup_updates rise from a tenth."""
    warmup = min(1.0, 0.1 + 0.9 * progress.step / config.warmup_updates) if config.warmup_updates else 1.0
    return warmup * (1.0 - progress.fraction)


def write_samples(output: Path, tokenizer: Any, update: int, rollouts: Rollouts, scores: Tensor, kl: Tensor) -> None:
    """output/samples/update-000010.json: some of the update's completions with score, KL and length."""
    table = []
    for row in range(min(NUM_SAMPLES_SHOWN, len(scores))):
        prompt_length, length = int(rollouts.prompt_lengths[row]), int(rollouts.lengths[row])
        ids = rollouts.input_ids[row].tolist()
        table.append(
            {
                "prompt": tokenizer.decode(ids[:prompt_length]),
                "completion": tokenizer.decode(ids[prompt_length:length]),
                "score": round(float(scores[row]), 4),
                "kl": round(float(kl[row]), 4),
                "length": length - prompt_length,
                "has_eos": bool(rollouts.has_eos[row]),
            }
        )
    write_json(output / "samples" / f"update-{update:06}.json", table)


def completion_metrics(
    rollouts: Rollouts, scores: Tensor, old_logprobs: Tensor, ref_logprobs: Tensor, *, kl_coefficient: float
) -> dict[str, float]:
    """What scores (B,) and log-probabilities (B, T) say about the policy. KL, k3 and reward are sums over a completion."""
    mask = rollouts.completion_mask
    kl, k3 = (masked_sum_per_row(estimate(old_logprobs, ref_logprobs), mask) for estimate in (kl_k1, kl_k3))
    gap = masked_mean((rollouts.sampler_logprobs - old_logprobs).abs(), mask)
    return {
        "score": float(scores.mean()),
        "reward": float((scores - kl_coefficient * kl).mean()),
        "kl": float(kl.mean()),
        "kl_error": float(kl.std(correction=0) / len(kl) ** 0.5),
        "k3": float(k3.mean()),
        "length": float(mask.sum(dim=1).float().mean()),
        "eos_share": float(rollouts.has_eos.float().mean()),
        "sampler_gap": float(gap),
    }


def change(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """How the answers to the fixed prompts changed over a run, for its summary."""
    return {
        "reward_before": before["score"],
        "reward_after": after["score"],
        "kl": after["kl"],
        "k3": after["k3"],
        "length_before": before["length"],
        "length_after": after["length"],
        "eos_share_before": before["eos_share"],
        "eos_share_after": after["eos_share"],
    }
