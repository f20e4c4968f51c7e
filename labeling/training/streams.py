"""Live pages: Server-Sent Events as plain async views. Each stream asks PostgreSQL one question a second.

A stream ends by itself after MAX_SECONDS, and the browser comes back with Last-Event-ID; so a stopping server never waits long
and a person whose role was taken away is cut off.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_GET

from labeling.api_errors import error_body
from labeling.errors import DomainError
from labeling.feedback.selectors import STAFF
from labeling.live import event, signed_in_user, stream_response
from labeling.numbers import whole_number
from labeling.rounds.selectors import project_get_for
from labeling.training import selectors
from labeling.training.models import TrainingRun
from labeling.training.serializers import MetricPointSerializer, RunProgressSerializer

POLL_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15.0
MAX_SECONDS = 300.0
ENDED = (TrainingRun.State.DONE, TrainingRun.State.FAILED, TrainingRun.State.CANCELLED)
_BOARD = """
SELECT md5(COALESCE(string_agg(line, ';' ORDER BY line), '')) FROM (
  SELECT concat_ws(':', 'stage', stage.id, stage.state, stage.attempt, md5(stage.reason), md5(stage.outputs::text)) AS line
  FROM rounds_roundstage stage JOIN rounds_round round ON round.id = stage.round_id WHERE round.project_id = %(project)s
  UNION ALL
  SELECT concat_ws(':', 'run', id, state, attempt, progress::text)
  FROM training_trainingrun WHERE project_id = %(project)s AND round_id IS NOT NULL
  UNION ALL
  SELECT concat_ws(':', 'place', stage.id, place.state, count(*))
  FROM rounds_roundstage stage JOIN rounds_round round ON round.id = stage.round_id
  JOIN feedback_labelingtask task ON task.stage_id = stage.id JOIN feedback_place place ON place.task_id = task.id
  WHERE round.project_id = %(project)s AND stage.state = 'running' GROUP BY stage.id, place.state
) lines
"""


@require_GET
async def run_stream(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Events `metric` (id = sequence) and `state` of one run; goes on after Last-Event-ID."""
    try:
        await sync_to_async(run_check)(request, run_id)
    except DomainError as error:
        return JsonResponse(error_body(error.code, error.message), status=error.status)
    return stream_response(run_events(run_id, last_event_id(request)))


@require_GET
async def project_stream(request: HttpRequest, project_id: int) -> HttpResponseBase:
    """An event `round` whenever anything on the project's round board has changed."""
    try:
        await sync_to_async(project_check)(request, project_id)
    except DomainError as error:
        return JsonResponse(error_body(error.code, error.message), status=error.status)
    return stream_response(board_events(project_id))


def run_check(request: HttpRequest, run_id: int) -> None:
    """Raises a DomainError unless the person may see the run; gives the connection back."""
    try:
        selectors.run_get_for(signed_in_user(request), run_id)
    finally:
        close_old_connections()


def project_check(request: HttpRequest, project_id: int) -> None:
    """Raises a DomainError unless the person may see the board; gives the connection back."""
    try:
        project_get_for(signed_in_user(request), project_id, *STAFF)
    finally:
        close_old_connections()


def last_event_id(request: HttpRequest) -> int:
    text = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return whole_number(text) or 0


async def run_events(run_id: int, sequence: int) -> AsyncIterator[bytes]:
    """New events of a run and its state when that changes, until it has ended or the time is up."""
    started = spoke = time.monotonic()
    shown: dict[str, Any] | None = None
    yield b"retry: 1000\n\n"
    while time.monotonic() - started < MAX_SECONDS:
        points, state = await sync_to_async(run_news)(run_id, sequence)
        for point in points:
            sequence = point["sequence"]
            yield event("metric", point, sequence)
        if state != shown:
            yield event("state", state)
        elif not points and time.monotonic() - spoke > KEEP_ALIVE_SECONDS:
            yield b": still here\n\n"
            spoke = time.monotonic()
        if points or state != shown:
            shown, spoke = state, time.monotonic()
        if state["state"] in ENDED and not points:
            return
        await asyncio.sleep(POLL_SECONDS)


async def board_events(project_id: int) -> AsyncIterator[bytes]:
    """One event for each change of the board, the first at once."""
    started = spoke = time.monotonic()
    shown = ""
    yield b"retry: 1000\n\n"
    while time.monotonic() - started < MAX_SECONDS:
        fingerprint = await sync_to_async(board_fingerprint)(project_id)
        if fingerprint != shown:
            yield event("round", {"fingerprint": fingerprint})
            shown, spoke = fingerprint, time.monotonic()
        elif time.monotonic() - spoke > KEEP_ALIVE_SECONDS:
            yield b": still here\n\n"
            spoke = time.monotonic()
        await asyncio.sleep(POLL_SECONDS)


def run_news(run_id: int, sequence: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Events after the sequence and the run's state; gives the connection back before the stream sleeps."""
    try:
        run = TrainingRun.objects.get(pk=run_id)
        points = MetricPointSerializer(selectors.metrics_after(run, sequence, limit=500), many=True).data
        state = {"state": run.state, "attempt": run.attempt, "error": run.error}
        return list(points), {**state, "progress": dict(RunProgressSerializer(run.progress).data)}
    finally:
        close_old_connections()


def board_fingerprint(project_id: int) -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_BOARD, {"project": project_id})
            return str(cursor.fetchone()[0])
    finally:
        close_old_connections()
