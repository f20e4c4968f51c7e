"""A running site with its own PostgreSQL, Redis, Ray, Celery and web server, and a real browser to use it with."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from demo.site import Site
from labeling.rounds.label_schemas import DEFAULT_SCHEMA
from labeling.rounds.models import LabelSchemaVersion, Project
from tests.e2e.desk import Desk, desk_of
from tests.labeling.feedback_cast import make_project

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HANDS = ["keyboard", pytest.param("mouse", marks=pytest.mark.slow), pytest.param("touch", marks=pytest.mark.slow)]


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="roundtable-e2e-"))
    folder.chmod(0o755)  # the unprivileged user that runs PostgreSQL for root passes through
    with Site.start(folder / "site", port=free_port()) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def launch_browser() -> Iterator[Callable[[], Browser]]:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    installed = next((found for found in (shutil.which(name) for name in names if name) if found), None)
    # The browser's event loop lives in this thread, where Django would refuse its rows to tests that read them. Both fixtures
    # end with this folder: tests of asynchronous code could not start a loop of their own.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        if installed is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("No Chromium was found; `bash docker/ensure-browser.sh` installs one or says how.")
        yield lambda: playwright.chromium.launch(executable_path=installed, args=CHROMIUM_ARGUMENTS)


@pytest.fixture(scope="package")
def browser(launch_browser: Callable[[], Browser]) -> Iterator[Browser]:
    running = launch_browser()
    yield running
    running.close()


@pytest.fixture
def project() -> Project:
    project = make_project()
    LabelSchemaVersion.objects.create(project=project, number=2, schema=DEFAULT_SCHEMA)
    return project


@pytest.fixture(params=HANDS)
def desk(request: Any, project: Project, browser: Browser, live_server: Any) -> Iterator[Desk]:
    with desk_of(project, browser, live_server.url, request.param) as desk:
        yield desk


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """After a failure, keep a picture of every open page: the first thing one wants to see."""
    report = yield
    found = getattr(item, "funcargs", {}).get("browser")
    if report.when == "call" and report.failed and isinstance(found, Browser):
        folder = Path("var/test-failures")
        folder.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(page for context in found.contexts for page in context.pages):
            page.screenshot(path=folder / f"{item.name}-{number}.png")
        report.sections.append(("pages", f"pictures of the open pages are in {folder}"))
    return report
