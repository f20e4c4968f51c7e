"""64 labelers at work through HTTP: an open loop at a fixed rate, or each as fast as the server lets them.

In the open loop every latency counts from the moment at which its request was meant to start: a server that falls behind
cannot hide it by making the load wait. What the labelers see is checked as they go; the database is checked afterwards.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from labeling.bench.http import Person
from labeling.bench.seed import Seeded
from labeling.bench.site import HOST, BenchSite

CSRF_TOKEN = "benchmarkbenchmarkbenchmarkbench"
SKIP_SHARE = 0.05


@dataclass
class Tally:
    """What came back: seconds by kind of request, answers that were acknowledged, and what should not have happened."""

    claims: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    num_cycles: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    holders: dict[int, int] = field(default_factory=dict)
    """Place id to the labeler on whose screen it is."""


@dataclass
class Labeler:
    """One person; works on one task at a time."""

    number: int
    person: Person
    project_id: int
    tally: Tally
    draw: random.Random
    done_tasks: set[int] = field(default_factory=set)
    current: dict[str, Any] | None = None
    ahead: dict[str, Any] | None = None

    async def claim(self, after: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """The task held already or a new one; with `after`, the one that follows it on the screen."""
        path = f"/api/v1/projects/{self.project_id}/labeling/claim"
        reply = await self._post(path, {"after_place": after["place"]["id"] if after else None})
        return self._take(reply["assignment"])

    async def finish(self, assignment: dict[str, Any]) -> tuple[bool, dict[str, Any] | None]:
        """Submits, or now and then skips; whether it was an answer, and the next task out of the reply."""
        place, task = assignment["place"], assignment["task"]
        path = f"/api/v1/places/{place['id']}"
        body: dict[str, Any] = {"lease_token": place["lease_token"], "claim_next": True}
        self.done_tasks.add(task["id"])
        is_answer = self.draw.random() >= SKIP_SHARE
        self.tally.holders.pop(place["id"], None)
        if is_answer:
            shown = [row["id"] for row in task["completions"]]
            ranks = {str(row): rank for rank, row in enumerate(self.draw.sample(shown, len(shown)), start=1)}
            axes = [axis for axis in task["label_schema"]["schema"]["axes"] if axis["is_required"]]
            ratings = {str(row): {axis["key"]: axis["maximum"] for axis in axes} for row in shown}
            body |= {"seconds": 10, "answer": {"ranks": ranks, "ratings": ratings}}
            reply = await self._post(f"{path}/submit", body, {"Idempotency-Key": uuid.uuid4().hex})
            self.tally.answers.append(reply["answer"]["id"])
        else:
            reply = await self._post(f"{path}/skip", {**body, "reason": "unclear"})
        return is_answer, self._take(reply["next"])

    async def leave(self) -> None:
        """Gives back what is on the screen and what was fetched ahead."""
        for assignment in (self.current, self.ahead):
            if assignment is not None:
                place = assignment["place"]
                self.tally.holders.pop(place["id"])
                await self._post(f"/api/v1/places/{place['id']}/release", {"lease_token": place["lease_token"]})
        self.current = self.ahead = None

    async def _post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        status, reply = await self.person.send("POST", path, body, headers)
        if status not in (200, 204):
            raise RuntimeError(f"{path} was answered {status}: {str(reply)[:300]}")
        return reply

    def _take(self, assignment: dict[str, Any] | None) -> dict[str, Any] | None:
        if assignment is not None:
            place_id, task_id = assignment["place"]["id"], assignment["task"]["id"]
            holder = self.tally.holders.setdefault(place_id, self.number)
            if holder != self.number:
                self.tally.violations.append(f"place {place_id} was given to labelers {holder} and {self.number}")
            if task_id in self.done_tasks:
                self.tally.violations.append(f"labeler {self.number} met task {task_id} again")
        return assignment


def labelers_make(site: BenchSite, seeded: Seeded, tally: Tally) -> list[Labeler]:
    return [
        Labeler(
            number,
            Person(
                HOST,
                site.port,
                {"Cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}", "X-CSRFToken": CSRF_TOKEN},
            ),
            seeded.project_id,
            tally,
            random.Random(number),
        )
        for number, session in enumerate(seeded.sessions)
    ]


async def open_loop(labelers: Sequence[Labeler], *, rate: float, seconds: float) -> float:
    """Cycles start at a fixed rate, each by the next labeler in turn; returns the seconds until the last one ended.

    A labeler whose last cycle is not over starts late, and the wait counts.
    """
    begun = time.perf_counter()
    busy = [asyncio.Lock() for _ in labelers]

    async def start(index: int) -> None:
        intended = begun + index / rate
        await asyncio.sleep(max(0.0, intended - time.perf_counter()))
        async with busy[index % len(labelers)]:
            await cycle(labelers[index % len(labelers)], intended)

    await asyncio.gather(*(start(index) for index in range(int(rate * seconds))))
    elapsed = time.perf_counter() - begun
    for labeler in labelers:
        await labeler.leave()
    return elapsed


async def cycle(labeler: Labeler, intended: float) -> None:
    """What the page does for one answer: submit it (or skip) and show the task in the reply, then fetch the one after that."""
    current = labeler.current or await labeler.claim()
    if current is None:
        labeler.tally.violations.append(f"labeler {labeler.number} was offered nothing")
        return
    is_answer, labeler.current = await labeler.finish(current)
    labeler.ahead = None
    finished = time.perf_counter()
    if is_answer:
        labeler.tally.submits.append(finished - intended)
    labeler.tally.num_cycles += 1
    if labeler.current is not None:
        labeler.ahead = await labeler.claim(after=labeler.current)
        labeler.tally.claims.append(time.perf_counter() - finished)


async def closed_loop(labelers: Sequence[Labeler], *, seconds: float) -> float:
    """Every labeler submits as soon as the last reply, which brings the next task, is there."""
    begun = time.perf_counter()

    async def work(labeler: Labeler) -> None:
        while labeler.current is not None and time.perf_counter() - begun < seconds:
            _, labeler.current = await labeler.finish(labeler.current)
            labeler.ahead = None
            labeler.tally.num_cycles += 1

    await asyncio.gather(*(work(labeler) for labeler in labelers))
    elapsed = time.perf_counter() - begun
    for labeler in labelers:
        await labeler.leave()
    return elapsed


async def warm_up(labelers: Sequence[Labeler]) -> None:
    """One cycle each, not counted: connections are opened, the server's code is loaded."""
    for labeler in labelers:
        await cycle(labeler, time.perf_counter())
    labelers[0].tally.claims.clear()
    labelers[0].tally.submits.clear()
    labelers[0].tally.num_cycles = 0


def percentile_ms(seconds: Sequence[float], percent: int) -> float:
    return round(1000 * quantiles(seconds, n=100, method="inclusive")[percent - 1], 1)
