"""SFT and pretraining: what is learned, what a split changes, what a kill leaves, what comes out."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from rlhf import sft
from rlhf.config import PretrainConfig, SftConfig
from rlhf.data import endless_batches, epoch_batches, load_text
from rlhf.optimization import cosine_schedule, num_steps
from rlhf.pretrain import pretrain, window_batch
from rlhf.records import write_records
from rlhf.sequences import encode_conversations
from rlhf.sft import accumulate_gradients, heldout_loss, sft_batch, train_sft
from rlhf.types import InputError, ignore_report

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[2]


def conversations(count: int) -> list[list[dict]]:
    foods = ("bread", "soup", "fish soup by the sea")
    return [
        [{"role": "user", "content": "eats " * (i % 4)}, {"role": "assistant", "content": foods[i % 3]}]
        for i in range(count)
    ]


@pytest.fixture
def demonstrations(tmp_path: Path) -> Path:
    write_records(tmp_path / "demonstrations.jsonl", [{"messages": messages} for messages in conversations(40)])
    return tmp_path / "demonstrations.jsonl"


def test_only_tokens_of_weight_one_enter_the_loss(policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    rows = encode_conversations(tokenizer, conversations(3))
    expected = []
    with torch.no_grad():
        for row in rows:
            logprobs = policy(torch.tensor([row.ids])).logits[0].double().log_softmax(-1)
            expected += [-logprobs[t, row.ids[t + 1]].item() for t in range(len(row.ids) - 1) if row.weights[t + 1]]
    got = heldout_loss(policy, rows, 0, SftConfig(batch_size=2), CPU)
    # float32 logits
    assert got == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_batch_pairs_each_position_with_the_next_token(tokenizer: PreTrainedTokenizerBase) -> None:
    from rlhf.sequences import Encoded

    batch = sft_batch([Encoded([1, 7, 8, 2], [0, 0, 1, 1]), Encoded([1, 9], [0, 1])], pad_id=0)
    assert batch.ids.tolist() == [[1, 7, 8], [1, 9, 0]]
    assert batch.learned.tolist() == [[False, True, True], [True, False, False]]
    assert batch.targets.tolist() == [8, 2, 9]


def test_gradient_does_not_depend_on_how_a_batch_is_split(
    policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Point 31, T4."""
    rows = encode_conversations(tokenizer, conversations(7))
    found = []
    for micro_batch_tokens in (8192, 1, 60):
        policy.zero_grad()
        loss = accumulate_gradients(policy, rows, 0, SftConfig(micro_batch_tokens=micro_batch_tokens), CPU)
        found.append((loss, torch.cat([p.grad.flatten() for p in policy.parameters() if p.grad is not None])))
    for loss, gradient in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-5)
        torch.testing.assert_close(gradient, found[0][1], atol=1e-6, rtol=1e-4)


def test_every_epoch_reads_each_row_once_in_batches_of_like_length() -> None:
    lengths = [(i * 37) % 50 for i in range(101)]
    batches = epoch_batches(lengths, 8, seed=1, epoch=0)
    assert sorted(index for batch in batches for index in batch) == list(range(101))
    assert batches != epoch_batches(lengths, 8, seed=1, epoch=1)
    assert max(max(lengths[i] for i in batch) - min(lengths[i] for i in batch) for batch in batches) <= 8


def test_batches_from_a_step_on_are_those_that_an_unbroken_run_sees() -> None:
    lengths = list(range(10))
    whole, late = endless_batches(lengths, 3, seed=5), endless_batches(lengths, 3, seed=5, start_step=6)
    all_batches = [next(whole) for _ in range(12)]
    assert [next(late) for _ in range(6)] == all_batches[6:]


def test_a_pass_leaves_no_row_out() -> None:
    """20 rows in batches of 16 are two steps: one alone might read the 4 that are left over and nothing else."""
    sizes = {"max_steps": 0, "batch_size": 16}
    assert [num_steps(20, **sizes, num_epochs=epochs) for epochs in (1.0, 2.0, 0.5, 0.001)] == [2, 4, 1, 1]
    assert num_steps(32, **sizes, num_epochs=3.0) == 6
    assert num_steps(100, max_steps=0, batch_size=10, num_epochs=0.7) == 7
    assert num_steps(20, max_steps=3, batch_size=16, num_epochs=2.0) == 3
    for count in range(1, 40):
        batches = epoch_batches([1] * count, 16, seed=1, epoch=0)
        assert num_steps(count, **sizes, num_epochs=1.0) == len(batches)


