"""Win rates of a project's checkpoints over all rounds, from its blind evaluations."""

from dataclasses import dataclass

import numpy as np

from labeling.agreement.intervals import Estimate
from labeling.agreement.win_rates import Duels, Strength, connected_to, strengths
from labeling.feedback.models import LabelingTask, RankedCompletion
from labeling.rounds.models import Checkpoint, Project

MAX_RANKED = 60_000  # ranked completions of evaluations, the newest


@dataclass(frozen=True, kw_only=True)
class CheckpointRate:
    checkpoint_id: int
    name: str
    round_number: int | None
    mean_length: float
    raw: Estimate
    length_controlled: Estimate


@dataclass(frozen=True, kw_only=True)
class WinRatesReport:
    """`reference` = id of the oldest checkpoint that was compared; `num_apart` = those that no chain of comparisons joins to it."""

    reference: int | None
    num_apart: int
    checkpoints: list[CheckpointRate]


def win_rates_report(project: Project) -> WinRatesReport:
    rows = list(
        RankedCompletion.objects.filter(
            ranking__project=project, ranking__is_counted=True, ranking__redacted_at=None,
            ranking__task__purpose=LabelingTask.Purpose.EVALUATION, completion__checkpoint__isnull=False,
        )
        .order_by("-ranking_id", "pk")
        .values_list("ranking_id", "ranking__prompt_id", "completion__checkpoint_id", "rank", "completion__text")[:MAX_RANKED]
    )  # fmt: skip
    ids = sorted({row[2] for row in rows})
    duels = duels_from([(a, b, ids.index(c), rank, len(text)) for a, b, c, rank, text in rows])
    if not len(duels):
        return WinRatesReport(reference=None, num_apart=0, checkpoints=[])
    joined = sorted(connected_to(duels, int(min(duels.a.min(), duels.b.min())), len(ids)))
    inside = np.isin(duels.a, joined)
    number = {old: new for new, old in enumerate(joined)}
    duels = Duels(
        prompt=duels.prompt[inside],
        a=np.array([number[k] for k in duels.a[inside].tolist()]),
        b=np.array([number[k] for k in duels.b[inside].tolist()]),
        outcome=duels.outcome[inside],
        log_length_ratio=duels.log_length_ratio[inside],
    )
    found = strengths(duels, len(joined), reference=0)
    lengths = {pk: [len(text) for *_, checkpoint, _, text in rows if checkpoint == pk] for pk in ids}
    checkpoints = Checkpoint.objects.select_related("round").in_bulk(ids)
    return WinRatesReport(
        reference=ids[joined[0]],
        num_apart=len(ids) - len(joined),
        checkpoints=[rate_of(checkpoints[ids[old]], found[new], lengths[ids[old]]) for new, old in enumerate(joined)],
    )


def rate_of(checkpoint: Checkpoint, strength: Strength, lengths: list[int]) -> CheckpointRate:
    return CheckpointRate(
        checkpoint_id=checkpoint.pk,
        name=checkpoint.name,
        round_number=checkpoint.round.number if checkpoint.round else None,
        mean_length=float(np.mean(lengths)),
        raw=strength.raw,
        length_controlled=strength.length_controlled,
    )


def duels_from(rows: list[tuple[int, int, int, int, int]]) -> Duels:
    """Every two ranked completions of different checkpoints; rows are (ranking, prompt, checkpoint, rank, length), by ranking."""
    columns: list[tuple[int, int, int, float, float]] = []
    by_ranking: dict[int, list[tuple[int, int, int, int]]] = {}
    for ranking, *row in rows:
        by_ranking.setdefault(ranking, []).append(tuple(row))  # type: ignore[arg-type]
    for ranked in by_ranking.values():
        for index, (prompt, a, rank_a, length_a) in enumerate(ranked):
            for _, b, rank_b, length_b in ranked[index + 1 :]:
                if a != b:
                    outcome = 0.5 if rank_a == rank_b else float(rank_a < rank_b)
                    columns.append((prompt, a, b, outcome, float(np.log((length_a + 1) / (length_b + 1)))))
    table = np.array(columns, dtype=np.float64).reshape(-1, 5)
    whole = table[:, :3].astype(np.int64)
    return Duels(prompt=whole[:, 0], a=whole[:, 1], b=whole[:, 2], outcome=table[:, 3], log_length_ratio=table[:, 4])
