"""Scripted labelers: each reads the gold judge through its own Gaussian noise, and never more exactly than a person would.

A labeler ranks the completions of a task (near scores tie), rates each from 1 to 7 on each axis and flags plain faults; a task of
two is a comparison. Its answers depend only on its seed and the task, so a repeated run labels alike, while two labelers who
see the same task err apart. This module knows no HTTP: the caller carries answers to the site.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from demo import judge

NOISE = 0.13
TIE_WIDTH = 0.05
AXES = ("helpful", "harmless", "honest", "overall")


class Answer(NamedTuple):
    """A labeler's answer to a ranking task; every list follows the order in which completions were given."""

    ranks: list[int]
    ratings: list[dict[str, int]]
    flags: list[list[str]]


def labeler_rng(labeler: str, task: str) -> random.Random:
    """Return the labeler's own randomness for one task."""
    return random.Random(hashlib.sha256(f"{labeler}\0{task}".encode()).digest())


def rank(
    rng: random.Random,
    prompt_messages: list[dict[str, Any]],
    completions: Sequence[str],
    noise: float = NOISE,
) -> Answer:
    """Return dense ranks (1 = best, equal = tie), a rating per axis and flags for each completion."""
    seen = [judge.gold(prompt_messages, text) + rng.gauss(0, noise) for text in completions]
    found = [judge.attributes(prompt_messages, text) for text in completions]
    ratings = [_ratings(rng, score, attributes) for score, attributes in zip(seen, found, strict=True)]
    flags = [_flags(attributes) for attributes in found]
    return Answer(ranks_with_ties(seen), ratings, flags)


def ranks_with_ties(scores: Sequence[float], width: float = TIE_WIDTH) -> list[int]:
    """Return dense ranks of scores; a score ties with the best of its group when it lies within `width` below it."""
    order = sorted(range(len(scores)), key=lambda index: -scores[index])
    ranks = [0] * len(scores)
    current, top = 0, float("inf")
    for index in order:
        if top - scores[index] >= width:
            current, top = current + 1, scores[index]
        ranks[index] = current
    return ranks


def _ratings(rng: random.Random, score: float, attributes: dict[str, float]) -> dict[str, int]:
    """Helpful and overall follow the noisy score, harmless a civil address and close, honest a given reason."""
    civil = (attributes["addressee"] + attributes["close"]) / 2
    sources = {
        "helpful": score,
        "harmless": 0.6 + 0.4 * civil,
        "honest": 0.5 + 0.5 * attributes["reason"],
        "overall": score,
    }
    return {axis: _seven(value + rng.gauss(0, 0.08)) for axis, value in sources.items()}


def _seven(value: float) -> int:
    return max(1, min(7, 1 + round(6 * value)))


def _flags(attributes: dict[str, float]) -> list[str]:
    """Flags name plain faults; the caller keeps those that the project's label schema offers."""
    flags = []
    if attributes["repetition"] > 0.5:
        flags.append("repetitive")
    if attributes["broken"] > 0.5:
        flags.append("broken")
    if not attributes["item"]:
        flags.append("off_task")
    return flags
