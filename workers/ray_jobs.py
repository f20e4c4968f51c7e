"""Ray's job API over HTTP: submit, ask, stop. Ray itself is not imported, so Celery's processes stay small."""

import json
import shlex
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings

TIMEOUT_SECONDS = 10
ENDED = {"SUCCEEDED", "FAILED", "STOPPED"}
UNKNOWN = "UNKNOWN"


class ClusterUnreachable(RuntimeError):
    """No Ray job API answers at RAY_ADDRESS now; trying again later may work."""


class ClusterRefused(RuntimeError):
    """Ray answered and said no; the message is its reason."""


def job_submit(submission_id: str, arguments: list[str]) -> None:
    """Start `python -m workers.cluster ARGUMENTS` as a job that itself takes no CPU. A job with this id is left as it is."""
    command = shlex.join(["python", "-m", "workers.cluster", *arguments])
    body = {"entrypoint": command, "submission_id": submission_id, "entrypoint_num_cpus": 0}
    if job_status(submission_id) == UNKNOWN:
        _ask("POST", "/api/jobs/", body)


def job_status(submission_id: str) -> str:
    """Ray's word for where the job is; UNKNOWN when it has never heard of it (a restarted head has forgotten)."""
    answer = _ask("GET", f"/api/jobs/{urllib.parse.quote(submission_id)}", missing_ok=True)
    return UNKNOWN if answer is None else str(answer["status"])


def job_stop(submission_id: str) -> None:
    """Ask Ray to end the job; nothing happens when there is none or it has ended."""
    if job_status(submission_id) not in {UNKNOWN, *ENDED}:
        _ask("POST", f"/api/jobs/{urllib.parse.quote(submission_id)}/stop", {})


def cluster_answers() -> bool:
    """Whether the job API answers."""
    try:
        _ask("GET", "/api/version")
    except (ClusterUnreachable, ClusterRefused):
        return False
    return True


def _token() -> str:
    """What the cluster asks for: the token itself, or the file that holds it, read anew since a new head may have a new one."""
    if settings.RAY_AUTH_TOKEN or not settings.RAY_AUTH_TOKEN_PATH:
        return str(settings.RAY_AUTH_TOKEN)
    return Path(settings.RAY_AUTH_TOKEN_PATH).read_text().strip()


def _ask(method: str, path: str, body: dict[str, Any] | None = None, *, missing_ok: bool = False) -> Any:
    if not settings.RAY_ADDRESS:
        raise ClusterUnreachable(
            "RAY_ADDRESS is not set. Start with `python manage.py up`, or set it to http://HOST:8265."
        )
    request = urllib.request.Request(settings.RAY_ADDRESS.rstrip("/") + path, method=method)
    request.add_header("Content-Type", "application/json")
    if token := _token():
        request.add_header("Authorization", f"Bearer {token}")
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data=data, timeout=TIMEOUT_SECONDS) as response:
            return json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        if error.code == 404 and missing_ok:
            return None
        reason = error.read(2000).decode(errors="replace").strip()
        if error.code >= 500 and "already exists" not in reason:
            raise ClusterUnreachable(f"Ray at {settings.RAY_ADDRESS} answered {error.code}: {reason}") from error
        if "already exists" not in reason:
            raise ClusterRefused(f"Ray at {settings.RAY_ADDRESS} answered {error.code}: {reason}") from error
        return None
    except (urllib.error.URLError, OSError) as error:
        raise ClusterUnreachable(f"Ray at {settings.RAY_ADDRESS} does not answer: {error}") from error
