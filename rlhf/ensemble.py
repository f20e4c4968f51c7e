"""Several reward models for one: their mean, how far they lie apart, and whether the spread tells where the mean is wrong.

Models trained from other seeds or on other rankings agree where the labels decide and differ where they do not. PPO can be paid the mean
less a multiple of the spread, so that it gains nothing where they differ (Coste et al., arXiv 2310.02743, take off a multiple of the
variance; a deviation has the unit of the score). The command scores the completions of rankings and reports on it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from rlhf.checkpoint import finished_summary, run_identity, write_json
from rlhf.config import EnsembleConfig
from rlhf.data import RankedCompletions, load_rankings, require
from rlhf.models import context_length, load_reward, load_tokenizer, prepare_machine, require_same_tokens
from rlhf.records import write_records
from rlhf.reward import score_rows
from rlhf.reward_report import agreement, judged_pairs, rate, reward_report
from rlhf.types import InputError, Report, ignore_report

NUM_GROUPS = 4


def score_with_ensemble(
    config: EnsembleConfig,
    *,
    rewards: list[Path],
    rankings: list[Path],
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Score all completions of the rankings: output/scores.jsonl (mean and spread of each), output/summary.json, the report."""
    if len(rewards) < 2:
        raise InputError(f"expected at least two reward models, got {len(rewards)}")
    identity = run_identity(config, rewards=list(rewards), rankings=rankings)
    if (finished := finished_summary(output, identity=identity, report=report)) is not None:
        return finished
    device = prepare_machine(config)
    tokenizer = load_tokenizer(rewards[0])
    length = min(map(context_length, rewards))
    examples = load_rankings(tokenizer, rankings, max_length=length, report=report)
    require(examples, "ranking", rankings)
    rows = [row for example in examples for row in example.rows]
    members = []
    for place, folder in enumerate(rewards, start=1):
        require_same_tokens(tokenizer, rewards[0], folder)
        model = load_reward(folder).to(device)  # type: ignore[arg-type]
        members.append(score_rows(model, rows, tokenizer.pad_token_id, config.dtype, device))
        report("phase", {"name": "ensemble", "done": place, "total": len(rewards)})
    scores = torch.tensor(members, dtype=torch.float64)
    mean, spread = (column.tolist() for column in (scores.mean(dim=0), scores.std(dim=0, correction=0)))
    sizes = [len(example.rows) for example in examples]
    write_records(
        output / "scores.jsonl",
        (
            {"place": place, "ranks": example.ranks, "mean": means, "spread": spreads}
            for place, (example, means, spreads) in enumerate(
                zip(examples, split(mean, sizes), split(spread, sizes), strict=True), start=1
            )
        ),
    )
    summary = {
        "num_rankings": len(examples),
        **ensemble_report(examples, [split(row, sizes) for row in members], seed=config.seed),
    }
    write_json(output / "identity.json", identity)
    write_json(output / "summary.json", summary)
    return summary


def split(values: list[float], sizes: list[int]) -> list[list[float]]:
    """A flat list as lists of the given sizes."""
    ends = np.cumsum(sizes).tolist()
    return [values[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def ensemble_report(
    rankings: list[RankedCompletions], members: list[list[list[float]]], *, seed: int
) -> dict[str, Any]:
    """Accuracy of each model and of their mean, and how the spread of a pair's difference goes with the mean being wrong.

    members: for each model the scores of each ranking. `spread_error_correlation` is over untied pairs, between the deviation of the
    models' differences and 1 where the mean prefers the worse completion. Large differences lie further apart in any case, so
    `doubt_error_correlation` takes spread / (spread + |mean difference|) in its place; above 0 = it warns. `by_doubt` is the mean's
    accuracy in four groups of pairs, from the least doubt to the most.
    """
    means = [np.mean(rows, axis=0).tolist() for rows in zip(*members, strict=True)]
    pairs = judged_pairs(rankings, means)
    differences = np.array([[pair.difference for pair in judged_pairs(rankings, scores)] for scores in members])
    spread = differences.std(axis=0)
    is_wrong = np.array([1.0 - agreement(pair) for pair in pairs])
    doubt = spread / np.maximum(spread + np.abs([pair.difference for pair in pairs]), 1e-12)
    order = np.argsort(doubt, kind="stable")
    groups = [part for part in np.array_split(order, NUM_GROUPS) if len(part)]
    return {
        "members": [reward_report(rankings, scores, seed=seed)["accuracy"] for scores in members],
        "mean": rate(pairs, agreement, seed),
        "spread_error_correlation": correlation(spread, is_wrong),
        "doubt_error_correlation": correlation(doubt, is_wrong),
        "by_doubt": [
            {"doubt": float(doubt[part].mean()), **rate([pairs[place] for place in part], agreement, seed)}
            for part in groups
        ],
    }


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's; 0 where one of them does not vary."""
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum()) / size if size > 0 else 0.0
