"""Cached decoding against full forward passes in float64, where rounding is too small to hide a wrong mask or position.

In float32 the two differ by what rounding leaves: 1e-6 at the scale at which pretraining begins, 1e-5 to 1e-4 at four times that,
growing with the logits. A tolerance wide enough for that lets a small mistake through. In float64 rounding leaves less than 1e-14
and a mistake stays as large as it was.
"""

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.config import PretrainConfig
from rlhf.decoding import Decoding, Request
from rlhf.models import new_policy

PROMPT_LENGTHS = (3, 17, 9, 2, 9, 12)
ROUNDING_OF_FLOAT64 = 1e-12


def fresh_policy(tokenizer: PreTrainedTokenizerBase, scale: float) -> PreTrainedModel:
    """As pretraining begins, the weights at the scale that new_policy gives them; or all matrices made larger."""
    config = PretrainConfig(hidden_size=32, num_layers=2, num_heads=2, context_length=64, tokens_per_batch=64)
    policy = new_policy(config, tokenizer).eval().double()
    for parameter in policy.parameters():
        if parameter.ndim >= 2:
            parameter.data *= scale
    return policy


@pytest.mark.parametrize("scale", [1.0, 4.0])
@torch.no_grad()
def test_cached_decode_equals_a_full_forward_up_to_rounding_at_any_scale(
    tokenizer: PreTrainedTokenizerBase, scale: float
) -> None:
    policy = fresh_policy(tokenizer, scale)
    generator = torch.Generator().manual_seed(3)
    prompts = [torch.randint(6, 290, (length,), generator=generator).tolist() for length in PROMPT_LENGTHS]
    rows = [Request(prompt, 1.0, 1.0, seed) for seed, prompt in enumerate([*prompts, prompts[2]])]
    engine_logits: list[torch.Tensor] = []
    hook = policy.register_forward_hook(lambda module, given, output: engine_logits.append(output.logits[:, -1]))
    decoding = Decoding(policy, rows, max_new_tokens=8, eos_token_id=-1, pad_token_id=0)
    texts, tokens = [[row.prompt for row in rows]], []
    while decoding.is_open:
        step = decoding.step()
        order = step.rows.argsort()  # the engine keeps rows of like length together
        engine_logits[-1] = engine_logits[-1][order]
        tokens.append(step.tokens[order].tolist())
        texts.append([[*text, token] for text, token in zip(texts[-1], tokens[-1], strict=True)])
    hook.remove()
    assert len(engine_logits) == 8
    assert texts[-1][2] != texts[-1][6], "two rows of one prompt go different ways"
    for logits, before in zip(engine_logits, texts, strict=False):
        for place, row in enumerate(logits):
            full = policy(torch.tensor([before[place]])).logits[0, -1]
            assert (row.log_softmax(-1) - full.log_softmax(-1)).abs().max().item() < ROUNDING_OF_FLOAT64
