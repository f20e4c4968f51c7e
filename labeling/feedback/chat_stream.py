"""The replies of a chat while they are written, as Server-Sent Events. The rows are the truth: a stream that breaks loses nothing.

Workers keep what is written in the rows; the stream reads them a few times a second, and ends with the writing or after MAX_SECONDS.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_GET

from labeling.api_errors import error_body
from labeling.errors import DomainError
from labeling.feedback import selectors
from labeling.feedback.chat_serializers import turn_json
from labeling.feedback.turns import batch_of, is_writing, turn_newest
from labeling.live import event, signed_in_user, stream_response

POLL_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 15.0
MAX_SECONDS = 300.0


@require_GET
async def chat_stream(request: HttpRequest, place_id: int) -> HttpResponseBase:
    """Events `turn`: my last turn whenever its replies have grown, until both are written or failed."""
    try:
        owner = await sync_to_async(chat_owner)(request, place_id)
    except DomainError as error:
        return JsonResponse(error_body(error.code, error.message), status=error.status)
    return stream_response(reply_events(*owner))


def chat_owner(request: HttpRequest, place_id: int) -> tuple[int, int]:
    """(task, labeler) of the chat. Raises a DomainError unless the person labels there; gives the connection back."""
    try:
        user = signed_in_user(request)
        place = selectors.place_get_for(user, place_id)
        batch_of(place.task)
        return place.task_id, user.pk
    finally:
        close_old_connections()


async def reply_events(task_id: int, labeler_id: int) -> AsyncIterator[bytes]:
    started = spoke = time.monotonic()
    shown: dict[str, Any] | None = None
    yield b"retry: 1000\n\n"
    while time.monotonic() - started < MAX_SECONDS:
        turn, is_under_way = await sync_to_async(turn_news)(task_id, labeler_id)
        if turn != shown:
            yield event("turn", turn)
            shown, spoke = turn, time.monotonic()
        elif time.monotonic() - spoke > KEEP_ALIVE_SECONDS:
            yield b": still here\n\n"
            spoke = time.monotonic()
        if not is_under_way:
            return
        await asyncio.sleep(POLL_SECONDS)


def turn_news(task_id: int, labeler_id: int) -> tuple[dict[str, Any] | None, bool]:
    """The last turn, and whether replies are still being written; gives the connection back before the stream sleeps."""
    try:
        turn = turn_newest(task_id, labeler_id)
        return (None, False) if turn is None else (turn_json(turn), is_writing(turn))
    finally:
        close_old_connections()
