"""The ASGI application that uvicorn serves: `uvicorn labeling.asgi:application`.

Django's own handler changes threads at every middleware and starts a thread for every request. Ours runs the whole of a request
on one thread of a small pool, as a WSGI server does, and leaves to the event loop only what streams.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeling.settings")
NUM_THREADS = 8  # a request that waits (for the sampling box, for a lock) holds one; more of them only take turns


class SiteHandler(ASGIHandler):
    """Plain replies are made on a thread; a streaming one is sent by the event loop until it ends or the client leaves."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"expected an HTTP request, got {scope['type']}")
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await asyncio.get_running_loop().run_in_executor(self._threads, self._respond, scope, body)
        if response.streaming:
            async with ThreadSensitiveContext():  # what the stream asks the database runs on a thread of its own
                await self._stream(response, receive, send)
        else:
            await self.send_response(response, send)

    def _respond(self, scope: Any, body: Any) -> Any:
        """The response; a plain one has given back its connection and its files when it is returned."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._resource_closers.append(body.close)
        if not response.streaming:
            response.close()
        return response

    async def _stream(self, response: HttpResponseBase, receive: Any, send: Any) -> None:
        sending = asyncio.create_task(self.send_response(response, send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            results = await asyncio.gather(sending, leaving, return_exceptions=True)
            await sync_to_async(response.close)()
        if isinstance(results[0], Exception):
            raise results[0]


django.setup(set_prefix=False)
site = SiteHandler()

from labeling.body_limit import BodyLimit  # noqa: E402 - it needs the settings that the line above read

application = BodyLimit(site)
