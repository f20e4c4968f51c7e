"""Reports of a trainer as progress bars on a terminal."""

import sys
from typing import Any

from rlhf.types import Report


class ProgressBars:
    """Shows reports on stderr: one bar per phase with the time left, the latest numbers beside it, logs above it."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._new_bar = tqdm
        self._bar: Any = None
        self._name = ""

    def __enter__(self) -> "ProgressBars":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    @property
    def report(self) -> Report:
        """The callback to hand to a trainer."""
        return self._report

    def _report(self, kind: str, values: dict[str, Any]) -> None:
        if kind == "phase":
            if self._bar is None or self._name != values["name"]:
                self.__exit__()
                self._name = values["name"]
                # What was done before this first report took an unknown time: it counts neither for the rate nor for the time left.
                limits = {"initial": values["done"], "total": values["total"]}
                self._bar = self._new_bar(desc=self._name, **limits, file=sys.stderr, dynamic_ncols=True)
            self._bar.total = values["total"]
            self._bar.update(values["done"] - self._bar.n)
        elif kind == "metric" and self._bar is not None:
            shown = {
                name: f"{value:.3g}"
                for name, value in values.items()
                if name not in ("step", "seconds") and value is not None
            }
            self._bar.set_postfix(shown, refresh=False)
        elif kind == "log":
            self._new_bar.write(str(values["text"]), file=sys.stderr)
