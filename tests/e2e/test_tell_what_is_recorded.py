"""A labeler is told what is recorded before their first task; the page counts how the answer is written and asks about AI."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from labeling.feedback.models import Demonstration, Place
from labeling.rounds.models import Membership, Project
from tests.e2e.desk import Desk, ask, desk_of

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def new_desk(project: Project, browser: Browser, live_server: Any) -> Iterator[Desk]:
    Project.objects.update(asks_ai_use=True)
    with desk_of(project, browser, live_server.url, "keyboard", has_read_notice=False) as desk:
        yield desk


def test_the_notice_comes_before_the_first_task_and_the_counts_with_the_answer(new_desk: Desk) -> None:
    desk, page = new_desk, new_desk.page
    ask(desk.project, "demonstration", 0)
    desk.open()
    expect(desk.at("notice-gate")).to_contain_text("which share of the characters was pasted")
    assert Place.objects.get().state == "open"  # nothing is handed out before
    desk.press(desk.at("notice-read"))
    editor = desk.at("demonstration-editor")
    editor.press_sequentially("lamp")
    for key in ("Control+a", "Control+x", "Control+v", "Control+v"):
        editor.press(key)
    expect(editor).to_have_value("lamplamp")
    expect(desk.at("save-state")).to_have_text("Draft saved")
    page.reload()  # the counts come back with the draft
    editor.press("Control+End")
    editor.press_sequentially("s")
    editor.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Did AI help with this answer?")
    assert Demonstration.objects.count() == 0
    page.keyboard.press("2")
    desk.wait_until_empty()
    made = Demonstration.objects.get()
    assert made.messages[-1]["content"] == "lamplamps"
    assert (made.pasted_share, made.num_edits, made.ai_use) == (pytest.approx(8 / 13), 1, "help")
    assert made.typing_seconds is not None
    assert 0 < made.typing_seconds < 30
    assert Membership.objects.get(user__username="ada").notice_read_at is not None

    page.goto(f"{desk.url}/projects/{desk.project.pk}/labeling")
    desk.press(desk.at("notice-button"))
    expect(page.get_by_role("dialog")).to_contain_text("Nothing outside the task is looked at")


@pytest.mark.slow
def test_escape_goes_back_to_the_answer(new_desk: Desk) -> None:
    desk, page = new_desk, new_desk.page
    ask(desk.project, "demonstration", 0)
    desk.open()
    desk.press(desk.at("notice-read"))
    editor = desk.at("demonstration-editor")
    editor.press_sequentially("A brass lamp.")
    editor.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(editor).to_have_value("A brass lamp.")
    assert Demonstration.objects.count() == 0
