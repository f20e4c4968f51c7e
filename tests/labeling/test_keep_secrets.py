"""What a labeler must not learn is in no reply: not in a list, not through a filter, an order, an id or an export."""

import re

import pytest

from labeling.feedback.models import Completion, LabelingTask, RankedCompletion, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import Prompt
from tests.labeling.feedback_cast import client_of, make_checkpoint, make_completions, make_prompts, make_user, submit
from tests.labeling.site_cast import cast_make
from tests.labeling.test_sweep_urls import PREFIX
from tests.labeling.url_roles import URL_ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]
SECRETS = {
    "another labeler's words": "violet-heron-note",
    "the name of a checkpoint": "secret-checkpoint-name",
    "who else labels": "other-labeler-name",
    "what a task is for": '"calibration"',
    "the id of a checkpoint": '"checkpoint"',
}
QUERIES = [
    "", "?ordering=-labeler", "?labeler=1", "?checkpoint=1", "?purpose=calibration", "?search=violet-heron-note",
    "?split=test", "?format=api", "?page=1&cursor=0", "?expand=completion,ranking", "?fields=*", "?is_counted=true",
]  # fmt: skip


@pytest.fixture
def cast(settings, tmp_path, monkeypatch):
    """A task for a calibration that another labeler has answered, on completions of a checkpoint with a name."""
    for module in ("labeling.training.streams", "labeling.feedback.chat_stream"):
        monkeypatch.setattr(f"{module}.close_old_connections", lambda: None)
    settings.STORAGE_URL = f"file://{tmp_path}"
    cast = cast_make()
    checkpoint = make_checkpoint(cast.project, "policy", SECRETS["the name of a checkpoint"])
    for prompt in make_prompts(cast.project, 2):
        shown = [row.pk for row in make_completions(prompt, 2, checkpoint)]
        tasks_create(
            project=cast.project,
            specs=[TaskSpec(prompt=prompt.pk, kind="ranking", completions=shown, num_places=2, purpose="calibration")],
        )
    other = client_of(make_user(cast.project, SECRETS["who else labels"], "labeler"))
    for number in range(2):
        claimed = other.post(f"{cast.path}/labeling/claim", {}, format="json").json()["assignment"]
        assert submit(other, claimed, f"k{number}", notes=SECRETS["another labeler's words"]).status_code == 200
    return cast


def urls(cast, assignment):
    values = {
        "project_id": cast.project.pk,
        "prompt_id": Prompt.objects.first().pk,
        "completion_id": Completion.objects.first().pk,
        "place_id": assignment["place"]["id"],
        "user_id": cast.people["manager"].pk,
        "checkpoint_id": Completion.objects.first().checkpoint_id,
    }
    for method, path in URL_ROLES:
        if method == "GET":
            filled = re.sub(r"<\w+:(\w+)>", lambda match: str(values.get(match[1], 1)), path)
            yield from (f"/{PREFIX}{filled}{query}" for query in QUERIES)


def test_no_reply_to_a_labeler_holds_a_secret(cast):
    assert Ranking.objects.count() == 2
    labeler = cast.client("labeler", raise_request_exception=False)
    claimed = labeler.post(f"{cast.path}/labeling/claim", {}, content_type="application/json")
    assignment = claimed.json()["assignment"]
    bodies = {"the claim": claimed.content.decode()}
    for url in urls(cast, assignment):
        reply = labeler.get(url)
        assert reply.status_code < 500, url
        bodies[url] = "" if reply.streaming else reply.content.decode()
    found = [f"{url} tells {name}" for url, body in bodies.items() for name, text in SECRETS.items() if text in body]
    assert not found, "\n".join(found)
    assert SECRETS["another labeler's words"] in cast.client("manager").get(f"{cast.path}/rankings").content.decode()


def test_no_export_is_made_or_seen_by_a_labeler(cast):
    labeler = cast.client("labeler")
    body = {"kind": "rankings"}
    assert labeler.post(f"{cast.path}/snapshots", body, content_type="application/json").status_code == 403
    assert labeler.get(f"{cast.path}/snapshots").status_code == 403


def test_another_labelers_place_and_answer_cannot_be_reached_by_their_ids(cast):
    labeler = cast.client("labeler")
    ranking = Ranking.objects.first()
    for act, body in (
        ("draft", {"body": {}}),
        ("heartbeat", {}),
        ("release", {}),
        ("submit", {"answer": {"ranks": {}}}),
    ):
        send = labeler.put if act == "draft" else labeler.post
        reply = send(
            f"/api/v1/places/{ranking.place_id}/{act}",
            {"lease_token": "00000000-0000-4000-8000-000000000000", **body},
            content_type="application/json", headers={"Idempotency-Key": "k"},
        )  # fmt: skip
        assert reply.status_code in (400, 409), (act, reply.content)
        assert SECRETS["another labeler's words"] not in reply.content.decode()
    assert RankedCompletion.objects.filter(ranking=ranking).count() == 2
    assert LabelingTask.objects.filter(purpose="calibration").count() == 2
