"""Reads of tasks and answers. A view gets an object only through `*_get_for`, which checks who asks."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Forbidden, NotFound
from labeling.feedback.models import Completion, Demonstration, Draft, LabelingTask, Place, RankedCompletion, Ranking
from labeling.rounds.models import Membership, Project, Prompt
from labeling.rounds.selectors import project_get_for

LABELER = Membership.Role.LABELER
STAFF = (Membership.Role.MANAGER, Membership.Role.ENGINEER)


def place_get_for(user: User, place_id: int) -> Place:
    """A Place of a project in which the user labels; whether they hold its lease is checked by the services."""
    place = Place.objects.select_related("project").filter(pk=place_id).first()
    if place is None:
        raise NotFound(f"There is no task place {place_id}.")
    project_get_for(user, place.project_id, LABELER)
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
    """Everything that the page needs to show one leased task. Never what made a completion, nor what the task is for."""
    place = Place.objects.select_related("project", "task__prompt", "task__guideline", "task__label_schema").get(
        pk=place_id
    )
    if place.labeler_id != user.pk:
        raise Forbidden("This task is held by somebody else.")
    task = place.task
    shown = task.task_completions.select_related("completion").order_by("position")
    return {
        "place": {
            "id": place.pk,
            "lease_token": place.lease_token,
            "lease_expires_at": place.lease_expires_at,
            "lease_seconds": place.project.lease_seconds,
            "seconds_left": max((place.lease_expires_at - timezone.now()).total_seconds(), 0)
            if place.lease_expires_at
            else 0,
        },
        "task": {
            "id": task.pk,
            "kind": task.kind,
            "prompt": {"id": task.prompt_id, "messages": task.prompt.messages},
            "completions": [
                {"id": row.completion_id, "position": row.position, "text": row.completion.text} for row in shown
            ],
            "guideline": {"number": task.guideline.number},
            "label_schema": {"number": task.label_schema.number, "schema": task.label_schema.schema},
        },
        "draft": Draft.objects.filter(task=task, labeler=user).values("body", "updated_at").first(),
    }


def labeling_summary(user: User, project: Project) -> dict[str, Any]:
    """How much is open for this labeler by kind (nothing in an archived project), and how much they have done."""
    kinds = LabelingTask.Kind.values
    free = Q(state=Place.State.OPEN) | Q(state=Place.State.LEASED, lease_expires_at__lt=timezone.now())
    places = Place.objects.filter(free, project=project).exclude(task__skips__labeler=user)
    places = places.exclude(task__places__in=Place.objects.filter(labeler=user, state=Place.State.FILLED))
    counts = {} if project.is_archived else dict(places.order_by().values_list("kind").annotate(num=Count("id")))
    answers = [model.objects.filter(project=project, labeler=user) for model in (Demonstration, Ranking)]
    since = timezone.now() - timedelta(hours=24)
    return {
        "open": {kind: counts.get(kind, 0) for kind in kinds},
        "mine": {
            "today": sum(rows.filter(created_at__gte=since).count() for rows in answers),
            "total": sum(rows.count() for rows in answers),
        },
    }
