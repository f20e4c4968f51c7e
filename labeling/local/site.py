"""The parts of the site itself as child processes: the web server, the Celery worker and beat, and the first preparation."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labeling.local.processes import LocalServiceError, last_line, spawn, stop, wait_until

ROOT = Path(__file__).resolve().parents[2]
NUM_WORKER_PROCESSES = 3  # one of them is free for the tick while two exports run


@dataclass
class Program:
    """A started program."""

    name: str
    process: "subprocess.Popen[bytes]"
    log_path: Path
    stop_signal: int = signal.SIGTERM

    def stop(self) -> None:
        stop(self.process, first_signal=self.stop_signal, timeout=8)


def start_web(*, host: str, port: int, logs: Path, environment: Mapping[str, str], num_processes: int) -> Program:
    command = [
        sys.executable, "-m", "uvicorn", "labeling.asgi:application", "--host", host, "--port", str(port),
        "--workers", str(num_processes), "--timeout-worker-healthcheck", "60",
        "--timeout-graceful-shutdown", "3", "--no-access-log", "--no-server-header", "--lifespan", "off",
    ]  # fmt: skip
    return _start("web", command, logs, environment)


def start_worker(*, logs: Path, environment: Mapping[str, str]) -> Program:
    command = [*_celery(), "worker", f"--concurrency={NUM_WORKER_PROCESSES}", "--without-mingle", "--without-gossip"]
    # SIGQUIT is Celery's cold shutdown: jobs under way are left to their next attempt, as after any crash.
    return _start("worker", command, logs, {**environment, "DATABASE_POOL_SIZE": "0"}, stop_signal=signal.SIGQUIT)


def start_beat(*, logs: Path, environment: Mapping[str, str]) -> Program:
    command = [*_celery(), "beat", f"--schedule={logs / 'beat-schedule'}", "--pidfile="]
    return _start("beat", command, logs, {**environment, "DATABASE_POOL_SIZE": "0"})


def wait_for_web(program: Program, url: str) -> None:
    """Return once the site answers."""
    wait_until(
        lambda: _answers(f"{url}/healthz"), program.process, name="The site", log_path=program.log_path, timeout=60
    )


def prepare(environment: Mapping[str, str], logs: Path) -> list[str]:
    """Migrate the database and make the first account, in a process of its own; returns the lines it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        (logs / "prepare.log").write_text(done.stdout + done.stderr)
        raise LocalServiceError(
            f"The database could not be prepared: {last_line(logs / 'prepare.log')} (log: {logs / 'prepare.log'})"
        )
    return done.stdout.strip().splitlines()


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "workers.app", "--quiet"]


def _start(
    name: str, command: list[str], logs: Path, environment: Mapping[str, str], *, stop_signal: int = signal.SIGTERM
) -> Program:
    log_path = logs / f"{name}.log"
    process = spawn(
        command, log_path=log_path, env={**environment, "PYTHONUNBUFFERED": "1"}, cwd=ROOT, death_signal=stop_signal
    )
    return Program(name, process, log_path, stop_signal)


def child_environment() -> dict[str, str]:
    """Ours, with the settings named; addresses come from services.json, which is written before any child starts."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "labeling.settings"}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
