"""Keeps the parts of one machine's Roundtable alive: started in order, restarted with growing pauses, stopped in reverse."""

import itertools
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from labeling.local.processes import LocalServiceError, adopt_orphans, end_descendants, reap_adopted

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
TURNS_PER_REAPING = 25


class Running(Protocol):
    """A started part: its process, and how to stop it."""

    process: "subprocess.Popen[bytes]"

    def stop(self) -> None: ...


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM came."""


@dataclass
class Part:
    """One part, how it starts, and how its restarts went."""

    name: str
    start: Callable[[], Running]
    running: Running | None = None
    pause: float = FIRST_PAUSE_SECONDS
    started_at: float = 0.0
    restart_at: float = 0.0


@dataclass
class Supervisor:
    """Parts in the order in which they were added. All children are forked by the main thread, which outlives them."""

    say: Callable[[str], object]
    parts: list[Part] = field(default_factory=list)

    def __enter__(self) -> "Supervisor":
        adopt_orphans()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _request_stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything, last started first; whatever is left below us is ended by force."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for part in reversed(self.parts):
            if part.running is not None:
                part.running.stop()
        end_descendants()

    def add(self, name: str, start: Callable[[], Running]) -> Any:
        """Start a part now; a failure of this first start is the caller's to report."""
        part = Part(name, start)
        self.parts.append(part)
        part.running = start()
        part.started_at = time.monotonic()
        return part.running

    def watch(self) -> None:
        """Restart what dies, until StopRequested."""
        for turn in itertools.count():
            for part in self.parts:
                self._look_after(part)
            if turn % TURNS_PER_REAPING == 0:
                reap_adopted({part.running.process.pid for part in self.parts if part.running is not None})
            time.sleep(0.2)

    def _look_after(self, part: Part) -> None:
        now = time.monotonic()
        if part.running is not None:
            code = part.running.process.poll()
            if code is None:
                if now - part.started_at > HEALTHY_AFTER_SECONDS:
                    part.pause = FIRST_PAUSE_SECONDS
                return
            part.running.stop()  # ends what is left of its process group
            part.running = None
            part.restart_at = now + part.pause
            self.say(f"{part.name} ended ({_ending(code)}); it starts again in {part.pause:g} s.")
            part.pause = min(part.pause * 2, LONGEST_PAUSE_SECONDS)
        if now >= part.restart_at:
            try:
                part.running = part.start()
                part.started_at = time.monotonic()
            except LocalServiceError as error:
                part.restart_at = time.monotonic() + part.pause
                part.pause = min(part.pause * 2, LONGEST_PAUSE_SECONDS)
                self.say(f"{part.name} did not start: {error}")


def _request_stop(number: int, _: object) -> None:
    raise StopRequested(signal.Signals(number).name)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
