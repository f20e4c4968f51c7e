"""Where a skipped task goes, by its reason; and guidelines that changed are read before the next task. Through HTTP."""

import pytest

from labeling.feedback.claims import leases_expire
from labeling.feedback.models import Completion, Place, Ranking
from labeling.rounds.models import GuidelineVersion
from tests.labeling.feedback_cast import client_of, make_project, make_prompts, make_ranking_tasks, make_user, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def labelers(project):
    return [client_of(make_user(project, f"labeler{index}", "labeler")) for index in range(7)]


@pytest.fixture
def manager(project):
    return client_of(make_user(project, "mia", "manager"))


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()


def skip(client, project, reason, note=""):
    place = claim(client, project)["assignment"]["place"]
    body = {"lease_token": place["lease_token"], "reason": reason, "note": note}
    assert client.post(f"/api/v1/places/{place['id']}/skip", body, format="json").status_code == 200


@pytest.mark.parametrize(
    ("reasons", "is_stopped"),
    [
        (["broken"], False),
        (["broken", "broken"], True),
        (["unclear", "unclear"], False),
        (["unclear"] * 3, True),
        (["not_my_expertise"] * 4, False),
        (["not_my_expertise"] * 5, True),
        (["broken", "unclear", "unclear", "sensitive", "not_my_expertise"], True),
    ],
)
def test_a_task_that_many_skip_stops(project, labelers, manager, reasons, is_stopped):
    make_ranking_tasks(project, make_prompts(project, 1), num_places=2)
    for labeler, reason in zip(labelers, reasons, strict=False):
        skip(labeler, project, reason)
    assert (claim(labelers[-1], project)["assignment"] is None) == is_stopped
    stopped = manager.get(f"/api/v1/projects/{project.pk}/stopped-tasks").json()
    assert [[row["reason"] for row in task["skips"]] for task in stopped["results"]] == (
        [reasons] if is_stopped else []
    )


@pytest.mark.parametrize("ending", ["release", "expire"])
def test_a_place_held_while_its_task_stopped_is_not_offered_again(project, labelers, ending):
    make_ranking_tasks(project, make_prompts(project, 1), k=2, num_places=2)
    held = claim(labelers[0], project)["assignment"]["place"]
    for client in labelers[1:3]:
        skip(client, project, "broken")
    if ending == "release":
        body = {"lease_token": held["lease_token"]}
        assert labelers[0].post(f"/api/v1/places/{held['id']}/release", body, format="json").status_code == 204
    else:
        Place.objects.filter(pk=held["id"]).update(lease_expires_at="2000-01-01T00:00:00Z")
        assert claim(labelers[3], project)["assignment"] is None
        assert leases_expire() == 1
    assert claim(labelers[3], project)["assignment"] is None
    assert set(Place.objects.values_list("state", flat=True)) == {"closed"}


def test_a_stopped_task_is_offered_again_to_those_who_have_not_skipped_it(project, labelers, manager):
    make_ranking_tasks(project, make_prompts(project, 1))
    for labeler in labelers[:2]:
        skip(labeler, project, "broken", "The table is cut off.")
    [task] = manager.get(f"/api/v1/projects/{project.pk}/stopped-tasks").json()["results"]
    assert task["skips"][0]["note"] == "The table is cut off."
    assert "lamp 0" in task["messages"][0]["content"]
    url = f"/api/v1/projects/{project.pk}/stopped-tasks/{task['id']}/reopen"
    assert labelers[0].post(url).status_code == 403
    assert manager.post(url).status_code == 204
    assert manager.post(url).json()["error"]["code"] == "conflict"
    assert manager.get(f"/api/v1/projects/{project.pk}/stopped-tasks").json()["count"] == 0
    assert claim(labelers[0], project)["assignment"] is None
    skip(labelers[2], project, "broken")
    assert claim(labelers[3], project)["assignment"] is not None


def test_a_sensitive_task_goes_only_to_those_who_take_such_tasks(project, labelers):
    make_ranking_tasks(project, make_prompts(project, 1))
    skip(labelers[0], project, "sensitive")
    url = f"/api/v1/projects/{project.pk}/labeling"
    reply = labelers[1].patch(f"{url}/preferences", {"takes_sensitive": False}, format="json")
    assert (reply.status_code, reply.json()) == (200, {"takes_sensitive": False})
    assert claim(labelers[1], project)["assignment"] is None
    summary = labelers[1].get(f"{url}/summary").json()
    assert (summary["takes_sensitive"], summary["open"]["ranking"]) == (False, 0)
    assert claim(labelers[2], project)["assignment"] is not None


