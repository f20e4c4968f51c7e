"""What happens every two seconds: due jobs are rung, live runs reconciled, live rounds advanced, leases ended, life signs given."""

import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from labeling.feedback.claims import leases_expire
from labeling.jobs.services import doorbell_ring, heartbeat_beat, jobs_due
from labeling.loop.services import round_advance, rounds_live
from labeling.training.models import TrainingRun
from labeling.training.services import LIVE
from workers.ray_jobs import cluster_answers
from workers.training import run_reconcile

logger = logging.getLogger(__name__)
SLOW_SECONDS = 5.0
LOCK = 7_203_191  # a number of our own for PostgreSQL's advisory lock: one tick at a time


def tick() -> None:
    """One turn, unless another is under way. One run or round that breaks does not hold the others up.

    Signs of life are given in any case: a turn that reads a large result may take minutes.
    """
    began = time.monotonic()
    heartbeats_give()
    asked = time.monotonic()
    with _only_one() as is_ours:
        if not is_ours:
            return
        for job_id in jobs_due():
            doorbell_ring(job_id)
        for run in TrainingRun.objects.filter(state__in=LIVE).select_related("project", "round").order_by("pk"):
            _guarded(f"reconcile run {run.pk}", run_reconcile, run)
        leases_expire()
        for round_id in rounds_live():
            _guarded(f"advance round {round_id}", round_advance, round_id)
        if (seconds := time.monotonic() - began) > SLOW_SECONDS:
            logger.warning("One turn took %.1f s (%.1f s of them life signs), wanted 2.", seconds, asked - began)


def heartbeats_give() -> None:
    """Beat rang and a worker answers, through Redis; the page and the cluster are asked."""
    for component in ("beat", "worker", "redis"):
        heartbeat_beat(component, {"pid": os.getpid()} if component == "worker" else None)
    if cluster_answers():
        heartbeat_beat("ray", {"address": settings.RAY_ADDRESS})
    if _site_answers():
        heartbeat_beat("web", {"address": settings.SITE_URL})


def _site_answers() -> bool:
    try:
        with urllib.request.urlopen(f"{settings.SITE_URL}/healthz", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _guarded(what: str, function: Callable[[Any], object], argument: Any) -> None:
    try:
        function(argument)
    except (InterfaceError, OperationalError):  # the database is away: nothing else would work either
        raise
    except Exception:  # the border between one run or round and the next; it is tried again in two seconds
        logger.exception("Could not %s.", what)


@contextmanager
def _only_one() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
