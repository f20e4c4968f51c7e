"""Memory: the plan against shapes and against what a process really takes; runs that cannot fit; memory that runs out half-way."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from rlhf import memory, ppo
from rlhf.config import RewardConfig, SftConfig
from rlhf.data import RankedCompletions
from rlhf.losses import CHUNK_LOGITS
from rlhf.memory import MemoryPlan, plan_loop, plan_online, require_memory, until_it_fits
from rlhf.models import new_reward, num_parameters
from rlhf.optimization import new_optimizer, optimizer_step
from rlhf.ppo_phases import estimate_advantages, update_models
from rlhf.records import write_records
from rlhf.reward import accumulate_gradients as accumulate_rankings
from rlhf.sequences import Encoded
from rlhf.sft import accumulate_gradients, train_sft
from rlhf.types import InputError, ignore_report
from tests.rlhf.ppo_cast import CONFIG, state_from, uneven_rollouts

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[2]


class SmallMemory(TorchDispatchMode):
    """Sees every tensor that PyTorch makes, on the way forward and back; one of more bytes than `limit` is refused."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit, self.num_refused = limit, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else [made]:
            if isinstance(tensor, torch.Tensor) and tensor.untyped_storage().nbytes() > self.limit:
                self.num_refused += 1
                raise torch.OutOfMemoryError(f"{tensor.untyped_storage().nbytes()} bytes were asked for")
        return made


def rows_of(*lengths: int) -> list[Encoded]:
    draw = torch.Generator().manual_seed(0)
    return [Encoded(torch.randint(6, 290, (n,), generator=draw).tolist(), [0] + [1] * (n - 1)) for n in lengths]


def gradient(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])


def test_sft_goes_on_with_smaller_passes_and_the_same_gradient(policy) -> None:
    rows = rows_of(*[5] * 6, *[40] * 6)
    config = SftConfig(micro_batch_tokens=120)
    expected = accumulate_gradients(policy, rows, 0, config, CPU), gradient(policy)
    policy.zero_grad()
    config = replace(config, micro_batch_tokens=240)
    accumulate = partial(accumulate_gradients, policy, rows, 0, device=CPU)
    # A pass of the short rows fits and leaves its gradient behind; that of six long ones does not.
    texts: list[str] = []
    with SmallMemory(4 * 5 * 40 * 96) as allocator:
        config, loss = until_it_fits(config, [policy], accumulate, lambda _, fields: texts.append(fields["text"]))
    assert allocator.num_refused > 0
    assert config.micro_batch_tokens < 240
    assert texts == [
        f"memory ran out: passes hold at most {config.micro_batch_tokens} tokens from here on, where 240 were asked for; "
        "the loss stays the same"
    ]
    assert loss == pytest.approx(expected[0], rel=1e-6)
    torch.testing.assert_close(gradient(policy), expected[1], atol=1e-6, rtol=1e-4)


def test_the_reward_model_goes_on_with_smaller_passes_and_the_same_gradient(base_folder, tokenizer) -> None:
    model = new_reward(base_folder, tokenizer, 1)
    rows = [row.ids for row in rows_of(*[30] * 12)]
    rankings = [RankedCompletions(rows[place : place + 2], [1, 2], [9, 9], 1.0, 0.0) for place in range(0, 12, 2)]
    config = RewardConfig()
    expected = accumulate_rankings(model, rankings, 0, config, CPU), gradient(model)
    model.zero_grad()
    accumulate = partial(accumulate_rankings, model, rankings, 0, device=CPU)
    with SmallMemory(4 * 6 * 30 * 96) as allocator:
        config, (loss, accuracy) = until_it_fits(config, [model], accumulate, ignore_report)
    assert allocator.num_refused > 0
    assert (loss, accuracy) == pytest.approx(expected[0], rel=1e-6)
    torch.testing.assert_close(gradient(model), expected[1], atol=1e-6, rtol=1e-4)


