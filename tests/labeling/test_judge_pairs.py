"""A labeler compares two completions, through HTTP: who is better by how much, or both are bad; training reads the margin."""

import gzip
import json

import pytest

from labeling.feedback.models import LabelingTask, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import LabelSchemaVersion
from labeling.training.exports import export_run
from labeling.training.services import snapshot_create
from tests.labeling.feedback_cast import (
    SCHEMA,
    client_of,
    make_completions,
    make_project,
    make_prompts,
    make_user,
    submit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def ann(project):
    return client_of(make_user(project, "ann", "labeler"))


def make_pair(project, **schema):
    if schema:
        LabelSchemaVersion.objects.create(project=project, number=2, schema={**SCHEMA, **schema})
    prompt = make_prompts(project, 1)[0]
    pair = [row.pk for row in make_completions(prompt, 2)]
    tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind="pairwise", completions=pair)])
    return [str(completion) for completion in pair]


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def answer(ann, project, a, b, ranks, strength, **more):
    sent = {"ranks": dict(zip((a, b), ranks, strict=True)), "strength": strength, **more}
    return submit(ann, claim(ann, project), "k1", sent)


@pytest.mark.parametrize(("strength", "margin"), [(0, 0.0), (1, 1 / 3), (2, 2 / 3), (3, 1.0)])
def test_four_levels_become_a_ranking_of_two_with_its_margin(ann, project, strength, margin):
    a, b = make_pair(project)
    reply = answer(ann, project, a, b, (2, 1), strength, flags={a: ["off_task"]})
    assert reply.status_code == 200, reply.content
    ranking = Ranking.objects.get()
    assert ranking.margin == pytest.approx(margin)
    assert [row.rank for row in ranking.ranked_completions.order_by("completion_id")] == [2, 1]
    assert ranking.label_schema_id == ranking.task.label_schema_id


def test_four_levels_refuse_a_tie_unless_both_are_bad(ann, project):
    a, b = make_pair(project)
    refused = answer(ann, project, a, b, (1, 1), 0)
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["ranks"])
    assert answer(ann, project, a, b, (1, 1), 0, all_bad=True).status_code == 200
    assert Ranking.objects.get().all_bad


@pytest.mark.parametrize(
    ("ranks", "strength", "field"), [((1, 2), 4, "strength"), ((1, 2), -1, "strength"), ((1, 1), 2, "strength")]
)
def test_four_levels_refuse_a_strength_that_does_not_fit(ann, project, ranks, strength, field):
    a, b = make_pair(project)
    reply = answer(ann, project, a, b, ranks, strength, all_bad=True)
    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (400, [field])
    assert not Ranking.objects.exists()


@pytest.mark.parametrize(
    ("ranks", "strength", "margin"), [((1, 1), 0, 0.0), ((1, 2), 1, 0.25), ((2, 1), 4, 1.0), ((1, 2), 0, None)]
)
def test_nine_points_have_a_middle(ann, project, ranks, strength, margin):
    a, b = make_pair(project, pairwise_scale="nine_points")
    reply = answer(ann, project, a, b, ranks, strength)
    assert reply.status_code == (400 if margin is None else 200), reply.content
    assert [row.margin for row in Ranking.objects.all()] == ([] if margin is None else [margin])


def test_a_required_rating_is_asked_in_a_ranking_and_not_in_a_pair(ann, project):
    axes = [{**SCHEMA["axes"][0], "is_required": True}]
    a, b = make_pair(project, axes=axes)
    assert answer(ann, project, a, b, (1, 2), 1).status_code == 200
    prompt = make_prompts(project, 1, "validation")[0]
    tasks_create(
        project=project,
        specs=[TaskSpec(prompt=prompt.pk, kind="ranking", completions=[row.pk for row in make_completions(prompt, 2)])],
    )
    assignment = claim(ann, project)
    ids = [str(row["id"]) for row in assignment["task"]["completions"]]
    ranks = dict(zip(ids, (1, 2), strict=True))
    refused = submit(ann, assignment, "k2", {"ranks": ranks})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["ratings"])
    rated = {"ranks": ranks, "ratings": {key: {"helpful": 4} for key in ids}}
    assert submit(ann, assignment, "k3", rated).status_code == 200


def test_a_pair_has_two_completions(project):
    prompt = make_prompts(project, 1)[0]
    with pytest.raises(ValueError, match="two completions"):
        TaskSpec(prompt=prompt.pk, kind=LabelingTask.Kind.PAIRWISE, completions=[1, 2, 3])


def test_an_answer_without_its_fields_is_refused(ann, project):
    make_pair(project)
    reply = submit(ann, claim(ann, project), "k1", {"text": "A lamp."})
    assert reply.status_code == 400
    assert {"ranks", "strength"} <= set(reply.json()["error"]["fields"])


def test_the_margin_is_exported_for_training(ann, project, tmp_path, settings):
    settings.STORAGE_URL = f"file://{tmp_path}"
    a, b = make_pair(project)
    assert answer(ann, project, a, b, (1, 2), 2).status_code == 200
    snapshot = snapshot_create(project=project, kind="rankings", filters={}, actor=None)
    export_run(snapshot.pk, lambda progress: True)
    [record] = [
        json.loads(line) for line in gzip.decompress(next(tmp_path.rglob("train-*.jsonl.gz")).read_bytes()).splitlines()
    ]
    assert record["margin"] == pytest.approx(2 / 3)
    assert record["ranks"] == [1, 2]
    assert (record["guideline"], record["schema"]) == (1, 1)
