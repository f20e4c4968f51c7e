"""What is watched over a PPO run: the KL controller, the hard stop, alarms, the average of the weights, tables of completions."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rlhf.average import Average
from rlhf.models import load_policy
from rlhf.ppo import run_update, train_ppo
from rlhf.ppo_phases import estimate_advantages
from rlhf.ppo_watch import Watch, next_kl_coefficient, slope
from rlhf.records import write_records
from rlhf.types import InputError
from tests.rlhf.ppo_cast import CONFIG, PROMPTS, uneven_rollouts

HEALTHY = {"kl": 1.0, "kl_error": 0.1, "entropy": 2.0, "length": 20.0, "sampler_gap": 1e-6, "eos_share": 0.9}


def alarms(rows: list[dict[str, float]], dtype: str = "float32") -> list[str]:
    watch = Watch(dtype)
    return [text.split(":")[0] for row in rows for text in watch.look({**HEALTHY, **row})]


def test_the_kl_coefficient_follows_its_target_by_hand():
    """KL is in nats per completion; the error is cut at a fifth, the step is error x episodes / horizon."""
    given = {"target": 6.0, "horizon": 10_000, "num_episodes": 500}
    assert next_kl_coefficient(0.1, 12.0, **given) == pytest.approx(0.1 * (1 + 0.2 * 0.05))
    assert next_kl_coefficient(0.1, 5.4, **given) == pytest.approx(0.1 * (1 - 0.1 * 0.05))
    assert next_kl_coefficient(0.1, 0.0, **given) == pytest.approx(0.1 * (1 - 0.2 * 0.05))
    assert next_kl_coefficient(0.1, 12.0, **{**given, "target": 0.0}) == 0.1


def test_the_moved_coefficient_is_the_one_that_is_paid(state):
    state.config = replace(CONFIG, target_kl=5.0, kl_horizon=16)
    metrics = run_update(state, PROMPTS, 1.0)
    assert metrics["kl_coefficient"] == CONFIG.kl_coefficient
    assert state.kl_coefficient == pytest.approx(CONFIG.kl_coefficient * 0.8), "KL starts at 0, far below the target"
    with torch.no_grad():
        state.ref_policy.lm_head.weight.mul_(5.0)
    state.config, state.kl_coefficient = replace(state.config, gae_lambda=1.0), 0.5
    found = estimate_advantages(state, uneven_rollouts(), torch.zeros(16))
    assert found.kl.abs().max() > 0.1
    torch.testing.assert_close(found.returns[:, 0], -0.5 * found.kl, atol=1e-4, rtol=1e-4)


def test_the_learning_rate_that_is_told_is_the_one_the_policy_learns_with(state):
    state.config = replace(CONFIG, critic_warmup_updates=1)
    told = [run_update(state, PROMPTS, 0.5)["learning_rate"] for _ in range(2)]
    assert told == [0.0, CONFIG.policy_learning_rate / 2]


def test_a_healthy_run_raises_no_alarm():
    assert alarms([{"length": 20.0 + place % 3, "kl": place / 10 - 0.05} for place in range(40)]) == []


def test_a_gap_between_sampler_and_trainer_is_told_once():
    assert alarms([{"sampler_gap": 5e-3}] * 3) == ["alarm, sampler gap"]
    assert alarms([{"sampler_gap": 5e-3}] * 3, "bfloat16") == []


def test_kl_that_stays_below_zero_is_told_and_noise_is_not():
    below = {"kl": -0.5, "kl_error": 0.1}
    assert alarms([below] * 5) == ["alarm, negative KL"]
    assert alarms([below] * 4 + [{}] + [below] * 4) == []
    assert alarms([{"kl": -0.05, "kl_error": 0.1}] * 20) == []


def test_collapse_of_the_entropy_and_growth_of_the_length_are_told():
    assert alarms([{}, {"entropy": 0.5}, {"entropy": 0.3}]) == ["alarm, entropy collapse"]
    assert alarms([{"length": 20.0 + place} for place in range(15)]) == ["alarm, length slope"]
    assert alarms([{"length": 20.0 - place / 2} for place in range(15)]) == []
    assert slope([1.0, 3.0, 5.0]) == 2.0


def test_a_watch_goes_on_where_it_was():
    rows = [{**HEALTHY, "length": 20.0 + place} for place in range(15)]
    whole, first = Watch("float32"), Watch("float32")
    told = [whole.look(row) for row in rows]
    for row in rows[:7]:
        first.look(row)
    second = Watch("float32")
    second.resume(json.loads(json.dumps(first.state())))
    assert [second.look(row) for row in rows[7:]] == told[7:]
    assert any(told)


def test_the_average_by_hand(policy):
    average = Average(policy, 0.75)
    start = policy.lm_head.weight.detach().clone()
    for _ in range(2):
        with torch.no_grad():
            policy.lm_head.weight.add_(1.0)
        average.update(policy)
    # 0.75 x (0.75 x 0 + 0.25 x 1) + 0.25 x 2 = 0.6875
    torch.testing.assert_close(average.weights["lm_head.weight"], start + 0.6875)
    assert Average(policy, 0.0).weights == {}


def test_completions_that_hardly_ever_end_are_told():
    cut = {"eos_share": 0.05}
    assert alarms([cut] * 5) == ["alarm, missing EOS"]
    assert alarms([cut, cut, {}, cut, cut, {"eos_share": 0.1}]) == []


def test_a_run_writes_samples_average_and_alarms_and_stops_at_its_kl_budget(folders: Path, tokenizer):
    write_records(folders / "texts.jsonl", [{"text": "The cat eats bread by the sea. " * 30}])
    config = replace(
        CONFIG, policy_learning_rate=1e-2, max_kl=1e-6, sample_every_updates=1, ema_decay=0.5, ptx_coefficient=1.0,
        ptx_length=16, num_updates=9,
    )  # fmt: skip
    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    with pytest.raises(InputError, match="at least 17 tokens of text for the pretraining mix, got 0"):
        train_ppo(config, **inputs, output=folders / "none")
    metrics: list[dict] = []
    summary = train_ppo(
        config, **inputs, texts=[folders / "texts.jsonl"], output=folders / "out",
        report=lambda kind, fields: metrics.append(fields) if kind == "metric" else None,
    )  # fmt: skip
    assert 2 <= summary["num_updates"] < 9
    assert "nats per completion passed max_kl" in summary["stop_reason"]
    assert summary["alarms"] == []
    assert metrics[-1]["pretraining_loss"] > 0
    table = json.loads((folders / "out" / "samples" / "update-000001.json").read_text())
    assert len(table) == 8
    assert set(table[0]) == {"prompt", "completion", "score", "kl", "length", "has_eos"}
    model, averaged = (load_policy(folders / "out" / name) for name in ("model", "average"))
    assert (model.lm_head.weight != averaged.lm_head.weight).any()
