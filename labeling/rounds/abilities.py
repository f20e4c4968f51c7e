"""What a task asks of the person who does it: a language to read, and an expertise. Pure: a key that a claim compares by equality.

A language is a code such as de or pt-br, an expertise a tag that the project chooses, such as medicine. The key of both is
"de+medicine"; of one, "de" or "+medicine"; of neither, "". A language is met by the same code alone: de-at does not meet de.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from labeling.errors import InvalidInput

LANGUAGE = re.compile(r"^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$")
EXPERTISE = re.compile(r"^[a-z][a-z0-9_]{0,31}$")
MAX_ABILITIES = 30


def language_check(text: str) -> str:
    """The code in small letters, or "" for none. Raises InvalidInput."""
    return _check(text, LANGUAGE, "language", "a language code such as en or pt-br")


def expertise_check(text: str) -> str:
    """The tag in small letters, or "" for none. Raises InvalidInput."""
    return _check(text, EXPERTISE, "expertise", "one tag of small letters, digits and underscores, at most 32")


def abilities_check(languages: Iterable[str], expertise: Iterable[str]) -> tuple[list[str], list[str]]:
    """Both lists in order, each entry once. Raises InvalidInput."""
    checked = (
        sorted({code for text in languages if (code := language_check(text))}),
        sorted({tag for text in expertise if (tag := expertise_check(text))}),
    )
    for name, found in zip(("languages", "expertise"), checked, strict=True):
        if len(found) > MAX_ABILITIES:
            message = f"Expected at most {MAX_ABILITIES} {name} for one person, got {len(found)}."
            raise InvalidInput(message, {name: message})
    return checked


def needs_key(language: str, expertise: str) -> str:
    """What a Place keeps of what its task asks for."""
    return f"{language}+{expertise}" if expertise else language


def needs_split(key: str) -> tuple[str, str]:
    """The language and the expertise in a key."""
    language, _, expertise = key.partition("+")
    return language, expertise


def keys_met(languages: Iterable[str], expertise: Iterable[str]) -> set[str]:
    """Every key that a person with these abilities meets."""
    tags = ["", *expertise]
    return {needs_key(language, tag) for language in ("", *languages) for tag in tags}


def needs_of(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """The language and expertise that a prompt's metadata asks for; what is no code or tag, of an older import, asks for nothing."""
    found = []
    for name, pattern in (("language", LANGUAGE), ("expertise", EXPERTISE)):
        text = str(metadata.get(name) or "").strip().lower()
        found.append(text if pattern.match(text) else "")
    return found[0], found[1]


def _check(text: str, pattern: re.Pattern[str], name: str, expected: str) -> str:
    text = text.strip().lower()
    if text and not pattern.match(text):
        message = f"Expected {expected}, got {text[:60]!r}."
        raise InvalidInput(message, {name: message})
    return text
