"""The generation engine: same text alone and in a batch, cached decode = full forward, left pad = no pad, sampling, resume."""

import gc
import json
import shutil
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rlhf.checkpoint import save_model
from rlhf.config import SampleConfig
from rlhf.decoding import Decoding, Request, generate
from rlhf.generate import check_lengths, sample_completions, token_probabilities, wanted_completions
from rlhf.records import read_records, write_records
from rlhf.sampling import GOLDEN, _mixed, derived_seed, draw_tokens, row_uniforms
from rlhf.types import InputError
from tests.rlhf.architectures import MAKERS, lively_model


def requests(count: int, *, temperature: float = 1.0, top_p: float = 1.0) -> list[Request]:
    generator = torch.Generator().manual_seed(7)
    lengths = torch.randint(2, 20, (count,), generator=generator).tolist()
    rows = [torch.randint(6, 290, (length,), generator=generator).tolist() for length in lengths]
    return [Request(row, temperature, top_p, seed) for seed, row in enumerate(rows)]


def complete(policy, rows, *, eos: int = 2, max_new_tokens: int = 12):
    return generate(policy, rows, max_new_tokens=max_new_tokens, eos_token_id=eos, pad_token_id=0)


@pytest.fixture
def lively(policy):
    """A policy whose distribution is far from uniform, so that rows end at different steps."""
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.mul_(4.0)
    return policy


def frequent_token(policy) -> int:
    tokens = complete(policy, requests(40), eos=-1).tokens
    return int(tokens.flatten().bincount().argmax())


def test_a_seed_gives_the_same_completion_alone_and_in_any_batch(lively):
    eos = frequent_token(lively)
    rows = requests(24)
    together = complete(lively, rows, eos=eos)
    lengths = together.mask.sum(dim=1)
    assert len(set(lengths.tolist())) > 3, "rows must end at different steps for this test to mean anything"
    for place in range(0, 24, 5):
        alone = complete(lively, rows[place : place + 1], eos=eos)
        count = int(lengths[place])
        assert int(alone.mask.sum()) == count
        assert alone.tokens[0].tolist() == together.tokens[place, :count].tolist()
        torch.testing.assert_close(alone.logprobs[0], together.logprobs[place, :count], atol=1e-4, rtol=1e-4)
    reversed_batch = complete(lively, rows[::-1], eos=eos)
    assert (reversed_batch.tokens.flip(0) == together.tokens).all()


def test_eos_ends_a_row_and_belongs_to_it(lively):
    """Points 2 and 9."""
    eos = frequent_token(lively)
    found = complete(lively, requests(24), eos=eos)
    for tokens, mask, has_eos in zip(found.tokens, found.mask, found.has_eos, strict=True):
        counted = tokens[mask].tolist()
        assert mask.tolist() == [True] * len(counted) + [False] * (len(mask) - len(counted))
        assert (counted[-1] == eos) == bool(has_eos)
        assert eos not in counted[:-1]
        assert not tokens[~mask].any(), "what does not count is padding"
    assert found.has_eos.any()


@torch.no_grad()
def test_cached_decode_and_left_padding_equal_a_full_forward_without_padding(lively):
    """Points 1 and 3, T1, T2."""
    rows = [*requests(6), requests(6)[2]._replace(seed=99)]  # the last shares its prompt: one prefill, two rows
    decoding = Decoding(lively, rows, max_new_tokens=8, eos_token_id=-1, pad_token_id=0)
    seen: list[list[int]] = [[] for _ in rows]
    while decoding.is_open:
        step = decoding.step()
        assert step.is_open.all()
        for place, token, logits in zip(step.rows.tolist(), step.tokens.tolist(), step.logits, strict=True):
            full = lively(torch.tensor([rows[place].prompt + seen[place]])).logits[0, -1]
            torch.testing.assert_close(logits.log_softmax(-1), full.log_softmax(-1), atol=1e-5, rtol=1e-5)
            seen[place].append(token)
    assert seen[2] != seen[6]


@torch.no_grad()
def test_logprobs_are_those_of_the_sampling_temperature(lively):
    """Point 10."""
    found = complete(lively, requests(5, temperature=0.7), eos=-1, max_new_tokens=4)
    for place, row in enumerate(requests(5)):
        ids = torch.tensor([row.prompt + found.tokens[place].tolist()])
        logits = lively(ids).logits[0, len(row.prompt) - 1 : -1] / 0.7
        expected = logits.log_softmax(-1).gather(-1, found.tokens[place][:, None]).squeeze(-1)
        torch.testing.assert_close(found.logprobs[place], expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_temperature_zero_is_greedy_whatever_the_seed(lively):
    row = requests(1, temperature=0.0)[0]
    found = complete(lively, [row, row._replace(seed=5)], eos=-1)
    ids = list(row.prompt)
    for _ in range(12):
        ids.append(int(lively(torch.tensor([ids])).logits[0, -1].argmax()))
    assert found.tokens[0].tolist() == found.tokens[1].tolist() == ids[len(row.prompt) :]


def test_inverse_cumulative_draw_by_hand():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2]])).repeat(5, 1)
    uniforms = torch.tensor([0.0, 0.49, 0.51, 0.79, 1 - 2**-24])
    ones = torch.ones(5)
    tokens, logprobs, drawn = draw_tokens(logits, uniforms, temperature=ones, top_p=ones)
    assert tokens.tolist() == [0, 0, 1, 1, 2]
    torch.testing.assert_close(logprobs.exp(), torch.tensor([0.5, 0.5, 0.3, 0.3, 0.2]))
    torch.testing.assert_close(drawn, logprobs.exp())


