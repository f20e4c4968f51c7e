"""Win rates, accuracies, their intervals, and scores read at EOS."""

from pathlib import Path

import pytest
import torch

from rlhf.checkpoint import save_model
from rlhf.evaluate import accuracy, score_completions, win_rate
from rlhf.models import new_reward, reward_scores
from rlhf.sequences import encode_conversation
from rlhf.types import InputError


def test_win_rate_counts_ties_as_half():
    found = win_rate([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0)])
    assert (found.rate, found.n) == (0.625, 4)
    assert found.low <= 0.625 <= found.high


def test_interval_matches_the_normal_approximation_and_is_repeatable():
    outcomes = [(1, 0, 0)] * 240 + [(0, 0, 1)] * 160
    found = win_rate(outcomes, seed=3)
    # 0.6 -+ 1.96 sqrt(0.24 / 400) = 0.552 to 0.648
    assert found.low == pytest.approx(0.552, abs=0.01)
    assert found.high == pytest.approx(0.648, abs=0.01)
    assert win_rate(outcomes, seed=3) == found


def test_judgements_of_one_prompt_are_resampled_together():
    """Point 33: the interval of an accuracy."""
    apart = accuracy([1.0, 0.0] * 50)
    together = accuracy([1.0, 0.0] * 50, prompts=[place // 2 for place in range(100)])
    assert apart.rate == together.rate == 0.5
    assert together.low == together.high == 0.5, "each prompt has one right and one wrong: no spread is left"
    assert apart.high - apart.low > 0.1


def test_a_rate_without_judgements_is_an_error():
    with pytest.raises(InputError, match="at least one judgement"):
        win_rate([])
    with pytest.raises(InputError, match="one prompt per judgement"):
        accuracy([1.0], prompts=["a", "b"])


def test_scores_keep_their_order_and_are_read_at_eos(tmp_path: Path, policy, tokenizer):
    save_model(policy, tokenizer, tmp_path / "policy", {"role": "policy"})
    model = new_reward(tmp_path / "policy", tokenizer, 1).eval()
    model.config.reward_bias = 0.25
    save_model(model, tokenizer, tmp_path / "reward", {"role": "reward"})
    user = [{"role": "user", "content": "The cat eats"}]
    texts = ["bread by the sea.", "x", "", "soup <|eos|> by"]
    found = score_completions(reward=tmp_path / "reward", records=[(user, text) for text in texts], batch_size=3)
    for text, score in zip(texts, found, strict=True):
        ids = torch.tensor([encode_conversation(tokenizer, [*user, {"role": "assistant", "content": text}]).ids])
        assert ids[0, -1] == tokenizer.eos_token_id
        with torch.no_grad():
            alone = reward_scores(model, ids, torch.ones_like(ids, dtype=torch.bool))
        assert score == pytest.approx(alone.item(), abs=1e-5)
    assert score_completions(reward=tmp_path / "reward", records=[]) == []
