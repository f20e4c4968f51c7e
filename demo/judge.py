"""The gold judge: deterministic code that scores a note against the demands of its request. No trainer ever sees it.

It reads only the request's and the note's words, so it judges a person's note, a model's or nonsense alike. Each attribute lies in
0..1. The demands of the request (thing, addressee, tone, purpose, number of sentences) weigh 0.60, a reason and a polite close
0.40; repetition, words beyond the asked length and broken English cost extra, so neither length nor stock phrases win.
"""

import functools
import itertools
import random
import re
from typing import Any

from demo import domain, words

WEIGHTS = {
    "item": 0.10,
    "addressee": 0.11,
    "tone": 0.22,
    "purpose": 0.05,
    "sentences": 0.12,
    "reason": 0.20,
    "close": 0.20,
}
PENALTIES = {"repetition": 0.2, "wordy": 0.3, "broken": 0.5}
WORDS_PER_SENTENCE = 13
_KNOWN_NOTES = 4000


def gold(prompt_messages: list[dict[str, Any]], completion: str) -> float:
    """Return the judge's score: 1.0 is a perfect note, 0 a note that does nothing asked; penalties can take it below."""
    found = attributes(prompt_messages, completion)
    merits = sum(weight * found[name] for name, weight in WEIGHTS.items())
    return merits - sum(weight * found[name] for name, weight in PENALTIES.items())


def attributes(prompt_messages: list[dict[str, Any]], completion: str) -> dict[str, float]:
    """Return each attribute of the note in 0..1; of `repetition`, `wordy` and `broken`, 0 is best."""
    brief = read_brief(prompt_messages)
    tokens = re.findall(r"[a-z']+", completion.lower())
    sentences = [part.strip() for part in re.findall(r"[^.!?]+[.!?]", completion)]
    asked = {"two": 2, "three": 3}[brief.sentences]
    things = {token for token in tokens if token in _ITEM_SET}
    return {
        "item": _share(brief.item in things, len(things - {brief.item})),
        "addressee": float(brief.name.lower() in tokens[:4]),
        "tone": _tone(brief.tone, tokens),
        "purpose": float(words.PURPOSE_MARKS[brief.purpose] in " ".join(tokens)),
        "sentences": float(len(sentences) == asked and completion.rstrip().endswith((".", "!", "?"))),
        "reason": float(_gives_reason(tokens)),
        "close": float(bool(sentences) and any(mark in sentences[-1].lower() for mark in words.CLOSE_MARKS)),
        "repetition": _repetition(tokens),
        "wordy": min(1.0, max(0, len(tokens) - WORDS_PER_SENTENCE * asked) / 10),
        "broken": _broken(tokens, sentences),
    }


def read_brief(prompt_messages: list[dict[str, Any]]) -> domain.Brief:
    """Return what the last user message demands; raise ValueError when it is not a request of this domain."""
    request = next(message["content"] for message in reversed(prompt_messages) if message["role"] == "user")
    tokens = re.findall(r"[A-Za-z]+", request)
    purpose = next((key for key, phrase in words.PURPOSE_REQUESTS.items() if phrase in request), None)
    found = [
        next((token for token in tokens if token in group), None)
        for group in (words.NAMES, words.ITEMS, words.TONES, words.COUNTS)
    ]
    if purpose is None or None in found:
        raise ValueError(
            f"expected a request that names a person, a thing, a tone, a purpose and a length, got {request!r}"
        )
    name, item, tone, count = found
    return domain.Brief(str(name), str(item), str(tone), purpose, str(count))


_ITEM_SET = frozenset(words.ITEMS)


def _share(is_named: bool, num_others: int) -> float:
    return 1.0 / (1 + num_others) if is_named else 0.0


def _tone(tone: str, tokens: list[str]) -> float:
    """Marks of the tone asked for among all marks; one mark alone is worth a half, two or more are worth their share."""
    own = sum(token in words.TONE_MARKS[tone] for token in tokens)
    other = sum(token in marks for key, marks in words.TONE_MARKS.items() if key != tone for token in tokens)
    return min(1.0, own / 2) * own / (own + other) if own else 0.0


def _gives_reason(tokens: list[str]) -> bool:
    """Whether "because" or "since" is followed by a clause of at least three words."""
    return any(token in ("because", "since") and len(tokens) - index > 3 for index, token in enumerate(tokens))


def _repetition(tokens: list[str]) -> float:
    """Share of the note's runs of three words that came before, times three, at most 1."""
    runs = list(zip(tokens, tokens[1:], tokens[2:], strict=False))
    return min(1.0, 3 * (1 - len(set(runs)) / len(runs))) if runs else 0.0


def _broken(tokens: list[str], sentences: list[str]) -> float:
    """How far the note is from English of this domain: neighbouring words never seen together, small initials."""
    if len(tokens) < 4 or not sentences:
        return 1.0
    kinds = [_kind(token) for token in tokens]
    pairs = list(itertools.pairwise(kinds))
    strange = sum(pair not in _known_pairs() for pair in pairs) / len(pairs)
    uncapitalised = sum(not sentence[0].isupper() for sentence in sentences) / len(sentences)
    return min(1.0, 3 * strange + 0.5 * uncapitalised)


@functools.cache
def _known_pairs() -> frozenset[tuple[str, str]]:
    """Neighbouring words in a large sample of notes, with names, things, places and days by kind."""
    rng = random.Random("known pairs")
    pairs: set[tuple[str, str]] = set()
    for _ in range(_KNOWN_NOTES):
        brief = domain.Brief(
            *(rng.choice(group) for group in (words.NAMES, words.ITEMS, words.TONES, words.PURPOSES, words.COUNTS))
        )
        tokens = re.findall(r"[a-z']+", domain.note_text(rng, brief, quality=0.6).lower())
        kinds = [_kind(token) for token in tokens]
        pairs.update(itertools.pairwise(kinds))
    return frozenset(pairs)


_KINDS = {
    word.lower(): kind
    for kind, group in (("NAME", words.NAMES), ("ITEM", words.ITEMS), ("PLACE", words.PLACES), ("DAY", words.DAYS))
    for word in group
}


def _kind(token: str) -> str:
    return _KINDS.get(token, token)
