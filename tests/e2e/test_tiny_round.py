"""One tiny round on real parts: PostgreSQL, Redis, Celery, Ray and a browser; then the labeler meets the new checkpoint's words.

An engineer starts the pretraining in the browser, a labeler ranks by keyboard and by drag, a manager approves, an engineer looks
at token probabilities. What the pages do not show is checked through the API.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from demo import domain
from demo.client import Client
from demo.site import Site

NUM_RANKED = 3
TINY = {"max_steps": 4, "batch_size": 8, "threads": 1}
SAMPLE = {"max_new_tokens": 12, "threads": 1}
ROUND_ONE = [
    {"kind": "sft", "config": TINY},
    {"kind": "sample", "num_prompts": NUM_RANKED, "completions_per_prompt": 3, "config": SAMPLE},
    {"kind": "rank", "overlap_share": 0},
    {"kind": "reward", "config": TINY},
    {
        "kind": "ppo",
        "num_prompts": 40,
        "config": {"episodes_per_update": 8, "minibatch_size": 8, "num_updates": 2, "max_new_tokens": 12, "threads": 1},
    },
    {"kind": "evaluate", "num_prompts": 2, "config": SAMPLE},
    {"kind": "approve"},
]
ROUND_TWO = [ROUND_ONE[1], ROUND_ONE[2]]


def wait_for(read: Callable[[], Any], what: str, seconds: float = 150) -> Any:
    """Return the first truthy value of `read`; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := read():
            return found
        time.sleep(0.5)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class World:
    """The project under test, its people and its board."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.admin = Client(site.url).login(*site.admin)
        self.project = self.admin.post("/projects", {"name": "Tiny", "slug": f"tiny-{time.time_ns()}"})["id"]
        self.path = f"/projects/{self.project}"

    def prepare(self) -> None:
        self.admin.post(f"{self.path}/guidelines", {"text": "# Be fair\nPrefer the note that does what was asked."})
        rows = {
            "texts": list(domain.pretraining_texts(1, 300)),
            "prompts": domain.prompts(1, 240),
            "demonstrations": domain.demonstrations(1, 40),
        }
        for kind, records in rows.items():
            file = self.folder / f"{kind}.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in records))
            number = self.admin.upload(f"{self.path}/imports", file, kind=kind)["id"]
            wait_for(lambda number=number: self._import_done(number), f"the import of {kind}", 60)

    def _import_done(self, number: int) -> bool:
        found = self.admin.get(f"{self.path}/imports/{number}")
        assert found["state"] in ("queued", "running", "done"), found
        return found["state"] == "done"

    def invite(self, role: str) -> str:
        return self.admin.post(f"{self.path}/invitations", {"email": f"{role}@example.org", "role": role})["url"]

    def stage(self, number: int, kind: str) -> dict:
        board = self.admin.get(f"{self.path}/rounds/{number}")
        failed = [f"{stage['kind']}: {stage['reason']}" for stage in board["stages"] if stage["state"] == "failed"]
        assert not failed, failed
        return next(stage for stage in board["stages"] if stage["kind"] == kind)

    def wait_for_stage(self, number: int, kind: str, state: str) -> dict:
        return wait_for(
            lambda: (found := self.stage(number, kind))["state"] == state and found, f"{kind} to be {state}"
        )


def sign_in(browser: Browser, url: str, username: str, password: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{url}/login")
    page.get_by_test_id("login-username").fill(username)
    page.get_by_test_id("login-password").fill(password)
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("user-menu")).to_be_visible()
    return page


def join(browser: Browser, url: str, username: str) -> Page:
    """Follow an invitation link, make the account, and end signed in."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(url)
    page.get_by_test_id("invitation-username").fill(username)
    page.get_by_test_id("invitation-name").fill("Ada Labeler")
    page.get_by_test_id("invitation-password").fill("correct horse battery 9")
    page.get_by_test_id("invitation-submit").click()
    page.wait_for_url(lambda found: "/invitations/" not in found)
    return page


def pretrain_in_browser(page: Page, world: World) -> None:
    page.goto(f"{world.site.url}/projects/{world.project}/runs/new?kind=pretrain")
    page.get_by_test_id("run-input-texts").click()
    page.get_by_role("option").first.click()
    options = {
        "max_steps": 4,
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 2,
        "vocab_size": 400,
        "context_length": 128,
    }
    for name, value in {**options, "threads": 1}.items():
        page.locator(f"input[name={name}]").fill(str(value))
    page.get_by_test_id("run-start").click()
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    run_id = int(page.url.rsplit("/", 1)[-1])
    run = wait_for(
        lambda: (found := world.admin.get(f"/runs/{run_id}"))["state"] in ("done", "failed") and found, "pretraining"
    )
    assert run["state"] == "done", run["error"]
    expect(page.get_by_text("Done", exact=False).first).to_be_visible(timeout=20_000)


def shown_ids(page: Page) -> list[str]:
    cards = page.locator("[data-testid^=completion-card-]")
    return [cards.nth(index).get_attribute("data-completion-id") for index in range(cards.count())]


def rate_by_keyboard(page: Page) -> None:
    """Rate each completion by itself with a digit, go on with Enter, until the order is on the screen."""
    expect(page.get_by_test_id("assess-card-0")).to_be_visible(timeout=20_000)
    while page.locator("[data-testid^=assess-card-]").count():
        page.keyboard.press("5")
        page.keyboard.press("Enter")


