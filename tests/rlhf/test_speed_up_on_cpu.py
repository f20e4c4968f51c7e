"""The faster CPU paths against PyTorch's own: attention and linear layers, forward and backward, and what is saved."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from rlhf.cpu import OneDnnLinear, speed_up

SHAPE = {"vocab_size": 97, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
         "max_position_embeddings": 64, "head_dim": 8, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}  # fmt: skip
MAKERS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, num_key_value_heads=2)),
    "qwen": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE, num_key_value_heads=2)),
    "mistral, window of 6": lambda: MistralForCausalLM(MistralConfig(**SHAPE, num_key_value_heads=4, sliding_window=6)),
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=97, n_embd=32, n_layer=2, n_head=4, n_positions=64)),
    "gemma2, windows of 6": lambda: Gemma2ForCausalLM(
        Gemma2Config(**SHAPE, num_key_value_heads=2, sliding_window=6, query_pre_attn_scalar=8)
    ),
}


def lively_model(name: str):
    torch.manual_seed(1)
    model = MAKERS[name]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim >= 2:
                parameter.mul_(4.0)
    return model


@pytest.mark.parametrize("name", MAKERS)
def test_logits_and_gradients_stay_the_same_with_and_without_padding(name: str):
    model = lively_model(name)
    ids = torch.randint(3, 97, (3, 20), generator=torch.Generator().manual_seed(2))
    mask = torch.ones(3, 20, dtype=torch.int64)
    mask[1, :7] = 0
    found = []
    for _ in range(2):
        outputs = []
        for padding in (None, mask):
            model.zero_grad()
            logits = model(ids, attention_mask=padding).logits[:, 7:]
            logits.logsumexp(-1).mean().backward()
            outputs += [logits.detach(), *(p.grad.clone() for p in model.parameters())]
        found.append(outputs)
        speed_up(model)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=2e-4)


def test_linear_layers_through_onednn_match_in_value_and_gradient():
    plain = nn.Linear(24, 40)
    fast = nn.Linear(24, 40)
    fast.load_state_dict(plain.state_dict())
    fast.__class__ = OneDnnLinear
    rows = torch.randn(3, 7, 24)
    results = []
    for layer in (plain, fast):
        given = rows.clone().requires_grad_(True)
        layer(given).square().sum().backward()
        results.append((layer(given).detach(), given.grad, layer.weight.grad, layer.bias.grad))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert fast(rows).dtype == torch.bfloat16


def test_what_is_saved_does_not_know_of_it(tmp_path: Path, policy):
    policy.save_pretrained(tmp_path)
    assert "short_rows" not in json.dumps(json.loads((tmp_path / "config.json").read_text()))
    assert LlamaForCausalLM.from_pretrained(tmp_path).config._attn_implementation == "sdpa"
