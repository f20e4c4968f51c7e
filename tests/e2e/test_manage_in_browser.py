"""What managers and labelers do in the browser beside the round itself: projects, invitations, passwords, redaction, rejecting,
and an answer that is submitted while the one before is still on its way."""

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from demo.client import Client
from demo.site import Site
from tests.e2e.test_tiny_round import join, sign_in, wait_for

pytestmark = pytest.mark.slow
PROMPTS = [{"prompt_id": f"p{number}", "prompt": f"Describe lamp number {number}."} for number in range(8)]
RANKING = {
    "prompt_id": "r1",
    "prompt": "Name a harbour.",
    "completions": ["Call Ada at 555.", "Oslo."],
    "ranks": [2, 1],
}


@pytest.fixture
def admin(site: Site) -> Client:
    return Client(site.url).login(*site.admin)


@pytest.fixture
def page(site: Site, browser: Browser) -> Page:
    return sign_in(browser, site.url, *site.admin)


@pytest.fixture
def project(admin: Client) -> int:
    return admin.post("/projects", {"name": "Harbour", "slug": f"harbour-{time.time_ns()}"})["id"]


def import_rows(admin: Client, project: int, folder: Path, kind: str, rows: list[dict]) -> None:
    file = folder / f"{kind}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    number = admin.upload(f"/projects/{project}/imports", file, kind=kind)["id"]
    wait_for(lambda: admin.get(f"/projects/{project}/imports/{number}")["state"] == "done", f"the import of {kind}", 60)


def test_a_manager_makes_a_project_and_takes_an_invitation_back(site: Site, page: Page, browser: Browser) -> None:
    page.goto(f"{site.url}/projects")
    page.get_by_test_id("project-create").click()
    name = f"Lamps {time.time_ns()}"
    page.get_by_role("textbox", name=re.compile("^Name")).fill(name)
    page.get_by_role("button", name="Make project").click()
    page.wait_for_url(re.compile(r"/projects/\d+/settings$"))
    expect(page.get_by_role("textbox", name=re.compile("^Name"))).to_have_value(name)
    page.goto(page.url.replace("/settings", "/people"))
    page.get_by_test_id("invite").click()
    page.get_by_label("E-mail").fill("late@example.org")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_test_id("invite-url").input_value()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Take back").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text("Expired or taken back")).to_be_visible()
    page.goto(link)
    expect(page.get_by_text("was used, has expired or never existed")).to_be_visible(timeout=15_000)


def test_a_manager_redacts_one_completion_and_rejects_a_round(
    site: Site, page: Page, admin: Client, project: int, tmp_path: Path
) -> None:
    import_rows(admin, project, tmp_path, "rankings", [RANKING])
    prompt = admin.get(f"/projects/{project}/prompts")["results"][0]["id"]
    page.goto(f"{site.url}/projects/{project}/prompts/{prompt}")
    page.get_by_test_id("completion-redact-1").click()
    expect(page.get_by_test_id("confirm")).to_be_disabled()
    page.get_by_test_id("redact-reason").fill("A telephone number.")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text("(redacted)")).to_be_visible()
    expect(page.get_by_text("Call Ada")).to_have_count(0)
    expect(page.get_by_text("Oslo.")).to_be_visible()

    admin.post(f"/projects/{project}/rounds", {"recipe": [{"kind": "approve"}]})
    page.goto(f"{site.url}/projects/{project}/rounds/1")
    page.get_by_test_id("stage-action-approve").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text("This round made no policy that could be published")).to_be_visible()
    page.get_by_role("button", name="Go back").click()
    page.get_by_test_id("stage-action-reject").click()
    page.get_by_label("Note").fill("Nothing was trained.")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("stage-action-reject")).to_have_count(0)
    wait_for(lambda: admin.get(f"/projects/{project}/rounds/1")["state"] == "rejected", "the round to be rejected", 10)


def test_an_answer_submitted_behind_another_waits_and_is_stored(
    site: Site, browser: Browser, admin: Client, project: int, tmp_path: Path
) -> None:
    import_rows(admin, project, tmp_path, "prompts", PROMPTS)
    admin.post(f"/projects/{project}/rounds", {"recipe": [{"kind": "demonstrate", "num_tasks": 3}]})
    link = admin.post(f"/projects/{project}/invitations", {"email": "bo@example.org", "role": "labeler"})["url"]
    labeler = join(browser, link, f"bo{time.time_ns()}")
    held: list[Route] = []
    is_open: list[bool] = []
    labeler.route("**/submit", lambda route: route.continue_() if is_open else held.append(route))
    labeler.goto(f"{site.url}/projects/{project}/labeling/task")
    labeler.get_by_test_id("notice-read").click()
    texts = ["A brass lamp.", "A green lamp."]
    for number, text in enumerate(texts):
        editor = labeler.get_by_test_id("demonstration-editor")
        expect(editor).to_have_value("", timeout=15_000)
        if number == 0:  # the next task must be there, fetched ahead
            wait_for(lambda: places(admin, project)["places_leased"] == 2, "the task ahead", 15)
            labeler.wait_for_timeout(300)
        editor.fill(text)
        editor.press("Control+Enter")
    wait_for(lambda: labeler.wait_for_timeout(50) or held, "the first submit", 10)
    assert len(held) == 1, "the second waits for the first"
    expect(labeler.get_by_test_id("demonstration-submit")).to_have_attribute("data-loading", "true")
    is_open.append(True)
    held[0].continue_()
    wait_for(lambda: labeler.wait_for_timeout(50) or places(admin, project)["places_filled"] == 2, "both answers", 20)
    rows = admin.get(f"/projects/{project}/demonstrations")["results"]
    assert sorted(row["messages"][-1]["content"] for row in rows) == texts
    expect(labeler.get_by_test_id("demonstration-editor")).to_have_value("", timeout=15_000)

    labeler.goto(f"{site.url}/account")
    labeler.get_by_test_id("password-current").fill("correct horse battery 9")
    labeler.get_by_test_id("password-new").fill("another horse battery 10")
    labeler.get_by_test_id("password-change").click()
    expect(labeler.get_by_text("Your password is changed")).to_be_visible()
    labeler.get_by_test_id("user-menu").click()  # still signed in, and with a CSRF token that works
    labeler.get_by_test_id("sign-out").click()
    expect(labeler.get_by_test_id("login-submit")).to_be_visible()


def places(admin: Client, project: int) -> dict[str, int]:
    counts: dict[str, int] = admin.get(f"/projects/{project}/rounds/1")["stages"][0]["counts"]
    return counts
