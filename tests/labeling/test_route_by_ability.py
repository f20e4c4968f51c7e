"""Tasks that ask for a language or an expertise go to those who have it, and to nobody else. Through HTTP on PostgreSQL."""

import json
import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from labeling.bench.seed import copy_first_row
from labeling.feedback.claims import CLAIM, MAX_LIVE_LEASES
from labeling.feedback.models import LabelingTask, Place
from labeling.feedback.routing import needs_of_prompts
from labeling.loop.services import round_start
from labeling.rounds.models import Membership, Prompt, RoundStage
from tests.labeling.feedback_cast import client_of, make_project, make_prompts, make_ranking_tasks, make_user, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def manager(project):
    return client_of(make_user(project, "mia", "manager"))


@pytest.fixture
def make_labeler(project, manager):
    """A labeler whom the manager gives these abilities on the people page."""

    def make(name, **abilities):
        person = make_user(project, name, "labeler")
        if abilities:
            assert set_abilities(manager, project, person, **abilities).status_code == 200
        return client_of(person)

    return make


def set_abilities(manager, project, person, **abilities):
    return manager.patch(f"/api/v1/projects/{project.pk}/people/{person.pk}", abilities, format="json")


def ask(project, language="", expertise="", count=1):
    """Ranking tasks of prompts that ask for these."""
    start = Prompt.objects.count()
    metadata = {key: text for key, text in (("language", language), ("expertise", expertise)) if text}
    prompts = Prompt.objects.bulk_create(
        Prompt(
            project=project, external_id=f"p{start + index}", split="train", metadata=metadata,
            messages=[{"role": "user", "content": f"Describe lamp {start + index}."}],
        )
        for index in range(count)
    )  # fmt: skip
    make_ranking_tasks(project, prompts, k=2)
    return prompts


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()


def needs_met(client, project):
    """(language, expertise) of every task that the labeler is given, in the order given."""
    found = []
    while (claimed := claim(client, project))["assignment"]:
        task = LabelingTask.objects.get(pk=claimed["assignment"]["task"]["id"])
        found.append((task.language, task.expertise))
        assert submit(client, claimed["assignment"], uuid.uuid4().hex).status_code == 200
    return found


ASKED = [("", ""), ("de", ""), ("fr", ""), ("", "medicine"), ("de", "medicine"), ("de", "law")]


@pytest.mark.parametrize(
    ("abilities", "met"),
    [
        ({}, {("", "")}),
        ({"languages": ["de"]}, {("", ""), ("de", "")}),
        ({"expertise": ["medicine"]}, {("", ""), ("", "medicine")}),
        (
            {"languages": ["DE", "fr"], "expertise": ["medicine"]},
            {("", ""), ("de", ""), ("fr", ""), ("", "medicine"), ("de", "medicine")},
        ),
    ],
)
def test_a_labeler_gets_exactly_the_tasks_that_they_meet(project, make_labeler, abilities, met):
    for language, expertise in ASKED:
        ask(project, language, expertise)
    labeler = make_labeler("ann", **abilities)
    summary = labeler.get(f"/api/v1/projects/{project.pk}/labeling/summary").json()
    assert summary["open"]["ranking"] == len(met)
    given = needs_met(labeler, project)
    assert len(given) == len(met)
    assert set(given) == met
    assert given[-1] == ("", "")  # what anybody can do comes last
    waiting = claim(labeler, project)["waiting_for_others"]
    assert {(row["language"], row["expertise"]) for row in waiting} == set(ASKED) - met


def test_a_labeler_for_whom_nothing_fits_is_told_what_waits(project, make_labeler):
    ask(project, "de", count=3)
    ask(project, "fi", "law")
    refused = claim(make_labeler("ann"), project)
    assert (refused["assignment"], refused["reason"]) == (None, "nothing_fits")
    expected = [
        {"language": "de", "expertise": "", "num_tasks": 3},
        {"language": "fi", "expertise": "law", "num_tasks": 1},
    ]
    assert refused["waiting_for_others"] == expected
    assert claim(make_labeler("bea", languages=["de"]), project)["assignment"] is not None


