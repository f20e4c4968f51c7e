"""The file contract: reads and writes records as JSON lines (.jsonl, .jsonl.gz, .jsonl.xz). Knows nothing of models or tokens.

Rows stream, so a file may be larger than memory. Every row is checked; an error names the file, the line, what was expected
and what came. Standard library only.
"""

import gzip
import json
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from rlhf.types import InputError, Message

Record = dict[str, Any]
ROLES = ("system", "user", "assistant")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
EVENT_KINDS = ("metric", "phase", "log", "checkpoint", "done", "failed")


class RecordError(InputError):
    """A row that breaks the file contract."""


def read_records(paths: Iterable[str | Path], kind: str) -> Iterator[Record]:
    """Yields the checked records of one kind from several files, in order; blank lines are skipped.

    A demonstration comes back with `messages` (each with its weight), a ranking with dense ranks, a prompt with messages.
    """
    if kind not in _CHECKS:
        raise RecordError(f"expected a record kind out of {', '.join(_CHECKS)}, got {kind!r}")
    check = _CHECKS[kind]
    for path in map(Path, paths):
        for number, line in _lines(path):
            try:
                yield check(_object(line))
            except RecordError as error:
                raise RecordError(f"{path}, line {number}: {kind} record: {error}") from None


def write_records(path: str | Path, records: Iterable[Record]) -> int:
    """Writes records to a temporary file beside `path`, then renames it; returns the number of rows."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{os.getpid()}-{path.name}")
    count = 0
    try:
        with _open(temporary, "wt") as file:
            for record in records:
                file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
                count += 1
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def dense_ranks(ranks: Sequence[int]) -> list[int]:
    """Closes the gaps that ties leave: [1, 1, 3] -> [1, 1, 2]."""
    order = {rank: place for place, rank in enumerate(sorted(set(ranks)), start=1)}
    return [order[rank] for rank in ranks]


def check_messages(value: Any, field: str) -> list[Message]:
    """A conversation as a list of messages; a bare string stands for one user message."""
    if isinstance(value, str):
        value = [{"role": "user", "content": value}]
    if not isinstance(value, list) or not value:
        raise RecordError(f"expected {field!r} to be a non-empty list of messages, got {_shown(value)}")
    for place, message in enumerate(value):
        where = f"{field}[{place}]"
        if not isinstance(message, dict):
            raise RecordError(f"expected {where} to be an object with role and content, got {_shown(message)}")
        if message.get("role") not in ROLES:
            raise RecordError(
                f"expected {where}.role to be one of {', '.join(ROLES)}, got {_shown(message.get('role'))}"
            )
        if not isinstance(message.get("content"), str):
            raise RecordError(f"expected {where}.content to be a string, got {_shown(message.get('content'))}")
        if message.get("weight") not in (None, 0, 1):
            raise RecordError(f"expected {where}.weight to be 0 or 1, got {_shown(message['weight'])}")
    return value


def _check_text(row: Record) -> Record:
    _string(row, "text")
    return row


def _check_demonstration(row: Record) -> Record:
    if "messages" not in row and {"prompt", "completion"} <= row.keys():
        answer = {"role": "assistant", "content": _string(row, "completion")}
        row = {**row, "messages": [*check_messages(row["prompt"], "prompt"), answer]}
        for message in row["messages"][:-1]:
            message.setdefault("weight", 0)
        del row["prompt"], row["completion"]
    messages = check_messages(_required(row, "messages"), "messages")
    for message in messages:
        if message.get("weight") is None:
            message["weight"] = int(message["role"] == "assistant")
    if not any(message["weight"] for message in messages):
        raise RecordError("expected at least one message of weight 1 (an assistant message by default), got none")
    return row


def _check_ranking(row: Record) -> Record:
    check = check_messages(_required(row, "prompt"), "prompt")
    completions, ranks = _required(row, "completions"), _required(row, "ranks")
    if not isinstance(completions, list) or len(completions) < 2 or not all(isinstance(c, str) for c in completions):
        raise RecordError(f"expected 'completions' to be a list of at least 2 strings, got {_shown(completions)}")
    if not isinstance(ranks, list) or not all(type(rank) is int and rank >= 1 for rank in ranks):
        raise RecordError(f"expected 'ranks' to be a list of whole numbers from 1 (the best), got {_shown(ranks)}")
    if len(ranks) != len(completions):
        raise RecordError(
            f"expected one rank per completion, got {len(ranks)} ranks for {len(completions)} completions"
        )
    for field in ("weight", "margin"):
        value = row.get(field)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and 0 <= value < float("inf")):
            raise RecordError(f"expected {field!r} to be a number from 0, got {_shown(value)}")
    return {**row, "prompt": check, "ranks": dense_ranks(ranks)}


def _check_prompt(row: Record) -> Record:
    return {**row, "prompt": check_messages(_required(row, "prompt"), "prompt")}


def _check_completion(row: Record) -> Record:
    _string(row, "text")
    for field in ("prompt_id", "token_ids", "logprob", "seed", "temperature", "top_p", "checkpoint"):
        _required(row, field)
    if not isinstance(row["token_ids"], list) or not all(type(token) is int for token in row["token_ids"]):
        raise RecordError(f"expected 'token_ids' to be a list of whole numbers, got {_shown(row['token_ids'])}")
    return row


def _check_event(row: Record) -> Record:
    for field in ("sequence", "time"):
        _required(row, field)
    if row.get("kind") not in EVENT_KINDS:
        raise RecordError(f"expected 'kind' to be one of {', '.join(EVENT_KINDS)}, got {_shown(row.get('kind'))}")
    return row


_CHECKS: dict[str, Callable[[Record], Record]] = {
    "text": _check_text,
    "demonstration": _check_demonstration,
    "ranking": _check_ranking,
    "prompt": _check_prompt,
    "completion": _check_completion,
    "event": _check_event,
}


def _required(row: Record, field: str) -> Any:
    if row.get(field) is None:
        raise RecordError(f"expected a field {field!r}, got the fields {', '.join(map(repr, row)) or 'none'}")
    return row[field]


def _string(row: Record, field: str) -> str:
    value = _required(row, field)
    if not isinstance(value, str):
        raise RecordError(f"expected {field!r} to be a string, got {_shown(value)}")
    return value


def _object(line: str) -> Record:
    try:
        row = json.loads(line)
        if SURROGATE.search(line):
            json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RecordError(
            f"expected text, got half of a surrogate pair (\\ud800 to \\udfff) in {_shown(line.strip())}"
        ) from None
    except (ValueError, RecursionError) as error:  # not only JSONDecodeError: also a number of thousands of digits
        reason = getattr(error, "msg", error)
        raise RecordError(f"expected one JSON object, got {_shown(line.strip())}: {reason}") from None
    if not isinstance(row, dict):
        raise RecordError(f"expected one JSON object, got {_shown(row)}")
    return row


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"{type(value).__name__} {text[:80]!r}" + ("..." if len(text) > 80 else "")


def _open(path: Path, mode: str) -> IO[str]:
    encoding = "utf-8-sig" if mode == "rt" else "utf-8"  # a byte order mark, as some editors leave, is skipped
    if path.name.endswith(".jsonl.gz"):
        return gzip.open(path, mode, encoding=encoding)  # type: ignore[return-value]
    if path.name.endswith(".jsonl.xz"):
        return lzma.open(path, mode, encoding=encoding)  # type: ignore[return-value]
    if path.name.endswith(".jsonl"):
        return path.open(mode, encoding=encoding)
    raise RecordError(f"expected a file ending in .jsonl, .jsonl.gz or .jsonl.xz, got {path}")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with _open(path, "rt") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise RecordError(
            f"{path}, near line {number + 1}: expected UTF-8 text, got byte {error.object[error.start]:#x}"
        ) from None
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise RecordError(f"{path}, after line {number}: expected a whole compressed file, got: {error}") from None
    except OSError as error:
        raise RecordError(f"expected a readable file, got {path}: {error.strerror}") from None
