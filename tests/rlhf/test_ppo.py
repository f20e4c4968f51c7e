"""PPO: step 0 is exact, broken runs stop with their reason, the score is paid as promised, it learns, and it survives a kill."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rlhf.models import load_policy, load_reward
from rlhf.online import prompts_of_update, split_prompts
from rlhf.ppo import rollout_metrics, train_ppo
from rlhf.ppo_phases import (
    collect_rollouts,
    estimate_advantages,
    new_state,
    score_rollouts,
    update_models,
)
from rlhf.types import InputError, StepZeroError
from tests.rlhf.ppo_cast import CONFIG, PROMPTS, prepared, state_from


def test_at_step_zero_ratio_is_one_and_kl_is_zero(state):
    """Points 12 and 14, T5, T15: policy, reference and sampler agree before anything is learned."""
    rollouts, estimates = prepared(state)
    metrics = rollout_metrics(state, rollouts, estimates)
    assert abs(metrics["kl"]) < 1e-5
    assert metrics["sampler_gap"] < 1e-5
    assert rollouts.prompt_lengths.tolist() == [len(row) for row in PROMPTS[:16]], "rows come back in the order given"
    config = replace(CONFIG, minibatch_size=16, num_epochs=1)
    state.config = config
    first = update_models(state, rollouts, estimates, learning_rate_factor=1.0)
    assert first["ratio"] == pytest.approx(1.0, abs=1e-5)
    assert first["clip_fraction"] == 0.0


def test_dropout_stops_the_run_with_its_reason(state):
    """Points 13 and 14: dropout would make ratio and KL differ from 1 and 0; the run stops before its first step."""
    rollouts, estimates = prepared(state)
    for layer in state.policy.model.layers:
        layer.self_attn.attention_dropout = 0.3
    state.policy.config.attention_dropout = 0.3
    state.policy.train()
    before = {name: value.clone() for name, value in state.policy.state_dict().items()}
    with pytest.raises(StepZeroError, match="Dropout is on in the policy"):
        update_models(state, rollouts, estimates, learning_rate_factor=1.0)
    assert all((value == before[name]).all() for name, value in state.policy.state_dict().items())


def test_another_reference_stops_the_run(state):
    """Point 14: the KL at step zero is checked, not assumed."""
    with torch.no_grad():
        state.ref_policy.lm_head.weight.add_(torch.randn_like(state.ref_policy.lm_head.weight) * 0.1)
    rollouts, estimates = prepared(state)
    with pytest.raises(StepZeroError, match="KL not 0"):
        update_models(state, rollouts, estimates, learning_rate_factor=1.0)


def test_another_temperature_in_training_stops_the_run(state):
    """Points 10 and 14."""
    rollouts, estimates = prepared(state)
    state.config = replace(CONFIG, temperature=0.5)
    with pytest.raises(StepZeroError, match="ratio not 1"):
        update_models(state, rollouts, estimates, learning_rate_factor=1.0)


def test_padding_that_is_eos_is_refused(folders: Path):
    """Point 2: a PAD that is EOS would hide EOS wherever a mask is read off ids."""
    with pytest.raises(InputError, match="not EOS"):
        new_state(
            CONFIG, load_policy(folders / "policy"), load_reward(folders / "reward"), eos_token_id=2, pad_token_id=2
        )


def test_the_value_model_starts_as_the_reward_model_bias_included(state):
    """Point 16: values start on the scale of the scores they predict."""
    rollouts, estimates = prepared(state)
    assert state.value_model is not state.reward_model
    row = rollouts.take(torch.tensor([0]))
    length = int(row.lengths[0])
    with torch.no_grad():
        hidden = state.reward_model.base_model(row.input_ids[:, : length - 1]).last_hidden_state[0, -1]
        expected = state.reward_model.score(hidden).item() + 0.5
    last = int(rollouts.completion_mask[0].sum()) - 1
    assert estimates.old_values[0, last].item() == pytest.approx(expected, abs=1e-5)


def test_a_completion_without_eos_gets_the_missing_score(state):
    """Point 8, T14: the score is replaced, not lowered."""
    rollouts = collect_rollouts(state, PROMPTS[:16], stream="test")
    has_eos = torch.arange(16) % 2 == 0
    scores = score_rollouts(state, rollouts._replace(has_eos=has_eos))
    assert (scores[~has_eos] == CONFIG.missing_eos_score).all()
    assert (scores[has_eos] != CONFIG.missing_eos_score).all()


def test_returns_are_taken_before_whitening_and_advantages_are_white(state):
    """Points 18 and 20: the value model learns returns in the unit of the reward."""
    rollouts, estimates = prepared(state)
    counted = estimates.advantages[rollouts.completion_mask]
    assert counted.mean().item() == pytest.approx(0.0, abs=1e-5)
    assert counted.var(unbiased=False).item() == pytest.approx(1.0, abs=1e-3)
    # KL is 0 and gamma 1: the last token's return is the score itself.
    last = rollouts.completion_mask.sum(dim=1) - 1
    torch.testing.assert_close(estimates.returns.gather(1, last[:, None])[:, 0], estimates.scores, atol=1e-4, rtol=1e-4)


def test_ppo_learns_a_toy_reward(folders: Path, tokenizer):
    config = replace(
        CONFIG, episodes_per_update=64, minibatch_size=32, generation_batch_size=64, policy_learning_rate=3e-3,
        value_learning_rate=3e-3, kl_coefficient=0.01,
    )  # fmt: skip
    state = state_from(folders, tokenizer, config)
    shares = []
    for update in range(20):
        rollouts = collect_rollouts(state, PROMPTS, stream=f"toy {update}")
        is_even = (rollouts.completion_tokens % 2 == 0) & rollouts.completion_mask
        scores = is_even.sum(dim=1) / rollouts.completion_mask.sum(dim=1)
        shares.append(float(scores.mean()))
        estimates = estimate_advantages(state, rollouts, scores)
        update_models(state, rollouts, estimates, learning_rate_factor=1.0)
    assert shares[0] < 0.6
    assert shares[-1] > 0.8, shares


def test_the_prompt_cursor_visits_every_prompt_once_a_pass():
    rows = [[place] for place in range(24)]
    config = replace(CONFIG, episodes_per_update=8)
    first_pass = [row[0] for update in range(3) for row in prompts_of_update(rows, config, update)]
    assert sorted(first_pass) == list(range(24))
    assert prompts_of_update(rows, config, 3) != prompts_of_update(rows, config, 0)
    training, fixed = split_prompts(rows * 3, replace(config, minibatch_size=8))
    assert (len(training), len(fixed)) == (64, 8)


SCRIPT = """
import json, sys
from pathlib import Path
from rlhf.config import PpoConfig
from rlhf.ppo import train_ppo
folder = Path(sys.argv[1])
train_ppo(PpoConfig(**json.loads(sys.argv[2])), policy=folder / "policy", reward=folder / "reward",
          prompts=[folder / "prompts.jsonl"], output=folder / sys.argv[3],
          report=lambda kind, fields: print(json.dumps([kind, fields]), flush=True))
