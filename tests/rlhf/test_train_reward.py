"""The reward model: where it reads its score, what it learns, its bias, its report."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, PreTrainedModel, PreTrainedTokenizerBase

from rlhf import reward
from rlhf.config import RewardConfig
from rlhf.data import load_rankings, ranking_batch
from rlhf.losses import ranking_loss
from rlhf.models import load_reward, load_tokenizer, new_reward, reward_scores, token_scores
from rlhf.optimization import cosine_schedule
from rlhf.records import write_records
from rlhf.reward import accumulate_gradients, evaluate_rankings, score_rows, train_reward
from rlhf.sequences import encode_conversations, left_pad, position_ids, right_pad
from rlhf.types import InputError, ignore_report

CPU = torch.device("cpu")
USER = [{"role": "user", "content": "Hi"}]


def ranking(*completions: str, ranks: list[int], **more: float) -> dict:
    return {"prompt": USER, "completions": list(completions), "ranks": ranks, **more}


@pytest.fixture
def rankings(tmp_path: Path) -> Path:
    rows = [ranking("The cat", "soup soup", "door " * (i % 3 + 1), "The owl", ranks=[1, 2, 3, 1]) for i in range(24)]
    write_records(tmp_path / "rankings.jsonl", rows)
    return tmp_path / "rankings.jsonl"


@pytest.fixture
def reward_model(base_folder: Path, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    return new_reward(base_folder, tokenizer, seed=1).eval()


def test_new_head_has_the_stated_variance_and_no_bias(base_folder: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    """Point 15: 1 / (d + 1) is the variance, not the deviation."""
    draws = torch.cat([new_reward(base_folder, tokenizer, seed).score.weight.flatten() for seed in range(40)])
    # 40 x 32 draws of variance 1 / 33: the sample deviation lies within 10 % of 1 / sqrt(33)
    assert draws.std().item() == pytest.approx(33**-0.5, rel=0.1)
    model = new_reward(base_folder, tokenizer, 0)
    assert model.score.bias is None
    assert model.config.reward_bias == 0


def test_score_is_read_at_eos_under_either_padding(
    reward_model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Points 5 and 6, T2."""
    reward_model.config.reward_bias = 0.25
    rows = [[1, 4, 60, 5, 61, 2], [1, 4, 60, 70, 80, 90, 5, 61, 62, 2]]
    with torch.no_grad():
        alone = [token_scores(reward_model, torch.tensor([row]))[0, -1].item() for row in rows]
        for pad in (left_pad, right_pad):
            padded = pad(rows, tokenizer.pad_token_id)
            got = reward_scores(reward_model, padded.ids, padded.mask, position_ids(padded.mask))
            assert got.tolist() == pytest.approx(alone, abs=1e-5)  # float32 sums in another order
    stock = reward_model(torch.tensor([rows[0]])).logits.item()
    assert alone[0] == pytest.approx(stock + 0.25, abs=1e-5)


