"""Domain errors. Each class has a stable `code` and an HTTP status; labeling/api_errors.py turns them into one JSON shape."""

from collections.abc import Iterable
from typing import Self

from django.core.exceptions import ValidationError


class FieldError(str):
    """What is wrong with one field; `code` is stable, so that a page can say it in its own language."""

    code: str

    def __new__(cls, message: str, code: str) -> Self:
        error = super().__new__(cls, message)
        error.code = code
        return error

    @classmethod
    def of(cls, errors: Iterable[ValidationError], prefix: str = "") -> Self:
        """All messages of Django's validators, under the code of the first."""
        found = list(errors)
        return cls(" ".join(text for error in found for text in error.messages), f"{prefix}{found[0].code}")


class DomainError(Exception):
    """Something a caller asked for cannot be done. The message says what was expected, what came and what to do."""

    code = "invalid"
    status = 400

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}


class InvalidInput(DomainError):
    """The request is well formed but its content is not acceptable; `fields` names what to mend."""


class NotFound(DomainError):
    """No such object, or none that this person may see."""

    code = "not_found"
    status = 404


class Forbidden(DomainError):
    """The object is visible to this person but their roles do not allow the action."""

    code = "forbidden"
    status = 403


class Conflict(DomainError):
    """The object is not in a state that allows the action."""

    code = "conflict"
    status = 409


class Throttled(DomainError):
    """Too many attempts; wait before the next one."""

    code = "throttled"
    status = 429


class Unavailable(DomainError):
    """A service that the action needs does not answer now; trying again later may work."""

    code = "unavailable"
    status = 503
