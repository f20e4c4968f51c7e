"""The options of every trainer; their defaults, ranges and sources are what the command line, the site's forms and the docs show.

Imports no torch. What an option is, and those that several trainers share, is in options.py.
"""

from dataclasses import dataclass
from typing import Any

from rlhf.options import (
    CONVENTION,
    DPO_PAPER,
    FROM_PREFERENCES,
    GRPO_PAPER,
    HELPFUL_HARMLESS,
    INSTRUCT_GPT,
    LEARNING_TO_SUMMARIZE,
    LLAMA,
    N_PLUS,
    PPO_PAPER,
    RLOO_PAPER,
    LoopOptions,
    MachineOptions,
    Options,
    TrainingOptions,
    TuningOptions,
    option,
    schema_of,
)
from rlhf.types import InputError


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig(Options):
    """Training of a byte-level BPE tokenizer."""

    vocab_size: int = option(2048, low=264, high=200_000)
    """Number of tokens, the 6 special ones and the 256 bytes among them."""
    min_frequency: int = option(2, low=1, high=1_000_000)
    """A pair of tokens must occur this often to be merged."""
    max_megabytes: float = option(20.0, low=0.001, high=100_000)
    """Text read from the start of the files, at most."""


@dataclass(frozen=True, kw_only=True)
class PretrainConfig(LoopOptions):
    """Pretraining of a small Llama-architecture model on packed text."""

    hidden_size: int = option(128, low=8, high=16_384)
    """Width of the model."""
    num_layers: int = option(4, low=1, high=256)
    """Number of decoder layers."""
    num_heads: int = option(4, low=1, high=256)
    """Attention heads; divides hidden_size into even parts."""
    context_length: int = option(256, low=8, high=131_072)
    """Tokens of one packed sequence, and the longest the model is made for."""
    tokens_per_batch: int = option(2048, low=8)
    """Tokens of one optimizer step; a multiple of context_length."""
    learning_rate: float = option(3e-3, low=0, high=1)
    """Peak of the cosine schedule."""
    warmup_fraction: float = option(0.03, low=0, high=1)
    """Share of the run over which the learning rate rises from 0."""
    final_learning_rate_fraction: float = option(0.1, low=0, high=1, source=LLAMA)
    """The cosine schedule ends at this share of the peak."""
    weight_decay: float = option(0.1, low=0, high=10, source=LLAMA)
    """AdamW weight decay of matrices."""
    max_steps: int = option(0, low=0, source=CONVENTION)
    """Optimizer steps; 0 = one pass over the text, or max_seconds if that is given."""
    max_validation_tokens: int = option(100_000, low=1)
    """Held-out tokens that the final loss is taken over, at most."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden_size % (2 * self.num_heads):
            raise InputError(
                f"expected hidden_size to be a multiple of 2 x num_heads = {2 * self.num_heads}, got {self.hidden_size}"
            )
        if self.tokens_per_batch % self.context_length:
            raise InputError(
                f"expected tokens_per_batch to be a multiple of context_length = {self.context_length}, got {self.tokens_per_batch}"
            )

    @property
    def sequences_per_batch(self) -> int:
        """Packed sequences of one optimizer step."""
        return self.tokens_per_batch // self.context_length


@dataclass(frozen=True, kw_only=True)
class SftConfig(TuningOptions):
    """Supervised fine-tuning on demonstrations; the loss covers messages of weight 1 only."""

    learning_rate: float = option(1e-4, low=0, high=1)
    """Peak of the cosine schedule; 1e-5 suits models of a billion parameters."""
    warmup_fraction: float = option(0.03, low=0, high=1)
    """Share of the run over which the learning rate rises from 0."""
    final_learning_rate_fraction: float = option(0.1, low=0, high=1, source=INSTRUCT_GPT)
    """The cosine schedule ends at this share of the peak."""
    weight_decay: float = option(0.0, low=0, high=10)
    """AdamW weight decay of matrices."""
    batch_size: int = option(32, low=1, high=65_536, source=INSTRUCT_GPT)
    """Conversations of one optimizer step."""
    num_epochs: float = option(2.0, low=0.001, high=1000)
    """Passes over the demonstrations."""
    max_steps: int = option(0, low=0, source=CONVENTION)
    """Optimizer steps, if fewer than num_epochs asks for; 0 = no limit."""
    max_length: int = option(512, low=8, high=131_072)
    """Tokens of a conversation, at most those the model was made for; what is longer is cut at its end."""
    packed_length: int = option(0, low=0, high=131_072)
    """Tokens of a row that holds several conversations, none of which sees another; 0 = one conversation a row. Changes no result."""
    max_validation_records: int = option(1000, low=1)
    """Held-out demonstrations that are read, at most."""


@dataclass(frozen=True, kw_only=True)
class RewardConfig(TuningOptions):
    """Reward model: all untied pairs of a ranking are one batch element."""

    learning_rate: float = option(1e-4, low=0, high=1)
    """Peak of the cosine schedule; 1e-5 suits models of a billion parameters."""
    warmup_fraction: float = option(0.03, low=0, high=1)
    """Share of the run over which the learning rate rises from 0."""
    final_learning_rate_fraction: float = option(0.1, low=0, high=1, source=INSTRUCT_GPT)
    """The cosine schedule ends at this share of the peak."""
    weight_decay: float = option(0.0, low=0, high=10)
    """AdamW weight decay of matrices."""
    batch_size: int = option(16, low=1, high=65_536)
    """Rankings of one optimizer step; InstructGPT used 64."""
    num_epochs: float = option(1.0, low=0.001, high=1000, source=INSTRUCT_GPT)
    """Passes over the rankings; a reward model overfits soon."""
    max_steps: int = option(0, low=0, source=CONVENTION)
    """Optimizer steps, if fewer than num_epochs asks for; 0 = no limit."""
    max_length: int = option(512, low=8, high=131_072)
    """Tokens of prompt and completion, at most those the model was made for; a ranking with anything longer is left out and counted."""
    max_validation_records: int = option(2000, low=1)
    """Held-out rankings that are read, at most."""
    max_demonstrations: int = option(500, low=1)
    """Demonstrations whose mean score becomes 0, at most."""
    tie_weight: float = option(0.0, low=0, high=10, source=INSTRUCT_GPT)
    """Weight of a tied pair, which asks for equal scores, against an untied one; 0 = ties teach nothing."""
    center_coefficient: float = option(0.0, low=0, high=10)
    """Weight of the mean of (score + score)^2 over pairs, which holds scores near 0; 0.01 is usual (arXiv 2312.09244)."""
    labeler_balance: float = option(0.0, low=0, high=1)
    """0 = every ranking counts alike, 1 = every labeler does, however many rankings they made."""


@dataclass(frozen=True, kw_only=True)
class DpoConfig(TuningOptions):
    """Direct preference optimization: a policy from rankings, without a reward model and without sampling."""

    beta: float = option(0.1, low=0.0001, high=100, source=DPO_PAPER)
    """Weight of log(policy / reference) in a completion's implicit reward; smaller lets the policy move further."""
    learning_rate: float = option(5e-5, low=0, high=1)
    """Peak of the cosine schedule; 5e-7 suits models of a billion parameters and more."""
    warmup_fraction: float = option(0.1, low=0, high=1)
    """Share of the run over which the learning rate rises from 0."""
    final_learning_rate_fraction: float = option(0.1, low=0, high=1)
    """The cosine schedule ends at this share of the peak."""
    weight_decay: float = option(0.0, low=0, high=10)
    """AdamW weight decay of matrices."""
    batch_size: int = option(16, low=1, high=65_536)
    """Rankings of one optimizer step; the paper used 64 pairs."""
    num_epochs: float = option(1.0, low=0.001, high=1000)
    """Passes over the rankings."""
    max_steps: int = option(0, low=0, source=CONVENTION)
    """Optimizer steps, if fewer than num_epochs asks for; 0 = no limit."""
    max_length: int = option(512, low=8, high=131_072)
    """Tokens of prompt and completion, at most those the model was made for; a ranking with anything longer is left out and counted."""
    max_validation_records: int = option(2000, low=1)
    """Held-out rankings that are read, at most."""


