"""How fast a file of prompts enters and a dataset of rankings leaves, through the API and the worker; and the worker's memory."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from django.db import connection, transaction

from labeling.accounts.models import User
from labeling.bench.load import CSRF_TOKEN
from labeling.bench.seed import copy_first_row, seed, session_start
from labeling.bench.site import HOST, BenchSite, bench_site
from labeling.bench.workload import DONE_EVERY, OVERLAP, PROMPT_TEXT
from labeling.local.processes import descendants
from labeling.rounds.models import Project, Prompt
from labeling.rounds.services import project_create

POLL_SECONDS = 0.05
Say = Callable[[str], object]


def bench_import(folder: Path, *, num_rows: int, num_existing: int, say: Say) -> dict[str, Any]:
    """Uploads prompts to a project that holds `num_existing` already; the new ones are removed again afterwards."""
    with bench_site(folder, f"bench_import_{num_existing}", has_worker=True, say=say) as site:
        project = project_with_prompts(num_existing)
        say(f"{num_existing:,} prompts are there; {num_rows:,} more")
        file = folder / "prompts.jsonl"
        file.write_text("".join(prompt_lines(num_rows)))
        with signed_in(site) as http:
            begun = time.perf_counter()
            with file.open("rb") as stream:
                path = f"/projects/{project.pk}/imports"
                reply = http.post(path, data={"kind": "prompts"}, files={"file": (file.name, stream)})
            uploaded = time.perf_counter() - begun
            found = wait_for(http, f"{path}/{reply.raise_for_status().json()['id']}", "done")
            seconds = time.perf_counter() - begun
        peak = peak_megabytes(site.worker_pid)
        file.unlink()
        imported = Prompt.objects.filter(project=project, external_id__startswith="new-")
        violations = abs(imported.count() - num_rows)
        imported._raw_delete(imported.db)
        vacuum()
    return {
        "existing": num_existing, "rows": found["rows_done"], "rows_per_second": round(num_rows / seconds),
        "seconds": round(seconds, 1), "upload_seconds": round(uploaded, 1), "worker_peak_mb": peak, "violations": violations,
    }  # fmt: skip


def bench_export(folder: Path, *, num_rankings: int, say: Say) -> dict[str, Any]:
    """Exports every ranking of a project as a sealed snapshot."""
    num_tasks = num_rankings * DONE_EVERY // OVERLAP
    with bench_site(folder, f"bench_{num_tasks}", has_worker=True, say=say) as site:
        project_id = seed(num_tasks).project_id
        say(f"{num_rankings:,} rankings")
        with signed_in(site) as http:
            begun = time.perf_counter()
            path = f"/projects/{project_id}/snapshots"
            reply = http.post(path, json={"kind": "rankings"})
            found = wait_for(http, path, "sealed", number=reply.raise_for_status().json()["id"])
            seconds = time.perf_counter() - begun
        peak = peak_megabytes(site.worker_pid)
    return {
        "rankings": found["num_rows"], "seconds": round(seconds, 1), "rows_per_second": round(found["num_rows"] / seconds),
        "worker_peak_mb": peak, "violations": abs(found["num_rows"] - num_rankings - OVERLAP),
    }  # fmt: skip


def project_with_prompts(num_prompts: int) -> Project:
    """Made once per database."""
    project = Project.objects.filter(slug="bench").first()
    if project is None:
        with transaction.atomic():
            project = project_create(actor=User.objects.get(username="admin"), name="Benchmark", slug="bench")
            first = {"messages": [{"role": "user", "content": PROMPT_TEXT}], "split": Prompt.Split.TRAIN}
            Prompt.objects.create(project=project, external_id="0", **first)
            values = {"id": "1000 + i", "external_id": "md5(i::text)"}
            copy_first_row(Prompt, f"generate_series(1, {num_prompts - 1}) AS i", values)
        vacuum()
    return project


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) rounds_prompt")
        cursor.execute("CHECKPOINT")


def prompt_lines(num_rows: int) -> Iterator[str]:
    for number in range(num_rows):
        yield json.dumps({"prompt_id": f"new-{number}", "prompt": PROMPT_TEXT.replace("#", str(number))}) + "\n"


def signed_in(site: BenchSite) -> httpx.Client:
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each question whether it is done
    session = session_start(User.objects.get(username="admin"))
    return httpx.Client(
        base_url=f"http://{HOST}:{site.port}/api/v1",
        cookies={"sessionid": session, "csrftoken": CSRF_TOKEN},
        headers={"X-CSRFToken": CSRF_TOKEN},
        timeout=120,
    )


def wait_for(http: httpx.Client, path: str, state: str, *, number: int | None = None) -> dict[str, Any]:
    """The object of an address, or the one of that number in a list, once it has reached the state."""
    while True:
        found: dict[str, Any] = http.get(path).raise_for_status().json()
        if number is not None:
            found = next(row for row in found["results"] if row["id"] == number)
        if found["state"] == state:
            return found
        if found["state"] in ("failed", "refused"):
            raise RuntimeError(f"expected the state {state}, got {found['state']}: {found['reason']}")
        time.sleep(POLL_SECONDS)


def peak_megabytes(pid: int) -> int:
    """The most memory that any process of this family held at once."""
    peaks = [0]
    for process in (pid, *descendants(pid)):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return round(max(peaks) / 1024)
