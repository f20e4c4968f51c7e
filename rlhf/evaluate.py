"""Judging models: reward scores of texts, win rates and accuracies with bootstrapped intervals.

The unit of resampling is the prompt, since completions of one prompt are not independent. Intervals are 95 % percentile
intervals of a seeded bootstrap: the same counts give the same interval.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from rlhf.data import completion_row
from rlhf.models import load_reward, load_tokenizer, reward_scores
from rlhf.sequences import encode_contents, encode_prompts, right_pad
from rlhf.types import InputError, Message

NUM_RESAMPLES = 2000
LOW_PERCENTILE, HIGH_PERCENTILE = 2.5, 97.5


class Rate(NamedTuple):
    """A share with its 95 % interval."""

    rate: float
    low: float
    high: float
    n: int
    """Judgements counted."""


class Outcome(NamedTuple):
    """Judgements of A against B on one prompt."""

    wins: float
    ties: float
    losses: float


@torch.no_grad()
def score_completions(
    *,
    reward: str | Path,
    records: Sequence[tuple[list[Message], str]],
    batch_size: int = 64,
    device: str = "cpu",
) -> list[float]:
    """The reward model's score of each (messages, completion text), read at the EOS that ends it, in the order given.

    Each text is taken as a finished completion: its EOS is added here.
    """
    if not records:
        return []
    tokenizer = load_tokenizer(reward)
    model = load_reward(reward).eval()
    model.to(torch.device(device))  # type: ignore[arg-type]
    prompts = encode_prompts(tokenizer, [messages for messages, _ in records])
    contents = encode_contents(tokenizer, [text for _, text in records])
    rows = [completion_row(tokenizer, prompt, content) for prompt, content in zip(prompts, contents, strict=True)]
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    scores = [0.0] * len(rows)
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        batch = right_pad([rows[place] for place in places], tokenizer.pad_token_id)
        found = reward_scores(model, batch.ids.to(device), batch.mask.to(device)).tolist()
        for place, score in zip(places, found, strict=True):
            scores[place] = score
    return scores


def win_rate(outcomes: Iterable[Outcome | tuple[float, float, float]], *, seed: int = 0) -> Rate:
    """(wins + ties / 2) / n over all judgements, one outcome per prompt, interval over prompts.

    Example: (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0) -> rate 0.625, n 4. Without any judgement: an InputError.
    """
    table = np.array([tuple(outcome) for outcome in outcomes], dtype=np.float64).reshape(-1, 3)
    if (table < 0).any():
        raise InputError("expected wins, ties and losses to be counts from 0, got a negative one")
    return _bootstrapped_ratio(table[:, 0] + table[:, 1] / 2, table.sum(axis=1), seed)


def accuracy(correct: Sequence[float], *, prompts: Sequence[object] | None = None, seed: int = 0) -> Rate:
    """Share of correct judgements (1, 0, or 0.5 for a tie); judgements of one prompt are resampled together.

    `prompts` names the prompt of each judgement; without it each one stands for itself.
    """
    names = list(range(len(correct))) if prompts is None else list(prompts)
    if len(names) != len(correct):
        raise InputError(f"expected one prompt per judgement, got {len(names)} prompts for {len(correct)} judgements")
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    index = np.array([places[name] for name in names], dtype=np.int64)
    sums = np.bincount(index, weights=np.asarray(correct, dtype=np.float64), minlength=len(places))
    return _bootstrapped_ratio(sums, np.bincount(index, minlength=len(places)).astype(np.float64), seed)


def _bootstrapped_ratio(numerators: np.ndarray, counts: np.ndarray, seed: int) -> Rate:
    """sum(numerators) / sum(counts) and its interval under resampling of the rows; rows without a count are left out."""
    numerators, counts = numerators[counts > 0], counts[counts > 0]
    if len(counts) == 0:
        raise InputError("expected at least one judgement to compute a rate from, got none")
    generator = np.random.default_rng(seed)
    rates = np.empty(NUM_RESAMPLES)
    for resample in range(NUM_RESAMPLES):
        rows = generator.integers(len(counts), size=len(counts))
        rates[resample] = numerators[rows].sum() / counts[rows].sum()
    low, high = np.percentile(rates, [LOW_PERCENTILE, HIGH_PERCENTILE])
    return Rate(float(numerators.sum() / counts.sum()), float(low), float(high), round(float(counts.sum())))
