"""Folders are whole or absent; hashes follow content; loops end where they should."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.checkpoint import (
    finish,
    load_state,
    run_identity,
    save_model,
    save_state,
    sha256_of_folder,
    stored_summary,
    write_folder,
)
from rlhf.config import RewardConfig, SftConfig
from rlhf.optimization import cosine_schedule
from rlhf.progress import Progress
from rlhf.types import DivergedError, InputError, ignore_report


def test_saved_model_is_hashed_and_complete(
    policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    first = save_model(policy, tokenizer, tmp_path / "a", {"role": "policy"})
    assert (
        first == sha256_of_folder(tmp_path / "a") == save_model(policy, tokenizer, tmp_path / "b", {"role": "policy"})
    )
    assert {"model.safetensors", "config.json", "tokenizer.json", "card.json", "README.md"} <= {
        p.name for p in (tmp_path / "a").iterdir()
    }
    assert len({path.stat().st_mode for path in (tmp_path / "a").iterdir()}) == 1, "weights are as readable as the rest"
    assert "model.embed_tokens.weight" in load_file(tmp_path / "a" / "model.safetensors")
    with torch.no_grad():
        next(policy.parameters())[0, 0] += 1
    assert save_model(policy, tokenizer, tmp_path / "a", {"role": "policy"}) != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_hash_knows_names_and_bytes(tmp_path: Path) -> None:
    for name, files in {"one": {"a": "x", "b": ""}, "two": {"a": "", "b": "x"}, "three": {"a": "x", "b": ""}}.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)
    one, two, three = (sha256_of_folder(tmp_path / name) for name in ("one", "two", "three"))
    assert one == three != two


def test_failed_write_leaves_the_old_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "a", lambda folder: (folder / "x").write_text("old"))

    def fail(folder: Path) -> None:
        (folder / "x").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_folder(tmp_path / "a", fail)
    assert (tmp_path / "a" / "x").read_text() == "old"


def test_state_survives_a_kill_between_the_two_renames(tmp_path: Path) -> None:
    assert load_state(tmp_path, identity={"seed": 1}) is None
    save_state(tmp_path, {"step": 3, "weight": torch.ones(2)}, identity={"seed": 1})
    (tmp_path / "state").rename(tmp_path / ".old-state")
    state = load_state(tmp_path, identity={"seed": 1})
    assert state is not None
    assert state["step"] == 3
    with pytest.raises(InputError, match="seed was 1 and is now 2"):
        load_state(tmp_path, identity={"seed": 2})


def test_a_run_is_known_by_the_content_of_its_inputs_not_by_their_place(tmp_path: Path) -> None:
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.jsonl").write_text(text)
    a, b, c = (run_identity(SftConfig(), base=tmp_path / n, files=[tmp_path / n / "data.jsonl"]) for n in "abc")
    assert a == b
    assert a != c
    smaller = {"micro_batch_tokens": 99, "gradient_checkpointing": "on", "compile": "off"}
    for aside in ({"threads": 2, "max_seconds": 9}, smaller):
        assert run_identity(SftConfig(**aside), base="hub/name") == run_identity(SftConfig(), base="hub/name")
    assert run_identity(SftConfig(seed=2), base="hub/name") != run_identity(SftConfig(), base="hub/name")


def test_a_finished_folder_answers_its_own_run_only(
    policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    logged: list[str] = []

    def report(kind: str, fields: dict) -> None:
        logged.append(fields["text"])

    sft = run_identity(SftConfig(), base="hub/name")
    assert stored_summary(tmp_path, identity=sft, report=report) is None
    finish(tmp_path, policy, tokenizer, {"loss": 1.5}, {"role": "policy"}, identity=sft)
    assert stored_summary(tmp_path, identity=run_identity(SftConfig(threads=3), base="hub/name"), report=report) == {
        "loss": 1.5
    }
    assert "nothing to do" in logged[0]
    for identity, words in (
        (run_identity(SftConfig(learning_rate=0.5), base="hub/name"), "learning_rate was 0.0001 and is now 0.5"),
        (run_identity(SftConfig(), base="hub/other"), "base was 'hub/name' and is now 'hub/other'"),
        (
            run_identity(RewardConfig(), base="hub/name"),
            "holds another run: command was 'sft' and is now 'reward'; give",
        ),
    ):
        with pytest.raises(InputError, match=words):
            stored_summary(tmp_path, identity=identity, report=report)


def test_a_loop_whose_numbers_break_stops_with_the_reason() -> None:
    progress = Progress("sft", ignore_report, max_steps=9, max_seconds=0, checkpoint_every_seconds=1)
    progress.advance(1, loss=2.0, gradient_norm=0.0)
    with pytest.raises(
        DivergedError, match=r"sft stopped at step 2: loss is nan, gradient_norm is inf\. Lower the learning"
    ):
        progress.advance(1, loss=float("nan"), gradient_norm=float("inf"))


def test_cosine_schedule_by_hand() -> None:
    """Point 24: SFT and reward model."""
    shape = {"warmup_fraction": 0.2, "final_fraction": 0.1}
    # halfway up the warmup; its end; halfway down: 0.1 + 0.9 / 2; the end
    assert [cosine_schedule(at, **shape) for at in (0.1, 0.2, 0.6, 1.0)] == pytest.approx([0.5, 1.0, 0.55, 0.1])
    assert cosine_schedule(0.0, warmup_fraction=0.0, final_fraction=0.1) == 1.0


def test_progress_is_the_larger_share_and_counts_earlier_attempts() -> None:
    clock = [100.0]
    limits = {"max_steps": 10, "max_seconds": 20.0, "checkpoint_every_seconds": 5.0}
    progress = Progress("x", ignore_report, **limits, now=lambda: clock[0])
    progress.advance(1)
    clock[0] += 4
    assert progress.fraction == pytest.approx(0.2)
    assert not progress.is_checkpoint_due
    clock[0] += 1
    assert progress.is_checkpoint_due
    later = Progress("x", ignore_report, **limits, now=lambda: clock[0])
    later.resume(progress.state())
    clock[0] += 14.9
    later.advance(1)
    assert not later.is_over
    clock[0] += 0.2
    assert not later.is_over, "the report of the last step says that it is the last"
    later.advance(1)
    assert later.is_over
    ended = Progress("x", ignore_report, **limits, now=lambda: clock[0])
    ended.resume(later.state())
    assert ended.is_over


def test_a_loop_that_is_stopped_early_tells_its_whole_length() -> None:
    """11 / (11 / 60) is a little more than 60."""
    totals = []
    for step in range(1, 61):
        progress = Progress(
            "x",
            lambda kind, values: totals.append(values["total"]) if kind == "phase" else None,
            max_steps=60,
            max_seconds=0,
            checkpoint_every_seconds=1,
            now=lambda: 0.0,
        )
        for _ in range(step):
            progress.advance(1)
        progress.flush()
    assert set(totals) == {60}


def test_progress_reports_means_once_a_second() -> None:
    clock, reports = [0.0], []
    progress = Progress(
        "x",
        lambda kind, values: reports.append((kind, values)),
        max_steps=4,
        max_seconds=0,
        checkpoint_every_seconds=1,
        now=lambda: clock[0],
    )
    for loss in (1.0, 2.0, 3.0, 5.0):
        clock[0] += 0.5
        progress.advance(10, loss=loss)
    metrics = [values for kind, values in reports if kind == "metric"]
    assert [(m["step"], m["loss"], m["tokens_per_second"]) for m in metrics] == [(2, 1.5, 20.0), (4, 4.0, 20.0)]
    assert [values for kind, values in reports if kind == "phase"] == [
        {"name": "x", "done": 2, "total": 4},
        {"name": "x", "done": 4, "total": 4},
    ]
