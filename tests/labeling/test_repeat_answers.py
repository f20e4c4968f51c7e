"""A share of a labeler's rankings is asked again, later and in another order, and counts for their figures alone. On PostgreSQL."""

import gzip
import json
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from labeling.accounts.models import User
from labeling.feedback.chat_batches import chats_open
from labeling.feedback.chat_models import Conversation
from labeling.feedback.models import LabelingTask, Place, Ranking
from labeling.feedback.repeats import repeats_open, repeats_open_all
from labeling.rounds.models import Project, Prompt
from labeling.training.exports import export_run
from labeling.training.services import snapshot_create
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
AFTER_ANSWERS = 2


@pytest.fixture
def project(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}"
    made = make_project()
    Project.objects.update(repeat_share=0.5, repeat_after_hours=24, repeat_after_answers=AFTER_ANSWERS)
    made.refresh_from_db()
    return made


@pytest.fixture
def ann(project):
    return client_of(make_user(project, "ann", "labeler"))


@pytest.fixture
def bea(project):
    return client_of(make_user(project, "bea", "labeler"))


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def answer_all(client, project):
    """Answers whatever is handed out, the first shown best; returns the tasks."""
    found = []
    while held := claim(client, project):
        assert submit(client, held, uuid.uuid4().hex).status_code == 200
        found.append(held["task"]["id"])
    return found


