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
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

from labeling.accounts.models import User
from labeling.feedback.provenance import notice_read
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import Project
from tests.labeling.feedback_cast import make_completions, make_prompts, make_user

MAX_TABS = 120
HOLD_MS = 250
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
        """Click or tap; by keyboard: go there by Tab and press Space."""
        if self.hand == "touch":
            target.tap()
        elif self.hand == "mouse":
            target.click()
        else:
            self.tab_to(target)
            self.page.keyboard.press("Space")

    def tab_to(self, target: Locator) -> None:
        """By keyboard alone: fails when Tab does not lead there."""
        expect(target).to_be_attached()
        for _ in range(MAX_TABS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"Tab never led to {target}")

    def write(self, target: Locator, text: str) -> None:
        """Type into a field, in place of what it holds."""
        self.tab_to(target) if self.hand == "keyboard" else self.press(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def drag(self, source: Locator, target: Locator) -> None:
        """By mouse or by a finger that holds for a moment first, in steps as a hand moves."""
        target.scroll_into_view_if_needed()
        ends = [box["x"] + box["width"] / 2 for box in (source.bounding_box(), target.bounding_box()) if box]
        tops = [box["y"] + box["height"] / 2 for box in (source.bounding_box(), target.bounding_box()) if box]
        path = [
            (ends[0] + (ends[1] - ends[0]) * step / 8, tops[0] + (tops[1] - tops[0]) * step / 8) for step in range(9)
        ]
        finger = self.page.context.new_cdp_session(self.page) if self.hand == "touch" else None
        if finger is None:
            self.page.mouse.move(*path[0])
            self.page.mouse.down()
        else:
            touch(finger, "touchStart", path[0])
            self.page.wait_for_timeout(HOLD_MS)
        for point in path[1:]:
            self.page.mouse.move(*point) if finger is None else touch(finger, "touchMove", point)
            self.page.wait_for_timeout(20)
        self.page.mouse.up() if finger is None else touch(finger, "touchEnd", None)
        self.page.wait_for_timeout(100)  # the drag library swallows the click that a drop would else be

    def wait_until_empty(self) -> None:
        expect(self.at("nothing-open")).to_be_visible()


def touch(finger: CDPSession, kind: str, point: tuple[float, float] | None) -> None:
    points = [] if point is None else [{"x": point[0], "y": point[1]}]
    finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def sit_down(
    labeler: User,
    project: Project,
    browser: Browser,
    url: str,
    hand: str,
    has_read_notice: bool = True,
    **context_options: Any,
) -> Desk:
    """A signed-in labeler in a browser of their own; `context_options` are the browser's: its language, its colours."""
    if has_read_notice:
        notice_read(user=labeler, project=project)
    client = Client()
    client.force_login(labeler)
    context = browser.new_context(
        viewport=NARROW if hand == "touch" else WIDE,
        has_touch=hand == "touch",
        reduced_motion="reduce",
        **context_options,
    )
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
    return Desk(context.new_page(), project, url, hand)


def leave(desk: Desk) -> None:
    leave_page(desk.page)


def leave_page(last: Page) -> None:
    """Close a page and all others of its browser; what they still had to save is saved before this returns.

    A page that is left saves its draft, and the tables must not be emptied under that request.
    """
    for page in last.context.pages:
        page.goto("about:blank")
    last.wait_for_timeout(200)
    wait_for_quiet_database()
    last.context.close()


@contextmanager
def desk_of(project: Project, browser: Browser, url: str, hand: str, **context_options: Any) -> Iterator[Desk]:
    """A new labeler, Ada, sits down at the project and leaves at the end."""
    desk = sit_down(make_user(project, "ada", "labeler"), project, browser, url, hand, **context_options)
    yield desk
    leave(desk)


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
