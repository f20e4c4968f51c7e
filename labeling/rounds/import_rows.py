"""Reads rows of an uploaded file one by one and checks them. Knows the file contract; knows no database."""

import csv
import gzip
import hashlib
import io
import json
import lzma
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, cast

from labeling.errors import InvalidInput
from labeling.numbers import whole_number
from labeling.rounds.abilities import expertise_check, language_check
from labeling.rounds.splits import normalised

ROLES = ("system", "user", "assistant")
MAX_LINE_BYTES = 8 * 2**20
MAX_COMPLETIONS = 32
MAX_DEPTH = 100
csv.field_size_limit(MAX_LINE_BYTES)
BROKEN_FILE = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)


class RowError(Exception):
    """One row is wrong; the field and what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class FileError(Exception):
    """The file cannot be read to its end."""


@dataclass(frozen=True, kw_only=True)
class PromptRow:
    """What every kind of row but a text says about its prompt."""

    external_id: str
    messages: list[dict[str, Any]]
    contributor: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DemonstrationRow:
    prompt: PromptRow
    messages: list[dict[str, Any]]
    labeler: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RankingRow:
    prompt: PromptRow
    completions: list[str]
    ranks: list[int]
    ratings: list[dict[str, Any]]
    flags: list[list[str]]
    all_bad: bool
    margin: float | None
    labeler: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class TextRow:
    text: str
    title: str


Row = PromptRow | DemonstrationRow | RankingRow | TextRow


def rows_read(raw: IO[bytes], name: str, kind: str) -> Iterator[tuple[int, Row | RowError]]:
    """Every row with its line number, as a checked row or as the error that it holds. Raises FileError."""
    try:
        stream = plain(raw, name)
        for line, value in csv_rows(stream) if ".csv" in name.lower() else json_rows(stream):
            try:
                if isinstance(value, RowError):
                    raise value
                yield line, CHECKS[kind](value)
            except RowError as error:
                yield line, error
    except BROKEN_FILE as error:
        raise FileError(f"Expected a whole compressed file, got: {error}. Upload it again.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"Expected a CSV file in UTF-8, got: {error}.") from error


def plain(raw: IO[bytes], name: str) -> IO[bytes]:
    if name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(raw, "rb"))
    if name.lower().endswith(".xz"):
        return lzma.open(raw, "rb")
    return raw


def json_rows(stream: IO[bytes]) -> Iterator[tuple[int, Any]]:
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise FileError(f"Line {number}: expected at most {MAX_LINE_BYTES:,} bytes in a line, got more.")
        if not line.strip():
            continue
        try:
            yield number, json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            yield (
                number,
                RowError("", "Expected text in UTF-8, got other bytes. Save the file as JSON lines or CSV in UTF-8."),
            )
        except (ValueError, RecursionError) as error:
            why = f"{error.msg}, character {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
            got = line.decode("utf-8").strip()[:60]
            yield number, RowError("", f"Expected one JSON object, got {got!r}: {why}.")


def csv_rows(stream: IO[bytes]) -> Iterator[tuple[int, Any]]:
    """CSV with a header line; completion_1.., rank_1.. become lists, and empty cells are left out."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    reader = csv.DictReader(text)
    try:
        for cells in reader:
            yield reader.line_num, csv_row(cells, reader.fieldnames or [])
    finally:
        text.detach()  # the file belongs to the caller: a forgotten wrapper would close it


def csv_row(cells: dict[str | Any, Any], names: Sequence[str]) -> dict[str, Any] | RowError:
    if None in cells:
        return RowError("", f"Expected {len(names)} cells, got more.")
    row: dict[str, Any] = {key: value for key, value in cells.items() if value}
    if "completion_1" in row:
        numbers = [n for n in range(1, MAX_COMPLETIONS + 1) if f"completion_{n}" in row]
        row["completions"] = [row.pop(f"completion_{n}") for n in numbers]
        row["ranks"] = [whole(row.pop(f"rank_{n}", ""), f"rank_{n}") for n in numbers]
    return row


