"""A whole site of its own, started by `manage.py up` once for these tests, and a way to run code inside it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from labeling.local.processes import descendants, free_port

ROOT = Path(__file__).resolve().parents[2]


def environment(var: Path) -> dict[str, str]:
    taken = {"DATABASE_URL", "REDIS_URL", "RAY_ADDRESS", "RAY_AUTH_TOKEN_PATH", "STORAGE_URL", "SITE_URL"}
    kept = {key: value for key, value in os.environ.items() if key not in taken}
    return {**kept, "ROUNDTABLE_VAR": str(var), "PYTHONPATH": str(ROOT)}


class Site:
    """A running `up` and its folder."""

    def __init__(self, var: Path) -> None:
        self.var, self.port = var, free_port()
        self.log = var.with_suffix(".log")
        var.mkdir(parents=True, exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None

    def up(self, *arguments: str) -> "Site":
        """Start, and return once the site says that it is up."""
        command = [sys.executable, "manage.py", "up", "--no-browser", "--port", str(self.port), *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(self.var),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(lambda: "is up after" in self.said() or self.process.poll() is not None, 90, "the site to be up")  # type: ignore[union-attr]
        assert "is up after" in self.said(), self.said()
        return self

    def said(self) -> str:
        return self.log.read_text()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def down(self, number: int = signal.SIGINT) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    def pids(self, words: str) -> list[int]:
        """Descendants whose command line holds these words."""
        return [pid for pid in descendants(self.pid) if words in command_line(pid)]

    def execute(self, code: str, timeout: float = 240) -> Any:
        """Run code with the site's settings and the cast of tests/workers/cast.py; its last line of output is JSON."""
        whole = f"from tests.workers.cast import *\n{textwrap.dedent(code)}"
        done = subprocess.run(
            [sys.executable, "-c", whole], cwd=ROOT, env=environment(self.var), capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return json.loads(done.stdout.strip().splitlines()[-1])


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_for(is_true: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with open_folder() as made:
        running = Site(made / "var").up()
        yield running
        running.down()


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the unprivileged user who runs PostgreSQL for root may pass through; pytest's own are closed."""
    made = Path(tempfile.mkdtemp(prefix="roundtable-workers-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
