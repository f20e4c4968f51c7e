"""Where a training loop stands: steps, wall time over all attempts, what is due, and the reports about it.

The three loops own their order of events; this object only counts and reports. Knows nothing of models.
"""

import math
import time
from collections.abc import Callable
from typing import Any

from rlhf.types import DivergedError, Report


class Progress:
    """Counts a loop limited by steps, by seconds, or by both, whichever ends first."""

    def __init__(
        self,
        name: str,
        report: Report,
        *,
        max_steps: int,
        max_seconds: float,
        checkpoint_every_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if max_steps <= 0 and max_seconds <= 0:
            raise ValueError(
                f"expected a limit of steps or seconds, got max_steps={max_steps}, max_seconds={max_seconds}"
            )
        self.name, self.step = name, 0
        self.is_over = False
        """Whether a limit was reached when the last step ended; the report of that step is the last one."""
        self._report, self._now = report, now
        self._max_steps, self._max_seconds = max_steps, max_seconds
        self._checkpoint_every_seconds = checkpoint_every_seconds
        self._earlier_seconds = 0.0
        self._started = self._reported_at = self._saved_at = now()
        self._sums: dict[str, float] = {}
        self._steps_since_report = self._tokens_since_report = 0

    @property
    def seconds(self) -> float:
        """Time in the loop, earlier attempts included."""
        return self._earlier_seconds + self._now() - self._started

    @property
    def fraction(self) -> float:
        """From 0 to 1: the larger of the share of the steps and the share of the time."""
        by_steps = self.step / self._max_steps if self._max_steps > 0 else 0.0
        by_time = self.seconds / self._max_seconds if self._max_seconds > 0 else 0.0
        return min(1.0, max(by_steps, by_time))

    @property
    def is_checkpoint_due(self) -> bool:
        """Whether the training state is older than it may be."""
        return self._now() - self._saved_at >= self._checkpoint_every_seconds

    def resume(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` returned in an earlier attempt."""
        self.step, self._earlier_seconds = int(state["step"]), float(state["seconds"])
        self.is_over = self.fraction >= 1.0
        self._report("log", {"text": f"{self.name}: goes on from step {self.step}"})

    def state(self) -> dict[str, Any]:
        """What `resume` needs."""
        return {"step": self.step, "seconds": self.seconds}

    def saved(self) -> None:
        """The training state has just been written."""
        self._saved_at = self._now()
        self._report("checkpoint", {"step": self.step})

    def advance(self, tokens: int, **values: float) -> None:
        """One step is done, whose values must be finite; about once a second the mean of each value since the last report is reported."""
        self.step += 1
        if wrong := [f"{name} is {value}" for name, value in values.items() if not math.isfinite(value)]:
            raise DivergedError(
                f"{self.name} stopped at step {self.step}: {', '.join(wrong)}. Lower the learning rate, or look for broken "
                "records in the data, and start again in another output folder"
            )
        self._steps_since_report += 1
        self._tokens_since_report += tokens
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self.is_over = self.fraction >= 1.0
        if self._now() - self._reported_at >= 1.0 or self.is_over:
            self.flush()

    def flush(self) -> None:
        """Reports the steps that have not been reported; for a loop that ends before its limit."""
        if self._steps_since_report == 0:
            return
        passed = max(self._now() - self._reported_at, 1e-9)
        means = {name: total / self._steps_since_report for name, total in self._sums.items()}
        rates = {"tokens_per_second": self._tokens_since_report / passed, "seconds": self.seconds}
        self._report("metric", {"step": self.step, **means, **rates})
        total = max(self.step, round(self.step / max(self.fraction, 1e-9)))
        self._report("phase", {"name": self.name, "done": self.step, "total": total})
        self._reported_at = self._now()
        self._sums, self._steps_since_report, self._tokens_since_report = {}, 0, 0
