"""What the answers of every kind have in common, checked against what was asked. Pure: no database, no HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

from labeling.errors import DomainError, FieldError

MESSAGE_ROLES = ["system", "user", "assistant"]
MAX_TEXT_CHARACTERS = 20_000
Errors = dict[str, str]


class InvalidAnswer(DomainError):
    """The answer does not fit the task."""

    code = "invalid_answer"
    status = 400


def text_check(text: str, field: str) -> str:
    """The text without outer blanks. Raises InvalidAnswer when nothing is left, or when it is too long."""
    text = text.strip()
    if not text:
        missing = FieldError("Expected some text, got none.", "text_missing")
        raise InvalidAnswer("Write an answer before you submit.", fields={field: missing})
    if len(text) > MAX_TEXT_CHARACTERS:
        message = f"Expected at most {MAX_TEXT_CHARACTERS:,} characters, got {len(text):,}."
        raise InvalidAnswer("The answer is too long.", fields={field: FieldError(message, "text_too_long")})
    return text


def ranks_check(ranks: Mapping[int, int], shown: Sequence[int], errors: Errors) -> None:
    """Notes an error unless the ranks cover exactly the completions shown, from 1 (the best)."""
    if set(ranks) != set(shown):
        errors["ranks"] = f"Expected one rank for each of the completions {sorted(shown)}, got {sorted(ranks)}."
    elif min(ranks.values()) < 1:
        errors["ranks"] = f"Expected ranks from 1 (the best), got {min(ranks.values())}."


def ranks_dense(ranks: Mapping[int, int]) -> dict[int, int]:
    """The ranks without the gaps that ties leave: 1, 1, 3 becomes 1, 1, 2."""
    order = {rank: place for place, rank in enumerate(sorted(set(ranks.values())), start=1)}
    return {completion: order[rank] for completion, rank in ranks.items()}


def ratings_check(
    ratings: Mapping[int, Mapping[str, int]], shown: Sequence[int], schema: Mapping[str, Any], errors: Errors
) -> None:
    """Notes an error unless each rating is of a completion shown, on an axis of the schema, and within it."""
    axes = {axis["key"]: axis for axis in schema.get("axes", [])}
    for completion, given in ratings.items():
        if completion not in shown:
            errors.setdefault("ratings", f"Completion {completion} was not shown.")
        for key, value in given.items():
            axis = axes.get(key)
            if axis is None:
                errors.setdefault("ratings", f"Expected one of the axes {sorted(axes)}, got {key!r}.")
            elif not axis["minimum"] <= value <= axis["maximum"]:
                expected = f"{axis['minimum']} to {axis['maximum']}"
                errors.setdefault("ratings", f"Expected {key} from {expected}, got {value}.")


def required_ratings_check(
    ratings: Mapping[int, Mapping[str, int]], shown: Sequence[int], schema: Mapping[str, Any], errors: Errors
) -> None:
    """Notes an error unless each completion shown is rated on each axis that the schema requires."""
    for axis in schema.get("axes", []):
        missing = [completion for completion in shown if axis["key"] not in ratings.get(completion, {})]
        if axis.get("is_required") and missing:
            errors.setdefault("ratings", f"Expected a rating of {axis['key']} for each completion, none for {missing}.")


def flags_check(
    flags: Mapping[int, Sequence[str]], shown: Sequence[int], schema: Mapping[str, Any], errors: Errors
) -> None:
    """Notes an error unless each flag is of a completion shown and in the schema."""
    known = {flag["key"] for flag in schema.get("flags", [])}
    for completion, given in flags.items():
        if completion not in shown:
            errors.setdefault("flags", f"Completion {completion} was not shown.")
        for key in given:
            if key not in known:
                errors.setdefault("flags", f"Expected one of the flags {sorted(known)}, got {key!r}.")