@dataclass(frozen=True, kw_only=True)
class OnlineOptions(TrainingOptions):
    """What the loops that sample from the policy they train share: PPO, RLOO and GRPO."""

    num_updates: int = option(40, low=1, high=1_000_000)
    """Rounds of sampling and learning."""
    episodes_per_update: int = option(64, low=1, high=65_536)
    """Completions sampled in one update; InstructGPT used 512."""
    minibatch_size: int = option(16, low=1, high=65_536)
    """Completions of one optimizer step; divides episodes_per_update."""
    micro_batch_tokens: int = option(8192, low=1)
    """Tokens of one pass that learns, padding included, at most. Smaller needs less memory and changes no result."""
    policy_learning_rate: float = option(1e-4, low=0, high=1)
    """Learning rate of the policy, falling to 0 over the run; 3e-6 suits models of a billion parameters."""
    adam_epsilon: float = option(1e-5, low=0, high=1, source=N_PLUS)
    """Epsilon of Adam."""
    warmup_updates: int = option(2, low=0, high=10_000)
    """Updates over which the learning rate rises from a tenth; InstructGPT used 10."""
    kl_coefficient: float = option(0.05, low=0, high=100, source=LEARNING_TO_SUMMARIZE)
    """Weight of the penalty on log(policy / reference), summed over the tokens of a completion."""
    max_kl: float = option(0.0, low=0)
    """The run stops once the mean KL of a completion (nats, summed over its tokens) passes this; 0 = never."""
    clip_range: float = option(0.2, low=0.001, high=10, source=PPO_PAPER)
    """How far the probability ratio may move before its gradient stops."""
    temperature: float = option(1.0, low=0.01, high=10, source=INSTRUCT_GPT)
    """Divides the logits, in sampling and in every log-probability alike."""
    max_new_tokens: int = option(64, low=1, high=131_072)
    """Tokens of a completion, EOS included."""
    max_prompt_length: int = option(256, low=1, high=131_072)
    """Prompts of more tokens are left out and counted."""
    missing_eos_score: float = option(-1.0, source=N_PLUS)
    """Score of a completion that did not end by itself, in place of the reward model's."""
    ensemble_penalty: float = option(0.5, low=0, high=100)
    """Of several reward models the score is their mean less this times their deviation; 0 = the mean. One model has none."""
    sample_every_updates: int = option(10, low=0, high=1_000_000)
    """A table of completions with their scores is written after every so many updates; 0 = never."""
    generation_batch_size: int = option(64, low=1, high=65_536)
    """Completions sampled side by side; those that wait take the place of those that end."""
    engine: str = option("own", choices=("own", "vllm"), source=CONVENTION)
    """What samples: own needs nothing; vllm, installed from requirements-vllm.txt, is made for large models on large GPUs."""
    compile: str = option("auto", choices=("auto", "on", "off"))
    """torch.compile of the learning passes; auto compiles runs long enough to earn the minute back, if there is a C++ compiler."""
    lora_rank: int = option(0, low=0, high=1024)
    """Rank of the changes that are learned beside frozen weights (LoRA), which takes less memory; 0 = all weights learn."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.episodes_per_update % self.minibatch_size:
            raise InputError(
                f"expected episodes_per_update to be a multiple of minibatch_size = {self.minibatch_size}, "
                f"got {self.episodes_per_update}"
            )

    @property
    def prompts_per_update(self) -> int:
        """Prompts answered in one update."""
        return self.episodes_per_update


@dataclass(frozen=True, kw_only=True)
class PpoConfig(OnlineOptions):
    """PPO against a reward model, with a KL penalty to the policy it starts from."""

    num_epochs: int = option(4, low=1, high=100, source=LEARNING_TO_SUMMARIZE)
    """Passes over the completions of one update."""
    value_learning_rate: float = option(2e-4, low=0, high=1)
    """Learning rate of the value model, falling to 0 over the run; 9e-6 suits models of a billion parameters."""
    critic_warmup_updates: int = option(0, low=0, high=10_000)
    """First updates, in which only the value model learns."""
    ema_decay: float = option(0.0, low=0, high=0.999999)
    """Share of the running average of the policy that stays at each update, written beside the policy; InstructGPT used 0.992. 0 = none."""
    target_kl: float = option(0.0, low=0, high=10_000)
    """Mean KL of a completion (nats, summed over its tokens) that kl_coefficient is steered towards; 0 = it stays as given."""
    kl_horizon: int = option(10_000, low=1, high=1_000_000_000, source=FROM_PREFERENCES)
    """Episodes over which kl_coefficient may change by a fifth, where there is a target_kl."""
    watch_every_updates: int = option(5, low=1, high=1_000_000)
    """With a held-out reward model: it scores the answers to the fixed prompts after every so many updates."""
    gamma: float = option(1.0, low=0, high=1, source=LEARNING_TO_SUMMARIZE)
    """Discount per token."""
    gae_lambda: float = option(0.95, low=0, high=1, source=LEARNING_TO_SUMMARIZE)
    """Bias against variance of the advantages: 1 = plain returns."""
    whiten_rewards: bool = option(False)
    """Divides the per-token rewards of a batch by their deviation, their mean kept, before the advantages are estimated."""
    value_clip_range: float = option(0.2, low=0, high=1000, source=N_PLUS)
    """How far a value may move from its old one before its gradient stops."""
    ptx_coefficient: float = option(0.0, low=0, high=1000)
    """Weight of the next-token loss on pretraining text in each optimizer step of the policy; InstructGPT used 27.8. 0 = none."""
    ptx_batch_size: int = option(8, low=1, high=65_536)
    """Windows of pretraining text in one optimizer step."""
    ptx_length: int = option(128, low=1, high=131_072)
    """Tokens of a window of pretraining text."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lora_rank and self.ema_decay:
            raise InputError(
                "expected ema_decay = 0 with lora_rank, as an average of low-rank factors is no average of the weights; "
                f"got {self.ema_decay}"
            )
        if self.target_kl and self.kl_horizon < self.episodes_per_update:
            raise InputError(
                f"expected kl_horizon to be at least episodes_per_update = {self.episodes_per_update}, or one update would move "
                f"kl_coefficient by more than a fifth and perhaps below 0; got {self.kl_horizon}"
            )
        if self.critic_warmup_updates >= self.num_updates:
            raise InputError(
                f"expected critic_warmup_updates to be less than num_updates = {self.num_updates}, or the policy never learns; "
                f"got {self.critic_warmup_updates}"
            )


