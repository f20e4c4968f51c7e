"""Our own PostgreSQL and Redis: start, stop, a second start over what a killed one left, nothing that outlives its parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from labeling.local import postgres, redis
from labeling.local.processes import LocalServiceError, start_ticks
from tests.workers.conftest import ROOT, wait_for


def test_postgres_keeps_rows_over_a_stop_and_a_start(folder: Path) -> None:
    first = postgres.start(folder / "pg", is_durable=False)
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    first.stop()
    assert start_ticks(first.process.pid) is None
    second = postgres.start(folder / "pg", is_durable=False)
    try:
        with psycopg.connect(second.url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
            assert connection.info.server_version >= 180000
    finally:
        second.stop()


def test_postgres_refuses_a_wrong_password(folder: Path) -> None:
    server = postgres.start(folder / "pg", is_durable=False)
    try:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://roundtable:wrong@127.0.0.1:{server.port}/roundtable")
    finally:
        server.stop()


def test_postgres_data_can_be_read_by_nobody_else(folder: Path) -> None:
    server = postgres.start(folder / "pg", is_durable=False)
    server.stop()
    assert (folder / "pg").stat().st_mode & 0o077 == 0
    assert (folder / "pg" / "cluster").stat().st_mode & 0o077 == 0


def test_a_second_start_ends_the_server_that_a_killed_start_left(folder: Path) -> None:
    first = postgres.start(folder / "pg", is_durable=False)
    second = postgres.start(folder / "pg", is_durable=False)
    try:
        first.process.wait(10)
        psycopg.connect(second.url).close()
    finally:
        second.stop()


def test_redis_keeps_keys_and_wants_its_password(folder: Path) -> None:
    first = redis.start(folder / "redis")
    with redis_client.Redis.from_url(first.url) as client:
        client.set("kept", "7")
    first.stop()
    second = redis.start(folder / "redis")
    try:
        with redis_client.Redis.from_url(second.url) as client:
            assert client.get("kept") == b"7"
        with redis_client.Redis(port=second.port) as stranger, pytest.raises(redis_client.AuthenticationError):
            stranger.ping()
    finally:
        second.stop()


def test_no_server_outlives_a_killed_parent(folder: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from labeling.local import postgres, redis\n"
        f"a = postgres.start(Path({str(folder / 'pg')!r})); b = redis.start(Path({str(folder / 'redis')!r}))\n"
        "print(a.process.pid, b.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert all(start_ticks(pid) for pid in pids)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_for(lambda: not any(start_ticks(pid) for pid in pids), 10, "the servers to end with their parent")


def test_data_that_can_no_longer_be_reached_is_not_replaced_by_an_empty_database(folder: Path) -> None:
    """As root PostgreSQL runs as somebody else, who may lose the way to the data; as anybody else the data stays in reach."""
    postgres.start(folder / "closed" / "pg", is_durable=False).stop()
    (folder / "closed").chmod(0o700)
    if os.getuid() != 0:
        postgres.start(folder / "closed" / "pg", is_durable=False).stop()
        return
    with pytest.raises(LocalServiceError, match="chmod"):
        postgres.start(folder / "closed" / "pg", is_durable=False)