def test_ppo_goes_on_with_smaller_passes_and_the_same_step(folders, tokenizer) -> None:
    rollouts, scores, found = uneven_rollouts(), torch.linspace(-1, 1, 16), []
    for limit in (2**30, 50_000):  # the largest matrix has 38,400 bytes
        state = state_from(folders, tokenizer, replace(CONFIG, adam_epsilon=1.0, minibatch_size=16))
        estimates = estimate_advantages(state, rollouts, scores)
        with SmallMemory(limit) as allocator:
            metrics = update_models(state, rollouts, estimates, learning_rate_factor=1.0)
        found.append((metrics, state, allocator.num_refused))
    assert found[0][2] == 0 < found[1][2]
    assert found[1][1].config.micro_batch_tokens < 8192
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-5, rel=1e-3)
    for one, other in zip(found[0][1].policy.parameters(), found[1][1].policy.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-7, rtol=1e-5)


def test_a_row_that_fits_nowhere_is_told_and_other_errors_pass_through(policy) -> None:
    accumulate = partial(accumulate_gradients, policy, rows_of(40), 0, device=CPU)
    with SmallMemory(10_000), pytest.raises(InputError, match=r"one by one.*lower max_length"):
        until_it_fits(SftConfig(micro_batch_tokens=64), [policy], accumulate, ignore_report)

    def broken(config: SftConfig) -> float:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        until_it_fits(SftConfig(), [policy], broken, ignore_report)


def test_weights_gradients_optimizer_and_cache_by_hand(state) -> None:
    number = num_parameters(state.policy)
    plan = plan_loop(state.policy, SftConfig(), [(1, 40)], rows_per_batch=4)
    assert plan[:3] == (4 * number, 4 * number, 8 * number)
    models = (state.policy, state.value_model)
    plan = plan_online(models, (state.ref_policy, state.reward_model), CONFIG, longest=12)
    total = sum(map(num_parameters, models))
    assert plan[:3] == (8 * total, 4 * total, 8 * total)
    # 6 slots of 12 + 8 positions, 2 layers, keys and values of 32 numbers in float32
    assert plan.cache == 6 * 20 * 2 * 2 * 32 * 4
    assert plan_online(models, (state.policy,), CONFIG, longest=12).weights == 4 * total, "a shared base counts once"


def test_logits_that_are_there_at_once_are_counted(policy) -> None:
    """A chunk of them; those of every position of a pass where the model changes them after its head."""
    chunk, tokens = CHUNK_LOGITS // policy.config.vocab_size, 8192
    in_chunks = plan_loop(policy, SftConfig(), [(1, 40)], rows_per_batch=400).activations
    policy.config.final_logit_softcapping = 30.0
    whole = plan_loop(policy, SftConfig(), [(1, 40)], rows_per_batch=400).activations
    # logits, their logarithms and the gradients of both, in float32
    assert whole - in_chunks == (tokens - chunk) * policy.config.vocab_size * 4 * 4


