"""Over-optimization: the fit finds the curve it was made from, the advice follows, a run scores by a held-out model; ensembles."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rlhf import ppo_phases
from rlhf.__main__ import main
from rlhf.advantages import mean_less_spread
from rlhf.checkpoint import save_model
from rlhf.config import EnsembleConfig, RlooConfig
from rlhf.data import RankedCompletions
from rlhf.ensemble import ensemble_report, score_with_ensemble
from rlhf.evaluate import score_completions
from rlhf.models import load_rewards, new_reward
from rlhf.overoptimization import GoldWatch, best_distance, fit
from rlhf.ppo import train_ppo
from rlhf.ppo_phases import collect_rollouts, score_rollouts, scores_by
from rlhf.records import write_records
from rlhf.rloo import train_rloo
from rlhf.rollouts import join_rollouts
from rlhf.types import InputError
from tests.rlhf.ppo_cast import CONFIG, PROMPTS


@pytest.fixture
def three_rewards(folders: Path, tokenizer) -> list[Path]:
    """The reward model of `folders` and two of other seeds."""
    for seed in (2, 3):
        save_model(
            new_reward(folders / "policy", tokenizer, seed), tokenizer, folders / f"reward-{seed}", {"role": "reward"}
        )
    return [folders / "reward", folders / "reward-2", folders / "reward-3"]


def test_the_fit_finds_the_curve_it_was_made_from() -> None:
    distances = [0.3, 0.8, 1.5, 2.2, 3.0]
    for alpha, beta in ((1.4, 0.6), (0.5, -0.2), (2.0, 0.0)):
        found = fit(distances, [d * (alpha - beta * math.log(d)) for d in distances])
        assert found == pytest.approx((alpha, beta), abs=1e-9)
    noisy = [
        d * (1.4 - 0.6 * math.log(d)) + noise
        for d, noise in zip(distances, (0.1, -0.1, 0.05, 0.02, -0.08), strict=True)
    ]
    columns = np.array([distances, [-d * math.log(d) for d in distances]]).T
    assert fit(distances, noisy) == pytest.approx(tuple(np.linalg.lstsq(columns, np.array(noisy), rcond=None)[0]))
    assert fit([2.0, 2.0], [1.0, 3.0]) == (1.0, 0.0), "one distance alone is a line through the start"


def test_the_suggested_stop_is_where_the_curve_is_highest() -> None:
    best = best_distance(1.4, 0.6)
    assert best == pytest.approx(
        max((d / 1000 for d in range(1, 20_000)), key=lambda d: d * (1.4 - 0.6 * math.log(d))), abs=1e-3
    )
    assert best_distance(1.0, 0.0) is None
    assert best_distance(1.0, -0.5) is None


def watched(pairs: list[tuple[float, float]]) -> GoldWatch:
    watch = GoldWatch()
    for update, (distance, heldout) in enumerate(pairs):
        watch.add(update, {"kl": distance**2, "score": 3 * distance, "heldout_score": heldout})
    return watch


def test_the_advice_names_a_stop_that_was_passed_and_says_when_there_is_none() -> None:
    def curve(distance: float) -> float:
        return distance * (1.4 - 0.6 * math.log(distance))

    peak = math.exp(1.4 / 0.6 - 1)
    passed = watched([(0.0, 5.0), *((d, 5.0 + curve(d)) for d in (0.5, 1.0, 2.0, 3.0, 4.0, 5.0))])
    assert passed.summary()["stop_at_kl"] == pytest.approx(peak**2)
    assert f"suggested stop at KL {peak**2:.2f}" in passed.advice()
    assert "lies beyond" in watched([(0.0, 5.0), *((d, 5.0 + curve(d)) for d in (0.5, 1.0, 1.5, 2.0))]).advice()
    assert (
        "no maximum" in watched([(0.0, 0.0), *((d, d + 0.3 * d * math.log(d)) for d in (0.5, 1.0, 2.0, 3.0))]).advice()
    )
    below = watched([(0.0, 0.0)])
    assert below.add(1, {"kl": -0.2, "score": 0.0, "heldout_score": 1.0})["sqrt_kl"] == 0.0, (
        "noise below 0 is no distance"
    )
    assert "too few looks" in watched([(0.0, 0.0), (1.0, 1.0), (2.0, 1.0)]).advice()


def test_a_run_is_watched_by_a_held_out_model_and_goes_on_with_its_points(
    folders: Path, three_rewards: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_ended(*given, **named):
        rollouts = join_rollouts(*given, **named)
        return rollouts._replace(has_eos=torch.ones_like(rollouts.has_eos))

    monkeypatch.setattr(ppo_phases, "join_rollouts", all_ended)  # a random policy hardly ever ends

    class Stop(Exception):
        pass

    def stop(kind: str, fields: dict) -> None:
        if kind == "checkpoint":
            raise Stop

    config = replace(
        CONFIG, watch_every_updates=1, num_updates=2, policy_learning_rate=1e-2, episodes_per_update=8, max_new_tokens=4
    )
    inputs = {
        "policy": folders / "policy", "reward": three_rewards[0], "prompts": [folders / "prompts.jsonl"],
        "ensemble": three_rewards[1:2], "heldout": three_rewards[2],
    }  # fmt: skip
    with pytest.raises(Stop):
        train_ppo(config, **inputs, output=folders / "stopped", report=stop)
    resumed = train_ppo(config, **inputs, output=folders / "stopped")
    events: list[tuple[str, dict]] = []
    whole = train_ppo(
        config, **inputs, output=folders / "whole", report=lambda kind, fields: events.append((kind, fields))
    )
    points = whole["overoptimization"]["points"]
    assert [point["update"] for point in points] == [0, 1, 2]
    assert points[0]["sqrt_kl"] < 1e-3
    assert points[-1]["sqrt_kl"] ** 2 == pytest.approx(max(whole["kl"], 0.0)), "the same answers to the same prompts"
    assert points[-1]["heldout_score"] != points[0]["heldout_score"]
    assert points[0]["proxy_score"] == whole["reward_before"] != points[0]["heldout_score"]
    assert resumed["overoptimization"] == whole["overoptimization"]
    shown = [fields for kind, fields in events if kind == "metric" and "heldout_score" in fields]
    assert [fields["step"] for fields in shown] == [1, 2]
    assert shown[-1]["heldout_score"] == points[-1]["heldout_score"]
    assert any("score_spread" in fields and fields["score_spread"] > 0 for kind, fields in events if kind == "metric")
    assert any("too few looks" in fields["text"] for kind, fields in events if kind == "log")
    seldom = train_ppo(replace(config, watch_every_updates=5), **inputs, output=folders / "seldom")
    assert seldom["overoptimization"]["points"] == [points[0], points[-1]], "the last answers count in any case"


def test_several_reward_models_pay_their_mean_less_their_spread(state, three_rewards: list[Path], tokenizer) -> None:
    by_hand = torch.tensor([[1.0, 4.0], [3.0, 4.0]])
    scores, spread = mean_less_spread(by_hand, penalty=0.5)
    assert (scores.tolist(), spread.tolist()) == ([1.5, 4.0], [1.0, 0.0])
    rollouts = collect_rollouts(state, PROMPTS[:16], stream="test")._replace(has_eos=torch.arange(16) % 2 == 0)
    alone = score_rollouts(state, rollouts)
    assert torch.equal(alone, scores_by(state, state.reward_model, rollouts))
    state.other_rewards = load_rewards(three_rewards[1:], tokenizer, "policy", torch.device("cpu"))
    members = torch.stack([scores_by(state, model, rollouts) for model in (state.reward_model, *state.other_rewards)])
    state.config = replace(state.config, ensemble_penalty=2.0)
    paid = score_rollouts(state, rollouts)
    torch.testing.assert_close(paid, members.mean(0) - 2.0 * ((members - members.mean(0)) ** 2).mean(0).sqrt())
    assert (paid[1::2] == state.config.missing_eos_score).all(), "on a missing EOS all agree"
    assert (paid[::2] != alone[::2]).all()


def test_rloo_takes_an_ensemble(folders: Path, three_rewards: list[Path]) -> None:
    config = RlooConfig(
        num_updates=1, episodes_per_update=8, minibatch_size=8, max_new_tokens=4, threads=1, missing_eos_score=0.0
    )
    inputs = {"policy": folders / "policy", "reward": three_rewards[0], "prompts": [folders / "prompts.jsonl"]}
    seen: list[dict] = []
    train_rloo(
        config, **inputs, ensemble=three_rewards[1:], output=folders / "out",
        report=lambda kind, fields: seen.append(fields) if kind == "metric" else None,
    )  # fmt: skip
    assert "score_spread" in seen[-1]


def ranking(*lengths: int, ranks: list[int]) -> RankedCompletions:
    return RankedCompletions([[0] * length for length in lengths], ranks, list(lengths), 1.0, 0.0)


def test_the_ensemble_report_by_hand() -> None:
    """Two models that agree on the first pair, rightly, and are far apart on the second, wrongly on average."""
    rankings = [ranking(3, 4, ranks=[1, 2]), ranking(3, 4, ranks=[2, 1]), ranking(3, 4, ranks=[1, 1])]
    members = [[[2.0, 1.0], [5.0, 0.0], [0.0, 1.0]], [[2.0, 1.0], [0.0, 1.0], [1.0, 0.0]]]
    found = ensemble_report(rankings, members, seed=1)
    assert [member["rate"] for member in found["members"]] == [0.5, 1.0]
    assert found["mean"]["rate"] == 0.5
    assert found["spread_error_correlation"] == pytest.approx(1.0)
    assert found["doubt_error_correlation"] == pytest.approx(1.0)
    # differences of the second pair: -5 and 1, mean -2, deviation 3
    assert [(group["doubt"], group["rate"]) for group in found["by_doubt"]] == [(0.0, 1.0), (0.6, 0.0)]


def test_the_command_scores_completions_with_mean_and_spread(
    folders: Path, three_rewards: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": f"Hi {i}", "completions": ["The cat", "soup", "a owl"], "ranks": [1, 3, 2]} for i in range(5)]
    write_records(folders / "r.jsonl", rows)
    files = ["--rankings", str(folders / "r.jsonl"), "--output", str(folders / "out"), "--threads", "1"]
    assert main(["ensemble", "--rewards", *map(str, three_rewards), *files]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["num_rankings"] == 5
    assert summary["mean"]["num_pairs"] == 15
    line = json.loads((folders / "out" / "scores.jsonl").read_text().splitlines()[0])
    texts = [([{"role": "user", "content": "Hi 0"}], text) for text in rows[0]["completions"]]
    expected = np.array([score_completions(reward=folder, records=texts) for folder in three_rewards])
    assert line["mean"] == pytest.approx(expected.mean(0).tolist(), abs=1e-5)
    assert line["spread"] == pytest.approx(expected.std(0).tolist(), abs=1e-5)
    written = (folders / "out" / "scores.jsonl").stat().st_mtime_ns
    assert main(["ensemble", "--rewards", *map(str, three_rewards), *files]) == 0
    assert "finished: nothing to do" in capsys.readouterr().err
    assert (folders / "out" / "scores.jsonl").stat().st_mtime_ns == written
    assert main(["ensemble", "--rewards", *map(str, three_rewards[:2]), *files]) == 2
    assert "holds another run: rewards was" in capsys.readouterr().err
    assert main(["ensemble", "--rewards", str(three_rewards[0]), str(folders / "none"), *files]) == 2
    assert "expected --rewards to name a model folder" in capsys.readouterr().err
    with pytest.raises(InputError, match="at least two reward models, got 1"):
        score_with_ensemble(
            EnsembleConfig(), rewards=three_rewards[:1], rankings=[folders / "r.jsonl"], output=folders / "x"
        )
