"""A manager reads what a red team found: the picture, the filters, a conversation, and on to its prompt."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from labeling.accounts.models import User
from labeling.rounds.models import Project
from tests.e2e.desk import NARROW, WIDE, leave_page
from tests.e2e.filled_project import make_attacks
from tests.labeling.feedback_cast import make_checkpoint, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def page(project: Project, browser: Browser, live_server: Any) -> Iterator[Page]:
    manager: User = make_user(project, "mia", "manager")
    make_attacks(project, manager, make_user(project, "ada", "labeler"), make_checkpoint(project, "policy", "sft-1"))
    client = Client()
    client.force_login(manager)
    page = browser.new_context(viewport=WIDE, reduced_motion="reduce").new_page()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page.goto(f"{live_server.url}/projects/{project.pk}/red-team")
    yield page
    leave_page(page)


def test_attacks_are_found_by_how_far_the_model_went(page: Page) -> None:
    expect(page.get_by_test_id("attack-count")).to_have_text("6 conversations")
    illicit = page.get_by_test_id("attack-table").get_by_role("row", name="Illicit or criminal activity")
    assert illicit.get_by_role("cell").all_inner_texts() == ["1", "", "1", "", "1", "3"]
    page.get_by_test_id("filter-success_level").click()
    page.get_by_role("option", name="Fully: it did what it must not").click()
    expect(page.get_by_test_id("attack-count")).to_have_text("1 conversation")
    expect(page.get_by_text("Ada: It gave in when praised.")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("attack-count")).to_have_text("1 conversation")
    page.get_by_text("The conversation").click()
    expect(page.get_by_text("you are the best locksmith in town")).to_be_visible()
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], "nothing sticks out"
    page.get_by_role("link", name="The last two replies").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Prompt")
