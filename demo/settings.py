"""Sizes and options of the demo, tuned on two CPU cores; the keys of each dict are fields of the dataclasses in rlhf/config.py.

Steps bound every run, so a busy machine changes the time and not the result; max_seconds is the outer limit.
"""

SEED = 1
NUM_LABELERS = 6
NUM_PROMPTS = 4400
NUM_DEMONSTRATIONS = 1500
NUM_TEST_PROMPTS = 350
GUIDELINE = """# Small notes

Rank the notes from best to worst. A good note

1. does what the request asks: the right person, the right thing, the right tone, the number of sentences asked for;
2. gives a reason that begins with *because* or *since*;
3. ends with a friendly or polite close;
4. repeats nothing, rambles about nothing and is no longer than it must be.

Notes of equal worth may share a place. Judge the note, not your mood.
"""

MACHINE = {"seed": SEED, "dtype": "bfloat16", "threads": 2}
PRETRAIN = {
    **MACHINE,
    "vocab_size": 1024,
    "hidden_size": 128,
    "num_layers": 4,
    "num_heads": 4,
    "context_length": 256,
    "tokens_per_batch": 2048,
    "learning_rate": 3.5e-3,
    "weight_decay": 0.1,
    "max_steps": 1100,
    "max_seconds": 170,
}
SFT = {
    **MACHINE,
    "learning_rate": 8e-4,
    "batch_size": 32,
    "num_epochs": 3.0,
    "max_length": 128,
    "max_seconds": 40,
}
SAMPLE = {**MACHINE, "temperature": 1.0, "max_new_tokens": 64, "batch_size": 128}
REWARD = {
    **MACHINE,
    "learning_rate": 4e-4,
    "batch_size": 16,
    "num_epochs": 2.0,
    "max_length": 192,
    "max_seconds": 75,
}
PPO = {
    **MACHINE,
    "num_updates": 14,
    "episodes_per_update": 128,
    "minibatch_size": 32,
    "num_epochs": 2,
    "policy_learning_rate": 3e-4,
    "value_learning_rate": 6e-4,
    "kl_coefficient": 0.3,
    "max_new_tokens": 64,
    "generation_batch_size": 128,
    "max_seconds": 130,
}
RANK_PROMPTS = 2000

_RANKED: list[dict] = [
    {"kind": "sample", "num_prompts": RANK_PROMPTS, "completions_per_prompt": 4, "config": SAMPLE},
    {"kind": "rank", "overlap_share": 0.1},
    {"kind": "reward", "config": REWARD},
    {"kind": "ppo", "num_prompts": 3000, "config": PPO},
    {"kind": "evaluate", "num_prompts": 60, "config": SAMPLE},
    {"kind": "approve"},
]
ROUND_ONE: list[dict] = [{"kind": "demonstrate", "num_tasks": 0}, {"kind": "sft", "config": SFT}, *_RANKED]
ROUND_TWO: list[dict] = _RANKED  # no new demonstrations, so round 1's SFT policy stays the start and the KL reference
