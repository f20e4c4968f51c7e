"""Over-optimization: where a policy stops pleasing the people and goes on pleasing the reward model, seen while it happens.

A held-out reward model (another seed, or other rankings) scores the same answers to fixed prompts as the proxy that is optimized.
Against d = sqrt(KL), the gain of the held-out score follows R(d) = d (alpha - beta log d) under reinforcement learning (Gao et al.,
arXiv 2210.10760, section 3.1); its maximum is at d = exp(alpha / beta - 1). KL is the mean log-ratio
(k1): k3 is never negative, but a few answers rule it once KL is large. Numbers in, numbers out; no tensors and no models.
"""

import math
from typing import Any

from rlhf.types import Report

MIN_POINTS = 4
"""Points beyond the start that a fit of two numbers needs to say anything."""


class GoldWatch:
    """Remembers what the fixed prompts' answers scored at the start and every few updates since."""

    def __init__(self) -> None:
        self.points: list[dict[str, float]] = []

    def resume(self, points: list[dict[str, float]]) -> None:
        """Goes on from the `points` of an earlier attempt."""
        self.points = list(points)

    def add(self, update: int, answers: dict[str, float]) -> dict[str, float]:
        """Keeps one look at the fixed prompts (their metrics) and returns its numbers, for the run's curves."""
        point = {
            "sqrt_kl": math.sqrt(max(answers["kl"], 0.0)),
            "proxy_score": answers["score"],
            "heldout_score": answers["heldout_score"],
        }
        self.points.append({"update": float(update), **point})
        return point

    def summary(self) -> dict[str, Any]:
        """The points, the fit of the held-out score's gain, and where to stop; the fit is None while there are too few points.

        `stop_at_kl` is the KL at the maximum; it is beyond `kl` of the last point while the held-out score still rises.
        """
        found: dict[str, Any] = {"points": self.points, "alpha": None, "beta": None, "stop_at_kl": None}
        if not self.points:
            return found
        start = self.points[0]["heldout_score"]
        seen = [(point["sqrt_kl"], point["heldout_score"] - start) for point in self.points if point["sqrt_kl"] > 0]
        if len(seen) < MIN_POINTS:
            return found
        alpha, beta = fit(*map(list, zip(*seen, strict=True)))
        distance = best_distance(alpha, beta)
        return {**found, "alpha": alpha, "beta": beta, "stop_at_kl": None if distance is None else distance**2}

    def conclude(self, update: int, answers: dict[str, float], report: Report) -> dict[str, Any]:
        """The summary, the last answers in it, after the advice went to the log."""
        if self.points[-1]["update"] != update:
            self.add(update, answers)
        report("log", {"text": f"over-optimization: {self.advice()}"})
        return self.summary()

    def advice(self) -> str:
        """One sentence for the log."""
        found = self.summary()
        if found["alpha"] is None:
            return f"too few looks for a fit: {MIN_POINTS} beyond the start are needed; lower watch_every_updates"
        shape = f"held-out score gains d (alpha - beta log d) with alpha {found['alpha']:.3g}, beta {found['beta']:.3g}, d = sqrt(KL)"
        now = self.points[-1]["sqrt_kl"] ** 2
        if found["stop_at_kl"] is None:
            return f"{shape}: no maximum, it rises with KL as far as seen ({now:.2f} nats)"
        if found["stop_at_kl"] > now:
            return f"{shape}: its maximum, at KL {found['stop_at_kl']:.2f}, lies beyond the {now:.2f} nats reached"
        return f"{shape}: suggested stop at KL {found['stop_at_kl']:.2f} (max_kl), passed on the way to {now:.2f} nats"


def fit(distances: list[float], gains: list[float]) -> tuple[float, float]:
    """Least-squares alpha and beta of gain = d (alpha - beta log d); distances > 0, two different ones at least.

    Linear in both: the columns are d and -d log d, and the normal equations of two unknowns are solved by hand.
    """
    first = distances
    second = [-distance * math.log(distance) for distance in distances]
    aa, ab, bb = (_dot(*pair) for pair in ((first, first), (first, second), (second, second)))
    ay, by = _dot(first, gains), _dot(second, gains)
    determinant = aa * bb - ab * ab
    if determinant <= 1e-12 * aa * max(bb, 1e-300):  # one distance only: a straight line through the start
        return ay / aa, 0.0
    return (bb * ay - ab * by) / determinant, (aa * by - ab * ay) / determinant


def best_distance(alpha: float, beta: float) -> float | None:
    """Where d (alpha - beta log d) is highest: exp(alpha / beta - 1); None where it has no maximum (beta not above 0)."""
    if beta <= 0:
        return None
    return math.exp(min(alpha / beta - 1.0, 50.0))


def _dot(left: list[float], right: list[float]) -> float:
    return sum(x * y for x, y in zip(left, right, strict=True))
