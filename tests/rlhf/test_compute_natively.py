"""The CPU kernels do what PyTorch's operators do, and training and sampling go on without them."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from rlhf import native
from rlhf.cpu import is_plain_rms_norm, with_native_norm
from rlhf.decoding import Request, generate
from rlhf.ppo_losses import head_statistics, token_statistics
from rlhf.sampling import draw_tokens, row_uniforms
from rlhf.types import InputError


@pytest.fixture
def compiled():
    if native.native() is None:
        pytest.skip("no C++ compiler")


@pytest.mark.parametrize(("heads", "groups", "size"), [(4, 4, 64), (6, 2, 64), (2, 1, 128), (3, 3, 40)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_attention_over_the_cache_equals_pytorchs(compiled, heads, groups, size, dtype, tolerance):
    draw = torch.Generator().manual_seed(heads)
    rows, width = 5, 23
    query = torch.randn(rows, heads, 1, size, generator=draw)
    keys, values = (torch.randn(8, groups, 40, size, generator=draw).to(dtype)[:rows, :, :width] for _ in range(2))
    ends = torch.tensor([22, 0, 7, 15, 3])
    columns = torch.arange(width)
    is_seen = ((columns <= ends[:, None]) & (columns > ends[:, None] - 9))[:, None, None]
    attended = native.attend(query, keys, values, is_seen, 0.3)
    wide = (states.float().repeat_interleave(heads // groups, dim=1) for states in (keys, values))
    expected = F.scaled_dot_product_attention(query, *wide, attn_mask=is_seen, scale=0.3)
    assert attended.dtype == dtype
    torch.testing.assert_close(attended.float(), expected[:, :, 0], atol=tolerance, rtol=tolerance)


def test_attention_declines_what_it_does_not_know(compiled):
    query, states = torch.randn(2, 2, 1, 8), torch.randn(2, 2, 5, 8)
    is_seen = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    assert native.attend(query, states, states, is_seen, 1.0) is not None
    assert native.attend(query, states.double(), states.double(), is_seen, 1.0) is None
    assert native.attend(query, states, states, is_seen.float(), 1.0) is None
    assert native.attend(query, states, states, is_seen[:, :, :, :4], 1.0) is None


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_statistics_and_gradients_at_the_head_equal_those_of_plain_logits(compiled, threads, temperature):
    draw = torch.Generator().manual_seed(1)
    hidden, weight = torch.randn(200, 16, generator=draw), torch.randn(333, 16, generator=draw)
    tokens, slope = torch.randint(333, (200,), generator=draw), torch.randn(200, generator=draw)
    found = []
    torch.set_num_threads(threads)
    try:
        for is_chunked in (True, False):
            leaves = [tensor.clone().requires_grad_() for tensor in (hidden, weight)]
            if is_chunked:
                logprobs, entropy = head_statistics(*leaves, None, tokens, temperature=temperature)
            else:
                logprobs, entropy = token_statistics(leaves[0] @ leaves[1].T, tokens, temperature=temperature)
            (logprobs * slope).sum().backward()
            found.append([logprobs.detach(), entropy, *(leaf.grad for leaf in leaves)])
    finally:
        torch.set_num_threads(1)
    for ours, expected in zip(*found, strict=True):
        torch.testing.assert_close(ours, expected, atol=2e-4, rtol=1e-4)


def test_slopes_in_bfloat16_are_rounded_to_the_nearest(compiled):
    logits = torch.randn(7, 100).bfloat16()
    tokens, slope = torch.randint(100, (7,)), torch.randn(7)
    _, _, normalizer = native.token_statistics(logits, tokens, 1.0)
    expected = slope[:, None] * (F.one_hot(tokens, 100) - logits.float().softmax(-1))
    slopes = native.slopes_of_logprobs(logits.clone(), tokens, normalizer, slope, 1.0)
    torch.testing.assert_close(slopes.float(), expected, atol=1e-6, rtol=2**-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_draw_takes_the_token_that_pytorchs_operators_take(compiled, monkeypatch, dtype):
    logits = (3 * torch.randn(2000, 130, generator=torch.Generator().manual_seed(5))).to(dtype)
    logits[:, ::7] = -torch.inf
    temperature = torch.tensor([1.0, 0.5, 0.0, 2.0]).repeat(500)
    uniforms = row_uniforms(torch.arange(2000), torch.zeros(2000, dtype=torch.int64))
    tokens, logprobs, probabilities = draw_tokens(logits, uniforms, temperature=temperature)
    monkeypatch.setattr(native, "native", lambda: None)
    expected = draw_tokens(logits, uniforms, temperature=temperature)
    # A uniform may fall within the rounding error of a boundary between two tokens.
    is_same = tokens == expected[0]
    assert is_same.float().mean() > 0.998
    assert is_same[temperature == 0].all()
    torch.testing.assert_close(logprobs[is_same], expected[1][is_same], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(probabilities[is_same], expected[2][is_same], atol=1e-5, rtol=1e-5)


def test_an_impossible_token_is_never_drawn_at_either_end(compiled):
    logits = torch.full((2, 200), -torch.inf)
    logits[:, 70:130] = 0.0
    almost_one = 1.0 - 2.0**-24
    tokens, _, _ = draw_tokens(logits, torch.tensor([0.0, almost_one]), temperature=torch.ones(2))
    assert tokens.tolist() == [70, 129]
    uneven = torch.randn(4000, 64, generator=torch.Generator().manual_seed(2))
    uneven[:, 50:] = -torch.inf
    tokens, _, _ = draw_tokens(uneven, torch.full((4000,), almost_one), temperature=torch.ones(4000))
    assert tokens.max() < 50


def test_the_norm_is_taken_where_it_computes_the_same_and_only_while_decoding(compiled):
    llama, gemma = LlamaRMSNorm(32, eps=1e-5), GemmaRMSNorm(32, eps=1e-5)
    torch.nn.init.normal_(llama.weight)
    assert is_plain_rms_norm(llama)
    assert not is_plain_rms_norm(gemma)
    hidden = torch.randn(6, 1, 32)
    expected = llama(hidden)
    llama.__class__ = with_native_norm(type(llama))
    with torch.no_grad():
        torch.testing.assert_close(llama(hidden), expected, atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(llama(hidden.view(2, 3, 32)).view(6, 1, 32), expected, atol=0, rtol=0)
    assert llama(hidden).requires_grad


def test_states_are_stored_at_each_rows_position(compiled):
    cache, fresh = torch.zeros(4, 2, 6, 3), torch.randn(3, 2, 1, 3)
    assert native.store_states(cache, fresh, torch.tensor([5, 0, 2]))
    expected = torch.zeros_like(cache)
    expected[torch.arange(3), :, torch.tensor([5, 0, 2])] = fresh[:, :, 0]
    assert torch.equal(cache, expected)


def test_without_kernels_the_same_text_is_written(compiled, policy, monkeypatch):
    rows = [Request([1, 4, 50 + row], 1.0, 1.0, row) for row in range(6)]

    def text() -> list[list[int]]:
        return generate(policy, rows, max_new_tokens=12, eos_token_id=2, pad_token_id=0).tokens.tolist()

    expected = text()
    monkeypatch.setattr(native, "native", lambda: None)
    assert text() == expected


def test_a_compiler_that_fails_is_told_of_and_changes_no_result(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "false")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.warns(UserWarning, match="could not be compiled by false and loaded"):
        assert native.native.__wrapped__() is None
    assert list((tmp_path / "roundtable").iterdir()) == []


def test_a_user_without_a_home_folder_goes_on_without_kernels(monkeypatch):
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.warns(UserWarning, match="Could not determine home directory"):
        assert native.native.__wrapped__() is None


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_that_are_not_numbers_are_an_error(compiled, temperature):
    logits = torch.zeros(3, 100)
    logits[1, 7] = torch.nan
    with pytest.raises(InputError, match="weights have diverged"):
        draw_tokens(logits, torch.full((3,), 0.5), temperature=torch.full((3,), temperature))


def test_no_log_probability_is_above_zero_whatever_the_temperature(compiled):
    logits = torch.full((500, 70), -50.0)
    logits[:, 3] = 20 + 60 * torch.rand(500, generator=torch.Generator().manual_seed(3))
    tokens = torch.full((500,), 3)
    for temperature in (0.7, 0.3, 1.9):
        logprobs, entropy, _ = native.token_statistics(logits, tokens, temperature)
        _, drawn, probabilities = draw_tokens(
            logits, torch.full((500,), 0.5), temperature=torch.full((500,), temperature)
        )
        assert logprobs.max() <= 0
        assert drawn.max() <= 0
        assert probabilities.max() <= 1
        assert entropy.min() >= 0


def test_a_token_outside_of_the_vocabulary_is_an_error_and_writes_nowhere(compiled):
    logits, ones = torch.zeros(2, 10), torch.ones(2)
    for token in (-100, 10):
        with pytest.raises(IndexError, match="expected tokens from 0 to 9"):
            native.slopes_of_logprobs(logits, torch.tensor([1, token]), ones, ones, 1.0)


def test_what_is_read_off_logits_that_are_not_numbers_is_not_a_number(compiled):
    logits = torch.zeros(3, 100)
    logits[0, 7], logits[1, 7], logits[2, 7] = torch.nan, torch.inf, -torch.inf
    logprobs, entropy, _ = native.token_statistics(logits, torch.tensor([4, 4, 4]), 1.0)
    assert logprobs[:2].isfinite().tolist() == [False, False]
    assert entropy[:2].isfinite().tolist() == [False, False]
    torch.testing.assert_close(logprobs[2], -torch.tensor(99.0).log())  # a token that cannot be drawn changes nothing
    torch.testing.assert_close(entropy[2], torch.tensor(99.0).log())
