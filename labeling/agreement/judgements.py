"""What labelers said about the same thing, as columns. Knows rankings, ratings and flags; knows no database.

A unit is what was judged: a pair of completions (value 1, 0 or -1: the first is better, tied, worse), a rating or a flag of one
completion. An item is the prompt that units belong to; answers to one prompt hang together, so intervals resample items.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class RankedAnswer:
    """One ranking: rank of each unit number, 1 best, equal ranks are a tie. Lower unit numbers were shown first."""

    item: int
    labeler: int
    units: Sequence[int]
    ranks: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """Aligned columns, one row for one labeler's word on one unit. `answer` says which answer holds it."""

    item: IntArray
    unit: IntArray
    labeler: IntArray
    answer: IntArray
    value: IntArray

    def where(self, mask: BoolArray) -> "Judgements":
        return Judgements(**{column.name: getattr(self, column.name)[mask] for column in fields(self)})

    def first_of_each_labeler(self) -> "Judgements":
        """Without later judgements of the same labeler on the same unit: measures of many labelers count each once."""
        order = np.lexsort((self.answer, self.labeler, self.unit))
        unit, labeler = self.unit[order], self.labeler[order]
        is_first = np.ones(len(order), dtype=bool)
        is_first[1:] = (unit[1:] != unit[:-1]) | (labeler[1:] != labeler[:-1])
        return self.where(np.sort(order[is_first]))


@dataclass(frozen=True, kw_only=True)
class Meetings:
    """Two judgements on one unit; `a` is the labeler with the lower number, unless the rows were turned."""

    item: IntArray
    unit: IntArray
    labeler_a: IntArray
    labeler_b: IntArray
    answer_a: IntArray
    answer_b: IntArray
    value_a: IntArray
    value_b: IntArray

    def where(self, mask: BoolArray) -> "Meetings":
        return Meetings(**{column.name: getattr(self, column.name)[mask] for column in fields(self)})

    def turned(self) -> "Meetings":
        return Meetings(
            item=self.item, unit=self.unit, labeler_a=self.labeler_b, labeler_b=self.labeler_a, answer_a=self.answer_b,
            answer_b=self.answer_a, value_a=self.value_b, value_b=self.value_a,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.item)


def comparisons_of(answers: Sequence[RankedAnswer]) -> Judgements:
    """Every pair of completions of every ranking. Pairs of the same two units get the same unit number."""
    parts: list[list[IntArray]] = [[], [], [], [], [], []]
    by_size: dict[int, list[int]] = {}
    for number, answer in enumerate(answers):
        by_size.setdefault(len(answer.units), []).append(number)
    for size, numbers in by_size.items():
        left, right = np.triu_indices(size, 1)
        units = np.array([answers[n].units for n in numbers], dtype=np.int64)
        ranks = np.array([answers[n].ranks for n in numbers], dtype=np.int64)
        order = np.argsort(units, axis=1)
        units, ranks = np.take_along_axis(units, order, 1), np.take_along_axis(ranks, order, 1)
        rows = np.repeat(np.array(numbers, dtype=np.int64), len(left))
        for part, column in zip(
            parts,
            [
                np.repeat([answers[n].item for n in numbers], len(left)),
                units[:, left].ravel(),
                units[:, right].ravel(),
                np.repeat([answers[n].labeler for n in numbers], len(left)),
                rows,
                np.sign(ranks[:, right] - ranks[:, left]).ravel(),
            ],
            strict=True,
        ):
            part.append(column.astype(np.int64))
    item, low, high, labeler, answer_number, value = (
        np.concatenate(part) if part else np.zeros(0, dtype=np.int64) for part in parts
    )
    codes = low * (int(high.max(initial=0)) + 1) + high
    unit = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return Judgements(item=item, unit=unit, labeler=labeler, answer=answer_number, value=value)


def meetings_of(judgements: Judgements) -> tuple[Meetings, Meetings]:
    """Every two judgements on one unit: those of two labelers, and those that one labeler gave twice."""
    order = np.lexsort((judgements.answer, judgements.labeler, judgements.unit))
    unit = judgements.unit[order]
    lefts, rights = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    here = np.arange(len(order) - 1)
    for gap in range(1, len(order)):
        here = here[here + gap < len(order)]
        here = here[unit[here] == unit[here + gap]]
        if not len(here):
            break
        lefts.append(order[here])
        rights.append(order[here + gap])
    a, b = np.concatenate(lefts), np.concatenate(rights)
    found = Meetings(
        item=judgements.item[a], unit=judgements.unit[a], labeler_a=judgements.labeler[a], labeler_b=judgements.labeler[b],
        answer_a=judgements.answer[a], answer_b=judgements.answer[b], value_a=judgements.value[a], value_b=judgements.value[b],
    )  # fmt: skip
    is_repeat = found.labeler_a == found.labeler_b
    return found.where(~is_repeat), found.where(is_repeat)