def whole(text: str, where: str) -> Any:
    number = whole_number(text)
    return number if number is not None and len(text) < 6 else text or where


def prompt_check(row: Any) -> PromptRow:
    row = object_check(row)
    return prompt_of(row, messages_check(required(row, "prompt"), "prompt"))


def prompt_of(row: dict[str, Any], messages: list[dict[str, Any]]) -> PromptRow:
    """The prompt of a row; without an id it is known by the hash of its normalised text."""
    stripped = [{"role": message["role"], "content": message["content"]} for message in messages]
    digest = hashlib.sha256(normalised(stripped).encode()).hexdigest()
    given = row.get("prompt_id")
    metadata = row.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise RowError("metadata", f"Expected an object, got {shown(metadata)}.")
    metadata = {**metadata, **needs_check(row, metadata)}
    return PromptRow(
        external_id=name_check(str(given) if type(given) is int else given, "prompt_id") or f"sha256:{digest[:40]}",
        messages=stripped,
        contributor=name_check(row.get("contributor"), "contributor"),
        metadata=metadata,
    )


def needs_check(row: dict[str, Any], metadata: dict[str, Any]) -> dict[str, str]:
    """The language and the expertise that the row asks for, in columns of their own or in its metadata; those that it names."""
    found = {}
    for name, check in (("language", language_check), ("expertise", expertise_check)):
        value = row.get(name) or metadata.get(name)
        if value:
            try:
                found[name] = check(text_check(value, name))
            except InvalidInput as error:
                raise RowError(name, error.message) from error
    return found


def demonstration_check(row: Any) -> DemonstrationRow:
    row = object_check(row)
    if "messages" in row:
        messages = messages_check(row["messages"], "messages")
    else:
        answer = {"role": "assistant", "content": text_check(required(row, "completion"), "completion"), "weight": 1}
        asked = messages_check(required(row, "prompt"), "prompt")
        messages = [*({**message, "weight": 0} for message in asked), answer]
    if len(messages) < 2 or messages[-1]["role"] != "assistant":
        raise RowError("messages", "Expected a conversation that ends with an answer of the assistant.")
    weighted = [
        {**message, "weight": message.get("weight", int(message["role"] == "assistant"))} for message in messages
    ]
    if not any(message["weight"] for message in weighted):
        raise RowError("messages", "Expected at least one message of weight 1, got none.")
    return DemonstrationRow(
        prompt=prompt_of(row, messages[:-1]),
        messages=weighted,
        labeler=name_check(row.get("labeler"), "labeler"),
        seconds=number_check(row.get("seconds", 0), "seconds"),
    )


def ranking_check(row: Any) -> RankingRow:
    row = object_check(row)
    prompt = prompt_check(row)
    completions, ranks = required(row, "completions"), required(row, "ranks")
    if not isinstance(completions, list) or not 2 <= len(completions) <= MAX_COMPLETIONS:
        raise RowError("completions", f"Expected a list of 2 to {MAX_COMPLETIONS} texts, got {shown(completions)}.")
    for index, completion in enumerate(completions):
        text_check(completion, f"completions.{index}")
    if not isinstance(ranks, list) or not all(type(rank) is int and 1 <= rank <= 1000 for rank in ranks):
        raise RowError("ranks", f"Expected a list of whole numbers from 1 (the best), got {shown(ranks)}.")
    if len(ranks) != len(completions):
        raise RowError("ranks", f"Expected one rank for each of {len(completions)} completions, got {len(ranks)}.")
    ratings, flags = (
        aligned(row, "ratings", dict, len(completions)),
        aligned(row, "flags", list, len(completions)),
    )
    if not all(type(value) is int for given in ratings for value in given.values()):
        raise RowError("ratings", f"Expected a whole number for each axis, got {shown(ratings)}.")
    if not all(isinstance(flag, str) for given in flags for flag in given):
        raise RowError("flags", f"Expected texts as flags, got {shown(flags)}.")
    order = {rank: place for place, rank in enumerate(sorted(set(ranks)), start=1)}
    return RankingRow(
        prompt=prompt,
        completions=completions,
        ranks=[order[rank] for rank in ranks],
        ratings=ratings,
        flags=flags,
        all_bad=row.get("all_bad") is True,
        margin=None if row.get("margin") is None else number_check(row["margin"], "margin"),
        labeler=name_check(row.get("labeler"), "labeler"),
        seconds=number_check(row.get("seconds", 0), "seconds"),
    )


