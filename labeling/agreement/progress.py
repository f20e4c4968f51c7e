"""How far the labeling of each stage is, when it will be done at the present pace, and what people did on each day."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from labeling.feedback.models import ANSWERS, Place
from labeling.rounds.models import Project, RoundStage

PACE_WINDOW = timedelta(hours=24)
SHOWN_DAYS = 30
MAX_TIMED = 20_000  # the newest answers whose seconds are looked at
SHOWN_STAGES = 12


@dataclass(frozen=True, kw_only=True)
class StageProgress:
    round_number: int
    position: int
    kind: str
    state: str
    places: dict[str, int]  # by state
    num_places: int  # those that are or may be answered
    per_hour: float  # answers of the last 24 hours, or since the stage started
    finishes_at: datetime | None  # at that pace


@dataclass(frozen=True)
class DayCount:
    day: date
    kind: str
    count: int


@dataclass(frozen=True, kw_only=True)
class KindSeconds:
    """Seconds that an answer took: tenth, quarter, half, three quarters, nine tenths."""

    kind: str
    n: int
    quantiles: list[float]


@dataclass(frozen=True, kw_only=True)
class ProgressReport:
    stages: list[StageProgress]
    days: list[DayCount]
    seconds: list[KindSeconds]


def progress_report(project: Project) -> ProgressReport:
    return ProgressReport(stages=stages_progress(project), days=day_counts(project), seconds=kind_seconds(project))


def stages_progress(project: Project) -> list[StageProgress]:
    """The newest stages that ask labelers for something, in the order of the rounds."""
    stages = list(
        RoundStage.objects.filter(round__project=project, tasks__isnull=False)
        .distinct()
        .select_related("round")
        .order_by("-round__number", "-position")[:SHOWN_STAGES]
    )[::-1]
    places: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(Place.State.values, 0))
    rows = Place.objects.filter(task__stage__in=stages).order_by().values_list("task__stage_id", "state")
    for stage_id, state, num in rows.annotate(num=Count("pk")):
        places[stage_id or 0][state] = num
    return [stage_progress(stage, places[stage.pk]) for stage in stages]


def stage_progress(stage: RoundStage, places: dict[str, int]) -> StageProgress:
    now = timezone.now()
    since = max(now - PACE_WINDOW, stage.started_at or now - PACE_WINDOW)
    recent = sum(
        model.objects.filter(task__stage=stage, is_counted=True, place__isnull=False, created_at__gte=since).count()
        for model in ANSWERS
    )
    hours = max((now - since).total_seconds() / 3600, 1 / 60)
    per_hour = recent / hours
    waiting = places[Place.State.OPEN] + places[Place.State.LEASED]
    finishes_at = now + timedelta(hours=waiting / per_hour) if waiting and per_hour else None
    return StageProgress(
        round_number=stage.round.number,
        position=stage.position,
        kind=stage.kind,
        state=stage.state,
        places=places,
        num_places=waiting + places[Place.State.FILLED],
        per_hour=per_hour,
        finishes_at=finishes_at,
    )


def answers_of(project: Project, labeler_id: int | None = None) -> list[QuerySet[Any]]:
    """Answers that were given on the site, by table."""
    mine = {"labeler_id": labeler_id} if labeler_id is not None else {}
    return [model.objects.filter(project=project, place__isnull=False, **mine).order_by() for model in ANSWERS]


def day_counts(project: Project, labeler_id: int | None = None) -> list[DayCount]:
    """Answers of each of the last 30 days by kind; days without any are left out."""
    since = timezone.now() - timedelta(days=SHOWN_DAYS)
    found: list[DayCount] = []
    for answers in answers_of(project, labeler_id):
        rows = (
            answers.filter(created_at__gte=since).annotate(day=TruncDate("created_at")).values_list("day", "task__kind")
        )
        found += [DayCount(day, kind, num) for day, kind, num in rows.annotate(num=Count("pk"))]
    return sorted(found, key=lambda row: (row.day, row.kind))


def kind_seconds(project: Project, labeler_id: int | None = None) -> list[KindSeconds]:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for answers in answers_of(project, labeler_id):
        timed = answers.filter(seconds__gt=0).order_by("-pk")[:MAX_TIMED]
        for kind, seconds in timed.values_list("task__kind", "seconds"):
            by_kind[kind].append(seconds)
    return [
        KindSeconds(kind=kind, n=len(values), quantiles=np.quantile(values, [0.1, 0.25, 0.5, 0.75, 0.9]).tolist())
        for kind, values in sorted(by_kind.items())
    ]
