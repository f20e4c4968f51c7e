"""Each kind of work in a browser, by keyboard alone, by mouse alone and by touch alone, on the built pages and a real database."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from labeling.feedback.claims import place_claim
from labeling.feedback.models import Demonstration, Edit, Place, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import GuidelineAcknowledgement, GuidelineVersion
from tests.e2e.desk import Desk, ask, rate_all
from tests.labeling.feedback_cast import make_prompts, make_user

pytestmark = [pytest.mark.django_db(transaction=True)]


def ranks_of(ranking: Ranking) -> list[int]:
    return [row.rank for row in ranking.ranked_completions.order_by("completion_id")]


def test_each_completion_is_rated_and_then_all_are_ranked(desk: Desk) -> None:
    ask(desk.project, "ranking", 3)
    desk.open()
    rate_all(desk, "ABC", "262")
    expect(desk.at("submit-hint")).to_contain_text("Not placed: A, B, C")
    if desk.hand == "keyboard":
        for key in ("2", "ArrowDown", "1", "ArrowDown", "2", "Enter"):
            desk.page.keyboard.press(key)
    else:
        for target in ("rank-A-2", "rank-B-1", "rank-C-2", "rank-submit"):
            desk.press(desk.at(target))
    desk.wait_until_empty()
    ranking = Ranking.objects.get()
    assert ranks_of(ranking) == [2, 1, 2]
    rows = list(ranking.ranked_completions.order_by("completion_id"))
    assert [row.ratings for row in rows] == [{"overall": 2}, {"overall": 6}, {"overall": 2}]
    assert [row.flags for row in rows] == [["wrong_task"], [], []]


def test_ratings_place_all_at_once_and_lead_back(desk: Desk) -> None:
    ask(desk.project, "ranking", 3)
    desk.open()
    rate_all(desk, "ABC", "373")
    if desk.hand == "keyboard":
        desk.page.keyboard.press("s")
    else:
        desk.press(desk.at("place-by-rating"))
    expect(desk.at("order-text")).to_have_text("B > A = C")
    desk.press(desk.at("step-A"))
    expect(desk.at("assess-card-0")).to_be_visible()
    desk.press(desk.at("step-order"))
    desk.press(desk.at("rank-submit"))
    desk.wait_until_empty()
    assert ranks_of(Ranking.objects.get()) == [2, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("desk", ["mouse", "touch"], indirect=True)
def test_completions_are_dragged_into_an_order(desk: Desk) -> None:
    ask(desk.project, "ranking", 3)
    desk.open()
    rate_all(desk, "ABC", "444")
    for letter, target in (("A", "rank-row-2"), ("B", "rank-row-2"), ("C", "rank-row-3"), ("C", "rank-gap-1")):
        desk.drag(desk.at(f"rank-chip-{letter}"), desk.at(target))
    expect(desk.at("order-text")).to_have_text("C > A = B")
    desk.press(desk.at("rank-submit"))
    desk.wait_until_empty()
    assert ranks_of(Ranking.objects.get()) == [2, 2, 1]


def test_an_order_needs_every_overall_rating(desk: Desk) -> None:
    ask(desk.project, "ranking", 2)
    desk.open()
    desk.press(desk.at("step-order"))
    if desk.hand == "keyboard":
        for key in ("1", "ArrowDown", "2"):
            desk.page.keyboard.press(key)
    else:
        desk.press(desk.at("rank-A-1"))
        desk.press(desk.at("rank-B-2"))
    expect(desk.at("submit-hint")).to_have_text("Not rated: A, B")
    expect(desk.at("rank-submit")).to_be_disabled()


def test_a_pair_is_compared_on_the_scale(desk: Desk) -> None:
    ask(desk.project, "pairwise", 2)
    desk.open()
    expect(desk.at("pairwise-submit")).to_be_disabled()
    if desk.hand == "keyboard":
        desk.page.keyboard.press("ArrowRight")
        expect(desk.at("pairwise-text")).to_have_text("B is negligibly better.")
        desk.page.keyboard.press("7")
    else:
        desk.press(desk.at("scale-7"))
    expect(desk.at("pairwise-text")).to_have_text("B is better.")
    if desk.hand == "keyboard":
        desk.page.keyboard.press("Enter")
    else:
        desk.press(desk.at("pairwise-submit"))
    desk.wait_until_empty()
    ranking = Ranking.objects.get()
    assert ranks_of(ranking) == [2, 1]
    assert ranking.margin == pytest.approx(2 / 3)


def test_both_of_a_pair_may_be_bad(desk: Desk) -> None:
    ask(desk.project, "pairwise", 2)
    desk.open()
    if desk.hand == "keyboard":
        expect(desk.at("pair-card-0")).to_be_focused()
        desk.page.keyboard.press("x")
        desk.page.keyboard.press("Enter")
    else:
        desk.press(desk.at("all-bad"))
        desk.press(desk.at("pairwise-submit"))
    desk.wait_until_empty()
    ranking = Ranking.objects.get()
    assert (ranking.all_bad, ranks_of(ranking), ranking.margin) == (True, [1, 1], 0)


def test_two_completions_are_compared_and_one_is_edited(desk: Desk) -> None:
    shown = ask(desk.project, "pairwise", 2)
    desk.open()
    expect(desk.at("pair-card-0")).to_be_visible()
    if desk.hand == "keyboard":
        expect(desk.at("pair-card-0")).to_be_focused()
        desk.page.keyboard.press("d")
    else:
        desk.press(desk.at("diff-A"))
    expect(desk.at("word-diff").locator("del")).to_have_text("0")
    expect(desk.at("word-diff").locator("ins")).to_have_text("1")
    desk.page.keyboard.press("Escape")
    expect(desk.at("word-diff")).to_have_count(0)
    if desk.hand == "keyboard":
        desk.tab_to(desk.at("pair-card-1"))
        desk.page.keyboard.press("e")
    else:
        desk.press(desk.at("edit-B"))
    desk.write(desk.at("edit-text"), "Answer 1, made better")
    expect(desk.at("word-diff").locator("ins")).to_have_text(", made better")
    desk.press(desk.at("edit-done"))
    expect(desk.at("edited-B")).to_be_visible()
    desk.page.wait_for_timeout(50)
    desk.press(desk.at("all-bad"))
    desk.press(desk.at("pairwise-submit"))
    desk.wait_until_empty()
    edit = Edit.objects.get()
    assert (edit.original_id, edit.edited.text) == (shown[1], "Answer 1, made better")
    assert Demonstration.objects.get().messages[-1]["content"] == "Answer 1, made better"


def test_a_conversation_is_written_and_its_prompt_labelled(desk: Desk) -> None:
    prompt = make_prompts(desk.project, 1)[0]
    tasks_create(project=desk.project, specs=[TaskSpec(prompt=prompt.pk, kind="demonstration")])
    desk.open()
    desk.write(desk.at("demonstration-editor"), "A brass lamp.")
    desk.press(desk.at("turn-add"))
    desk.write(desk.at("turn-1"), "And its shade?")
    desk.write(desk.at("turn-2"), "Green glass.")
    if desk.hand == "keyboard":
        desk.tab_to(desk.at("use-case-generation"))  # radio buttons: one stop, then arrows
        for _ in range(3):
            desk.page.keyboard.press("ArrowRight")
        desk.press(desk.at("prompt-flag-ambiguous"))
    else:
        for label in ("use-case-chat", "prompt-flag-ambiguous"):
            desk.press(desk.at(label).locator("xpath=..").locator("label"))
    if desk.hand == "keyboard":
        desk.page.keyboard.press("Control+Enter")
    else:
        desk.press(desk.at("demonstration-submit"))
    desk.wait_until_empty()
    found = Demonstration.objects.get()
    assert [message["content"] for message in found.messages[1:]] == ["A brass lamp.", "And its shade?", "Green glass."]
    assert (found.use_case, found.prompt_flags) == ("chat", ["ambiguous"])


@pytest.mark.slow
@pytest.mark.parametrize("desk", ["keyboard"], indirect=True)
@pytest.mark.parametrize(
    ("style", "brief", "num_turns"), [("plain", "", 2), ("use_case", "Mail of a shop", 2), ("few_shot", "", 5)]
)
def test_a_prompt_is_written_with_its_answer(desk: Desk, style: str, brief: str, num_turns: int) -> None:
    spec = TaskSpec(prompt=None, kind="demonstration", prompt_style=style, brief=brief)
    tasks_create(project=desk.project, specs=[spec])
    desk.open()
    expect(desk.at("brief")).to_contain_text(brief)
    for turn in range(num_turns):
        desk.write(desk.at(f"turn-{turn}"), f"Text {turn}")
    desk.press(desk.at("demonstration-submit"))
    desk.wait_until_empty()
    found = Demonstration.objects.get()
    assert [message["content"] for message in found.messages] == [f"Text {turn}" for turn in range(num_turns)]
    assert found.prompt.origin == "labeler"


def test_changed_guidelines_are_read_before_the_next_task(desk: Desk) -> None:
    ask(desk.project, "pairwise", 2)
    GuidelineVersion.objects.create(project=desk.project, number=2, text="Prefer what helps, briefly.")
    desk.open()
    expect(desk.at("guideline-gate").locator("ins")).to_have_text(", briefly")
    desk.press(desk.at("guideline-acknowledge"))
    expect(desk.at("pair-card-0")).to_be_visible()
    assert GuidelineAcknowledgement.objects.get().guideline.number == 2


def test_a_late_answer_is_kept_and_the_labeler_is_told(desk: Desk) -> None:
    ask(desk.project, "pairwise", 2)
    desk.open()
    expect(desk.at("pair-card-0")).to_be_visible()
    Place.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=5))
    assert place_claim(labeler=make_user(desk.project, "bob", "labeler"), project=desk.project) is not None
    desk.press(desk.at("lease-countdown"))
    expect(desk.at("lease-late")).to_contain_text("kept and paid")
    desk.press(desk.at("all-bad"))
    desk.press(desk.at("pairwise-submit"))
    expect(desk.page.get_by_text("Kept and paid, but not counted")).to_be_visible()
    assert Ranking.objects.get().is_counted is False