def test_the_average_of_the_policy_is_in_the_plan_of_ppo(state, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[MemoryPlan] = []
    monkeypatch.setattr(ppo, "require_memory", lambda plan, *given: plans.append(plan))
    for decay in (0.0, 0.9):
        state.config = replace(CONFIG, ema_decay=decay)
        ppo.plan_memory(state, [[5] * 12], ignore_report)
    assert sum(plans[1]) - sum(plans[0]) == 4 * num_parameters(state.policy)


def test_smaller_passes_checkpointing_and_short_rows_need_less(policy) -> None:
    sizes = [(1, 40), (2, 20)]
    policy.config.num_hidden_layers = 6
    plain = plan_loop(policy, SftConfig(), sizes, rows_per_batch=64).activations
    assert plan_loop(policy, SftConfig(micro_batch_tokens=400), sizes, rows_per_batch=64).activations < plain
    assert plan_loop(policy, SftConfig(gradient_checkpointing="on"), sizes, rows_per_batch=64).activations < plain
    assert plan_loop(policy, SftConfig(), [(1, 20)], rows_per_batch=64).activations < plain


def test_a_run_that_cannot_fit_stops_before_it_starts_and_says_what_to_lower(
    base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_records(tmp_path / "rows.jsonl", [{"prompt": "eats", "completion": "bread"}] * 4)
    monkeypatch.setattr(memory, "free_bytes", lambda device: 4096)
    with pytest.raises(InputError, match=r"GiB of free memory.*lower micro_batch_tokens or max_length"):
        train_sft(
            SftConfig(threads=1), base=base_folder, demonstrations=[tmp_path / "rows.jsonl"], validation=[],
            output=tmp_path / "out",
        )  # fmt: skip
    assert not (tmp_path / "out" / "model").exists()
    require_memory(MemoryPlan(2**30, 4096, 0, 0, 0), CPU, "nothing", ignore_report)  # its weights are loaded already
    with pytest.raises(InputError):
        require_memory(MemoryPlan(2**30, 4096, 0, 1, 0), CPU, "nothing", ignore_report)


def test_what_is_free_is_what_the_machine_and_the_group_leave(tmp_path: Path) -> None:
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    assert 0 < memory.free_bytes(CPU) <= available * 1.2


def test_a_step_too_small_for_bfloat16_is_not_lost(policy) -> None:
    """bfloat16 keeps 8 bits: there, 1 + 2**-12 is 1. The weights and the optimizer's moments are float32 all the way."""
    optimizer = new_optimizer(policy, weight_decay=0.0)
    before = policy.model.layers[0].mlp.up_proj.weight.detach().clone()
    rate = float(before.abs().mean()) * 2**-12
    accumulate_gradients(policy, rows_of(20, 30), 0, SftConfig(dtype="bfloat16"), CPU)
    optimizer_step(optimizer, learning_rate=rate, max_gradient_norm=1.0)
    after = policy.model.layers[0].mlp.up_proj.weight.detach()
    assert {tensor.dtype for tensor in policy.state_dict().values()} == {torch.float32}
    assert {moment["exp_avg"].dtype for moment in optimizer.state.values()} == {torch.float32}
    assert ((after - before).abs() > rate / 2).float().mean() > 0.9
    assert (after.bfloat16() == before.bfloat16()).float().mean() > 0.8, "or the step says nothing about rounding"


MEASURE = """
import json, sys
import torch
from rlhf.config import PretrainConfig, SftConfig
from rlhf.memory import plan_loop
from rlhf.models import new_policy
from rlhf.optimization import new_optimizer, optimizer_step
from rlhf.sequences import Encoded
from rlhf.sft import accumulate_gradients, rectangle
torch.set_num_threads(1)
dtype, checkpointing, tokens = sys.argv[1], sys.argv[2], int(sys.argv[3])
def peak():  # ru_maxrss would be that of the process that started this one, if larger
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
class Tokens(list):
    bos_token_id, eos_token_id, pad_token_id = 1, 2, 0
def measured(rows, config, hidden):
    shape = PretrainConfig(hidden_size=hidden, num_layers=4, num_heads=4, context_length=256)
    model = new_policy(shape, Tokens(range(4096))).train()
    if config.gradient_checkpointing == "on":
        model.gradient_checkpointing_enable({"use_reentrant": False})
    optimizer = new_optimizer(model, weight_decay=0.0)
    for _ in range(2):
        accumulate_gradients(model, rows, 0, config, torch.device("cpu"))
        optimizer_step(optimizer, learning_rate=1e-4, max_gradient_norm=1.0)
    return plan_loop(model, config, map(rectangle, rows), rows_per_batch=len(rows))
config = SftConfig(micro_batch_tokens=tokens, gradient_checkpointing=checkpointing, dtype=dtype)
measured([Encoded([5] * 8, [0] + [1] * 7)], config, 32)  # libraries load what they need
before = peak()
plan = measured([Encoded([5] * 200, [0] + [1] * 199) for _ in range(40)], config, 256)
print(json.dumps({"planned": sum(plan), "measured": peak() - before}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "checkpointing", "tokens"),
    [("float32", "off", 8192), ("bfloat16", "off", 8192), ("float32", "on", 8192)],
)
def test_a_process_takes_what_was_planned_within_half_as_much_again(
    dtype: str, checkpointing: str, tokens: int
) -> None:
    """Peak resident size of two steps of SFT beside the plan: between two thirds of it and one and a half times it."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, dtype, checkpointing, str(tokens)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert 2 / 3 < found["measured"] / found["planned"] < 3 / 2, found
