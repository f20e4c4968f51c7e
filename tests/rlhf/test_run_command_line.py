"""The command line and the options behind it: what is offered, what is refused, what is written."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from rlhf import ppo_phases
from rlhf.__main__ import RESULTS, held_output, main
from rlhf.bars import ProgressBars
from rlhf.config import TRAINERS, PpoConfig, PretrainConfig, SftConfig, schema
from rlhf.hub import is_hub_name
from rlhf.models import new_reward
from rlhf.options import documentation
from rlhf.records import write_records
from rlhf.types import InputError

ROOT = Path(__file__).parents[2]


def test_a_bar_counts_no_time_for_what_an_earlier_attempt_did(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBars() as bars:
        bars.report("phase", {"name": "ppo", "done": 12, "total": 30})
    shown = capsys.readouterr().err
    assert "12/30 [00:00<?" in shown
    assert " 0/30" not in shown


def test_committed_schema_is_current() -> None:
    committed = json.loads((ROOT / "docs" / "trainer-options.json").read_text(encoding="utf-8"))
    assert committed == schema(), "run: python -m rlhf schema --output docs/trainer-options.json"


def test_schema_says_everything_about_an_option() -> None:
    assert schema()["ppo"]["properties"]["clip_range"] == {
        "title": "Clip range",
        "type": "number",
        "default": 0.2,
        "minimum": 0.001,
        "maximum": 10,
        "description": "How far the probability ratio may move before its gradient stops.",
        "x-source": "PPO, arXiv 1707.06347",
    }
    assert schema()["sft"]["properties"]["dtype"]["enum"] == ["float32", "bfloat16"]


@pytest.mark.parametrize("command", TRAINERS)
def test_help_gives_every_option_with_default_and_source(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    config = TRAINERS[command]
    for item in fields(config):
        assert f"--{item.name.replace('_', '-')} " in text
        assert documentation(config)[item.name] in text
        assert f"Default: {item.default} ({item.metadata['source']})" in text
    assert f"the result is FOLDER/{RESULTS.get(command, 'model')};" in text
    is_reference_meant = command in ("ppo", "dpo", "rloo", "grpo")
    assert ("which is also the reference" in text) == is_reference_meant


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SftConfig(batch_size=0), "expected batch_size to lie between 1 and 65536, got 0"),
        (lambda: SftConfig(max_seconds=-1), r"expected max_seconds to be at least 0, got -1"),
        (lambda: SftConfig(learning_rate=float("nan")), "expected learning_rate to be a finite number, got nan"),
        (lambda: SftConfig(dtype="float16"), "expected dtype to be one of float32, bfloat16, got 'float16'"),
        (lambda: SftConfig(batch_size=2.5), r"expected batch_size to be of type int, got 2\.5"),
        (lambda: SftConfig(batch_size=True), "expected batch_size to be of type int, got True"),
        (lambda: PretrainConfig(hidden_size=100, num_heads=3), "multiple of 2 x num_heads = 6, got 100"),
        (lambda: PpoConfig(episodes_per_update=10, minibatch_size=4), "multiple of minibatch_size = 4, got 10"),
        (lambda: PpoConfig(target_kl=6.0, kl_horizon=63), "at least episodes_per_update = 64, .* got 63"),
        (lambda: PpoConfig(num_updates=5, critic_warmup_updates=5), "less than num_updates = 5, .* got 5"),
        (lambda: PpoConfig(clip_range=0.0), r"clip_range to lie between 0\.001 and 10, got 0\.0"),
    ],
)
def test_option_out_of_range_is_refused_with_its_value(make, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_whole_numbers_are_taken_for_fractions() -> None:
    assert SftConfig(num_epochs=2).num_epochs == 2.0


def test_mistakes_end_with_one_line_and_code_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": 3}\n')
    missing = tmp_path / "none.jsonl"
    for arguments, words in (
        (
            ["tokenizer", "--texts", str(missing), "--output", str(tmp_path / "o")],
            f"got {missing}, which cannot be found",
        ),
        (
            ["tokenizer", "--texts", str(bad), "--output", str(tmp_path / "o")],
            f"{bad}, line 1: text record: expected 'text'",
        ),
        (
            ["tokenizer", "--texts", str(bad), "--output", str(tmp_path / "o"), "--vocab-size", "1"],
            "vocab_size to lie between",
        ),
        (["tokenizer", "--texts", str(bad), "--output", str(bad / "o")], "--output to be a folder that can be written"),
        (
            ["sft", "--base", str(tmp_path), "--demonstrations", str(bad), "--output", str(tmp_path / "o")],
            "has no config.json and no tokenizer.json",
        ),
        (  # a typing mistake in a path is no name on the hub, which would be looked for with many retries
            ["sft", "--base", str(tmp_path / "tpyo"), "--demonstrations", str(bad), "--output", str(tmp_path / "o")],
            "expected --base to name a model folder",
        ),
        (
            ["sample", "--policy", str(missing), "--prompts", str(bad), "--output", str(tmp_path / "o")],
            "to name a model folder",
        ),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert words in error
        assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("given", "is_name"),
    [
        ("gpt2", True),
        ("owner/name", True),
        ("rlhf/name", False),
        ("./name", False),
        ("a/b/c", False),
        ("/a", False),
        ("a/", False),
    ],
)
def test_a_path_is_told_from_a_hub_name(given: str, is_name: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # where a folder rlhf lies
    assert is_hub_name(given) == is_name


def test_two_commands_do_not_work_in_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_records(tmp_path / "t.jsonl", [{"text": "x " * 50}])
    arguments = [
        "tokenizer",
        "--texts",
        str(tmp_path / "t.jsonl"),
        "--output",
        str(tmp_path / "o"),
        "--vocab-size",
        "264",
    ]
    with held_output(tmp_path / "o"):
        assert main(arguments) == 2
    assert f"another command is at work in {tmp_path / 'o'}" in capsys.readouterr().err
    assert main(arguments) == 0
    assert main(arguments) == 0
    assert "holds this run, finished: nothing to do" in capsys.readouterr().err
    assert main([*arguments, "--min-frequency", "3"]) == 2
    assert "holds another run: min_frequency was 2 and is now 3" in capsys.readouterr().err


def test_a_disk_without_room_ends_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_records(tmp_path / "t.jsonl", [{"text": "x"}])

    def full(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "runs/state")

    monkeypatch.setattr("rlhf.tokenizer.train_tokenizer", full)
    assert main(["tokenizer", "--texts", str(tmp_path / "t.jsonl"), "--output", str(tmp_path / "o")]) == 2
    assert capsys.readouterr().err.strip().splitlines() == [
        "rlhf tokenizer: [Errno 28] No space left on device: 'runs/state'"
    ]


def test_the_steps_follow_each_other_as_processes(tmp_path: Path) -> None:
    write_records(tmp_path / "t.jsonl.gz", [{"text": "The cat eats soup. " * 30}] * 20)

    def run(*arguments: str) -> dict:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "rlhf", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout)

    assert run("tokenizer", "--texts", "t.jsonl.gz", "--output", "tok", "--vocab-size", "280")["vocab_size"] <= 280
    shape = (
        "--hidden-size",
        "16",
        "--num-heads",
        "2",
        "--num-layers",
        "1",
        "--context-length",
        "16",
        "--tokens-per-batch",
        "64",
    )
    files = ("--tokenizer", "tok/model", "--texts", "t.jsonl.gz", "--validation", "t.jsonl.gz", "--output", "base")
    assert run("pretrain", *files, *shape, "--max-steps", "5", "--threads", "1")["num_steps"] == 5
    assert (tmp_path / "base" / "model" / "model.safetensors").exists()


def test_ppo_that_breaks_at_step_zero_ends_with_one_line_and_code_two(
    base_folder: Path, tokenizer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_reward(base_folder, tokenizer, 1).save_pretrained(tmp_path / "reward")
    tokenizer.save_pretrained(tmp_path / "reward")
    write_records(tmp_path / "p.jsonl", [{"prompt": f"The cat {place}"} for place in range(4)])
    logprobs = ppo_phases.policy_logprobs
    calls = iter(range(100))

    def drifting(*arguments, **named):
        return logprobs(*arguments, **named) + 0.1 * next(calls)

    monkeypatch.setattr(ppo_phases, "policy_logprobs", drifting)
    folders = [
        "--policy",
        str(base_folder),
        "--reward",
        str(tmp_path / "reward"),
        "--prompts",
        str(tmp_path / "p.jsonl"),
    ]
    sizes = ["--episodes-per-update", "4", "--minibatch-size", "4", "--max-new-tokens", "4", "--threads", "1"]
    assert main(["ppo", *folders, "--output", str(tmp_path / "out"), *sizes]) == 2
    error = capsys.readouterr().err
    assert "rlhf ppo: stopped before the first step" in error
    assert "ratio not 1" in error
    assert "Traceback" not in error


def test_a_prompt_too_long_for_the_model_ends_sampling_with_one_line(
    base_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_records(tmp_path / "p.jsonl", [{"prompt": "The cat eats soup. " * 40}])
    files = ["--policy", str(base_folder), "--prompts", str(tmp_path / "p.jsonl"), "--output", str(tmp_path / "out")]
    assert main(["sample", *files, "--threads", "1"]) == 2
    assert "more than the model's context of 64" in capsys.readouterr().err


def test_help_does_not_load_torch() -> None:
    code = "import sys; import rlhf.__main__ as m; m.build_parser().format_help(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_a_benchmark_prints_one_json_line(capsys):
    small = [
        "--hidden",
        "64",
        "--layers",
        "1",
        "--vocab",
        "64",
        "--threads",
        "1",
        "--updates",
        "1",
        "--new-tokens",
        "4",
    ]
    for what, figure in (("generate", "tokens_per_second"), ("ppo", "seconds_per_update")):
        assert main(["bench", what, *small, "--batch", "4", "--eos-skew", "2", "--prompt-tokens", "5"]) == 0
        line = json.loads(capsys.readouterr().out)
        assert line["bench"] == what
        assert line[figure] > 0
        assert line["warmup_seconds"] > 0
        assert line["mfu"] > 0
        assert line["device"] == "cpu"
        assert (line.get("bandwidth_utilisation", 0) > 0) == (what == "generate")
        assert line["peak_rss_mb"] > 50
    for what, figure in (("sft", "tokens_per_second"), ("reward", "pairs_per_second")):
        assert main(["bench", what, *small, "--batch", "2", "--compile", "off"]) == 0
        line = json.loads(capsys.readouterr().out)
        for name in (figure, "mfu"):
            assert min(line[name].values() if what == "reward" else [line[name]]) > 0
    assert main(["bench", "ppo", "--hidden", "100"]) == 2
    assert "multiple of 64" in capsys.readouterr().err
