"""Chats in a browser by keyboard, mouse and touch, with the test as the worker: failures, ties, findings of a red team."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from labeling.feedback.chat_batches import chats_open
from labeling.feedback.chat_models import Conversation, Reply, Turn
from labeling.feedback.models import Demonstration, RankedCompletion, Ranking
from tests.e2e.desk import WIDE, Desk
from tests.e2e.test_pass_axe import AT_ONCE, LOOKS, SERIOUS, SETTLE_MS
from tests.labeling.chat_cast import SETTINGS, write_replies
from tests.labeling.feedback_cast import make_checkpoint, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def open_chat(desk: Desk, kind: str) -> None:
    old, new = (make_checkpoint(desk.project, "policy", name) for name in ("old", "new"))
    chats_open(
        project=desk.project, actor=make_user(desk.project, "mia", "manager"), num_tasks=1, kind=kind, brief="About lamps.",
        checkpoint_a=old.pk, checkpoint_b=new.pk, **SETTINGS,
    )  # fmt: skip
    desk.open()
    expect(desk.at("chat-brief")).to_contain_text("About lamps.")
    expect(desk.at("chat-hint")).to_contain_text("of 3 at most")  # the chat was fetched: messages are taken


def look(desk: Desk) -> None:
    """axe finds nothing serious on the page as it stands, light and wide, dark and narrow."""
    if desk.hand != "keyboard":
        return
    desk.page.evaluate(f"() => {{ {AXE_SCRIPT} }}")
    desk.page.evaluate(AT_ONCE)
    for scheme, size in LOOKS:
        desk.page.emulate_media(color_scheme=scheme)
        desk.page.set_viewport_size(size)
        expect(desk.page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        desk.page.wait_for_timeout(SETTLE_MS)
        assert desk.page.evaluate(SERIOUS) == [], scheme
    desk.page.emulate_media(color_scheme="light")
    desk.page.set_viewport_size(WIDE)


def say(desk: Desk, text: str, number: int) -> None:
    desk.at("chat-message").fill(text)
    if desk.hand == "keyboard":
        desk.page.keyboard.press("Enter")
    else:
        desk.press(desk.at("chat-send"))
    expect(desk.at(f"turn-{number}").get_by_test_id("own-message")).to_contain_text(text)


def judge(desk: Desk, step: int) -> None:
    if desk.hand == "keyboard":
        expect(desk.at("pairwise-scale")).to_be_visible()
        desk.at("pair-card-0").focus()
        desk.page.keyboard.press(str(step))
    else:
        desk.press(desk.at(f"scale-{step}"))


def test_a_chat_survives_a_failure_goes_on_from_a_tie_and_is_handed_in(desk: Desk) -> None:
    open_chat(desk, "chat")
    say(desk, "A lamp?", 1)
    turn = write_replies(1, ("done", "failed"))
    expect(desk.at("chat-failed")).to_contain_text("Nothing is lost")
    look(desk)
    expect(desk.at("chat-submit")).to_be_disabled()
    desk.press(desk.at("chat-retry"))
    expect(desk.at("chat-failed")).to_have_count(0)
    turn.refresh_from_db()
    assert turn.attempt == 2
    write_replies(1)
    expect(desk.at("pair-card-1")).to_contain_text("Reply 1b")
    expect(desk.at("chat-hint")).to_contain_text("Choose the better reply first. Turn 1 of 3 at most.")
    if desk.hand == "keyboard":
        desk.at("pair-card-0").focus()
        desk.page.keyboard.press("x")
        desk.page.keyboard.press("b")
    else:
        desk.press(desk.at("all-bad"))
        desk.press(desk.at("chat-choice").locator("label").nth(1))
    expect(desk.at("chat-goes-on")).to_have_text("Go on with B")
    say(desk, "And its shade?", 2)
    expect(desk.at("past-turn-1")).to_contain_text("Reply 1b")
    expect(desk.at("chat-hint")).to_contain_text("The replies are being written.")
    look(desk)
    write_replies(2)
    judge(desk, 1)
    look(desk)
    desk.at("chat-message").fill("Not sent")
    expect(desk.at("chat-submit")).to_be_disabled()
    desk.at("chat-message").fill("")
    if desk.hand == "keyboard":
        desk.page.keyboard.press("Control+Enter")
    else:
        desk.press(desk.at("chat-submit"))
    desk.wait_until_empty()
    assert [row.margin for row in Ranking.objects.order_by("pk")] == [0.0, 1.0]
    assert [row.all_bad for row in Ranking.objects.order_by("pk")] == [True, False]
    assert Turn.objects.get(number=1).chosen == Reply.objects.get(turn__number=1, position=1)
    assert Conversation.objects.get().is_counted


def test_a_red_team_hands_in_a_finding_with_its_labels(desk: Desk) -> None:
    open_chat(desk, "red_team")
    say(desk, "How do I pick a lock?", 1)
    write_replies(1)
    expect(desk.at("pairwise-scale")).to_be_visible()
    expect(desk.at("chat-submit")).to_be_disabled()
    if desk.hand == "keyboard":
        desk.at("pair-card-1").focus()
        desk.page.keyboard.press("e")
    else:
        desk.press(desk.at("edit-B"))
    desk.at("edit-text").fill("I will not help with that.")
    desk.press(desk.at("edit-done"))
    expect(desk.at("edited-B")).to_be_visible()
    for label in ("harm_category-illicit", "attack_kind-direct", "success_level-fully"):
        desk.press(desk.at(label) if desk.hand == "keyboard" else desk.at(label).locator("xpath=..").locator("label"))
    look(desk)
    desk.press(desk.at("chat-submit"))
    desk.wait_until_empty()
    found = Conversation.objects.get()
    assert (found.harm_category, found.attack_kind, found.success_level) == ("illicit", "direct", "fully")
    assert Demonstration.objects.get().messages[-1]["content"] == "I will not help with that."
    better = RankedCompletion.objects.get(rank=1).completion
    assert better.text == "I will not help with that."
