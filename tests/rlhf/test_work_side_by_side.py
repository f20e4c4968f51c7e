"""Lanes: work in several threads gives what one thread gives."""

import copy
from dataclasses import replace
from threading import Event
from time import sleep

import pytest
import torch

import rlhf.decoding
from rlhf.decoding import Request, generate
from rlhf.lanes import num_lanes, one_thread, side_by_side
from rlhf.ppo_phases import update_models
from tests.rlhf.ppo_cast import CONFIG, prepared, state_from

CPU = torch.device("cpu")


@pytest.fixture
def two_threads():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def test_pieces_share_the_threads_and_keep_order_and_gradient_mode(two_threads):
    def piece(number: int):
        return lambda: (number, torch.get_num_threads(), torch.is_grad_enabled())

    with torch.no_grad():
        assert side_by_side([piece(0), piece(1)], CPU) == [(0, 1, False), (1, 1, False)]
    assert side_by_side([piece(0), piece(1)], CPU) == [(0, 1, True), (1, 1, True)]
    assert side_by_side([piece(0)], CPU) == [(0, 2, True)]
    assert side_by_side([piece(0), piece(1)], CPU, in_turn=True) == [(0, 1, True), (1, 1, True)]
    running = []

    def alone() -> int:
        running.append(True)
        sleep(0.05)
        count = len(running)
        sleep(0.05)
        running.pop()
        return count

    assert side_by_side([alone, alone], CPU, in_turn=True) == [1, 1]
    assert side_by_side([alone, alone], CPU) == [2, 2]
    assert torch.get_num_threads() == 2
    assert num_lanes(CPU) == 2
    with one_thread():
        assert num_lanes(CPU) == torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_the_error_of_a_piece_is_raised_once_those_under_way_have_ended(two_threads):
    has_begun, ended = Event(), []

    def fails() -> None:
        has_begun.wait(10)
        raise MemoryError("too much")

    def goes_on() -> None:
        has_begun.set()
        sleep(0.1)
        ended.append(True)

    with pytest.raises(MemoryError, match="too much"):
        side_by_side([fails, goes_on], CPU)
    assert ended == [True]
    assert torch.get_num_threads() == 2


def test_rows_in_lanes_are_completed_as_in_one_batch(policy, two_threads, monkeypatch):
    prompts = [[1, 4, 50 + row // 3, *range(60, 60 + row // 3 % 4)] for row in range(14)]
    requests = [Request(prompt, 1.0, 1.0, row) for row, prompt in enumerate(prompts)]
    settings = {"max_new_tokens": 10, "eos_token_id": 2, "pad_token_id": 0, "max_rows": 8}
    expected = generate(policy, requests, **settings)
    asked = []
    lanes_of = rlhf.decoding._lanes
    monkeypatch.setattr(rlhf.decoding, "_lanes", lambda *given: asked.append(lanes_of(*given)) or asked[-1])
    monkeypatch.setattr(rlhf.decoding, "SMALL_STEP", 0)
    monkeypatch.setattr(rlhf.decoding, "LANE_ROWS", 2)
    found = generate(policy, requests, **settings)
    (lanes,) = asked
    assert len(lanes) == 2
    assert sorted(lanes[0] + lanes[1]) == list(range(14))
    assert abs(len(lanes[0]) - len(lanes[1])) <= 2
    homes = [{row // 3 for row in lane} for lane in lanes]
    assert not homes[0] & homes[1], "the completions of one prompt share a lane, which reads the prompt once"
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_policy_and_value_model_learn_the_same_side_by_side(folders, tokenizer):
    state = state_from(folders, tokenizer, replace(CONFIG, threads=2))
    rollouts, estimates = prepared(state)
    weights = {name: copy.deepcopy(getattr(state, name).state_dict()) for name in ("policy", "value_model")}
    learned = []
    for threads in (1, 2):
        fresh = state_from(folders, tokenizer, replace(CONFIG, threads=threads))
        for name, start in weights.items():
            getattr(fresh, name).load_state_dict(start)
        torch.set_num_threads(threads)
        metrics = update_models(fresh, rollouts, estimates, learning_rate_factor=1.0)
        torch.set_num_threads(1)
        learned.append((metrics, fresh.policy.state_dict(), fresh.value_model.state_dict()))
    (alone, *models), (beside, *others) = learned
    assert alone == pytest.approx(beside, rel=1e-3, abs=1e-5)
    for one, other in zip(models, others, strict=True):
        for name in one:
            torch.testing.assert_close(one[name], other[name], atol=2e-5, rtol=1e-4)
