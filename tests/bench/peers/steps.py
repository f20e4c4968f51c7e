"""Steps of a TRL trainer in repetitions of eight, as our bench takes them."""

from collections.abc import Sequence
from itertools import pairwise

from transformers import Trainer, TrainerCallback
from workload import now

STEPS_PER_REPETITION = 8


class Watch(TrainerCallback):
    """When each step ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *given: object, **named: object) -> None:
        self.ends.append(now())


def timed_repetitions(trainer: Trainer) -> Sequence[float]:
    """Trains; seconds of each repetition, the first of which warms up."""
    watch = Watch()
    trainer.add_callback(watch)
    start = now()
    trainer.train()
    ends = [start, *watch.ends[STEPS_PER_REPETITION - 1 :: STEPS_PER_REPETITION]]
    return [end - begin for begin, end in pairwise(ends)]