@dataclass(frozen=True, kw_only=True)
class GroupOptions(OnlineOptions):
    """What the loops share that judge several completions of a prompt against each other: RLOO and GRPO."""

    num_epochs: int = option(1, low=1, high=100, source=GRPO_PAPER)
    """Passes over the completions of one update."""
    group_size: int = option(4, low=2, high=65_536, source=RLOO_PAPER)
    """Completions of each prompt in one update; divides episodes_per_update."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.episodes_per_update % self.group_size:
            raise InputError(
                f"expected episodes_per_update to be a multiple of group_size = {self.group_size}, got {self.episodes_per_update}"
            )

    @property
    def prompts_per_update(self) -> int:
        """Prompts answered in one update, each of them group_size times."""
        return self.episodes_per_update // self.group_size


@dataclass(frozen=True, kw_only=True)
class RlooConfig(GroupOptions):
    """REINFORCE against a reward model; each completion's baseline is the mean of the others of its prompt."""


@dataclass(frozen=True, kw_only=True)
class GrpoConfig(GroupOptions):
    """Group relative policy optimization without its two biases (Dr. GRPO); KL is a term of the loss."""


@dataclass(frozen=True, kw_only=True)
class SampleConfig(MachineOptions):
    """Sampling of completions for a file of prompts."""

    completions_per_prompt: int = option(1, low=1, high=1000)
    """Completions of each prompt, K."""
    temperature: float = option(1.0, low=0, high=10, source=INSTRUCT_GPT)
    """Divides the logits; 0 = always the most probable token."""
    top_p: float = option(1.0, low=0.001, high=1)
    """Only the most probable tokens that together reach this probability are drawn from."""
    max_new_tokens: int = option(128, low=1, high=131_072)
    """Tokens of a completion, EOS included."""
    batch_size: int = option(64, low=1, high=65_536)
    """Completions sampled side by side."""
    engine: str = option("own", choices=("own", "vllm"), source=CONVENTION)
    """What samples: own needs nothing; vllm, installed from requirements-vllm.txt, is made for large models on large GPUs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        is_odd = 0 < self.temperature < 0.01 or (self.top_p < 1 and self.temperature not in (0, 1))
        if self.engine == "vllm" and is_odd:
            raise InputError(
                "expected a temperature of 0 or at least 0.01 with engine = vllm, and of 0 or 1 with a top_p below 1, since it tells "
                f"log-probabilities before top-p at no other; got temperature {self.temperature:g} and top_p {self.top_p:g}; "
                "change one of them, or take engine = own"
            )


@dataclass(frozen=True, kw_only=True)
class BestOfConfig(SampleConfig):
    """The best of n completions of each prompt, as a reward model sees it."""

    completions_per_prompt: int = option(16, low=1, high=1000, source=HELPFUL_HARMLESS)
    """Completions of each prompt, n."""
    missing_eos_score: float = option(-1.0, source=N_PLUS)
    """Score of a completion that did not end by itself, in place of the reward model's."""