def test_top_p_keeps_the_smallest_set_that_reaches_it():
    logits = torch.log(torch.tensor([[0.2, 0.5, 0.3]])).repeat(3, 1)
    tokens, logprobs, drawn = draw_tokens(
        logits, torch.full((3,), 0.99), temperature=torch.ones(3), top_p=torch.tensor([0.45, 0.7, 1.0])
    )
    assert tokens.tolist() == [1, 2, 2]
    torch.testing.assert_close(logprobs.exp(), torch.tensor([0.5, 0.3, 0.3]), msg="before top-p")
    torch.testing.assert_close(drawn, torch.tensor([1.0, 0.375, 0.3]), msg="after top-p")


def test_draws_follow_the_distribution_and_never_take_an_impossible_token():
    logits = torch.tensor([[0.0, 1.0, float("-inf"), 2.0, float("-inf")]]).repeat(20_000, 1)
    uniforms = torch.rand(20_000, generator=torch.Generator().manual_seed(1))
    uniforms[:2] = torch.tensor([0.0, 1 - 2**-24])
    ones = torch.ones(20_000)
    tokens, _, _ = draw_tokens(logits, uniforms, temperature=ones, top_p=ones)
    shares = tokens.bincount(minlength=5) / 20_000
    torch.testing.assert_close(shares, logits[0].softmax(-1), atol=0.01, rtol=0)
    assert shares[2] == shares[4] == 0


def test_uniforms_depend_on_the_row_seed_alone():
    """Point 30."""
    steps = torch.arange(5)
    together = row_uniforms(torch.tensor([3] * 5 + [4] * 5), torch.cat([steps, steps]))
    assert (together[5:] == row_uniforms(torch.full((5,), 4), steps)).all()
    assert len(set(together.tolist())) == 10
    many = row_uniforms(torch.arange(1000).repeat_interleave(50), torch.arange(50).repeat(1000))
    assert abs(float(many.mean()) - 0.5) < 0.005
    torch.testing.assert_close(many.histc(10, 0, 1), torch.full((10,), 5000.0), atol=300, rtol=0)
    # splitmix64 of the published reference: the third value from seed 1234567 is 9817491932198370423.
    state = torch.tensor([1234567]) + torch.tensor([3]) * GOLDEN
    assert int(_mixed(state)) % 2**64 == 9817491932198370423
    assert derived_seed(1, "a", 0) != derived_seed(1, "a", 1) != derived_seed("1", "a", 1)


@pytest.mark.parametrize("name", MAKERS)
@torch.no_grad()
def test_every_architecture_decodes_what_a_full_forward_says_though_rows_come_and_go(name: str):
    model = lively_model(name)
    prompts = [[5], [7, 8, 9], list(range(10, 32)), [7, 8, 9], list(range(40, 57)), [50, 51], [7, 8, 9], [60] * 9]
    rows = [Request(prompt, 1.0, 1.0, seed) for seed, prompt in enumerate(prompts)]
    found = generate(model, rows, max_new_tokens=18, eos_token_id=33, pad_token_id=0, max_rows=3)
    alone = [generate(model, [row], max_new_tokens=18, eos_token_id=33, pad_token_id=0) for row in rows]
    for place, (row, one) in enumerate(zip(rows, alone, strict=True)):
        tokens = found.tokens[place][found.mask[place]].tolist()
        assert tokens == one.tokens[0].tolist(), "the same text whatever else is in the batch"
        logits = model(torch.tensor([row.prompt + tokens])).logits[0, len(row.prompt) - 1 : -1]
        expected = logits.log_softmax(-1).gather(-1, torch.tensor(tokens)[:, None]).squeeze(-1)
        torch.testing.assert_close(found.logprobs[place][: len(tokens)], expected, atol=2e-4, rtol=2e-4)
    assert len({tuple(row.tolist()) for row in found.tokens[[1, 3, 6]]}) == 3


