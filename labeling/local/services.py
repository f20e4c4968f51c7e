"""Starts whatever service of the machine is not given by the environment, and writes their addresses to var/local/services.json."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis as redis_client

from labeling.local import postgres, ray, redis
from labeling.local.processes import LocalServiceError
from labeling.local.supervisor import Supervisor

FILE_NAME = "services.json"


def start_all(supervisor: Supervisor, folder: Path, site_url: str) -> None:
    """PostgreSQL, Redis and a Ray head of our own, or yours where DATABASE_URL, REDIS_URL and RAY_ADDRESS name them.

    Ray, the slowest, is not waited for: runs stay queued until it answers. A part that restarts keeps its address.
    """
    addresses = {"SITE_URL": site_url}
    if not os.environ.get("RAY_ADDRESS"):
        head = _start_ray(supervisor, folder)
        addresses |= {"RAY_ADDRESS": head.address, "RAY_AUTH_TOKEN_PATH": str(head.token_path)}
    else:
        _check_ray(os.environ["RAY_ADDRESS"])
    if not os.environ.get("DATABASE_URL"):
        addresses["DATABASE_URL"] = _start_postgres(supervisor, folder).url
    else:
        _check_database(os.environ["DATABASE_URL"])
    if not os.environ.get("REDIS_URL"):
        addresses["REDIS_URL"] = _start_redis(supervisor, folder).url
    else:
        _check_redis(os.environ["REDIS_URL"])
    write(folder, addresses)


def write(folder: Path, addresses: dict[str, str]) -> None:
    """The file holds passwords, so only we may read it; it appears whole."""
    temporary = folder / f".{FILE_NAME}"
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(addresses, file, indent=1)
    temporary.replace(folder / FILE_NAME)


def _start_ray(supervisor: Supervisor, folder: Path) -> ray.Ray:
    supervisor.say("Ray (trains and samples on this machine's cores)")
    ports: list[int] = []

    def start() -> ray.Ray:
        head = ray.start(folder / "ray", dashboard_port=ports[0] if ports else None)
        ports[:] = [head.dashboard_port]
        return head

    started: ray.Ray = supervisor.add("Ray", start)
    return started


def _start_postgres(supervisor: Supervisor, folder: Path) -> postgres.Postgres:
    supervisor.say("PostgreSQL (keeps people, prompts, labels and runs)")
    ports: list[int] = []

    def start() -> postgres.Postgres:
        server = postgres.start(folder / "postgres", port=ports[0] if ports else None)
        ports[:] = [server.port]
        return server

    started: postgres.Postgres = supervisor.add("PostgreSQL", start)
    for note in started.notes:
        supervisor.say(f"  {note}")
    return started


def _start_redis(supervisor: Supervisor, folder: Path) -> redis.Redis:
    supervisor.say("Redis (rings the worker's bell)")
    ports: list[int] = []

    def start() -> redis.Redis:
        server = redis.start(folder / "redis", port=ports[0] if ports else None)
        ports[:] = [server.port]
        return server

    started: redis.Redis = supervisor.add("Redis", start)
    return started


def _check_database(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise LocalServiceError(
            f"The database at {_shown(url)} (DATABASE_URL) does not answer: {reason}. Start it or unset DATABASE_URL."
        ) from error


def _check_redis(url: str) -> None:
    try:
        with redis_client.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis_client.RedisError, ValueError, OSError) as error:
        raise LocalServiceError(
            f"Redis at {_shown(url)} (REDIS_URL) does not answer: {error}. Start it or unset REDIS_URL."
        ) from error


def _check_ray(address: str) -> None:
    path = os.environ.get("RAY_AUTH_TOKEN_PATH")
    token = os.environ.get("RAY_AUTH_TOKEN") or (
        Path(path).read_text().strip() if path and Path(path).is_file() else ""
    )
    if not ray.answers(address, token):
        raise LocalServiceError(
            f"No Ray job API answers at {address} (RAY_ADDRESS, expected http://HOST:8265; its token in RAY_AUTH_TOKEN or in the "
            "file RAY_AUTH_TOKEN_PATH). Start it or unset RAY_ADDRESS."
        )


def _shown(url: str) -> str:
    """The address without its password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}{parts.path}"
