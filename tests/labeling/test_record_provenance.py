"""How an answer was made is recorded after notice, as counts, and shown to those who were named in it. Through HTTP on PostgreSQL."""

import gzip
import json
import uuid

import pytest
from django.db import IntegrityError, transaction

from labeling.feedback.models import Demonstration, LabelingTask, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import GuidelineVersion, Membership, Project
from labeling.training.exports import export_run
from labeling.training.services import snapshot_create
from tests.labeling.feedback_cast import client_of, make_project, make_prompts, make_ranking_tasks, make_user, submit

pytestmark = pytest.mark.django_db
TYPING = {"typing_seconds": 31.5, "pasted_share": 0.25, "num_edits": 7}
WRITTEN = {"turns": [{"role": "assistant", "content": "It is a brass lamp."}]}


@pytest.fixture
def project(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}"
    return make_project()


@pytest.fixture
def ann(project):
    return client_of(make_user(project, "ann", "labeler"))


@pytest.fixture
def manager(project):
    return client_of(make_user(project, "mia", "manager"))


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def notice(client, project):
    return client.get(f"/api/v1/projects/{project.pk}/labeling/notice").json()


def read_notice(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/notice").status_code


def recorded():
    row = Ranking.objects.filter(edit=None).latest("pk")
    return row.typing_seconds, row.pasted_share, row.num_edits


def test_nothing_is_recorded_of_a_labeler_who_has_not_read_the_notice(project, ann):
    make_ranking_tasks(project, make_prompts(project, 2))
    assert notice(ann, project) == {"is_due": True, "asks_ai_use": False}
    assert submit(ann, claim(ann, project), "k1", typing=TYPING).status_code == 200
    assert recorded() == (None, None, None)
    assert [read_notice(ann, project) for _ in range(2)] == [204, 204]
    assert notice(ann, project)["is_due"] is False
    assert submit(ann, claim(ann, project), "k2", typing=TYPING).status_code == 200
    assert recorded() == (31.5, 0.25, 7)


def test_a_read_notice_stays_read_and_is_for_labelers(project, ann, manager):
    read_notice(ann, project)
    first = Membership.objects.get(role="labeler").notice_read_at
    read_notice(ann, project)
    assert Membership.objects.get(role="labeler").notice_read_at == first
    assert read_notice(manager, project) == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pasted_share", 1.01), ("pasted_share", "NaN"), ("typing_seconds", -1), ("typing_seconds", "Infinity"),
        ("typing_seconds", "NaN"), ("num_edits", -1), ("num_edits", None),
    ],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused_and_the_answer_waits(project, ann, field, value):
    make_ranking_tasks(project, make_prompts(project, 1))
    read_notice(ann, project)
    held = claim(ann, project)
    assert submit(ann, held, "k1", typing={**TYPING, field: value}).status_code == 400
    assert submit(ann, held, "k1", typing=TYPING).status_code == 200


def test_a_project_that_asks_gets_an_answer_about_ai_and_others_store_none(project, ann, manager):
    make_ranking_tasks(project, make_prompts(project, 2))
    assert submit(ann, claim(ann, project), "k1", ai_use="text").status_code == 200
    assert Ranking.objects.latest("pk").ai_use == ""
    assert manager.patch(f"/api/v1/projects/{project.pk}", {"asks_ai_use": True}, format="json").status_code == 200
    held = claim(ann, project)
    assert held["task"]["asks_ai_use"] is True
    refused = submit(ann, held, "k2")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_answer")
    assert set(refused.json()["error"]["fields"]) == {"ai_use"}
    assert submit(ann, held, "k2", ai_use="help").status_code == 200
    assert Ranking.objects.latest("pk").ai_use == "help"


def test_a_late_answer_carries_its_provenance(project, ann):
    make_ranking_tasks(project, make_prompts(project, 1))
    Project.objects.update(asks_ai_use=True, lease_seconds=1)
    read_notice(ann, project)
    held = claim(ann, project)
    LabelingTask.objects.get().places.update(lease_expires_at="2000-01-01T00:00:00Z")
    assert claim(client_of(make_user(project, "bea", "labeler")), project) is not None
    reply = submit(ann, held, "k1", typing=TYPING, ai_use="none")
    assert (reply.status_code, reply.json()["answer"]["is_counted"]) == (200, False)
    assert recorded() == (31.5, 0.25, 7)


