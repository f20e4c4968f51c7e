"""Numbers that people and programs write as text."""

MAX_DIGITS = 18
MAX_NUMBER = 10**MAX_DIGITS - 1  # fits into PostgreSQL's bigint


def whole_number(text: str) -> int | None:
    """The number that these plain digits write; None for anything else (a superscript two is a digit, and no number)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
