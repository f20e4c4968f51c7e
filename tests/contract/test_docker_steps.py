"""The images are built and started by the scripts that `make` and this test run, so that they cannot rot unseen."""

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from labeling.local import postgres, redis

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"migrate", "web", "worker", "beat", "ray-head", "ray-worker"}


def test_every_build_step_is_a_script_of_ours_or_makes_the_account() -> None:
    steps = re.findall(r"^RUN (.*)$", (ROOT / "docker" / "Dockerfile").read_text(), flags=re.MULTILINE)
    scripts = [name for step in steps for name in re.findall(r"docker/[\w-]+\.sh", step)]
    assert scripts == ["docker/install-python.sh", "docker/build-frontend.sh"]
    assert [step for step in steps if "docker/" not in step and not step.startswith("useradd")] == []


def test_compose_starts_each_part_by_the_start_script() -> None:
    services = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())["services"]
    started = {service["command"][-1] for service in services.values() if service.get("command", [""])[0] == "bash"}
    assert started == PARTS
    for name in ("install-python", "build-frontend", "ensure-browser", "start"):
        subprocess.run(["bash", "-n", f"docker/{name}.sh"], cwd=ROOT, check=True)


def test_an_unknown_part_is_refused_with_the_known_ones() -> None:
    refused = subprocess.run(["bash", "docker/start.sh", "wbe"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "web|worker|beat" in refused.stderr
    assert "wbe" in refused.stderr


@pytest.mark.slow
def test_web_worker_and_beat_start_by_the_script_and_become_ready(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tmp_path.chmod(0o755)
    database, broker = postgres.start(tmp_path / "postgres", is_durable=False), redis.start(tmp_path / "redis")
    environment = {
        **os.environ,
        "ROUNDTABLE_VAR": str(tmp_path / "var"),
        "DATABASE_URL": database.url,
        "REDIS_URL": broker.url,
        "LISTEN_HOST": "127.0.0.1",
        "PORT": str(port),
        "BEAT_SCHEDULE": str(tmp_path / "beat-schedule"),
    }
    running: list[subprocess.Popen[bytes]] = []
    try:
        subprocess.run(["bash", "docker/start.sh", "migrate"], cwd=ROOT, env=environment, check=True, timeout=120)
        for part in ("web", "worker", "beat"):
            running.append(subprocess.Popen(["bash", "docker/start.sh", part], cwd=ROOT, env=environment))
        _wait_for_worker(f"http://127.0.0.1:{port}/readyz")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=30)
        broker.stop()
        database.stop()


def _wait_for_worker(url: str) -> None:
    """Return once the site and the worker have given a sign of life; no Ray runs here, so the whole stays 503."""
    deadline = time.monotonic() + 60
    parts: dict[str, str] = {}
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError as error:
            parts = json.loads(error.read())["parts"]
        except OSError:
            parts = {}
        if parts.get("worker") == "ok":
            assert {name: parts[name] for name in ("database", "redis")} == {"database": "ok", "redis": "ok"}
            assert parts["ray"] != "ok"
            return
        time.sleep(0.5)
    raise AssertionError(f"the worker did not show up within 60 s: {parts or 'no answer'}")