@pytest.mark.parametrize(
    "values",
    [
        {"pasted_share": 0.5}, {"typing_seconds": 1, "pasted_share": 0.5}, {"typing_seconds": 1, "num_edits": 1},
        {"typing_seconds": 1, "pasted_share": 1.5, "num_edits": 1}, {"typing_seconds": float("nan"), "pasted_share": 1, "num_edits": 1},
        {"ai_use": "much"},
    ],
)  # fmt: skip
def test_the_database_keeps_no_half_of_a_record(project, values):
    [prompt] = make_prompts(project, 1)
    tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind="demonstration")])
    task = LabelingTask.objects.get()
    with pytest.raises(IntegrityError, match=r"typing_is_whole|ai_use_is_known"), transaction.atomic():
        Demonstration.objects.create(
            project=project, prompt=prompt, task=task, place=task.places.get(), messages=[],
            guideline=GuidelineVersion.objects.get(), **values,
        )  # fmt: skip


def answer_demonstrations(client, project, typings, **more):
    specs = [TaskSpec(prompt=prompt.pk, kind="demonstration") for prompt in make_prompts(project, len(typings))]
    tasks_create(project=project, specs=specs)
    for typing in typings:
        reply = submit(client, claim(client, project), uuid.uuid4().hex, WRITTEN, typing=typing, **more)
        assert reply.status_code == 200, reply.json()


def test_managers_see_how_answers_were_made_and_labelers_their_own(project, ann, manager):
    Project.objects.update(asks_ai_use=True)
    bea = client_of(make_user(project, "bea", "labeler"))
    for labeler in (ann, bea):
        read_notice(labeler, project)
    typings = [{**TYPING, "pasted_share": share} for share in (0.0, 0.5, 1.0)]
    answer_demonstrations(ann, project, typings, ai_use="help")
    rows = manager.get(f"/api/v1/projects/{project.pk}/quality/provenance").json()["labelers"]
    expected = {
        "name": "Ann", "num_recorded": 3, "num_written": 3, "median_typing_seconds": 31.5, "pasted_share": 0.5,
        "median_edits": 7.0, "ai_use": {"none": 0, "help": 3, "text": 0},
    }  # fmt: skip
    assert [{key: row[key] for key in expected} for row in rows] == [expected]
    mine = ann.get(f"/api/v1/projects/{project.pk}/quality/mine").json()["provenance"]
    assert mine == rows[0]
    assert bea.get(f"/api/v1/projects/{project.pk}/quality/mine").json()["provenance"] is None
    shown = manager.get(f"/api/v1/projects/{project.pk}/demonstrations").json()["results"][0]
    assert (shown["pasted_share"], shown["num_edits"], shown["ai_use"]) == (1.0, 7, "help")


def test_answers_in_which_nothing_was_written_do_not_dilute_the_figures(project, ann, manager):
    read_notice(ann, project)
    answer_demonstrations(ann, project, [{**TYPING, "pasted_share": 1.0}])
    make_ranking_tasks(project, make_prompts(project, 1, "validation"))
    submit(ann, claim(ann, project), "k", typing={"typing_seconds": 0, "pasted_share": 0, "num_edits": 0})
    [row] = manager.get(f"/api/v1/projects/{project.pk}/quality/provenance").json()["labelers"]
    assert (row["num_recorded"], row["num_written"], row["pasted_share"]) == (2, 1, 1.0)


def test_an_export_tells_what_was_recorded_and_is_silent_where_nothing_was(project, ann, tmp_path):
    answer_demonstrations(ann, project, [TYPING])
    read_notice(ann, project)
    Project.objects.update(asks_ai_use=True)
    specs = [TaskSpec(prompt=make_prompts(project, 1, "validation")[0].pk, kind="demonstration")]
    tasks_create(project=project, specs=specs)
    assert submit(ann, claim(ann, project), "k2", WRITTEN, typing=TYPING, ai_use="text").status_code == 200
    snapshot = snapshot_create(
        project=project, kind="demonstrations", filters={"splits": ["train", "validation"]}, actor=None
    )
    export_run(snapshot.pk, lambda progress: True)
    parts = sorted(tmp_path.glob(f"snapshots/{snapshot.pk}/*.jsonl.gz"))
    lines = [line for part in parts for line in gzip.decompress(part.read_bytes()).splitlines()]
    records = [json.loads(line) for line in lines]
    assert [record.get("provenance") for record in records] == [None, {**TYPING, "ai_use": "text"}]
