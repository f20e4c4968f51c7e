"""64 labelers on PostgreSQL follow schedules that hypothesis makes up; whatever they do, the promises of claims.py hold."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.models import Count
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from labeling.feedback.claims import LeaseLost, leases_expire, place_claim, place_release, place_skip
from labeling.feedback.models import Place, Ranking
from tests.labeling.feedback_cast import make_project, make_prompts, make_ranking_tasks, make_user
from tests.labeling.test_claim_from_many_threads import submit

NUM_LABELERS = 64
NUM_TASKS = 24
OVERLAP = 2
STEPS = ["claim", "ahead", "submit", "submit twice", "skip", "release", "expire mine", "expire all", "crash"]
SCHEDULES = st.lists(
    st.lists(st.sampled_from(STEPS), min_size=1, max_size=6), min_size=NUM_LABELERS, max_size=NUM_LABELERS
)
# As time does: a lease runs out while others are at work on theirs.
RUN_OUT = """
UPDATE feedback_place SET lease_expires_at = clock_timestamp() - interval '1 minute' WHERE id IN (
  SELECT id FROM feedback_place
  WHERE project_id = %(project)s AND state = 'leased' AND labeler_id = COALESCE(%(of)s, labeler_id)
  FOR UPDATE SKIP LOCKED)
"""


class Crash(Exception):
    """The process dies before its transaction commits."""


def follow(labeler, project, schedule, accepted):
    """Each step acts on the place claimed last; a lost lease is an answer too."""
    place = None
    try:
        for step in ["claim", *schedule]:
            with suppress(LeaseLost, Crash):
                if step in ("claim", "ahead"):
                    after = place.pk if place is not None and step == "ahead" else None
                    found = place_claim(labeler=labeler, project=project, after_place=after)
                    place = place if found is None else Place.objects.select_related("task").get(pk=found)
                elif place is not None:
                    act(labeler, place, step, accepted)
    finally:
        connection.close()


def act(labeler, place, step, accepted):
    held = {"labeler": labeler, "place_id": place.pk, "lease_token": place.lease_token}
    if step.startswith("submit"):
        key = uuid.uuid4().hex
        replies = [submit(labeler, place, key)["id"] for _ in range(2 if step == "submit twice" else 1)]
        assert len(set(replies)) == 1
        accepted.append(replies[0])
    elif step == "skip":
        place_skip(**held, reason="unclear", note="")
    elif step == "release":
        place_release(**held)
    elif step == "crash":
        with transaction.atomic():
            submit(labeler, place, uuid.uuid4().hex)
            raise Crash
    else:
        with connection.cursor() as cursor:
            cursor.execute(RUN_OUT, {"project": place.project_id, "of": labeler.pk if step == "expire mine" else None})
        leases_expire(seconds=0 if step == "expire mine" else 3600)


def check(project, labelers, accepted):
    answers = Ranking.objects.filter(project=project)
    assert sorted(answers.values_list("pk", flat=True)) == sorted(accepted), "an answer was lost, or stored twice"
    counted = answers.filter(is_counted=True)  # a late answer to a place that another took is kept beside them
    for rows, *fields in ((counted, "place"), (answers, "task", "labeler")):
        assert not rows.values(*fields).annotate(num=Count("id")).filter(num__gt=1).exists()
    assert not counted.values("task").annotate(num=Count("id")).filter(num__gt=OVERLAP).exists()
    assert Place.objects.filter(project=project, state="filled").count() == counted.count()
    Place.objects.filter(project=project, state="leased").update(lease_expires_at="2000-01-01T00:00:00Z")
    leases_expire(seconds=0)
    for labeler in labelers:
        while (found := place_claim(labeler=labeler, project=project)) is not None:
            submit(labeler, Place.objects.select_related("task").get(pk=found), uuid.uuid4().hex)
    places = Place.objects.filter(project=project)
    assert not places.filter(task__stopped_at__isnull=True).exclude(state="filled").exists(), "a place was stuck"
    assert not places.filter(task__stopped_at__isnull=False).exclude(state__in=["filled", "closed"]).exists()
    assert counted.count() == places.filter(state="filled").count()


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=4, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(schedules=SCHEDULES)
def test_no_schedule_of_64_labelers_breaks_a_promise(schedules):
    project = make_project(slug=f"p{uuid.uuid4().hex[:12]}")
    make_ranking_tasks(project, make_prompts(project, NUM_TASKS), k=2, num_places=OVERLAP)
    labelers = [make_user(project, uuid.uuid4().hex, "labeler") for _ in range(NUM_LABELERS)]
    accepted: list[int] = []
    with ThreadPoolExecutor(NUM_LABELERS) as pool:
        jobs = [
            pool.submit(follow, labeler, project, schedule, accepted)
            for labeler, schedule in zip(labelers, schedules, strict=True)
        ]
        for job in jobs:
            job.result()
    check(project, labelers, accepted)
