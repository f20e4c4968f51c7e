"""Types that cross file borders: the progress callback and the errors whose message is all a person needs. Imports no torch."""

from collections.abc import Callable
from typing import Any

Report = Callable[[str, dict[str, Any]], None]
"""Called with a kind and its fields: "metric" {step, ...numbers}, "phase" {name, done, total}, "log" {text}, "checkpoint" {step}."""

Message = dict[str, Any]
"""One turn: {"role": "system"|"user"|"assistant", "content": str} and, in demonstrations, "weight": 0 or 1."""


class InputError(ValueError):
    """The user gave something that cannot be used; the message says what was expected, what came and what to do."""


class StepZeroError(RuntimeError):
    """Before its first step the policy differs from itself or from its reference: the numbers of the run would be wrong."""


class DivergedError(RuntimeError):
    """A number of the training became infinite or not a number; what was saved before is whole."""


def ignore_report(kind: str, fields: dict[str, Any]) -> None:
    """A Report for callers that do not listen."""
