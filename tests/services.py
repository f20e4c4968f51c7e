"""A pytest plugin that starts the project's own PostgreSQL and Redis once a session, before Django reads its settings.

Named by `-p` in pyproject.toml: a conftest.py would be read too late. Addresses that are already set are used as they are.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from labeling.local import postgres, redis

STARTED: list[postgres.Postgres | redis.Redis] = []
VAR = Path(tempfile.mkdtemp(prefix="roundtable-tests-"))


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Around pytest-django's own hook, which reads the settings; afterwards the addresses leave the environment again.

    A test that starts a whole site of its own must not inherit them.
    """
    VAR.chmod(0o755)  # the unprivileged user that runs PostgreSQL for root passes through
    os.environ["ROUNDTABLE_VAR"] = str(VAR)
    os.environ["DATABASE_POOL_SIZE"] = "80"  # 64 threads of one test hold a connection each
    names = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    for name in names:
        server = (
            postgres.start(VAR / "postgres", is_durable=False) if name == "DATABASE_URL" else redis.start(VAR / "redis")
        )
        STARTED.append(server)
        os.environ[name] = server.url
    result = yield
    for name in (*names, "DATABASE_POOL_SIZE"):
        del os.environ[name]
    return result


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    for service in reversed(STARTED):
        service.stop()
    shutil.rmtree(VAR, ignore_errors=True)
