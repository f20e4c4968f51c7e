"""Who works in a project: invitations, roles, deactivation."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from labeling.jobs.services import audit
from labeling.rounds.abilities import abilities_check
from labeling.rounds.models import Invitation, Membership, Project

INVITATION_LIFETIME = timedelta(days=14)


def invitation_create(*, actor: User, project: Project, email: str, role: str) -> tuple[Invitation, str]:
    """An invitation and its token, which is shown once: only its SHA-256 is kept."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            project=project,
            role=role,
            email=email,
            sha256=hashlib.sha256(token.encode()).hexdigest(),
            invited_by=actor,
            expires_at=timezone.now() + INVITATION_LIFETIME,
        )
        audit(actor, "invitation_create", invitation, project, email=email, role=role)
    return invitation, token


def invitation_revoke(*, actor: User, invitation: Invitation) -> None:
    """The link works no more. Revoking an expired one changes nothing; raises Conflict when somebody has joined by it."""
    with transaction.atomic():
        locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if locked.accepted_at is not None:
            raise Conflict("Somebody has joined by this invitation; take their roles away instead.")
        if locked.expires_at > timezone.now():
            locked.expires_at = timezone.now()
            locked.save(update_fields=["expires_at"])
            audit(actor, "invitation_revoke", locked, locked.project_id)


def invitation_get_by_token(token: str) -> Invitation:
    """The open invitation with this token; the token is the right to see it. Raises NotFound when used, expired or unknown."""
    sha256 = hashlib.sha256(token.encode()).hexdigest()
    open_ones = Invitation.objects.filter(accepted_at=None, expires_at__gt=timezone.now())
    invitation = open_ones.select_related("project", "invited_by").filter(sha256=sha256).first()
    if invitation is None:
        raise NotFound("This invitation was used, has expired or never existed; ask for a new one.")
    return invitation


@transaction.atomic
def invitation_accept(*, token: str, user: User | None, account: dict[str, str]) -> User:
    """Join the invitation's project as `user`, or as a new person made from `account`. Locks the invitation: it works once.

    Raises NotFound (see invitation_get_by_token) or InvalidInput (name taken, weak password).
    """
    invitation = invitation_get_by_token(token)
    still_open = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, expires_at__gt=timezone.now())
    open_one = still_open.select_for_update().first()
    if open_one is None:
        raise NotFound("This invitation was used or taken back a moment ago; ask for a new one.")
    person = user or person_create(email=invitation.email, **account)
    Membership.objects.get_or_create(project=invitation.project, user=person, role=invitation.role)
    open_one.accepted_at, open_one.accepted_by = timezone.now(), person
    open_one.save(update_fields=["accepted_at", "accepted_by"])
    audit(person, "invitation_accept", open_one, invitation.project, role=invitation.role)
    return person


def person_create(*, email: str, username: str, display_name: str, password: str) -> User:
    person = User(username=username, display_name=display_name, email=email)
    try:
        person.clean_fields(exclude=["password"])
        validate_password(password, person)
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            fields = {name: FieldError.of(found, f"{name}_") for name, found in error.error_dict.items()}
        else:
            fields = {"password": FieldError.of(error.error_list)}
        raise InvalidInput(" ".join(fields.values()), {**fields}) from error
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        taken = FieldError(f"The name {username!r} is taken; choose another.", "name_taken")
        raise InvalidInput(taken, {"username": taken}) from error
    return person


@transaction.atomic
def person_update(
    *,
    actor: User,
    project: Project,
    person: User,
    roles: Sequence[str] | None = None,
    is_active: bool | None = None,
    languages: Sequence[str] | None = None,
    expertise: Sequence[str] | None = None,
) -> None:
    """Set the person's roles in the project, what they read and know as a labeler there, and whether their account works at all.

    Locks the project row. Raises InvalidInput; Conflict when managers act on themselves, or somebody without the role of a
    labeler is given abilities; Forbidden when deactivating somebody who works in projects that the actor does not manage, or an
    administrator.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    changes: dict[str, Any] = {}
    if roles is not None:
        if person == actor and not actor.is_superuser and Membership.Role.MANAGER not in roles:
            raise Conflict("You cannot give up your own role of manager; another manager can take it from you.")
        Membership.objects.filter(project=project, user=person).exclude(role__in=roles).delete()
        rows = [Membership(project=project, user=person, role=role) for role in sorted(set(roles))]
        Membership.objects.bulk_create(rows, ignore_conflicts=True)
        changes["roles"] = sorted(set(roles))
    if languages is not None or expertise is not None:
        changes |= abilities_set(project, person, languages, expertise)
    if is_active is not None and is_active != person.is_active:
        refuse_deactivation(actor, person)
        person.is_active = is_active
        person.save(update_fields=["is_active"])
        changes["is_active"] = is_active
    if changes:
        audit(actor, "person_update", person, project, **changes)


def abilities_set(
    project: Project, person: User, languages: Sequence[str] | None, expertise: Sequence[str] | None
) -> dict[str, list[str]]:
    """What the person reads and knows as a labeler of the project; what is None stays. Returns both."""
    member = Membership.objects.filter(project=project, user=person, role=Membership.Role.LABELER).first()
    if member is None:
        raise Conflict("Expected a labeler: only they are given tasks by language and expertise. Give the role first.")
    member.languages, member.expertise = abilities_check(
        member.languages if languages is None else languages, member.expertise if expertise is None else expertise
    )
    member.save(update_fields=["languages", "expertise"])
    return {"languages": member.languages, "expertise": member.expertise}


def refuse_deactivation(actor: User, person: User) -> None:
    if person == actor:
        raise Conflict("You cannot deactivate yourself; another manager can.")
    if actor.is_superuser:
        return
    managed = Membership.objects.filter(user=actor, role=Membership.Role.MANAGER).values("project")
    elsewhere = Membership.objects.filter(user=person).exclude(project__in=managed)
    if person.is_superuser or elsewhere.exists():
        raise Forbidden(
            f"{person.username} also works outside your projects: take their roles here, or ask an administrator."
        )


def takes_sensitive_set(*, user: User, project: Project, takes_sensitive: bool) -> None:
    """A labeler's own choice, free at any time: whether they get tasks that others would not work on."""
    mine = Membership.objects.filter(user=user, project=project, role=Membership.Role.LABELER)
    mine.update(takes_sensitive=takes_sensitive)
