"""The bundled domain: a person asks for a short note, the assistant writes it.

Everything is drawn from a seed, so two runs make the same text. Requests are divided by their meaning (a hash of name, thing,
tone, purpose and length): a quarter may appear in pretraining text, a quarter in demonstrations, half as prompts, so no prompt is
ever seen in an earlier stage, whatever its wording. Writing quality is a number: the chance that a note satisfies each attribute
of demo/judge.py. Nothing here knows the judge or any trainer.
"""

import hashlib
import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from demo import words

DEMONSTRATION_QUALITY = 0.62
PRETRAINING_QUALITY = {
    "name": 0.9,
    "item": 0.9,
    "tone": 0.65,
    "count": 0.65,
    "reason": 0.25,
    "close": 0.25,
    "fresh": 0.4,
}
# Requests and replies begin a line, as they do in a chat: after a space the same word would be another token.
REQUEST_FORMATS = (
    ("Request:\n", "\nReply:\n"),
    ("Question\n", "\nAnswer\n"),
    ("Somebody asked:\n", "\nThe note to {name} about the {item} said:\n"),
)


class Brief(NamedTuple):
    """What one request demands."""

    name: str
    item: str
    tone: str
    purpose: str
    sentences: str

    @property
    def share(self) -> str:
        """Where a request with these demands may appear: pretraining, demonstrations or prompts."""
        digit = hashlib.sha256(" ".join(self).encode()).digest()[0] % 4
        return ("prompts", "prompts", "demonstrations", "pretraining")[digit]


def pretraining_texts(seed: int, n: int = 14_000) -> Iterator[dict[str, Any]]:
    """Yield n `text` records: pages of requests with replies of varied quality, diaries and small stories."""
    rng = random.Random(f"pretraining {seed}")
    for number in range(n):
        kind = rng.random()
        if kind < 0.8:
            text, title = _correspondence(rng), "Correspondence"
        elif kind < 0.84:
            text, title = _roll_call(rng), "Roll call"
        elif kind < 0.88:
            text, title = _ledger(rng), "Ledger"
        elif kind < 0.96:
            text, title = _story(rng), "Story"
        else:
            text, title = _diary(rng), "Diary"
        yield {"text": text, "title": f"{title} {number}"}


def prompts(seed: int, n: int) -> list[dict[str, Any]]:
    """Return n `prompt` records with distinct demands; the platform divides them into train, validation and test."""
    rng = random.Random(f"prompts {seed}")
    briefs = [brief for brief in _all_briefs() if brief.share == "prompts"]
    if n > len(briefs):
        raise ValueError(f"expected at most {len(briefs)} prompts, got n={n}; ask for fewer")
    records = []
    for number, brief in enumerate(rng.sample(briefs, n)):
        messages = [{"role": "user", "content": request_text(rng, brief)}]
        records.append({"prompt_id": f"note-{seed}-{number:05d}", "prompt": messages})
    return records


def demonstrations(seed: int, n: int, quality: float = DEMONSTRATION_QUALITY) -> list[dict[str, Any]]:
    """Return n `demonstration` records by writers who satisfy each attribute only with chance `quality`."""
    rng = random.Random(f"demonstrations {seed}")
    records = []
    for number in range(n):
        brief = _draw_brief(rng, "demonstrations")
        messages = [
            {"role": "user", "content": request_text(rng, brief)},
            {"role": "assistant", "content": note_text(rng, brief, quality), "weight": 1},
        ]
        records.append({"id": f"demonstration-{seed}-{number:05d}", "messages": messages})
    return records


def few_shot_prompt(prompt_messages: list[dict[str, Any]], seed: int = 0, shots: int = 2) -> str:
    """Return plain text that asks a base model, which knows no chat template, for the same note."""
    rng = random.Random(f"few-shot {seed}")
    before, after = REQUEST_FORMATS[0]
    parts = []
    for _ in range(shots):
        brief = _draw_brief(rng, "demonstrations")
        parts.append(f"{before}{request_text(rng, brief)}{after}{note_text(rng, brief, DEMONSTRATION_QUALITY)}\n\n")
    return "".join(parts) + f"{before}{prompt_messages[-1]['content']}{after}"


def few_shot_reply(text: str) -> str:
    """Return the note inside a base model's continuation of `few_shot_prompt`: its first line."""
    return text.strip().split("\n", 1)[0].strip()


def request_text(rng: random.Random, brief: Brief) -> str:
    """Return one wording of the request."""
    wanted = brief._asdict() | {"purpose": words.PURPOSE_REQUESTS[brief.purpose]}
    return rng.choice(words.REQUESTS).format(**wanted)


def note_text(rng: random.Random, brief: Brief, quality: float | Mapping[str, float]) -> str:
    """Return a note that satisfies each demand with chance `quality`; what fails is replaced by words of like length.

    The demands are the keys of PRETRAINING_QUALITY; one number stands for all of them.
    """
    hits = {
        demand: rng.random() < (quality if isinstance(quality, float) else quality[demand])
        for demand in PRETRAINING_QUALITY
    }
    item = f"the {brief.item}" if hits["item"] else _wrong_item(rng)
    name = brief.name if hits["name"] else rng.choice(words.STRANGERS)
    sentences = [_opening(rng, brief, hits, name, item)]
    length = {"two": 2, "three": 3}[brief.sentences]
    if not hits["count"]:
        length = 5 - length if rng.random() < 0.85 else 1 + length
    for _ in range(length - 2):
        repeated = len(sentences) > 1 and not hits["fresh"]
        sentences.append(sentences[-1] if repeated else _middle(rng, item))
    endings = words.CLOSES[_tone(rng, brief, hits)] if hits["close"] else words.RAMBLES
    sentences.append(rng.choice(endings).format(name=name))
    return " ".join(sentences)