def test_sft_lowers_the_loss_and_loads_with_stock_transformers(
    base_folder: Path, demonstrations: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Point 24, too: the learning rate follows the cosine."""
    rates: list[float] = []
    step = sft.optimizer_step
    monkeypatch.setattr(
        sft, "optimizer_step", lambda *given, **named: rates.append(named["learning_rate"]) or step(*given, **named)
    )
    reports: list[tuple[str, dict]] = []
    config = SftConfig(learning_rate=1e-2, batch_size=8, num_epochs=6, threads=1)
    inputs = {
        "base": base_folder,
        "demonstrations": [demonstrations],
        "validation": [demonstrations],
        "output": tmp_path / "out",
    }
    summary = train_sft(config, **inputs, report=lambda kind, values: reports.append((kind, values)))
    assert summary["heldout_loss_after"] < summary["heldout_loss_before"] - 1
    assert summary["num_steps"] == 30
    shape = {"warmup_fraction": config.warmup_fraction, "final_fraction": 0.1}
    assert rates == pytest.approx([1e-2 * cosine_schedule(place / 30, **shape) for place in range(30)])
    assert {"metric", "phase"} <= {kind for kind, _ in reports}
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out" / "model")
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "eats "}], add_generation_prompt=True, return_tensors="pt"
    )
    assert tokenizer.decode(model.generate(**prompt, max_new_tokens=20, do_sample=False)[0]).endswith("<|eos|>")
    assert not (tmp_path / "out" / "state").exists()
    # a finished run is not repeated
    assert train_sft(config, **inputs) == summary == json.loads((tmp_path / "out" / "summary.json").read_text())


def test_the_clock_of_a_run_leaves_the_evaluation_before_it_out(
    base_folder: Path, demonstrations: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: object) -> float:
        time.sleep(2.0)
        return 1.0

    monkeypatch.setattr("rlhf.sft.heldout_loss", slow)
    summary = train_sft(
        SftConfig(max_steps=2, batch_size=4, threads=1), base=base_folder, demonstrations=[demonstrations],
        validation=[demonstrations], output=tmp_path / "out",
    )  # fmt: skip
    assert summary["seconds"] < 2.0, "else a budget by the clock would skip the warmup"


def test_time_budget_ends_the_run(base_folder: Path, demonstrations: Path, tmp_path: Path) -> None:
    config = SftConfig(max_seconds=1.0, num_epochs=1000, batch_size=4, threads=1)
    summary = train_sft(
        config, base=base_folder, demonstrations=[demonstrations], validation=[], output=tmp_path / "out"
    )
    assert 1.0 <= summary["seconds"] < 10
    assert summary["heldout_loss_after"] is None


def test_killed_run_goes_on_and_finishes(base_folder: Path, demonstrations: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = [sys.executable, "-m", "rlhf", "sft", "--base", str(base_folder), "--demonstrations", str(demonstrations)]
    command += [
        "--output",
        str(output),
        "--batch-size",
        "2",
        "--num-epochs",
        "12",
        "--checkpoint-every-seconds",
        "0",
        "--threads",
        "1",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (output / "state" / "state.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (output / "model").exists()
    # The kill may fall between the two renames that replace a state; what was being written then does not count.
    states = [path for path in output.glob("*state/state.pt") if not path.parent.name.startswith(".writing")]
    saved = max(torch.load(path, weights_only=True)["progress"]["step"] for path in states)
    logs: list[str] = []
    config = SftConfig(batch_size=2, num_epochs=12, threads=1)
    summary = train_sft(
        config,
        base=base_folder,
        demonstrations=[demonstrations],
        validation=[],
        output=output,
        report=lambda kind, values: logs.append(values["text"]) if kind == "log" else None,
    )
    assert saved >= 1
    assert next(text for text in logs if text.startswith("sft")) == f"sft: goes on from step {saved}"
    assert summary["num_steps"] == 240


def test_resumed_run_ends_with_the_weights_of_an_unbroken_one(
    base_folder: Path, demonstrations: Path, tmp_path: Path
) -> None:
    class Stop(Exception):
        pass

    def stop_after_four(kind: str, values: dict) -> None:
        if kind == "checkpoint" and values["step"] == 4:
            raise Stop

    config = SftConfig(batch_size=8, num_epochs=2, checkpoint_every_seconds=0, learning_rate=1e-2, threads=1)
    inputs = {"base": base_folder, "demonstrations": [demonstrations], "validation": []}
    train_sft(config, **inputs, output=tmp_path / "whole")
    with pytest.raises(Stop):
        train_sft(config, **inputs, output=tmp_path / "broken", report=stop_after_four)
    with pytest.raises(InputError, match=r"learning_rate was 0\.01 and is now 0\.02"):
        train_sft(SftConfig(**{**vars(config), "learning_rate": 0.02}), **inputs, output=tmp_path / "broken")
    train_sft(config, **inputs, output=tmp_path / "broken")
    whole, broken = (AutoModelForCausalLM.from_pretrained(tmp_path / name / "model") for name in ("whole", "broken"))
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, broken.state_dict()[name]), name


def test_too_long_demonstrations_are_cut_or_left_out_and_said(base_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    write_records(path, [{"prompt": "x" * 500, "completion": "y"}])
    logs: list[str] = []
    with pytest.raises(InputError, match="at least one usable demonstration"):
        train_sft(
            SftConfig(max_length=64),
            base=base_folder,
            demonstrations=[path],
            validation=[],
            output=tmp_path / "out",
            report=lambda kind, values: logs.append(values["text"]),
        )
    assert logs == ["1 demonstrations are longer than 64 tokens: cut, 1 of them left out"]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    write_records(tmp_path / "t.jsonl", [{"text": "The cat eats bread by the sea. " * 20}] * 30 + [{"text": ""}])
    return tmp_path / "t.jsonl"


def test_packed_text_keeps_every_token_and_marks_documents(tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> None:
    long = "\n".join(f"line {i} of soup" for i in range(9000))
    write_records(tmp_path / "t.jsonl", [{"text": "The cat<|eos|>"}, {"text": ""}, {"text": long}])
    tokens = load_text(tokenizer, [tmp_path / "t.jsonl"], ignore_report).tokens.tolist()
    bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
    assert (tokens.count(bos), tokens.count(eos)) == (3, 3)
    assert tokenizer.decode(tokens) == f"<|bos|>The cat<|eos|><|eos|><|bos|><|eos|><|bos|>{long}<|eos|>"


def test_windows_of_a_pass_cover_the_text_without_overlap() -> None:
    config = PretrainConfig(hidden_size=32, num_heads=2, context_length=8, tokens_per_batch=16)
    tokens = torch.arange(8 * 6 + 4)
    first_pass = torch.cat([window_batch(tokens, config, step) for step in range(3)])
    inputs = first_pass[:, :-1].flatten().sort().values
    assert torch.equal(inputs, torch.arange(int(inputs[0]), int(inputs[0]) + 48))
    assert torch.equal(first_pass[:, 1:], first_pass[:, :-1] + 1)
    assert not torch.equal(window_batch(tokens, config, 0), window_batch(tokens, config, 3))


def test_pretraining_learns_resumes_and_loads(tokenizer_folder: Path, texts: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop_after_ten(kind: str, values: dict) -> None:
        if kind == "checkpoint" and values["step"] == 10:
            raise Stop

    config = PretrainConfig(
        hidden_size=32, num_layers=1, num_heads=2, context_length=32, tokens_per_batch=128, max_steps=40, learning_rate=1e-2,
        checkpoint_every_seconds=0, threads=1,
    )  # fmt: skip
    inputs = {"tokenizer": tokenizer_folder, "texts": [texts], "validation": [texts], "output": tmp_path / "out"}
    with pytest.raises(Stop):
        pretrain(config, **inputs, report=stop_after_ten)
    summary = pretrain(config, **inputs)
    assert summary["num_steps"] == 40
    assert summary["validation_loss"] < 2.5  # log(300) = 5.7 before
    assert summary["validation_bits_per_byte"] > 0
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model")
    assert model.config.vocab_size == len(AutoTokenizer.from_pretrained(tmp_path / "out" / "model"))
    assert model.config.tie_word_embeddings


def test_bfloat16_trains(tokenizer_folder: Path, texts: Path, tmp_path: Path) -> None:
    config = PretrainConfig(
        hidden_size=32, num_layers=1, num_heads=2, context_length=32, tokens_per_batch=128, max_steps=20, learning_rate=1e-2,
        dtype="bfloat16", threads=1,
    )  # fmt: skip
    summary = pretrain(config, tokenizer=tokenizer_folder, texts=[texts], validation=[texts], output=tmp_path / "out")
    assert summary["validation_loss"] < 4.5
    weights = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model").state_dict().values()
    assert {weight.dtype for weight in weights} == {torch.float32}
