"""While judging, a labeler edits a completion into a better answer: one demonstration and one pair, with the answer or not at all."""

import pytest

from labeling.feedback.models import Completion, Demonstration, Draft, Edit, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.training.exports import snapshot_freeze
from labeling.training.services import snapshot_create
from tests.labeling.feedback_cast import client_of, make_completions, make_project, make_prompts, make_user, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def ann(project):
    return client_of(make_user(project, "ann", "labeler"))


def make_task(project, kind="ranking", k=3, **spec):
    prompt = make_prompts(project, 1)[0]
    shown = [row.pk for row in make_completions(prompt, k)]
    tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind=kind, completions=shown, **spec)])
    return shown


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def edit(completion, text="A brass lamp, as asked."):
    return {"completion": completion, "text": text}


@pytest.mark.parametrize(("kind", "k", "more"), [("ranking", 3, {}), ("pairwise", 2, {"strength": 1})])
def test_an_edit_makes_a_demonstration_and_a_pair_beside_the_answer(ann, project, kind, k, more):
    shown = make_task(project, kind, k)
    ranks = {str(completion): rank for rank, completion in enumerate(shown, start=1)}
    reply = submit(ann, claim(ann, project), "k1", {"ranks": ranks, **more}, edits=[edit(shown[1])])
    assert reply.status_code == 200, reply.content
    made = Edit.objects.get()
    assert (made.original_id, made.edited.text, made.edited.checkpoint) == (shown[1], "A brass lamp, as asked.", None)
    demonstration = Demonstration.objects.get()
    assert [message["weight"] for message in demonstration.messages] == [0, 1]
    assert demonstration.messages[-1]["content"] == "A brass lamp, as asked."
    pair = Ranking.objects.get(edit=made)
    assert {row.completion_id: row.rank for row in pair.ranked_completions.all()} == {made.edited_id: 1, shown[1]: 2}
    answer = Ranking.objects.get(edit=None)
    assert {row.guideline_id for row in (answer, pair, demonstration)} == {answer.task.guideline_id}
    assert (answer.seconds, pair.seconds) == (2.5, 0)
    summary = ann.get(f"/api/v1/projects/{project.pk}/labeling/summary").json()
    assert summary["mine"]["total"] == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": "  "}, "Expected some text"),
        ({"text": "Answer 0"}, "to change its text"),
        ({"completion": 999_999}, "Expected edits of the completions"),
    ],
)
def test_an_edit_that_does_not_fit_stores_nothing_at_all(ann, project, wrong, said):
    shown = make_task(project)
    reply = submit(ann, claim(ann, project), "k1", edits=[{**edit(shown[0]), **wrong}])
    assert reply.status_code == 400
    assert said in reply.json()["error"]["fields"]["edits"]
    assert not Ranking.objects.exists()
    assert not Edit.objects.exists()
    assert Completion.objects.count() == 3


def test_the_same_key_with_another_edit_conflicts(ann, project):
    shown = make_task(project)
    assignment = claim(ann, project)
    assert submit(ann, assignment, "k1", edits=[edit(shown[0])]).status_code == 200
    assert submit(ann, assignment, "k1", edits=[edit(shown[0])]).status_code == 200
    other = submit(ann, assignment, "k1", edits=[edit(shown[0], "Another lamp.")])
    assert other.json()["error"]["code"] == "idempotency_conflict"
    assert Edit.objects.count() == 1


@pytest.mark.parametrize(("purpose", "num_rankings"), [("training", 2), ("evaluation", 0)])
def test_edits_reach_training_only_from_training_tasks(ann, project, purpose, num_rankings):
    shown = make_task(project, purpose=purpose)
    assert submit(ann, claim(ann, project), "k1", edits=[edit(shown[2])]).status_code == 200
    snapshot = snapshot_create(project=project, kind="rankings", filters={}, actor=None)
    if num_rankings:
        assert snapshot_freeze(snapshot.pk).items.count() == num_rankings
    else:
        with pytest.raises(Exception, match="There are no rankings"):
            snapshot_freeze(snapshot.pk)


def test_redacting_a_completion_redacts_what_was_made_of_it(ann, project):
    shown = make_task(project)
    submit(ann, claim(ann, project), "k1", edits=[edit(shown[0])])
    manager = client_of(make_user(project, "mia", "manager"))
    url = f"/api/v1/projects/{project.pk}/completions/{shown[0]}/redact"
    assert manager.post(url, {"reason": "names a person"}, format="json").json()["text"] == "[redacted]"
    assert Edit.objects.get().edited.text == "[redacted]"
    assert "lamp" not in str(Demonstration.objects.get().messages)


def test_redacting_an_edited_text_redacts_the_demonstration_made_of_it(ann, project):
    shown = make_task(project)
    submit(ann, claim(ann, project), "k1", edits=[edit(shown[0])])
    manager = client_of(make_user(project, "mia", "manager"))
    edited = Edit.objects.get().edited
    url = f"/api/v1/projects/{project.pk}/completions/{edited.pk}/redact"
    assert manager.post(url, {"reason": "names a person"}, format="json").status_code == 200
    made = Demonstration.objects.get()
    assert "lamp" not in str(made.messages)
    assert made.redacted_at is not None, "or an export would take it"
    assert Completion.objects.get(pk=shown[0]).text == "Answer 0", "what it was made from stays"


def test_drafts_with_a_copy_of_a_redacted_completion_go_with_it(ann, project):
    shown = make_task(project)
    place = claim(ann, project)["place"]
    body = {"lease_token": place["lease_token"], "body": {"edits": {str(shown[0]): "Answer 0, by Mrs Lindqvist."}}}
    assert ann.put(f"/api/v1/places/{place['id']}/draft", body, format="json").status_code == 200
    manager = client_of(make_user(project, "mia", "manager"))
    url = f"/api/v1/projects/{project.pk}/completions/{shown[0]}/redact"
    assert manager.post(url, {"reason": "names a person"}, format="json").status_code == 200
    assert not Draft.objects.exists()
