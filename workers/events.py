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
        self._waiting: list[tuple[int, bytes]] = []  # (sequence, line)
        self._part: list[tuple[int, bytes]] = []  # what the store may or may not have: its content is settled
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        log_uri = store.join(attempt_uri, "log.txt")
        self._log_uri = "" if store.is_local(log_uri) else log_uri
        self._log_size_stored = 0
        log_path = local_folder / "log.txt" if self._log_uri else store.local_path(log_uri)
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log_path = log_path
        self._log = log_path.open("a", encoding="utf-8", errors="replace", buffering=1)
        self._thread = threading.Thread(target=self._flush_often, name="events", daemon=True)
        self._thread.start()

    def report(self, kind: str, fields: dict[str, Any]) -> None:
        """Number the event and keep it until the next flush; the text of a log event goes to the log too."""
        with self._lock:
            event = {"sequence": self._next, "time": time.time(), "kind": kind, **_plain(fields)}
            line = json.dumps(event, ensure_ascii=False, allow_nan=False) + "\n"
            self._waiting.append((self._next, line.encode(errors="replace")))
            self._next += 1
        if kind == "log":
            self.write_log(str(fields.get("text", "")).rstrip("\n") + "\n")

    def write_log(self, text: str) -> None:
        self._log.write(text)

    def flush(self) -> None:
        """Write what waits as a part. One that could not be written is written again as it was, as it may have arrived."""
        while True:
            with self._lock:
                if not self._part:
                    self._part, self._waiting = self._waiting, []
            if not self._part:
                break
            name = store.join(self._attempt_uri, "events", f"{self._part[0][0]:09d}.jsonl")
            store.write_bytes(name, b"".join(line for _, line in self._part))
            self._part = []
        if self._log_uri and (size := self.log_path.stat().st_size) != self._log_size_stored:
            store.write_bytes(self._log_uri, self.log_path.read_bytes())
            self._log_size_stored = size

    def close(self) -> None:
        """The last part and the whole log; an error here ends the attempt without a result, and the next one tries again."""
        self._is_over.set()
        self._thread.join()
        self.flush()

    def _flush_often(self) -> None:
        while not self._is_over.wait(FLUSH_SECONDS):
            try:
                self.flush()
            except Exception as error:  # noqa: BLE001 - storage that is away for a moment must not end the reports of a run
                self.write_log(f"the store did not take the events, they wait: {type(error).__name__}: {error}\n")


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