def test_a_task_that_stopped_as_sensitive_stays_so_when_it_is_offered_again(project, labelers, manager):
    make_ranking_tasks(project, make_prompts(project, 1))
    for labeler, reason in zip(labelers, ["not_my_expertise"] * 4 + ["sensitive"], strict=False):
        skip(labeler, project, reason)
    url = f"/api/v1/projects/{project.pk}"
    [task] = manager.get(f"{url}/stopped-tasks").json()["results"]
    assert manager.post(f"{url}/stopped-tasks/{task['id']}/reopen").status_code == 204
    labelers[5].patch(f"{url}/labeling/preferences", {"takes_sensitive": False}, format="json")
    assert claim(labelers[5], project)["assignment"] is None
    assert claim(labelers[6], project)["assignment"] is not None


def test_a_stopped_task_whose_completion_was_redacted_is_not_offered_again(project, labelers, manager):
    make_ranking_tasks(project, make_prompts(project, 1))
    for labeler in labelers[:2]:
        skip(labeler, project, "broken")
    url = f"/api/v1/projects/{project.pk}"
    shown = Completion.objects.first()
    reply = manager.post(f"{url}/completions/{shown.pk}/redact", {"reason": "A name in it."}, format="json")
    assert reply.status_code == 200
    [task] = manager.get(f"{url}/stopped-tasks").json()["results"]
    refused = manager.post(f"{url}/stopped-tasks/{task['id']}/reopen")
    assert (refused.status_code, "was removed" in refused.json()["error"]["message"]) == (409, True)


def change_guideline(manager, project, text):
    assert manager.post(f"/api/v1/projects/{project.pk}/guidelines", {"text": text}, format="json").status_code == 201


def test_changed_guidelines_are_acknowledged_before_the_next_task(project, labelers, manager):
    make_ranking_tasks(project, make_prompts(project, 3))
    ann, url = labelers[0], f"/api/v1/projects/{project.pk}/guidelines"
    held = claim(ann, project)["assignment"]
    change_guideline(manager, project, "Prefer what helps, briefly.")
    assert claim(ann, project)["assignment"]["place"]["id"] == held["place"]["id"]  # what is held stays
    assert submit(ann, held, "k1", claim_next=True).json()["next"] is None
    refused = claim(ann, project)
    assert (refused["assignment"], refused["reason"]) == (None, "guideline_changed")
    assert ann.post(f"{url}/1/acknowledge").json()["error"]["code"] == "conflict"
    assert claim(ann, project)["assignment"] is None
    assert ann.post(f"{url}/2/acknowledge").status_code == 204
    assert ann.post(f"{url}/2/acknowledge").status_code == 204
    assert claim(ann, project)["assignment"] is not None


def test_one_labelers_acknowledgement_is_not_anothers(project, labelers, manager):
    make_ranking_tasks(project, make_prompts(project, 2))
    change_guideline(manager, project, "Prefer what helps, briefly.")
    labelers[0].post(f"/api/v1/projects/{project.pk}/guidelines/2/acknowledge")
    assert claim(labelers[0], project)["reason"] == ""
    assert claim(labelers[1], project)["reason"] == "guideline_changed"


def test_who_joins_after_the_change_has_nothing_to_acknowledge(project, labelers, manager):
    make_ranking_tasks(project, make_prompts(project, 1))
    change_guideline(manager, project, "Prefer what helps, briefly.")
    GuidelineVersion.objects.get(number=2)
    late = client_of(make_user(project, "late", "labeler"))
    assert claim(late, project)["assignment"] is not None


def test_every_answer_names_the_versions_of_its_task(project, labelers, manager):
    make_ranking_tasks(project, make_prompts(project, 1))
    change_guideline(manager, project, "Prefer what helps, briefly.")
    make_ranking_tasks(project, make_prompts(project, 1, "validation"))
    ann = labelers[0]
    ann.post(f"/api/v1/projects/{project.pk}/guidelines/2/acknowledge")
    for key in ("k1", "k2"):
        submit(ann, claim(ann, project)["assignment"], key)
    found = Ranking.objects.order_by("pk").values_list(
        "guideline__number", "label_schema__number", "task__guideline__number"
    )
    assert list(found) == [(1, 1, 1), (2, 1, 2)]
    assert Place.objects.filter(state="filled").count() == 2
