"""The pretraining mix of PPO-ptx: windows of plain text, and the gradient of their loss. InstructGPT, arXiv 2203.02155, equation 2.

The gradient is added after PPO's and before the same optimizer step. It is a mean over its own tokens, so its weight depends
neither on the length of the completions nor on how either is split.
"""

from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.config import PpoConfig
from rlhf.data import load_text
from rlhf.models import autocast
from rlhf.passes import next_token_sum
from rlhf.sampling import derived_seed
from rlhf.types import InputError, Report

MAX_TOKENS = 20_000_000


def load_windows(
    config: PpoConfig, tokenizer: PreTrainedTokenizerBase, paths: list[Path], report: Report
) -> Tensor | None:
    """(N, ptx_length + 1) int64 windows that share one token with their neighbour; None where the mix is off."""
    if not config.ptx_coefficient:
        if paths:
            report("log", {"text": "ppo: the texts are not used, as ptx_coefficient is 0"})
        return None
    length = config.ptx_length
    tokens = load_text(tokenizer, paths, report, name="ppo", max_tokens=MAX_TOKENS).tokens.long()
    if len(tokens) >= MAX_TOKENS:
        report(
            "log", {"text": f"ppo: the pretraining mix draws from the first {len(tokens):,} tokens of the texts alone"}
        )
    if len(tokens) <= length:
        raise InputError(
            f"expected at least {length + 1} tokens of text for the pretraining mix, got {len(tokens)}; "
            "name longer files as texts, or set ptx_coefficient = 0"
        )
    return tokens.unfold(0, length + 1, length).contiguous()


def add_pretraining_gradient(policy: PreTrainedModel, windows: Tensor, config: PpoConfig, *stream: int) -> Tensor:
    """Adds ptx_coefficient times the gradient of the mean loss over ptx_batch_size windows; returns that loss.

    `stream` (update, minibatch) and the seed alone choose the windows.
    """
    chooser = torch.Generator().manual_seed(derived_seed(config.seed, "pretraining", *stream))
    rows = windows[torch.randint(len(windows), (config.ptx_batch_size,), generator=chooser)].to(policy.device)
    total = torch.zeros((), device=policy.device)
    for part in rows.split(max(config.micro_batch_tokens // config.ptx_length, 1)):
        inputs, targets = part[:, :-1], part[:, 1:].flatten()
        with autocast(policy.device, config.dtype):
            everywhere = torch.ones_like(inputs, dtype=torch.bool)
            loss = next_token_sum(policy, inputs, everywhere, targets) / (config.ptx_batch_size * config.ptx_length)
        (config.ptx_coefficient * loss).backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    return total
