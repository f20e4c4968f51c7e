"""Data-parallel workers: processes of one run that hold all weights, share the rows among them and put the results together.

`torchrun --nproc-per-node N -m rlhf ppo ...` starts them; without it there is one, and every function here hands back what it is
given. What is computed for a batch is gathered, so every worker knows all rows: statistics over the batch need no thought. Only the
first worker writes.
"""

import os
from collections.abc import Iterable, Sequence
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

Item = TypeVar("Item")


def join_workers() -> None:
    """Meets the other workers that torchrun started: a GPU each where there are any, else processes of this machine's CPU."""
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def leave_workers() -> None:
    """Ends what `join_workers` began."""
    dist.destroy_process_group()


def num_workers() -> int:
    """How many processes share the rows; 1 without torchrun."""
    return dist.get_world_size() if dist.is_initialized() else 1


def worker() -> int:
    """This process's number, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def own(items: Sequence[Item]) -> Sequence[Item]:
    """This worker's share: every num_workers-th item from its own number on."""
    return items[worker() :: num_workers()]


def gather(item: Item) -> list[Item]:
    """Every worker's item, in the order of the workers; tensors in it are on the CPU."""
    if num_workers() == 1:
        return [item]
    found: list[Item | None] = [None] * num_workers()
    dist.all_gather_object(found, item)
    return found  # type: ignore[return-value]


def sum_over_workers(tensors: Iterable[Tensor]) -> None:
    """Each tensor becomes the sum of all workers' tensors at its place, in place."""
    if num_workers() > 1:
        for tensor in tensors:
            dist.all_reduce(tensor)


def sum_gradients(model: nn.Module) -> None:
    """Each worker's gradients become the sum over all workers; a weight that got none here counts as 0."""
    if num_workers() > 1:
        learned = [weight for weight in model.parameters() if weight.requires_grad]
        for weight in learned:
            weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
        sum_over_workers(weight.grad for weight in learned if weight.grad is not None)
