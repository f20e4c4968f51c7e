"""Changes to projects, their guidelines and label schemas, and the registration of checkpoints."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from labeling.accounts.models import User
from labeling.errors import Conflict, Forbidden
from labeling.jobs.services import audit
from labeling.rounds.label_schemas import DEFAULT_SCHEMA, schema_check
from labeling.rounds.models import (
    Checkpoint,
    GuidelineAcknowledgement,
    GuidelineVersion,
    LabelSchemaVersion,
    Membership,
    Project,
    Round,
)

STAFF = (Membership.Role.MANAGER, Membership.Role.ENGINEER)
FIRST_GUIDELINE = """# What a good answer is

1. **Helpful**: it does what the person wants, all of it, in a form they can use.
2. **Harmless**: it could not reasonably hurt the reader or anybody else.
3. **Honest**: what it says is true, and it says so when it does not know.

While you write or rank for training, being helpful comes first; an answer that would do serious harm always ranks last.
Skip what you find unclear or would rather not read, and say why.
"""


def project_create_check(actor: User) -> None:
    """Raises Forbidden unless the actor is an administrator or manages or engineers some project."""
    if not actor.is_superuser and not Membership.objects.filter(user=actor, role__in=STAFF).exists():
        raise Forbidden("Only an administrator, or a manager or engineer of some project, makes a new project.")


@transaction.atomic
def project_create(*, actor: User, name: str, slug: str, description: str = "") -> Project:
    """A project with its first guideline and label schema; the actor becomes its manager and engineer.

    Raises Forbidden (see project_create_check) or Conflict when the slug is taken.
    """
    project_create_check(actor)
    try:
        with transaction.atomic():
            project = Project.objects.create(name=name, slug=slug, description=description, created_by=actor)
    except IntegrityError as error:
        taken = f"The short name {slug!r} is taken; choose another."
        raise Conflict(taken, {"slug": taken}) from error
    Membership.objects.bulk_create([Membership(project=project, user=actor, role=role) for role in STAFF])
    GuidelineVersion.objects.create(project=project, number=1, text=FIRST_GUIDELINE, created_by=actor)
    LabelSchemaVersion.objects.create(project=project, number=1, schema=DEFAULT_SCHEMA, created_by=actor)
    audit(actor, "project_create", project, project, name=name)
    return project


@transaction.atomic
def project_update(*, actor: User, project: Project, changes: dict[str, Any]) -> Project:
    """Change what a manager sets of a project: name, lease, archive, questions about AI, repeats."""
    for field, value in changes.items():
        setattr(project, field, value)
    project.save(update_fields=list(changes))
    audit(actor, "project_update", project, project, **changes)
    return project


@transaction.atomic
def guideline_create(*, actor: User, project: Project, text: str) -> GuidelineVersion:
    """The next version of the guideline; tasks made from now on name it. Locks the project row."""
    number = version_next(GuidelineVersion, project)
    version = GuidelineVersion.objects.create(project=project, number=number, text=text, created_by=actor)
    audit(actor, "guideline_create", version, project, number=number)
    return version


def guideline_acknowledge(*, user: User, project: Project, number: int) -> None:
    """Records that the user has read the newest version; doing it again changes nothing. Raises Conflict for an older one."""
    newest = GuidelineVersion.objects.filter(project=project).order_by("-number").first()
    if newest is None or newest.number != number:
        came = "none" if newest is None else f"version {newest.number}"
        raise Conflict(f"Expected the newest guidelines to be acknowledged, which is {came}; got version {number}.")
    GuidelineAcknowledgement.objects.get_or_create(guideline=newest, user=user)


@transaction.atomic
def label_schema_create(*, actor: User, project: Project, schema: Any) -> LabelSchemaVersion:
    """The next version of the label schema. Locks the project row; raises InvalidInput for a schema that is not valid."""
    checked = schema_check(schema)
    number = version_next(LabelSchemaVersion, project)
    version = LabelSchemaVersion.objects.create(project=project, number=number, schema=checked, created_by=actor)
    audit(actor, "label_schema_create", version, project, number=number)
    return version


def version_next(model: type[GuidelineVersion] | type[LabelSchemaVersion], project: Project) -> int:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    newest: int | None = model.objects.filter(project=project).aggregate(newest=Max("number"))["newest"]  # type: ignore[union-attr]
    return (newest or 0) + 1


@transaction.atomic
def checkpoint_register(
    *,
    project: Project,
    role: str,
    uri: str,
    sha256: str,
    name: str,
    parents: Sequence[Checkpoint] = (),
    round: Round | None = None,
    card: dict[str, Any] | None = None,
    num_parameters: int = 0,
) -> Checkpoint:
    """The checkpoint with these weights; registering the same (project, role, sha256) again returns the first row unchanged."""
    checkpoint, is_new = Checkpoint.objects.get_or_create(
        project=project,
        role=role,
        sha256=sha256,
        defaults={"uri": uri, "name": name, "round": round, "card": card or {}, "num_parameters": num_parameters},
    )
    if is_new:
        checkpoint.parents.set(parents)
        audit(None, "checkpoint_register", checkpoint, project, role=role, sha256=sha256)
    return checkpoint
