"""`python manage.py up`: what it refuses with one line, and that nothing of it is left when it ends."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from labeling.local.processes import descendants, start_ticks
from tests.workers.conftest import ROOT, Site, environment, wait_for


def refused(var: Path, *arguments: str, **extra: str) -> str:
    """The one line with which `up` refuses; exit code 1 and nothing left below it."""
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--no-browser", *arguments], cwd=ROOT, env={**environment(var), **extra},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} is taken" in refused(tmp_path / "var", "--port", str(port))


def test_a_folder_with_strangers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    assert "thesis.tex" in refused(tmp_path, "--port", "0")


def test_a_database_that_does_not_answer_is_refused_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/mine"
    line = refused(tmp_path / "var", "--port", "0", DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1/0")
    assert "DATABASE_URL" in line
    assert "127.0.0.1:1/mine" in line
    assert "secret" not in line


def test_a_second_up_in_the_same_folder_is_refused(site: Site) -> None:
    line = refused(site.var, "--port", "0")
    assert f"http://127.0.0.1:{site.port}" in line
    assert str(site.pid) in line


def test_every_part_reports_itself_ready(site: Site) -> None:
    from urllib.request import urlopen

    def parts() -> bytes:
        try:
            with urlopen(f"http://127.0.0.1:{site.port}/readyz", timeout=5) as response:
                return bytes(response.read())
        except OSError:
            return b""

    wait_for(lambda: b'"ok": true' in parts() or b'"ok":true' in parts(), 20, "every part to be ready")
    assert all(name in parts() for name in (b"database", b"redis", b"worker", b"ray"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_ends_and_a_second_start_works(folder: Path, number: int) -> None:
    site = Site(folder / "var").up()
    below = {pid: start_ticks(pid) for pid in descendants(site.pid)}
    assert len(below) > 10
    code = site.down(number)
    assert code == (-9 if number == signal.SIGKILL else 0)
    wait_for(lambda: all(start_ticks(pid) != born for pid, born in below.items()), 60, "all processes to end")
    again = Site(folder / "var").up()
    assert again.execute("say(User.objects.count())") == 1
    again.down()
