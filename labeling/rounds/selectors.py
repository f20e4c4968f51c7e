"""Reads of a project and what belongs to it. `*_get_for` is the only way a view gets an object: it checks who asks."""

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce

from labeling.accounts.models import User
from labeling.errors import Forbidden, NotFound
from labeling.rounds.models import Import, Invitation, Membership, Project, Prompt

MANAGER = Membership.Role.MANAGER
ENGINEER = Membership.Role.ENGINEER
LABELER = Membership.Role.LABELER


def roles_of(user: User, project: Project) -> set[str]:
    """The user's roles in the project; a superuser holds all of them."""
    if user.is_superuser:
        return set(Membership.Role.values)
    return set(Membership.objects.filter(project=project, user=user).values_list("role", flat=True))


def projects_for(user: User) -> QuerySet[Project]:
    """Projects that the user may see, by name."""
    projects = Project.objects.order_by("name", "id")
    if user.is_superuser:
        return projects
    return projects.filter(memberships__user=user).distinct()


def project_get_for(user: User, project_id: int, *roles: str) -> Project:
    """The project, if the user is a member (else NotFound) and holds one of `roles`, where any are named (else Forbidden)."""
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        raise NotFound(f"There is no project {project_id}, or you are not a member of it.")
    role_check(user, project, *roles)
    return project


def role_check(user: User, project: Project, *roles: str) -> None:
    """For a project that came with another object: raises NotFound or Forbidden as project_get_for does."""
    held = roles_of(user, project)
    if not held:
        raise NotFound(f"There is no project {project.pk}, or you are not a member of it.")
    if roles and held.isdisjoint(roles):
        wanted = " or ".join(str(role) for role in roles)
        raise Forbidden(f"This needs the role {wanted} in {project.name}; you are {', '.join(sorted(held))}.")


def import_get_for(user: User, project_id: int, import_id: int) -> Import:
    """An import, for managers and engineers of its project."""
    project = project_get_for(user, project_id, MANAGER, ENGINEER)
    found = Import.objects.filter(project=project, pk=import_id).first()
    if found is None:
        raise NotFound(f"There is no import {import_id} in this project.")
    return found


def prompts_for(user: User, project_id: int, *, splits: Sequence[str] = (), search: str = "") -> QuerySet[Prompt]:
    """Prompts of a project, for managers and engineers; `search` looks for text inside the messages."""
    prompts = Prompt.objects.filter(project=project_get_for(user, project_id, MANAGER, ENGINEER))
    if splits:
        prompts = prompts.filter(split__in=splits)
    if search:
        written = json.dumps(search, ensure_ascii=False)[
            1:-1
        ]  # as it stands in the messages: quotes and line ends escaped
        prompts = prompts.alias(text=Cast("messages", TextField())).filter(text__icontains=written, redacted_at=None)
    return prompts


def roles_by_project(user: User) -> dict[int, list[str]]:
    """The user's roles in every project that they may see."""
    if user.is_superuser:
        return {pk: sorted(Membership.Role.values) for pk in Project.objects.values_list("pk", flat=True)}
    roles: dict[int, list[str]] = {}
    for project_id, role in Membership.objects.filter(user=user).order_by("role").values_list("project_id", "role"):
        roles.setdefault(project_id, []).append(role)
    return roles


def people_for(user: User, project_id: int) -> QuerySet[User]:
    """Members of a project with the number of the tasks that they answered in it and that count, for its managers."""
    project = project_get_for(user, project_id, MANAGER)
    members = Membership.objects.filter(project=project, user=OuterRef("pk"))
    return (
        User.objects.filter(Exists(members))
        .select_related("contractor")
        .annotate(
            num_demonstrations=answers_counted("demonstrations", project),
            num_rankings=answers_counted("rankings", project),
            num_chats=answers_counted("conversations", project),
        )
        .prefetch_related(Prefetch("memberships", Membership.objects.filter(project=project), to_attr="roles_here"))
    )


def answers_counted(relation: str, project: Project) -> Coalesce:
    """A count of its own for each relation: joined together, a person's demonstrations would multiply their rankings.

    What was made on the way has no place: edits, and the turns of a chat.
    """
    answers: Any = User._meta.get_field(relation).related_model
    counted = answers.objects.filter(labeler=OuterRef("pk"), project=project, is_counted=True, place__isnull=False)
    counted = counted.order_by()
    return Coalesce(Subquery(counted.values("labeler").annotate(num=Count("pk")).values("num")), 0)


def person_get_for(user: User, project_id: int, person_id: int) -> User:
    """A member of a project, for its managers."""
    person = people_for(user, project_id).filter(pk=person_id).first()
    if person is None:
        raise NotFound(f"There is no person {person_id} in this project.")
    return person


def invitation_get_for(user: User, project_id: int, invitation_id: int) -> Invitation:
    """One invitation to a project, for its managers."""
    found = invitations_for(user, project_id).filter(pk=invitation_id).first()
    if found is None:
        raise NotFound(f"There is no invitation {invitation_id} to this project.")
    return found


def invitations_for(user: User, project_id: int) -> QuerySet[Invitation]:
    """Every invitation to a project, for its managers."""
    return Invitation.objects.filter(project=project_get_for(user, project_id, MANAGER))
