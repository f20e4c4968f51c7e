"""What an option is: a documented field of a frozen dataclass with its range and the source of its default; and the options many share.

`option` carries what a form or a command line needs besides. `documentation` and `schema_of` read it back. Imports no torch.
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
FROM_PREFERENCES = "Fine-tuning from human preferences, arXiv 1909.08593"
DPO_PAPER = "DPO, arXiv 2305.18290"
RLOO_PAPER = "RLOO, arXiv 2402.14740"
GRPO_PAPER = "GRPO (DeepSeekMath), arXiv 2402.03300"
HELPFUL_HARMLESS = "Helpful and harmless, arXiv 2204.05862"
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
    max_gradient_norm: float = option(1.0, low=0, source=LLAMA)
    """Gradients are scaled down to this total norm; 0 = never."""


@dataclass(frozen=True, kw_only=True)
class LoopOptions(TrainingOptions):
    """What the loops over a fixed set of rows share: pretraining, SFT, the reward model and DPO."""

    micro_batch_tokens: int = option(8192, low=1)
    """Tokens of one forward pass, padding included, at most; a longer row goes alone. Smaller needs less memory and changes no result."""
    gradient_checkpointing: str = option("off", choices=("off", "on"))
    """on: activations are computed again in the backward pass, which needs less memory and a third more time."""
    compile: str = option("auto", choices=("auto", "on", "off"))
    """torch.compile; auto compiles runs long enough to earn the half minute back, if the machine has a C++ compiler."""


@dataclass(frozen=True, kw_only=True)
class TuningOptions(LoopOptions):
    """What those of them share that go on from a trained model: SFT, the reward model and DPO."""

    lora_rank: int = option(0, low=0, high=1024)
    """Rank of the changes that are learned beside frozen weights (LoRA), which takes less memory; 0 = all weights learn."""


def schema_of(config: type[Options]) -> dict[str, Any]:
    """A JSON schema of one config class, its options in the order in which they are declared."""
    names = {int: "integer", float: "number", str: "string", bool: "boolean"}
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
    return {
        "description": inspect.cleandoc(config.__doc__ or ""),
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


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