def test_scores_keep_their_precision_under_autocast(reward_model: PreTrainedModel) -> None:
    """Point 25."""
    ids = torch.randint(3, 200, (8, 5), generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = reward_scores(reward_model, ids, torch.ones_like(ids, dtype=torch.bool))
    assert scores.dtype == torch.float32
    assert not torch.equal(scores, scores.bfloat16().float())


def test_a_ranking_is_read_once_per_completion_and_ends_with_eos(
    tokenizer: PreTrainedTokenizerBase, rankings: Path
) -> None:
    """Point 28, T8: K rows, all untied pairs."""
    first = load_rankings(tokenizer, [rankings], max_length=99, report=ignore_report)[0]
    assert [tokenizer.decode(row) for row in first.rows[:2]] == [
        "<|bos|><|user|>Hi<|assistant|>The cat<|eos|>",
        "<|bos|><|user|>Hi<|assistant|>soup soup<|eos|>",
    ]
    batch = ranking_batch([first, first])
    assert len(batch.rows) == 8
    pairs = sorted(zip(batch.pairs.chosen.tolist(), batch.pairs.rejected.tolist(), strict=True))
    assert pairs == sorted([(0, 1), (0, 2), (1, 2), (3, 1), (3, 2), (4, 5), (4, 6), (5, 6), (7, 5), (7, 6)])


def test_rankings_that_teach_nothing_are_left_out_and_counted(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    rows = [ranking("a", "b", ranks=[1, 1]), ranking("a", "b" * 99, ranks=[1, 2]), ranking("a", "b", ranks=[2, 1])]
    write_records(tmp_path / "r.jsonl", rows)
    logs: list[str] = []
    kept = load_rankings(
        tokenizer, [tmp_path / "r.jsonl"], max_length=64, report=lambda kind, values: logs.append(values["text"])
    )
    assert [item.ranks for item in kept] == [[2, 1]]
    assert logs == ["left out: 1 rankings without an untied pair or weight, 1 with more than 64 tokens"]


def test_gradient_does_not_depend_on_how_rankings_are_split(
    reward_model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    """Point 31, T4."""
    rows = [
        ranking("The cat", "soup", "door", ranks=[1, 2, 2], weight=2.0),
        ranking("soup", "sea", ranks=[2, 1]),
        ranking("a", "b", ranks=[1, 2]),
    ]
    write_records(tmp_path / "r.jsonl", rows)
    examples = load_rankings(tokenizer, [tmp_path / "r.jsonl"], max_length=99, report=ignore_report)
    assert [example.weight for example in examples] == [2.0, 1.0, 1.0]
    found = []
    for micro_batch_tokens in (8192, 1, 60):
        reward_model.zero_grad()
        loss, _ = accumulate_gradients(
            reward_model, examples, 0, RewardConfig(micro_batch_tokens=micro_batch_tokens), CPU
        )
        found.append((loss, torch.cat([p.grad.flatten() for p in reward_model.parameters() if p.grad is not None])))
    batch = ranking_batch(examples)
    scores = torch.tensor(score_rows(reward_model, batch.rows, 0, "float32", CPU))
    assert found[0][0] == pytest.approx(ranking_loss(scores, batch.pairs).item(), rel=1e-5)
    for loss, gradient in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-5)
        torch.testing.assert_close(gradient, found[0][1], atol=1e-5, rtol=1e-3)


def test_reward_model_learns_the_order_and_centres_demonstrations(
    base_folder: Path, rankings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points 17 and 24, T9: mean 0 on demonstrations, also after save and load; the learning rate follows the cosine."""
    rates: list[float] = []
    step = reward.optimizer_step
    monkeypatch.setattr(
        reward, "optimizer_step", lambda *given, **named: rates.append(named["learning_rate"]) or step(*given, **named)
    )
    answers = [[*USER, {"role": "assistant", "content": text}] for text in ("The cat", "soup", "bread by the sea")]
    demonstrations = tmp_path / "d.jsonl"
    write_records(demonstrations, [{"messages": messages} for messages in answers])
    config = RewardConfig(learning_rate=1e-2, batch_size=4, num_epochs=4, threads=1)
    files = {"rankings": [rankings], "validation": [rankings], "demonstrations": [demonstrations]}
    summary = train_reward(config, base=base_folder, **files, output=tmp_path / "out")
    assert summary["heldout_accuracy"] == 1.0
    shape = {"warmup_fraction": config.warmup_fraction, "final_fraction": 0.1}
    assert rates == pytest.approx([1e-2 * cosine_schedule(place / 24, **shape) for place in range(24)])
    assert (summary["num_pairs"], summary["num_heldout"]) == (24 * 5, 24)
    assert (summary["train_accuracy"], summary["accuracy_gap"]) == (1.0, 0.0)
    assert summary["report"]["by_labeler"]["unknown"]["num_rankings"] == 24
    assert 0 <= summary["calibration_error"] <= 0.5
    assert 0 <= summary["length_baseline"] <= 1
    model, tokenizer = load_reward(tmp_path / "out" / "model"), load_tokenizer(tmp_path / "out" / "model")
    rows = [row.ids for row in encode_conversations(tokenizer, answers)]
    scores = score_rows(model, rows, tokenizer.pad_token_id, "float32", CPU)
    assert sum(scores) / 3 == pytest.approx(0, abs=1e-5)
    assert max(scores) > 0.01
    assert model.config.reward_bias == pytest.approx(summary["reward_bias"])
    stock = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out" / "model")
    assert (stock.num_labels, stock.score.bias, stock.config.reward_bias) == (1, None, model.config.reward_bias)
    padded = right_pad(rows, tokenizer.pad_token_id)
    with torch.no_grad():
        logits = stock.eval()(padded.ids, attention_mask=padded.mask.long()).logits[:, 0] + stock.config.reward_bias
    assert logits.tolist() == pytest.approx(scores, abs=1e-4)


def test_the_gap_is_the_accuracy_in_training_less_the_one_held_out(
    reward_model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rankings: Path
) -> None:
    trained = load_rankings(tokenizer, [rankings], max_length=99, report=ignore_report)
    turned = [item._replace(ranks=[4 - rank for rank in item.ranks]) for item in trained]
    found = evaluate_rankings(reward_model, trained, turned, tokenizer.pad_token_id, RewardConfig(), CPU)
    assert found["train_accuracy"] == pytest.approx(1.0 - found["heldout_accuracy"], abs=1e-3)
    assert found["accuracy_gap"] == pytest.approx(found["train_accuracy"] - found["heldout_accuracy"])
    assert abs(found["accuracy_gap"]) > 0.01


def test_other_demonstrations_or_validation_are_another_run(base_folder: Path, rankings: Path, tmp_path: Path) -> None:
    """They set the bias and the figures: what a finished folder holds does not answer for them."""
    write_records(tmp_path / "d.jsonl", [{"prompt": "Hi", "completion": "The cat"}])
    inputs = {"base": base_folder, "rankings": [rankings], "output": tmp_path / "out"}
    config = RewardConfig(max_steps=1, batch_size=2, threads=1)
    train_reward(config, **inputs, validation=[], demonstrations=[])
    with pytest.raises(InputError, match=r"demonstrations was \[\] and is now \['content "):
        train_reward(config, **inputs, validation=[], demonstrations=[tmp_path / "d.jsonl"])
    with pytest.raises(InputError, match=r"validation was \[\] and is now"):
        train_reward(config, **inputs, validation=[rankings], demonstrations=[])


def test_ties_weights_and_names_reach_the_loss_and_the_report(base_folder: Path, tmp_path: Path) -> None:
    rows = [
        ranking("soup", "bread", ranks=[1, 1], labeler="ann"),
        ranking("a", "b", ranks=[1, 2], labeler="bob", round=3),
    ]
    write_records(tmp_path / "r.jsonl", rows)
    write_records(tmp_path / "v.jsonl", rows[1:])
    config = RewardConfig(tie_weight=1.0, center_coefficient=0.01, labeler_balance=1.0, num_epochs=2, threads=1)
    files = {"rankings": [tmp_path / "r.jsonl"], "validation": [tmp_path / "v.jsonl"], "demonstrations": []}
    summary = train_reward(config, base=base_folder, **files, output=tmp_path / "out")
    assert summary["num_rankings"] == 2, "a ranking in which all are tied teaches something now"
    assert set(summary["report"]["by_labeler"]) == {"bob"}
    assert set(summary["report"]["by_round"]) == {"3"}


def test_stopped_reward_run_goes_on(base_folder: Path, rankings: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(kind: str, values: dict) -> None:
        if kind == "checkpoint":
            raise Stop

    config = RewardConfig(batch_size=4, num_epochs=1, checkpoint_every_seconds=0, threads=1)
    inputs = {
        "base": base_folder,
        "rankings": [rankings],
        "validation": [],
        "demonstrations": [],
        "output": tmp_path / "out",
    }
    for _ in range(6):
        with pytest.raises(Stop):
            train_reward(config, **inputs, report=stop)
    assert train_reward(config, **inputs)["num_steps"] == 6
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["reward_bias"] == 0


def test_a_policy_is_not_taken_for_a_reward_model(base_folder: Path) -> None:
    with pytest.raises(InputError, match="expected a reward model"):
        load_reward(base_folder)
