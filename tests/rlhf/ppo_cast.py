"""A small PPO configuration, prompts for it, and a state on the tiny models."""

from pathlib import Path

import torch

from rlhf.config import PpoConfig
from rlhf.decoding import Completions
from rlhf.models import load_policy, load_reward
from rlhf.ppo_phases import Estimates, PpoState, collect_rollouts, estimate_advantages, new_state, score_rollouts
from rlhf.rollouts import Rollouts, join_rollouts

CONFIG = PpoConfig(
    num_updates=4,
    episodes_per_update=16,
    minibatch_size=8,
    num_epochs=2,
    max_new_tokens=8,
    generation_batch_size=6,
    warmup_updates=0,
    checkpoint_every_seconds=0.0,
    threads=1,
)
PROMPTS = [[1, 4, 50 + row, *range(60, 60 + row % 5)] for row in range(64)]


def state_from(folders: Path, tokenizer, config: PpoConfig) -> PpoState:
    """The models of the `folders` fixture before their first update."""
    return new_state(
        config,
        load_policy(folders / "policy"),
        load_reward(folders / "reward"),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def prepared(state: PpoState) -> tuple[Rollouts, Estimates]:
    """One batch up to its advantages."""
    rollouts = collect_rollouts(state, PROMPTS[:16], stream="test")
    return rollouts, estimate_advantages(state, rollouts, score_rollouts(state, rollouts))


def uneven_rollouts(seed: int = 3) -> Rollouts:
    """Sixteen episodes of made-up completions of 1 to 8 tokens, every other one with EOS (2), PAD (0) among their tokens."""
    generator = torch.Generator().manual_seed(seed)
    counts = torch.randint(1, 9, (16, 1), generator=generator)
    mask = torch.arange(8) < counts
    tokens = torch.randint(6, 290, (16, 8), generator=generator)
    tokens[::4, 0] = 0
    has_eos = torch.arange(16) % 2 == 0
    tokens = tokens.scatter(1, counts - 1, torch.where(has_eos[:, None], 2, tokens.gather(1, counts - 1)))
    tokens = tokens.masked_fill(~mask, 0)
    return join_rollouts(PROMPTS[:16], Completions(tokens, mask, torch.zeros(16, 8), has_eos), pad_token_id=0)
