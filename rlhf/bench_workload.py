"""What every benchmark shares: models and documents of the fixed workload, the machine's measured peaks, memory of the process tree.

Token 0 is PAD, 1 is EOS, 2 is BOS; documents are drawn from the ids above 3.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedModel

from rlhf.bench import BenchOptions
from rlhf.cpu import speed_up

PAD, EOS, BOS, FIRST_WORD = 0, 1, 2, 4
HEAD_SIZE = 64
PROMPT_LENGTHS = (16, 64)


def prompt_lengths(options: BenchOptions) -> tuple[int, int]:
    """Of the prompts of generate and ppo: from, to."""
    return (options.prompt_tokens, options.prompt_tokens) if options.prompt_tokens else PROMPT_LENGTHS


def model_shape(options: BenchOptions, **extra: Any) -> LlamaConfig:
    """A Llama with heads of 64, as many key-value heads as heads, untied embeddings, and an MLP of 8/3 hidden."""
    return LlamaConfig(
        hidden_size=options.hidden,
        num_hidden_layers=options.layers,
        vocab_size=options.vocab,
        intermediate_size=options.hidden * 8 // 3 // HEAD_SIZE * HEAD_SIZE,
        num_attention_heads=options.hidden // HEAD_SIZE,
        num_key_value_heads=options.hidden // HEAD_SIZE,
        max_position_embeddings=max(1024, prompt_lengths(options)[1] + options.new_tokens),
        tie_word_embeddings=False,
        pad_token_id=PAD,
        eos_token_id=EOS,
        bos_token_id=BOS,
        **extra,
    )


def random_policy(options: BenchOptions) -> PreTrainedModel:
    """A causal model of random weights whose EOS is likelier by eos_skew."""
    model = LlamaForCausalLM(model_shape(options)).eval()
    if options.eos_skew:
        head = nn.Linear(options.hidden, options.vocab, bias=True)
        with torch.no_grad():
            head.weight.copy_(model.lm_head.weight)
            head.bias.zero_()[EOS] = options.eos_skew
        model.lm_head = head
    return speed_up(model)


def random_reward(options: BenchOptions) -> PreTrainedModel:
    """A reward model of random weights."""
    return speed_up(LlamaForSequenceClassification(model_shape(options, num_labels=1)).eval())


def documents(count: int, low: int, high: int, options: BenchOptions) -> list[list[int]]:
    """Rows of random tokens whose lengths are uniform from low to high; the same for the same seed."""
    draw = torch.Generator().manual_seed(options.seed)
    lengths = torch.randint(low, high + 1, (count,), generator=draw).tolist()
    return [torch.randint(FIRST_WORD, options.vocab, (length,), generator=draw).tolist() for length in lengths]


def forward_flops(model: PreTrainedModel, lengths: Sequence[int], *, with_head: bool = True) -> float:
    """Floating-point operations of one forward pass over rows of these lengths: matrix products and causal attention."""
    body = sum(weight.numel() for name, weight in model.base_model.named_parameters() if weight.ndim == 2)
    body -= model.get_input_embeddings().weight.numel()  # type: ignore[operator, union-attr]
    head = model.config.hidden_size * model.config.vocab_size if with_head else 0
    attention = 2 * model.config.num_hidden_layers * model.config.hidden_size
    return float(sum(2 * (body + head) * length + attention * length**2 for length in lengths))


def now(device: torch.device) -> float:
    """Seconds on a clock, all work handed to the device being done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def shares_of_peak(figures: dict[str, Any], dtype: str, device: torch.device) -> dict[str, Any]:
    """The figures with `flops_per_second` as `mfu` and `bytes_per_second` as `bandwidth_utilisation`: shares of what is measured now."""
    shares = dict(figures)
    for rate, name, peak in (
        ("flops_per_second", "mfu", lambda: peak_flops(dtype, device)),
        ("bytes_per_second", "bandwidth_utilisation", lambda: peak_bandwidth(device)),
    ):
        if rate in shares:
            found, most = shares.pop(rate), peak()
            is_many = isinstance(found, dict)
            shares[name] = (
                {key: round(value / most, 3) for key, value in found.items()} if is_many else round(found / most, 3)
            )
    return shares


def gpu_memory(device: torch.device) -> dict[str, int]:
    """The most memory that tensors held on a GPU; nothing elsewhere."""
    if device.type != "cuda":
        return {}
    return {"peak_gpu_mb": round(torch.cuda.max_memory_allocated(device) / 2**20)}


def peak_flops(dtype: str, device: torch.device) -> float:
    """Operations per second of a large matrix product here and now, in the dtype and with the threads of the run."""
    size = 8192 if device.type == "cuda" else 1024
    side = torch.randn(size, size, dtype=getattr(torch, dtype), device=device)
    return 2 * size**3 / _best(lambda: side @ side, device)


def peak_bandwidth(device: torch.device) -> float:
    """Bytes per second of reading one large array and writing another, here and now."""
    source = torch.ones((256 if device.type == "cuda" else 16) * 2**20, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() * 4 / _best(lambda: target.copy_(source), device)


def _best(run: Callable[[], Any], device: torch.device) -> float:
    seconds = []
    for _ in range(8):
        start = now(device)
        run()
        seconds.append(now(device) - start)
    return min(seconds)


class PeakMemory:
    """The largest resident size of this process and its descendants together, looked at every 50 ms (Linux)."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, tree_bytes(os.getpid()))
            if self._is_over.wait(0.05):
                return


def tree_bytes(process: int) -> int:
    """Resident bytes of a process and its descendants; one that has just ended counts 0."""
    folder = Path("/proc") / str(process)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        children = [
            int(child) for task in (folder / "task").iterdir() for child in (task / "children").read_text().split()
        ]
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(tree_bytes(child) for child in children)
