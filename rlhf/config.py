"""Options of every trainer: frozen dataclasses, the documentation under each field, ranges checked. Imports no torch.

`option` carries what a form or a command line needs besides: range, choices, and where the default comes from. `schema` makes a
JSON schema of all of it, which is how the site knows the options without importing the trainers.
"""

import ast
import inspect
import math
import textwrap
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

from rlhf.types import InputError

INSTRUCT_GPT = "InstructGPT, arXiv 2203.02155"
LEARNING_TO_SUMMARIZE = "Learning to summarize, arXiv 2009.01325"
N_PLUS = "The N+ implementation details, arXiv 2403.17031"
PPO_PAPER = "PPO, arXiv 1707.06347"
GAE_PAPER = "GAE, arXiv 1506.02438"
FROM_PREFERENCES = "Fine-tuning from human preferences, arXiv 1909.08593"
LLAMA = "LLaMA, arXiv 2302.13971"
OURS = "chosen for models that train on a CPU in minutes"
CONVENTION = "a convention of this program"


def option(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    source: str = OURS,
) -> Any:
    """A dataclass field with its allowed range (inclusive) or choices, and the source of its default."""
    return field(default=default, metadata={"minimum": low, "maximum": high, "choices": choices, "source": source})


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checks every field against its type, range and choices."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value, kind = getattr(self, item.name), type(item.default)
            if kind is float and type(value) is int:
                object.__setattr__(self, item.name, float(value))
            elif type(value) is not kind:
                raise InputError(f"expected {item.name} to be of type {kind.__name__}, got {value!r}")
            if kind is float and not math.isfinite(value):
                raise InputError(f"expected {item.name} to be a finite number, got {value}")
            low, high, choices = (item.metadata[key] for key in ("minimum", "maximum", "choices"))
            if (low is not None and not value >= low) or (high is not None and not value <= high):
                raise InputError(f"expected {item.name} {_range_text(low, high)}, got {value!r}")
            if choices and value not in choices:
                raise InputError(f"expected {item.name} to be one of {', '.join(choices)}, got {value!r}")


@dataclass(frozen=True, kw_only=True)
class MachineOptions(Options):
    """What every command that runs a model shares."""

    seed: int = option(1, low=0, high=2**31 - 1, source=CONVENTION)
    """Everything random follows from this number."""
    device: str = option("auto", choices=("auto", "cpu", "cuda"), source=CONVENTION)
    """Where the model runs; auto takes a GPU if there is one."""
    dtype: str = option("float32", choices=("float32", "bfloat16"), source=CONVENTION)
    """Precision of the arithmetic; bfloat16 means autocast, the weights stay float32."""
    threads: int = option(0, low=0, high=1024, source=CONVENTION)
    """CPU threads; 0 leaves PyTorch's default."""


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(MachineOptions):
    """What the training loops share."""

    max_seconds: float = option(0.0, low=0, source=CONVENTION)
    """Wall time for the training loop, over all attempts together; the schedule then follows the clock. 0 = no limit."""
    checkpoint_every_seconds: float = option(30.0, low=0, source=CONVENTION)
    """Time between two saves of the training state, from which a killed run goes on."""
    max_gradient_norm: float = option(1.0, low=0, source=N_PLUS)
    """Gradients are scaled down to this total norm; 0 = never."""


@dataclass(frozen=True, kw_only=True)
class LoopOptions(TrainingOptions):
    """What the loops over a fixed set of rows share: pretraining, SFT and the reward model."""

    micro_batch_tokens: int = option(8192, low=1)
    """Tokens of one forward pass, padding included, at most; a longer row goes alone. Smaller needs less memory and changes no result."""
    gradient_checkpointing: str = option("off", choices=("off", "on"))
    """on: activations are computed again in the backward pass, which needs less memory and a third more time."""
    compile: str = option("auto", choices=("auto", "on", "off"))
    """torch.compile; auto compiles runs long enough to earn the half minute back, if the machine has a C++ compiler."""


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
class SftConfig(LoopOptions):
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
    max_validation_records: int = option(1000, low=1)
    """Held-out demonstrations that are read, at most."""


