"""kill -9 of the web process while labelers submit: what was acknowledged is stored, once, and no place holds two answers."""

import http.client
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from tests.workers.conftest import Site, wait_for

NUM_LABELERS, NUM_TASKS, NUM_PLACES = 6, 120, 2
PREPARE = f"""
    from labeling.accounts.services import token_create
    from tests.labeling.feedback_cast import make_project, make_prompts, make_ranking_tasks, make_user
    project = make_project("storm")
    make_ranking_tasks(project, make_prompts(project, {NUM_TASKS}), k=3, num_places={NUM_PLACES})
    people = [make_user(project, f"labeler{{number}}", "labeler") for number in range({NUM_LABELERS})]
    say([project.pk, [token_create(user=user, name="storm", scopes=["read", "label"])[1] for user in people]])
"""
COUNT = """
    from django.db.models import Count
    from labeling.feedback.models import Place, Ranking, Submission
    rankings = Ranking.objects.filter(project={project})
    say({{"ids": sorted(rankings.values_list("pk", flat=True)), "submissions": Submission.objects.count(),
         "filled": Place.objects.filter(project={project}, state="filled").count(),
         "left": Place.objects.filter(project={project}).exclude(state="filled").count(),
         "twice": rankings.values("place").annotate(n=Count("pk")).filter(n__gt=1).count(),
         "same_person": rankings.values("task", "labeler").annotate(n=Count("pk")).filter(n__gt=1).count(),
         "partial": rankings.annotate(n=Count("ranked_completions")).exclude(n=3).count()}})
"""


class Labeler(threading.Thread):
    """Ranks until nothing is open. A request that got no answer is sent again as it was, with the same key."""

    def __init__(self, url: str, project: int, token: str) -> None:
        super().__init__(daemon=True)
        self.url, self.project, self.token = f"{url}/api/v1", project, token
        self.acknowledged: dict[str, int] = {}
        self.num_repeated = 0
        self.problem = ""

    def run(self) -> None:
        try:
            while assignment := self.ask(f"projects/{self.project}/labeling/claim", {})["assignment"]:
                key, place = uuid.uuid4().hex, assignment["place"]
                ranks = {str(row["id"]): rank for rank, row in enumerate(assignment["task"]["completions"], start=1)}
                body = {"lease_token": place["lease_token"], "answer": {"ranks": ranks}, "claim_next": False}
                reply = self.ask(f"places/{place['id']}/submit", body, key)
                self.acknowledged[key] = reply["answer"]["id"]
        except (OSError, AssertionError, KeyError, ValueError) as error:
            self.problem = f"{type(error).__name__}: {error}"

    def ask(self, path: str, body: dict[str, Any], key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key}
        deadline = time.monotonic() + 90
        while True:
            request = urllib.request.Request(f"{self.url}/{path}", json.dumps(body).encode(), headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    return json.loads(response.read())
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{path}: {error.code} {error.read()[:300]!r}") from error
            except (OSError, http.client.HTTPException):  # the site is gone, or went while it answered
                assert time.monotonic() < deadline, f"no answer from {path} in 90 s"
                self.num_repeated += 1
                time.sleep(0.2)


@pytest.mark.slow
def test_answers_acknowledged_before_and_after_a_kill_are_stored_once(site: Site) -> None:
    project, tokens = site.execute(PREPARE)
    labelers = [Labeler(f"http://127.0.0.1:{site.port}", project, token) for token in tokens]
    for labeler in labelers:
        labeler.start()

    def num_stored() -> int:
        return sum(len(labeler.acknowledged) for labeler in labelers)

    for share in (0.2, 0.6):
        wait_for(lambda share=share: num_stored() >= share * NUM_TASKS * NUM_PLACES, 120, f"{share:.0%} of the answers")
        (web,) = site.pids("uvicorn labeling.asgi")
        os.kill(web, signal.SIGKILL)
        wait_for(lambda web=web: site.pids("uvicorn labeling.asgi") not in ([], [web]), 60, "the site to start again")
    for labeler in labelers:
        labeler.join(180)
    assert [labeler.problem for labeler in labelers] == [""] * NUM_LABELERS
    assert sum(labeler.num_repeated for labeler in labelers) > 0, "the kill met no request"
    acknowledged = sorted(answer for labeler in labelers for answer in labeler.acknowledged.values())
    total = NUM_TASKS * NUM_PLACES
    got = site.execute(COUNT.format(project=project))
    assert got == {
        "ids": acknowledged, "submissions": total, "filled": total, "left": 0, "twice": 0, "same_person": 0, "partial": 0,
    }  # fmt: skip
    assert len(acknowledged) == total