def aligned(row: dict[str, Any], name: str, kind: type, length: int) -> list[Any]:
    """An optional list with one dict or list for each completion."""
    values = row.get(name)
    if values is None:
        return [kind() for _ in range(length)]
    if not isinstance(values, list) or len(values) != length or not all(isinstance(value, kind) for value in values):
        raise RowError(
            name, f"Expected a list with one {kind.__name__} for each of {length} completions, got {shown(values)}."
        )
    return values


def text_row_check(row: Any) -> TextRow:
    row = object_check(row)
    text = text_check(required(row, "text"), "text")
    if not text.strip():
        raise RowError("text", "Expected some text, got only blanks.")
    return TextRow(text=text, title=name_check(row.get("title"), "title", limit=1000))


CHECKS: dict[str, Callable[[Any], Row]] = {
    "prompts": prompt_check,
    "demonstrations": demonstration_check,
    "rankings": ranking_check,
    "texts": text_row_check,
}


def object_check(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise RowError("", f"Expected an object, got {shown(row)}.")
    storable_check(row, "")
    return row


def storable_check(value: Any, name: str, depth: int = 0) -> None:
    """Everything in a row is something that PostgreSQL can hold: no NUL, no half of a surrogate pair, no infinity, no endless nest."""
    if depth > MAX_DEPTH:
        raise RowError("", f"Expected values inside values at most {MAX_DEPTH} deep, got more.")
    if isinstance(value, str):
        text_check(value, name)
    elif isinstance(value, float) and not math.isfinite(value):
        raise RowError(name, "Expected a finite number.")
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            text_check(str(key), name)
            storable_check(item, f"{name}.{key}".strip("."), depth + 1)


def required(row: dict[str, Any], name: str) -> Any:
    if row.get(name) is None:
        raise RowError(
            name, f"Expected a field {name!r} that is not empty, got only {', '.join(map(repr, row)) or 'none'}."
        )
    return row[name]


def messages_check(value: Any, name: str) -> list[dict[str, Any]]:
    """A conversation: a list of messages, or a text, which stands for one message of the user."""
    if isinstance(value, str):
        value = [{"role": "user", "content": value}]
    if not isinstance(value, list) or not value:
        raise RowError(name, f"Expected a text or a list of messages, got {shown(value)}.")
    for index, message in enumerate(value):
        where = f"{name}.{index}"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise RowError(where, f"Expected a message with a role of {', '.join(ROLES)}, got {shown(message)}.")
        if not isinstance(message.get("content"), str) or not message["content"].strip():
            raise RowError(where, f"Expected a content that is a text, got {shown(message.get('content'))}.")
        if message.get("weight", 1) not in (0, 1):
            raise RowError(where, f"Expected a weight of 0 or 1, got {shown(message['weight'])}.")
    return value


def text_check(value: Any, name: str) -> str:
    """A text that PostgreSQL can hold: no NUL character, no half of a surrogate pair."""
    if not isinstance(value, str):
        raise RowError(name, f"Expected a text, got {shown(value)}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise RowError(name, "Expected text without halves of surrogate pairs; remove them.") from error
    if "\0" in value:
        raise RowError(name, "Expected text without NUL characters; remove them.")
    return value


def name_check(value: Any, name: str, limit: int = 128) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit:
        raise RowError(name, f"Expected a text of at most {limit} characters, got {shown(value)}.")
    return value


def number_check(value: Any, name: str) -> float:
    if isinstance(value, str) and whole_number(value.replace(".", "", 1)) is not None:
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise RowError(name, f"Expected a number of 0 or more, got {shown(value)}.")
    return float(value)


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text[:80] + ("..." if len(text) > 80 else "")