@torch.no_grad()
def test_waiting_requests_take_the_slots_of_finished_rows_and_a_prompt_is_read_once(lively, monkeypatch):
    lively.lm_head.weight.mul_(3.0)  # so that one token is likely enough to end many rows early
    rows = [Request([9, 10, 11, 12], 1.0, 1.0, seed) for seed in range(20)] + requests(4)
    eos = int(complete(lively, rows, eos=-1).tokens[:, 1:5].flatten().bincount().argmax())
    read = []
    base = lively.base_model.forward
    monkeypatch.setattr(
        lively.base_model, "forward", lambda *a, **k: read.append(k["input_ids"].shape) or base(*a, **k)
    )
    decoding = Decoding(lively, rows, max_new_tokens=12, eos_token_id=eos, pad_token_id=0, max_rows=8)
    assert read == [(1, 3)], "eight completions of one prompt, read once but for its last token"
    sizes = []
    while decoding.is_open:
        sizes.append(len(decoding.step().rows))
    assert max(sizes) == 8
    longest = int(decoding.completions().mask.sum(dim=1).max())
    assert longest < len(sizes) < 3 * longest, "no wave waits for its longest row"
    whole = complete(lively, rows, eos=eos)
    assert (decoding.completions().tokens == whole.tokens).all()


def test_a_batchs_cache_is_freed_with_it_and_not_when_garbage_is_collected(lively):
    decoding = Decoding(lively, requests(3), max_new_tokens=4, eos_token_id=2, pad_token_id=0)
    while decoding.is_open:
        decoding.step()
    cache = weakref.ref(decoding.slots.cache)
    gc.disable()
    try:
        del decoding
        assert cache() is None
    finally:
        gc.enable()


def test_a_prompt_beyond_the_context_is_refused(policy):
    with pytest.raises(ValueError, match="context of 64"):
        complete(policy, [Request([5] * 60, 1.0, 1.0, 0)])


def test_token_probabilities_show_the_raw_model(policy, tokenizer):
    SEED = 5
    found = token_probabilities(policy, tokenizer, [{"role": "user", "content": "The cat"}], 0.5, 0.9, 6, SEED)
    assert found["finish_reason"] in ("eos", "length")
    for token in found["tokens"]:
        assert len(token["top"]) == 5
        shown = [item["probability"] for item in token["top"]]
        assert shown == sorted(shown, reverse=True)
        assert token["sampled_probability"] > token["probability"], "temperature 0.5 and top-p sharpen a likely token"
    assert found == token_probabilities(policy, tokenizer, [{"role": "user", "content": "The cat"}], 0.5, 0.9, 6, SEED)


def test_sampling_goes_on_after_a_torn_line_and_then_is_done(tmp_path: Path, policy, tokenizer):
    save_model(policy, tokenizer, tmp_path / "policy", {"role": "policy"})
    rows = [{"prompt": f"The cat eats {word}", "prompt_id": word} for word in ("bread", "soup", "x", "by the sea")]
    write_records(tmp_path / "prompts.jsonl", rows)
    config = SampleConfig(completions_per_prompt=3, max_new_tokens=6, batch_size=5, threads=1)
    inputs = {"policy": tmp_path / "policy", "prompts": [tmp_path / "prompts.jsonl"]}
    summary = sample_completions(config, **inputs, output=tmp_path / "one")
    whole = (tmp_path / "one" / "completions.jsonl").read_text()
    assert summary["num_completions"] == 12

    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "completions.jsonl").write_text(whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError, match=r"without identity\.json"):
        sample_completions(config, **inputs, output=tmp_path / "two")
    shutil.copy(tmp_path / "one" / "identity.json", tmp_path / "two")
    with pytest.raises(InputError, match=r"temperature was 1\.0 and is now 0\.5"):
        sample_completions(replace(config, temperature=0.5), **inputs, output=tmp_path / "two")
    sample_completions(config, **inputs, output=tmp_path / "two")
    one, two = (
        {
            (r["prompt_id"], r["seed"]): r["text"]
            for r in read_records([tmp_path / name / "completions.jsonl"], "completion")
        }
        for name in ("one", "two")
    )
    assert one == two
    assert len(one) == 12
    stored = json.loads((tmp_path / "two" / "summary.json").read_text())
    assert sample_completions(config, **inputs, output=tmp_path / "two") == stored
    with pytest.raises(InputError, match="seed was 1 and is now 2"):
        sample_completions(replace(config, seed=2), **inputs, output=tmp_path / "two")

    write_records(tmp_path / "prompts.jsonl", [rows[0], rows[0]])
    with pytest.raises(InputError, match="more than once"):
        sample_completions(config, **inputs, output=tmp_path / "three")


def test_a_prompt_id_may_be_zero_and_prompts_without_one_are_known_by_their_place(tokenizer):
    rows = [
        {"prompt_id": 0, "prompt": [{"role": "user", "content": "x"}]},
        {"prompt": [{"role": "user", "content": "y"}]},
    ]
    assert [item.prompt_id for item in wanted_completions(SampleConfig(), tokenizer, rows)] == ["0", "row-2"]


def test_prompts_without_room_for_a_completion_are_named(policy, tokenizer):
    rows = [
        {"prompt_id": name, "prompt": [{"role": "user", "content": "soup " * size}]}
        for name, size in (("a", 1), ("b", 40))
    ]
    wanted = wanted_completions(SampleConfig(completions_per_prompt=2), tokenizer, rows)
    with pytest.raises(InputError, match=r"1 of 2 prompts .* context of 64 tokens: b \(\d+ tokens\)"):
        check_lengths(policy, wanted, 30)
