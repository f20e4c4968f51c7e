"""The details that decide whether PPO is right, one test each. The numbers in the docstrings are those of docs/training.md."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from rlhf import ppo_phases, step_zero
from rlhf.config import PpoConfig
from rlhf.decoding import Completions, Request, generate
from rlhf.losses import next_token_loss
from rlhf.models import load_policy, load_tokenizer, selected_logits
from rlhf.online import learning_rate_factor, prompts_of_update, read_prompts
from rlhf.ppo import load_models
from rlhf.ppo_losses import clipped_policy_loss, head_statistics, kl_k1, kl_k2, kl_k3, token_statistics
from rlhf.ppo_phases import collect_rollouts, estimate_advantages, score_rollouts, update_models
from rlhf.pretraining_mix import add_pretraining_gradient, load_windows
from rlhf.progress import Progress
from rlhf.records import write_records
from rlhf.rollouts import join_rollouts, policy_logprobs
from rlhf.sequences import encode_prompt, left_pad, position_ids, right_pad
from rlhf.types import InputError, ignore_report
from tests.rlhf.ppo_cast import CONFIG, PROMPTS, prepared, state_from, uneven_rollouts

PLAIN = replace(CONFIG, policy_learning_rate=1.0, value_learning_rate=1.0, max_gradient_norm=0.0)
"""With plain gradient descent below, a change of the weights is the gradient."""


def use_plain_descent(state):
    state.policy_optimizer = torch.optim.SGD(state.policy.parameters(), lr=1.0)
    state.value_optimizer = torch.optim.SGD(state.value_model.parameters(), lr=1.0)
    return state


def weights(model):
    return torch.cat([parameter.detach().flatten().clone() for parameter in model.parameters()])


def test_a_rollout_is_prompt_and_completion_without_a_hole():
    """Points 1 and 6: nothing stands between prompt and completion, and a row that fills the width loses no token."""
    tokens, mask = torch.tensor([[7, 2, 0], [8, 9, 5]]), torch.tensor([[True, True, False], [True, True, True]])
    made = join_rollouts(
        [[1, 4], [1, 4, 5, 6]],
        Completions(tokens, mask, torch.zeros(2, 3), torch.tensor([True, False])),
        pad_token_id=0,
    )
    assert made.input_ids.tolist() == [[1, 4, 7, 2, 0, 0, 0], [1, 4, 5, 6, 8, 9, 5]]
    assert made.lengths.tolist() == [4, 7]
    assert made.state_mask().tolist() == [[False, True, True, *[False] * 4], [*[False] * 3, True, True, True, False]]
    assert made.sequence_mask().sum(dim=1).tolist() == [4, 7]


def test_a_sampled_pad_token_counts_like_any_other():
    """Point 2: masks are carried from the sampler, so a PAD that was really drawn is learned from."""
    rollouts = uneven_rollouts()
    drawn = (rollouts.completion_tokens == 0) & rollouts.completion_mask
    assert drawn.any()
    assert rollouts.lengths.tolist() == (rollouts.prompt_lengths + rollouts.completion_mask.sum(dim=1)).tolist()
    assert (rollouts.sequence_mask().sum(dim=1) == rollouts.lengths).all()


def test_paddings_agree_closely_in_bfloat16_not_bitwise(policy):
    """Point 4: left and right padding round differently, so checks on them carry a tolerance that fits the precision."""
    rows = [[5, 9, 30], [6, 7, 8, 40, 50, 60, 70]]
    found = []
    for pad in (left_pad, right_pad):
        padded = pad(rows, pad_id=0)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            logits = selected_logits(policy, padded.ids, padded.mask, padded.mask, position_ids(padded.mask))
        found.append(logits.float().log_softmax(-1))
    tolerance = step_zero.STEP_ZERO_TOLERANCE["bfloat16"]
    assert step_zero.STEP_ZERO_TOLERANCE["float32"] < 1e-4 < tolerance
    torch.testing.assert_close(found[0], found[1], atol=tolerance, rtol=0)


@pytest.mark.parametrize("gamma", [1.0, 0.9])
def test_the_score_on_the_eos_action_gives_the_return_of_a_score_after_it(state, gamma):
    """Point 7: at gamma 1 the return of the first token is the same wherever the score is paid; ours is paid on EOS."""
    state.config = replace(CONFIG, gamma=gamma, gae_lambda=1.0)
    rollouts, scores = uneven_rollouts(), torch.randn(16, generator=torch.Generator().manual_seed(1))
    returns = estimate_advantages(state, rollouts, scores).returns
    last = rollouts.completion_mask.sum(dim=1) - 1
    torch.testing.assert_close(returns[:, 0], scores * gamma ** last.float(), atol=1e-4, rtol=1e-4)


def test_old_and_reference_log_probabilities_are_those_of_the_sampling_temperature(folders: Path, tokenizer):
    """Points 10 and T15: logits are divided by the temperature in the sampler, the policy and the reference alike."""
    state = state_from(folders, tokenizer, replace(CONFIG, temperature=0.7))
    rollouts, estimates = prepared(state)
    for row in range(4):
        start, end = int(rollouts.prompt_lengths[row]), int(rollouts.lengths[row])
        ids = rollouts.input_ids[row : row + 1, :end]
        with torch.no_grad():
            expected = (state.policy(ids).logits[0, start - 1 : end - 1] / 0.7).log_softmax(-1)
        expected = expected.gather(-1, ids[0, start:, None]).squeeze(-1)
        for found in (estimates.old_logprobs, estimates.ref_logprobs, rollouts.sampler_logprobs):
            torch.testing.assert_close(found[row, : end - start], expected, atol=1e-5, rtol=1e-5)


def test_the_ratio_is_one_in_every_minibatch_until_the_first_step(state):
    """Points 12 and 14, T5: log-probabilities computed once agree with those of any minibatch, so nothing is clipped."""
    state.config = replace(CONFIG, policy_learning_rate=0.0, minibatch_size=4, micro_batch_tokens=40)
    use_plain_descent(state)
    rollouts = uneven_rollouts()
    metrics = update_models(
        state, rollouts, estimate_advantages(state, rollouts, torch.ones(16)), learning_rate_factor=1.0
    )
    assert metrics["ratio"] == pytest.approx(1.0, abs=1e-5)
    assert metrics["log_ratio"] < 1e-5
    assert metrics["approximate_kl"] < 1e-9
    assert metrics["clip_fraction"] == 0.0


def test_a_model_is_loaded_without_its_dropout(tokenizer, tmp_path: Path):
    """Point 13: a base saved with dropout has none here, whether it is trained or frozen."""
    shape = GPT2Config(vocab_size=len(tokenizer), n_positions=32, n_embd=16, n_layer=1, n_head=2)
    assert shape.resid_pdrop > 0
    GPT2LMHeadModel(shape).save_pretrained(tmp_path / "gpt2")
    model = load_policy(tmp_path / "gpt2").train()
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        assert torch.equal(model(ids).logits, model(ids).logits)
    assert {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)} == {0.0}


def test_reward_whitening_keeps_the_mean_of_the_rewards(state):
    """Point 18: rewards are divided by their deviation and keep their mean; advantages lose theirs."""
    rollouts, scores = uneven_rollouts(), torch.linspace(1.0, 9.0, 16)
    state.config = replace(CONFIG, gae_lambda=1.0, whiten_rewards=True)
    found = estimate_advantages(state, rollouts, scores)
    # KL is 0 here, so each row is paid its score on its last token; the first token's return is the sum of its row's rewards.
    rewards = torch.zeros_like(rollouts.sampler_logprobs)
    rewards[torch.arange(16), rollouts.completion_mask.sum(dim=1) - 1] = scores
    counted = rewards[rollouts.completion_mask]
    white = (rewards - counted.mean()) / counted.std(correction=0) + counted.mean()
    expected = white.masked_fill(~rollouts.completion_mask, 0.0).sum(dim=1)
    torch.testing.assert_close(found.returns[:, 0], expected, atol=1e-4, rtol=1e-4)
    assert found.advantages[rollouts.completion_mask].mean().item() == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize(("micro_batch_tokens", "chunk"), [(1, 16), (40, 1), (8192, 5)])
def test_the_whole_step_does_not_depend_on_how_it_is_split(folders, tokenizer, micro_batch_tokens, chunk):
    """Points 19 and 31, T4: advantages, losses and weights are those of one pass, whatever is read at a time."""
    rollouts, scores = uneven_rollouts(), torch.randn(16, generator=torch.Generator().manual_seed(2))
    found = []
    for options in (
        {"generation_batch_size": 64},
        {"generation_batch_size": chunk, "micro_batch_tokens": micro_batch_tokens},
    ):
        state = use_plain_descent(state_from(folders, tokenizer, replace(PLAIN, **options)))
        estimates = estimate_advantages(state, rollouts, scores)
        metrics = update_models(state, rollouts, estimates, learning_rate_factor=0.05)
        found.append((estimates, metrics, weights(state.policy), weights(state.value_model)))
    (whole, whole_metrics, *whole_weights), (split, split_metrics, *split_weights) = found
    for one, other in zip([*whole, *whole_weights], [*split, *split_weights], strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    assert split_metrics == pytest.approx(whole_metrics, abs=1e-5, rel=1e-3)
    start = state_from(folders, tokenizer, CONFIG)
    assert (whole_weights[0] - weights(start.policy)).abs().max() > 1e-3, "the step must move something"


def test_learning_rates_fall_to_zero_by_updates_after_a_rise_from_a_tenth(state):
    """Points 24 and 27: one rate for all minibatches of an update; linear to 0; the first updates rise from a tenth."""
    config = replace(CONFIG, num_updates=10, warmup_updates=4)
    factors = []
    for step in (0, 2, 4, 5, 9, 10):
        progress = Progress("x", ignore_report, max_steps=10, max_seconds=0, checkpoint_every_seconds=1)
        progress.step = step
        factors.append(learning_rate_factor(config, progress))
    # 0.1 x 1.0, 0.55 x 0.8, then 1 - step / 10
    assert factors == pytest.approx([0.1, 0.44, 0.6, 0.5, 0.1, 0.0])
    rollouts, estimates = prepared(state)
    update_models(state, rollouts, estimates, learning_rate_factor=0.25)
    assert [group["lr"] for group in state.policy_optimizer.param_groups] == [CONFIG.policy_learning_rate / 4]
    assert [group["lr"] for group in state.value_optimizer.param_groups] == [CONFIG.value_learning_rate / 4]


def test_only_the_value_model_learns_while_the_critic_warms_up(state):
    """Point 27: the policy waits for a value model that has seen some returns."""
    state.config = replace(CONFIG, critic_warmup_updates=1)
    policy, value = weights(state.policy), weights(state.value_model)
    for is_policy_moving in (False, True):
        rollouts, estimates = prepared(state)
        update_models(state, rollouts, estimates, learning_rate_factor=1.0)
        assert bool((weights(state.policy) != policy).any()) is is_policy_moving
        assert (weights(state.value_model) != value).any()


def test_what_is_learned_from_is_float32_under_bfloat16(folders: Path, tokenizer):
    """Point 25: log-probabilities, values, advantages and returns are float32, and softmax sees float32 logits."""
    state = state_from(folders, tokenizer, replace(CONFIG, dtype="bfloat16"))
    rollouts, estimates = prepared(state)
    assert {field.dtype for field in estimates} == {torch.float32}
    assert rollouts.sampler_logprobs.dtype == torch.float32
    logits = torch.randn(50, 300, generator=torch.Generator().manual_seed(0)).bfloat16()
    tokens = torch.arange(50)
    logprobs, entropy = token_statistics(logits, tokens, temperature=0.5)
    exact = (logits.double() / 0.5).log_softmax(-1)
    torch.testing.assert_close(logprobs.double(), exact.gather(-1, tokens[:, None])[:, 0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(entropy.double(), -(exact.exp() * exact).sum(-1), atol=1e-4, rtol=1e-5)
    update_models(state, rollouts, estimates, learning_rate_factor=1.0)  # the check at step 0 passes in bfloat16


def test_a_huge_log_ratio_overflows_nothing():
    """Point 26: exp(1000) would be infinite, and its gradient NaN."""
    new = torch.tensor([[1000.0, -1000.0, 0.1]], requires_grad=True)
    mask = torch.ones(1, 3, dtype=torch.bool)
    found = clipped_policy_loss(new, torch.zeros(1, 3), torch.tensor([[-1.0, -1.0, 1.0]]), mask, clip_range=0.2)
    found.loss.backward()
    assert found.loss.isfinite()
    assert new.grad is not None
    assert new.grad.isfinite().all()
    assert kl_k3(torch.tensor([-1000.0]), torch.tensor([0.0])).isfinite().all()


def test_prompts_that_do_not_fit_are_left_out_whole(folders: Path, tokenizer):
    """Point 28: a prompt is never cut in the middle of what somebody said; it is left out and counted."""
    state = load_models(CONFIG, folders / "policy", folders / "reward", tokenizer)
    write_records(folders / "p.jsonl", [{"prompt": "The cat"}, {"prompt": "The cat eats bread by the sea. " * 20}])
    logs: list[str] = []
    kept = read_prompts(state, tokenizer, [folders / "p.jsonl"], lambda kind, fields: logs.append(fields["text"]))
    assert kept == [encode_prompt(tokenizer, [{"role": "user", "content": "The cat"}])]
    assert logs[0].startswith("1 of 2 prompts are left out, being longer than 56 tokens")


def test_prompts_leave_room_in_the_shortest_context_of_all_that_read_them(state, folders: Path, tokenizer):
    """Point 28: a reward model read beyond the positions it was made for says anything."""
    write_records(folders / "p.jsonl", [{"prompt": "The cat"}])
    given = (state, tokenizer, [folders / "p.jsonl"])
    longest = len(read_prompts(*given, ignore_report)[0]) + CONFIG.max_new_tokens
    state.reward_model.config.max_position_embeddings = longest
    assert len(read_prompts(*given, ignore_report)) == 1
    state.reward_model.config.max_position_embeddings = longest - 1
    assert read_prompts(*given, ignore_report) == []
    state.reward_model.config.max_position_embeddings = longest
    state.heldout_reward = copy.deepcopy(state.reward_model)
    state.heldout_reward.config.max_position_embeddings = longest - 1
    assert read_prompts(*given, ignore_report) == []


def test_the_reward_model_sees_the_sampled_ids_up_to_eos(state, tokenizer, monkeypatch):
    """Points 5, 28 and 29: token ids go from the sampler to the reward model as they are; text would give other ids."""
    rollouts, seen = uneven_rollouts(), []
    original = ppo_phases.reward_scores

    def spy(model, input_ids, mask):
        seen.extend(row[counted].tolist() for row, counted in zip(input_ids, mask, strict=True))
        return original(model, input_ids, mask)

    monkeypatch.setattr(ppo_phases, "reward_scores", spy)
    score_rollouts(state, rollouts)
    sampled = [
        tokens[mask].tolist() for tokens, mask in zip(rollouts.completion_tokens, rollouts.completion_mask, strict=True)
    ]
    assert sorted(seen) == sorted([*prompt, *tokens] for prompt, tokens in zip(PROMPTS[:16], sampled, strict=True))
    assert all(
        row[-1] == tokenizer.eos_token_id for row, has_eos in zip(sampled, rollouts.has_eos, strict=True) if has_eos
    )
    again = [tokenizer(tokenizer.decode(row), add_special_tokens=False)["input_ids"] for row in sampled]
    assert again != sampled, "decoding and encoding must change something for this to say anything"


def test_models_of_another_vocabulary_are_refused(folders: Path, tokenizer):
    """Point 29: policy and reward model share one tokenizer, or nothing starts."""
    other = load_tokenizer(folders / "reward")
    other.add_tokens(["marmalade"])
    other.save_pretrained(folders / "reward")
    with pytest.raises(InputError, match="another vocabulary"):
        load_models(CONFIG, folders / "policy", folders / "reward", tokenizer)


def test_random_numbers_follow_from_the_seed_and_the_place_alone(state):
    """Point 30: the process's generator is neither read nor moved, and order of prompts and draws do not share one."""
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(collect_rollouts(state, PROMPTS[:16], stream="a").completion_tokens)
        prompts_of_update(PROMPTS, CONFIG, 3)
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], collect_rollouts(state, PROMPTS[:16], stream="b").completion_tokens)
    rows = collect_rollouts(state, PROMPTS[:1] * 8, stream="a").completion_tokens.tolist()
    assert len(set(map(tuple, rows))) == 8, "rows of one prompt have draws of their own"
    state.config = replace(CONFIG, seed=2)
    assert not torch.equal(found[0], collect_rollouts(state, PROMPTS[:16], stream="a").completion_tokens)


