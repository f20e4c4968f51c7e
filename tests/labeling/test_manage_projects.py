"""Projects, versions, invitations and people, as a manager changes them."""

import copy

import pytest
from django.test import Client

from labeling.jobs.models import AuditEntry
from labeling.rounds.label_schemas import DEFAULT_SCHEMA
from labeling.rounds.models import Membership
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
    assert [axis["key"] for axis in schema["axes"]] == ["helpful", "harmless", "honest"]
    assert len(schema["flags"]) == 11


def test_labeler_cannot_make_a_project(cast):
    assert (
        cast.client("labeler").post("/api/v1/projects", {"name": "O", "slug": "o"}, content_type=JSON).status_code
        == 403
    )


def test_taken_short_name_is_a_conflict(cast):
    reply = cast.client("manager").post("/api/v1/projects", {"name": "R", "slug": "rabbits"}, content_type=JSON)
    assert reply.status_code == 409
    assert reply.json()["error"]["fields"] == {"slug": "taken"}


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
    for account in ({"username": "newcomer", "password": "12345678"}, {"username": "manager", "password": PASSWORD}):
        assert Client().post(f"/api/v1/invitations/{token}/accept", account, content_type=JSON).status_code == 400
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
    assert reply.json()["counts"] == {"demonstrations": 0, "rankings": 0}


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
