"""Hours of training are not lost to a mistake that shows at their end, nor to a kill between their end and the result."""

import math
from pathlib import Path

import pytest

import rlhf.pretrain
from rlhf.config import PretrainConfig
from rlhf.pretrain import pretrain
from rlhf.records import RecordError, write_records
from rlhf.types import InputError

CONFIG = PretrainConfig(
    hidden_size=16, num_layers=1, num_heads=2, context_length=16, tokens_per_batch=32, max_steps=3,
    checkpoint_every_seconds=0.0, threads=1,
)  # fmt: skip


@pytest.fixture
def inputs(tokenizer_folder: Path, tmp_path: Path) -> dict:
    write_records(tmp_path / "texts.jsonl", [{"text": "The cat eats soup by the sea. " * 9}] * 8)
    return {"tokenizer": tokenizer_folder, "texts": [tmp_path / "texts.jsonl"], "output": tmp_path / "out"}


def test_a_mistake_in_the_validation_text_shows_before_the_first_step(inputs: dict, tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text('{"text": 3}\n')
    write_records(tmp_path / "short.jsonl", [{"text": "x"}])
    steps: list[str] = []
    for name, error, words in (
        ("broken", RecordError, "line 1"),
        ("short", InputError, "at least context_length = 16 tokens of validation text"),
    ):
        with pytest.raises(error, match=words):
            pretrain(
                CONFIG,
                **inputs,
                validation=[tmp_path / f"{name}.jsonl"],
                report=lambda kind, fields: steps.append(kind),
            )
    assert "metric" not in steps


def test_a_run_killed_after_its_last_step_ends_with_that_steps_loss(
    inputs: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses: list[float] = []

    def killed(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rlhf.pretrain, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            pretrain(
                CONFIG, **inputs, validation=[],
                report=lambda kind, fields: losses.append(fields["loss"]) if kind == "metric" else None,
            )  # fmt: skip
    summary = pretrain(CONFIG, **inputs, validation=[])
    assert summary["num_steps"] == 3
    assert math.isfinite(summary["train_loss"])
    assert summary["train_loss"] == pytest.approx(losses[-1], rel=0.2), "the report is a mean over the last steps"
