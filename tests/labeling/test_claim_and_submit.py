"""A labeler claims, keeps, skips and submits, through HTTP."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.renderers import JSONRenderer

from labeling.feedback.claims import leases_expire, place_claim
from labeling.feedback.models import Demonstration, Draft, Place, Ranking
from labeling.feedback.serializers import ClaimSerializer
from labeling.feedback.tasks import TaskSpec, tasks_create
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
    reply = client.post(f"/api/v1/projects/{project.pk}/labeling/claim", body, format="json")
    assert reply.status_code == 200, reply.content
    return reply.json()["assignment"]


def expire(assignment):
    Place.objects.filter(pk=assignment["place"]["id"]).update(lease_expires_at=timezone.now() - timedelta(seconds=5))


def test_claim_shows_the_task_and_nothing_of_where_completions_come_from(ann, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    assignment = claim(ann, project)
    assert assignment["task"]["kind"] == "ranking"
    assert [row["position"] for row in assignment["task"]["completions"]] == [0, 1, 2]
    assert set(assignment["task"]["completions"][0]) == {"id", "position", "text"}
    assert "purpose" not in assignment["task"]


def test_a_claim_is_shown_as_the_schema_of_the_api_says(ann, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    first = claim(ann, project)
    body = {"lease_token": first["place"]["lease_token"], "body": {"notes": "half done"}}
    assert ann.put(f"/api/v1/places/{first['place']['id']}/draft", body, format="json").status_code == 200
    reply = ann.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()
    assert reply["assignment"]["draft"]["body"] == {"notes": "half done"}
    assert json.loads(JSONRenderer().render(ClaimSerializer(reply).data)) == reply


def test_a_place_is_taken_by_one_sql_statement(ann, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    labeler = project.memberships.get().user
    with CaptureQueriesContext(
        connection,
    ) as queries:
        place_claim(labeler=labeler, project=project)
    taking = [query["sql"] for query in queries if "SKIP LOCKED" in query["sql"]]
    assert len(taking) == 1
    assert "UPDATE feedback_place" in taking[0]


def test_claiming_again_gives_the_same_lease_and_prefetch_gives_another(ann, project):
    make_ranking_tasks(project, make_prompts(project, 3))
    first, again = claim(ann, project), claim(ann, project)
    assert first["place"]["lease_token"] == again["place"]["lease_token"]
    ahead = claim(ann, project, after_place=first["place"]["id"])
    assert ahead["place"]["id"] != first["place"]["id"]
    assert Place.objects.filter(state="leased").count() == 2


def test_a_task_fetched_ahead_is_held_shortly_until_it_is_worked_on(ann, bob, project):
    """An idle labeler keeps the second task for two minutes, not for a whole lease."""
    make_ranking_tasks(project, make_prompts(project, 2))
    first = claim(ann, project)
    ahead = claim(ann, project, after_place=first["place"]["id"])
    assert 590 < first["place"]["seconds_left"] <= 600
    assert 110 < ahead["place"]["seconds_left"] <= 120
    assert claim(bob, project) is None
    following = submit(ann, first, "k1", claim_next=True).json()["next"]["place"]
    assert (following["id"], following["lease_token"]) == (ahead["place"]["id"], ahead["place"]["lease_token"])
    assert following["seconds_left"] > 590
    assert claim(ann, project, after_place=first["place"]["id"])["place"]["seconds_left"] > 590  # never shortened


def test_a_task_fetched_ahead_and_forgotten_goes_to_the_next_labeler(ann, bob, project):
    make_ranking_tasks(project, make_prompts(project, 2))
    first = claim(ann, project)
    ahead = claim(ann, project, after_place=first["place"]["id"])
    expire(ahead)
    assert claim(bob, project)["place"]["id"] == ahead["place"]["id"]
    assert submit(ann, first, "k1", claim_next=True).json()["next"] is None


def test_two_labelers_never_get_one_place(ann, bob, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    assert claim(ann, project) is not None
    assert claim(bob, project) is None


def test_submit_stores_dense_ranks_and_returns_the_next_task(ann, project):
    make_ranking_tasks(project, make_prompts(project, 2))
    first = claim(ann, project)
    a, b, c = (str(row["id"]) for row in first["task"]["completions"])
    answer = {"ranks": {a: 5, b: 1, c: 5}, "ratings": {a: {"helpful": 7}}, "flags": {c: ["off_task"]}}
    reply = submit(ann, first, "k1", answer, claim_next=True)
    assert reply.status_code == 200, reply.content
    assert reply.json()["next"]["place"]["id"] != first["place"]["id"]
    ranking = Ranking.objects.get()
    assert {str(row.completion_id): row.rank for row in ranking.ranked_completions.all()} == {a: 2, b: 1, c: 2}
    assert Place.objects.get(pk=first["place"]["id"]).state == "filled"


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"ranks": {}}, "ranks"),
        ({"ranks": "first two"}, "ranks"),
        ({"ranks": "zero"}, "ranks"),
        ({"ranks": "all", "ratings": {"helpful": 8}}, "ratings"),
        ({"ranks": "all", "ratings": {"charming": 1}}, "ratings"),
        ({"ranks": "all", "flags": ["rude"]}, "flags"),
    ],
)
def test_a_ranking_must_cover_exactly_what_was_shown(ann, project, answer, field):
    make_ranking_tasks(project, make_prompts(project, 1))
    assignment = claim(ann, project)
    ids = [str(row["id"]) for row in assignment["task"]["completions"]]
    ranks = {"all": dict.fromkeys(ids, 1), "first two": dict.fromkeys(ids[:2], 1), "zero": dict.fromkeys(ids, 0)}
    sent = {"ranks": ranks.get(answer["ranks"], {}) if isinstance(answer["ranks"], str) else answer["ranks"]}
    sent |= {name: {ids[0]: answer[name]} for name in ("ratings", "flags") if name in answer}
    reply = submit(ann, assignment, "k1", sent)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "invalid_answer"
    assert field in reply.json()["error"]["fields"]
    assert not Ranking.objects.exists()


def test_demonstration_is_the_prompt_and_the_text_written(ann, project):
    prompt = make_prompts(project, 1)[0]
    tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind="demonstration")])
    assignment = claim(ann, project)
    assert submit(ann, assignment, "k0", {"turns": [{"role": "assistant", "content": "  "}]}).status_code == 400
    assert (
        submit(ann, assignment, "k1", {"turns": [{"role": "assistant", "content": "A brass lamp."}]}).status_code == 200
    )
    messages = Demonstration.objects.get().messages
    assert [message["weight"] for message in messages] == [0, 1]
    assert messages[-1] == {"role": "assistant", "content": "A brass lamp.", "weight": 1}


def test_the_same_key_answers_once_and_another_answer_conflicts(ann, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    assignment = claim(ann, project)
    first, again = submit(ann, assignment, "k1"), submit(ann, assignment, "k1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["answer"] == again.json()["answer"]
    assert Ranking.objects.count() == 1
    other = {"ranks": {str(row["id"]): 1 for row in assignment["task"]["completions"]}}
    assert submit(ann, assignment, "k1", other).json()["error"]["code"] == "idempotency_conflict"


def test_an_expired_lease_that_nobody_took_still_counts(ann, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    assignment = claim(ann, project)
    expire(assignment)
    assert submit(ann, assignment, "k1").status_code == 200


def test_the_draft_of_a_lease_taken_by_another_stays_and_is_theirs_alone(ann, bob, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    assignment = claim(ann, project)
    place = assignment["place"]
    draft = {"lease_token": place["lease_token"], "body": {"notes": "half done"}}
    assert ann.put(f"/api/v1/places/{place['id']}/draft", draft, format="json").status_code == 200
    expire(assignment)
    taken = claim(bob, project)
    assert taken["place"]["id"] == place["id"]
    assert taken["draft"] is None
    assert Draft.objects.get().body == {"notes": "half done"}
    assert submit(bob, taken, "k1").status_code == 200
    assert Ranking.objects.get().labeler.username == "bob"


def test_skipped_task_goes_to_others_and_never_back(ann, bob, project):
    make_ranking_tasks(project, make_prompts(project, 1))
    place = claim(ann, project)["place"]
    body = {"lease_token": place["lease_token"], "reason": "unclear", "note": "Which lamp?"}
    reply = ann.post(f"/api/v1/places/{place['id']}/skip", body, format="json")
    assert (reply.status_code, reply.json()["next"]) == (200, None)
    assert claim(bob, project)["place"]["id"] == place["id"]


def test_two_places_of_a_task_go_to_two_people(ann, bob, project):
    make_ranking_tasks(project, make_prompts(project, 1), num_places=2)
    first = claim(ann, project)
    assert claim(ann, project, after_place=first["place"]["id"]) is None
    submit(ann, first, "k1")
    assert claim(ann, project) is None
    submit(bob, claim(bob, project), "k1")
    assert Ranking.objects.count() == 2


def test_released_and_long_expired_leases_open_again(ann, project):
    make_ranking_tasks(project, make_prompts(project, 2))
    first = claim(ann, project)
    body = {"lease_token": first["place"]["lease_token"]}
    assert ann.post(f"/api/v1/places/{first['place']['id']}/heartbeat", body, format="json").status_code == 200
    assert ann.post(f"/api/v1/places/{first['place']['id']}/release", body, format="json").status_code == 204
    second = claim(ann, project)
    expire(second)
    assert leases_expire() == 0
    assert leases_expire(seconds=1) == 1
    assert set(Place.objects.values_list("state", flat=True)) == {"open"}


def test_summary_counts_what_is_open_to_me(ann, project):
    make_ranking_tasks(project, make_prompts(project, 3))
    submit(ann, claim(ann, project), "k1")
    summary = ann.get(f"/api/v1/projects/{project.pk}/labeling/summary").json()
    assert summary == {
        "open": {"demonstration": 0, "ranking": 2, "pairwise": 0, "chat": 0, "red_team": 0},
        "mine": {"today": 1, "total": 1},
        "takes_sensitive": True,
        "waiting_for_others": [],
    }


def test_managers_browse_and_redact_and_labelers_may_not(ann, project):
    prompt = make_prompts(project, 1)[0]
    make_ranking_tasks(project, [prompt])
    submit(ann, claim(ann, project), "k1")
    manager = client_of(make_user(project, "mia", "manager"))
    assert ann.get(f"/api/v1/projects/{project.pk}/rankings").status_code == 403
    page = manager.get(f"/api/v1/projects/{project.pk}/rankings").json()
    assert [row["rank"] for row in page["results"][0]["ranked_completions"]] == [1, 2, 3]
    detail = manager.get(f"/api/v1/projects/{project.pk}/prompts/{prompt.pk}").json()
    assert len(detail["completions"]) == 3
    url = f"/api/v1/projects/{project.pk}/completions/{detail['completions'][0]['id']}/redact"
    assert ann.post(url, {"reason": "names a person"}, format="json").status_code == 403
    assert manager.post(url, {"reason": "names a person"}, format="json").json()["text"] == "[redacted]"
    url = f"/api/v1/projects/{project.pk}/prompts/{prompt.pk}/redact"
    redacted = manager.post(url, {"reason": "names a person"}, format="json").json()
    assert "lamp" not in str(redacted["messages"])
    assert redacted["rankings"] == []


def test_a_task_that_asks_for_two_answers_waits_once_for_each_labeler(project, ann):
    make_ranking_tasks(project, make_prompts(project, 3), num_places=2)
    path = f"/api/v1/projects/{project.pk}/labeling/summary"
    assert ann.get(path).json()["open"]["ranking"] == 3
    assert submit(ann, claim(ann, project), "k1").status_code == 200
    assert ann.get(path).json()["open"]["ranking"] == 2
