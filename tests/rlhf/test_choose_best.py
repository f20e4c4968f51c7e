"""Best-of-n and rejection-sampling fine-tuning: the best is chosen, its KL is bounded, the policy learns from it."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from rlhf import best_of as best_of_module
from rlhf.best_of import best_of, expected_best, kl_bound
from rlhf.config import BestOfConfig, RftConfig
from rlhf.models import load_reward, load_tokenizer, reward_scores
from rlhf.records import read_records
from rlhf.rft import train_rft
from rlhf.sequences import encode_prompt
from rlhf.types import InputError

CONFIG = BestOfConfig(completions_per_prompt=4, max_new_tokens=8, batch_size=64, threads=1)


def inputs(folders: Path) -> dict:
    return {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}


def exact_kl(probabilities: list[float], scores: list[float], n: int) -> float:
    """KL of best-of-n from the distribution, by enumeration: P(max <= s)^n over the levels of the score, ties broken evenly."""
    total = 0.0
    for level in sorted(set(scores)):
        below = sum(p for p, s in zip(probabilities, scores, strict=True) if s < level)
        here = sum(p for p, s in zip(probabilities, scores, strict=True) if s == level)
        chosen = (below + here) ** n - below**n
        total += chosen * math.log(chosen / here)  # the same factor for every outcome of the level
    return total


def test_the_kl_is_a_bound_that_ties_and_likely_answers_stay_below() -> None:
    """By hand: log 4 - 3/4. Near equality for many unlikely answers of different scores; far below it where answers tie."""
    assert kl_bound(1) == 0.0
    assert kl_bound(4) == pytest.approx(0.636294, abs=1e-6)
    many = 1000
    assert exact_kl([1 / many] * many, list(range(many)), 4) == pytest.approx(kl_bound(4), abs=5e-3)
    for probabilities, scores in (([0.5, 0.5], [0, 1]), ([0.7, 0.2, 0.1], [0, 1, 2]), ([0.25] * 4, [0, 0, 1, 1])):
        assert exact_kl(probabilities, scores, 4) < 0.8 * kl_bound(4)


def test_the_score_by_n_is_the_mean_over_all_subsets() -> None:
    scores = torch.randn(7, generator=torch.Generator().manual_seed(2)).tolist()
    for n in range(1, 8):
        subsets = [max(subset) for subset in itertools.combinations(scores, n)]
        assert expected_best(scores, n) == pytest.approx(sum(subsets) / len(subsets))


def test_the_best_of_each_prompt_is_chosen_and_a_finished_run_is_not_repeated(folders: Path) -> None:
    summary = best_of(CONFIG, **inputs(folders), output=folders / "out")
    sampled = list(read_records([folders / "out" / "sampled" / "completions.jsonl"], "completion"))
    chosen = list(read_records([folders / "out" / "completions.jsonl"], "completion"))
    assert (len(sampled), len(chosen), summary["num_prompts"]) == (4 * 80, 80, 80)
    messages = {
        f"row-{place}": row["prompt"] for place, row in enumerate(read_records(inputs(folders)["prompts"], "prompt"), 1)
    }
    model, tokenizer = load_reward(folders / "reward").eval(), load_tokenizer(folders / "reward")
    scores = {}
    for record in sampled:
        if record["token_ids"][-1] == tokenizer.eos_token_id:
            ids = torch.tensor([encode_prompt(tokenizer, messages[record["prompt_id"]]) + record["token_ids"]])
            with torch.no_grad():
                scores[key(record)] = reward_scores(model, ids, torch.ones_like(ids, dtype=torch.bool)).item()
    assert scores, "some completions must have ended"
    for record in chosen:
        rivals = [scores.get(key(other), -1.0) for other in sampled if other["prompt_id"] == record["prompt_id"]]
        assert record["score"] == pytest.approx(max(rivals), abs=1e-5)
    assert summary["by_n"][0]["score"] == pytest.approx(summary["mean_score"])
    assert summary["by_n"][-1]["score"] == pytest.approx(summary["best_score"])
    assert summary["best_score"] > summary["mean_score"]
    demonstrations = list(read_records([folders / "out" / "demonstrations.jsonl"], "demonstration"))
    assert len(demonstrations) == summary["num_demonstrations"] == sum(row["token_ids"][-1] == 2 for row in chosen)
    assert [message["weight"] for message in demonstrations[0]["messages"]] == [0, 1]
    assert best_of(CONFIG, **inputs(folders), output=folders / "out") == json.loads(
        (folders / "out" / "summary.json").read_text()
    )
    with pytest.raises(InputError, match="completions_per_prompt was 4 and is now 2"):
        best_of(BestOfConfig(completions_per_prompt=2), **inputs(folders), output=folders / "out")


def test_a_file_read_in_parts_gives_the_same_choice(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Completions are scored and kept some at a time: their number is bounded, the prompts' is not."""
    whole = best_of(CONFIG, **inputs(folders), output=folders / "whole")
    sizes: list[int] = []
    original = best_of_module.score_rows
    monkeypatch.setattr(best_of_module, "RECORDS_HELD", 7)
    monkeypatch.setattr(best_of_module, "score_rows", lambda *given: sizes.append(len(given[1])) or original(*given))
    parts = best_of(CONFIG, **inputs(folders), output=folders / "parts")
    assert (max(sizes), sum(sizes)) == (7, 4 * 80)
    for name in ("mean_score", "best_score"):
        assert parts[name] == pytest.approx(whole[name], abs=1e-5)
    texts = [
        [record["text"] for record in read_records([folders / name / "completions.jsonl"], "completion")]
        for name in ("whole", "parts")
    ]
    assert texts[0] == texts[1]


def test_a_run_without_room_goes_on_with_fewer_rows_side_by_side(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(best_of_module, "score_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            best_of(CONFIG, **inputs(folders), output=folders / "out")
    logs: list[str] = []
    best_of(
        replace(CONFIG, batch_size=8), **inputs(folders), output=folders / "out",
        report=lambda kind, fields: logs.append(fields.get("text", "")),
    )  # fmt: skip
    assert any("holds these completions already" in text for text in logs)


def test_a_reward_model_without_room_for_the_completions_is_refused_before_they_are_sampled(folders: Path) -> None:
    with pytest.raises(InputError, match=r"a reward model made for \d+ tokens .* got one made for 64"):
        best_of(replace(CONFIG, max_new_tokens=60), **inputs(folders), output=folders / "out")
    assert not (folders / "out").exists()


def key(record: dict) -> tuple[str, int]:
    return record["prompt_id"], record["seed"]


def test_rejection_sampling_raises_the_score_and_loads_with_stock_transformers(folders: Path) -> None:
    config = RftConfig(
        completions_per_prompt=8, max_new_tokens=8, learning_rate=3e-3, num_epochs=25, batch_size=16, threads=1,
        missing_eos_score=-9.0, checkpoint_every_seconds=0.0, compile="off",
    )  # fmt: skip
    summary = train_rft(config, **inputs(folders), validation=[], output=folders / "out")
    assert summary["best_of"]["completions_per_prompt"] == 8
    assert summary["num_demonstrations"] == summary["best_of"]["num_demonstrations"] > 0
    AutoModelForCausalLM.from_pretrained(folders / "out" / "model")
    assert train_rft(config, **inputs(folders), validation=[], output=folders / "out") == summary
    one = BestOfConfig(completions_per_prompt=1, max_new_tokens=8, threads=1, missing_eos_score=-9.0)
    after = best_of(one, **{**inputs(folders), "policy": folders / "out" / "model"}, output=folders / "after")
    assert after["mean_score"] > summary["best_of"]["mean_score"] + 1.0
