"""Fills a database for a benchmark: one answered task is made, then copied by INSERT ... SELECT.

Copies take every column that is not named here from the row they copy, so this does not know the whole of any table.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, models, transaction

from labeling.accounts.models import User
from labeling.bench.workload import COMPLETION_TEXT, DONE_EVERY, NUM_COMPLETIONS, NUM_LABELERS, OVERLAP, PROMPT_TEXT
from labeling.feedback.models import Completion, LabelingTask, Place, RankedCompletion, Ranking, TaskCompletion
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import Membership, Project, Prompt
from labeling.rounds.services import project_create

COPIED = (Prompt, Completion, LabelingTask, TaskCompletion, Place, Ranking, RankedCompletion)
SESSION_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class Seeded:
    """What the load needs to know."""

    project_id: int
    sessions: list[str]
    """The session key of each labeler."""


def seed(num_tasks: int) -> Seeded:
    """A project of `num_tasks` ranking tasks, a third of them answered, and its labelers' sessions; made once per database."""
    project = Project.objects.filter(slug="bench").first()
    if project is None:
        with transaction.atomic():
            project = _fill(num_tasks)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (FREEZE, ANALYZE)")
            cursor.execute("CHECKPOINT")
    labelers = User.objects.filter(memberships__project=project, memberships__role=Membership.Role.LABELER)
    return Seeded(project.pk, [session_start(labeler) for labeler in labelers.order_by("pk")])


def session_start(user: User) -> str:
    """The key of a session in which the user is signed in."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), SESSION_BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _fill(num_tasks: int) -> Project:
    project = project_create(actor=User.objects.get(username="admin"), name="Benchmark", slug="bench")
    labelers = User.objects.bulk_create(User(username=f"labeler{number}") for number in range(NUM_LABELERS))
    Membership.objects.bulk_create(
        Membership(project=project, user=labeler, role=Membership.Role.LABELER) for labeler in labelers
    )
    _answered_task(project, labelers)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # copies need no check of foreign keys
        _copy_tasks(num_tasks, first_labeler=labelers[0].pk)
    return project


def _answered_task(project: Project, labelers: list[User]) -> None:
    """The task that is copied: made as any task is, with every place filled."""
    prompt = Prompt.objects.create(project=project, external_id="0", split=Prompt.Split.TRAIN, messages=[])
    completions = Completion.objects.bulk_create(
        Completion(project=project, prompt=prompt, text=COMPLETION_TEXT, seed=number)
        for number in range(NUM_COMPLETIONS)
    )
    shown = [row.pk for row in completions]
    tasks_create(
        project=project,
        specs=[TaskSpec(prompt=prompt.pk, kind=LabelingTask.Kind.RANKING, completions=shown, num_places=OVERLAP)],
    )
    for place, labeler in zip(Place.objects.select_related("task").order_by("pk"), labelers, strict=False):
        place.labeler, place.state = labeler, Place.State.FILLED
        place.save()
        task = place.task
        ranking = Ranking.objects.create(
            project=project, prompt=prompt, task=task, place=place, labeler=labeler, seconds=10,
            guideline_id=task.guideline_id, label_schema_id=task.label_schema_id,
        )  # fmt: skip
        RankedCompletion.objects.bulk_create(
            RankedCompletion(ranking=ranking, completion_id=number, rank=rank) for rank, number in enumerate(shown, 1)
        )


def _copy_tasks(num_tasks: int, *, first_labeler: int) -> None:
    """Task i has the prompt i; its completions, places and rankings are numbered through, so that ids can be computed."""
    above = max(_largest_id(model) for model in COPIED)
    tasks = f"generate_series(1, {num_tasks}) AS i"
    each_completion = f"{tasks}, generate_series(1, {NUM_COMPLETIONS}) AS c"
    each_place = f"{tasks}, generate_series(1, {OVERLAP}) AS p"
    is_done = f"i % {DONE_EVERY} = 0"
    task = f"{above} + i"
    completion = f"{above} + {NUM_COMPLETIONS} * (i - 1) + c"
    place = f"{above} + {OVERLAP} * (i - 1) + p"
    labeler = f"{first_labeler} + (i + p) % {NUM_LABELERS}"
    messages = (
        f"""jsonb_build_array(jsonb_build_object('role', 'user', 'content', replace('{PROMPT_TEXT}', '#', i::text)))"""
    )
    copies: list[tuple[type[models.Model], str, dict[str, str]]] = [
        (Prompt, tasks, {"id": task, "external_id": "i", "messages": messages}),
        (Completion, each_completion, {"id": completion, "prompt_id": task, "seed": "c"}),
        (LabelingTask, tasks, {"id": task, "prompt_id": task}),
        (
            TaskCompletion,
            each_completion,
            {"id": completion, "task_id": task, "completion_id": completion, "position": "c - 1"},
        ),
        (
            Place,
            each_place,
            {
                "id": place, "task_id": task, "number": "p",
                "state": f"CASE WHEN {is_done} THEN 'filled' ELSE 'open' END",
                "labeler_id": f"CASE WHEN {is_done} THEN {labeler} END",
            },
        ),
        (
            Ranking,
            f"{each_place} WHERE {is_done}",
            {"id": place, "task_id": task, "prompt_id": task, "place_id": place, "labeler_id": labeler},
        ),
        (
            RankedCompletion,
            f"{each_place}, generate_series(1, {NUM_COMPLETIONS}) AS c WHERE {is_done}",
            {
                "id": f"{above} + {NUM_COMPLETIONS} * ({OVERLAP} * (i - 1) + p - 1) + c",
                "ranking_id": place, "completion_id": completion, "rank": "c",
            },
        ),
    ]  # fmt: skip
    for model, source, values in copies:
        copy_first_row(model, source, values)


def _largest_id(model: type[models.Model]) -> int:
    return int(model._default_manager.aggregate(largest=models.Max("id"))["largest"])


def copy_first_row(model: type[models.Model], source: str, values: Mapping[str, str]) -> None:
    """Copies the table's first row once for each row of `source`, with the columns in `values` computed."""
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.local_concrete_fields]
    chosen = ", ".join(values.get(column, f'first."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) first, {source}"
        )
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
