"""CUDA graphs of the decoding step: recorded once for a number of rows and a width, replayed ever after.

Launching a step's kernels one by one takes the host longer than a small model's step takes the GPU. A recorded step is launched as
one. It reads and writes the memory it was recorded on: the slots, kept here from one batch to the next, and the model's weights,
which an optimizer changes in place. Rows and width are rounded up to a bucket, so that few recordings serve all sizes.
"""

import warnings
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary, ref

import torch

from rlhf.casts import Casts
from rlhf.slots import Drawn, Slots

FINEST_WIDTH = 128
"""No recording is for a width that is no multiple of it."""


class Bucket(NamedTuple):
    """What a recording holds for."""

    num_rows: int
    width: int
    is_any_greedy: bool
    is_any_cut: bool


class Recorder(Protocol):
    """Records functions that change tensors in place and return nothing."""

    def prepare(self, run: Callable[[], None], *, is_checked: bool = False) -> None:
        """Runs it where it will be recorded; checked, it fails where the host would wait for the device."""

    def record(self, run: Callable[[], None]) -> Callable[[], None]:
        """What does the same, however often it is called. Recording itself changes nothing."""


class CudaRecorder:
    """Recordings that share memory for what they compute on the way, which is safe as no two run at once and none leaves results there."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.stream = device, torch.cuda.Stream(device)
        self.pool = torch.cuda.graph_pool_handle()

    def prepare(self, run: Callable[[], None], *, is_checked: bool = False) -> None:
        # On the stream that records: kernels are loaded and workspaces allocated at first use, which a recording must not do.
        self.stream.wait_stream(torch.cuda.current_stream(self.device))
        mode = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("error" if is_checked else mode)
        try:
            with torch.cuda.stream(self.stream):
                run()
        finally:
            torch.cuda.set_sync_debug_mode(mode)
            torch.cuda.current_stream(self.device).wait_stream(self.stream)

    def record(self, run: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        # The outer context leaves the stream even where the end of a failed recording raises.
        with torch.cuda.stream(self.stream):
            with torch.cuda.graph(graph, self.pool, self.stream, capture_error_mode="thread_local"):
                run()
        return graph.replay


RECORDERS: dict[str, Callable[[torch.device], Recorder]] = {"cuda": CudaRecorder}
"""By the type of a device; on others every step is a plain one."""


class Graphs:
    """Slots for the rows of a model, and the recorded steps on them. Holds its weights' memory, but not the model."""

    def __init__(self, model: Any, num_slots: int, capacity: int) -> None:
        self.identity = _identity(model)
        self.slots = Slots(model, num_slots, capacity)
        self.casts = Casts(model)
        self.recorder = RECORDERS[model.device.type](model.device)
        self.num_plain_steps: dict[Bucket, int] = {}
        self.replays: dict[Bucket, Callable[[], None]] = {}
        self.has_failed = False
        self.holder: ref[Any] | None = None
        vocabulary = model.get_output_embeddings().weight.shape[0]
        self.drawn = Drawn(
            is_open=torch.zeros_like(self.slots.is_open),
            tokens=torch.zeros_like(self.slots.next_tokens),
            logprobs=torch.zeros_like(self.slots.temperature),
            probabilities=torch.zeros_like(self.slots.temperature),
            logits=torch.zeros(num_slots, vocabulary, device=model.device),
        )

    def fits(self, model: Any, num_slots: int, capacity: int) -> bool:
        """Whether so many rows of this length of the model as it is now can be decoded here."""
        is_large_enough = num_slots <= self.slots.num_slots and capacity <= self.slots.capacity
        return is_large_enough and self.identity == _identity(model)

    def hold(self, holder: Any) -> None:
        """For this user from now on, with the weights as they are now."""
        self.holder = ref(holder)
        self.casts.renew()

    def step(self, model: Any, num_rows: int, width: int, *, is_any_greedy: bool, is_any_cut: bool) -> Drawn:
        """As Slots.step, in the smallest bucket that holds it. What it returns holds until the next step."""
        bucket = Bucket(rounded_rows(num_rows), rounded_width(width), is_any_greedy, is_any_cut)
        if bucket in self.replays:
            self.replays[bucket]()
        else:
            self._step_unrecorded(bucket, partial(self._run, model, bucket))
        return Drawn(*(field[:num_rows] for field in self.drawn))

    def _step_unrecorded(self, bucket: Bucket, run: Callable[[], None]) -> None:
        """A bucket's first step is a plain one, in which kernels load; its second shows that nothing waits; its third is recorded."""
        num_steps = self.num_plain_steps.get(bucket, 0)
        self.num_plain_steps[bucket] = num_steps + 1
        if self.has_failed:
            run()
        elif num_steps == 0:
            self.recorder.prepare(run)
        else:
            try:
                if num_steps == 1:
                    self.recorder.prepare(run, is_checked=True)
                    return
                self.replays[bucket] = self.recorder.record(run)
            except RuntimeError as error:  # of CUDA, of the check, or for want of memory
                self._give_up(error)
                run()
            else:
                self.replays[bucket]()

    def _give_up(self, error: RuntimeError) -> None:
        self.has_failed = True
        self.replays.clear()
        reason = str(error).strip().split("\n")[0]
        warnings.warn(
            f"decoding goes on without CUDA graphs, which is slower: its step could not be recorded ({reason})",
            RuntimeWarning,
            stacklevel=2,
        )

    def _run(self, model: Any, bucket: Bucket) -> None:
        """The step that is recorded. Autocast may keep no casts of weights: the next change of the weights would not reach them."""
        kind = model.device.type
        autocast = torch.autocast(
            kind, torch.get_autocast_dtype(kind), enabled=torch.is_autocast_enabled(kind), cache_enabled=False
        )
        with autocast, self.casts.in_place():
            drawn = self.slots.step(
                model,
                bucket.num_rows,
                bucket.width,
                is_any_greedy=bucket.is_any_greedy,
                is_any_cut=bucket.is_any_cut,
            )
        for kept, new in zip(self.drawn, drawn, strict=True):
            kept[: bucket.num_rows].copy_(new)


