"""The people and prompts that tests of labeling, training and rounds share."""

from typing import Any

from rest_framework.test import APIClient

from labeling.accounts.models import User
from labeling.feedback.models import Completion, LabelingTask
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import Checkpoint, GuidelineVersion, LabelSchemaVersion, Membership, Project, Prompt

SCHEMA = {
    "axes": [
        {"key": "helpful", "label": "Helpful", "low": "useless", "high": "ideal", "minimum": 1, "maximum": 7},
        {"key": "honest", "label": "Honest", "low": "false", "high": "true", "minimum": 1, "maximum": 7},
    ],
    "flags": [{"key": "off_task", "label": "Off task"}],
}


def make_project(slug: str = "lighthouse", lease_seconds: int = 600) -> Project:
    project = Project.objects.create(name=slug.title(), slug=slug, lease_seconds=lease_seconds)
    GuidelineVersion.objects.create(project=project, number=1, text="Prefer what helps.")
    LabelSchemaVersion.objects.create(project=project, number=1, schema=SCHEMA)
    return project


def make_user(project: Project, name: str, *roles: str) -> User:
    user = User.objects.create(username=name, display_name=name.title())
    Membership.objects.bulk_create([Membership(project=project, user=user, role=role) for role in roles])
    return user


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def make_prompts(project: Project, count: int, split: str = "train") -> list[Prompt]:
    return Prompt.objects.bulk_create(
        [
            Prompt(
                project=project, external_id=f"{split}-{index}", split=split,
                messages=[{"role": "user", "content": f"Describe lamp {index} ({split})."}],
            )
            for index in range(count)
        ]
    )  # fmt: skip


def make_checkpoint(project: Project, role: str, name: str, state: str = "registered") -> Checkpoint:
    digest = (name.encode().hex() * 64)[:64]
    return Checkpoint.objects.create(
        project=project, role=role, name=name, sha256=digest, uri=f"file:///{name}", state=state
    )


def make_completions(
    prompt: Prompt, count: int, checkpoint: Checkpoint | None = None, run_id: int = 1
) -> list[Completion]:
    return Completion.objects.bulk_create(
        [
            Completion(
                project_id=prompt.project_id,
                prompt=prompt,
                checkpoint=checkpoint,
                text=f"Answer {index}",
                seed=index,
                run_id=run_id,
            )
            for index in range(count)
        ]
    )


def make_ranking_tasks(project: Project, prompts: list[Prompt], k: int = 3, num_places: int = 1) -> None:
    specs = [
        TaskSpec(
            prompt=prompt.pk, kind=LabelingTask.Kind.RANKING, completions=[row.pk for row in make_completions(prompt, k)],
            num_places=num_places,
        )
        for prompt in prompts
    ]  # fmt: skip
    tasks_create(project=project, specs=specs)


def submit(
    client: APIClient, assignment: dict[str, Any], key: str, answer: dict[str, Any] | None = None, **more: Any
) -> Any:
    """Submits an answer for an assignment: by default the order shown, the first best, with the ratings that must be given."""
    place = assignment["place"]
    if answer is None:
        shown, axes = assignment["task"]["completions"], assignment["task"]["label_schema"]["schema"]["axes"]
        ratings = {axis["key"]: axis["maximum"] for axis in axes if axis["is_required"]}
        answer = {"ranks": {str(row["id"]): rank for rank, row in enumerate(shown, start=1)}}
        answer |= {"ratings": {str(row["id"]): ratings for row in shown}} if ratings else {}
    body = {"lease_token": place["lease_token"], "answer": answer, "seconds": 2.5, "claim_next": False, **more}
    return client.post(f"/api/v1/places/{place['id']}/submit", body, format="json", headers={"Idempotency-Key": key})
