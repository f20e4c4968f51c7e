"""DPO, RLOO and GRPO of TRL 1.12.0 on the same tensors, to 1e-5; where TRL differs on purpose, by what.

fixtures/trl_1_12_0_kin.json holds what TRL's own trainers computed (fixtures/make_trl_kin_fixtures.py makes it).
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from rlhf.advantages import masked_sum_per_row
from rlhf.dpo import implicit_rewards
from rlhf.losses import ranking_loss, ranking_pairs
from rlhf.rollouts import given_rollouts, policy_logprobs

FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "trl_1_12_0_kin.json").read_text(encoding="utf-8"))
PAD, EOS = 0, 1


def load(weights: dict[str, Any]) -> LlamaForCausalLM:
    model = LlamaForCausalLM(LlamaConfig(**FIXTURE["shape"], pad_token_id=PAD, eos_token_id=EOS, bos_token_id=2))
    model.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return model.eval()


def test_dpo_on_pairs_is_trls_sigmoid_loss() -> None:
    """From token ids to the loss: the pairs of rankings of two."""
    case = FIXTURE["dpo"]
    rows, lengths = [], []
    for ids, kept, learned in zip(case["input_ids"], case["attention_mask"], case["completion_mask"], strict=True):
        rows.append([token for token, is_kept in zip(ids, kept, strict=True) if is_kept])
        lengths.append(sum(learned))
    count = len(rows) // 2
    order = [place for pair in range(count) for place in (pair, pair + count)]  # TRL: all chosen, then all rejected
    rollouts = given_rollouts([rows[place] for place in order], [lengths[place] for place in order], pad_token_id=PAD)
    policy, reference = (
        masked_sum_per_row(policy_logprobs(model, rollouts, temperature=1.0)[0], rollouts.completion_mask)
        for model in map(load, case["weights"].values())
    )
    loss = ranking_loss(implicit_rewards(policy, reference, beta=case["beta"]), ranking_pairs([[1, 2]] * count))
    assert loss.item() == pytest.approx(case["loss"], abs=1e-5)
    assert abs(case["loss"] - 0.6931) > 0.1, "policy and reference must differ for this to say anything"
