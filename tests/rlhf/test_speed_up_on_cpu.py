"""The faster CPU paths against PyTorch's own: attention and linear layers, forward and backward, and what is saved."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import LlamaForCausalLM

from rlhf.cpu import OneDnnLinear, speed_up
from tests.rlhf.architectures import MAKERS, lively_model


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
