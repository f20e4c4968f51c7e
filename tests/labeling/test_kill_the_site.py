"""The web server is killed after an answer was committed and before the reply is out; the labeler's page asks again."""

import os
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from labeling.feedback.models import Place, Ranking
from labeling.local import site
from labeling.local.processes import free_port
from tests.labeling.feedback_cast import make_project, make_prompts, make_ranking_tasks, make_user

CSRF_TOKEN = "abcdefghijabcdefghijabcdefghijab"
# The next task is claimed after the answer is committed: there the server waits for us.
HOLD_CLAIMS = """
CREATE FUNCTION claim_wait() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
CREATE TRIGGER claim_wait BEFORE UPDATE ON feedback_place FOR EACH ROW WHEN (NEW.state = 'leased')
EXECUTE FUNCTION claim_wait();
"""
LET_CLAIMS_GO = "DROP TRIGGER claim_wait ON feedback_place; DROP FUNCTION claim_wait();"


def server_start(folder: Path, port: int, secret_key: str) -> site.Program:
    """The production server on the database of the tests."""
    made = connection.settings_dict
    address = f"postgresql://{made['USER']}:{made['PASSWORD']}@{made['HOST']}:{made['PORT']}/{made['NAME']}"
    environment = {
        **site.child_environment(), "ROUNDTABLE_VAR": str(folder), "DATABASE_URL": address, "SECRET_KEY": secret_key,
    }  # fmt: skip
    program = site.start_web(host="127.0.0.1", port=port, logs=folder, environment=environment, num_processes=1)
    site.wait_for_web(program, f"http://127.0.0.1:{port}")
    return program


def signed_in(user, port: int) -> httpx.Client:
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}/api/v1", headers={"X-CSRFToken": CSRF_TOKEN}, timeout=30,
        cookies={"sessionid": session.session_key, "csrftoken": CSRF_TOKEN},
    )  # fmt: skip


def kill_when_stored(pid: int) -> None:
    while not Ranking.objects.exists():
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_an_answer_whose_reply_was_lost_with_the_server_is_stored_once(tmp_path, settings):
    project = make_project()
    make_ranking_tasks(project, make_prompts(project, 2))
    labeler = make_user(project, "ann", "labeler")
    port = free_port()
    program = server_start(tmp_path, port, settings.SECRET_KEY)
    try:
        http = signed_in(labeler, port)
        assignment = http.post(f"/projects/{project.pk}/labeling/claim", json={}).json()["assignment"]
        place = assignment["place"]
        ranks = {str(row["id"]): rank for rank, row in enumerate(assignment["task"]["completions"], start=1)}
        request = http.build_request(
            "POST", f"/places/{place['id']}/submit", headers={"Idempotency-Key": "one"},
            json={"lease_token": place["lease_token"], "answer": {"ranks": ranks}, "seconds": 3},
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(HOLD_CLAIMS)
            cursor.execute("SELECT pg_advisory_lock(4711)")
            killer = threading.Thread(target=kill_when_stored, args=[program.process.pid])
            killer.start()
            with pytest.raises(httpx.TransportError):
                http.send(request)
            killer.join()
            cursor.execute("SELECT pg_advisory_unlock_all()")
            time.sleep(0.2)  # PostgreSQL ends what the dead server had begun
            cursor.execute(LET_CLAIMS_GO)
        assert Ranking.objects.count() == 1
        program.stop()
        program = server_start(tmp_path, port, settings.SECRET_KEY)
        reply = http.send(request)
        assert reply.status_code == 200, reply.text
        assert reply.json()["answer"]["id"] == Ranking.objects.get().pk
        assert reply.json()["next"]["place"]["id"] != place["id"]
        assert sorted(Place.objects.values_list("state", flat=True)) == ["filled", "leased"]
    finally:
        program.stop()
