"""A labeler chats with two real checkpoints that real workers let write: streamed, reloaded mid-way, by keyboard alone."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from demo import domain
from demo.site import Site
from rlhf.checkpoint import save_model
from rlhf.config import PretrainConfig, TokenizerConfig
from rlhf.models import load_tokenizer, new_policy
from rlhf.records import write_records
from rlhf.tokenizer import train_tokenizer
from tests.e2e.test_tiny_round import World, join, sign_in, wait_for

pytestmark = pytest.mark.slow
NAMES = ("mild", "bold")


def write_models(folder: Path, work: Path) -> None:
    """Two policies of random weights and one tokenizer, small and long-winded."""
    torch.set_num_threads(1)
    write_records(work / "texts.jsonl", list(domain.pretraining_texts(1, 200)))
    train_tokenizer(TokenizerConfig(vocab_size=400), texts=[work / "texts.jsonl"], output=work / "tokenizer")
    tokenizer = load_tokenizer(work / "tokenizer" / "model")
    for seed, name in enumerate(NAMES):
        sizes = {"hidden_size": 32, "num_layers": 2, "num_heads": 2, "context_length": 2048, "tokens_per_batch": 2048}
        config = PretrainConfig(**sizes, seed=seed)
        save_model(new_policy(config, tokenizer), tokenizer, folder / name, {"role": "base"})


def open_chats(page: Page, world: World) -> None:
    """As a manager: choose the two checkpoints and open one chat."""
    page.goto(f"{world.site.url}/projects/{world.project}/chats")
    for field, name in zip(("checkpoint_a", "checkpoint_b"), NAMES, strict=True):
        page.get_by_test_id(field).click()
        page.get_by_role("option", name=name).click()
    page.get_by_test_id("chats-brief").fill("Ask for a note to a neighbour.")
    page.get_by_test_id("chats-num_tasks").fill("1")
    page.get_by_test_id("chats-max_new_tokens").fill("400")
    page.get_by_test_id("chats-open").click()
    expect(page.get_by_text("0 handed in, 0 under way, 1 open")).to_be_visible()


def both_written(page: Page) -> None:
    expect(page.get_by_test_id("pairwise-scale")).to_be_visible(timeout=120_000)


def rankings_of(world: World) -> list[dict[str, Any]]:
    return sorted(world.admin.get(f"{world.path}/rankings")["results"], key=lambda row: row["id"])


def test_a_labeler_chats_two_turns_reloads_and_hands_in_by_keyboard(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    world = World(site, tmp_path)
    world.admin.post(f"{world.path}/guidelines", {"text": "Prefer the reply that helps."})
    write_models(site.folder / "site" / "models", tmp_path)
    bases = [world.admin.post(f"{world.path}/checkpoints", {"name": name, "source": name}) for name in NAMES]
    open_chats(sign_in(browser, site.url, *site.admin), world)

    page = join(browser, world.invite("labeler"), "eve")
    page.goto(f"{site.url}/projects/{world.project}/labeling/task")
    page.get_by_test_id("notice-read").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("chat-message")).to_be_focused(timeout=20_000)
    expect(page.get_by_test_id("chat-brief")).to_contain_text("Ask for a note to a neighbour.")
    page.keyboard.type("Write a note to my neighbour.")
    page.keyboard.press("Enter")
    left = page.get_by_test_id("pair-card-0")
    # The first reply of a checkpoint waits for the server to start and to load it; then the text grows before it is whole.
    # Either side's: random weights may end one of them after a few tokens.
    busy = page.wait_for_function(
        "() => [0, 1].find(side => { const card = document.querySelector(`[data-testid=pair-card-${side}]`);"
        " return card?.getAttribute('aria-busy') === 'true' && card.querySelector('p')?.textContent.length > 3 }) + 1",
        timeout=120_000,
    ).json_value()
    growing = page.get_by_test_id(f"pair-card-{busy - 1}")
    seen = growing.inner_text()
    page.reload()
    expect(page.get_by_test_id("own-message")).to_have_text(re.compile("Write a note to my neighbour"))
    both_written(page)
    assert len(growing.inner_text()) > len(seen)
    first = [page.get_by_test_id(f"pair-card-{side}").get_attribute("data-completion-id") for side in (0, 1)]

    left.focus()
    page.keyboard.press("7")
    expect(page.get_by_test_id("pairwise-text")).to_have_text("B is better.")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("chat-message")).to_be_focused()
    page.keyboard.type("Shorter, please.")
    wait_for(lambda: page.get_by_test_id("save-state").inner_text() == "Draft saved", "the draft to be saved", 20)
    page.reload()
    expect(page.get_by_test_id("chat-message")).to_have_value("Shorter, please.")
    expect(page.get_by_test_id("pairwise-text")).to_have_text("B is better.")
    expect(page.get_by_test_id("chat-message")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("past-turn-1")).to_contain_text("Reply B, with which you went on")
    both_written(page)
    assert page.get_by_test_id("pair-card-0").get_attribute("data-completion-id") not in first
    expect(page.get_by_test_id("pair-card-0")).to_be_focused()
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("nothing-open")).to_be_visible()

    one, two = rankings_of(world)
    assert [message["role"] for message in two["prompt_messages"]] == ["user", "assistant", "user"]
    preferred = next(row for row in one["ranked_completions"] if row["rank"] == 1)
    assert two["prompt_messages"][1]["content"] == preferred["text"], "the chat went on with the reply on the right"
    assert (one["margin"], two["margin"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    for ranking in (one, two):
        assert {row["checkpoint"] for row in ranking["ranked_completions"]} == {base["id"] for base in bases}
        assert all(row["text"] for row in ranking["ranked_completions"])
