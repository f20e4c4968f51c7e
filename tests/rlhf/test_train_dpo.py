"""DPO: its loss is the reward model's on log-ratios, whole and split alike; it starts at its reference, learns, and goes on."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from rlhf import dpo
from rlhf.config import DpoConfig
from rlhf.data import load_rankings
from rlhf.dpo import accumulate_gradients, beside_reference, train_dpo
from rlhf.models import load_policy
from rlhf.records import write_records
from rlhf.types import StepZeroError, ignore_report

CPU = torch.device("cpu")
CONFIG = DpoConfig(learning_rate=3e-3, batch_size=4, num_epochs=3, beta=0.5, threads=1, compile="off")
ROWS = [
    {"prompt": f"Hi {i}", "completions": ["The cat", "soup soup", "door " * (i % 3 + 1), "The owl"], "ranks": [1, 2, 3, 1]}
    for i in range(24)
]  # fmt: skip


@pytest.fixture
def rankings(tmp_path: Path) -> Path:
    write_records(tmp_path / "rankings.jsonl", ROWS)
    return tmp_path / "rankings.jsonl"


def slow_logprob(model: PreTrainedModel, row: list[int], length: int) -> float:
    """Sum of the log-probabilities of the last `length` tokens, token by token, from whole forward passes."""
    total = 0.0
    for place in range(len(row) - length, len(row)):
        with torch.no_grad():
            logits = model(torch.tensor([row[:place]])).logits[0, -1].double()
        total += float(logits.log_softmax(-1)[row[place]])
    return total


def test_the_loss_is_the_slow_loop_however_the_batch_is_split(
    policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    """T4, T8: all untied pairs of a ranking share its weight; EOS counts; the margin is taken off."""
    rows = [
        {**ROWS[0], "weight": 2.0},
        {**ROWS[1], "margin": 0.3},
        {**ROWS[2], "completions": ["a b", "c", "d", "e f g"]},
    ]
    write_records(tmp_path / "r.jsonl", rows)
    rankings = load_rankings(tokenizer, [tmp_path / "r.jsonl"], max_length=64, report=ignore_report)
    with torch.no_grad():
        references = [
            [slow_logprob(policy, *pair) for pair in zip(r.rows, r.completion_lengths, strict=True)] for r in rankings
        ]
        examples = beside_reference(policy, rankings, tokenizer.pad_token_id, CONFIG, CPU)
        for parameter in policy.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
    expected = num_right = num_pairs = 0.0
    for ranking, reference in zip(rankings, references, strict=True):
        now = [slow_logprob(policy, *pair) for pair in zip(ranking.rows, ranking.completion_lengths, strict=True)]
        rewards = [CONFIG.beta * (new - old) for new, old in zip(now, reference, strict=True)]
        losses = []
        for i, j in combinations(range(4), 2):
            if ranking.ranks[i] != ranking.ranks[j]:
                better, worse = (i, j) if ranking.ranks[i] < ranking.ranks[j] else (j, i)
                difference = torch.tensor(rewards[better] - rewards[worse] - ranking.margin, dtype=torch.float64)
                losses.append(float(torch.log1p(torch.exp(-difference))))
                num_right += rewards[better] > rewards[worse]
                num_pairs += 1
        expected += ranking.weight * sum(losses) / len(losses) / 4.0  # the weights sum to 2 + 1 + 1
    found = []
    for micro_batch_tokens in (8192, 1):
        policy.zero_grad()
        config = replace(CONFIG, micro_batch_tokens=micro_batch_tokens)
        metrics = accumulate_gradients(policy, examples, tokenizer.pad_token_id, config, CPU)
        found.append((metrics, torch.cat([p.grad.flatten() for p in policy.parameters() if p.grad is not None])))
    for metrics, gradient in found:
        assert metrics["loss"] == pytest.approx(expected, abs=1e-5)
        assert metrics["accuracy"] == pytest.approx(num_right / num_pairs)
        assert metrics["log_ratio"] > 1e-3
        torch.testing.assert_close(gradient, found[0][1], atol=1e-6, rtol=1e-3)


def test_the_reference_is_read_in_the_order_given(
    policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rankings: Path
) -> None:
    """Rows pass through the model by length; each ranking must get its own numbers back."""
    given = load_rankings(tokenizer, [rankings], max_length=64, report=ignore_report)
    examples = beside_reference(policy, given, tokenizer.pad_token_id, replace(CONFIG, micro_batch_tokens=60), CPU)
    for ranking, example in zip(given, examples, strict=True):
        assert example.ranking is ranking
        for row, length, found in zip(ranking.rows, ranking.completion_lengths, example.ref_logprobs, strict=True):
            assert float(found) == pytest.approx(slow_logprob(policy, row, length), abs=1e-4)


def test_dpo_learns_an_order_and_loads_with_stock_transformers(
    base_folder: Path, rankings: Path, tmp_path: Path
) -> None:
    metrics: list[dict] = []
    inputs = {"policy": base_folder, "rankings": [rankings], "validation": [rankings], "output": tmp_path / "out"}
    summary = train_dpo(
        CONFIG, **inputs, report=lambda kind, fields: metrics.append(fields) if kind == "metric" else None
    )
    assert summary["heldout_accuracy"] == 1.0
    assert summary["heldout_loss"] < 0.5 < 0.6931
    assert (summary["num_rankings"], summary["num_steps"]) == (24, 18)
    assert metrics[-1]["chosen_reward"] > metrics[-1]["rejected_reward"]
    AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model")
    assert train_dpo(CONFIG, **inputs) == json.loads((tmp_path / "out" / "summary.json").read_text())


def test_stopped_dpo_run_goes_on_to_the_same_weights(base_folder: Path, rankings: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(kind: str, fields: dict) -> None:
        if kind == "checkpoint":
            raise Stop

    config = replace(CONFIG, num_epochs=0.5, checkpoint_every_seconds=0)
    inputs = {"policy": base_folder, "rankings": [rankings], "validation": []}
    for _ in range(3):
        with pytest.raises(Stop):
            train_dpo(config, **inputs, output=tmp_path / "stopped", report=stop)
    assert train_dpo(config, **inputs, output=tmp_path / "stopped")["num_steps"] == 3
    train_dpo(config, **inputs, output=tmp_path / "whole")
    one, other = ((tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("stopped", "whole"))
    assert one == other


def test_gradient_checkpointing_reads_each_layer_again_and_changes_no_weight(
    base_folder: Path, rankings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[bool] = []

    def load(*given, **named):
        model = load_policy(*given, **named)
        model.model.layers[0].self_attn.register_forward_hook(lambda *call: learned.append(torch.is_grad_enabled()))
        return model

    monkeypatch.setattr(dpo, "load_policy", load)
    counts, weights = [], []
    for choice in ("off", "on"):
        learned.clear()
        config = replace(CONFIG, num_epochs=0.5, gradient_checkpointing=choice)
        train_dpo(config, policy=base_folder, rankings=[rankings], validation=[], output=tmp_path / choice)
        counts.append(sum(learned))
        weights.append(load_policy(tmp_path / choice / "model").state_dict())
    assert counts[1] == 2 * counts[0] > 0
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, atol=1e-5, rtol=1e-4)


def test_adapters_learn_from_rankings_beside_weights_that_stay(
    base_folder: Path, rankings: Path, tmp_path: Path
) -> None:
    """The first step finds policy and reference equal; what is written is plain, and the adapter over the base says the same."""
    config = replace(CONFIG, lora_rank=4, learning_rate=2e-2)
    summary = train_dpo(config, policy=base_folder, rankings=[rankings], validation=[rankings], output=tmp_path / "out")
    assert summary["heldout_accuracy"] == 1.0
    base, merged = (
        AutoModelForCausalLM.from_pretrained(folder) for folder in (base_folder, tmp_path / "out" / "model")
    )
    assert merged.state_dict().keys() == base.state_dict().keys()
    assert torch.equal(merged.model.embed_tokens.weight, base.model.embed_tokens.weight)
    apart = PeftModel.from_pretrained(base, tmp_path / "out" / "adapter")
    ids = torch.arange(5, 17).view(2, 6)
    with torch.no_grad():
        torch.testing.assert_close(merged(ids).logits, apart(ids).logits, atol=1e-5, rtol=1e-5)
        with apart.disable_adapter():
            assert (apart(ids).logits - merged(ids).logits).abs().max() > 0.1


def test_a_policy_that_is_not_its_reference_stops_the_run(
    base_folder: Path, rankings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Point 14: the implicit reward of every completion is 0 before the first step."""
    original = dpo.completion_logprobs
    calls = iter(range(100))
    monkeypatch.setattr(dpo, "completion_logprobs", lambda *given: original(*given) + 0.1 * next(calls))
    with pytest.raises(StepZeroError, match="policy and reference differ"):
        train_dpo(CONFIG, policy=base_folder, rankings=[rankings], validation=[], output=tmp_path / "out")
    assert not (tmp_path / "out" / "model").exists()
