"""How rows go through a model: split by a token budget, checkpointed, compiled. None of it changes what is learned."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import Gemma2Config, GemmaConfig, GPT2Config, PreTrainedModel, Qwen2Config
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from rlhf import passes
from rlhf.config import SftConfig
from rlhf.cpu import speed_up
from rlhf.models import hidden_states
from rlhf.passes import micro_batches, prepare_passes
from rlhf.sequences import Encoded, pack
from rlhf.sft import accumulate_gradients, rectangle, sft_batch
from rlhf.types import ignore_report

CPU = torch.device("cpu")
ARCHITECTURES = [
    lambda: Qwen2Config(vocab_size=90, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
                        num_key_value_heads=1),
    lambda: GPT2Config(vocab_size=90, n_embd=16, n_layer=2, n_head=2, n_positions=64, attn_pdrop=0, embd_pdrop=0, resid_pdrop=0),
    lambda: GemmaConfig(vocab_size=90, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
                        num_key_value_heads=1, head_dim=8),
    lambda: Gemma2Config(vocab_size=90, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
                         num_key_value_heads=1, head_dim=8, final_logit_softcapping=2.0),
]  # fmt: skip
NAMES = ["qwen2", "gpt2", "gemma", "gemma2"]


def rows_of(*lengths: int) -> list[Encoded]:
    draw = torch.Generator().manual_seed(0)
    return [Encoded(torch.randint(6, 90, (n,), generator=draw).tolist(), [0] + [1] * (n - 1)) for n in lengths]


def gradients(model: PreTrainedModel, rows: list[Encoded], config: SftConfig) -> tuple[float, torch.Tensor]:
    model.zero_grad()
    loss = accumulate_gradients(model, rows, 0, config, CPU)
    return loss, torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def test_groups_hold_rows_of_like_length_within_the_budget() -> None:
    rows = rows_of(5, 3, 9, 4, 30, 3)
    groups = [[len(row.ids) for row in group] for group in micro_batches(rows, rectangle, 12)]
    # 3 x 4 = 12 fits, 4 x 5 does not; 30 exceeds the budget and goes alone
    assert groups == [[3, 3, 4], [5], [9], [30]]
    assert list(micro_batches([], rectangle, 12)) == []


@pytest.mark.parametrize("make", ARCHITECTURES, ids=NAMES)
def test_rows_learned_side_by_side_teach_what_each_alone_does(make: Callable[[], object]) -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(make()).double().train()
    rows = rows_of(7, 12, 4, 9)
    expected = torch.zeros(())
    for row in rows:
        logprobs = model(torch.tensor([row.ids])).logits[0].log_softmax(-1)
        expected = expected - sum(logprobs[t, row.ids[t + 1]] for t in range(len(row.ids) - 1))
    expected = expected / sum(len(row.ids) - 1 for row in rows)
    reference = torch.autograd.grad(expected, list(model.parameters()))
    prepare_passes(model, SftConfig(), num_tokens=1, report=ignore_report)
    for budget in (8192, 20):
        loss, gradient = gradients(model, rows, SftConfig(micro_batch_tokens=budget))
        assert loss == pytest.approx(expected.item(), rel=1e-7)  # the models' own norms run in float32
        torch.testing.assert_close(gradient, torch.cat([g.flatten() for g in reference]), atol=1e-7, rtol=1e-5)


def test_rows_are_filled_with_the_longest_first_and_positions_begin_anew() -> None:
    rows = [Encoded(list(range(n)), [1] * n) for n in (3, 7, 2, 5, 12)]
    packed = pack(rows, 10)
    assert [row.positions for row in packed] == [[*range(12)], [*range(7), *range(3)], [*range(5), *range(2)]]
    assert packed[1].ids == [*range(7), *range(3)]
    assert packed[1].weights == [0, 1, 1, 1, 1, 1, 1, 0, 1, 1], "no token predicts the first of the next conversation"


@pytest.mark.parametrize("length", [16, 300], ids=["short rows", "PyTorch's kernel"])
@pytest.mark.parametrize("make", ARCHITECTURES, ids=NAMES)
def test_packed_conversations_teach_what_they_teach_apart(make: Callable[[], Any], length: int) -> None:
    """T3: loss and gradient; on the CPU through SDPA or our own attention for short rows, never across two conversations."""
    torch.manual_seed(0)
    config = make()
    config.n_positions = config.max_position_embeddings = 512
    model = speed_up(AutoModelForCausalLM.from_config(config).double().train())
    rows = rows_of(7, 5, 4, 9, 2, 3) + (rows_of(40, 60, 100, 80) if length == 300 else [])
    loss, expected = gradients(model, rows, SftConfig())
    seen: list[torch.Size] = []
    hook = model.get_input_embeddings().register_forward_hook(lambda *call: seen.append(call[2].shape))
    again, gradient = gradients(model, rows, SftConfig(packed_length=length))
    hook.remove()
    assert sum(shape[0] for shape in seen) < len(rows), "conversations share rows"
    assert again == pytest.approx(loss, rel=1e-7)
    torch.testing.assert_close(gradient, expected, atol=1e-7, rtol=1e-5)


@torch.no_grad()
def test_nothing_is_seen_across_packed_conversations(policy: PreTrainedModel) -> None:
    one, two = (pack([Encoded([start] * 6, [1] * 6), Encoded([9, 8, 7, 6], [1] * 4)], 10) for start in (20, 30))
    hidden = []
    for rows in (one, two):
        batch = sft_batch(rows, 0)
        hidden.append(hidden_states(policy, batch.ids, position_ids=batch.positions))
    assert (hidden[0][0, :6] - hidden[1][0, :6]).abs().max() > 0.1
    assert torch.equal(hidden[0][0, 6:], hidden[1][0, 6:])
    alone = hidden_states(policy, torch.tensor([[9, 8, 7]]))[0]
    torch.testing.assert_close(hidden[0][0, 6:], alone, atol=1e-6, rtol=1e-5)


def test_gradient_checkpointing_changes_no_gradient(policy: PreTrainedModel) -> None:
    rows = rows_of(7, 12, 4)
    policy.train()
    loss, expected = gradients(policy, rows, SftConfig())
    config = SftConfig(gradient_checkpointing="on")
    prepare_passes(policy, config, num_tokens=1, report=ignore_report)
    assert policy.is_gradient_checkpointing
    again, gradient = gradients(policy, rows, config)
    assert again == pytest.approx(loss, rel=1e-6)
    torch.testing.assert_close(gradient, expected, atol=1e-6, rtol=1e-4)


def test_without_a_compiler_a_run_goes_on_and_says_so(policy: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "reason_not_to_compile", lambda: "no C++ compiler")
    logs: list[str] = []
    prepare_passes(
        policy,
        SftConfig(compile="on"),
        num_tokens=1,
        report=lambda _, values: logs.append(values["text"]),
    )
    assert logs == ["not compiled, which changes the speed alone: no C++ compiler"]
    assert gradients(policy, rows_of(5), SftConfig())[0] > 0


def test_a_broken_compiler_is_found_out_before_it_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("g++ not found\nsecond line")

    monkeypatch.setattr(torch, "compile", refuse)
    passes.reason_not_to_compile.cache_clear()
    assert passes.reason_not_to_compile() == "g++ not found"
    passes.reason_not_to_compile.cache_clear()


def test_auto_compiles_long_runs_only(policy: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(passes, "reason_not_to_compile", lambda: asked.append(True) or "")
    prepare_passes(policy, SftConfig(), num_tokens=10_000, report=ignore_report)
    prepare_passes(policy, SftConfig(compile="off"), num_tokens=10**12, report=ignore_report)
    assert asked == []
    prepare_passes(policy, SftConfig(), num_tokens=10**12, report=ignore_report)
    assert asked == [True]


@pytest.mark.slow
def test_compiled_steps_learn_what_plain_ones_do(policy: PreTrainedModel) -> None:
    rows = rows_of(7, 12, 4, 20)
    policy.train()
    loss, expected = gradients(policy, rows, SftConfig())
    config = SftConfig(compile="on")
    prepare_passes(policy, config, num_tokens=1, report=ignore_report)
    again, gradient = gradients(policy, rows, config)
    assert again == pytest.approx(loss, rel=1e-5)
    torch.testing.assert_close(gradient, expected, atol=1e-5, rtol=1e-3)
