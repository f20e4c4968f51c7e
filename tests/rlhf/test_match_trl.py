"""The same tensors through TRL 1.12.0 and through ours, to 1e-5; where the two differ on purpose, by how much and why.

fixtures/trl_1_12_0.json holds what TRL's own training loop computed (fixtures/make_trl_fixtures.py makes it). TRL puts the score
one position past EOS and lets that position count in the values; given its masks, our functions must return its numbers.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

from rlhf.advantages import generalized_advantages, masked_mean, token_rewards, whiten
from rlhf.config import PpoConfig
from rlhf.decoding import Completions
from rlhf.losses import centering_penalty, ranking_loss, ranking_pairs
from rlhf.ppo_losses import clipped_policy_loss, clipped_value_loss
from rlhf.ppo_phases import Estimates, PpoState, estimate_advantages, new_state, score_rollouts
from rlhf.rollouts import Rollouts, join_rollouts, policy_statistics

FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "trl_1_12_0.json").read_text(encoding="utf-8"))
CLOSE = {"atol": 1e-5, "rtol": 1e-5}
PAD, EOS = 0, 1


class Peer(NamedTuple):
    """TRL's batch as ours, and what TRL made of it."""

    state: PpoState
    rollouts: Rollouts
    estimates: Estimates
    tensors: dict[str, torch.Tensor]
    mask: torch.Tensor  # (B, T) True = a response token
    value_mask: torch.Tensor  # (B, T) True = a response token, or the one position after EOS that TRL counts too
    steps: list[dict[str, Any]]


@pytest.fixture(scope="module")
def peer() -> Peer:
    ppo = FIXTURE["ppo"]
    names = ("queries", "postprocessed_responses", "logprobs", "ref_logprobs", "values", "scores", "rewards")
    tensors = {name: torch.tensor(ppo[name]) for name in (*names, "advantages", "returns", "contain_eos_token")}
    mask, value_mask = (~torch.tensor(ppo[name]) for name in ("padding_mask", "padding_mask_p1"))
    models = {
        name: load(LlamaForSequenceClassification if name in ("reward", "value") else LlamaForCausalLM, weights)
        for name, weights in ppo["weights"].items()
    }
    options = ppo["options"]
    config = PpoConfig(
        episodes_per_update=12, minibatch_size=12, generation_batch_size=5, kl_coefficient=options["kl_coef"],
        gamma=options["gamma"], gae_lambda=options["lam"], clip_range=options["cliprange"],
        value_clip_range=options["cliprange_value"], temperature=options["temperature"], max_new_tokens=6,
    )  # fmt: skip
    state = new_state(config, models["policy"], models["reward"], eos_token_id=EOS, pad_token_id=PAD)
    state.ref_policy, state.value_model = models["reference"], models["value"]
    prompts = [[token for token in row if token != PAD] for row in ppo["queries"]]
    responses = Completions(
        tensors["postprocessed_responses"], mask, torch.zeros(mask.shape), tensors["contain_eos_token"]
    )
    rollouts = join_rollouts(prompts, responses, pad_token_id=PAD)
    return Peer(
        state,
        rollouts,
        estimate_advantages(state, rollouts, tensors["scores"]),
        tensors,
        mask,
        value_mask,
        ppo["steps"],
    )


def load(model: Any, weights: dict[str, Any]) -> Any:
    extra = {"num_labels": 1} if model is LlamaForSequenceClassification else {}
    made = model(LlamaConfig(**FIXTURE["shape"], pad_token_id=PAD, eos_token_id=EOS, bos_token_id=2, **extra))
    made.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return made.eval()


def test_log_probabilities_values_and_scores_are_trls(peer: Peer) -> None:
    """T13. TRL pads prompts on the left and shifts positions, we do not pad between prompt and completion at all."""
    found, tensors, mask = peer.estimates, peer.tensors, peer.mask
    torch.testing.assert_close(found.old_logprobs[mask], tensors["logprobs"][mask], **CLOSE)
    torch.testing.assert_close(found.ref_logprobs[mask], tensors["ref_logprobs"][mask], **CLOSE)
    torch.testing.assert_close(found.old_values[mask], tensors["values"][mask], **CLOSE)
    scores, has_eos = score_rollouts(peer.state, peer.rollouts), tensors["contain_eos_token"]
    torch.testing.assert_close(scores[has_eos], tensors["scores"][has_eos], **CLOSE)
    assert (found.kl.abs() > 0.1).any(), "the reference must differ for this to say anything"


def test_without_eos_we_replace_the_score_where_trl_lowers_an_undefined_one(peer: Peer) -> None:
    """TRL subtracts its penalty from what the reward model says at a token it never saw scored; ours is a constant."""
    without = ~peer.tensors["contain_eos_token"]
    assert (score_rollouts(peer.state, peer.rollouts)[without] == peer.state.config.missing_eos_score).all()
    assert peer.tensors["scores"][without].unique().numel() > 1


