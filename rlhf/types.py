"""Types that cross file borders: the progress callback and the one error class for a user's mistake. Imports no torch."""

from collections.abc import Callable
from typing import Any

Report = Callable[[str, dict[str, Any]], None]
"""Called with a kind and its fields: "metric" {step, ...numbers}, "phase" {name, done, total}, "log" {text}, "checkpoint" {step}."""

Message = dict[str, Any]
"""One turn: {"role": "system"|"user"|"assistant", "content": str} and, in demonstrations, "weight": 0 or 1."""


class InputError(ValueError):
    """The user gave something that cannot be used; the message says what was expected, what came and what to do."""


def ignore_report(kind: str, fields: dict[str, Any]) -> None:
    """A Report for callers that do not listen."""
