"""A labeler whose browser asks for German works in German, and may choose another language."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from labeling.feedback.models import Ranking
from labeling.rounds.models import Project
from tests.e2e.desk import Desk, ask, desk_of, rate_all

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def german_desk(project: Project, browser: Browser, live_server: Any) -> Iterator[Desk]:
    with desk_of(project, browser, live_server.url, "keyboard", locale="de-CH") as desk:
        yield desk


def test_a_ranking_is_made_in_german_and_the_language_is_chosen_and_remembered(german_desk: Desk) -> None:
    desk, page = german_desk, german_desk.page
    ask(desk.project, "ranking", 3)
    page.goto(f"{desk.url}/projects/{desk.project.pk}/labeling")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_text("1 Aufgabe wartet auf Sie")).to_be_visible()
    desk.open()
    expect(page.get_by_role("heading", level=1)).to_have_text("Antworten ordnen")
    rate_all(desk, "ABC", "262")
    expect(desk.at("submit-hint")).to_have_text("Ohne Rang: A, B, C")
    for key in ("2", "ArrowDown", "1", "ArrowDown", "2", "Enter"):
        page.keyboard.press(key)
    expect(desk.at("nothing-open")).to_contain_text("Zurzeit ist nichts offen")
    assert [row.rank for row in Ranking.objects.get().ranked_completions.order_by("completion_id")] == [2, 1, 2]

    desk.press(desk.at("user-menu"))
    page.get_by_test_id("language-en").click()
    expect(desk.at("nothing-open")).to_contain_text("Nothing is open right now")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(desk.at("nothing-open")).to_contain_text("Nothing is open right now")


def test_a_refused_answer_says_in_german_what_is_wrong_with_it(german_desk: Desk) -> None:
    desk, page = german_desk, german_desk.page
    ask(desk.project, "demonstration", 0)
    desk.open()
    desk.write(desk.at("demonstration-editor"), "Lampe. " * 3000)
    page.keyboard.press("Control+Enter")
    expect(desk.at("error-fields")).to_have_text("Der Text ist zu lang: höchstens 20.000 Zeichen.")
    expect(desk.at("demonstration-editor")).to_have_value("Lampe. " * 3000)
