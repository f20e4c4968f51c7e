"""The site under measurement: PostgreSQL, Redis, the web server and, where asked for, the worker, started as `up` starts them.

Everything lies in a folder of its own; one database holds one size of the benchmark, so that a second run need not fill it again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from labeling.local import postgres, redis, site
from labeling.local.processes import free_port
from labeling.local.supervisor import Supervisor
from labeling.settings import database_from_url

HOST = "127.0.0.1"


@dataclass
class BenchSite:
    """A running site. Django's own connection of this process points at its database."""

    port: int
    worker_pid: int


@contextmanager
def bench_site(folder: Path, database: str, *, has_worker: bool, say: Any) -> Iterator[BenchSite]:
    """The site on `database`, made and migrated when it is not there yet; stopped when the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with Supervisor(say=say) as supervisor:
        server = supervisor.add("PostgreSQL", lambda: postgres.start(folder / "postgres"))
        url = database_make(server.url, database)
        environment = {
            **site.child_environment(),
            "ROUNDTABLE_VAR": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": supervisor.add("Redis", lambda: redis.start(folder / "redis")).url,
            "SECRET_KEY": settings.SECRET_KEY,
        }
        site.prepare(environment, folder)
        connection.close()
        connection.settings_dict.update(database_from_url(url, pool_size=0))
        port = free_port()
        web = supervisor.add(
            "web",
            lambda: site.start_web(
                host=HOST, port=port, logs=folder, environment=environment, num_processes=settings.WEB_PROCESSES
            ),
        )
        worker_pid = 0
        if has_worker:
            worker = supervisor.add("worker", lambda: site.start_worker(logs=folder, environment=environment))
            worker_pid = worker.process.pid
        site.wait_for_web(web, f"http://{HOST}:{port}")
        yield BenchSite(port, worker_pid)
        connection.close()


def database_make(url: str, name: str) -> str:
    """The address of the database `name` on the same server."""
    with psycopg.connect(url, autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            server.execute(f'CREATE DATABASE "{name}"')
    return url.rpartition("/")[0] + f"/{name}"
