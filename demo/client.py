"""A small client of the site's HTTP API: what the scripted people of the demo use, and all that they use."""

import uuid
from pathlib import Path
from typing import Any

import httpx


class SiteError(RuntimeError):
    """The site refused a request; the message holds the request, the status and the site's own words."""


class Client:
    """One signed-in person (a session cookie and its CSRF token). Not shared between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=120, headers={"Referer": url})
        self._csrf = self.get("/session")["csrf_token"]

    def login(self, username: str, password: str) -> "Client":
        """Sign in; later requests act as this person."""
        self._csrf = self.post("/session", {"username": username, "password": password})["csrf_token"]
        return self

    def get(self, path: str, **params: Any) -> Any:
        """GET a JSON value."""
        return self._request("GET", path, params=params)

    def post(self, path: str, body: dict | None = None, **headers: str) -> Any:
        """POST a JSON body and return the JSON reply."""
        return self._request("POST", path, json=body or {}, headers=headers)

    def upload(self, path: str, file: Path, **fields: str) -> Any:
        """POST a file as a form upload."""
        with file.open("rb") as stream:
            return self._request("POST", path, data=fields, files={"file": (file.name, stream)})

    def submit(self, place_id: int, body: dict) -> Any:
        """Submit an answer under a fresh Idempotency-Key, kept over one retry of a broken connection."""
        key = str(uuid.uuid4())
        try:
            return self.post(f"/places/{place_id}/submit", body, **{"Idempotency-Key": key})
        except httpx.TransportError:
            return self.post(f"/places/{place_id}/submit", body, **{"Idempotency-Key": key})

    def _request(self, method: str, path: str, headers: dict | None = None, **options: Any) -> Any:
        if method != "GET":
            headers = {**(headers or {}), "X-CSRFToken": self._csrf}
        reply = self._http.request(method, path, headers=headers, **options)
        if reply.status_code >= 400:
            raise SiteError(f"{method} {path} was answered {reply.status_code}: {reply.text[:500]}")
        return reply.json() if reply.content else None
