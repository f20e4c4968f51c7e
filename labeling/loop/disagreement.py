"""Active sampling: which prompts are ranked first, by how far reward models disagree on their completions. Pure arithmetic.

The models' scores have no common scale, so what is compared is the probability that each gives to every pair of completions (Bradley-Terry:
the sigmoid of the difference). A share of the prompts is taken at random all the same, evenly among the others, and each task keeps
which of the two it is: figures from the random ones alone are free of the choice.
"""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean, pstdev

RANDOM, DISAGREEMENT = "random", "disagreement"


def disagreement(scores: Sequence[Sequence[float]]) -> float:
    """Mean over all pairs of completions of the spread (population standard deviation) of the models' probabilities.

    `scores[c][m]` is what model m gives completion c; 0 (all agree) to 0.5. 0 with fewer than two completions or two models.
    Example: scores [[0, 9], [9, 0]] -> 0.5, as one model is sure of the one and the other of the other.
    """
    pairs = list(combinations(scores, 2))
    if not pairs or len(pairs[0][0]) < 2:
        return 0.0
    return fmean(pstdev([_sigmoid(a - b) for a, b in zip(left, right, strict=True)]) for left, right in pairs)


def in_order(disagreements: Mapping[int, float], random_share: float, seed: str) -> list[tuple[int, str]]:
    """[(prompt, how it was chosen)]: those on which the models disagree most first, `random_share` of them drawn at random.

    Every prompt draws by itself whether it is one of the random ones, before any score is looked at; these keep a random order and come
    evenly among the rest, so that any number of tasks from the start holds the share. The same seed gives the same order.
    """
    draw = random.Random(seed)
    prompts = sorted(disagreements)
    drawn = {prompt for prompt in prompts if draw.random() < random_share}
    at_random = [prompt for prompt in prompts if prompt in drawn]
    draw.shuffle(at_random)
    chosen = sorted((prompt for prompt in prompts if prompt not in drawn), key=lambda prompt: -disagreements[prompt])
    placed = [((place + 0.5) / len(at_random), prompt, RANDOM) for place, prompt in enumerate(at_random)]
    placed += [((place + 0.5) / len(chosen), prompt, DISAGREEMENT) for place, prompt in enumerate(chosen)]
    return [(prompt, how) for _, prompt, how in sorted(placed)]


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
