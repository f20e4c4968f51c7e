"""Which tasks fit which people, by the language and the expertise that a task asks for; and what waits for people it does not find.

A Place keeps the key of what its task asks for (rounds/abilities.py), so that a claim compares one column of the index it reads.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from labeling.accounts.models import User
from labeling.among import among
from labeling.feedback.models import LabelingTask, Place
from labeling.jobs.services import audit
from labeling.rounds.abilities import expertise_check, keys_met, language_check, needs_key, needs_of, needs_split
from labeling.rounds.models import Membership, Project, Prompt

# Every key that a labeler meets, as an array; {''} for somebody without a membership.
KEYS_MET = """
SELECT COALESCE(array_agg(language || tag), ARRAY['']) AS keys FROM rounds_membership member,
  unnest(array_append(member.languages, '')) AS language,
  unnest(array_append(ARRAY(SELECT '+' || found FROM unnest(member.expertise) AS found), '')) AS tag
WHERE member.project_id = %(project)s AND member.user_id = %(labeler)s AND member.role = 'labeler'
"""


def keys_met_by(labeler: User, project: Project) -> list[str]:
    """Every key of needs that the labeler meets in the project."""
    with connection.cursor() as cursor:
        cursor.execute(KEYS_MET, {"project": project.pk, "labeler": labeler.pk})
        keys: list[str] = cursor.fetchone()[0]
    return keys


def places_free(labeler: User, project: Project) -> QuerySet[Place]:
    """Places that wait for an answer now and are not reserved for somebody else."""
    is_free = Q(state=Place.State.OPEN) | Q(state=Place.State.LEASED, lease_expires_at__lt=timezone.now())
    return Place.objects.filter(is_free, Q(reserved_for=None) | Q(reserved_for=labeler), project=project)


def waiting_for_others(labeler: User, project: Project) -> list[dict[str, Any]]:
    """[{language, expertise, num_tasks}] of open tasks that do not fit this labeler; the most first."""
    if project.is_archived:
        return []
    return needs_counted(places_free(labeler, project).exclude(needs__in=keys_met_by(labeler, project)))


def waiting_for_nobody(places: QuerySet[Place], project: Project) -> list[dict[str, Any]]:
    """[{language, expertise, num_tasks}] of those of the open places that no active labeler of the project fits."""
    asking = places.exclude(needs="")
    if not asking.exists():
        return []
    members = Membership.objects.filter(project=project, role=Membership.Role.LABELER, user__is_active=True)
    met: set[str] = set().union(*(keys_met(*row) for row in members.values_list("languages", "expertise")))
    return needs_counted(asking.exclude(needs__in=met))


def needs_counted(places: QuerySet[Place]) -> list[dict[str, Any]]:
    rows = places.order_by().values_list("needs").annotate(num=Count("task", distinct=True)).order_by("-num", "needs")
    return [
        {"language": language, "expertise": expertise, "num_tasks": num}
        for key, num in rows
        for language, expertise in [needs_split(key)]
    ]


def needs_of_prompts(prompt_ids: Iterable[int | None]) -> dict[int, tuple[str, str]]:
    """{prompt: (language, expertise)} of those whose metadata asks for any."""
    asking = Prompt.objects.filter(pk__in=among(pk for pk in prompt_ids if pk)).filter(
        Q(metadata__has_key="language") | Q(metadata__has_key="expertise")
    )
    return {pk: needs_of(metadata) for pk, metadata in asking.values_list("pk", "metadata")}


def task_needs_set(*, actor: User, task: LabelingTask, language: str, expertise: str) -> None:
    """What the task asks for from now on, in each of its places that is not answered; inside a transaction."""
    task.language, task.expertise = language_check(language), expertise_check(expertise)
    task.save(update_fields=["language", "expertise"])
    task.places.exclude(state=Place.State.FILLED).update(needs=needs_key(task.language, task.expertise))
    audit(actor, "task_needs_set", task, project=task.project, language=task.language, expertise=task.expertise)
