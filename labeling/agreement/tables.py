"""Reads a project's rankings into columns that the measures work on. Only prompts that were ranked more than once say anything here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Case, Count, F, QuerySet, TextField, Value, When
from django.db.models.functions import MD5, Cast, Concat

from labeling.accounts.models import User
from labeling.agreement.judgements import Judgements, RankedAnswer, comparisons_of
from labeling.among import among
from labeling.feedback.models import RankedCompletion, Ranking, TaskCompletion
from labeling.feedback.selectors import STAFF
from labeling.rounds.models import LabelSchemaVersion, Membership, Project

MAX_RANKINGS = 20_000  # the newest; more would take a page longer than it is worth
MAX_VALUES = 12  # a field of the prompts with more values than this is no category


@dataclass(frozen=True)
class Labeler:
    """A member of the project, or a name that an import brought (then user_id is None)."""

    user_id: int | None
    name: str
    is_researcher: bool


@dataclass(kw_only=True)
class RankingTable:
    """Rankings of prompts that were ranked more than once. Items, units and labelers are numbers into the lists here."""

    labelers: list[Labeler]
    answers: list[RankedAnswer]
    prompt_ids: list[int]  # of each item
    completion_ids: list[int]  # of each unit: one completion that holds the text
    days: list[date]  # of each answer
    kinds: list[str]  # of each answer
    seconds: list[float]  # of each answer
    categories: dict[str, list[str]]  # {field: value of each item}
    ratings: dict[str, Judgements]
    flags: dict[str, Judgements]
    num_rankings: int  # of the whole project
    comparisons: Judgements = field(init=False)

    def __post_init__(self) -> None:
        self.comparisons = comparisons_of(self.answers)


def ranking_table(
    project: Project, *, round_number: int | None = None, researchers: Iterable[str] = ()
) -> RankingTable:
    """`researchers` names imported labelers who count as researchers beside the project's managers and engineers."""
    counted = Ranking.objects.filter(project=project, is_counted=True, redacted_at=None, edit=None)
    if round_number is not None:
        counted = counted.filter(round__number=round_number)
    again = counted.order_by().values("prompt").annotate(num=Count("pk")).filter(num__gte=2).values("prompt")
    chosen = counted.filter(prompt__in=again).order_by("-pk")[:MAX_RANKINGS]
    heads: list[dict[str, Any]] = [
        dict(head)
        for head in chosen.values(
            "pk", "prompt_id", "task_id", "labeler_id", "labeler_name", "task__kind", "created_at", "seconds", "label_schema_id",
            "prompt__split", "prompt__metadata", "prompt__origin",
        )
    ][::-1]  # fmt: skip
    rows = rows_of(chosen, heads)
    heads = [head for head in heads if len(rows[head["pk"]]) >= 2]
    return table_from(project, heads, rows, set(researchers), counted.count())


def rows_of(chosen: QuerySet[Ranking], heads: list[dict[str, Any]]) -> dict[int, list[tuple[Any, ...]]]:
    """(key, completion, rank, ratings, flags) of each ranking in the order shown.

    An imported file writes every text of every row as a new Completion, so there the text itself is the key.
    """
    key = Case(
        When(ranking__task=None, then=MD5("completion__text")),
        default=Concat(Value("id "), Cast(F("completion_id"), TextField())),
        output_field=TextField(),
    )
    ranked = RankedCompletion.objects.filter(ranking__in=chosen.values("pk")).order_by("pk").annotate(key=key)
    tasks = {head["task_id"] for head in heads if head["task_id"]}
    places = {
        (task, completion): position
        for task, completion, position in TaskCompletion.objects.filter(task__in=among(tasks)).values_list(
            "task_id", "completion_id", "position"
        )
    }
    task_of = {head["pk"]: head["task_id"] for head in heads}
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for ranking, *row in ranked.values_list("ranking_id", "key", "completion_id", "rank", "ratings", "flags"):
        found[ranking].append(tuple(row))
    for ranking, listed in found.items():
        if task_of.get(ranking):
            listed.sort(key=lambda row: places.get((task_of[ranking], row[1]), 0))
    return found


