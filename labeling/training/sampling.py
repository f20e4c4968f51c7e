"""The sampling box: asks the serving actor, through Celery, to let a checkpoint write, and waits for the text."""

from collections.abc import Mapping
from typing import Any

from celery.exceptions import TimeoutError as CeleryTimeout
from kombu.exceptions import KombuError
from redis import RedisError

from labeling.errors import Unavailable
from labeling.jobs.services import doorbell
from labeling.rounds.models import Checkpoint

WAIT_SECONDS = 60


def sample_text(checkpoint: Checkpoint, request: Mapping[str, Any]) -> dict[str, Any]:
    """{"text", "finish_reason", "tokens"} of one completion. Raises Unavailable when no worker answers in time."""
    arguments = [
        checkpoint.uri, [dict(message) for message in request["messages"]], request["temperature"], request["top_p"],
        request["max_new_tokens"], request["seed"],
    ]  # fmt: skip
    try:
        pending = doorbell().send_task("workers.sample_text", arguments, expires=WAIT_SECONDS)
        sampled: dict[str, Any] = pending.get(timeout=WAIT_SECONDS)
    except CeleryTimeout:
        message = f"No worker answered within {WAIT_SECONDS} s. See /readyz for what is down, then try again."
        raise Unavailable(message) from None
    except (KombuError, RedisError, OSError) as error:
        raise Unavailable(f"Redis does not answer ({error}). Try again in a moment.") from None
    return sampled