def let_pass(hours):
    """As time does, for answers that are there; the trigger that keeps answers as they are looks away."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        first = timezone.now() - timedelta(hours=hours)
        for number, ranking in enumerate(Ranking.objects.order_by("pk")):
            Ranking.objects.filter(pk=ranking.pk).update(created_at=first + timedelta(seconds=number))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def repeated(labeler="ann"):
    return LabelingTask.objects.filter(repeats__labeler__username=labeler)


def test_a_repeat_comes_after_a_day_and_other_answers_to_its_labeler_alone(project, ann, bea):
    make_ranking_tasks(project, make_prompts(project, 24))
    answer_all(ann, project)
    assert repeats_open(project) == 0  # too soon
    let_pass(23)
    assert repeats_open(project) == 0
    let_pass(25)
    assert (repeats_open(project), repeats_open(project)) == (1, 0)  # one at a time
    again = repeated().get()
    assert again.purpose == "calibration"
    later = Ranking.objects.filter(pk__gt=again.repeats_id).count()
    assert later >= AFTER_ANSWERS
    assert claim(bea, project) is None
    assert bea.get(f"/api/v1/projects/{project.pk}/labeling/summary").json()["open"]["ranking"] == 0
    held = claim(ann, project)
    assert held["task"]["id"] == again.pk
    shown = [row["id"] for row in held["task"]["completions"]]
    before = list(again.repeats.task.task_completions.values_list("completion_id", flat=True))
    assert shown != before
    assert sorted(shown) == sorted(before)


def test_chats_come_between_too(project, ann):
    make_ranking_tasks(project, make_prompts(project, 24))
    Project.objects.update(repeat_share=0.5, repeat_after_answers=24)
    answer_all(ann, project)
    let_pass(48)
    assert repeats_open(project) == 0, "23 others at most"
    hold_chats(project, User.objects.get(username="ann"), 24)
    assert repeats_open(project) == 1


def hold_chats(project, labeler, count):
    """Conversations as handed in, without their turns."""
    policy = make_checkpoint(project, "policy", "talker")
    settings = {"temperature_a": 1, "temperature_b": 1, "top_p": 1, "max_new_tokens": 8, "max_turns": 2, "brief": ""}
    chats_open(
        project=project, actor=labeler, kind="chat", num_tasks=count, checkpoint_a=policy.pk, checkpoint_b=policy.pk, **settings
    )  # fmt: skip
    for place in Place.objects.filter(kind="chat").select_related("task"):
        Conversation.objects.create(
            project=project, task=place.task, place=place, labeler=labeler, guideline_id=place.task.guideline_id,
            label_schema_id=place.task.label_schema_id,
        )  # fmt: skip


@pytest.mark.parametrize("made_sensitive_by", ["origin", "skip"])
def test_who_takes_no_sensitive_tasks_meets_none_again(project, ann, bea, made_sensitive_by):
    Project.objects.update(repeat_share=0.5, repeat_after_answers=0)
    prompts = make_prompts(project, 12)
    if made_sensitive_by == "origin":
        Prompt.objects.update(origin="red_team")
    make_ranking_tasks(project, prompts, num_places=2)
    answer_all(ann, project)
    if made_sensitive_by == "skip":
        while held := claim(bea, project):
            body = {"lease_token": held["place"]["lease_token"], "reason": "sensitive"}
            assert bea.post(f"/api/v1/places/{held['place']['id']}/skip", body, format="json").status_code == 200
    let_pass(48)
    choose = f"/api/v1/projects/{project.pk}/labeling/preferences"
    assert repeats_open(project) == 1
    ann.patch(choose, {"takes_sensitive": False}, format="json")
    assert claim(ann, project) is None, "the repeat was open before she chose"
    assert repeats_open(project) == 0
    ann.patch(choose, {"takes_sensitive": True}, format="json")
    assert claim(ann, project)["task"]["id"] == repeated().get().pk


def test_answers_too_few_after_which_nothing_is_repeated(project, ann):
    make_ranking_tasks(project, make_prompts(project, AFTER_ANSWERS))
    Project.objects.update(repeat_share=0.5)
    answer_all(ann, project)
    let_pass(48)
    assert repeats_open(project) == 0


@pytest.mark.slow
def test_no_answer_is_repeated_twice_and_the_share_is_kept(project, ann):
    make_ranking_tasks(project, make_prompts(project, 40), k=2)
    answer_all(ann, project)
    let_pass(48)
    rounds = 0
    while repeats_open_all():
        rounds += 1
        assert len(answer_all(ann, project)) == 1
    assert 8 <= rounds <= 30  # of 38 that others followed, half
    assert repeated().count() == len(set(repeated().values_list("repeats_id", flat=True))) == rounds
    assert not LabelingTask.objects.filter(repeats__task__purpose="calibration").exists()  # a repeat is not repeated
    let_pass(24 * 40)
    assert repeats_open(project) == 0


def test_a_project_that_does_not_ask_for_repeats_has_none(project, ann):
    make_ranking_tasks(project, make_prompts(project, 24))
    answer_all(ann, project)
    let_pass(48)
    Project.objects.update(repeat_share=0)
    assert repeats_open_all() == 0


@pytest.mark.slow
def test_a_skipped_repeat_is_over_and_makes_room_for_the_next(project, ann, bea):
    make_ranking_tasks(project, make_prompts(project, 30), k=2)
    answer_all(ann, project)
    let_pass(48)
    repeats_open(project)
    place = claim(ann, project)["place"]
    body = {"lease_token": place["lease_token"], "reason": "unclear", "note": ""}
    assert ann.post(f"/api/v1/places/{place['id']}/skip", body, format="json").json()["next"] is None
    assert Place.objects.get(pk=place["id"]).state == "closed"
    assert repeats_open(project) == 1
    assert claim(bea, project) is None


@pytest.mark.slow
def test_a_repeat_whose_lease_ran_out_goes_to_nobody_else(project, ann, bea):
    make_ranking_tasks(project, make_prompts(project, 24))
    answer_all(ann, project)
    let_pass(48)
    repeats_open(project)
    held = claim(ann, project)
    Place.objects.filter(pk=held["place"]["id"]).update(lease_expires_at="2000-01-01T00:00:00Z")
    assert claim(bea, project) is None
    assert claim(ann, project)["place"]["id"] == held["place"]["id"]
    with pytest.raises(IntegrityError, match="place_reserved_for_its_labeler"), transaction.atomic():
        Place.objects.filter(pk=held["place"]["id"]).update(labeler_id=client_user(bea))


def client_user(client):
    return int(client.session["_auth_user_id"])


def test_a_repeat_is_in_no_export_and_in_the_labelers_self_agreement(project, ann, tmp_path):
    cache.clear()
    make_ranking_tasks(project, make_prompts(project, 24))
    answer_all(ann, project)
    let_pass(48)
    repeats_open(project)
    held = claim(ann, project)
    assert submit(ann, held, "again").status_code == 200
    snapshot = snapshot_create(project=project, kind="rankings", filters={"splits": ["train"]}, actor=None)
    export_run(snapshot.pk, lambda progress: True)
    parts = sorted(tmp_path.glob(f"snapshots/{snapshot.pk}/*.jsonl.gz"))
    records = [json.loads(line) for part in parts for line in gzip.decompress(part.read_bytes()).splitlines()]
    assert len(records) == 24
    assert Ranking.objects.count() == 25
    assert str(held["task"]["id"]) not in {record["task_id"] for record in records}
    manager = client_of(make_user(project, "mia", "manager"))
    [row] = manager.get(f"/api/v1/projects/{project.pk}/quality/labelers").json()["labelers"]
    assert row["self_repeat"]["n"] == 3  # the pairs of three completions
    shown = [completion["id"] for completion in held["task"]["completions"]]
    before = list(repeated().get().repeats.task.task_completions.values_list("completion_id", flat=True))
    pairs = [(a, b) for i, a in enumerate(before) for b in before[i + 1 :]]
    same = sum(shown.index(a) < shown.index(b) for a, b in pairs)
    assert row["self_repeat"]["value"] == pytest.approx(same / 3)


def test_the_labeler_is_not_told_that_a_task_is_a_repeat(project, ann):
    make_ranking_tasks(project, make_prompts(project, 24))
    answer_all(ann, project)
    make_ranking_tasks(project, make_prompts(project, 1, "validation"))
    plain = claim(ann, project)
    submit(ann, plain, "plain")
    let_pass(48)
    repeats_open(project)
    again = claim(ann, project)
    assert set(again["task"]) == set(plain["task"])
    assert "calibration" not in json.dumps(again)


def test_a_repeat_that_is_no_calibration_is_refused_by_the_database(project, ann):
    make_ranking_tasks(project, make_prompts(project, 2))
    answer_all(ann, project)
    with pytest.raises(IntegrityError, match="task_repeat_is_calibration"), transaction.atomic():
        LabelingTask.objects.update(repeats=Ranking.objects.first())


def test_managers_set_the_share_within_bounds(project):
    manager = client_of(make_user(project, "mia", "manager"))
    url = f"/api/v1/projects/{project.pk}"
    given = {"repeat_share": 0.05, "repeat_after_hours": 48, "repeat_after_answers": 30}
    assert given.items() <= manager.patch(url, given, format="json").json().items()
    for wrong in ({"repeat_share": 0.6}, {"repeat_share": "NaN"}, {"repeat_share": -0.1}, {"repeat_after_hours": 0}):
        assert manager.patch(url, wrong, format="json").status_code == 400, wrong
