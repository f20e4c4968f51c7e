"""Reads of tasks and answers. A view gets an object only through `*_get_for`, which checks who asks."""

import json
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Prefetch, QuerySet
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Forbidden, NotFound
from labeling.feedback.models import (
    ANSWERS,
    Completion,
    Demonstration,
    LabelingTask,
    Place,
    RankedCompletion,
    Ranking,
    Skip,
)
from labeling.feedback.routing import keys_met_by, places_free, waiting_for_others
from labeling.rounds.models import Membership, Project, Prompt
from labeling.rounds.selectors import project_get_for, role_check

LABELER = Membership.Role.LABELER
STAFF = (Membership.Role.MANAGER, Membership.Role.ENGINEER)


# One statement, because every labeler waits for it after every answer.
_ASSIGNMENT = """
SELECT place.lease_token, place.lease_expires_at, project.lease_seconds, task.id, task.kind, task.prompt_id, prompt.messages,
  task.prompt_style, task.brief, project.asks_ai_use,
  guideline.number, label_schema.number, label_schema.schema,
  (SELECT COALESCE(jsonb_agg(jsonb_build_object(
       'id', shown.completion_id, 'position', shown.position, 'text', completion.text) ORDER BY shown.position), '[]')
   FROM feedback_taskcompletion shown JOIN feedback_completion completion ON completion.id = shown.completion_id
   WHERE shown.task_id = task.id),
  draft.body, draft.updated_at
FROM feedback_place place
JOIN feedback_labelingtask task ON task.id = place.task_id
JOIN rounds_project project ON project.id = place.project_id
LEFT JOIN rounds_prompt prompt ON prompt.id = task.prompt_id
JOIN rounds_guidelineversion guideline ON guideline.id = task.guideline_id
JOIN rounds_labelschemaversion label_schema ON label_schema.id = task.label_schema_id
LEFT JOIN feedback_draft draft ON draft.task_id = task.id AND draft.labeler_id = %(labeler)s
WHERE place.id = %(place)s AND place.labeler_id = %(labeler)s
"""


def place_get_for(user: User, place_id: int) -> Place:
    """A Place of a project in which the user labels; whether they hold its lease is checked by the services."""
    places = Place.objects.select_related("project").filter(pk=place_id)
    mine = places.filter(project__memberships__user=user, project__memberships__role=LABELER).first()
    if mine is not None:
        return mine
    place = places.first()
    if place is None:
        raise NotFound(f"There is no task place {place_id}.")
    role_check(user, place.project, LABELER)
    return place


def prompt_get_for(user: User, project_id: int, prompt_id: int) -> Prompt:
    """A prompt with its completions, demonstrations and rankings, for managers and engineers."""
    project = project_get_for(user, project_id, *STAFF)
    rankings = rankings_of(project).filter(redacted_at=None)
    prompt = (
        Prompt.objects.filter(project=project, pk=prompt_id)
        .prefetch_related(
            Prefetch("completions", Completion.objects.select_related("checkpoint").order_by("id")),
            Prefetch("demonstrations", demonstrations_of(project).order_by("id")),
            Prefetch("rankings", rankings.order_by("id")),
        )
        .first()
    )
    if prompt is None:
        raise NotFound(f"There is no prompt {prompt_id} in this project.")
    return prompt


def completion_get_for(user: User, project_id: int, completion_id: int) -> Completion:
    """A completion, for managers."""
    project = project_get_for(user, project_id, Membership.Role.MANAGER)
    completion = Completion.objects.select_related("project").filter(project=project, pk=completion_id).first()
    if completion is None:
        raise NotFound(f"There is no completion {completion_id} in this project.")
    return completion


def demonstrations_of(project: Project) -> QuerySet[Demonstration]:
    return Demonstration.objects.filter(project=project).select_related("labeler", "round", "guideline")


