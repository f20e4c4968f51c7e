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
from rlhf.config import GrpoConfig
from rlhf.decoding import Completions
from rlhf.dpo import implicit_rewards
from rlhf.grpo import grpo_loss, less_group_mean
from rlhf.losses import ranking_loss, ranking_pairs
from rlhf.rloo import leave_one_out, rloo_loss
from rlhf.rollouts import Rollouts, given_rollouts, join_rollouts, policy_logprobs

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
        masked_sum_per_row(policy_logprobs(model, rollouts, temperature=1.0), rollouts.completion_mask)
        for model in map(load, case["weights"].values())
    )
    loss = ranking_loss(implicit_rewards(policy, reference, beta=case["beta"]), ranking_pairs([[1, 2]] * count))
    assert loss.item() == pytest.approx(case["loss"], abs=1e-5)
    assert abs(case["loss"] - 0.6931) > 0.1, "policy and reference must differ for this to say anything"


@pytest.mark.parametrize("name", ["rloo", "grpo"])
def test_rloo_and_grpo_are_trls_from_token_ids_to_the_loss(name: str) -> None:
    """Both steps: the first, where ratios are 1, and the second on the same completions, where they have left 1.

    GRPO is run as TRL's dr_grpo without scaling by the deviation of the scores.
    """
    case = FIXTURE[name]
    options, reference = case["options"], load(case["weights"]["reference"])
    config = GrpoConfig(
        kl_coefficient=options["beta"], clip_range=options["epsilon"], max_new_tokens=options["max_completion_length"],
        temperature=options["temperature"],
    )  # fmt: skip
    first = load(case["steps"][0]["weights"])
    for step in case["steps"]:
        rollouts, order, prompts = batch_of(step["inputs"])
        with torch.no_grad():
            new, old, ref = (
                policy_logprobs(model, rollouts, temperature=config.temperature)
                for model in (load(step["weights"]), first, reference)
            )
        mask = rollouts.completion_mask
        scores = torch.tensor(
            [score(row[kept].tolist()) for row, kept in zip(rollouts.completion_tokens, mask, strict=True)]
        )
        assert [prompts[place] == prompts[place - place % 4] for place in range(8)] == [True] * 8
        theirs = torch.tensor(step["inputs"]["advantages"])[order]
        if name == "rloo":
            rewards = scores - config.kl_coefficient * masked_sum_per_row(old - ref, mask)
            advantages = leave_one_out(rewards, group_size=4)
            loss = rloo_loss(new, old, advantages, mask, clip_range=config.clip_range).loss
        else:
            advantages = less_group_mean(scores, group_size=4)
            loss = grpo_loss(new, old, ref, advantages, mask, config).loss
        torch.testing.assert_close(advantages, theirs, atol=1e-5, rtol=1e-5)
        assert loss.item() == pytest.approx(step["loss"], abs=1e-5)


def score(tokens: list[int]) -> float:
    """The reward that the fixture's completions were given."""
    return sum(token % 3 for token in tokens) + 0.25 * len(tokens)


def batch_of(inputs: dict[str, Any]) -> tuple[Rollouts, torch.Tensor, list[list[int]]]:
    """TRL's shuffled rows as ours, group after group; also their order and their prompts."""
    prompts = [
        [token for token, is_kept in zip(row, kept, strict=True) if is_kept]
        for row, kept in zip(inputs["prompt_ids"], inputs["prompt_mask"], strict=True)
    ]
    order = torch.tensor(sorted(range(len(prompts)), key=lambda place: (prompts[place], place)))
    mask = torch.tensor(inputs["completion_mask"]).bool()[order]
    tokens = torch.tensor(inputs["completion_ids"])[order].masked_fill(~mask, PAD)
    sorted_prompts = [prompts[place] for place in order]
    made = Completions(tokens, mask, torch.zeros(mask.shape), torch.ones(len(mask), dtype=torch.bool))
    return join_rollouts(sorted_prompts, made, pad_token_id=PAD), order, sorted_prompts
