"""What checkpoints wrote, brought to the site: sampled completions become rows, the sampling box and chats get their text."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.cache import cache

from labeling.errors import DomainError, InvalidInput, Unavailable
from labeling.feedback import turns
from labeling.feedback.services import completions_insert
from labeling.store import store_open
from labeling.training.models import RunInput, TrainingRun
from labeling.version import code_version
from workers import ray_jobs
from workers.serving import ADDRESS_NAME, CHAT_PATH

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
    with _told_if_slow(), serving_open("", request) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer


def turn_write(turn_id: int, attempt: int) -> None:
    """Let the checkpoints of a chat's turn write, and keep what they have written as it grows. Whatever fails, the turn says so."""
    request = turns.turn_begin(turn_id, attempt)
    if request is None:
        return
    try:
        with _told_if_slow(), serving_open(CHAT_PATH, request) as response:
            for line in response:
                if not _keep(turn_id, attempt, json.loads(line)):
                    return
    except DomainError as error:
        turns.turn_fail(turn_id, attempt, error.message)
    except Exception:
        turns.turn_fail(turn_id, attempt, turns.NOT_ANSWERED)
        raise
    turns.turn_fail(turn_id, attempt, turns.NOT_ANSWERED)  # what the server left unwritten when it ended


def _keep(turn_id: int, attempt: int, line: dict[str, Any]) -> bool:
    """Keep one line of the server; False when it is the last one, or nobody waits for the next."""
    if "error" in line:
        if line["is_input"]:
            raise InvalidInput(line["error"])
        raise RuntimeError(line["error"])  # for the log: it may name what the labeler must not know
    if "position" not in line:
        return False
    text = line["text"].replace("\0", "\ufffd")  # PostgreSQL keeps no NUL; token_ids still say what was drawn
    written: dict[str, Any] = {"text": text}
    if "token_ids" in line:
        written |= {"token_ids": line["token_ids"], "logprob": line["logprob"], "state": turns.State.DONE}
    turns.reply_note(turn_id, attempt, line["position"], **written)
    return turns.is_wanted(turn_id, attempt)


def serving_open(path: str, request: dict[str, Any]) -> Any:
    """The open answer of the serving actor, which is started when there is none.

    Raises Unavailable when the cluster does not answer in time and InvalidInput with the server's reason when it refuses.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        response = _ask(path, request)
        if response is not None:
            cache.delete(STARTING_KEY)
            return response
        if time.monotonic() > deadline:
            raise Unavailable(
                "The sampling server did not start in time; the cluster may be busy. Try again in a moment."
            )
        _start()
        time.sleep(0.3)


@contextmanager
def _told_if_slow() -> Iterator[None]:
    """A server that has taken the request and says nothing lives: a second one would only add to the load."""
    try:
        yield
    except TimeoutError:
        raise Unavailable(
            f"The sampling server did not answer within {START_SECONDS} s; it may be loading a large model or answering others. "
            "Try again in a moment."
        ) from None


def _ask(path: str, request: dict[str, Any]) -> Any:
    """The server's answer, open; None when no server of our code version answers."""
    files = store_open(settings.STORAGE_URL)
    if not files.exists(ADDRESS_NAME):
        return None
    address = json.loads(files.read_text(ADDRESS_NAME))
    if address["code_version"] != code_version():
        return None
    headers = {"Authorization": f"Bearer {address['token']}", "Content-Type": "application/json"}
    url = address["url"].rstrip("/") + (path or "/")
    sent = urllib.request.Request(url, data=json.dumps(request).encode(), headers=headers)
    try:
        return urllib.request.urlopen(sent, timeout=START_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 401:  # another server has that port now
            return None
        raise InvalidInput(str(json.loads(error.read()).get("error", error))) from error
    except TimeoutError:
        raise
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
