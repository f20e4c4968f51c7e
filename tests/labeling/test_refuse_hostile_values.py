"""Values that a page never sends: each is refused with a reason, none is an error of the server, none spoils what others read."""

import json

import pytest

from labeling.feedback.models import Ranking
from tests.labeling.feedback_cast import (
    client_of,
    make_checkpoint,
    make_project,
    make_prompts,
    make_ranking_tasks,
    make_user,
    submit,
)

pytestmark = pytest.mark.django_db
SUPERSCRIPT_TWO = "\u00b2"  # str.isdigit() says yes, int() says no
HUGE = "9" * 30
LONG = "1" * 5000  # more digits than int() reads
NO_NUMBERS = [SUPERSCRIPT_TWO, HUGE, LONG, "-1", "x", "%00"]
RANKING = "places/{place}/submit"
SAMPLE = "checkpoints/{checkpoint}/sample"
MESSAGES = [{"role": "user", "content": "a"}]
BODIES = [
    ("POST", "projects/{project}/labeling/claim", {"after_place": 10**30}),
    ("PUT", "places/{place}/draft", {"lease_token": "", "body": {"text": "a\0b"}}),
    ("PUT", "places/{place}/draft", {"lease_token": "", "body": {"text": "\ud800"}}),
    ("POST", "projects/{project}/label-schemas", {"schema": {"axes": [], "flags": [{"key": "a", "label": "a\0b"}]}}),
    ("POST", "projects/{project}/snapshots", {"kind": "prompts", "filters": {"limit": 10**30}}),
    ("POST", "projects/{project}/snapshots", {"kind": "prompts", "filters": {"seed": 10**30}}),
    ("POST", "projects/{project}/runs", {"kind": "sft", "config": {}, "inputs": {"base": {"checkpoint": 10**30}}}),
    ("POST", "projects/{project}/rounds", {"recipe": [{"kind": "sft", "config": {"dtype": "a\0b"}}]}),
    ("POST", SAMPLE, {"messages": MESSAGES, "temperature": "NaN"}),
    ("POST", SAMPLE, {"messages": MESSAGES, "seed": 10**30}),
    ("POST", RANKING, {"lease_token": "", "answer": {"ranks": {SUPERSCRIPT_TWO: 1}}}),
    ("POST", RANKING, {"lease_token": "", "answer": {"ranks": {HUGE: 1}}}),
    ("POST", RANKING, {"lease_token": "", "answer": {"ratings": {LONG: {}}}}),
]


@pytest.fixture
def project(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}"
    return make_project()


@pytest.fixture
def boss(project):
    return client_of(make_user(project, "boss", "labeler", "manager", "engineer"))


@pytest.fixture
def held(project, boss):
    make_ranking_tasks(project, make_prompts(project, 2))
    return boss.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def test_numbers_and_choices_in_the_address_are_checked(project, boss):
    for path in ("prompts?cursor=", "runs?cursor=", "compare?b=1&a=", "prompts?split=", "quality/agreement?round="):
        for value in NO_NUMBERS:
            reply = boss.get(f"/api/v1/projects/{project.pk}/{path}{value}")
            assert reply.status_code == 400, (path, value)
            assert "Expected" in reply.json()["error"]["message"]
    assert boss.get(f"/api/v1/projects/{project.pk}/prompts?search=%00").status_code == 200


def test_time_that_is_no_time_is_refused_and_the_page_of_the_prompt_stays_readable(project, boss, held):
    for seconds in ("NaN", "Infinity", "-Infinity", 1e300, -1):
        assert submit(boss, held, "k1", seconds=seconds).status_code == 400, seconds
    assert not Ranking.objects.exists()
    assert boss.get(f"/api/v1/projects/{project.pk}/prompts/{held['task']['prompt']['id']}").status_code == 200


def test_values_that_the_database_cannot_keep_are_refused(project, boss, held):
    checkpoint, place = make_checkpoint(project, "policy", "p").pk, held["place"]
    for method, path, body in BODIES:
        sent = {**body, "lease_token": place["lease_token"]} if "lease_token" in body else body
        url = f"/api/v1/{path.format(project=project.pk, place=place['id'], checkpoint=checkpoint)}"
        content = json.dumps(sent)  # escapes what UTF-8 cannot write
        reply = boss.generic(method, url, content, "application/json", headers={"Idempotency-Key": "k"})
        assert reply.status_code in {400, 404}, (path, body, reply.content)
        assert reply.json()["error"]["message"]


def test_a_path_with_a_number_beyond_the_database_is_not_found(project, boss):
    for path in (f"projects/{HUGE}", f"runs/{HUGE}", f"places/{HUGE}/release", f"projects/{project.pk}/prompts/{HUGE}"):
        method = boss.post if path.endswith("release") else boss.get
        assert method(f"/api/v1/{path}", {}, format="json").status_code == 404, path


def test_words_with_quotes_and_line_ends_are_found(project, boss):
    prompt = make_prompts(project, 1)[0]
    prompt.messages = [{"role": "user", "content": 'Say "good day"\nto the 100% wool_seller.'}]
    prompt.save()
    for search in ('"GOOD day"', "day%22%0Ato", "100%25 wool_"):
        found = boss.get(f"/api/v1/projects/{project.pk}/prompts?search={search}").json()
        assert found["count"] == 1, search
    assert boss.get(f"/api/v1/projects/{project.pk}/prompts?search=wool%25seller").json()["count"] == 0