def _opening(rng: random.Random, brief: Brief, hits: dict[str, bool], name: str, item: str) -> str:
    greeting = rng.choice(words.GREETINGS[_tone(rng, brief, hits)]).format(name=name)
    tone = brief.tone if hits["tone"] else rng.choice((*words.TONES, "plain", "plain"))
    core = rng.choice(words.CORES[brief.purpose][tone]).format(item=item)
    clause = rng.choice(words.REASONS[brief.purpose] if hits["reason"] else words.FILLERS)
    return f"{greeting} {core}{'' if hits['reason'] else ','} {_fill(rng, clause)}."


def _middle(rng: random.Random, item: str) -> str:
    sentence = _fill(rng, rng.choice(words.MIDDLES).replace("{item}", item))
    return sentence[0].upper() + sentence[1:]


def _wrong_item(rng: random.Random) -> str:
    return f"the {rng.choice(words.ITEMS)}" if rng.random() < 0.2 else rng.choice(words.VAGUE_ITEMS)


def _tone(rng: random.Random, brief: Brief, hits: dict[str, bool]) -> str:
    return brief.tone if hits["tone"] else rng.choice(words.TONES)


def _fill(rng: random.Random, text: str) -> str:
    return text.format(day=rng.choice(words.DAYS), place=rng.choice(words.PLACES))


def _all_briefs() -> Iterator[Brief]:
    for demands in itertools.product(words.NAMES, words.ITEMS, words.TONES, words.PURPOSES, words.COUNTS):
        yield Brief(*demands)


def _draw_brief(rng: random.Random, share: str, **fixed: str) -> Brief:
    while True:
        brief = Brief(*(rng.choice(group) for group in _GROUPS))._replace(**fixed)
        if brief.share == share:
            return brief


_GROUPS = (words.NAMES, words.ITEMS, words.TONES, words.PURPOSES, words.COUNTS)


def _correspondence(rng: random.Random) -> str:
    before, after = rng.choice(REQUEST_FORMATS)
    first = _draw_brief(rng, "pretraining")
    pairs = []
    for _ in range(rng.randint(2, 4)):
        brief = _draw_brief(rng, "pretraining", name=first.name, item=first.item)
        header = after.format(name=brief.name, item=brief.item)
        pairs.append(f"{before}{request_text(rng, brief)}{header}{note_text(rng, brief, PRETRAINING_QUALITY)}")
    return "\n\n".join(pairs)


def _story(rng: random.Random) -> str:
    name, friend = rng.sample(words.NAMES, 2)
    item, place, day = rng.choice(words.ITEMS), rng.choice(words.PLACES), rng.choice(words.DAYS)
    lines = [
        f"On {day} {name} went to the {place} to look for a {item}.",
        f"{name} met {friend} there, and {friend} said that the {item} was at home.",
        f"{friend} was happy to lend {name} the {item}.",
        f"{name} took the {item} back to the {place} and said thank you to {friend}.",
        f"When {friend} saw {name} again, the {item} was as good as new.",
    ]
    kept = sorted(rng.sample(range(1, len(lines)), rng.randint(2, 4)))
    return " ".join([lines[0], *(lines[index] for index in kept)])


def _roll_call(rng: random.Random) -> str:
    """People or things listed, and read out again in the same order."""
    group = rng.choice((words.NAMES, words.ITEMS, words.NAMES + words.ITEMS))
    listed = ", ".join(rng.sample(group, rng.randint(4, 9)))
    first, again = rng.choice(
        (
            ("On the list for {day}: ", "Read out again: "),
            ("The list at the {place}: ", "The same once more: "),
            ("Asked for: ", "Brought: "),
        )
    )
    return f"{_fill(rng, first)}{listed}.\n{again}{listed}."


def _ledger(rng: random.Random) -> str:
    """Who has what, told twice in different order: the shortest lesson in finding a word again."""
    count = rng.randint(2, 4)
    loans = list(zip(rng.sample(words.NAMES, count), rng.sample(words.ITEMS, count), strict=True))
    first = [f"{name} has the {item}." for name, item in loans]
    rng.shuffle(loans)
    second = [f"The {item} is a loan to {name}." for name, item in loans]
    return " ".join(first) + "\n" + " ".join(second)


def _diary(rng: random.Random) -> str:
    lines = []
    for day in words.DAYS[: rng.randint(2, 4)]:
        name, item, place = rng.choice(words.NAMES), rng.choice(words.ITEMS), rng.choice(words.PLACES)
        line = rng.choice(
            (
                "{day}. I gave the {item} to {name}, and {name} gave me a hug. Then I put the {item} away.",
                "{day}. {name} came from the {place} with the {item}. I wish {name} would come again.",
                "{day}. I wrote a note to {name} about the {item}. {name} wrote back because the {item} was lost.",
            )
        )
        lines.append(line.format(day=day, name=name, item=item, place=place))
    return "\n".join(lines)