"""


def test_a_run_killed_with_sigkill_goes_on_and_ends_like_an_undisturbed_one(folders: Path, tokenizer):
    config = replace(CONFIG, num_updates=6)
    options = json.dumps({name: getattr(config, name) for name in config.__dataclass_fields__})
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", SCRIPT, str(folders), options, "killed"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line) == ["checkpoint", {"step": 2}]:
            break
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=20)
    process.stdout.close()
    assert not (folders / "killed" / "model").exists()

    texts: list[str] = []
    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    resumed = train_ppo(
        config, **inputs, output=folders / "killed", report=lambda kind, fields: texts.append(str(fields.get("text")))
    )
    assert any("goes on from step" in text for text in texts)
    assert resumed["num_updates"] == 6
    whole = train_ppo(config, **inputs, output=folders / "whole")
    one, other = (load_policy(folders / name / "model").state_dict() for name in ("killed", "whole"))
    start = load_policy(folders / "policy").state_dict()
    # The learning rate follows the updates here, so both runs took the same steps.
    for name in one:
        torch.testing.assert_close(one[name], other[name], atol=1e-4, rtol=1e-3)
    assert any((one[name] != start[name]).any() for name in one)
    assert resumed["reward_before"] == whole["reward_before"]
    load_reward(folders / "whole" / "value")
    started = time.monotonic()
    assert train_ppo(config, **inputs, output=folders / "whole") == json.loads(
        (folders / "whole" / "summary.json").read_text()
    )
    assert time.monotonic() - started < 1.0, "a finished run is not repeated"
