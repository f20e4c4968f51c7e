"""A body that is too large is refused before the site keeps it, whether or not it says how long it is."""

import asyncio
import json

import pytest

from labeling.body_limit import FORM_BYTES, BodyLimit


def ask(path, pieces, length=None):
    """Sends the pieces; returns the status, what the site behind the limit was given, and the reply's body."""
    given, sent, rest = [], [], [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]

    async def site(scope, receive, send):
        while rest:
            given.append(await receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return rest.pop(0)

    async def send(message):
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(BodyLimit(site)(scope, receive, send))
    return sent[0]["status"], given, b"".join(message.get("body", b"") for message in sent)


@pytest.fixture(autouse=True)
def limits(settings):
    settings.IMPORT_MAX_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 5000, 100


@pytest.mark.parametrize(
    ("path", "most"), [("/api/v1/session", 100), ("/api/v1/projects/1/imports", 5000 + FORM_BYTES)]
)
def test_a_declared_length_beyond_the_limit_is_refused_unread(path, most):
    assert ask(path, [b"a"], length=most)[0] == 200
    status, given, body = ask(path, [b"a"], length=most + 1)
    assert (status, given) == (413, [])
    assert json.loads(body)["error"]["code"] == "too_large"
    assert ask(path, [b"a"], length="9" * 5000)[0] == 413


def test_a_body_without_a_length_is_cut_off():
    _, given, _ = ask("/api/v1/session", [b"a" * 60, b"b" * 60, b"c"])
    assert [message["type"] for message in given] == ["http.request", "http.disconnect", "http.disconnect"]
