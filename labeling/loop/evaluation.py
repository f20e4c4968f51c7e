"""Win rates between two checkpoints from blind pair tasks, with an interval bootstrapped over prompts."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labeling.feedback.models import LabelingTask, RankedCompletion, Ranking
from labeling.rounds.models import Checkpoint, RoundStage
from labeling.training.models import Evaluation

OVERALL = "overall"
NUM_RESAMPLES = 1000
WIN, TIE, LOSS = 1.0, 0.5, 0.0


@dataclass(frozen=True)
class WinRate:
    """rate = (wins + ties / 2) / n; low and high hold 95 % of the resampled rates."""

    wins: int
    ties: int
    losses: int
    rate: float
    low: float
    high: float

    @property
    def n(self) -> int:
        return self.wins + self.ties + self.losses


def win_rate(outcomes: Mapping[int, Sequence[float]], seed: int = 0) -> WinRate:
    """{prompt: outcomes of a against b, each 1, 0.5 or 0} -> rate and interval; at least one outcome.

    Prompts are drawn with replacement, all outcomes of a prompt together, because answers to one prompt hang together.
    """
    groups = [(sum(values), len(values)) for values in outcomes.values() if values]
    flat = [value for values in outcomes.values() for value in values]
    if not flat:
        raise ValueError("expected at least one outcome, got none")
    draw = random.Random(seed)
    rates = []
    for _ in range(NUM_RESAMPLES):
        sample = draw.choices(groups, k=len(groups))
        rates.append(sum(points for points, _ in sample) / sum(count for _, count in sample))
    rates.sort()
    low, high = rates[int(0.025 * NUM_RESAMPLES)], rates[int(0.975 * NUM_RESAMPLES) - 1]
    return WinRate(flat.count(WIN), flat.count(TIE), flat.count(LOSS), sum(flat) / len(flat), low, high)


def evaluations_create(stage: RoundStage, new: Checkpoint, rivals: Sequence[Checkpoint]) -> list[int]:
    """Stores the win rates of the new policy over each rival, overall (by rank) and per axis that was rated; returns their ids."""
    made = []
    for rival in rivals:
        for axis, outcomes in sorted(_outcomes(stage, new, rival).items()):
            found = win_rate(outcomes, seed=stage.pk)
            row, _ = Evaluation.objects.update_or_create(
                round=stage.round, a=new, b=rival, axis=axis, judge="labelers",
                defaults={
                    "project": stage.round.project, "wins": found.wins, "ties": found.ties, "losses": found.losses, "n": found.n,
                    "rate": found.rate, "low": found.low, "high": found.high,
                },
            )  # fmt: skip
            made.append(row.pk)
    return made


def _outcomes(stage: RoundStage, new: Checkpoint, rival: Checkpoint) -> dict[str, dict[int, list[float]]]:
    """{axis: {prompt: outcomes}} of the stage's counted rankings that showed these two checkpoints."""
    rankings = Ranking.objects.filter(task__stage=stage, task__purpose=LabelingTask.Purpose.EVALUATION, is_counted=True)
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for ranking in rankings.filter(redacted_at=None).prefetch_related("ranked_completions__completion"):
        by_checkpoint = {row.completion.checkpoint_id: row for row in ranking.ranked_completions.all()}
        a, b = by_checkpoint.get(new.pk), by_checkpoint.get(rival.pk)
        if a is None or b is None:
            continue
        found[OVERALL][ranking.prompt_id].append(_outcome(b.rank, a.rank))
        for axis in _rated_by_both(a, b):
            found[axis][ranking.prompt_id].append(_outcome(a.ratings[axis], b.ratings[axis]))
    return found


def _rated_by_both(a: RankedCompletion, b: RankedCompletion) -> set[str]:
    return (set(a.ratings) & set(b.ratings)) - {OVERALL}  # the order says which is better overall


def _outcome(a: int, b: int) -> float:
    """A win when a is more than b."""
    return TIE if a == b else WIN if a > b else LOSS
