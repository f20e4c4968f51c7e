"""What may be sent as an answer, checked against what was asked. Pure: no database, no HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import DomainError

MESSAGE_ROLES = ["system", "user", "assistant"]
MAX_TEXT_CHARACTERS = 20_000


class InvalidAnswer(DomainError):
    """The answer does not fit the task."""

    code = "invalid_answer"
    status = 400


@dataclass(frozen=True, kw_only=True)
class SubmittedAnswer:
    """The answer as sent: `text` for a demonstration, the rest for a ranking. Keys are completion ids."""

    text: str = ""
    ranks: Mapping[int, int] = field(default_factory=dict)
    ratings: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    flags: Mapping[int, list[str]] = field(default_factory=dict)
    all_bad: bool = False


def check_demonstration(answer: SubmittedAnswer) -> str:
    """The text to store. Raises InvalidAnswer when it is empty or too long."""
    text = answer.text.strip()
    if not text:
        raise InvalidAnswer("Write an answer before you submit.", fields={"text": "Expected some text, got none."})
    if len(text) > MAX_TEXT_CHARACTERS:
        message = f"Expected at most {MAX_TEXT_CHARACTERS} characters, got {len(text)}."
        raise InvalidAnswer("The answer is too long.", fields={"text": message})
    return text


def check_ranking(answer: SubmittedAnswer, shown: list[int], schema: Mapping[str, Any]) -> dict[int, int]:
    """The dense ranks (1, 1, 2) of the completions shown. Raises InvalidAnswer unless they cover exactly those."""
    errors: dict[str, str] = {}
    if set(answer.ranks) != set(shown):
        errors["ranks"] = f"Expected one rank for each of the completions {sorted(shown)}, got {sorted(answer.ranks)}."
    elif min(answer.ranks.values()) < 1:
        errors["ranks"] = f"Expected ranks from 1 (the best), got {min(answer.ranks.values())}."
    _check_ratings(answer, set(shown), schema, errors)
    _check_flags(answer, set(shown), schema, errors)
    if errors:
        raise InvalidAnswer("The ranking does not fit the task; see the fields.", fields=errors)
    order = {rank: place for place, rank in enumerate(sorted(set(answer.ranks.values())), start=1)}
    return {completion: order[rank] for completion, rank in answer.ranks.items()}


def _check_ratings(answer: SubmittedAnswer, shown: set[int], schema: Mapping[str, Any], errors: dict[str, str]) -> None:
    axes = {axis["key"]: axis for axis in schema.get("axes", [])}
    for completion, ratings in answer.ratings.items():
        if completion not in shown:
            errors.setdefault("ratings", f"Completion {completion} was not shown.")
        for key, value in ratings.items():
            axis = axes.get(key)
            if axis is None:
                errors.setdefault("ratings", f"Expected one of the axes {sorted(axes)}, got {key!r}.")
            elif not axis["minimum"] <= value <= axis["maximum"]:
                expected = f"{axis['minimum']} to {axis['maximum']}"
                errors.setdefault("ratings", f"Expected {key} from {expected}, got {value}.")


def _check_flags(answer: SubmittedAnswer, shown: set[int], schema: Mapping[str, Any], errors: dict[str, str]) -> None:
    known = {flag["key"] for flag in schema.get("flags", [])}
    for completion, flags in answer.flags.items():
        if completion not in shown:
            errors.setdefault("flags", f"Completion {completion} was not shown.")
        for key in flags:
            if key not in known:
                errors.setdefault("flags", f"Expected one of the flags {sorted(known)}, got {key!r}.")