@dataclass(frozen=True, kw_only=True)
class RftConfig(SftConfig):
    """Rejection-sampling fine-tuning: SFT on the best of n completions of each prompt."""

    completions_per_prompt: int = option(16, low=1, high=1000, source=HELPFUL_HARMLESS)
    """Completions of each prompt, n."""
    temperature: float = option(1.0, low=0.01, high=10, source=INSTRUCT_GPT)
    """Divides the logits in sampling."""
    max_new_tokens: int = option(64, low=1, high=131_072)
    """Tokens of a completion, EOS included."""
    missing_eos_score: float = option(-1.0, source=N_PLUS)
    """Score of a completion that did not end by itself, in place of the reward model's."""
    generation_batch_size: int = option(64, low=1, high=65_536)
    """Completions sampled side by side."""
    engine: str = option("own", choices=("own", "vllm"), source=CONVENTION)
    """What samples: own needs nothing; vllm, installed from requirements-vllm.txt, is made for large models on large GPUs."""


@dataclass(frozen=True, kw_only=True)
class EnsembleConfig(MachineOptions):
    """Scores of rankings' completions by several reward models, and what their spread is worth."""


TRAINERS: dict[str, type[Options]] = {
    "tokenizer": TokenizerConfig,
    "pretrain": PretrainConfig,
    "sft": SftConfig,
    "reward": RewardConfig,
    "ppo": PpoConfig,
    "dpo": DpoConfig,
    "rloo": RlooConfig,
    "grpo": GrpoConfig,
    "sample": SampleConfig,
    "best-of": BestOfConfig,
    "rft": RftConfig,
    "ensemble": EnsembleConfig,
}


def schema() -> dict[str, Any]:
    """A JSON schema for each trainer's options."""
    return {trainer: {"title": trainer, **schema_of(config)} for trainer, config in TRAINERS.items()}
