"""A labeler whose time ran out submits late: the answer counts while a place is free, else it is kept and paid as surplus."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.feedback.claims import leases_expire
from labeling.feedback.models import Draft, LostLease, Place, Ranking
from labeling.feedback.services import completion_redact
from tests.labeling.feedback_cast import client_of, make_project, make_prompts, make_ranking_tasks, make_user, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def ann(project):
    return client_of(make_user(project, "ann", "labeler"))


@pytest.fixture
def bob(project):
    return client_of(make_user(project, "bob", "labeler"))


def claim(client, project, **body):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", body, format="json").json()["assignment"]


def lose(project, ann, bob, num_places=1):
    """Ann's lease runs out and Bob takes the place; returns both assignments."""
    make_ranking_tasks(project, make_prompts(project, 1), num_places=num_places)
    hers = claim(ann, project)
    Place.objects.filter(pk=hers["place"]["id"]).update(lease_expires_at=timezone.now() - timedelta(seconds=5))
    Place.objects.filter(state="open").update(state="closed")
    his = claim(bob, project)
    assert his["place"]["id"] == hers["place"]["id"]
    Place.objects.filter(state="closed").update(state="open")
    return hers, his


def test_a_late_answer_to_a_place_taken_by_another_is_surplus(ann, bob, project):
    hers, his = lose(project, ann, bob)
    late = submit(ann, hers, "k1")
    assert (late.status_code, late.json()["answer"]["is_counted"]) == (200, False)
    assert submit(ann, hers, "k1").json()["answer"] == late.json()["answer"]
    assert submit(bob, his, "k2").json()["answer"]["is_counted"] is True
    found = {row.labeler.username: row for row in Ranking.objects.all()}
    assert {name: row.is_counted for name, row in found.items()} == {"ann": False, "bob": True}
    assert found["ann"].seconds == 2.5
    assert found["ann"].ranked_completions.count() == 3
    assert Place.objects.get().labeler.username == "bob"


def test_a_surplus_answer_is_mine_and_its_task_does_not_come_back(ann, bob, project):
    hers, his = lose(project, ann, bob)
    assert submit(ann, hers, "k1").json()["next"] is None
    place = {"lease_token": his["place"]["lease_token"]}
    assert bob.post(f"/api/v1/places/{his['place']['id']}/release", place, format="json").status_code == 204
    assert claim(ann, project) is None
    assert ann.get(f"/api/v1/projects/{project.pk}/labeling/summary").json()["mine"]["total"] == 1


def test_a_late_answer_counts_while_another_place_of_the_task_is_free(ann, bob, project):
    hers, his = lose(project, ann, bob, num_places=2)
    assert submit(ann, hers, "k1").json()["answer"]["is_counted"] is True
    assert submit(bob, his, "k2").json()["answer"]["is_counted"] is True
    assert {place.labeler.username for place in Place.objects.filter(state="filled")} == {"ann", "bob"}
    assert Ranking.objects.filter(is_counted=True).count() == 2


def test_a_place_that_beat_opened_again_is_filled_by_the_late_answer(ann, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    hers = claim(ann, project)
    Place.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=5))
    assert leases_expire(seconds=1) == 1
    assert submit(ann, hers, "k1").json()["answer"]["is_counted"] is True
    assert Place.objects.get().state == "filled"


def test_one_lease_answers_late_once(ann, bob, project):
    hers, _ = lose(project, ann, bob)
    assert submit(ann, hers, "k1").status_code == 200
    other = {"ranks": {str(row["id"]): 1 for row in hers["task"]["completions"]}}
    assert submit(ann, hers, "k9", other).json()["error"]["code"] == "lease_lost"
    assert Ranking.objects.count() == 1


def test_a_token_that_was_never_theirs_answers_nothing(ann, bob, project):
    hers, _ = lose(project, ann, bob)
    cyd = client_of(make_user(project, "cyd", "labeler"))
    assert submit(cyd, hers, "k1").json()["error"]["code"] == "lease_lost"
    assert not Ranking.objects.exists()


def test_removed_texts_take_no_late_answer(ann, bob, project):
    hers, _ = lose(project, ann, bob)
    manager = make_user(project, "mia", "manager")
    completion = LostLease.objects.get().task.task_completions.first().completion
    completion_redact(actor=manager, completion=completion, reason="names a person")
    assert submit(ann, hers, "k1").json()["error"]["code"] == "lease_lost"


def test_a_draft_is_saved_after_the_place_was_taken(ann, bob, project):
    hers, _ = lose(project, ann, bob)
    body = {"lease_token": hers["place"]["lease_token"], "body": {"notes": "nearly done"}}
    assert ann.put(f"/api/v1/places/{hers['place']['id']}/draft", body, format="json").status_code == 200
    assert Draft.objects.get().labeler.username == "ann"
    assert submit(ann, hers, "k1").status_code == 200
    assert not Draft.objects.exists()


def test_a_lease_given_back_in_time_answers_nothing_late(ann, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    hers = claim(ann, project)
    body = {"lease_token": hers["place"]["lease_token"]}
    assert ann.post(f"/api/v1/places/{hers['place']['id']}/release", body, format="json").status_code == 204
    assert submit(ann, hers, "k1").json()["error"]["code"] == "lease_lost"
