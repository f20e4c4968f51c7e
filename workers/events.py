"""What a run says while it works: numbered immutable event parts, a teed log, one result. Runs beside the trainer.

A part is named after its first sequence number, so a reader that has stored up to n skips every part that begins at or below n.
"""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from workers import store

FLUSH_SECONDS = 1.0


class EventWriter:
    """Takes the trainer's reports and writes them every second. `report` is what rlhf functions take."""

    def __init__(self, attempt_uri: str, first_sequence: int, local_folder: Path) -> None:
        self._attempt_uri = attempt_uri
        self._next = first_sequence
        self._waiting: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        log_uri = store.join(attempt_uri, "log.txt")
        self._log_uri = "" if store.is_local(log_uri) else log_uri
        log_path = local_folder / "log.txt" if self._log_uri else store.local_path(log_uri)
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log_path = log_path
        self._log = log_path.open("a", encoding="utf-8", buffering=1)
        self._thread = threading.Thread(target=self._flush_often, name="events", daemon=True)
        self._thread.start()

    def report(self, kind: str, fields: dict[str, Any]) -> None:
        """Number the event and keep it until the next flush; the text of a log event goes to the log too."""
        with self._lock:
            event = {"sequence": self._next, "time": time.time(), "kind": kind, **_plain(fields)}
            self._next += 1
            self._waiting.append(event)
        if kind == "log":
            self.write_log(str(fields.get("text", "")).rstrip("\n") + "\n")

    def write_log(self, text: str) -> None:
        self._log.write(text)

    def flush(self) -> None:
        """Write what waits as one part."""
        with self._lock:
            part, self._waiting = self._waiting, []
        if part:
            lines = "".join(json.dumps(event, ensure_ascii=False, allow_nan=False) + "\n" for event in part)
            store.write_bytes(
                store.join(self._attempt_uri, "events", f"{part[0]['sequence']:09d}.jsonl"), lines.encode()
            )
        if self._log_uri:
            store.write_bytes(self._log_uri, self.log_path.read_bytes())

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self.flush()

    def _flush_often(self) -> None:
        while not self._is_over.wait(FLUSH_SECONDS):
            self.flush()


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN or infinity: such a number becomes its name."""
    return {
        key: str(value)
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf")))
        else value
        for key, value in fields.items()
    }


class _Tee:
    """A stream that also goes to the log of the run."""

    def __init__(self, stream: TextIO, writer: EventWriter) -> None:
        self._stream, self._writer = stream, writer

    def write(self, text: str) -> int:
        self._writer.write_log(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def output_teed(writer: EventWriter) -> Iterator[None]:
    """While open, what Python prints also lands in the log of the run."""
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Tee(stdout, writer), _Tee(stderr, writer)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = stdout, stderr
