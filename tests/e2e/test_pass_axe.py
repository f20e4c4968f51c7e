"""Every page of the site, with its dialogs open, light and wide, dark and narrow: axe finds nothing serious, and it fits the window."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from labeling.accounts.models import User
from labeling.feedback.chat_batches import chats_open
from labeling.feedback.provenance import notice_read
from labeling.rounds.models import GuidelineVersion, Project
from labeling.rounds.people import invitation_create
from tests.e2e.desk import NARROW, WIDE, leave_page
from tests.e2e.filled_project import make_filled_project, make_kind_project
from tests.labeling.chat_cast import SETTINGS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUTES = Path(__file__).parents[2] / "frontend/src"
KINDS = [
    ("demonstration", "given"),
    ("demonstration", "few_shot"),
    ("demonstration", "use_case"),
    ("ranking", "given"),
    ("pairwise", "given"),
]


AT_ONCE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* {transition: none !important}');
    document.adoptedStyleSheets = [sheet];
}"""
SETTLE_MS = 50
LOOKS = [("light", WIDE), ("dark", NARROW)]
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
IS_THERE = "() => document.querySelector('main')?.innerText.trim() && !document.querySelector('[role=status]')"
SERIOUS = """() => axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations
    .filter(({impact}) => impact === 'serious' || impact === 'critical')
    .flatMap(({id, nodes}) => nodes.map(({target, failureSummary}) => `${id} ${JSON.stringify(target)} ${failureSummary}`)))"""


