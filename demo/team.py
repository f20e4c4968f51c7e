"""The scripted labelers at work: each signs in and labels through the HTTP API until told to stop, beside any person who joins."""

import threading
import time

from demo import labelers
from demo.client import Client, SiteError

IDLE_SECONDS = 1.0


class Team:
    """Threads, one for each scripted labeler. A thread that fails keeps its error, which `check` raises."""

    def __init__(self, url: str, project_id: int, logins: list[tuple[str, str]]) -> None:
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._guard, args=(url, project_id, *login), name=login[0], daemon=True)
            for login in logins
        ]
        for thread in self._threads:
            thread.start()

    def check(self) -> None:
        """Raise the first error of any labeler."""
        if self._errors:
            raise RuntimeError(f"a scripted labeler stopped: {self._errors[0]}") from self._errors[0]

    def stop(self) -> None:
        """Let every labeler finish the answer in hand, then end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _guard(self, url: str, project_id: int, username: str, password: str) -> None:
        try:
            self._work(Client(url).login(username, password), project_id, username)
        except BaseException as error:  # noqa: BLE001 - a thread has nobody above it; check() raises this in the main thread
            self._errors.append(error)

    def _work(self, client: Client, project_id: int, username: str) -> None:
        assignment = None
        while not self._stop.is_set():
            if assignment is None:
                assignment = client.post(f"/projects/{project_id}/labeling/claim")["assignment"]
            if assignment is None:
                self._stop.wait(IDLE_SECONDS)
                continue
            try:
                assignment = _answer(client, assignment, username)
            except SiteError as error:
                if "lease_lost" not in str(error):
                    raise
                assignment = None


def _answer(client: Client, assignment: dict, username: str) -> dict | None:
    """Answer one ranking task as this labeler sees it; return the next assignment."""
    started = time.monotonic()
    task, place = assignment["task"], assignment["place"]
    if task["kind"] != "ranking":
        skipped = client.post(
            f"/places/{place['id']}/skip",
            {"lease_token": place["lease_token"], "reason": "not_my_expertise", "note": "", "claim_next": True},
        )
        return skipped["next"]
    shown = task["completions"]
    schema = task["label_schema"]["schema"]
    known_axes = {axis["key"] for axis in schema["axes"]}
    known_flags = {flag["key"] for flag in schema["flags"]}
    rng = labelers.labeler_rng(username, str(task["id"]))
    answer = labelers.rank(rng, task["prompt"]["messages"], [completion["text"] for completion in shown])
    ids = [str(completion["id"]) for completion in shown]
    ratings = [{axis: value for axis, value in rating.items() if axis in known_axes} for rating in answer.ratings]
    flags = [[flag for flag in found if flag in known_flags] for found in answer.flags]
    body = {
        "lease_token": place["lease_token"],
        "seconds": time.monotonic() - started,
        "notes": "",
        "claim_next": True,
        "answer": {
            "ranks": dict(zip(ids, answer.ranks, strict=True)),
            "ratings": dict(zip(ids, ratings, strict=True)),
            "flags": dict(zip(ids, flags, strict=True)),
            "all_bad": False,
        },
    }
    return client.submit(place["id"], body)["next"]
