"""vLLM in place of our engine, the real one: same tokens, same log-probabilities, weights that follow the policy. `make test-vllm`."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.__main__ import main
from rlhf.config import GrpoConfig, PretrainConfig
from rlhf.decoding import Completions, Request, generate
from rlhf.grpo import train_grpo
from rlhf.lora import add_adapter
from rlhf.models import new_policy
from rlhf.ppo import train_ppo
from rlhf.records import read_records
from rlhf.rollouts import join_rollouts, policy_logprobs
from rlhf.types import InputError
from rlhf.vllm_engine import VllmEngine
from tests.rlhf.architectures import MAKERS, SHAPE, lively_model
from tests.rlhf.ppo_cast import CONFIG

EOS, PAD = 1, 0
PROMPTS = [[2, 5, 6, 7], [2, 9, 10, 11, 12, 13, 14, 15, 16], [2, 5, 6, 7], [3], [2, 20, 21, 22, 23, 24]]


@pytest.fixture(autouse=True)
def heads_of_32(monkeypatch: pytest.MonkeyPatch) -> None:
    """vLLM's attention on a CPU takes no smaller ones."""
    monkeypatch.setitem(SHAPE, "hidden_size", 128)
    monkeypatch.setitem(SHAPE, "head_dim", 32)


@pytest.fixture
def policy(tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    return new_policy(
        PretrainConfig(hidden_size=64, num_layers=2, num_heads=2, context_length=64, tokens_per_batch=64), tokenizer
    )


@pytest.fixture
def started():
    engines = []

    def start(model, **extra) -> VllmEngine:
        given = {"device": torch.device("cpu"), "dtype": "float32", "max_length": 40, "max_rows": 3} | extra
        engines.append(VllmEngine(model, **given))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


def rows(temperature: float = 0.0, top_p: float = 1.0, seed: int = 0) -> list[Request]:
    return [Request(prompt, temperature, top_p, seed + place) for place, prompt in enumerate(PROMPTS)]


def answers(engine: VllmEngine, requests: list[Request], eos: int = EOS) -> Completions:
    return engine.generate(requests, max_new_tokens=18, eos_token_id=eos, pad_token_id=PAD)


def own_answers(model, requests: list[Request], eos: int = EOS) -> Completions:
    return generate(model, requests, max_new_tokens=18, eos_token_id=eos, pad_token_id=PAD)


def assert_same(found: Completions, expected: Completions) -> None:
    assert torch.equal(found.tokens, expected.tokens)
    assert torch.equal(found.mask, expected.mask)
    assert torch.equal(found.has_eos, expected.has_eos)
    torch.testing.assert_close(found.logprobs, expected.logprobs, atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", MAKERS)
def test_greedy_completions_are_our_engines(name: str, started) -> None:
    model = lively_model(name)
    assert_same(answers(started(model), rows()), own_answers(model, rows()))


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 1.0), (1.0, 0.6)])
def test_log_probabilities_are_those_of_the_training_pass_before_top_p(temperature, top_p, started) -> None:
    model = lively_model("llama")
    found = answers(started(model, is_cut=top_p < 1), rows(temperature, top_p))
    rollouts = join_rollouts(PROMPTS, found, pad_token_id=PAD)
    with torch.no_grad():
        expected = policy_logprobs(model, rollouts, temperature=temperature)
        probabilities = (model(rollouts.input_ids).logits[rollouts.state_mask()] / temperature).softmax(-1)
    taken = probabilities.gather(-1, rollouts.completion_tokens[rollouts.completion_mask][:, None])
    likelier = float((probabilities * (probabilities > taken)).sum(-1).max())
    assert likelier < top_p if top_p < 1 else likelier > 0.7
    torch.testing.assert_close(found.logprobs, expected, atol=1e-3, rtol=0)
    assert found.logprobs[found.mask].std() > 0.1
    assert not torch.equal(found.tokens[:, :1], own_answers(model, rows()).tokens[:, :1])  # drawn, not the likeliest


def test_a_completion_ends_with_its_first_eos_and_rows_keep_their_order(started) -> None:
    model = lively_model("llama")
    eos = int(own_answers(model, rows()).tokens[1, 4])
    expected = own_answers(model, rows(), eos=eos)
    assert int(expected.has_eos.sum()) > 0
    assert not bool(expected.mask.all())
    assert_same(answers(started(model), rows(), eos=eos), expected)


def test_a_seed_gives_its_completion_again_and_another_seed_another(started) -> None:
    engine = started(lively_model("llama"))
    first, again, other = (answers(engine, rows(1.0, seed=seed)) for seed in (2**62, 2**62, 7))
    assert torch.equal(first.tokens, again.tokens)
    assert not torch.equal(first.tokens, other.tokens)
    assert not torch.equal(first.tokens[0], first.tokens[2])  # the same prompt


