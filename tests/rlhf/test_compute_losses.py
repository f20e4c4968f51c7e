"""Objectives against numbers worked out by hand and against slow loops, in float64."""

import math

import pytest
import torch

from rlhf.losses import CHUNK_LOGITS, head_loss, next_token_loss, ranking_loss, ranking_pairs


def slow_ranking_loss(rankings: list[tuple[list[float], list[int], float]]) -> float:
    """Loop over (scores, ranks, weight): the weighted mean over rankings of the mean over untied pairs."""
    total = weights = 0.0
    for scores, ranks, weight in rankings:
        losses = [
            -math.log(1 / (1 + math.exp(-(scores[i] - scores[j]))))
            for i in range(len(ranks))
            for j in range(len(ranks))
            if ranks[i] < ranks[j]
        ]
        if losses:
            total, weights = total + weight * sum(losses) / len(losses), weights + weight
    return total / weights


def test_ranking_loss_of_three_with_a_tie_by_hand() -> None:
    # ranks 1, 1, 2: the pairs are (0, 2) and (1, 2); differences 2 - 1 = 1 and 0 - 1 = -1
    # -log sigmoid(1) = 0.3132616875, -log sigmoid(-1) = 1.3132616875; mean 0.8132616875
    scores = torch.tensor([2.0, 0.0, 1.0], dtype=torch.float64)
    assert ranking_loss(scores, ranking_pairs([[1, 1, 2]])).item() == pytest.approx(0.8132616875, abs=1e-9)


def test_each_ranking_counts_once_however_many_pairs_it_has() -> None:
    # one pair at difference 0 (log 2) and three pairs at difference 0 (log 2 each): still log 2;
    # then the pair moves to difference 1: (0.3132616875 + log 2) / 2
    pairs = ranking_pairs([[1, 2], [1, 2, 3]])
    scores = torch.zeros(5, dtype=torch.float64)
    assert ranking_loss(scores, pairs).item() == pytest.approx(math.log(2))
    scores[0] = 1.0
    assert ranking_loss(scores, pairs).item() == pytest.approx((0.3132616875 + math.log(2)) / 2, abs=1e-9)


def test_ranking_loss_equals_the_slow_loop() -> None:
    """T8."""
    generator = torch.Generator().manual_seed(3)
    rankings = [[1, 2, 2, 3], [2, 1], [1, 1, 1], [3, 1, 2, 1, 4, 3]]
    weights = [1.0, 0.5, 1.0, 2.0]
    scores = torch.randn(sum(map(len, rankings)), generator=generator, dtype=torch.float64)
    parts = scores.split([len(ranks) for ranks in rankings])
    expected = slow_ranking_loss(
        [(part.tolist(), ranks, weight) for part, ranks, weight in zip(parts, rankings, weights, strict=True)]
    )
    assert ranking_loss(scores, ranking_pairs(rankings, weights=weights)).item() == pytest.approx(expected, rel=1e-12)


def test_margin_is_taken_off_the_difference() -> None:
    # difference 3, margin 2: -log sigmoid(1)
    pairs = ranking_pairs([[2, 1]], margins=[2.0])
    assert ranking_loss(torch.tensor([0.0, 3.0], dtype=torch.float64), pairs).item() == pytest.approx(
        0.3132616875, abs=1e-9
    )


def test_tied_completions_pull_neither_way() -> None:
    scores = torch.tensor([0.3, -0.2, 0.9], dtype=torch.float64, requires_grad=True)
    ranking_loss(scores, ranking_pairs([[1, 2, 2]])).backward()
    # d/dr of -log sigmoid(d) is -sigmoid(-d), each pair weighing 1/2; nothing between the two tied
    first, second = 1 / (1 + math.exp(0.5)) / 2, 1 / (1 + math.exp(-0.6)) / 2
    assert scores.grad is not None
    assert scores.grad.tolist() == pytest.approx([-first - second, first, second])


def test_ranking_without_untied_pairs_gives_zero_and_no_gradient() -> None:
    scores = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = ranking_loss(scores, ranking_pairs([[1, 1]]))
    loss.backward()
    assert loss.item() == 0
    assert scores.grad is not None
    assert scores.grad.tolist() == [0, 0]


def test_ranking_gradient_is_right() -> None:
    scores = torch.randn(6, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    pairs = ranking_pairs([[1, 2, 2], [3, 1, 2]])
    assert torch.autograd.gradcheck(lambda values: ranking_loss(values, pairs), (scores,))


def test_next_token_loss_by_hand_and_split() -> None:
    """Point 31."""
    # logits [0, log 3]: p = [1/4, 3/4]; -(log 1/4 + log 3/4) / 2
    logits = torch.tensor([[0.0, math.log(3)]] * 2, dtype=torch.float64)
    targets = torch.tensor([0, 1])
    expected = -(math.log(0.25) + math.log(0.75)) / 2
    assert next_token_loss(logits, targets).item() == pytest.approx(expected)
    halves = sum(next_token_loss(logits[i : i + 1], targets[i : i + 1], normaliser=2).item() for i in range(2))
    assert halves == pytest.approx(expected)


def test_next_token_loss_of_nothing_is_zero() -> None:
    assert next_token_loss(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)).item() == 0


def head_inputs(num_rows: int = 700) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(3)
    hidden, weight, bias = (
        torch.randn(*shape, generator=draw, dtype=torch.float64) for shape in ((num_rows, 6), (11, 6), (11,))
    )
    return *(tensor.requires_grad_() for tensor in (hidden, weight, bias)), torch.randint(
        0, 11, (num_rows,), generator=draw
    )


@pytest.mark.parametrize("with_bias", [True, False])
def test_loss_by_chunks_has_the_value_and_gradients_of_the_whole(
    with_bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlhf.losses.CHUNK_LOGITS", 11 * 300)  # 700 rows are three chunks, the last one smaller
    hidden, weight, bias, targets = head_inputs()
    chosen = [hidden, weight, *([bias] if with_bias else [])]
    logits = hidden @ weight.T + (bias if with_bias else 0)
    expected = next_token_loss(logits, targets, normaliser=7.0)
    got = head_loss(hidden, weight, bias if with_bias else None, targets) / 7.0
    assert got.item() == pytest.approx(expected.item(), rel=1e-12)
    for mine, reference in zip(torch.autograd.grad(got, chosen), torch.autograd.grad(expected, chosen), strict=True):
        torch.testing.assert_close(mine, reference, atol=1e-12, rtol=1e-10)


def test_loss_by_chunks_agrees_with_finite_differences_and_respects_frozen_weights() -> None:
    hidden, weight, bias, targets = head_inputs(5)
    assert torch.autograd.gradcheck(lambda *inputs: head_loss(*inputs, targets), (hidden, weight, bias))
    loss = head_loss(hidden, weight.detach(), None, targets)
    loss.backward()
    assert hidden.grad is not None
    assert weight.grad is None
    assert head_loss(hidden[:0], weight, None, targets[:0]).item() == 0


def test_loss_by_chunks_holds_no_more_logits_than_a_chunk() -> None:
    num_rows, vocabulary = 4096, 4096
    hidden, weight = torch.zeros(num_rows, 4, requires_grad=True), torch.zeros(vocabulary, 4, requires_grad=True)
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
            nonlocal largest
            result = function(*arguments, **(keywords or {}))
            largest = max([largest, *(item.numel() for item in [result] if isinstance(item, torch.Tensor))])
            return result

    with Watch():
        head_loss(hidden, weight, None, torch.zeros(num_rows, dtype=torch.int64)).backward()
    assert vocabulary <= largest <= CHUNK_LOGITS