def table_from(
    project: Project,
    heads: list[dict[str, Any]],
    rows: Mapping[int, list[tuple[Any, ...]]],
    researchers: set[str],
    num_rankings: int,
) -> RankingTable:
    items: dict[int, int] = {}
    units: dict[tuple[int, str, int], int] = {}
    labelers: dict[tuple[int | None, str], int] = {}
    completion_ids: list[int] = []
    answers: list[RankedAnswer] = []
    for head in heads:
        item = items.setdefault(head["prompt_id"], len(items))
        who = (head["labeler_id"], "" if head["labeler_id"] else head["labeler_name"])
        labeler = labelers.setdefault(who, len(labelers))
        seen: dict[str, int] = defaultdict(int)
        numbers = []
        for key, completion, *_ in rows[head["pk"]]:
            place = (item, key, seen[key])
            seen[key] += 1
            if place not in units:
                units[place] = len(units)
                completion_ids.append(completion)
            numbers.append(units[place])
        ranks = [row[2] for row in rows[head["pk"]]]
        answers.append(RankedAnswer(item=item, labeler=labeler, units=numbers, ranks=ranks))
    return RankingTable(
        labelers=labelers_named(project, labelers, researchers),
        answers=answers,
        prompt_ids=list(items),
        completion_ids=completion_ids,
        days=[head["created_at"].date() for head in heads],
        kinds=[head["task__kind"] or "imported" for head in heads],
        seconds=[head["seconds"] for head in heads],
        categories=categories_of(heads, items),
        ratings=ratings_of(answers, heads, rows),
        flags=flags_of(answers, heads, rows),
        num_rankings=num_rankings,
    )


def labelers_named(project: Project, keys: Iterable[tuple[int | None, str]], researchers: set[str]) -> list[Labeler]:
    keys = list(keys)
    ids = [user for user, _ in keys if user]
    names = {user.pk: user.display_name or user.username for user in User.objects.filter(pk__in=ids)}
    staff = set(Membership.objects.filter(project=project, role__in=STAFF).values_list("user_id", flat=True))
    return [
        Labeler(user, names[user], user in staff) if user else Labeler(None, name or "unnamed", name in researchers)
        for user, name in keys
    ]


def categories_of(heads: list[dict[str, Any]], items: Mapping[int, int]) -> dict[str, list[str]]:
    """Values of each item by field: the split, and each field of the prompts' metadata that has few values."""
    found: dict[str, list[str]] = defaultdict(lambda: [""] * len(items))
    for head in heads:
        item = items[head["prompt_id"]]
        found["split"][item] = head["prompt__split"]
        for name, value in head["prompt__metadata"].items():
            if isinstance(value, str | bool | int):
                found[name][item] = str(value)
    return {name: values for name, values in found.items() if 1 <= len(set(values) - {""}) <= MAX_VALUES}


def judgements_from(columns: list[tuple[int, int, int, int, int]]) -> Judgements:
    item, unit, labeler, answer, value = np.array(columns, dtype=np.int64).reshape(-1, 5).T
    return Judgements(item=item, unit=unit, labeler=labeler, answer=answer, value=value)


def ratings_of(
    answers: list[RankedAnswer], heads: list[dict[str, Any]], rows: Mapping[int, list[tuple[Any, ...]]]
) -> dict[str, Judgements]:
    """Ratings of each axis; a unit is a completion."""
    columns: dict[str, list[tuple[int, int, int, int, int]]] = defaultdict(list)
    for number, (answer, head) in enumerate(zip(answers, heads, strict=True)):
        for unit, (*_, ratings, _) in zip(answer.units, rows[head["pk"]], strict=True):
            for axis, value in ratings.items():
                if type(value) is int:
                    columns[axis].append((answer.item, unit, answer.labeler, number, value))
    return {axis: judgements_from(found) for axis, found in sorted(columns.items())}


def flags_of(
    answers: list[RankedAnswer], heads: list[dict[str, Any]], rows: Mapping[int, list[tuple[Any, ...]]]
) -> dict[str, Judgements]:
    """1 where a labeler set a flag and 0 where they could have; flags that nobody set are left out."""
    schemas = {
        pk: [flag["key"] for flag in schema.get("flags", [])]
        for pk, schema in LabelSchemaVersion.objects.filter(
            pk__in={head["label_schema_id"] for head in heads if head["label_schema_id"]}
        ).values_list("pk", "schema")
    }
    used = {flag for listed in rows.values() for *_, flags in listed for flag in flags}
    columns: dict[str, list[tuple[int, int, int, int, int]]] = defaultdict(list)
    for number, (answer, head) in enumerate(zip(answers, heads, strict=True)):
        offered = used & set(schemas.get(head["label_schema_id"], used))
        for unit, (*_, flags) in zip(answer.units, rows[head["pk"]], strict=True):
            for flag in offered:
                columns[flag].append((answer.item, unit, answer.labeler, number, int(flag in flags)))
    return {flag: judgements_from(found) for flag, found in sorted(columns.items())}
