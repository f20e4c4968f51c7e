"""A labeler at a desk: a signed-in browser at a project's task page, used by keyboard, mouse or touch alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from labeling.feedback.provenance import notice_read
from labeling.feedback.services import TaskSpec, tasks_create
from labeling.rounds.models import Project
from tests.labeling.feedback_cast import make_completions, make_prompts, make_user

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@dataclass
class Desk:
    """A signed-in labeler at a project's task page, and how they use it."""

    page: Page
    project: Project
    url: str
    hand: str

    def open(self) -> None:
        self.page.goto(f"{self.url}/projects/{self.project.pk}/labeling/task")

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def press(self, target: Locator) -> None:
        """Click or tap; by keyboard: focus it and press Space."""
        if self.hand == "touch":
            target.tap()
        elif self.hand == "mouse":
            target.click()
        else:
            target.focus()
            self.page.keyboard.press("Space")

    def wait_until_empty(self) -> None:
        expect(self.at("nothing-open")).to_be_visible()


@contextmanager
def desk_of(
    project: Project, browser: Browser, url: str, hand: str, has_read_notice: bool = True, **context_options: Any
) -> Iterator[Desk]:
    """Sits a new labeler down at the project; `context_options` are the browser's: its language, its colours."""
    client = Client()
    ada = make_user(project, "ada", "labeler")
    if has_read_notice:
        notice_read(user=ada, project=project)
    client.force_login(ada)
    context = browser.new_context(
        viewport=NARROW if hand == "touch" else WIDE,
        has_touch=hand == "touch",
        reduced_motion="reduce",
        **context_options,
    )
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
    page = context.new_page()
    yield Desk(page, project, url, hand)
    page.goto("about:blank")  # a page that is left saves its draft; the tables must not be emptied under that request
    page.wait_for_timeout(200)
    wait_for_quiet_database()
    context.close()


def wait_for_quiet_database(seconds: float = 10) -> None:
    """Return once no other connection is in the middle of something."""
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(busy)
            if cursor.fetchone()[0] == 0:
                return
            time.sleep(0.05)
    pytest.fail(f"the site was still busy with the database {seconds} s after the page was left")


def ask(project: Project, kind: str, k: int) -> list[int]:
    prompt = make_prompts(project, 1)[0]
    shown = [row.pk for row in make_completions(prompt, k)]
    tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind=kind, completions=shown)])
    return shown


def rate_all(desk: Desk, letters: str, ratings: str) -> None:
    """Each completion by itself: its overall rating, and for the first one a flag."""
    for letter, rating in zip(letters, ratings, strict=True):
        expect(desk.at(f"rating-{letter}-overall")).to_be_visible()
        if desk.hand == "keyboard":
            desk.page.keyboard.press(rating)
            if letter == "A":
                desk.page.keyboard.press("q")
            desk.page.keyboard.press("Enter")
        else:
            desk.press(desk.at(f"rating-{letter}-overall").locator("input").nth(int(rating) - 1))
            if letter == "A":
                desk.press(desk.at("flag-A-wrong_task").locator("xpath=..").locator("label"))
            desk.press(desk.at("assess-next"))
