"""Refuses a request whose body is too large before any of it is kept: under ASGI the whole body is read, to a file, before a view runs."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from labeling.api_errors import error_body

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
UPLOADS = "/imports"  # paths with this ending take files
FORM_BYTES = 2**20  # what a form adds to its file


class BodyLimit:
    """The site behind a limit of IMPORT_MAX_BYTES for files and DATA_UPLOAD_MAX_MEMORY_SIZE for everything else."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._application(scope, receive, send)
        limit, received = limit_of(scope["path"]), 0
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared[:20]) > limit:
            return await refuse(send, limit)

        async def receive_some() -> Message:
            """A body without a length is cut off where the limit is: the site sees a client that went away."""
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message if received <= limit else {"type": "http.disconnect"}

        return await self._application(scope, receive_some, send)


def limit_of(path: str) -> int:
    if path.endswith(UPLOADS):
        return int(settings.IMPORT_MAX_BYTES) + FORM_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


async def refuse(send: Send, limit: int) -> None:
    body = json.dumps(error_body("too_large", f"Expected a body of at most {limit:,} bytes; split it.")).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
