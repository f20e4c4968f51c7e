"""Health, the single page with its nonce and policy, and the errors of the API."""

import re

import pytest
from django.test import Client

from labeling.jobs.models import Heartbeat
from labeling.jobs.services import heartbeat_beat
from labeling.version import code_version

pytestmark = pytest.mark.django_db


def test_healthz_names_the_version():
    assert Client().get("/healthz").json() == {"ok": True, "version": code_version()}


def test_readyz_names_what_is_missing_then_is_ready():
    reply = Client().get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["parts"] == {"database": "ok", "redis": "ok", "worker": "never seen", "ray": "never seen"}
    heartbeat_beat("worker")
    heartbeat_beat("ray")
    assert Client().get("/readyz").status_code == 200


def test_worker_of_another_version_is_not_ready():
    heartbeat_beat("ray")
    heartbeat_beat("worker")
    Heartbeat.objects.filter(component="worker").update(version="0.0.0+other")
    assert "restart both" in Client().get("/readyz").json()["parts"]["worker"]


def test_unreachable_redis_is_named(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert Client().get("/readyz").json()["parts"]["redis"].startswith("unreachable")


@pytest.mark.parametrize("path", ["/", "/projects/1/rounds/2", "/invitations/abc"])
def test_page_carries_a_fresh_nonce_that_its_policy_names(settings, tmp_path, path):
    settings.FRONTEND_DIST = tmp_path
    (tmp_path / "index.html").write_text('<script nonce="__CSP_NONCE__" src="/assets/a.js"></script>')
    replies = [Client().get(path) for _ in range(2)]
    nonces = [re.search(r'nonce="([^"]+)"', reply.content.decode())[1] for reply in replies]
    assert nonces[0] != nonces[1]
    policy = replies[0].headers["Content-Security-Policy"]
    assert f"'nonce-{nonces[0]}'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_page_that_is_not_built_says_how(settings, tmp_path):
    settings.FRONTEND_DIST = tmp_path
    reply = Client().get("/")
    assert reply.status_code == 503
    assert b"make" in reply.content


def test_unknown_api_path_is_an_error_in_our_shape():
    reply = Client().get("/api/v1/nothing")
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "not_found"


def test_missing_asset_is_not_answered_with_the_page():
    assert Client().get("/assets/gone.js").status_code == 404


def test_invalid_json_names_the_error():
    reply = Client().post("/api/v1/session", "{", content_type="application/json")
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "invalid"


def test_built_files_carry_the_policy_too(settings, tmp_path):
    settings.WHITENOISE_ROOT = tmp_path
    (tmp_path / "index.html").write_text("<p>raw</p>")
    reply = Client().get("/index.html")
    assert b"".join(reply) == b"<p>raw</p>"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