@pytest.mark.parametrize("micro_batch_tokens", [8192, 40])
def test_the_pretraining_mix_adds_its_own_mean_to_the_same_step(folders, tokenizer, micro_batch_tokens):
    """Point 32: the step with the mix is PPO's step plus the coefficient times the gradient of the text's mean loss."""
    window = torch.randint(6, 290, (1, 9), generator=torch.Generator().manual_seed(4))
    rollouts, scores = uneven_rollouts(), torch.linspace(-1, 1, 16)
    moved = []
    for coefficient in (0.0, 2.0):
        config = replace(
            PLAIN, num_epochs=1, minibatch_size=16, micro_batch_tokens=micro_batch_tokens, ptx_coefficient=coefficient,
            ptx_batch_size=4, ptx_length=8,
        )  # fmt: skip
        state = use_plain_descent(state_from(folders, tokenizer, config))
        start = copy.deepcopy(state.policy)
        state.pretraining_windows = window if coefficient else None
        metrics = update_models(state, rollouts, estimate_advantages(state, rollouts, scores), learning_rate_factor=1.0)
        moved.append(weights(start) - weights(state.policy))
    loss = next_token_loss(
        selected_logits(start, window[:, :-1], torch.ones(1, 8, dtype=torch.bool)), window[:, 1:].flatten()
    )
    loss.backward()
    gradient = torch.cat([parameter.grad.flatten() for parameter in start.parameters()])
    torch.testing.assert_close(moved[1] - moved[0], 2.0 * gradient, atol=1e-5, rtol=1e-3)
    assert metrics["pretraining_loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_the_pretraining_mix_never_asks_the_head_for_the_logits_of_all_positions(state):
    """They would be passes of micro_batch_tokens x vocabulary; the loss is made in chunks from what the head reads."""
    asked: list[torch.Size] = []
    state.policy.get_output_embeddings().register_forward_hook(lambda module, given, output: asked.append(output.shape))
    windows = torch.randint(6, 290, (4, 9), generator=torch.Generator().manual_seed(4))
    loss = add_pretraining_gradient(state.policy, windows, replace(CONFIG, ptx_coefficient=1.0, ptx_length=8), 0, 0)
    assert asked == []
    assert loss > 0
    assert state.policy.lm_head.weight.grad.abs().max() > 0


def test_texts_that_are_not_used_or_not_read_whole_are_told(tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_records(tmp_path / "t.jsonl", [{"text": "The cat eats bread by the sea. " * 30}])
    logs: list[str] = []
    monkeypatch.setattr("rlhf.pretraining_mix.MAX_TOKENS", 100)
    for coefficient in (0.0, 1.0):
        config = replace(CONFIG, ptx_coefficient=coefficient, ptx_length=16)
        load_windows(config, tokenizer, [tmp_path / "t.jsonl"], lambda kind, fields: logs.append(fields["text"]))
    assert logs[0] == "ppo: the texts are not used, as ptx_coefficient is 0"
    assert logs[1].startswith("ppo: the pretraining mix draws from the first ")
    assert len(logs) == 2


def test_stopping_at_eos_is_cutting_at_the_first_eos(state):
    """T14 and point 9: what comes after EOS is never looked at, so not sampling it changes no number."""
    with torch.no_grad():  # far from uniform, so that some token is frequent enough to end rows at different steps
        for parameter in state.policy.parameters():
            parameter.mul_(4.0)
    state.ref_policy = copy.deepcopy(state.policy)
    requests = [Request(prompt, 1.0, 1.0, seed) for seed, prompt in enumerate(PROMPTS[:16])]
    limits = {"max_new_tokens": 24, "pad_token_id": 0}
    whole = generate(state.policy, requests, eos_token_id=-1, **limits)
    eos = int(whole.tokens.flatten().bincount().argmax())
    stopped = generate(state.policy, requests, eos_token_id=eos, **limits)
    is_eos = whole.tokens == eos
    mask = is_eos.cumsum(1) - is_eos.long() == 0
    cut = Completions(whole.tokens.masked_fill(~mask, 0), mask, whole.logprobs.masked_fill(~mask, 0.0), is_eos.any(1))
    assert len(set(mask.sum(1).tolist())) > 3, "rows must end at different steps for this to say anything"
    found = []
    for completions in (stopped, cut):
        rollouts = join_rollouts(PROMPTS[:16], completions, pad_token_id=0)
        scores = score_rollouts(state, rollouts)
        assert (scores[~rollouts.has_eos] == CONFIG.missing_eos_score).all()
        found.append((rollouts, estimate_advantages(state, rollouts, scores)))
    assert torch.equal(found[0][0].input_ids, found[1][0].input_ids)
    width = found[0][1].advantages.shape[1]
    for one, other in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(one, other[:, :width] if other.dim() == 2 else other, atol=1e-5, rtol=1e-5)


def test_kl_estimators_have_their_published_bias_and_spread():
    """T7: q = N(0, 1) against N(0.1, 1) and N(1, 1); bias and deviation in units of the true KL."""
    draws = torch.randn(2_000_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for mean, expected in ((0.1, ((0, 20), (0.002, 1.42), (0, 1.42))), (1.0, ((0, 2), (0.25, 1.73), (0, 1.7)))):
        exact, log_q, log_p = mean**2 / 2, -(draws**2) / 2, -((draws - mean) ** 2) / 2
        for estimator, (bias, deviation) in zip((kl_k1, kl_k2, kl_k3), expected, strict=True):
            values = estimator(log_q, log_p)
            assert (values.mean().item() - exact) / exact == pytest.approx(
                bias, abs=4 * deviation / len(draws) ** 0.5 + 1e-3
            )
            assert values.std().item() / exact == pytest.approx(deviation, rel=0.03)


def test_values_and_log_probabilities_are_computed_at_completion_positions_only(state, monkeypatch):
    """No logits for prompts: the head sees one row per completion token."""
    rollouts, shapes = uneven_rollouts(), []

    def watched(hidden, *arguments, **named):
        shapes.append(hidden.shape)
        return head_statistics(hidden, *arguments, **named)

    monkeypatch.setattr("rlhf.rollouts.head_statistics", watched)
    policy_logprobs(state.policy, rollouts, temperature=1.0)
    assert shapes == [(int(rollouts.completion_mask.sum()), state.policy.config.hidden_size)]


@pytest.mark.parametrize("has_bias", [True, False])
def test_statistics_at_the_head_equal_those_of_its_logits(has_bias, monkeypatch):
    """Values, entropy and all gradients, over several chunks; a chunk never holds more than its share of the logits."""
    monkeypatch.setattr("rlhf.losses.MIN_CHUNK_ROWS", 3)
    monkeypatch.setattr("rlhf.losses.CHUNK_LOGITS", 20)
    draw = torch.Generator().manual_seed(0)
    hidden, weight, bias, slopes = (
        torch.randn(*size, dtype=torch.float64, generator=draw).requires_grad_()
        for size in ((8, 5), (11, 5), (11,), (8,))
    )
    tokens = torch.randint(11, (8,), generator=draw)
    learned = (hidden, weight, bias) if has_bias else (hidden, weight)
    found = head_statistics(hidden, weight, bias if has_bias else None, tokens, temperature=0.7)
    logits = hidden @ weight.T + (bias if has_bias else 0)
    scaled = torch.log_softmax(logits / 0.7, dim=-1)
    expected = scaled.gather(1, tokens[:, None]).squeeze(1), -(scaled.exp() * scaled).sum(dim=-1)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    ours = torch.autograd.grad((found[0] * slopes).sum(), learned)
    theirs = torch.autograd.grad((expected[0] * slopes).sum(), learned)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)
    assert not found[1].requires_grad


def test_defaults_that_follow_a_paper_keep_their_source():
    """Points 8, 10 and 23: the constants that were chosen, and why, are on the options."""
    sources = {name: item.metadata["source"] for name, item in PpoConfig.__dataclass_fields__.items()}
    assert (PpoConfig().missing_eos_score, PpoConfig().adam_epsilon) == (-1.0, 1e-5)
    assert "2403.17031" in sources["missing_eos_score"]
    assert "2403.17031" in sources["adam_epsilon"]
