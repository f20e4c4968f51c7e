"""Independent work side by side on a CPU: each piece in a Python thread of its own, with its share of PyTorch's threads.

To split one small operator over cores, threads are woken for each, which takes longer than a small model's operators themselves. Two
halves of a batch, or two models, need no word from each other for thousands of operators. PyTorch lets go of Python's lock while an
operator runs.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Result = TypeVar("Result")
MAX_LANES = 4
"""Between operators the lanes wait for the one lock of Python."""


def num_lanes(device: torch.device) -> int:
    """Pieces worth running side by side on this device; 1 = no gain."""
    return min(torch.get_num_threads(), MAX_LANES) if device.type == "cpu" else 1


@contextmanager
def one_thread() -> Iterator[None]:
    """For operators so small that a second thread costs more than it does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def side_by_side(
    pieces: Sequence[Callable[[], Result]], device: torch.device, *, in_turn: bool = False
) -> list[Result]:
    """Results of the pieces, which share nothing that one of them writes; one after the other where there is nothing to gain.

    `in_turn` runs them as they would run side by side, but one after the other. Gradient mode holds for the pieces too; autocast
    they enter themselves. The error of a piece is raised once those under way have ended.
    """
    if min(num_lanes(device), len(pieces)) == 1:
        return [piece() for piece in pieces]
    threads, has_gradients = torch.get_num_threads(), torch.is_grad_enabled()

    def run(piece: Callable[[], Result]) -> Result:
        torch.set_num_threads(max(1, threads // len(pieces)))
        with torch.set_grad_enabled(has_gradients):
            return piece()

    try:
        with ThreadPoolExecutor(1 if in_turn else len(pieces)) as pool:
            return list(pool.map(run, pieces))
    finally:
        torch.set_num_threads(threads)
