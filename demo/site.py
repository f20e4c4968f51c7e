"""The site of the demo: `manage.py up` as a child process with a data folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import httpx

START_SECONDS = 120


class Site:
    """A running site. Leaving the `with` block stops it and everything it started."""

    def __init__(self, process: subprocess.Popen, url: str, folder: Path) -> None:
        self.process, self.url, self.folder = process, url, folder
        self.admin = ("", "")

    @classmethod
    def start(cls, folder: Path, *, port: int) -> "Site":
        """Start a site with empty tables; an earlier demo's folder is replaced."""
        if folder.exists():
            print(f"Replacing the earlier demo in {folder}.")
            shutil.rmtree(folder)
        data = (folder / "site").resolve()
        data.mkdir(parents=True)
        print(
            f"Starting PostgreSQL, Redis, Ray, Celery and the site; their output goes to {folder / 'site.log'}.",
            flush=True,
        )
        log = (folder / "site.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), "--no-browser"],
            env={**os.environ, "ROUNDTABLE_VAR": str(data)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return cls(process, f"http://127.0.0.1:{port}", folder)

    def __enter__(self) -> "Site":
        try:
            self._wait_until_ready()
        except BaseException:  # Ctrl-C too: the site is a session of its own and would stay behind
            self.stop()
            raise
        password = (self.folder / "site" / "local" / "admin-password").read_text(encoding="utf-8").strip()
        self.admin = ("admin", password)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """Raise when the site has ended by itself."""
        if self.process.poll() is not None:
            tail = (self.folder / "site.log").read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
            raise RuntimeError("the site ended by itself; the end of its log:\n  " + "\n  ".join(tail))

    def wait(self) -> None:
        """Return when the site ends."""
        self.process.wait()

    def stop(self) -> None:
        """Ask the site to stop and wait for it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise RuntimeError(f"the site was not ready after {START_SECONDS} s; see {self.folder / 'site.log'}")
            time.sleep(0.25)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


def local_path(uri: str) -> Path:
    """Return the folder behind a file:// address of the store."""
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        raise RuntimeError(f"the demo reads its store from a local folder, got {uri}; unset STORAGE_URL")
    return Path(parts.path)
