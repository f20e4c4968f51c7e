"""RLOO and GRPO: baselines and losses against slow loops, exact at step zero, the same however split, they learn and go on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from rlhf import groups
from rlhf.config import GroupOptions, GrpoConfig, RlooConfig
from rlhf.groups import add_gradients, collect_groups, judge, load_models, update_policy
from rlhf.grpo import grpo_loss, less_group_mean, train_grpo
from rlhf.models import load_tokenizer
from rlhf.rloo import leave_one_out, rloo_loss, train_rloo
from rlhf.types import InputError, StepZeroError
from tests.rlhf.ppo_cast import PROMPTS, uneven_rollouts

SMALL = {
    "num_updates": 2, "episodes_per_update": 16, "minibatch_size": 8, "max_new_tokens": 8, "generation_batch_size": 6,
    "warmup_updates": 0, "checkpoint_every_seconds": 0.0, "threads": 1, "sample_every_updates": 2,
}  # fmt: skip
RLOO, GRPO = RlooConfig(**SMALL), GrpoConfig(**SMALL)
TRAINERS = [(train_rloo, RLOO), (train_grpo, GRPO)]


def rloo_of(config: RlooConfig):
    return lambda new, mask, known, advantages: rloo_loss(
        new, known.old_logprobs, advantages, mask, clip_range=config.clip_range
    )


def grpo_of(config: GrpoConfig):
    return lambda new, mask, known, advantages: grpo_loss(
        new, known.old_logprobs, known.ref_logprobs, advantages, mask, config
    )


LOSSES = [(RLOO, rloo_of), (GRPO, grpo_of)]


@pytest.fixture
def made_up() -> dict[str, torch.Tensor]:
    """Log-probabilities of 6 completions of 1 to 5 tokens in float64, with NaN where nothing counts."""
    generator = torch.Generator().manual_seed(4)
    mask = torch.arange(5) < torch.tensor([5, 3, 1, 4, 2, 5])[:, None]
    old, new, ref = (torch.randn(6, 5, generator=generator, dtype=torch.float64) * 0.3 - 2 for _ in range(3))
    new = torch.where(mask, new, torch.nan)
    advantages = torch.tensor([1.5, -0.5, 2.0, -1.0, 0.3, -2.3], dtype=torch.float64)
    return {"new": new, "old": old, "ref": ref, "mask": mask, "advantages": advantages}


def test_the_baseline_is_the_mean_of_the_others_and_in_grpo_of_all() -> None:
    rewards = torch.tensor([1.0, 2.0, 6.0, 4.0, 4.0, 4.0])
    assert leave_one_out(rewards, group_size=3).tolist() == [-3.0, -1.5, 4.5, 0.0, 0.0, 0.0]
    assert less_group_mean(rewards, group_size=3).tolist() == [-2.0, -1.0, 3.0, 0.0, 0.0, 0.0]
    drawn = torch.randn(12, generator=torch.Generator().manual_seed(1))
    slow = [
        value - sum(other for place, other in enumerate(drawn) if place // 4 == i // 4 and place != i) / 3
        for i, value in enumerate(drawn)
    ]
    torch.testing.assert_close(leave_one_out(drawn, group_size=4), torch.stack(slow))
    torch.testing.assert_close(less_group_mean(drawn, group_size=4), leave_one_out(drawn, group_size=4) * 3 / 4)


def test_the_rloo_loss_is_the_slow_loop_over_whole_completions(made_up) -> None:
    expected = 0.0
    for row, length in enumerate(made_up["mask"].sum(1).tolist()):
        ratio = float((made_up["new"][row, :length] - made_up["old"][row, :length]).sum().exp())
        advantage = float(made_up["advantages"][row])
        expected += max(-advantage * ratio, -advantage * min(max(ratio, 0.8), 1.2)) / 6
    found = rloo_loss(made_up["new"], made_up["old"], made_up["advantages"], made_up["mask"], clip_range=0.2)
    assert found.loss.item() == pytest.approx(expected, abs=1e-12)
    assert found.clip_fraction > 0


def test_the_grpo_loss_is_the_slow_loop_over_tokens_over_the_longest_length(made_up) -> None:
    """Dr. GRPO: every token weighs 1 / (completions x max_new_tokens), whatever the length of its completion."""
    config = replace(GRPO, max_new_tokens=7, kl_coefficient=0.3)
    expected = 0.0
    for row, length in enumerate(made_up["mask"].sum(1).tolist()):
        for place in range(length):
            new, old, ref = (float(made_up[name][row, place]) for name in ("new", "old", "ref"))
            ratio, advantage = torch.tensor(new - old).exp().item(), float(made_up["advantages"][row])
            expected += max(-advantage * ratio, -advantage * min(max(ratio, 0.8), 1.2)) / (6 * 7)
            expected += 0.3 * ratio * (torch.tensor(ref - new).exp().item() - 1 - (ref - new)) / (6 * 7)
    found = grpo_loss(*(made_up[name] for name in ("new", "old", "ref", "advantages", "mask")), config)
    assert found.loss.item() == pytest.approx(expected, abs=1e-6)


def test_before_the_first_step_the_gradients_are_those_of_reinforce(made_up) -> None:
    """At ratio 1: -A / B for every token in RLOO; in GRPO -A / (B T), and the KL term adds beta x log-ratio / (B T)."""
    mask, advantages = made_up["mask"], made_up["advantages"]
    new = made_up["old"].clone().requires_grad_()
    rloo_loss(new, made_up["old"], advantages, mask, clip_range=0.2).loss.backward()
    torch.testing.assert_close(new.grad, -(advantages[:, None] / 6 * mask))
    new = made_up["old"].clone().requires_grad_()
    config = replace(GRPO, max_new_tokens=7, kl_coefficient=0.3)
    grpo_loss(new, made_up["old"], made_up["ref"], advantages, mask, config).loss.backward()
    expected = (0.3 * (made_up["old"] - made_up["ref"]) - advantages[:, None]) / (6 * 7) * mask
    torch.testing.assert_close(new.grad, expected)


def test_losses_over_nothing_are_zero_with_zero_gradient(made_up) -> None:
    nothing = torch.zeros_like(made_up["mask"])
    for loss in (
        lambda new: rloo_loss(new, made_up["old"], made_up["advantages"] * 0, nothing, clip_range=0.2),
        lambda new: grpo_loss(new, made_up["old"], made_up["ref"], made_up["advantages"], nothing, GRPO),
    ):
        new = made_up["new"].clone().requires_grad_()
        value = loss(new).loss
        value.backward()
        assert value.item() == 0.0
        assert (new.grad == 0).all()


@pytest.mark.parametrize(("config", "loss_of"), LOSSES)
def test_an_update_does_not_depend_on_how_it_is_split(folders: Path, tokenizer, config: GroupOptions, loss_of) -> None:
    """T4: the gradient of a minibatch, read whole or some rows at a time."""
    state = load_models(config, folders / "policy", folders / "reward", tokenizer)
    rollouts = collect_groups(state, PROMPTS[:4], stream="test")
    assert rollouts.input_ids[:, :3].tolist() == [row[:3] for row in PROMPTS[:4] for _ in range(4)]
    assert len({tuple(row) for row in rollouts.completion_tokens.tolist()}) > 4, "completions of one prompt differ"
    judged = judge(state, rollouts)
    advantages = less_group_mean(torch.arange(16.0), group_size=4)
    found = []
    for tokens in (8192, 40):
        state.policy.zero_grad()
        given = replace(config, micro_batch_tokens=tokens)
        metrics = add_gradients(state, rollouts, judged, advantages, loss_of(config), given)
        found.append((metrics, torch.cat([p.grad.flatten() for p in state.policy.parameters() if p.grad is not None])))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-5)
    assert found[0][1].abs().max() > 1e-4
    torch.testing.assert_close(found[1][1], found[0][1], atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize(("config", "loss_of"), LOSSES)
def test_at_step_zero_kl_is_zero_and_another_reference_stops_the_run(
    folders: Path, tokenizer, config: GroupOptions, loss_of
) -> None:
    """Points 12 and 14, T5."""
    state = load_models(config, folders / "policy", folders / "reward", tokenizer)
    rollouts = collect_groups(state, PROMPTS[:4], stream="test")
    judged = judge(state, rollouts)
    assert judged.kl.abs().max() < 1e-5
    with torch.no_grad():
        state.ref_policy.lm_head.weight.add_(torch.randn_like(state.ref_policy.lm_head.weight) * 0.1)
    with pytest.raises(StepZeroError, match="KL not 0"):
        update_policy(state, rollouts, judge(state, rollouts), judged.scores, loss_of(config), learning_rate_factor=1.0)


@pytest.mark.parametrize(("config", "loss_of"), LOSSES)
def test_both_learn_a_toy_reward(folders: Path, tokenizer, config: GroupOptions, loss_of) -> None:
    config = replace(
        config, episodes_per_update=32, minibatch_size=16, generation_batch_size=32, policy_learning_rate=1e-2
    )
    state = load_models(config, folders / "policy", folders / "reward", tokenizer)
    shares = []
    for update in range(12):
        rollouts = collect_groups(state, PROMPTS[:8], stream=f"toy {update}")
        is_even = (rollouts.completion_tokens % 2 == 0) & rollouts.completion_mask
        scores = is_even.sum(dim=1) / rollouts.completion_mask.sum(dim=1)
        shares.append(float(scores.mean()))
        advantages = leave_one_out(scores, group_size=4)
        update_policy(state, rollouts, judge(state, rollouts), advantages, loss_of(config), learning_rate_factor=1.0)
    assert shares[0] < 0.6
    assert shares[-1] > 0.75, shares


@pytest.mark.parametrize(("train", "config"), TRAINERS)
def test_a_stopped_run_goes_on_to_the_same_weights_which_stock_transformers_loads(
    folders: Path, train, config: GroupOptions
) -> None:
    class Stop(Exception):
        pass

    def stop(kind: str, fields: dict) -> None:
        if kind == "checkpoint":
            raise Stop

    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    with pytest.raises(Stop):
        train(config, **inputs, output=folders / "stopped", report=stop)
    metrics: list[dict] = []
    resumed = train(config, **inputs, output=folders / "stopped")
    whole = train(
        config, **inputs, output=folders / "whole",
        report=lambda kind, fields: metrics.append(fields) if kind == "metric" else None,
    )  # fmt: skip
    assert {name for name in resumed if resumed[name] != whole[name]} <= {"seconds"}
    weights = [(folders / name / "model" / "model.safetensors").read_bytes() for name in ("stopped", "whole")]
    assert weights[0] == weights[1] != (folders / "policy" / "model.safetensors").read_bytes()
    AutoModelForCausalLM.from_pretrained(folders / "whole" / "model")
    assert whole["num_updates"] == 2
    assert {"score", "kl", "entropy", "policy_loss", "length"} <= set(metrics[-1])
    assert len(json.loads((folders / "whole" / "samples" / "update-000002.json").read_text())) == 8
    assert train(config, **inputs, output=folders / "whole") == json.loads(
        (folders / "whole" / "summary.json").read_text()
    )


@pytest.mark.parametrize(("config", "loss_of"), LOSSES)
def test_an_adapter_makes_the_policy_its_own_reference(folders: Path, tokenizer, config: GroupOptions, loss_of) -> None:
    config = replace(config, lora_rank=4, policy_learning_rate=1e-2)
    state = load_models(config, folders / "policy", folders / "reward", tokenizer)
    assert state.ref_policy is state.policy
    rollouts = collect_groups(state, PROMPTS[:4], stream="test")
    before = judge(state, rollouts)
    assert torch.equal(before.kl, torch.zeros(16))
    advantages = less_group_mean(torch.arange(16.0), group_size=4)
    update_policy(state, rollouts, before, advantages, loss_of(config), learning_rate_factor=1.0)
    after = judge(state, rollouts)
    assert torch.equal(after.ref_logprobs, before.ref_logprobs)
    assert (after.old_logprobs - before.old_logprobs).abs().max() > 1e-3


@pytest.mark.parametrize(("train", "config"), TRAINERS)
def test_a_run_with_an_adapter_goes_on_and_writes_it_merged_and_apart(
    folders: Path, train, config: GroupOptions
) -> None:
    def stop(kind: str, fields: dict) -> None:
        if kind == "checkpoint":
            raise KeyboardInterrupt

    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    config = replace(config, lora_rank=4, policy_learning_rate=1e-2)
    with pytest.raises(KeyboardInterrupt):
        train(config, **inputs, output=folders / "stopped", report=stop)
    train(config, **inputs, output=folders / "stopped")
    train(config, **inputs, output=folders / "whole")
    weights = [(folders / name / "model" / "model.safetensors").read_bytes() for name in ("stopped", "whole")]
    assert weights[0] == weights[1] != (folders / "policy" / "model.safetensors").read_bytes()
    merged, base = (AutoModelForCausalLM.from_pretrained(folders / name) for name in ("whole/model", "policy"))
    apart, ids = PeftModel.from_pretrained(base, folders / "whole" / "adapter"), torch.arange(5, 17).view(2, 6)
    with torch.no_grad():
        torch.testing.assert_close(merged(ids).logits, apart(ids).logits, atol=1e-5, rtol=1e-5)


def test_tokens_that_the_policy_lacks_are_the_same_in_its_reference(folders: Path, tokenizer) -> None:
    """Their weights are drawn at random where a model grows: once for both, or the KL begins above 0."""
    larger = load_tokenizer(folders / "policy")
    larger.add_tokens([f"word{place}" for place in range(50)])
    for name in ("policy", "reward"):
        larger.save_pretrained(folders / name)
    state = load_models(RLOO, folders / "policy", folders / "reward", larger)
    weight, reference = (model.get_input_embeddings().weight for model in (state.policy, state.ref_policy))
    assert len(weight) == len(larger) > len(tokenizer)
    assert weight is not reference
    assert torch.equal(weight, reference)


def test_the_clip_fraction_does_not_depend_on_how_a_minibatch_is_split(folders: Path, tokenizer) -> None:
    """RLOO clips completions, GRPO tokens: each a mean over its own, rows being of unequal length."""
    for config, loss_of in LOSSES:
        state = load_models(config, folders / "policy", folders / "reward", tokenizer)
        rollouts = uneven_rollouts()
        judged, advantages = judge(state, rollouts), torch.linspace(1.0, -1.0, 16)
        moved = judged._replace(old_logprobs=judged.old_logprobs + torch.linspace(-0.3, 0.3, 16)[:, None])
        found = [
            add_gradients(
                state, rollouts, moved, advantages, loss_of(config), replace(config, micro_batch_tokens=tokens)
            )
            for tokens in (8192, 40, 1)
        ]
        assert 0.1 < found[0]["clip_fraction"] < 0.9
        for split in found[1:]:
            assert split["clip_fraction"] == pytest.approx(found[0]["clip_fraction"], abs=1e-6)


def test_a_run_stops_at_its_kl_budget(folders: Path) -> None:
    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    config = replace(RLOO, policy_learning_rate=1e-2, max_kl=1e-6, num_updates=4)
    summary = train_rloo(config, **inputs, output=folders / "out")
    assert 2 <= summary["num_updates"] < 4
    assert "passed max_kl" in summary["stop_reason"]


def test_groups_that_do_not_fill_an_update_are_refused() -> None:
    with pytest.raises(InputError, match="multiple of group_size = 3, got 16"):
        replace(RLOO, group_size=3)


def test_the_penalty_is_in_the_reward_of_rloo_and_in_the_loss_of_grpo(folders: Path, monkeypatch) -> None:
    """With a score of 0 for all, what is left to learn from is the KL alone."""
    seen: list[torch.Tensor] = []
    original = groups.optimizer_step
    monkeypatch.setattr(groups, "score_rollouts", lambda state, rollouts: torch.zeros(len(rollouts.lengths)))

    def spy(optimizer, **options):
        seen.append(torch.stack([p.grad.norm() for p in optimizer.param_groups[0]["params"]]).norm())
        return original(optimizer, **options)

    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    for train, config in TRAINERS:
        for coefficient, has_gradient in ((0.0, False), (1.0, True)):
            seen.clear()
            monkeypatch.setattr(groups, "optimizer_step", spy)
            given = replace(config, num_updates=1, num_epochs=2, kl_coefficient=coefficient)
            reference = groups.load_models

            def load(*arguments, reference=reference):
                state = reference(*arguments)
                state.update = 1  # past the check: the reference is moved on purpose
                with torch.no_grad():
                    state.ref_policy.lm_head.weight.mul_(3.0)
                return state

            monkeypatch.setattr(f"{train.__module__}.load_models", load)
            train(given, **inputs, output=folders / f"{train.__name__}-{coefficient}")
            assert bool(max(seen) > 1e-4) is has_gradient
