"""PPO against optima that are known: the policy pi* = pi_ref exp(r / beta) / Z, and a proxy reward that is pushed too far."""

import itertools

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

from rlhf.config import PpoConfig
from rlhf.losses import ranking_loss, ranking_pairs
from rlhf.ppo_phases import collect_rollouts, estimate_advantages, new_state, update_models

PAD, EOS, WANTED, PROMPT = 0, 1, 3, [2]
VOCABULARY, LENGTH = 6, 3


def tiny_models(seed: int, *, hidden_size: int = 32):
    shape = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=hidden_size, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=32, tie_word_embeddings=False, num_labels=1, pad_token_id=PAD,
        eos_token_id=EOS,
    )  # fmt: skip
    torch.manual_seed(seed)
    return LlamaForCausalLM(shape), LlamaForSequenceClassification(shape)


def every_completion() -> list[list[int]]:
    """All sequences that end with EOS, or at the length limit without."""
    others = [token for token in range(VOCABULARY) if token != EOS]
    ended = [[*start, EOS] for n in range(LENGTH) for start in itertools.product(others, repeat=n)]
    return ended + [list(row) for row in itertools.product(others, repeat=LENGTH)]


@torch.no_grad()
def distribution(policy, completions: list[list[int]]) -> torch.Tensor:
    """Probability of each completion, in float64."""
    logprobs = []
    for row in completions:
        logits = policy(torch.tensor([PROMPT + row])).logits[0, len(PROMPT) - 1 : -1].double()
        logprobs.append(logits.log_softmax(-1).gather(-1, torch.tensor(row)[:, None]).sum())
    return torch.stack(logprobs).exp()


@pytest.mark.slow
@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_ppo_reaches_the_optimum_of_reward_less_kl(beta: float) -> None:
    """T11: with every completion enumerable, reward and KL of the trained policy lie within 5 % of those of pi*."""
    policy, value = tiny_models(0)
    config = PpoConfig(
        episodes_per_update=256, minibatch_size=128, generation_batch_size=256, num_epochs=4, max_new_tokens=LENGTH,
        policy_learning_rate=3e-3, value_learning_rate=1e-2, kl_coefficient=beta, threads=1,
    )  # fmt: skip
    state = new_state(config, policy, value, eos_token_id=EOS, pad_token_id=PAD)
    completions = every_completion()
    reference = distribution(state.ref_policy, completions)
    assert reference.sum().item() == pytest.approx(1.0, abs=1e-5)
    reward = torch.tensor([float(row.count(WANTED)) for row in completions], dtype=torch.float64)
    optimum = reference * (reward / beta).exp()
    optimum /= optimum.sum()

    num_updates = 150
    for update in range(num_updates):
        rollouts = collect_rollouts(state, [PROMPT] * 256, stream=f"tabular {update}")
        scores = ((rollouts.completion_tokens == WANTED) & rollouts.completion_mask).sum(dim=1).float()
        estimates = estimate_advantages(state, rollouts, scores)
        update_models(state, rollouts, estimates, learning_rate_factor=1.0 - update / num_updates)

    found = distribution(state.policy, completions)
    for name, function in (
        ("reward", lambda p: (p * reward).sum()),
        ("KL", lambda p: (p * (p / reference).log()).sum()),
        ("reward less beta KL", lambda p: (p * reward).sum() - beta * (p * (p / reference).log()).sum()),
    ):
        assert function(found).item() == pytest.approx(function(optimum).item(), rel=0.05), name
    assert (optimum * reward).sum() > 1.4 * (reference * reward).sum(), "the optimum must lie away from the start"


@pytest.mark.slow
def test_a_proxy_pushed_too_far_costs_true_reward() -> None:
    """T12: along sqrt(KL) the learned reward keeps rising while the true one peaks and falls.

    The true reward is -(count - 6)^2 of a token in 12. Completions of the reference hold 2 of it, so a reward model that is
    linear in the counts of tokens learns from their rankings that more is better.
    """
    length, num_updates = 12, 60
    policy, value_model = tiny_models(1)
    config = PpoConfig(
        episodes_per_update=128, minibatch_size=64, generation_batch_size=128, max_new_tokens=length, kl_coefficient=0.01,
        policy_learning_rate=2e-3, value_learning_rate=2e-3, threads=1,
    )  # fmt: skip
    state = new_state(config, policy, value_model, eos_token_id=-1, pad_token_id=PAD)

    def counts(rollouts):
        return torch.nn.functional.one_hot(rollouts.completion_tokens, VOCABULARY).sum(dim=1).float()

    def true_reward(rollouts):
        return -((counts(rollouts)[:, WANTED] - 6.0) ** 2)

    seen = collect_rollouts(state, [PROMPT] * 400, stream="rankings")
    ranks = [(-row).unique(return_inverse=True)[1].add(1).tolist() for row in true_reward(seen).view(-1, 4)]
    weight = torch.zeros(VOCABULARY, requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=0.1)
    for _ in range(50):
        loss = ranking_loss(counts(seen) @ weight, ranking_pairs(ranks))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    curve = []
    for update in range(num_updates):
        rollouts = collect_rollouts(state, [PROMPT] * 128, stream=f"update {update}")
        estimates = estimate_advantages(state, rollouts, counts(rollouts) @ weight.detach())
        distance = max(float(estimates.kl.mean()), 0.0) ** 0.5
        curve.append((distance, float(estimates.scores.mean()), float(true_reward(rollouts).mean())))
        update_models(state, rollouts, estimates, learning_rate_factor=1.0)
    distances, proxy, gold = zip(*curve, strict=True)
    peak = max(range(num_updates), key=lambda place: gold[place])
    assert gold[peak] > gold[0] + 5, "the proxy must help at first"
    assert gold[-1] < gold[peak] - 5, "and harm when pushed on"
    assert proxy[-1] > proxy[peak] > proxy[0]
    assert distances[-1] > distances[peak] > distances[0]
