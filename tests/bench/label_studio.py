"""Label cycles per second of Label Studio and of this site, on one machine, in one run: `make bench-label-studio`.

Both have PostgreSQL with the same settings, their own production server (Label Studio: uwsgi with its container's
configuration, two processes a core), the same number of labelers, tasks, answers a task and completions a task, and the
same client. A cycle is what each system's page does for one answer: Label Studio asks for the next task, then posts an
annotation; this site posts the answer and has the next task in the reply. Runs alternate, and the last line is one JSON line.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from labeling.bench.http import Person
from labeling.bench.site import HOST, database_make
from labeling.bench.workload import COMPLETION_TEXT, NUM_COMPLETIONS, NUM_LABELERS, OVERLAP, PROMPT_TEXT
from labeling.local import postgres
from labeling.local.processes import free_port, spawn, stop, wait_until

LABEL_CONFIG = """<View>
  <Text name="question" value="$prompt"/>
  <List name="candidates" value="$candidates" title="Candidates"/>
  <Ranker name="order" toName="candidates"/>
</View>"""
IMPORT_ROWS = 5000

# Runs inside Label Studio: an organization, its administrator and labelers; prints their tokens.
MAKE_PEOPLE = f"""
import json, django; django.setup()
from organizations.models import Organization
from rest_framework.authtoken.models import Token
from users.models import User
def person(name):
    return User.objects.create_user(email=name + "@example.org", username=name, password="not-used-8-otters")
admin = person("admin")
organization = Organization.create_organization(created_by=admin, title="Benchmark", legacy_api_tokens_enabled=True)
people = [admin] + [person(f"labeler{{number}}") for number in range({NUM_LABELERS})]
for member in people:
    organization.add_user(member)
    member.active_organization = organization
    member.save()
