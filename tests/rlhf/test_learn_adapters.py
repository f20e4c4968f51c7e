"""LoRA: one set of weights for what learns and what it started from, told apart by an adapter; merged at the end."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, GPT2Config, GPT2LMHeadModel

from rlhf.config import PpoConfig, RewardConfig, SftConfig
from rlhf.lora import add_adapter, merge_adapter, without_adapter
from rlhf.memory import plan_loop
from rlhf.models import load_policy, load_reward, num_parameters
from rlhf.passes import compile_layers
from rlhf.ppo import rollout_metrics, train_ppo
from rlhf.ppo_phases import estimate_advantages, score_rollouts, update_models
from rlhf.records import write_records
from rlhf.reward import train_reward
from rlhf.sft import train_sft
from rlhf.types import InputError, ignore_report
from tests.rlhf.ppo_cast import CONFIG, prepared, state_from, uneven_rollouts

IDS = torch.arange(5, 17).view(2, 6)
LORA = replace(CONFIG, lora_rank=4, policy_learning_rate=1e-2, value_learning_rate=1e-2)


def test_a_fresh_adapter_says_nothing_and_learns_little(policy) -> None:
    with torch.no_grad():
        before, frozen = policy(IDS).logits, {name: weight.clone() for name, weight in policy.named_parameters()}
    whole = plan_loop(policy, SftConfig(), [(1, 9)], rows_per_batch=1)
    assert add_adapter(policy, 0, 1) is None
    adapter = add_adapter(policy, 4, 1)
    assert torch.equal(policy(IDS).logits, before)
    trained = {name for name, weight in policy.named_parameters() if weight.requires_grad}
    assert trained, "something learns"
    assert all("lora_" in name for name in trained)
    assert not any("lm_head" in name or "embed" in name for name in trained)
    plan = plan_loop(policy, SftConfig(), [(1, 9)], rows_per_batch=1)
    assert plan.gradients + plan.optimizer < (whole.gradients + whole.optimizer) / 2
    assert adapter.get_base_model() is policy
    for name, weight in frozen.items():
        found = dict(policy.named_parameters())
        assert torch.equal(found.get(name, found.get(name.replace(".weight", ".base_layer.weight"))), weight)


def test_at_step_zero_the_divergence_is_exactly_zero_and_the_score_is_the_reward_models(folders, tokenizer) -> None:
    state, plain = (state_from(folders, tokenizer, replace(CONFIG, lora_rank=rank)) for rank in (4, 0))
    assert state.ref_policy is state.policy
    assert state.value_model is state.reward_model
    rollouts, estimates = prepared(state)
    assert rollout_metrics(state, rollouts, estimates)["kl"] == 0.0
    assert torch.equal(estimates.kl, torch.zeros(16))
    assert torch.equal(estimates.scores, score_rollouts(plain, rollouts))


def test_an_update_moves_policy_and_values_and_leaves_reference_and_scores_where_they_were(folders, tokenizer) -> None:
    state, rollouts = state_from(folders, tokenizer, LORA), uneven_rollouts()
    scores = score_rollouts(state, rollouts)
    with torch.no_grad(), without_adapter(state.policy):
        reference = state.policy(IDS).logits
    before = estimate_advantages(state, rollouts, scores)
    update_models(state, rollouts, before, learning_rate_factor=1.0)
    after = estimate_advantages(state, rollouts, scores)
    assert torch.equal(after.ref_logprobs, before.ref_logprobs)
    assert torch.equal(score_rollouts(state, rollouts), scores), "the head that learns is a copy"
    assert (after.old_logprobs - before.old_logprobs).abs().max() > 1e-3
    assert (after.old_values - before.old_values).abs().max() > 1e-3
    with torch.no_grad(), without_adapter(state.policy):
        assert torch.equal(state.policy(IDS).logits, reference)
        assert torch.equal(load_policy(folders / "policy")(IDS).logits, reference)


def test_merged_is_what_the_adapter_says_and_loads_with_peft_over_the_base(base_folder, tmp_path, tokenizer) -> None:
    write_records(tmp_path / "rows.jsonl", [{"prompt": f"eats {n}", "completion": "bread"} for n in range(8)])
    config = SftConfig(lora_rank=4, learning_rate=3e-2, batch_size=4, num_epochs=10, threads=1)
    rows = [tmp_path / "rows.jsonl"]
    summary = train_sft(config, base=base_folder, demonstrations=rows, validation=rows, output=tmp_path / "out")
    assert summary["heldout_loss_after"] < summary["heldout_loss_before"] - 0.5
    merged, info = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model", output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    base = AutoModelForCausalLM.from_pretrained(base_folder)
    assert num_parameters(merged) == num_parameters(base)
    apart = PeftModel.from_pretrained(base, tmp_path / "out" / "adapter")
    with torch.no_grad():
        torch.testing.assert_close(merged(IDS).logits, apart(IDS).logits, atol=1e-5, rtol=1e-5)
        with apart.disable_adapter():
            assert (apart(IDS).logits - merged(IDS).logits).abs().max() > 0.1


def test_a_reward_model_learns_its_head_whole_and_comes_out_plain(base_folder, tmp_path) -> None:
    rankings = [{"prompt": f"eats {n}", "completions": ["bread", "the sea"], "ranks": [1, 2]} for n in range(16)]
    write_records(tmp_path / "rows.jsonl", rankings)
    config = RewardConfig(lora_rank=4, learning_rate=2e-2, batch_size=4, num_epochs=4, threads=1)
    rows = [tmp_path / "rows.jsonl"]
    summary = train_reward(
        config, base=base_folder, rankings=rows, validation=rows, demonstrations=[], output=tmp_path / "out"
    )
    assert summary["heldout_accuracy"] == 1.0
    merged, info = AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "out" / "model", output_loading_info=True
    )
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    base = AutoModelForSequenceClassification.from_pretrained(base_folder, num_labels=1)
    apart = PeftModel.from_pretrained(base, tmp_path / "out" / "adapter")
    with torch.no_grad():
        torch.testing.assert_close(merged(IDS).logits, apart(IDS).logits, atol=1e-5, rtol=1e-5)


def test_ppo_over_one_base_goes_on_where_it_stopped_and_writes_plain_models(folders: Path) -> None:
    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    reports: list[dict] = []

    def stop_after_two(kind: str, fields: dict) -> None:
        reports.append(fields)
        if kind == "checkpoint" and fields["step"] == 2:
            raise KeyboardInterrupt

    config = replace(LORA, num_updates=4)
    with pytest.raises(KeyboardInterrupt):
        train_ppo(config, **inputs, output=folders / "stopped", report=stop_after_two)
    summary = train_ppo(config, **inputs, output=folders / "stopped", report=ignore_report)
    whole = train_ppo(config, **inputs, output=folders / "whole", report=ignore_report)
    assert summary["kl"] == whole["kl"] != 0.0
    for load, name, adapter in ((load_policy, "model", "adapter"), (load_reward, "value", "value-adapter")):
        one, other = (load(folders / output / name).state_dict() for output in ("stopped", "whole"))
        assert one.keys() == load(folders / ("policy" if name == "model" else "reward")).state_dict().keys()
        assert all(torch.equal(one[key], other[key]) for key in one)
        assert (folders / "whole" / adapter / "adapter_model.safetensors").exists()


def test_other_layers_than_linear_ones_take_an_adapter_too(tmp_path) -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=90, n_embd=16, n_layer=2, n_head=2, n_positions=64)).eval()
    adapter = add_adapter(model, 2, 1)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = model(IDS).logits
        merge_adapter(adapter, tmp_path / "adapter")
        torch.testing.assert_close(model(IDS).logits, expected, atol=1e-4, rtol=1e-4)
    assert not any("lora" in name for name, _ in model.named_parameters())


def test_an_average_of_factors_is_refused() -> None:
    with pytest.raises(InputError, match="expected ema_decay = 0 with lora_rank"):
        PpoConfig(lora_rank=4, ema_decay=0.9)


@pytest.mark.slow
def test_compiled_layers_are_read_with_and_without_their_adapter(folders, tokenizer) -> None:
    state = state_from(folders, tokenizer, LORA)
    compile_layers([state.policy], "on", flops=1e20, report=ignore_report)
    rollouts, estimates = prepared(state)
    assert rollout_metrics(state, rollouts, estimates)["kl"] == pytest.approx(0.0, abs=1e-5)
    update_models(state, rollouts, estimates, learning_rate_factor=1.0)
    with torch.no_grad(), without_adapter(state.policy):
        torch.testing.assert_close(
            state.policy(IDS).logits, load_policy(folders / "policy")(IDS).logits, atol=1e-5, rtol=1e-5
        )
