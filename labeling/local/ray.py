"""Our own Ray head: loopback only, every port chosen, a token on every request, its own process group and temporary folder.

Deliberately never `ray stop`, which ends the clusters of everybody on the machine. Does not import ray: the program is started.
"""

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from labeling.local.processes import (
    LocalServiceError,
    end_leftover,
    free_ports,
    spawn,
    stop,
    wait_until,
    write_pid_file,
)

OBJECT_STORE_BYTES = 200 * 1024 * 1024
SOURCE_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Ray:
    """A head that was started; `address` is its HTTP address (dashboard and job API)."""

    address: str
    dashboard_port: int
    token_path: Path
    process: "subprocess.Popen[bytes]"
    pid_path: Path
    log_path: Path
    temporary: Path

    def is_ready(self) -> bool:
        """Whether the job API takes requests."""
        return answers(self.address, self.token_path.read_text().strip())

    def wait(self, timeout: float = 90) -> None:
        """Return once the job API takes requests; LocalServiceError if the head ends or the time is over."""
        wait_until(self.is_ready, self.process, name="Ray", log_path=self.log_path, timeout=timeout)

    def stop(self) -> None:
        # With jobs under way Ray takes long to end by itself; what they wrote is whole, so force does no harm.
        stop(self.process, timeout=4)
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.pid_path.unlink(missing_ok=True)


def start(data_dir: Path, *, dashboard_port: int | None = None, num_cpus: int | None = None) -> Ray:
    """Start a head; does not wait for it (`wait`). Ends one that a killed start left behind. Files go below `data_dir`."""
    folder = data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    pid_path, log_path, token_path = folder / "pid.json", folder / "ray.log", folder / "token"
    end_leftover(pid_path, timeout=15)
    if not token_path.exists():
        with os.fdopen(os.open(token_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    temporary = _temporary_folder(folder)
    log_path.unlink(missing_ok=True)
    gcs, manager, node, agent, agent_grpc, environment, metrics, client, dashboard = free_ports(9)
    chosen = dashboard_port or dashboard
    process = spawn(
        [
            _program(), "start", "--head", "--block", "--node-ip-address=127.0.0.1", f"--port={gcs}",
            f"--object-manager-port={manager}", f"--node-manager-port={node}", f"--dashboard-agent-listen-port={agent}",
            f"--dashboard-agent-grpc-port={agent_grpc}", f"--runtime-env-agent-port={environment}",
            f"--metrics-export-port={metrics}", "--min-worker-port=0", "--max-worker-port=0", f"--ray-client-server-port={client}",
            "--include-dashboard=true", "--dashboard-host=127.0.0.1", f"--dashboard-port={chosen}",
            f"--object-store-memory={OBJECT_STORE_BYTES}", f"--num-cpus={num_cpus or os.cpu_count() or 1}",
            f"--temp-dir={temporary}", "--disable-usage-stats", "--include-log-monitor=false",
        ],
        log_path=log_path, death_signal=signal.SIGTERM, env=_environment(token_path), cwd=SOURCE_ROOT,
    )  # fmt: skip
    write_pid_file(pid_path, process.pid)
    return Ray(
        address=f"http://127.0.0.1:{chosen}", dashboard_port=chosen, token_path=token_path, process=process,
        pid_path=pid_path, log_path=log_path, temporary=temporary,
    )  # fmt: skip


def answers(address: str, token: str) -> bool:
    """Whether a Ray job API at this HTTP address takes our token."""
    request = urllib.request.Request(f"{address.rstrip('/')}/api/jobs/")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=3) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _environment(token_path: Path) -> dict[str, str]:
    """What the head and, through it, every job sees: our sources, the token, and no address of another cluster or database."""
    kept = {
        key: value for key, value in os.environ.items()
        if not key.startswith("RAY_") and key not in {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    }  # fmt: skip
    search = [str(SOURCE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(search),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_path),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DISABLE_IMPORT_WARNING": "1",
        # The switch that keeps Ray on 127.0.0.1, on every system: else it swaps loopback for the machine's outer address.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }


def _program() -> Path:
    program = Path(sys.executable).parent / "ray"
    if not program.exists():
        raise LocalServiceError(
            f"No {program}: run `pip install -r requirements.txt`, or set RAY_ADDRESS to a cluster of your own."
        )
    return program


def _temporary_folder(folder: Path) -> Path:
    """A short private path: Ray puts sockets below it, and a socket's path holds 107 bytes. Emptied at every start."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    path = Path(tempfile.gettempdir()) / f"rt-ray-{os.getuid()}-{digest}"
    if len(str(path)) > 45:
        raise LocalServiceError(
            f"The temporary folder {path.parent} has too long a path for Ray's sockets: set TMPDIR to a short one."
        )
    if path.is_symlink() or (path.exists() and path.stat().st_uid != os.getuid()):
        raise LocalServiceError(f"{path} is not ours: remove it, so that Ray can use it.")
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path
