"""Draws the pictures of docs/first-hour.md: `make images`. No test; it fails where the walk of the page is no longer true."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from labeling.accounts.models import User
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import GuidelineVersion, Project
from labeling.rounds.people import invitation_create
from tests.e2e.desk import leave_page
from tests.e2e.filled_project import make_filled_project, make_texts

pytestmark = [pytest.mark.django_db(transaction=True)]
FOLDER = Path(__file__).parents[2] / "docs/images"
SIZE = {"width": 1120, "height": 760}
PHONE = {"width": 360, "height": 740}
GUIDELINES = """# What a good answer is

1. **Helpful** first: it does what was asked, all of it, and no more.
2. **Honest**: it says what is true, and says so where it is not sure.
3. **Harmless**: nobody is worse off for having read it.

Two answers may be equally good: say so with a tie.
"""


class Walk:
    """A new labeler on the way through their first hour."""

    def __init__(self, browser: Browser, url: str, project: Project) -> None:
        self.page = browser.new_context(viewport=SIZE, reduced_motion="reduce").new_page()
        self.url, self.project = url, project

    def draw(self, name: str, page: Page | None = None) -> None:
        page = page or self.page
        page.wait_for_timeout(250)
        page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")

    def at(self, test_id: str) -> Any:
        return self.page.get_by_test_id(test_id)

    def path(self, rest: str) -> str:
        return f"{self.url}/projects/{self.project.pk}/{rest}"

    def ask(self, spec: TaskSpec) -> None:
        """One more task, and the page goes to it."""
        tasks_create(project=self.project, specs=[spec])
        self.page.goto(self.path("labeling/task"))
        expect(self.at("task")).to_be_visible()


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser(username="mona", password="quiet-otter-7-lamps", display_name="Mona Berg")


def test_draw_the_first_hour(boss: User, browser: Browser, live_server: Any) -> None:
    FOLDER.mkdir(exist_ok=True)
    project = make_project_to_join(boss)
    _, token = invitation_create(actor=boss, project=project, email="carla@example.org", role="labeler")
    walk = Walk(browser, live_server.url, project)
    join(walk, token)
    rank(walk)
    compare(walk)
    write(walk)
    look_at_figures(walk, browser)
    leave_page(walk.page)


def make_project_to_join(boss: User) -> Project:
    project, _ = make_filled_project(boss)
    Project.objects.filter(pk=project.pk).update(name="Household questions")
    GuidelineVersion.objects.create(project=project, number=2, text=GUIDELINES)
    return Project.objects.get(pk=project.pk)


def join(walk: Walk, token: str) -> None:
    walk.page.goto(f"{walk.url}/invitations/{token}")
    walk.at("invitation-username").fill("carla")
    walk.at("invitation-name").fill("Carla Reyes")
    walk.at("invitation-password").fill("three brass lamps 7")
    walk.draw("invitation")
    walk.at("invitation-submit").click()
    expect(walk.at("start-labeling")).to_be_visible()


def rank(walk: Walk) -> None:
    tasks_create(project=walk.project, specs=[make_texts(walk.project, None, 0)])
    walk.page.goto(walk.path("labeling"))
    expect(walk.page.get_by_text("1 task waits for you")).to_be_visible()
    walk.draw("home")
    walk.at("start-labeling").click()
    expect(walk.at("notice-gate")).to_be_visible()
    walk.draw("notice")
    walk.at("notice-read").click()
    expect(walk.at("assess-card-0")).to_be_focused()
    walk.page.keyboard.press("g")
    expect(walk.page.get_by_text("What a good answer is")).to_be_visible()
    walk.draw("guidelines")
    walk.page.keyboard.press("Escape")
    expect(walk.page.get_by_role("dialog")).to_have_count(0)
    walk.page.keyboard.press("6")
    walk.draw("rate")
    walk.page.keyboard.press("Enter")
    for letter, keys in (("B", "2r"), ("C", "6"), ("D", "4")):
        expect(walk.page.get_by_role("article", name=letter)).to_be_focused()
        for key in (*keys, "Enter"):
            walk.page.keyboard.press(key)
    walk.page.keyboard.press("s")
    walk.draw("order")
    walk.page.keyboard.press("d")
    expect(walk.at("word-diff")).to_be_visible()
    walk.page.get_by_test_id("diff-to").get_by_text("D", exact=True).click()
    walk.draw("diff")
    walk.page.keyboard.press("Escape")
    expect(walk.at("word-diff")).to_have_count(0)
    walk.page.keyboard.press("Enter")
    expect(walk.at("nothing-open")).to_be_visible()


def compare(walk: Walk) -> None:
    made = make_texts(walk.project, None, 1, 2)
    walk.ask(TaskSpec(prompt=made.prompt, kind="pairwise", completions=made.completions))
    expect(walk.at("pair-card-0")).to_be_focused()
    walk.page.keyboard.press("2")
    walk.draw("compare")
    walk.page.keyboard.press("Enter")
    expect(walk.at("nothing-open")).to_be_visible()


def write(walk: Walk) -> None:
    made = make_texts(walk.project, None, 2, 1)
    walk.ask(TaskSpec(prompt=made.prompt, kind="demonstration"))
    text = "Dear Mr. Lindqvist,\n\nthis is only a **friendly reminder**: the rent for May has not reached us yet."
    walk.at("demonstration-editor").fill(text)
    expect(walk.at("save-state")).to_have_text("Draft saved")
    walk.draw("write")
    walk.at("skip-button").click()
    walk.at("skip-reason-not_my_expertise").check()
    walk.draw("skip")
    walk.page.keyboard.press("Escape")
    walk.page.keyboard.press("Control+Enter")


def look_at_figures(walk: Walk, browser: Browser) -> None:
    walk.page.goto(walk.path("my-figures"))
    expect(walk.page.get_by_text("Answers a day")).to_be_visible()
    walk.draw("figures")
    made = make_texts(walk.project, None, 0)
    tasks_create(project=walk.project, specs=[made])
    cookies = walk.page.context.cookies()
    phone = browser.new_context(viewport=PHONE, color_scheme="dark", locale="de-DE", reduced_motion="reduce")
    phone.add_cookies(cookies)
    page = phone.new_page()
    page.goto(walk.path("labeling/task"))
    expect(page.get_by_test_id("assess-card-0")).to_be_visible()
    walk.draw("phone", page)
    leave_page(page)
