"""What checkpoints wrote, brought to the site: sampled completions become rows, the sampling box gets its text."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.cache import cache

from labeling.errors import InvalidInput, Unavailable
from labeling.feedback.services import completions_insert
from labeling.store import store_open
from labeling.training.models import RunInput, TrainingRun
from labeling.version import code_version
from workers import ray_jobs
from workers.serving import ADDRESS_NAME

START_SECONDS = 50
STARTING_KEY = "serving-is-starting"


def completions_ingest(run: TrainingRun, uris: dict[str, str]) -> None:
    """Insert the completions that each policy of a sample run wrote; a second time adds nothing."""
    checkpoints = dict(RunInput.objects.filter(run=run, checkpoint__isnull=False).values_list("role", "checkpoint_id"))
    for role, uri in uris.items():
        records = _records(uri, checkpoints[role], run.config)
        completions_insert(project=run.project, run_id=run.pk, records=records)


def _records(uri: str, checkpoint_id: int | None, config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    files = store_open(settings.STORAGE_URL)
    with files.open_read(files.name(uri)) as file:
        for line in file:
            record = json.loads(line)
            text = record["text"].replace("\0", "\ufffd")  # PostgreSQL keeps no NUL; token_ids still say what was drawn
            yield {
                **record,
                "text": text,
                "checkpoint_id": checkpoint_id,
                "max_new_tokens": config.get("max_new_tokens", 0),
            }


def sample_text(
    checkpoint_uri: str,
    messages: list[dict[str, Any]],
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    seed: int,
) -> dict[str, Any]:
    """One completion with each token's probability, from the serving actor, which is started when there is none.

    Raises Unavailable when the cluster does not answer and InvalidInput with the model's reason when it refuses.
    """
    request = {
        "checkpoint_uri": checkpoint_uri, "messages": messages, "temperature": temperature, "top_p": top_p,
        "max_new_tokens": max_new_tokens, "seed": seed,
    }  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while True:
        answer = _ask(request)
        if answer is not None:
            cache.delete(STARTING_KEY)
            return answer
        if time.monotonic() > deadline:
            raise Unavailable(
                "The sampling server did not start in time; the cluster may be busy. Try again in a moment."
            )
        _start()
        time.sleep(0.3)


def _ask(request: dict[str, Any]) -> dict[str, Any] | None:
    """The server's answer; None when no server of our code version answers."""
    files = store_open(settings.STORAGE_URL)
    if not files.exists(ADDRESS_NAME):
        return None
    address = json.loads(files.read_text(ADDRESS_NAME))
    if address["code_version"] != code_version():
        return None
    headers = {"Authorization": f"Bearer {address['token']}", "Content-Type": "application/json"}
    sent = urllib.request.Request(address["url"], data=json.dumps(request).encode(), headers=headers)
    try:
        with urllib.request.urlopen(sent, timeout=START_SECONDS) as response:
            answer: dict[str, Any] = json.loads(response.read())
            return answer
    except urllib.error.HTTPError as error:
        if error.code == 401:  # another server has that port now
            return None
        raise InvalidInput(str(json.loads(error.read()).get("error", error))) from error
    except TimeoutError:  # it has taken the request, so it lives: a second server would only add to the load
        raise Unavailable(
            f"The sampling server did not answer within {START_SECONDS} s; it may be loading a large model or answering others. "
            "Try again in a moment."
        ) from None
    except (urllib.error.URLError, OSError):
        return None


def _start() -> None:
    """Submit the serving job, at most once in a while however many ask."""
    if not cache.add(STARTING_KEY, 1, timeout=20):
        return
    files = store_open(settings.STORAGE_URL)
    try:
        ray_jobs.job_submit(f"serve-{time.time_ns()}", ["serve", files.uri("serving").rpartition("/")[0]])
    except ray_jobs.ClusterUnreachable as error:
        cache.delete(STARTING_KEY)
        raise Unavailable(f"{error}. See /readyz, then try again.") from error
