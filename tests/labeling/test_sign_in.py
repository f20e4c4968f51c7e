"""Signing in and out, tokens, the throttle and CSRF."""

import pytest
from django.test import Client

from labeling.accounts.services import token_create
from tests.labeling.site_cast import PASSWORD, cast_make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]
JSON = "application/json"


@pytest.fixture
def cast():
    return cast_make()


def sign_in(client, username, password, **headers):
    body = {"username": username, "password": password}
    return client.post("/api/v1/session", body, content_type=JSON, headers=headers)


def test_nobody_is_signed_in_at_first():
    state = Client().get("/api/v1/session").json()
    assert state["user"] is None
    assert state["projects"] == []
    assert state["csrf_token"]


def test_signing_in_shows_projects_and_roles_and_signing_out_ends_it(cast):
    client = Client()
    state = sign_in(client, "manager", PASSWORD).json()
    assert state["user"]["username"] == "manager"
    assert [(project["slug"], project["roles"]) for project in state["projects"]] == [("rabbits", ["manager"])]
    assert client.delete("/api/v1/session").json()["user"] is None
    assert client.get(cast.path).status_code == 401


def test_wrong_password_and_unknown_name_get_the_same_reply(cast):
    replies = [sign_in(Client(), name, "not-it").json() for name in ("manager", "nobody-here")]
    assert replies[0] == replies[1]
    assert replies[0]["error"]["code"] == "wrong_credentials"


def test_eleventh_attempt_in_a_minute_is_refused_even_with_the_right_password(cast):
    for _ in range(10):
        assert sign_in(Client(), "labeler", "guess").status_code == 400
    reply = sign_in(Client(), "labeler", PASSWORD)
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "throttled")
    assert sign_in(Client(), "manager", PASSWORD).status_code == 200


def test_signing_in_without_the_csrf_token_is_refused(cast):
    client = Client(enforce_csrf_checks=True)
    token = client.get("/api/v1/session").json()["csrf_token"]
    assert sign_in(client, "manager", PASSWORD).status_code == 403
    reply = sign_in(client, "manager", PASSWORD, **{"X-CSRFToken": token})
    assert reply.status_code == 200
    body = {"text": "Be kind."}
    assert client.post(f"{cast.path}/guidelines", body, content_type=JSON).status_code == 403
    fresh = {"X-CSRFToken": reply.json()["csrf_token"]}
    assert client.post(f"{cast.path}/guidelines", body, content_type=JSON, headers=fresh).status_code == 201


def test_session_cookie_is_http_only_and_lax(cast):
    cookie = sign_in(Client(), "manager", PASSWORD).cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_token_text_is_shown_once_and_works_until_revoked(cast):
    client = cast.client("manager")
    made = client.post("/api/v1/tokens", {"name": "script", "scopes": ["read"]}, content_type=JSON).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert "token" not in client.get("/api/v1/tokens").json()["results"][0]
    assert Client().get(cast.path, headers=bearer).status_code == 200
    refused = Client().post(f"{cast.path}/guidelines", {"text": "x"}, content_type=JSON, headers=bearer)
    assert refused.status_code == 403
    assert "manage" in refused.json()["error"]["message"]
    assert client.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert Client().get(cast.path, headers=bearer).status_code == 401


def test_token_cannot_make_another_token(cast):
    _, text = token_create(user=cast.people["manager"], name="all", scopes=["read", "label", "manage", "train"])
    bearer = {"Authorization": f"Bearer {text}"}
    body = {"name": "more", "scopes": ["read"]}
    assert Client().post("/api/v1/tokens", body, content_type=JSON, headers=bearer).status_code == 403


def test_token_of_a_deactivated_person_stops_working(cast):
    person = cast.people["manager"]
    _, text = token_create(user=person, name="script", scopes=["read"])
    person.is_active = False
    person.save()
    assert Client().get(cast.path, headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_somebody_elses_token_cannot_be_revoked(cast):
    token, _ = token_create(user=cast.people["engineer"], name="script", scopes=["read"])
    assert cast.client("manager").delete(f"/api/v1/tokens/{token.pk}").status_code == 404


def test_password_is_changed_with_the_old_one_and_other_sessions_end(cast):
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        sign_in(client, "labeler", PASSWORD)
    for current, new, field in (("wrong", "brand-new-lamp-9", "current"), (PASSWORD, "12345", "new")):
        refused = here.put("/api/v1/password", {"current": current, "new": new}, content_type=JSON)
        codes = {"current": "wrong_password", "new": "password_too_short"}
        assert (refused.status_code, refused.json()["error"]["field_codes"]) == (400, {field: codes[field]})
        assert list(refused.json()["error"]["fields"]) == [field]
    changed = here.put("/api/v1/password", {"current": PASSWORD, "new": "brand-new-lamp-9"}, content_type=JSON)
    assert changed.status_code == 204
    assert here.get("/api/v1/session").json()["user"]["username"] == "labeler"
    assert elsewhere.get("/api/v1/session").json()["user"] is None
    assert sign_in(Client(), "labeler", PASSWORD).status_code == 400
    assert sign_in(Client(), "labeler", "brand-new-lamp-9").status_code == 200


def test_guesses_of_the_current_password_are_throttled(cast):
    client = cast.client("labeler")
    body = {"current": "guess", "new": "brand-new-lamp-9"}
    statuses = [client.put("/api/v1/password", body, content_type=JSON).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]