def rankings_of(project: Project) -> QuerySet[Ranking]:
    ranked = RankedCompletion.objects.select_related("completion__checkpoint").order_by("rank", "id")
    return (
        Ranking.objects.filter(project=project)
        .select_related("labeler", "round", "guideline", "task", "prompt")
        .prefetch_related(Prefetch("ranked_completions", ranked))
    )


def assignment_get(user: User, place_id: int) -> dict[str, Any]:
    """Everything that the page needs to show one leased task. Never what made a completion, nor what the task is for.

    The label schema is its stored JSON text.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ASSIGNMENT, {"place": place_id, "labeler": user.pk})
        row = cursor.fetchone()
    if row is None:
        raise Forbidden("This task is held by somebody else.")
    (
        token,
        expires_at,
        seconds,
        task_id,
        kind,
        prompt_id,
        messages,
        prompt_style,
        brief,
        asks_ai_use,
        guideline,
        schema_number,
        schema,
        shown,
        draft,
        drafted_at,
    ) = row
    return {
        "place": {
            "id": place_id,
            "lease_token": token,
            "lease_expires_at": expires_at,
            "lease_seconds": seconds,
            "seconds_left": max((expires_at - timezone.now()).total_seconds(), 0) if expires_at else 0,
        },
        "task": {
            "id": task_id,
            "kind": kind,
            "prompt": None if prompt_id is None else {"id": prompt_id, "messages": json.loads(messages)},
            "prompt_style": prompt_style,
            "brief": brief,
            "asks_ai_use": asks_ai_use,
            "completions": json.loads(shown),
            "guideline": {"number": guideline},
            "label_schema": {"number": schema_number, "schema": schema},
        },
        "draft": None if draft is None else {"body": json.loads(draft), "updated_at": drafted_at},
    }


def sensitive_is_declined(user: User, project: Project) -> bool:
    """Whether somebody labels here and takes no task that others found sensitive."""
    return Membership.objects.filter(user=user, project=project, role=LABELER, takes_sensitive=False).exists()


def labeling_summary(user: User, project: Project) -> dict[str, Any]:
    """How much is open for this labeler by kind (nothing in an archived project), and how much they have done."""
    kinds = LabelingTask.Kind.values
    places = places_free(user, project).filter(needs__in=keys_met_by(user, project)).exclude(task__skips__labeler=user)
    if sensitive_is_declined(user, project):
        places = places.exclude(is_sensitive=True)
    places = places.exclude(task__places__in=Place.objects.filter(labeler=user, state=Place.State.FILLED))
    waiting = places.order_by().values_list("kind").annotate(num=Count("task", distinct=True))
    counts = {} if project.is_archived else dict(waiting)
    answers = [model.objects.filter(project=project, labeler=user, place__isnull=False) for model in ANSWERS]
    since = timezone.now() - timedelta(hours=24)
    return {
        "open": {kind: counts.get(kind, 0) for kind in kinds},
        "waiting_for_others": waiting_for_others(user, project),
        "takes_sensitive": not sensitive_is_declined(user, project),
        "mine": {
            "today": sum(rows.filter(created_at__gte=since).count() for rows in answers),
            "total": sum(rows.count() for rows in answers),
        },
    }


def tasks_stopped(project: Project) -> QuerySet[LabelingTask]:
    """Tasks that many skipped, with why; the newest first."""
    skips = Prefetch("skips", Skip.objects.filter(is_settled=False).select_related("labeler").order_by("id"))
    tasks = LabelingTask.objects.filter(project=project, stopped_at__isnull=False).select_related("prompt")
    return tasks.prefetch_related(skips).order_by("-stopped_at", "-id")


def task_stopped_get_for(user: User, project_id: int, task_id: int) -> LabelingTask:
    """A stopped task, for the project's managers."""
    project = project_get_for(user, project_id, Membership.Role.MANAGER)
    task = LabelingTask.objects.filter(project=project, pk=task_id).select_related("project", "prompt", "stage").first()
    if task is None:
        raise NotFound(f"There is no task {task_id} in this project.")
    return task
