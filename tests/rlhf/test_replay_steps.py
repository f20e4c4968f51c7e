"""Recorded decoding steps: what is replayed draws what plain steps draw, with the weights as they are now; a step waits for no device.

A CUDA graph repeats what was done on the memory it was done on, and asks no Python again. So does a Tape, on the CPU.
"""

import gc
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from rlhf import decoding, graphs, native
from rlhf.cache import decoding_masks
from rlhf.config import PpoConfig
from rlhf.decoding import Completions, Decoding, Request, generate
from rlhf.graphs import rounded_rows, rounded_width
from rlhf.lora import add_adapter, without_adapter
from rlhf.memory import plan_online, until_it_fits
from rlhf.models import num_parameters
from rlhf.slots import Slots
from rlhf.types import ignore_report
from tests.rlhf.architectures import MAKERS, lively_model
from tests.rlhf.ppo_cast import CONFIG

EOS = 33


class Tape(TorchDispatchMode):
    """Records operations as a CUDA graph does: on the memory they were done on, results of any step on the way included."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple] = []
        self.made: dict[int, torch.Tensor] = {}
        self.before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs, schema = kwargs or {}, operation._schema
        given = {argument.name: value for argument, value in zip(schema.arguments, args, strict=False)} | kwargs
        written = [given[item.name] for item in schema.arguments if item.alias_info and item.alias_info.is_write]
        for tensor in written:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in self.made:
                self.before.setdefault(storage.data_ptr(), (storage, storage.clone()))
        result = operation(*args, **kwargs)
        if written:
            self.calls.append((operation, args, kwargs, []))
        elif not any(value.alias_info for value in schema.returns):  # a view stays a view of what it was taken of
            results = [value for value in tree_leaves(result) if isinstance(value, torch.Tensor)]
            self.calls.append((operation, args, kwargs, results))
            self.made |= {value.untyped_storage().data_ptr(): value for value in results}
        return result

    def undo(self) -> None:
        """Recording a CUDA graph does nothing."""
        for storage, content in self.before.values():
            storage.copy_(content)

    @torch.autocast("cpu", enabled=False)
    def replay(self) -> None:
        for operation, args, kwargs, results in self.calls:
            again = operation(*args, **kwargs)
            for kept, new in zip(
                results, [v for v in tree_leaves(again) if isinstance(v, torch.Tensor)], strict=bool(results)
            ):
                kept.copy_(new)


class Recorder:
    """A CudaRecorder without CUDA."""

    def __init__(self, device: torch.device) -> None:
        self.tapes: list[Tape] = []
        self.num_replays = 0

    def prepare(self, run: Callable[[], None], *, is_checked: bool = False) -> None:
        run()

    def record(self, run: Callable[[], None]) -> Callable[[], None]:
        tape = Tape()
        with tape:
            run()
        tape.undo()
        self.tapes.append(tape)

        def replay() -> None:
            self.num_replays += 1
            tape.replay()

        return replay


@pytest.fixture(autouse=True)
def _without_own_kernels(monkeypatch):
    """A tape knows the operations of PyTorch only."""
    monkeypatch.setattr(native, "native", lambda: None)


@pytest.fixture
def recorded(monkeypatch):
    """Calls a function as on a GPU: its steps recorded, in buckets small enough for tiny models."""

    def call(function: Callable[[], Completions], recorder: type = Recorder) -> Completions:
        with monkeypatch.context() as patch:
            patch.setitem(graphs.RECORDERS, "cpu", recorder)
            patch.setitem(decoding.STEPS_BETWEEN_LOOKS, "cpu", 4)
            patch.setattr(graphs, "FINEST_WIDTH", 16)
            return function()

    yield call
    graphs.drop_graphs()


def mixed_requests() -> list[Request]:
    """Ragged, some of one prompt; greedy, with and without top-p."""
    prompts = [[5], [7, 8, 9], list(range(10, 32)), [7, 8, 9], list(range(40, 57)), [50, 51], [7, 8, 9], [60] * 9]
    sampling = [(1.0, 1.0), (0.7, 0.9), (0.0, 1.0), (1.3, 0.5)]
    return [Request(prompt, *sampling[place % 4], seed=place) for place, prompt in enumerate(prompts + prompts[:4])]


def complete(
    model, rows: list[Request], *, dtype: str = "float32", eos: int = EOS, max_rows: int = 5, max_new_tokens: int = 18
) -> Completions:
    return generate(
        model,
        rows,
        max_new_tokens=max_new_tokens,
        eos_token_id=eos,
        pad_token_id=0,
        dtype=dtype,
        max_rows=max_rows,
    )


def assert_same(found: Completions, expected: Completions, tolerance: float) -> None:
    assert found.tokens.tolist() == expected.tokens.tolist()
    assert found.mask.tolist() == expected.mask.tolist()
    assert found.has_eos.tolist() == expected.has_eos.tolist()
    torch.testing.assert_close(found.logprobs, expected.logprobs, atol=tolerance, rtol=tolerance)


@torch.no_grad()
def learn(model) -> None:
    """As an optimizer does: in place."""
    for parameter in model.parameters():
        parameter.mul_(0.97)


@pytest.mark.parametrize("name", MAKERS)
def test_replayed_steps_draw_what_plain_steps_draw_before_and_after_the_weights_change(name: str, recorded):
    model, rows = lively_model(name), mixed_requests()
    texts = []
    eos = int(
        complete(model, rows, eos=-1).tokens[:, 3:].flatten().bincount().argmax()
    )  # one that ends many rows, at any step
    for _ in range(2):
        plain = complete(model, rows, eos=eos)
        lengths = plain.mask.sum(dim=1).tolist()
        assert plain.has_eos.any()
        assert len(set(lengths)) > 2, "rows must end at different steps for this test to mean anything"
        assert_same(recorded(lambda: complete(model, rows, eos=eos)), plain, 2e-5)
        texts.append(plain.tokens.tolist())
        learn(model)
    assert texts[0] != texts[1]
    kept = graphs._kept[model]
    assert len(kept.replays) > 3
    assert kept.recorder.num_replays > 40, "most steps of the second batch replay what the first recorded"


class Product(torch.nn.Module):
    """A linear layer of a kind of its own, whose weight autocast casts at every use."""

    def __init__(self, weight: torch.nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(rows, self.weight)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_in_bfloat16_replays_read_the_weights_of_now_and_cast_none_of_them(name: str, recorded, monkeypatch):
    """Without rounding up the shapes are the same, so the numbers are too, to the last bit."""
    model, rows = lively_model(name), mixed_requests()[:4]
    if name == "llama":
        layer = model.model.layers[0].mlp
        layer.down_proj = Product(layer.down_proj.weight)
    monkeypatch.setattr(graphs, "rounded_rows", lambda count: count)
    monkeypatch.setattr(graphs, "rounded_width", lambda width: width)

    def batch() -> Completions:
        return complete(model, rows, dtype="bfloat16", eos=-1, max_new_tokens=8)

    for _ in range(4):  # plain, checked, recorded, replayed
        plain = batch()
        assert_same(recorded(batch), plain, 0)
        learn(model)
    recorder = graphs._kept[model].recorder
    assert recorder.num_replays == 2 * len(recorder.tapes) == 16
    linear = {part.weight.data_ptr() for part in model.modules() if type(part).__name__ in ("Linear", "Conv1D")}
    for operation, args, _, _ in recorder.tapes[-1].calls:
        if operation is torch.ops.aten._to_copy.default:
            assert args[0].untyped_storage().data_ptr() not in linear
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters()), (
        "the weights are back in their places"
    )


class Watched(TorchDispatchMode):
    """Fails where a step would wait for a device: a value read, a shape that depends on one, a tensor made on the host."""

    def __init__(self) -> None:
        super().__init__()
        self.num_operations = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.num_operations += 1
        assert torch.Tag.data_dependent_output not in operation.tags, f"{operation} reads a value"
        if operation not in (torch.ops.aten.index.Tensor, torch.ops.aten.index_put_.default):
            assert torch.Tag.dynamic_output_shape not in operation.tags, (
                f"{operation} has a shape that depends on values"
            )
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves((args, kwargs, result)):
            if isinstance(tensor, torch.Tensor):
                assert tensor.device.type == "meta", f"{operation} has a tensor of the host"
        if operation in (torch.ops.aten.index.Tensor, torch.ops.aten.index_put_.default):
            assert all(index is None or index.dtype == torch.int64 for index in args[1]), (
                "a mask is a shape that depends on values"
            )
        return result


@pytest.mark.parametrize("name", MAKERS)
@torch.no_grad()
def test_a_step_asks_nothing_of_the_host(name: str):
    model = MAKERS[name]().eval().to("meta")
    slots = Slots(model, num_slots=6, capacity=32)
    for is_cut in (True, False):
        slots.step(model, 6, 16, is_any_greedy=is_cut, is_any_cut=is_cut)  # makes the cache
        with Watched() as watched:
            slots.step(model, 6, 16, is_any_greedy=is_cut, is_any_cut=is_cut)
        assert watched.num_operations > 80


class FailingRecorder(Recorder):
    def record(self, run: Callable[[], None]) -> Callable[[], None]:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nCompile with ...")


class WaitingRecorder(Recorder):
    def prepare(self, run: Callable[[], None], *, is_checked: bool = False) -> None:
        if is_checked:
            raise RuntimeError("called a synchronizing CUDA operation")
        run()


@pytest.mark.parametrize(
    ("recorder", "reason"),
    [(FailingRecorder, r"\(CUDA error: .* capturing\)"), (WaitingRecorder, "a synchronizing CUDA operation")],
)
def test_where_nothing_can_be_recorded_plain_steps_go_on_and_it_is_said_once(recorder, reason: str, recorded):
    model, rows = lively_model("llama"), mixed_requests()
    plain = complete(model, rows)
    with pytest.warns(RuntimeWarning, match=reason) as warned:
        assert_same(recorded(lambda: complete(model, rows), recorder), plain, 2e-5)
    assert len(warned) == 1


def test_graphs_are_kept_as_long_as_model_and_sizes_allow(recorded):
    model, rows = lively_model("llama"), mixed_requests()[:8]

    def kept_after(model, rows: list[Request], max_rows: int, dtype: str = "float32") -> graphs.Graphs:
        recorded(lambda: complete(model, rows, max_rows=max_rows, dtype=dtype))
        return graphs._kept[model]

    first = kept_after(model, rows, 6)
    first.slots.cache.own_layers[0].values.fill_(torch.nan)  # as a model that diverged leaves it
    assert kept_after(model, rows[:2], 2) is first, "fewer and shorter rows fit"
    assert first.slots.cache.own_layers[0].values.isfinite().all()
    second = kept_after(model, rows, 7)
    assert second is not first
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    third = kept_after(model, rows, 7)
    assert third is not second, "weights that lie elsewhere"
    assert kept_after(model, rows, 7, "bfloat16") is not third, "another type"
    del model
    gc.collect()
    assert not graphs._kept, "gone with the model"


def test_an_adapter_switched_off_is_another_model(recorded):
    model, rows = lively_model("llama"), mixed_requests()[:4]
    add_adapter(model, 2, seed=1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(3))
    plain = complete(model, rows)
    assert_same(recorded(lambda: complete(model, rows)), plain, 2e-5)
    with without_adapter(model):
        without = complete(model, rows)
        assert_same(recorded(lambda: complete(model, rows)), without, 2e-5)
    assert without.tokens.tolist() != plain.tokens.tolist()


@torch.no_grad()
def test_two_decodings_at_once_do_not_share_and_one_left_midway_gives_way(recorded):
    model, rows = lively_model("llama"), mixed_requests()
    plain = [complete(model, part).tokens.tolist() for part in (rows[:4], rows[4:8])]

    def start(part: list[Request]) -> Decoding:
        return Decoding(model, part, max_new_tokens=18, eos_token_id=EOS, pad_token_id=0)

    def in_turn() -> Completions:
        pair = [start(rows[:4]), start(rows[4:8])]
        while any(one.is_open for one in pair):
            for one in pair:
                if one.is_open:
                    one.step()
        assert [one.completions().tokens.tolist() for one in pair] == plain
        kept = graphs._kept[model]
        assert kept is pair[0].graphs
        assert kept is not pair[1].graphs
        left = start(rows[:4])
        left.step()
        assert left.graphs is kept
        del left
        assert complete(model, rows[4:8]).tokens.tolist() == plain[1]
        assert graphs._kept[model] is kept
        return pair[0].completions()

    recorded(in_turn)


def test_every_layer_lets_a_slot_without_a_row_see_something():
    """Undefined states in the cache would reach the next row of that slot through products with weight 0."""
    model = lively_model("mistral, window of 6")
    slots = Slots(model, num_slots=3, capacity=64)
    slots.admit(0, [(5, 40, 1)] * 3, [(1.0, 1.0)] * 3)
    assert not decoding_masks(model, slots.positions, 16).any()
    slots.vacate(1)
    assert decoding_masks(model, slots.positions[1:], 16).any(dim=-1).all()


def test_what_is_kept_is_planned_and_given_back_when_memory_runs_out(recorded, monkeypatch):
    model, rows = lively_model("llama"), mixed_requests()[:4]
    recorded(lambda: complete(model, rows))
    assert model in graphs._kept

    def accumulate(config: PpoConfig) -> int:
        if model in graphs._kept:
            raise torch.OutOfMemoryError
        return config.micro_batch_tokens

    assert until_it_fits(CONFIG, [model], accumulate, ignore_report)[1] == CONFIG.micro_batch_tokens // 2
    config = replace(CONFIG, dtype="bfloat16", generation_batch_size=5, episodes_per_update=8)
    before = plan_online([model], [], config, longest=20).cache
    monkeypatch.setitem(graphs.RECORDERS, "cpu", Recorder)
    kept = 6 * 128 * (before // (5 * (20 + config.max_new_tokens)))  # rows and positions rounded up
    assert plan_online([model], [], config, longest=20).cache == kept + 2 * num_parameters(model)


def test_sizes_are_rounded_up_to_few():
    assert sorted({rounded_rows(count) for count in range(1, 65)}) == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    assert sorted({rounded_width(width) for width in range(1, 1537)}) == [*range(128, 1025, 128), 1280, 1536]
    assert all(rounded_rows(count) >= count and rounded_width(count) >= count for count in range(1, 5000))


@pytest.mark.gpu
@pytest.mark.parametrize("name", MAKERS)
def test_on_a_gpu_graphs_draw_what_plain_steps_draw(name: str, monkeypatch):
    """In float32, before and after the weights change in place."""
    model, rows = lively_model(name).to("cuda"), mixed_requests()
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.delitem(graphs.RECORDERS, "cuda")
            plain = complete(model, rows)
        assert_same(complete(model, rows), plain, 1e-4)
        learn(model)
    kept = graphs._kept[model]
    assert kept.replays
    assert not kept.has_failed


@pytest.mark.gpu
def test_on_a_gpu_graphs_follow_the_weights_in_bfloat16(monkeypatch):
    """Shapes are rounded up on one side only, so the numbers agree as far as bfloat16 does: at the first token of each row."""
    model, rows = lively_model("llama").to("cuda"), [row._replace(temperature=1.0) for row in mixed_requests()]
    for _ in range(4):
        with monkeypatch.context() as patch:
            patch.delitem(graphs.RECORDERS, "cuda")
            plain = complete(model, rows, dtype="bfloat16", max_rows=16)
        found = complete(model, rows, dtype="bfloat16", max_rows=16)
        is_same = found.tokens[:, 0] == plain.tokens[:, 0]
        assert is_same.float().mean() > 0.8
        torch.testing.assert_close(found.logprobs[is_same, 0], plain.logprobs[is_same, 0], atol=0.2, rtol=0.05)
        learn(model)
    assert graphs._kept[model].replays