print("TOKENS " + json.dumps([Token.objects.get_or_create(user=member)[0].key for member in people]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="the virtual environment of Label Studio")
    parser.add_argument(
        "--postgres", type=Path, required=True, help="bin folder of a PostgreSQL 18 with pg_trgm, which it needs"
    )
    parser.add_argument("--folder", type=Path, required=True, help="where both keep their data")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--turns", type=int, default=2, help="how often each side runs")
    parser.add_argument("--prepare", action="store_true", help="only fill both databases")
    given = parser.parse_args()
    # Its server runs in another folder.
    given.environment, given.postgres = given.environment.absolute(), given.postgres.absolute()
    ours: list[float] = []
    theirs: list[float] = []
    if given.prepare:
        with label_studio(given):
            pass
        run_ours(given.tasks, 1)
        return
    for _ in range(given.turns):
        ours.append(run_ours(given.tasks, given.seconds))
        with label_studio(given) as (port, peer):
            theirs.append(asyncio.run(closed_loop(port, peer, given.seconds)))
    print(
        json.dumps(
            {
                "tasks": given.tasks, "labelers": NUM_LABELERS, "cycles_per_second": ours,
                "label_studio_cycles_per_second": theirs, "ratio": round(median(ours) / median(theirs), 1),
            }
        )
    )  # fmt: skip


def run_ours(num_tasks: int, seconds: float) -> float:
    command = [sys.executable, "manage.py", "bench", "claim", "--saturate"]
    done = subprocess.run(
        [*command, "--tasks", str(num_tasks), "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True, check=True
    )
    print(done.stdout.strip(), flush=True)
    return float(json.loads(done.stdout)["cycles_per_second"])


@contextlib.contextmanager
def label_studio(given: argparse.Namespace) -> Iterator[tuple[int, dict[str, Any]]]:
    """A running Label Studio with its tasks, filled at the first start: its port, project and tokens."""
    environment, folder, num_tasks = given.environment, given.folder.resolve(), given.tasks
    server = postgres.start(folder / "label-studio-postgres", binaries=given.postgres)
    try:
        url = urlsplit(database_make(server.url, f"label_studio_{num_tasks}"))
        variables = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "core.settings.label_studio", "DJANGO_DB": "default", "POSTGRE_USER": url.username or "",
            "POSTGRE_PASSWORD": url.password or "", "POSTGRE_HOST": HOST, "POSTGRE_PORT": str(url.port),
            "POSTGRE_NAME": url.path.lstrip("/"), "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "label-studio-data"),
            "COLLECT_ANALYTICS": "false", "LATEST_VERSION_CHECK": "false", "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        code = next((environment / "lib").glob("python*/site-packages/label_studio"))
        notes = folder / f"label-studio-{num_tasks}.json"
        tokens = [] if notes.exists() else make_people(environment, code, variables)
        port = free_port()
        log = folder / "label-studio.log"
        process = spawn(uwsgi_command(environment, code, port), log_path=log, env=variables, cwd=code)
        try:
            wait_until(lambda: answers(port), process, name="Label Studio", log_path=log, timeout=120)
            if tokens:
                begun = time.perf_counter()
                project = fill(port, tokens[0], num_tasks)
                print(f"Label Studio imported {num_tasks / (time.perf_counter() - begun):.0f} tasks/s", flush=True)
                notes.write_text(json.dumps({"project": project, "tokens": tokens[1:]}))
            yield port, json.loads(notes.read_text())
        finally:
            stop(process)
    finally:
        server.stop()


def uwsgi_command(environment: Path, code: Path, port: int) -> list[str]:
    """What its container runs (deploy/uwsgi.ini of Label Studio), with kept connections, which only helps it."""
    options = {
        "chdir": code, "module": "core.wsgi:application", "http-socket": f"{HOST}:{port}", "http11-socket": "", "processes": 2 * cores(),
        "threads": 1, "buffer-size": 65535, "harakiri": 120, "post-buffering": 4096, "max-requests": 5000,
        "virtualenv": environment, "listen": 100,
    }  # fmt: skip
    flags = [
        "master",
        "single-interpreter",
        "need-app",
        "die-on-term",
        "disable-logging",
        "enable-threads",
        "thunder-lock",
        "lazy-apps",
    ]
    given = [f"--{name}={value}" for name, value in options.items() if value != ""]
    return [str(environment / "bin" / "uwsgi"), *given, *(f"--{flag}" for flag in flags)]


def cores() -> int:
    return len(os.sched_getaffinity(0))


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def make_people(environment: Path, code: Path, variables: dict[str, str]) -> list[str]:
    python = str(environment / "bin" / "python")
    subprocess.run([python, "manage.py", "migrate", "--verbosity", "0"], cwd=code, env=variables, check=True)
    done = subprocess.run(
        [python, "-c", MAKE_PEOPLE], cwd=code, env={**variables, "PYTHONPATH": str(code)}, stdout=subprocess.PIPE, text=True, check=True
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("TOKENS "))
    tokens: list[str] = json.loads(line.removeprefix("TOKENS "))
    return tokens


def fill(port: int, token: str, num_tasks: int) -> int:
    """A ranking project with that many tasks, through the API; its id."""

    async def work() -> int:
        admin = Person(HOST, port, {"Authorization": f"Token {token}"})
        settings = {"title": "Rankings", "label_config": LABEL_CONFIG, "maximum_annotations": OVERLAP}
        project = (await admin.send("POST", "/api/projects/", settings))[1]["id"]
        for first in range(0, num_tasks, IMPORT_ROWS):
            rows = [task_row(number) for number in range(first, min(first + IMPORT_ROWS, num_tasks))]
            status, reply = await admin.send("POST", f"/api/projects/{project}/import", rows)
            if status != 201:
                raise RuntimeError(f"the import was answered {status}: {str(reply)[:300]}")
        admin.close()
        return int(project)

    return asyncio.run(work())


def task_row(number: int) -> dict[str, Any]:
    candidates = [{"id": str(k), "title": f"Answer {k}", "html": COMPLETION_TEXT} for k in range(NUM_COMPLETIONS)]
    return {"data": {"prompt": PROMPT_TEXT.replace("#", str(number)), "candidates": candidates}}


async def closed_loop(port: int, peer: dict[str, Any], seconds: float) -> float:
    """Cycles per second of all labelers together, each without a pause; the first cycle of each is not counted."""
    people = [Person(HOST, port, {"Authorization": f"Token {token}"}) for token in peer["tokens"]]
    for person in people[: 2 * cores()]:
        await cycle(person, peer["project"])
    begun = time.perf_counter()
    counts = await asyncio.gather(*(work(person, peer["project"], begun + seconds) for person in people))
    return round(sum(counts) / (time.perf_counter() - begun), 1)


async def work(person: Person, project: int, until: float) -> int:
    count = 0
    while time.perf_counter() < until:
        await cycle(person, project)
        count += 1
    return count


async def cycle(person: Person, project: int) -> None:
    task = await ask(person, "GET", f"/api/projects/{project}/next", None, 200)
    order = [str(number) for number in range(NUM_COMPLETIONS)]
    value = {"from_name": "order", "to_name": "candidates", "type": "ranker", "value": {"ranker": {"rank": order}}}
    await ask(person, "POST", f"/api/tasks/{task['id']}/annotations/", {"result": [value], "lead_time": 10}, 201)


async def ask(person: Person, method: str, path: str, body: Any, expected: int) -> Any:
    status, reply = await person.send(method, path, body)
    if status != expected:
        raise RuntimeError(f"{method} {path} was answered {status}: {str(reply)[:300]}")
    return reply


if __name__ == "__main__":
    main()