def test_rewards_returns_and_advantages_are_trls_under_its_masks(peer: Peer) -> None:
    """T13. Our functions with TRL's masks give its per-token rewards, returns and advantages."""
    tensors, config, values = peer.tensors, peer.state.config, peer.tensors["values"]
    kl = (tensors["logprobs"] - tensors["ref_logprobs"]).masked_fill(~peer.mask, 0.0)
    rewards = token_rewards(tensors["scores"], kl, peer.value_mask, kl_coefficient=config.kl_coefficient)
    torch.testing.assert_close(rewards, tensors["rewards"], **CLOSE)
    advantages, returns = generalized_advantages(
        rewards, values, peer.value_mask, gamma=config.gamma, gae_lambda=config.gae_lambda
    )
    torch.testing.assert_close(returns, tensors["returns"], **CLOSE)
    # TRL divides by n - 1 in the variance of the whitening; the published code divides by n, as we do.
    count = int(peer.mask.sum())
    shrunk = whiten(advantages, peer.mask, center=True) * ((count - 1) / count) ** 0.5
    torch.testing.assert_close(shrunk, tensors["advantages"], **CLOSE)


def test_rows_that_fill_the_length_have_trls_returns_from_end_to_end(peer: Peer) -> None:
    """T13. With no position after the last token, TRL pays the score where we do."""
    full = peer.mask.all(dim=1)
    assert 0 < int(full.sum()) < len(full)
    torch.testing.assert_close(peer.estimates.returns[full], peer.tensors["returns"][full], **CLOSE)
    assert not torch.allclose(peer.estimates.returns[~full], peer.tensors["returns"][~full], atol=1e-3)


def test_losses_are_trls(peer: Peer) -> None:
    """T13. Both clipped losses, at the first step and at the second, where ratios have left 1."""
    config, tensors = peer.state.config, peer.tensors
    for place, step in enumerate(peer.steps):
        order = torch.tensor(step["micro_batch_inds"])
        picked = {name: tensors[name][order] for name in ("logprobs", "advantages", "values", "returns")}
        new, mask, value_mask = torch.tensor(step["new_logprobs"]), peer.mask[order], peer.value_mask[order]
        policy = clipped_policy_loss(new, picked["logprobs"], picked["advantages"], mask, clip_range=config.clip_range)
        assert policy.loss.item() == pytest.approx(step["pg_loss"], abs=1e-5)
        assert policy.clip_fraction.item() == pytest.approx(
            FIXTURE["ppo"]["logged"]["pg_clipfrac_stats"][place], abs=1e-5
        )
        value = clipped_value_loss(
            torch.tensor(step["vpred"]),
            picked["values"],
            picked["returns"],
            value_mask,
            clip_range=config.value_clip_range,
        )
        assert value.item() == pytest.approx(step["vf_loss"], abs=1e-5)
    assert policy.clip_fraction.item() > 0


def test_trl_reports_means_that_padding_pulls_down(peer: Peer) -> None:
    """TRL averages the approximate KL and the entropy over padding too; the first comes out small by the share of padding."""
    step, share = peer.steps[1], peer.mask.float().mean().item()
    order = torch.tensor(step["micro_batch_inds"])
    old, mask = peer.tensors["logprobs"][order], peer.mask[order]
    new = torch.tensor(step["new_logprobs"])
    ours = clipped_policy_loss(new, old, torch.zeros_like(new), mask, clip_range=0.2).approximate_kl.item()
    assert share < 0.95
    assert FIXTURE["ppo"]["logged"]["approxkl_stats"][1] == pytest.approx(share * ours, abs=1e-6)
    _, entropy = policy_statistics(peer.state.policy, peer.rollouts, temperature=peer.state.config.temperature)
    theirs = FIXTURE["ppo"]["logged"]["entropy_stats"][0]
    assert abs(theirs - masked_mean(entropy, peer.mask).item()) > 1e-3


def test_the_loss_of_two_completions_is_trls_reward_loss() -> None:
    """T8. K = 2: the loss over rankings of two is TRL's pairwise loss, with margins and with its centering term."""
    for case in FIXTURE["reward"]:
        count = len(case["scores"]) // 2
        scores = torch.tensor(case["scores"]).view(2, count).T.flatten()  # chosen, rejected, chosen, rejected, ...
        pairs = ranking_pairs([[1, 2]] * count, margins=case["margins"])
        loss = ranking_loss(scores, pairs) + (case["center"] or 0.0) * centering_penalty(scores, pairs)
        assert loss.item() == pytest.approx(case["loss"], abs=1e-5), case["name"]
