"""One person, two tabs of one page; and a lease that runs out under somebody's hands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from labeling.feedback.models import Draft, Place, Ranking
from tests.labeling.feedback_cast import client_of, make_project, make_prompts, make_ranking_tasks, make_user, submit

NUM_TABS = 8


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def save_draft(client, assignment, text):
    place = assignment["place"]
    body = {"lease_token": place["lease_token"], "body": {"notes": text}}
    return client.put(f"/api/v1/places/{place['id']}/draft", body, format="json")


@pytest.mark.django_db(transaction=True)
def test_two_tabs_hold_one_lease_and_give_one_answer():
    project = make_project()
    make_ranking_tasks(project, make_prompts(project, 1))
    ann = make_user(project, "ann", "labeler")
    first, second = claim(client_of(ann), project), claim(client_of(ann), project)
    for field in ("id", "lease_token"):
        assert first["place"][field] == second["place"][field]
    with ThreadPoolExecutor(NUM_TABS) as pool:
        statuses = [pool.submit(submit_and_close, ann, first, number) for number in range(NUM_TABS)]
        assert sorted(status.result() for status in statuses) == [200] + [409] * (NUM_TABS - 1)
    assert Ranking.objects.count() == 1


def submit_and_close(user, assignment, number):
    try:
        return submit(client_of(user), assignment, f"tab {number}").status_code
    finally:
        connection.close()


@pytest.mark.django_db
def test_a_tab_that_is_late_is_told_and_what_it_wrote_is_there_in_the_other():
    project = make_project()
    make_ranking_tasks(project, make_prompts(project, 2))
    ann = make_user(project, "ann", "labeler")
    tab, other = client_of(ann), client_of(ann)
    assignment = claim(tab, project)
    assert save_draft(tab, assignment, "from the first tab").status_code == 200
    assert claim(other, project)["draft"]["body"] == {"notes": "from the first tab"}
    assert submit(other, assignment, "k1").status_code == 200
    late = save_draft(tab, assignment, "still typing")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "lease_lost")
    late = submit(tab, assignment, "k2")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "lease_lost")
    assert Ranking.objects.count() == 1


@pytest.mark.django_db
def test_a_lease_that_ends_while_typing_keeps_the_draft_and_still_takes_the_answer():
    project = make_project()
    make_ranking_tasks(project, make_prompts(project, 1))
    ann = client_of(make_user(project, "ann", "labeler"))
    assignment = claim(ann, project)
    assert save_draft(ann, assignment, "half a thought").status_code == 200
    Place.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=5))
    assert Draft.objects.get().body == {"notes": "half a thought"}
    assert save_draft(ann, assignment, "a whole thought").status_code == 200
    assert claim(ann, project)["draft"]["body"] == {"notes": "a whole thought"}
    reply = submit(ann, assignment, "k1")
    assert (reply.status_code, reply.json()["answer"]["is_counted"]) == (200, True)
