"""64 labelers at once claim, submit, skip, let leases run out and crash, at random, on PostgreSQL."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Count, F
from django.utils import timezone

from labeling.feedback.claims import LeaseLost, leases_expire, place_claim, place_skip
from labeling.feedback.kinds.ranking.answer import RankingAnswer
from labeling.feedback.models import Place, Ranking, Submission
from labeling.feedback.services import answer_submit
from tests.labeling.feedback_cast import make_project, make_prompts, make_ranking_tasks, make_user

NUM_THREADS = 64


class Crash(Exception):
    """The process dies before its transaction commits."""


def work(labeler, project, actions, seed, accepted):
    draw = random.Random(seed)
    try:
        for _ in range(actions):
            place_id = place_claim(labeler=labeler, project=project)
            if place_id is None:
                continue
            place = Place.objects.select_related("task").get(pk=place_id)
            act = draw.choices(["submit", "twice", "crash", "expire", "skip", "leave"], [10, 2, 2, 3, 1, 1])[0]
            if act == "expire":
                Place.objects.filter(pk=place_id, labeler=labeler, state="leased").update(
                    lease_expires_at=timezone.now() - timedelta(seconds=60)
                )
                leases_expire(seconds=draw.choice([0, 3600]))
            if act == "leave":
                continue
            key = uuid.uuid4().hex
            try:
                if act == "skip":
                    place_skip(
                        labeler=labeler, place_id=place_id, lease_token=place.lease_token, reason="unclear", note=""
                    )
                elif act == "crash":
                    with transaction.atomic():
                        submit(labeler, place, key)
                        raise Crash
                else:
                    for _ in range(2 if act == "twice" else 1):
                        reply = submit(labeler, place, key)
                    accepted.append(reply["id"])
            except (LeaseLost, Crash):
                pass
    finally:
        connection.close()


def submit(labeler, place, key):
    shown = place.task.task_completions.values_list("completion_id", flat=True)
    answer = RankingAnswer(ranks={completion: rank for rank, completion in enumerate(shown, start=1)})
    return answer_submit(
        labeler=labeler, project_id=place.project_id, place_id=place.pk, lease_token=place.lease_token, key=key, answer=answer,
        seconds=1, notes="",
    )  # fmt: skip


def storm(num_prompts, actions):
    project = make_project()
    make_ranking_tasks(project, make_prompts(project, num_prompts), k=2, num_places=2)
    labelers = [make_user(project, f"labeler{index}", "labeler") for index in range(NUM_THREADS)]
    accepted: list[int] = []
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        jobs = [pool.submit(work, labeler, project, actions, seed, accepted) for seed, labeler in enumerate(labelers)]
        for job in jobs:
            job.result()
    check_counts(accepted)
    finish(project, labelers, accepted)
    num_closed = Place.objects.filter(state="closed", task__stopped_at__isnull=False).count()
    assert Ranking.objects.filter(is_counted=True).count() + num_closed == 2 * num_prompts


def check_counts(accepted):
    """What was acknowledged is stored, once; no place holds more than its answer; nobody answers a task twice."""
    assert len(accepted) == len(set(accepted))
    assert set(Ranking.objects.values_list("pk", flat=True)) == set(accepted)
    counted = Ranking.objects.filter(is_counted=True)
    assert Place.objects.filter(state="filled").count() == counted.count()
    assert Ranking.objects.count() == Submission.objects.count()
    assert not counted.values("place").annotate(num=Count("id")).filter(num__gt=1).exists()
    assert not Ranking.objects.values("task", "labeler").annotate(num=Count("id")).filter(num__gt=1).exists()
    assert not counted.exclude(labeler=F("place__labeler")).exists()
    assert not Ranking.objects.annotate(num=Count("ranked_completions")).exclude(num=2).exists()


def finish(project, labelers, accepted):
    """Every place that is left can still be answered: none is stuck."""
    Place.objects.filter(state="leased").update(lease_expires_at=timezone.now() - timedelta(seconds=60))
    leases_expire(seconds=1)
    for labeler in labelers:
        while (place_id := place_claim(labeler=labeler, project=project)) is not None:
            accepted.append(
                submit(labeler, Place.objects.select_related("task").get(pk=place_id), uuid.uuid4().hex)["id"]
            )
    check_counts(accepted)


@pytest.mark.django_db(transaction=True)
def test_no_place_is_over_filled_none_stuck_and_no_answer_lost():
    storm(num_prompts=150, actions=6)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_same_for_ten_thousand_places():
    storm(num_prompts=5000, actions=150)