def rank_by_keyboard(page: Page, ranks: str) -> dict[str, int]:
    """Rate, give each card in the order shown the digit of `ranks`, submit with Enter; return completion id to rank."""
    rate_by_keyboard(page)
    ids = shown_ids(page)
    for index, digit in enumerate(ranks):
        page.locator("[data-testid^=completion-card-]").nth(index).focus()
        page.keyboard.press(digit)
    expect(page.get_by_test_id("rank-submit")).to_be_enabled()  # the answer before may still be on its way
    page.keyboard.press("Enter")
    page.wait_for_function("first => !document.querySelector(`[data-completion-id='${first}']`)", arg=ids[0])
    return {ids[index]: int(digit) for index, digit in enumerate(ranks)}


def drag(page: Page, letter: str, row: int) -> None:
    source = page.get_by_test_id(f"rank-chip-{letter}").bounding_box()
    target = page.get_by_test_id(f"rank-row-{row}").bounding_box()
    assert source is not None
    assert target is not None
    page.mouse.move(source["x"] + source["width"] / 2, source["y"] + source["height"] / 2)
    page.mouse.down()
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2 - 4, steps=8)
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2, steps=4)
    page.mouse.up()


def rank_by_drag(page: Page) -> dict[str, int]:
    """Rate, drag C to the first row, A to the second, B to the third; submit with the button."""
    rate_by_keyboard(page)
    ids = shown_ids(page)
    for letter, row in (("C", 1), ("A", 2), ("B", 3)):
        drag(page, letter, row)
    page.wait_for_timeout(
        200
    )  # for 50 ms after a drop @dnd-kit swallows the click that a browser makes of it; no hand is so fast
    page.get_by_test_id("rank-submit").click()
    page.wait_for_function("first => !document.querySelector(`[data-completion-id='${first}']`)", arg=ids[0])
    return {ids[0]: 2, ids[1]: 3, ids[2]: 1}


def saved_ranks(world: World) -> list[dict[str, int]]:
    rankings = world.admin.get(f"{world.path}/rankings")["results"]
    return [{str(row["completion"]): row["rank"] for row in found["ranked_completions"]} for found in rankings]


def test_a_tiny_round_changes_the_model_that_the_next_labeler_meets(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    world = World(site, tmp_path)
    world.prepare()
    engineer = sign_in(browser, site.url, *site.admin)
    pretrain_in_browser(engineer, world)
    world.admin.post(f"{world.path}/rounds", {"recipe": ROUND_ONE})

    labeler = join(browser, world.invite("labeler"), "ada")
    world.wait_for_stage(1, "rank", "running")
    labeler.goto(f"{site.url}/projects/{world.project}/labeling")
    labeler.get_by_test_id("start-labeling").click()
    labeler.get_by_test_id("notice-read").click()
    given = [rank_by_keyboard(labeler, "213"), rank_by_drag(labeler), rank_by_keyboard(labeler, "112")]
    expect(labeler.get_by_test_id("nothing-open")).to_be_visible()
    found = saved_ranks(world)
    assert sorted(found, key=str) == sorted(given, key=str)

    world.wait_for_stage(1, "evaluate", "running")
    wait_for(lambda: world.stage(1, "evaluate")["counts"]["places_open"], "evaluation tasks")
    labeler.goto(f"{site.url}/projects/{world.project}/labeling/task")
    for _ in range(2):
        rank_by_keyboard(labeler, "12")
    world.wait_for_stage(1, "approve", "running")
    manager = engineer
    manager.goto(f"{site.url}/projects/{world.project}/rounds/1")
    manager.get_by_test_id("stage-action-approve").click()
    manager.get_by_test_id("confirm").click()
    approved = world.wait_for_stage(1, "approve", "done")

    checkpoints = {row["id"]: row for row in world.admin.get(f"{world.path}/checkpoints")["results"]}
    published = checkpoints[approved["outputs"]["checkpoint_id"]]
    assert published["state"] == "published"
    sft = next(row for row in checkpoints.values() if row["id"] == world.stage(1, "sft")["outputs"]["checkpoint_id"])
    assert published["sha256"] != sft["sha256"]
    assert {parent["role"] for parent in published["parents"]} >= {"policy", "reward"}

    world.admin.post(f"{world.path}/rounds", {"recipe": ROUND_TWO})
    world.wait_for_stage(2, "rank", "running")
    labeler.goto(f"{site.url}/projects/{world.project}/labeling/task")
    expect(labeler.get_by_test_id("assess-card-0")).to_be_visible(timeout=20_000)
    lineage = world.admin.get(f"/checkpoints/{published['id']}")
    assert lineage["num_completions"] >= NUM_RANKED * 3
    assert lineage["num_rankings"] == NUM_RANKED

    engineer.goto(f"{site.url}/projects/{world.project}/quality")
    expect(engineer.get_by_text("Round 1, rank")).to_be_visible()
    expect(engineer.get_by_text(f"{NUM_RANKED} of {NUM_RANKED} filled (100%)").first).to_be_visible()
    engineer.get_by_role("tab", name="Win rates").click()
    expect(engineer.get_by_role("link", name=published["name"])).to_be_visible()
    labeler.goto(f"{site.url}/projects/{world.project}/my-figures")
    expect(labeler.get_by_role("img", name="Answers of each day")).to_be_visible()

    engineer.goto(f"{site.url}/projects/{world.project}/sampling?checkpoint={published['id']}")
    reply = world.admin.post(
        f"/checkpoints/{published['id']}/sample",
        {"messages": [{"role": "user", "content": "Write a note."}], "max_new_tokens": 5, "seed": 1},
    )
    assert 1 <= len(reply["tokens"]) <= 5
    for token in reply["tokens"]:
        assert len(token["top"]) == 5
        assert 0 < token["probability"] <= 1