def test_abilities_are_checked_and_belong_to_labelers(project, manager):
    ann, eve = make_user(project, "ann", "labeler"), make_user(project, "eve", "engineer")
    reply = set_abilities(manager, project, ann, languages=["de", "pt-BR", "de"], expertise=["Law"])
    assert (reply.json()["languages"], reply.json()["expertise"]) == (["de", "pt-br"], ["law"])
    assert set_abilities(manager, project, ann, languages=["fi"]).json()["expertise"] == ["law"]
    many = [first + second for first in "ab" for second in "abcdefghijklmnop"]
    for wrong in ({"languages": ["German"]}, {"expertise": ["two words"]}, {"languages": many}):
        assert set_abilities(manager, project, ann, **wrong).status_code == 400
    assert set_abilities(manager, project, eve, languages=["de"]).json()["error"]["code"] == "conflict"
    with pytest.raises(IntegrityError, match="membership_abilities_of_labelers"), transaction.atomic():
        Membership.objects.filter(user=eve).update(languages=["de"])


def test_a_task_skipped_as_not_my_expertise_goes_on_to_experts(project, manager, make_labeler):
    ask(project)
    for index in range(5):
        place = claim(make_labeler(f"lay{index}"), project)["assignment"]["place"]
        body = {"lease_token": place["lease_token"], "reason": "not_my_expertise", "note": ""}
        holder = client_of(Place.objects.get(pk=place["id"]).labeler)
        assert holder.post(f"/api/v1/places/{place['id']}/skip", body, format="json").status_code == 200
    [stopped] = manager.get(f"/api/v1/projects/{project.pk}/stopped-tasks").json()["results"]
    assert (stopped["language"], stopped["expertise"]) == ("", "")
    url = f"/api/v1/projects/{project.pk}/stopped-tasks/{stopped['id']}/reopen"
    assert manager.post(url, {"expertise": "not a tag"}, format="json").status_code == 400
    assert manager.post(url, {"expertise": "medicine"}, format="json").status_code == 204
    assert claim(make_labeler("lay"), project)["reason"] == "nothing_fits"
    assert claim(make_labeler("doctor", expertise=["medicine"]), project)["assignment"] is not None


def test_a_stage_says_what_no_labeler_here_can_do(project, manager, make_labeler):
    make_labeler("ann", languages=["fi"])
    ask(project, "fi")
    ask(project, "de", "law")
    LabelingTask.objects.all().delete()
    started = round_start(project=project, actor=None, recipe=[{"kind": "demonstrate", "num_tasks": 2}])
    reason = RoundStage.objects.get(round=started).reason
    assert "2 answers open" in reason
    assert "1 tasks ask for language de and expertise law, which no labeler here has" in reason
    assert "fi" not in reason


def test_what_a_place_needs_is_known_to_the_database(project):
    ask(project)
    for field, value in (("language", "German"), ("expertise", "two words")):
        with pytest.raises(IntegrityError), transaction.atomic():
            LabelingTask.objects.update(**{field: value})


def test_a_claim_reads_few_pages_beside_many_places_that_do_not_fit(project, make_labeler):
    """30,000 places ask for German, on ten priorities and older than the one that anybody may take."""
    make_labeler("ann", languages=["fi"], expertise=["law"])
    ask(project, "de")
    columns = {"id": "1000000 + i", "task_id": "first.task_id", "number": "1 + i", "priority": "i % 10"}
    copy_first_row(Place, "generate_series(1, 30000) AS i", columns)
    make_ranking_tasks(project, make_prompts(project, 1), k=2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE feedback_place")
        member = Membership.objects.get(user__username="ann")
        values = {
            "project": project.pk, "labeler": member.user_id, "after": 0, "seconds": 60, "token": str(uuid.uuid4()),
            "max_live": MAX_LIVE_LEASES,
        }  # fmt: skip
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + CLAIM, values)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    assert Place.objects.get(state="leased").needs == ""
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 300, plan


def test_more_prompts_than_a_statement_takes_parameters_are_asked_for_their_needs(project):
    (prompt,) = make_prompts(project, 1)
    Prompt.objects.filter(pk=prompt.pk).update(metadata={"language": "de"})
    many = [prompt.pk, None, *range(prompt.pk + 1, prompt.pk + 70_000)]
    assert needs_of_prompts(many) == {prompt.pk: ("de", "")}