@dataclass(frozen=True, kw_only=True)
class RewardConfig(LoopOptions):
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
class PpoConfig(TrainingOptions):
    """PPO against a reward model, with a KL penalty to the policy it starts from."""

    num_updates: int = option(40, low=1, high=1_000_000)
    """Rounds of sampling and learning."""
    episodes_per_update: int = option(64, low=1, high=65_536, source=N_PLUS)
    """Completions sampled in one update."""
    num_epochs: int = option(4, low=1, high=100, source=LEARNING_TO_SUMMARIZE)
    """Passes over the completions of one update."""
    minibatch_size: int = option(16, low=1, high=65_536)
    """Completions of one optimizer step; divides episodes_per_update."""
    micro_batch_size: int = option(0, low=0, high=65_536)
    """Completions of one forward pass; smaller needs less memory and changes no result. 0 = minibatch_size."""
    policy_learning_rate: float = option(1e-4, low=0, high=1)
    """Learning rate of the policy, falling to 0 over the run; 3e-6 suits models of a billion parameters."""
    value_learning_rate: float = option(2e-4, low=0, high=1)
    """Learning rate of the value model, falling to 0 over the run; 9e-6 suits models of a billion parameters."""
    adam_epsilon: float = option(1e-5, low=0, high=1, source=N_PLUS)
    """Epsilon of both optimizers."""
    warmup_updates: int = option(2, low=0, high=10_000)
    """Updates over which both learning rates rise from a tenth; InstructGPT used 10."""
    critic_warmup_updates: int = option(0, low=0, high=10_000)
    """First updates, in which only the value model learns."""
    ema_decay: float = option(0.0, low=0, high=0.999999)
    """Share of the running average of the policy that stays at each update, written beside the policy; InstructGPT used 0.992. 0 = none."""
    kl_coefficient: float = option(0.05, low=0, high=100, source=LEARNING_TO_SUMMARIZE)
    """Weight of log(policy / reference) in each token's reward."""
    target_kl: float = option(0.0, low=0, high=10_000)
    """Mean KL of a completion (nats, summed over its tokens) that kl_coefficient is steered towards; 0 = it stays as given."""
    kl_horizon: int = option(10_000, low=1, high=1_000_000_000, source=FROM_PREFERENCES)
    """Episodes over which kl_coefficient may change by a fifth, where there is a target_kl."""
    max_kl: float = option(0.0, low=0)
    """The run stops once the mean KL of a completion (nats, summed over its tokens) passes this; 0 = never."""
    gamma: float = option(1.0, low=0, high=1, source=LEARNING_TO_SUMMARIZE)
    """Discount per token."""
    gae_lambda: float = option(0.95, low=0, high=1, source=GAE_PAPER)
    """Bias against variance of the advantages: 1 = plain returns."""
    whiten_rewards: bool = option(False)
    """Divides the per-token rewards of a batch by their deviation, their mean kept, before the advantages are estimated."""
    clip_range: float = option(0.2, low=0, high=10, source=PPO_PAPER)
    """How far the probability ratio may move before its gradient stops."""
    value_clip_range: float = option(0.2, low=0, high=1000, source=N_PLUS)
    """How far a value may move from its old one before its gradient stops."""
    temperature: float = option(1.0, low=0.01, high=10, source=INSTRUCT_GPT)
    """Divides the logits, in sampling and in every log-probability alike."""
    max_new_tokens: int = option(64, low=1, high=131_072)
    """Tokens of a completion, EOS included."""
    max_prompt_length: int = option(256, low=1, high=131_072)
    """Prompts of more tokens are left out and counted."""
    missing_eos_score: float = option(-1.0, source=N_PLUS)
    """Score of a completion that did not end by itself, in place of the reward model's."""
    ptx_coefficient: float = option(0.0, low=0, high=1000)
    """Weight of the next-token loss on pretraining text in each optimizer step of the policy; InstructGPT used 27.8. 0 = none."""
    ptx_batch_size: int = option(8, low=1, high=65_536)
    """Windows of pretraining text in one optimizer step."""
    ptx_length: int = option(128, low=1, high=131_072)
    """Tokens of a window of pretraining text."""
    sample_every_updates: int = option(10, low=0, high=1_000_000)
    """A table of completions with their scores is written after every so many updates; 0 = never."""
    generation_batch_size: int = option(64, low=1, high=65_536)
    """Completions sampled side by side; those that wait take the place of those that end."""
    compile: str = option("auto", choices=("auto", "on", "off"))
    """torch.compile of the learning passes; auto compiles runs long enough to earn the minute back, if there is a C++ compiler."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.episodes_per_update % self.minibatch_size:
            raise InputError(
                f"expected episodes_per_update to be a multiple of minibatch_size = {self.minibatch_size}, "
                f"got {self.episodes_per_update}"
            )


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


TRAINERS: dict[str, type[Options]] = {
    "tokenizer": TokenizerConfig,
    "pretrain": PretrainConfig,
    "sft": SftConfig,
    "reward": RewardConfig,
    "ppo": PpoConfig,
    "sample": SampleConfig,
}


def schema() -> dict[str, Any]:
    """A JSON schema for each trainer's options, in the order in which they are declared."""
    names = {int: "integer", float: "number", str: "string", bool: "boolean"}
    schemas: dict[str, Any] = {}
    for trainer, config in TRAINERS.items():
        properties, documented = {}, documentation(config)
        for item in fields(config):
            entry = {
                "title": item.name.replace("_", " ").capitalize(),
                "type": names[type(item.default)],
                "default": item.default,
                "minimum": item.metadata["minimum"],
                "maximum": item.metadata["maximum"],
                "enum": list(item.metadata["choices"]) or None,
                "description": documented[item.name],
                "x-source": item.metadata["source"],
            }
            properties[item.name] = {key: value for key, value in entry.items() if value is not None}
        description = inspect.cleandoc(config.__doc__ or "")
        schemas[trainer] = {
            "title": trainer,
            "description": description,
            "type": "object",
            "additionalProperties": False,
        }
        schemas[trainer]["properties"] = properties
    return schemas


def documentation(config: type[Options]) -> dict[str, str]:
    """The string under each field of a config class, by field name; a field without one is an error."""
    found: dict[str, str] = {}
    for owner in reversed(config.__mro__[:-1]):
        body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0].body  # type: ignore[attr-defined]
        for statement, following in pairwise(body):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                text = following.value.value if isinstance(following, ast.Expr) else None  # type: ignore[attr-defined]
                found[statement.target.id] = text or ""
    if missing := [item.name for item in fields(config) if not found.get(item.name)]:
        raise TypeError(f"{config.__name__}: no documentation under {', '.join(missing)}")
    return found


def _range_text(low: float | None, high: float | None) -> str:
    if high is None:
        return f"to be at least {low}"
    return f"to be at most {high}" if low is None else f"to lie between {low} and {high}"
