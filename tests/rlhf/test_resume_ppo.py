"""T10: a PPO run killed with kill -9 in any phase and started again ends with the bytes of an undisturbed one."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rlhf.checkpoint import sha256_of_folder
from rlhf.ppo import train_ppo
from rlhf.records import write_records
from tests.rlhf.ppo_cast import CONFIG

ROOT = Path(__file__).parents[2]
OPTIONS = replace(
    CONFIG, num_updates=5, minibatch_size=4, ema_decay=0.5, target_kl=2.0, kl_horizon=100, ptx_coefficient=1.0, ptx_length=16,
    ptx_batch_size=2,
)  # fmt: skip
"""Everything that has a state of its own is on: KL controller, average, pretraining mix."""

PLACES = {
    "generate, in the middle of a batch": ("rlhf.decoding", "Decoding.step", 5),
    "score, in the middle of a batch": ("rlhf.ppo_phases", "reward_scores", 1),
    "score, between old and reference log-probabilities": ("rlhf.ppo_phases", "policy_logprobs", 4),
    "update, after the first of its minibatches": ("rlhf.ppo_phases", "_minibatch_step", 1),
    "update, between the steps of policy and value model": ("rlhf.ppo_phases", "_step", 3),
    "save, with the file half written": ("torch", "save", 0),
    "save, between the two renames": ("pathlib", "Path.rename", 1),
    "the end, between value model and policy": ("rlhf.ppo", "finish", 0),
}

SCRIPT = """
import importlib, json, os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from rlhf.config import PpoConfig
from rlhf.ppo import train_ppo

folder, options, (module, name, calls_before) = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
*path, name = name.split(".")
owner = importlib.import_module(module)
for part in path:
    owner = getattr(owner, part)
original, is_armed, num_calls = getattr(owner, name), False, 0

def kill():
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)

def watched(*arguments, **named):
    global num_calls
    if is_armed:
        if num_calls == calls_before:
            if name == "save":
                original(*arguments, **named)
                os.truncate(arguments[1], os.path.getsize(arguments[1]) // 2)
            kill()
        num_calls += 1
    return original(*arguments, **named)

def report(kind, fields):
    global is_armed
    if (kind, fields) == ("checkpoint", {"step": 2}):
        is_armed = True
        print("armed", flush=True)

setattr(owner, name, watched)
train_ppo(PpoConfig(**options), policy=folder / "policy", reward=folder / "reward", prompts=[folder / "prompts.jsonl"],
          texts=[folder / "texts.jsonl"], output=folder / "killed", report=report)
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_run_killed_in_any_phase_ends_with_the_same_bytes(folders: Path, tokenizer, place: str) -> None:
    """T10: weights of policy, value model and average, and all that was measured, are those of a run left alone."""
    torch.set_num_threads(1)
    write_records(folders / "texts.jsonl", [{"text": "The cat eats bread by the sea. " * 30}])
    options = json.dumps({name: getattr(OPTIONS, name) for name in OPTIONS.__dataclass_fields__})
    child = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folders), options, json.dumps(PLACES[place])],
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr[-2000:]
    assert child.stdout == "armed\n"
    killed, whole = folders / "killed", folders / "whole"
    assert not (killed / "model").exists()

    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    inputs["texts"] = [folders / "texts.jsonl"]
    logs: list[str] = []
    resumed = train_ppo(
        OPTIONS, **inputs, output=killed, report=lambda kind, fields: logs.append(str(fields.get("text")))
    )
    undisturbed = train_ppo(OPTIONS, **inputs, output=whole)
    assert any("goes on from step" in text for text in logs)
    different = {name for name in resumed if resumed[name] != undisturbed[name]}
    assert different <= {"seconds"}
    for name in ("model", "value", "average"):
        for folder in (killed, whole):  # the card holds the seconds
            (folder / name / "card.json").unlink()
            (folder / name / "README.md").unlink()
        assert sha256_of_folder(killed / name) == sha256_of_folder(whole / name), name
    assert (killed / "model" / "model.safetensors").read_bytes() != (
        folders / "policy" / "model.safetensors"
    ).read_bytes()
