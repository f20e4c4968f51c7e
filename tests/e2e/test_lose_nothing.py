"""What a labeler has done outlives the browser, the lease and a second tab; and the next task is there at once."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Route, expect

from labeling.accounts.models import User
from labeling.feedback.models import Demonstration, Draft, Place, Ranking, Skip
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import Project
from tests.e2e.desk import Desk, leave, sit_down
from tests.labeling.feedback_cast import make_completions, make_prompts, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KEPT_WITHIN_SECONDS = 5  # of typing, whatever happens to the browser
NUM_TIMED = 20
WATCH_NEXT_TASK = """() => {
    const shown = () => document.querySelector('[data-testid=task]')?.dataset.taskId;
    const before = shown();
    const listen = ({key, timeStamp}) => {
        if (key !== 'Enter') return;
        window.removeEventListener('keydown', listen, true);
        const look = () => {
            if (shown() === before || !document.querySelector('[data-testid=pair-card-1]')?.innerText.includes('Answer'))
                return requestAnimationFrame(look);
            const channel = new MessageChannel();  // its message comes after the frame is painted
            channel.port1.onmessage = () => { window.nextTaskMs = performance.now() - timeStamp; };
            requestAnimationFrame(() => channel.port2.postMessage(''));
        };
        look();
    };
    window.addEventListener('keydown', listen, true);
}"""


@pytest.fixture
def ada(project: Project) -> User:
    return make_user(project, "ada", "labeler")


@pytest.fixture
def desk(ada: User, project: Project, browser: Browser, live_server: Any) -> Iterator[Desk]:
    desk = sit_down(ada, project, browser, live_server.url, "keyboard")
    yield desk
    leave(desk)


def ask_to_write(project: Project, count: int = 1) -> None:
    specs = [TaskSpec(prompt=prompt.pk, kind="demonstration") for prompt in make_prompts(project, count)]
    tasks_create(project=project, specs=specs)


def written() -> list[str]:
    return [row.messages[-1]["content"] for row in Demonstration.objects.order_by("pk")]


def test_what_was_typed_outlives_a_browser_that_is_killed(
    desk: Desk, ada: User, launch_browser: Callable[[], Browser]
) -> None:
    ask_to_write(desk.project)
    doomed = launch_browser()
    lost = sit_down(ada, desk.project, doomed, desk.url, "keyboard")
    lost.open()
    lost.write(lost.at("demonstration-editor"), "A brass lamp, and it was")
    lost.page.wait_for_timeout(1000 * KEPT_WITHIN_SECONDS)
    processes = doomed.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    os.kill(next(row["id"] for row in processes if row["type"] == "browser"), signal.SIGKILL)
    desk.open()  # another browser: nothing is left but what the server has
    expect(desk.at("demonstration-editor")).to_have_value("A brass lamp, and it was")


def test_a_slow_save_does_not_overtake_a_later_one(desk: Desk, ada: User) -> None:
    ask_to_write(desk.project)
    desk.open()
    held: list[Route] = []
    desk.page.route("**/draft", lambda route: held.append(route))
    desk.write(desk.at("demonstration-editor"), "A brass lamp")
    wait_until(desk, lambda: held, "the first save")
    desk.page.keyboard.insert_text(", and it was cold")
    desk.page.wait_for_timeout(4000)
    assert len(held) == 1, "the second save waits for the first"
    held[0].continue_()
    wait_until(desk, lambda: len(held) == 2, "the second save")
    held[1].continue_()
    desk.page.unroute("**/draft")
    expect(desk.at("save-state")).to_have_text("Draft saved")
    assert Draft.objects.get().body["turns"] == ["A brass lamp, and it was cold"]


def test_a_save_that_failed_is_tried_again_without_a_further_key(desk: Desk) -> None:
    ask_to_write(desk.project)
    desk.open()
    desk.page.route("**/draft", lambda route: route.abort())
    desk.write(desk.at("demonstration-editor"), "A brass lamp.")
    expect(desk.at("save-state")).to_have_text("Kept in this browser")
    assert not Draft.objects.exists()
    desk.page.unroute("**/draft")
    wait_until(desk, Draft.objects.exists, "the draft on the server")
    assert Draft.objects.get().body["turns"] == ["A brass lamp."]


def test_a_browser_that_keeps_nothing_does_not_say_that_it_does(desk: Desk) -> None:
    ask_to_write(desk.project)
    desk.page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
    desk.open()
    desk.page.route("**/draft", lambda route: route.abort())
    desk.write(desk.at("demonstration-editor"), "A brass lamp.")
    expect(desk.at("save-state")).to_have_text("Not saved yet: keep this page open")


def test_a_task_whose_time_ran_out_while_nobody_was_there_is_gone_on_with(desk: Desk) -> None:
    ask_to_write(desk.project)
    desk.open()
    desk.write(desk.at("demonstration-editor"), "A brass lamp.")
    expect(desk.at("save-state")).to_have_text("Draft saved")
    desk.page.goto("about:blank")
    Place.objects.update(lease_expires_at=timezone.now() - timedelta(hours=9))
    desk.open()
    expect(desk.at("demonstration-editor")).to_have_value("A brass lamp.")
    desk.page.keyboard.press("Control+Enter")
    desk.wait_until_empty()
    assert written() == ["A brass lamp."]
    assert Demonstration.objects.get().is_counted


def test_a_lease_that_runs_out_while_somebody_types_is_taken_again(desk: Desk) -> None:
    ask_to_write(desk.project)
    desk.page.clock.install()
    desk.open()
    desk.write(desk.at("demonstration-editor"), "A brass lamp.")
    expect(desk.at("save-state")).to_have_text("Draft saved")
    desk.page.route("**/heartbeat", lambda route: route.abort())  # the connection is gone meanwhile
    desk.page.clock.fast_forward("11:00")
    expect(desk.at("lease-expired")).to_contain_text("Nothing is lost")
    Place.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=5))
    desk.page.unroute("**/heartbeat")
    desk.press(desk.at("lease-reclaim"))
    expect(desk.at("lease-expired")).to_have_count(0)
    desk.tab_to(desk.at("demonstration-editor"))
    desk.page.keyboard.press("End")
    desk.page.keyboard.insert_text(" It shines.")
    desk.page.keyboard.press("Control+Enter")
    desk.wait_until_empty()
    assert written() == ["A brass lamp. It shines."]


def test_of_two_tabs_one_answers_and_the_other_is_told_and_keeps_its_text(desk: Desk) -> None:
    ask_to_write(desk.project)
    desk.open()
    desk.write(desk.at("demonstration-editor"), "A brass lamp.")
    expect(desk.at("save-state")).to_have_text("Draft saved")
    second = Desk(desk.page.context.new_page(), desk.project, desk.url, "keyboard")
    second.open()
    expect(second.at("demonstration-editor")).to_have_value("A brass lamp.")
    second.write(second.at("demonstration-editor"), "A brass lamp, polished.")
    second.page.keyboard.press("Control+Enter")
    second.wait_until_empty()
    desk.page.bring_to_front()
    desk.write(desk.at("demonstration-editor"), "Something else.")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.at("lease-lost")).to_contain_text("Copy what I wrote")
    expect(desk.at("demonstration-editor")).to_have_value("Something else.")
    assert written() == ["A brass lamp, polished."]


def test_a_skip_whose_reply_was_lost_goes_on_to_the_next_task(desk: Desk) -> None:
    ask_to_write(desk.project, 2)
    desk.open()
    first = desk.at("task").get_attribute("data-task-id")

    def lose_the_reply(route: Route) -> None:
        route.fetch()
        route.abort()

    desk.page.route("**/skip", lose_the_reply)
    desk.press(desk.at("skip-button"))
    desk.press(desk.at("skip-reason-unclear"))
    desk.press(desk.at("skip-confirm"))
    expect(desk.page.get_by_role("alert")).to_contain_text("cannot be reached")
    desk.page.unroute("**/skip")
    desk.press(desk.at("skip-confirm"))
    expect(desk.at("task")).not_to_have_attribute("data-task-id", first or "")
    assert Skip.objects.count() == 1


def test_the_next_task_is_painted_before_the_answer_is_stored(desk: Desk) -> None:
    """The submit is held back; the next task, fetched ahead, must not wait for it. Says how long painting it took."""
    specs = [
        TaskSpec(prompt=prompt.pk, kind="pairwise", completions=[row.pk for row in make_completions(prompt, 2)])
        for prompt in make_prompts(desk.project, NUM_TIMED + 1)
    ]
    tasks_create(project=desk.project, specs=specs)
    desk.open()
    took = []
    for number in range(NUM_TIMED):
        wait_until(desk, lambda number=number: Place.objects.filter(state="leased").count() == 2, "the task ahead")
        desk.page.wait_for_timeout(200)  # its reply has reached the page
        held: list[Route] = []
        desk.page.route("**/submit", lambda route, request, held=held: held.append(route))
        desk.page.evaluate(WATCH_NEXT_TASK)
        desk.page.keyboard.press("7")
        desk.page.keyboard.press("Enter")
        took.append(desk.page.wait_for_function("() => window.nextTaskMs").json_value())
        assert Ranking.objects.count() == number, "the answer is not stored yet"
        desk.page.evaluate("() => { window.nextTaskMs = undefined; }")
        wait_until(desk, lambda held=held: held, "the submit")
        desk.page.unroute("**/submit")  # lets it go on
        wait_until(desk, lambda number=number: Ranking.objects.count() == number + 1, "the answer")
    took.sort()
    print(f"next task painted after {took[len(took) // 2]:.0f} ms (median), {took[-1]:.0f} ms (slowest of {len(took)})")


def wait_until(desk: Desk, read: Callable[[], object], what: str) -> None:
    for _ in range(200):
        if read():
            return
        desk.page.wait_for_timeout(50)
    pytest.fail(f"waited in vain for {what}")
