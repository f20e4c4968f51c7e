"""The request of a view that only people who are signed in reach, and what its address holds."""

from collections.abc import Sequence
from math import isfinite

from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from labeling.accounts.models import User
from labeling.errors import InvalidInput
from labeling.numbers import whole_number


class SignedInRequest(Request):
    """A type for annotations only: IsSignedInWithScope has refused everybody else before the view runs."""

    user: User


def number_given(request: Request, name: str, default: int | None = None) -> int:
    """The whole number under this name in the address, or the default. Raises InvalidInput."""
    text = request.query_params.get(name, "" if default is None else str(default))
    number = whole_number(text)
    if number is None:
        raise InvalidInput(f"Expected {name} to be a whole number from 0, got {text!r}.", {name: "not a whole number"})
    return number


def text_given(request: Request, name: str) -> str:
    """The text under this name in the address, without NUL characters, which nothing stored holds; "" when absent."""
    return request.query_params.get(name, "").replace("\0", "").strip()


def choices_given(request: Request, name: str, choices: Sequence[str]) -> list[str]:
    """The choices under this name in the address, which may be repeated; none when absent. Raises InvalidInput."""
    given = [text for text in request.query_params.getlist(name) if text]
    if unknown := [text for text in given if text not in choices]:
        expected = f"one of {', '.join(choices)}"
        raise InvalidInput(f"Expected {name} to be {expected}, got {unknown[0]!r}.", {name: f"Expected {expected}."})
    return given


def finite(value: float) -> None:
    """A validator: texts such as "NaN" pass every other check of a number."""
    if not isfinite(value):
        raise ValidationError("Expected a finite number.")
