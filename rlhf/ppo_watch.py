"""What is watched over a PPO run: the KL controller, and alarms for runs that go wrong while their reward looks fine.

KL is in nats per completion: log(policy / reference) summed over a completion's tokens, then averaged over completions. A target
taken from a stack that averages over tokens is smaller by the length of the completions. Numbers in, numbers out; no tensors.
"""

from typing import Any

MAX_KL_ERROR = 0.2
SAMPLER_GAP_LIMIT = {"float32": 1e-3, "bfloat16": 0.1}
WINDOW = 10
NUM_NEGATIVE = 5
ENTROPY_SHARE = 0.2
LENGTH_GROWTH = 0.03
ENDED_SHARE = 0.1
NUM_UNENDED = 3


def next_kl_coefficient(coefficient: float, kl: float, *, target: float, horizon: float, num_episodes: int) -> float:
    """The coefficient after a batch: up where KL is above the target, down where it is below, at most 20 % of n / horizon.

    arXiv 1909.08593 section 2.2; kl and target in nats per completion. A target of 0 leaves the coefficient as it is.
    """
    if target == 0:
        return coefficient
    error = min(max(kl / target - 1.0, -MAX_KL_ERROR), MAX_KL_ERROR)
    return coefficient * (1.0 + error * num_episodes / horizon)


class Watch:
    """Remembers the last updates of a run and says, once for each reason, that something is wrong."""

    def __init__(self, dtype: str) -> None:
        self._gap_limit = SAMPLER_GAP_LIMIT[dtype]
        self.history: list[dict[str, float]] = []
        self.raised: list[str] = []

    def state(self) -> dict[str, Any]:
        """What `resume` needs."""
        return {"history": self.history, "raised": self.raised}

    def resume(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` returned."""
        self.history, self.raised = list(state["history"]), list(state["raised"])

    def look(self, metrics: dict[str, float]) -> list[str]:
        """The alarms that this update's metrics raise for the first time, as sentences."""
        names = ("kl", "kl_error", "entropy", "length", "sampler_gap", "eos_share")
        self.history = [*self.history, {name: metrics[name] for name in names}]
        if len(self.history) > WINDOW + 1:
            del self.history[1]  # the first update stays: it is what the others are compared with
        found = {
            name: text
            for name, text in (
                ("sampler gap", self._sampler_gap()),
                ("negative KL", self._negative_kl()),
                ("entropy collapse", self._entropy()),
                ("length slope", self._length()),
                ("missing EOS", self._missing_eos()),
            )
            if text and name not in self.raised
        }
        self.raised += list(found)
        return [f"alarm, {name}: {text}" for name, text in found.items()]

    def _sampler_gap(self) -> str:
        gap = self.history[-1]["sampler_gap"]
        if gap <= self._gap_limit:
            return ""
        return f"sampler and trainer differ by {gap:.2e} per token (limit {self._gap_limit:g}); ratios are not to be trusted"

    def _negative_kl(self) -> str:
        last = self.history[-NUM_NEGATIVE:]
        if len(last) < NUM_NEGATIVE or not all(row["kl"] < -2 * row["kl_error"] for row in last):
            return ""
        return (
            f"below 0 by more than two standard errors for {NUM_NEGATIVE} updates, now {last[-1]['kl']:.3f}; the completions are "
            "not drawn from the policy that is trained (another temperature, top-p, padding or positions)"
        )

    def _entropy(self) -> str:
        first, now = self.history[0]["entropy"], self.history[-1]["entropy"]
        if now >= ENTROPY_SHARE * first:
            return ""
        return f"fell from {first:.3f} to {now:.3f} nats per token; raise kl_coefficient or lower the learning rate"

    def _length(self) -> str:
        lengths = [row["length"] for row in self.history[1:]]
        if len(lengths) < WINDOW:
            return ""
        growth = slope(lengths) / max(self.history[0]["length"], 1.0)
        if growth <= LENGTH_GROWTH:
            return ""
        return f"completions grow by {growth:.1%} of their first length per update; compare the reward with a length baseline"

    def _missing_eos(self) -> str:
        shares = [row.get("eos_share", 1.0) for row in self.history[-NUM_UNENDED:]]  # runs begun earlier kept none
        if len(shares) < NUM_UNENDED or max(shares) >= ENDED_SHARE:
            return ""
        return (
            f"less than {ENDED_SHARE:.0%} of the completions ended by themselves in {NUM_UNENDED} updates, and the others get "
            "missing_eos_score whatever they say; raise max_new_tokens, or train the policy longer on demonstrations before"
        )


def slope(values: list[float]) -> float:
    """Least-squares rise per step. Example: [1, 3, 5] -> 2."""
    middle = (len(values) - 1) / 2
    spread = sum((place - middle) ** 2 for place in range(len(values)))
    return sum((place - middle) * value for place, value in enumerate(values)) / spread
