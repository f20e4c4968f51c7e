"""Benchmarks on a fixed workload of random weights and random tokens: `python -m rlhf bench WHAT` prints one JSON line.

The workload needs no data: Llamas of the width and depth asked for, documents of random tokens, a fixed seed. Here are the
options and the table of what can be timed; what is timed and how is in the bench_* modules, imported only when one runs.
"""

import importlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from rlhf.options import MachineOptions, option
from rlhf.types import InputError


@dataclass(frozen=True, kw_only=True)
class BenchOptions(MachineOptions):
    """Speed and memory on random weights, as one JSON line; the defaults are the workload called small."""

    threads: int = option(2, low=0, high=1024)
    """CPU threads; 0 leaves PyTorch's default."""
    hidden: int = option(256, low=64, high=16_384)
    """Width of the model, a multiple of 64 (the size of an attention head)."""
    layers: int = option(6, low=1, high=256)
    """Number of decoder layers."""
    vocab: int = option(4096, low=8, high=1_000_000)
    """Number of tokens."""
    updates: int = option(5, low=1, high=10_000)
    """Timed repetitions, after one that warms up and is told apart; figures are medians."""
    batch: int = option(0, low=0, high=65_536)
    """Rows of one repetition; 0 = the workload's: 128 for generate, 64 for ppo, 16 for sft and reward."""
    prompt_tokens: int = option(0, low=0, high=131_072)
    """Tokens of every prompt in generate and ppo; 0 = the workload's: 16 to 64."""
    new_tokens: int = option(64, low=1, high=131_072)
    """Longest completion that is sampled."""
    eos_skew: float = option(0.0, low=0, high=30)
    """Added to the logit of EOS, so that completions end at different lengths: 0 = nearly all run to new_tokens, 5 = one in ten does."""
    compile: str = option("on", choices=("on", "off"))
    """torch.compile in sft, reward and ppo; on = if the machine has a C++ compiler."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % 64:
            raise InputError(f"expected hidden to be a multiple of 64, the size of a head, got {self.hidden}")


BENCHES = {
    "generate": ("rlhf.bench_engine", "bench_generate"),
    "ppo": ("rlhf.bench_engine", "bench_ppo"),
    "sft": ("rlhf.bench_training", "bench_sft"),
    "reward": ("rlhf.bench_training", "bench_reward"),
}
"""What can be timed: the module and the function (BenchOptions, device) -> the fields of the line beyond the options."""


def run_bench(what: str, options: BenchOptions) -> dict[str, Any]:
    """Times one of BENCHES; returns its options and figures, peak memory of the process tree included."""
    from rlhf.bench_workload import PeakMemory, gpu_memory, shares_of_peak
    from rlhf.models import prepare_machine

    module, name = BENCHES[what]
    function: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), name)
    device = prepare_machine(options)
    with PeakMemory() as memory:
        figures = function(options, device)
    line = {"bench": what, **asdict(options), "device": str(device), **shares_of_peak(figures, options.dtype, device)}
    return {**line, "peak_rss_mb": round(memory.peak_bytes / 2**20), **gpu_memory(device)}
