"""The server of the sampling box and of chats: an actor that keeps the last two checkpoints loaded and answers over HTTP with a token.

It says where it listens in <store>/serving/address.json and ends by itself when idle. No Django, no Celery.
"""

import hmac
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from workers import store
from workers.folders import cache_folder

ADDRESS_NAME = "serving/address.json"
IDLE_SECONDS = 900
MAX_CHECKPOINTS = 2
MAX_BODY_BYTES = 2**20
CHAT_PATH = "/chat"
SECONDS_BETWEEN_LINES = 0.1


class Server:
    """Serves until idle. Requests are answered one after the other; a model is loaded at its first request."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, tuple[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._last_request = time.monotonic()

    def serve(self, store_url: str, host: str, version: str) -> None:
        token = secrets.token_urlsafe(32)
        http = ThreadingHTTPServer((host, 0), _handler(self, token))
        http.daemon_threads = True
        threading.Thread(target=http.serve_forever, daemon=True).start()
        address = {"url": f"http://{host}:{http.server_port}/", "token": token, "code_version": version}
        store.write_json(store.join(store_url, ADDRESS_NAME), address)
        while time.monotonic() - self._last_request < IDLE_SECONDS:
            time.sleep(1)
        http.shutdown()

    def sample(self, request: dict[str, Any]) -> dict[str, Any]:
        """One completion with each token's probability."""
        from rlhf.generate import token_probabilities

        self._last_request = time.monotonic()
        with self._lock:
            policy, tokenizer = self._model(str(request["checkpoint_uri"]))
            answer: dict[str, Any] = token_probabilities(
                policy, tokenizer, request["messages"], temperature=float(request["temperature"]),
                top_p=float(request["top_p"]), max_new_tokens=int(request["max_new_tokens"]), seed=int(request["seed"]),
            )  # fmt: skip
        self._last_request = time.monotonic()
        return answer

    def chat(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """{"position", "text"} of each reply some times a second while it grows, and with "token_ids" and "logprob" once it is whole."""
        from rlhf.replies import Writer, write_replies
        from rlhf.types import InputError

        self._last_request = time.monotonic()
        with self._lock:
            wanted = request["replies"]
            try:
                writers = [
                    Writer(
                        *self._model(str(reply["checkpoint_uri"])), float(reply["temperature"]), float(reply["top_p"]),
                        int(reply["max_new_tokens"]), int(reply["seed"]),
                    )
                    for reply in wanted
                ]  # fmt: skip
            except InputError as error:
                # It names the checkpoint, which a labeler must not know, and they are not at fault.
                raise RuntimeError(f"a checkpoint could not be loaded: {error}") from error
            told = [0.0] * len(wanted)
            for place, written in write_replies(writers, request["messages"]):
                line = {"position": wanted[place]["position"], "text": written.text}
                if written.is_whole:
                    yield {**line, "token_ids": written.token_ids, "logprob": written.logprob}
                elif time.monotonic() - told[place] > SECONDS_BETWEEN_LINES:
                    told[place] = time.monotonic()
                    yield line
        self._last_request = time.monotonic()

    def _model(self, uri: str) -> tuple[Any, Any]:
        from rlhf.models import load_policy, load_tokenizer

        if uri not in self._models:
            folder = store.fetch(uri, cache_folder())
            while len(self._models) >= MAX_CHECKPOINTS:  # before the next one takes its memory
                self._models.popitem(last=False)
            self._models[uri] = (load_policy(folder), load_tokenizer(folder))
        self._models.move_to_end(uri)
        return self._models[uri]


def _handler(server: Server, token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
                self._answer(401, {"error": "wrong token"})
                return
            length = int(self.headers.get("Content-Length", "0"))
            if length > MAX_BODY_BYTES:
                self._answer(413, {"error": f"expected at most {MAX_BODY_BYTES} bytes, got {length}"})
                return
            try:
                request = json.loads(self.rfile.read(length))
                if self.path == CHAT_PATH:
                    self._stream(request)
                else:
                    self._answer(200, server.sample(request))
            except Exception as error:  # noqa: BLE001 - the border of a request: the asker gets the reason, the server goes on
                self._answer(400, {"error": f"{type(error).__name__}: {error}"})

        def _stream(self, request: dict[str, Any]) -> None:
            """One JSON object a line; the last says {"done": true}, or {"error"} with whether the conversation is at fault."""
            from rlhf.types import InputError

            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.end_headers()
            try:
                for line in server.chat(request):
                    self._line(line)
                self._line({"done": True})
            except OSError:  # the asker has gone; the replies it had are kept on its side
                return
            except Exception as error:  # noqa: BLE001 - the border of a request, as above; the status line is out already
                reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
                self._line({"error": reason, "is_input": isinstance(error, InputError)})

        def _line(self, value: dict[str, Any]) -> None:
            self.wfile.write(json.dumps(value).encode() + b"\n")
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep requests out of the log: they hold people's texts."""

        def _answer(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
