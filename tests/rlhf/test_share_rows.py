"""T4: PPO by two processes is PPO by one, advantages included. Real processes, gloo between them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rlhf.models import load_policy, load_reward

ROOT = Path(__file__).parents[2]
STEP = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from rlhf.models import load_tokenizer
from rlhf.parallel import join_workers, leave_workers, num_workers, worker
from rlhf.ppo_phases import collect_rollouts, estimate_advantages, score_rollouts, update_models
from tests.rlhf.ppo_cast import CONFIG, PROMPTS, state_from
torch.set_num_threads(1)
folders, result, is_shared = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "2"
if is_shared:
    join_workers()
    assert num_workers() == 2
# Adam with a large epsilon is plain descent: it does not turn the rounding of a gradient near 0 into a whole step.
config = replace(CONFIG, adam_epsilon=1.0, policy_learning_rate=0.3, value_learning_rate=0.3, whiten_rewards=True, minibatch_size=4)
state = state_from(folders, load_tokenizer(folders / "policy"), config)
read = []
state.policy.model.register_forward_hook(lambda module, given, output: read.append(len(output.last_hidden_state)))
rollouts = collect_rollouts(state, PROMPTS[:16], stream="test")
scores = score_rollouts(state, rollouts) + torch.arange(16) % 3
estimates = estimate_advantages(state, rollouts, scores)
num_read = sum(read)
metrics = update_models(state, rollouts, estimates, learning_rate_factor=1.0)
if worker() == 0:
    torch.save({"rollouts": rollouts._asdict(), "estimates": estimates._asdict(), "metrics": metrics, "num_read": num_read,
                "policy": state.policy.state_dict(), "value": state.value_model.state_dict()}, result)
if is_shared:
    leave_workers()
"""


def run(command: list[str], num_workers: int) -> subprocess.CompletedProcess[str]:
    start = [sys.executable]
    if num_workers > 1:
        start += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={num_workers}"]
    return subprocess.run(
        [*start, *command], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


@pytest.mark.slow
def test_a_whole_step_does_not_depend_on_the_number_of_workers(folders: Path, tmp_path: Path) -> None:
    """Points 19 and 31: completions, advantages, metrics and both models after an update of eight minibatches."""
    (tmp_path / "step.py").write_text(STEP)
    found = []
    for number in (1, 2):
        done = run([str(tmp_path / "step.py"), str(folders), str(tmp_path / f"{number}.pt"), str(number)], number)
        assert done.returncode == 0, done.stderr[-3000:]
        found.append(torch.load(tmp_path / f"{number}.pt", weights_only=True))
    one, two = found
    assert two["num_read"] < 0.75 * one["num_read"], "the workers share what there is to read"
    for field in ("input_ids", "completion_tokens", "completion_mask", "has_eos", "lengths"):
        assert torch.equal(one["rollouts"][field], two["rollouts"][field]), field
    for field, value in one["estimates"].items():
        torch.testing.assert_close(value, two["estimates"][field], atol=1e-5, rtol=1e-4)
    assert two["metrics"] == pytest.approx(one["metrics"], abs=1e-5, rel=1e-3)
    for model in ("policy", "value"):
        for name, weight in one[model].items():
            torch.testing.assert_close(weight, two[model][name], atol=1e-5, rtol=1e-4)
    start = load_policy(folders / "policy").state_dict()
    assert max((one["policy"][name] - weight).abs().max() for name, weight in start.items()) > 1e-3


@pytest.mark.slow
def test_two_workers_write_one_run(folders: Path) -> None:
    inputs = [f"--{name}={folders / name}" for name in ("policy", "reward")] + [
        f"--prompts={folders / 'prompts.jsonl'}"
    ]
    options = "--num-updates 2 --episodes-per-update 16 --minibatch-size 8 --max-new-tokens 8 --threads 1 --checkpoint-every-seconds 0"
    command = ["-m", "rlhf", "ppo", *inputs, *options.split(), f"--output={folders / 'out'}"]
    done = run(command, 2)
    assert done.returncode == 0, done.stderr[-3000:]
    summary = json.loads(done.stdout)
    assert summary["num_updates"] == 2
    load_reward(folders / "out" / "value")
    load_policy(folders / "out" / "model")
    assert not (folders / "out" / "state").exists()
    again = run(command, 1)
    assert json.loads(again.stdout) == summary, "one process finds the run of two finished"
    refused = run([*command[:-1], f"--output={folders / 'other'}", "--minibatch-size", "1"], 2)
    assert "minibatch_size of at least 2 for 2 workers" in refused.stderr
    refused = run(["-m", "rlhf", "rloo", *inputs, f"--output={folders / 'other'}"], 2)
    assert "only ppo shares its rows" in refused.stderr