def is_recorded(device: torch.device) -> bool:
    return device.type in RECORDERS


def take_graphs(model: Any, holder: Any, num_slots: int, capacity: int) -> Graphs:
    """The graphs kept for this model, for `holder` to use as long as it `is_open`; new ones where none fit or others hold them."""
    num_slots, capacity = rounded_rows(num_slots), rounded_width(capacity)
    graphs = _kept.get(model)
    user = graphs and graphs.holder and graphs.holder()
    if user and user.is_open:
        return Graphs(model, num_slots, capacity)
    if graphs is None or not graphs.fits(model, num_slots, capacity):
        graphs = None
        _kept.pop(model, None)  # their memory is free before more is asked for
        graphs = _kept[model] = Graphs(model, num_slots, capacity)
    graphs.hold(holder)
    return graphs


def drop_graphs() -> None:
    """Gives the memory of all kept graphs back; they are recorded anew when they are next needed."""
    _kept.clear()


def rounded_rows(num_rows: int) -> int:
    """1 2 3 4 6 8 12 16 24 32 48 64 96 ..."""
    return _rounded_up(num_rows, grain=_power_of_two_above(num_rows) // 4)


def rounded_width(width: int) -> int:
    """128 256 ... 1024 1280 1536 ...: at most a quarter more than is needed, but for the shortest."""
    return _rounded_up(width, grain=max(FINEST_WIDTH, _power_of_two_above(width) // 8))


_kept: WeakKeyDictionary[Any, Graphs] = WeakKeyDictionary()
"""By model; gone with it."""


def _identity(model: Any) -> tuple[Any, ...]:
    """What a recording takes for granted about a model: where its weights are, and what in its forward pass is decided by Python."""
    kind = model.device.type
    return (
        tuple(weight.data_ptr() for weight in chain(model.parameters(), model.buffers())),
        torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind),
        model.config.get_text_config()._attn_implementation,
        model.training,
        any(
            getattr(module, "disable_adapters", None) is True for module in model.modules()
        ),  # of peft; elsewhere a method
    )


def _power_of_two_above(number: int) -> int:
    return 1 << (number - 1).bit_length()


def _rounded_up(number: int, grain: int) -> int:
    return -(-number // max(grain, 1)) * max(grain, 1)
