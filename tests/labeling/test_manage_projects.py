"""Projects, versions, invitations and people, as a manager changes them."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client

from labeling.accounts.services import token_create
from labeling.feedback.edits import edit_store
from labeling.feedback.models import Demonstration, Place, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.jobs.models import AuditEntry
from labeling.rounds.label_schemas import DEFAULT_SCHEMA
from labeling.rounds.models import Membership
from labeling.rounds.services import guideline_create
from tests.labeling.feedback_cast import make_prompts, make_ranking_tasks
from tests.labeling.site_cast import PASSWORD, cast_make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]
JSON = "application/json"


@pytest.fixture
def cast():
    return cast_make()


def test_new_project_has_a_guideline_and_the_default_label_schema(cast):
    client = cast.client("manager")
    made = client.post("/api/v1/projects", {"name": "Owls", "slug": "owls"}, content_type=JSON).json()
    assert sorted(made["roles"]) == ["engineer", "manager"]
    assert client.get(f"/api/v1/projects/{made['id']}/guidelines").json()["results"][0]["number"] == 1
    schema = client.get(f"/api/v1/projects/{made['id']}/label-schemas").json()["results"][0]["schema"]
    assert [axis["key"] for axis in schema["axes"]] == ["overall", "helpful", "harmless", "honest"]
    assert len(schema["flags"]) == 11


def test_labeler_cannot_make_a_project(cast):
    assert (
        cast.client("labeler").post("/api/v1/projects", {"name": "O", "slug": "o"}, content_type=JSON).status_code
        == 403
    )


def test_taken_short_name_is_a_conflict(cast):
    reply = cast.client("manager").post("/api/v1/projects", {"name": "R", "slug": "rabbits"}, content_type=JSON)
    assert reply.status_code == 409
    assert reply.json()["error"]["fields"] == {"slug": "The short name 'rabbits' is taken; choose another."}


def test_guideline_versions_count_up_and_are_audited(cast):
    reply = cast.client("manager").post(f"{cast.path}/guidelines", {"text": "Be kind."}, content_type=JSON)
    assert reply.json()["number"] == 2
    assert AuditEntry.objects.filter(action="guideline_create", actor=cast.people["manager"]).count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda schema: schema["axes"][0].update(maximum=1), "axes.0.maximum"),
        (lambda schema: schema["axes"][1].update(key="Not Good"), "axes.1.key"),
        (lambda schema: schema["flags"][1].update(key=schema["flags"][0]["key"]), "flags"),
        (lambda schema: schema.pop("flags"), "schema"),
    ],
)
def test_label_schema_that_is_wrong_is_refused_with_the_field(cast, change, field):
    schema = copy.deepcopy(DEFAULT_SCHEMA)
    change(schema)
    reply = cast.client("manager").post(f"{cast.path}/label-schemas", {"schema": schema}, content_type=JSON)
    assert reply.status_code == 400
    assert list(reply.json()["error"]["fields"]) == [field]


def invite(cast, role="labeler"):
    body = {"email": "new@example.org", "role": role}
    return (
        cast.client("manager")
        .post(f"{cast.path}/invitations", body, content_type=JSON)
        .json()["url"]
        .rsplit("/", 1)[-1]
    )


def test_invitation_makes_an_account_once(cast):
    token = invite(cast)
    assert Client().get(f"/api/v1/invitations/{token}").json()["project_name"] == "Rabbits"
    account = {"username": "newcomer", "display_name": "New", "password": PASSWORD}
    joined = Client().post(f"/api/v1/invitations/{token}/accept", account, content_type=JSON).json()
    assert joined["projects"][0]["roles"] == ["labeler"]
    again = Client().post(f"/api/v1/invitations/{token}/accept", {**account, "username": "other"}, content_type=JSON)
    assert again.status_code == 404


def test_weak_password_and_taken_name_leave_the_invitation_open(cast):
    token = invite(cast)
    for account, code in (
        ({"username": "newcomer", "password": "lamp-9-lit"[:9]}, {"password": "password_too_short"}),
        ({"username": "newcomer", "password": "1234567890"}, {"password": "password_too_common"}),
        ({"username": "quiet-otter", "password": "quiet-otter"}, {"password": "password_too_similar"}),
        ({"username": "new comer", "password": PASSWORD}, {"username": "username_invalid"}),
        ({"username": "manager", "password": PASSWORD}, {"username": "name_taken"}),
        ({"username": "newcomer"}, {"password": "required"}),
    ):
        refused = Client().post(f"/api/v1/invitations/{token}/accept", account, content_type=JSON)
        error = refused.json()["error"]
        assert (refused.status_code, error["field_codes"]) == (400, code)
        assert set(error["fields"]) == set(code)
        assert error["fields"].get("username") != "taken", "a word that says nothing"
    assert Client().get(f"/api/v1/invitations/{token}").status_code == 200


def test_person_who_is_signed_in_joins_as_themselves(cast):
    client = cast.client("stranger")
    joined = client.post(f"/api/v1/invitations/{invite(cast)}/accept", {}, content_type=JSON).json()
    assert joined["user"]["username"] == "stranger"
    assert {project["slug"] for project in joined["projects"]} == {"rabbits", "hares"}


def person_change(cast, who, change, role="manager"):
    path = f"{cast.path}/people/{cast.people[who].pk}"
    return cast.client(role).patch(path, change, content_type=JSON)


def test_roles_are_set_as_a_whole(cast):
    reply = person_change(cast, "labeler", {"roles": ["engineer", "labeler"]})
    assert reply.json()["roles"] == ["engineer", "labeler"]
    assert reply.json()["counts"] == {"demonstrations": 0, "rankings": 0, "chats": 0}


def test_manager_cannot_give_up_their_own_role(cast):
    assert person_change(cast, "manager", {"roles": ["labeler"]}).status_code == 409


def test_deactivated_person_is_signed_out_at_once(cast):
    client = cast.client("labeler")
    assert client.get(cast.path).status_code == 200
    assert person_change(cast, "labeler", {"is_active": False}).json()["is_active"] is False
    assert client.get(cast.path).status_code == 401


def test_person_who_also_works_elsewhere_cannot_be_deactivated_by_this_manager(cast):
    Membership.objects.create(project=cast.elsewhere, user=cast.people["labeler"], role="labeler")
    assert person_change(cast, "labeler", {"is_active": False}).status_code == 403


def test_counts_of_a_person_do_not_multiply_and_leave_other_projects_and_edits_out(cast):
    labeler = cast.people["labeler"]
    for project in (cast.project, cast.elsewhere):
        prompts = make_prompts(project, 5)
        make_ranking_tasks(project, prompts[:3])
        tasks_create(project=project, specs=[TaskSpec(prompt=row.pk, kind="demonstration") for row in prompts[3:]])
        for place in Place.objects.filter(project=project).select_related("task"):
            given = {"project_id": project.pk, "task": place.task, "labeler_id": labeler.pk}
            answer = {**given, "prompt_id": place.task.prompt_id, "place": place}
            if place.kind == "demonstration":
                Demonstration.objects.create(messages=[], **answer)
            else:
                Ranking.objects.create(**answer)
                edit_store(place.task, place.task.task_completions.first().completion, "A better lamp.", given)
    assert (Demonstration.objects.count(), Ranking.objects.count()) == (10, 12), "with what the edits made"
    people = cast.client("manager").get(f"{cast.path}/people").json()
    by_name = {row["user"]["username"]: row["counts"] for row in people["results"]}
    assert (people["count"], len(by_name)) == (4, 4)
    assert by_name["labeler"] == {"demonstrations": 2, "rankings": 3, "chats": 0}
    assert by_name["manager"] == {"demonstrations": 0, "rankings": 0, "chats": 0}


def test_an_archived_project_hands_out_no_work_and_starts_no_round(cast):
    make_ranking_tasks(cast.project, make_prompts(cast.project, 2))
    labeler, manager = cast.client("labeler"), cast.client("manager")
    assert manager.patch(cast.path, {"is_archived": True}, content_type=JSON).status_code == 200
    claimed = labeler.post(f"{cast.path}/labeling/claim", {}, content_type=JSON).json()
    assert claimed["assignment"] is None
    assert labeler.get(f"{cast.path}/labeling/summary").json()["open"] == {
        "demonstration": 0,
        "ranking": 0,
        "pairwise": 0,
        "chat": 0,
        "red_team": 0,
    }
    assert manager.post(f"{cast.path}/rounds", {}, content_type=JSON).status_code == 409
    mine = manager.get("/api/v1/session").json()["projects"]
    assert [(row["is_archived"], row["roles"]) for row in mine] == [(True, ["manager"])], (
        "its manager can still open it"
    )
    manager.patch(cast.path, {"is_archived": False}, content_type=JSON)
    assert labeler.post(f"{cast.path}/labeling/claim", {}, content_type=JSON).json()["assignment"]


@pytest.mark.django_db(transaction=True)
def test_an_import_under_way_does_not_hold_up_a_new_guideline(cast):
    """The rows of an import are one long transaction, and each of them points to the project."""
    with ThreadPoolExecutor(1) as beside, transaction.atomic():
        make_prompts(cast.project, 1)

        def write():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            try:
                return guideline_create(actor=cast.people["manager"], project=cast.project, text="Be kind.").number
            finally:
                connection.close()

        assert beside.submit(write).result() == 2


def test_invitation_that_is_taken_back_works_no_more_and_an_accepted_one_stays(cast):
    client, account = cast.client("manager"), {"username": "newcomer", "display_name": "New", "password": PASSWORD}
    tokens = [invite(cast), invite(cast)]
    accepted = Client().post(f"/api/v1/invitations/{tokens[0]}/accept", account, content_type=JSON)
    assert accepted.status_code == 200
    newest, oldest = client.get(f"{cast.path}/invitations").json()["results"]
    assert client.delete(f"{cast.path}/invitations/{newest['id']}").status_code == 204
    assert client.delete(f"{cast.path}/invitations/{oldest['id']}").status_code == 409
    late = Client().post(f"/api/v1/invitations/{tokens[1]}/accept", {**account, "username": "late"}, content_type=JSON)
    assert late.status_code == 404


def test_a_token_does_not_accept_an_invitation_for_its_owner(cast):
    _, text = token_create(user=cast.people["stranger"], name="script", scopes=["read"])
    headers = {"Authorization": f"Bearer {text}"}
    reply = Client().post(f"/api/v1/invitations/{invite(cast)}/accept", {}, content_type=JSON, headers=headers)
    assert reply.status_code == 400
    assert not Membership.objects.filter(user=cast.people["stranger"], project=cast.project).exists()