class Site:
    """A signed-in person who may do everything, with a project that has something on every page."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.boss = User.objects.create_superuser(
            username="mona", password="quiet-otter-7-lamps", display_name="Mona Berg"
        )
        self.project, self.ids = make_filled_project(self.boss)
        self.url, self.browser = url, browser
        self.found, self.visited = list[str](), set[str]()
        client = Client()
        client.force_login(self.boss)
        self.page = self.new_page()
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])

    def new_page(self) -> Page:
        """A page of somebody who is not signed in."""
        return self.browser.new_context(viewport=WIDE, reduced_motion="reduce").new_page()

    def open(self, path: str, route: str, page: Page | None = None) -> None:
        page = page or self.page
        page.goto(self.url + path)
        page.wait_for_function(IS_THERE)
        self.visited.add(route)
        self.check(path, page)

    def check(self, where: str, page: Page | None = None) -> None:
        """Remember what axe finds serious or critical on the page as it stands, in every look, and where it is wider than the window."""
        page = page or self.page
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(f"() => {{ {AXE_SCRIPT} }}")
            page.evaluate(AT_ONCE)
        for scheme, size in LOOKS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            page.wait_for_timeout(SETTLE_MS)
            self.found += [f"{where}, {scheme}: {text}" for text in page.evaluate(SERIOUS)]
            if page.evaluate(TOO_WIDE):
                self.found.append(f"{where}, {scheme}: wider than the window")
        page.set_viewport_size(WIDE)

    def dialog(self, where: str, button: str) -> None:
        self.page.get_by_test_id(button).first.click()
        expect(self.page.get_by_role("dialog")).to_be_visible()
        self.check(f"{where}, dialog {button}")
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture
def site(browser: Browser, live_server: Any) -> Iterator[Site]:
    site = Site(browser, live_server.url)
    yield site
    leave_page(site.page)


def routes_of_the_site() -> set[str]:
    texts = [(ROUTES / name).read_text() for name in ("app/routes.tsx", "features/routes.tsx")]
    return set(re.findall(r'path: "([^"]+)"', "".join(texts)))


def see_project_pages(site: Site) -> None:
    paths = {
        "labeling": "labeling", "my-figures": "my-figures", "rounds": "rounds", "rounds/new": "rounds/new", "quality": "quality",
        "rounds/:number": "rounds/1", "prompts": "prompts", "prompts/:promptId": f"prompts/{site.ids['prompt']}", "imports": "imports",
        "people": "people", "guidelines": "guidelines", "label-schema": "label-schema", "stopped-tasks": "stopped-tasks",
        "settings": "settings", "runs": "runs", "runs/new": "runs/new", "runs/:runId": f"runs/{site.ids['run']}", "snapshots": "snapshots",
        "checkpoints": "checkpoints", "checkpoints/:checkpointId": f"checkpoints/{site.ids['checkpoint']}", "sampling": "sampling",
        "red-team": "red-team", "chats": "chats",
        "compare": f"compare?a={site.ids['checkpoint']}&b={site.ids['other']}", "evaluations": "evaluations",
    }  # fmt: skip
    chats_open(
        project=site.project, actor=site.boss, num_tasks=1, kind="red_team", brief="", checkpoint_a=site.ids["checkpoint"],
        checkpoint_b=site.ids["checkpoint"], **SETTINGS,
    )  # fmt: skip
    for route, path in paths.items():
        site.open(f"/projects/{site.project.pk}/{path}", route)
    site.open(f"/projects/{site.project.pk}/red-team?success_level=fully", "red-team")
    site.page.get_by_text("The conversation").click()
    site.check("red team, a conversation")
    site.visited.add("projects/:projectId")
    site.open(f"/projects/{site.project.pk}/runs/{site.ids['running']}", "runs/:runId")
    for tab in ("labelers", "agreement", "win-rates"):
        site.open(f"/projects/{site.project.pk}/quality?view={tab}", "quality")
    site.open(f"/projects/{site.project.pk}/people", "people")
    site.dialog("people", "invite")


def see_pages_around(site: Site) -> None:
    site.open("/projects", "projects")
    expect(site.page.locator("nav a")).to_have_count(1)  # the list itself: a superuser, too, has no project here
    site.dialog("projects", "project-create")
    site.open("/account", "account")
    site.page.get_by_test_id("user-menu").click()
    expect(site.page.get_by_role("menu")).to_be_visible()
    site.check("user menu")
    site.open("/no-such-page", "*")
    _, token = invitation_create(actor=site.boss, project=site.project, email="dora@example.org", role="labeler")
    for path, route in (("/login", "login"), (f"/invitations/{token}", "invitations/:token")):
        page = site.new_page()
        site.open(path, route, page)
        page.context.close()


def see_a_task(site: Site, project: Project, kind: str) -> None:
    where = f"{kind} task"
    site.open(f"/projects/{project.pk}/labeling/task", "labeling/task")
    expect(site.page.get_by_test_id("task")).to_be_visible()
    site.check(where)
    site.dialog(where, "skip-button")
    site.dialog(where, "guidelines-button")
    site.page.keyboard.press("?")
    expect(site.page.get_by_role("dialog")).to_be_visible()
    site.check(f"{where}, keyboard")
    site.page.keyboard.press("Escape")
    if kind in ("ranking", "pairwise"):
        site.dialog(where, "diff-A")
        site.dialog(where, "edit-A")
    if kind == "ranking":
        site.page.get_by_test_id("rating-A-overall").locator("input").nth(5).check(force=True)
        site.page.get_by_test_id("step-order").click()
        site.page.get_by_test_id("rank-A-1").click()
        site.check(f"{where}, order")
    if kind == "pairwise":
        site.page.get_by_test_id("scale-2").check(force=True)
        site.page.get_by_test_id("pair-more-A").click()
        site.check(f"{where}, chosen")


def test_axe_finds_nothing_serious_on_any_page(site: Site) -> None:
    see_project_pages(site)
    see_pages_around(site)
    notice_read(user=site.boss, project=site.project)
    see_a_task(site, site.project, "chat")
    for kind, style in KINDS:
        project = make_kind_project(kind, style, site.boss)
        notice_read(user=site.boss, project=project)
        see_a_task(site, project, kind)
    changed = make_kind_project("pairwise", "changed", site.boss)
    site.open(f"/projects/{changed.pk}/labeling/task", "labeling/task")
    expect(site.page.get_by_test_id("notice-gate")).to_be_visible()
    notice_read(user=site.boss, project=changed)
    GuidelineVersion.objects.create(project=changed, number=2, text="Prefer what helps, briefly.")
    site.open(f"/projects/{changed.pk}/labeling/task", "labeling/task")
    expect(site.page.get_by_test_id("guideline-gate")).to_be_visible()
    site.check("changed guidelines")
    assert site.visited == routes_of_the_site()
    assert not site.found, "\n".join(sorted(set(site.found)))