@pytest.mark.parametrize("name", ["llama", "gpt2", "gemma2, windows of 6"])
@pytest.mark.parametrize("rank", [0, 2])
def test_new_weights_are_those_it_samples_from(name: str, rank: int, started) -> None:
    model = lively_model(name)
    model.set_attn_implementation("eager")  # the others leave out Gemma 2's cap on attention, which vLLM computes
    add_adapter(model, rank, seed=1)
    engine = started(model)
    before = answers(engine, rows())
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3)) * 0.3)
    assert_same(answers(engine, rows()), before)  # no tensor is shared
    engine.load()
    after = answers(engine, rows())
    assert before.tokens.shape != after.tokens.shape or float((before.logprobs - after.logprobs).abs().max()) > 0.01
    assert_same(after, own_answers(model, rows()))


def test_keys_and_values_of_old_weights_are_dropped(started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPE, "max_position_embeddings", 320)
    model = lively_model("llama")
    requests = [
        Request([2 + place % 90 for place in range(280)], 0.0, 1.0, 0)
    ]  # two pages, which are kept for the next time
    engine = started(model, max_length=300)
    answers(engine, requests)
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(model.get_input_embeddings().weight.roll(1, 0))
    engine.load()
    assert_same(answers(engine, requests), own_answers(model, requests))


def test_a_model_that_vllm_reads_otherwise_is_refused(started) -> None:
    model = lively_model("llama")
    model.model.rotary_emb.inv_freq.mul_(3.0)  # positions that no config tells of
    with pytest.raises(InputError, match=r"differ by .*take engine = own"):
        started(model)


def test_a_prompt_without_room_for_its_completion_is_refused(started) -> None:
    with pytest.raises(InputError, match="context of 64"):
        answers(started(lively_model("llama")), [Request([2] * 60, 1.0, 1.0, 0)])


def test_the_sample_command_writes_what_our_engine_writes(folders: Path, tmp_path: Path) -> None:
    arguments = ["--policy", str(folders / "policy"), "--prompts", str(folders / "prompts.jsonl")]
    arguments += ["--temperature", "0", "--max-new-tokens", "8", "--batch-size", "4"]
    for engine in ("own", "vllm"):
        assert main(["sample", *arguments, "--engine", engine, "--output", str(tmp_path / engine)]) == 0
    own, other = (list(read_records([tmp_path / name / "completions.jsonl"], "completion")) for name in ("own", "vllm"))
    texts = [{row["prompt_id"]: (row["token_ids"], row["seed"]) for row in found} for found in (own, other)]
    assert texts[0] == texts[1]
    assert len(own) > 8


def test_two_updates_of_ppo_follow_the_policy_and_a_stopped_run_ends_with_the_same_weights(
    folders: Path, tmp_path: Path
) -> None:
    config = replace(CONFIG, num_updates=2, engine="vllm", policy_learning_rate=3e-3)
    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    gaps = []

    def report(kind, fields) -> None:
        if kind == "metric" and "sampler_gap" in fields:
            gaps.append(fields["sampler_gap"])

    summary = train_ppo(config, **inputs, output=tmp_path / "whole", report=report)
    assert summary["num_updates"] == 2
    assert summary["alarms"] == []
    assert summary["kl"] > 0.01
    assert gaps
    assert max(gaps) < 1e-4

    class Killed(Exception):
        pass

    def kill(kind, fields) -> None:
        if (kind, fields) == ("checkpoint", {"step": 1}):
            raise Killed

    with pytest.raises(Killed):
        train_ppo(config, **inputs, output=tmp_path / "stopped", report=kill)
    assert (tmp_path / "stopped" / "state").exists()
    train_ppo(config, **inputs, output=tmp_path / "stopped")
    ends = [(tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "stopped")]
    assert ends[0] == ends[1]


def test_grpo_with_an_adapter_samples_from_the_merged_weights(folders: Path, tmp_path: Path) -> None:
    shared = {name: getattr(CONFIG, name) for name in ("episodes_per_update", "minibatch_size", "max_new_tokens")}
    config = GrpoConfig(
        **shared, num_updates=2, lora_rank=4, policy_learning_rate=3e-2, engine="vllm", warmup_updates=0
    )
    inputs = {"policy": folders / "policy", "reward": folders / "reward", "prompts": [folders / "prompts.jsonl"]}
    summary = train_grpo(config, **inputs, output=tmp_path / "out")
    assert summary["kl"] > 0.001
    assert summary["alarms"] == []
