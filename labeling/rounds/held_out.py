"""Keeps test prompts out of the texts for pretraining, whichever of the two is imported first.

The rule: no text may hold the last message of a test prompt of the project, word for word. Case, spacing, punctuation and Unicode
form are ignored. A message of fewer than eight words says too little to be looked for inside a text; a text is refused only when it
is that message and nothing else.
"""

import gzip
import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings

from labeling.rounds.models import Corpus, Project, Prompt
from labeling.store import store_open

MIN_WORDS = 8
WORD = re.compile(r"\w+")


class HeldOut:
    """Messages that no text may hold, each known by its first eight words and a hash of all of them."""

    def __init__(self, messages: Iterable[tuple[str, str]]) -> None:
        """`messages` are pairs of a name and a text."""
        self._first: set[str] = set()
        self._starts: dict[str, list[tuple[int, bytes, str]]] = defaultdict(list)
        self._short: dict[str, str] = {}
        for name, text in messages:
            words = words_of(text)
            if len(words) < MIN_WORDS:
                self._short[" ".join(words)] = name
            else:
                self._first.add(words[0])
                self._starts[" ".join(words[:MIN_WORDS])].append((len(words), digest_of(words), name))

    def found_in(self, text: str) -> str:
        """The name of a message that the text holds; "" when it holds none."""
        words = words_of(text)
        if len(words) < MIN_WORDS:
            return self._short.get(" ".join(words), "") if words else ""
        for at, word in enumerate(words):
            if word not in self._first:
                continue
            for length, digest, name in self._starts.get(" ".join(words[at : at + MIN_WORDS]), ()):
                if digest_of(words[at : at + length]) == digest:
                    return name
        return ""


def words_of(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def digest_of(words: Sequence[str]) -> bytes:
    return hashlib.sha256(" ".join(words).encode()).digest()


def asked_in(messages: Sequence[dict[str, Any]]) -> str:
    """What a prompt asks: its last message."""
    return str(messages[-1]["content"]) if messages else ""


def held_out_of(project: Project, after: int = 0) -> tuple[HeldOut, int]:
    """The project's test prompts added after this id, and the newest id there is."""
    newest = Prompt.objects.filter(project=project).order_by("-pk").values_list("pk", flat=True).first() or after
    rows = Prompt.objects.filter(
        project=project, split=Prompt.Split.TEST, redacted_at=None, pk__gt=after, pk__lte=newest
    ).values_list("external_id", "messages")
    return HeldOut((name, asked_in(messages)) for name, messages in rows.iterator()), newest


def corpora_holding(project: Project, messages: Iterable[tuple[str, str]]) -> dict[str, str]:
    """{name of a message: name of a corpus of the project that holds it}. Reads every corpus once."""
    held_out = HeldOut(messages)
    found: dict[str, str] = {}
    for corpus in Corpus.objects.filter(project=project).order_by("pk"):
        for text in texts_of(corpus.uri):
            if name := held_out.found_in(text):
                found.setdefault(name, corpus.name)
    return found


def texts_of(uri: str) -> Iterator[str]:
    """The texts of a stored corpus, one after the other."""
    store = store_open(settings.STORAGE_URL)
    with store.open_read(store.name(uri)) as raw, gzip.open(raw, "rb") as lines:
        for line in lines:
            yield json.loads(line)["text"]
