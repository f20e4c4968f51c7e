"""Live chats: the labeler sends a message, a worker lets two checkpoints write, the labeler judges and goes on.

Every turn and reply is a row from the start, so that a reload, a lost lease or a killed worker loses nothing. A worker that was
asked twice is fenced by the attempt number of the turn.
"""

import random
import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from kombu.exceptions import KombuError
from redis import RedisError

from labeling.accounts.models import User
from labeling.errors import Conflict, DomainError
from labeling.feedback.answers import text_check
from labeling.feedback.chat_models import CHAT_KINDS, ChatBatch, Reply, Turn
from labeling.feedback.claims import labeler_serialize, place_hold
from labeling.feedback.kinds.chat.answer import chosen_check, verdict_check, verdict_kept
from labeling.feedback.kinds.pairwise.answer import PairwiseAnswer
from labeling.feedback.models import LabelingTask, Place
from labeling.jobs.services import doorbell

SILENT_SECONDS = 75  # longer than a worker waits for a model to be loaded: then nobody is writing any more
TAKEN_SECONDS = 60  # a message that no worker took within this is not worth answering
NOT_ANSWERED = "The model did not answer in time. Nothing is lost; try again."
NO_WORKER = "No worker can be reached now. Nothing is lost; try again in a moment."
State = Reply.State


class ChatWentOn(DomainError):
    """Another tab has sent this turn already."""

    code = "chat_went_on"
    status = 409


class ChatIsFull(DomainError):
    """The chat has as many turns as it may."""

    code = "chat_is_full"
    status = 409


class RepliesNotWritten(DomainError):
    """The turn before has not both of its replies yet."""

    code = "replies_not_written"
    status = 409


class NoReplyFailed(DomainError):
    """There is nothing to ask for again."""

    code = "no_reply_failed"
    status = 409


def turns_of(task_id: int, labeler_id: int) -> list[Turn]:
    """The labeler's turns of the task with their replies, in order."""
    turns = Turn.objects.filter(task_id=task_id, labeler_id=labeler_id).select_related("chosen")
    return list(turns.prefetch_related("replies").order_by("number"))


def turn_newest(task_id: int, labeler_id: int) -> Turn | None:
    """The labeler's last turn of the task with what is to be shown of its replies: cheap, for a stream asks all the time."""
    replies = Prefetch("replies", Reply.objects.defer("token_ids").order_by("position"))
    turns = Turn.objects.filter(task_id=task_id, labeler_id=labeler_id).prefetch_related(replies)
    return turns.order_by("-number").first()


def state_of(reply: Reply) -> str:
    """What the labeler is told: a reply of which nobody has said anything for long has failed."""
    is_silent = reply.noted_at < timezone.now() - timedelta(seconds=SILENT_SECONDS)
    return State.FAILED if reply.state == State.WRITING and is_silent else reply.state


def is_written(turn: Turn) -> bool:
    return all(reply.state == State.DONE for reply in turn.replies.all())


def is_writing(turn: Turn) -> bool:
    return any(state_of(reply) == State.WRITING for reply in turn.replies.all())


def messages_before(turns: Sequence[Turn], turn: Turn) -> list[dict[str, str]]:
    """What the models read: the messages up to this turn's, each earlier one with the reply that was gone on with."""
    messages: list[dict[str, str]] = []
    for earlier in turns:
        messages.append({"role": "user", "content": earlier.message})
        if earlier.number == turn.number:
            break
        messages.append({"role": "assistant", "content": earlier.chosen.text if earlier.chosen else ""})
    return messages


@transaction.atomic
def turn_send(
    *,
    labeler: User,
    place_id: int,
    lease_token: uuid.UUID,
    number: int,
    message: str,
    verdict: PairwiseAnswer | None,
    chosen: int | None,
) -> Turn:
    """Judges the turn before, goes on with its chosen reply, stores the message and asks for two replies to it.

    `number` says which turn this is, from 1; sending the same one again changes nothing. Locks the Place. Raises LeaseLost,
    InvalidAnswer, ChatWentOn, ChatIsFull, and RepliesNotWritten of the turn before.
    """
    labeler_serialize(
        project_id=Place.objects.values_list("project_id", flat=True).get(pk=place_id), labeler_id=labeler.pk
    )
    place = place_hold(labeler=labeler, place_id=place_id, lease_token=lease_token)
    batch = batch_of(place.task)
    text = text_check(message, "message")
    turns = turns_of(place.task_id, labeler.pk)
    if number <= len(turns) and turns[number - 1].message == text:
        return turns[number - 1]
    if number != len(turns) + 1:
        raise ChatWentOn("This chat went on in another tab. Reload the page to go on from there.")
    if number > batch.max_turns:
        raise ChatIsFull(f"This chat may have {batch.max_turns} turns, and it has them all. Submit it.")
    if turns:
        _judge(place.task, turns[-1], verdict, chosen)
    turn = Turn.objects.create(task=place.task, labeler=labeler, number=number, message=text)
    Reply.objects.bulk_create(_replies(batch, turn))
    _ask(turn)
    return turn


@transaction.atomic
def turn_retry(*, labeler: User, place_id: int, lease_token: uuid.UUID) -> Turn:
    """Asks again for the replies of the last turn that failed. Locks the Place. Raises LeaseLost and NoReplyFailed."""
    place = place_hold(labeler=labeler, place_id=place_id, lease_token=lease_token)
    turns = turns_of(place.task_id, labeler.pk)
    failed = [reply.pk for reply in turns[-1].replies.all() if state_of(reply) == State.FAILED] if turns else []
    if not failed:
        raise NoReplyFailed("Expected a reply that failed; every reply is written or under way.")
    turn = turns[-1]
    turn.attempt += 1
    turn.save(update_fields=["attempt"])
    Reply.objects.filter(pk__in=failed).update(state=State.WRITING, error="", text="", noted_at=timezone.now())
    _ask(turn)
    return turn


def batch_of(task: LabelingTask) -> ChatBatch:
    """How this task's chats are held. Raises Conflict for a task of another kind."""
    if task.kind not in CHAT_KINDS or task.chat_batch is None:
        raise Conflict(f"Expected a task of the kind chat or red_team, got one of the kind {task.kind}.")
    return task.chat_batch


def turn_begin(turn_id: int, attempt: int) -> dict[str, Any] | None:
    """What a worker is to write: {"messages", "replies": [...]}, or None when the attempt is over or superseded."""
    turn = Turn.objects.filter(pk=turn_id, attempt=attempt, conversation=None).first()
    if turn is None:
        return None
    replies = list(turn.replies.filter(state=State.WRITING).select_related("checkpoint"))
    if not replies:
        return None
    return {
        "messages": messages_before(turns_of(turn.task_id, turn.labeler_id), turn),
        "replies": [
            {
                "position": reply.position, "checkpoint_uri": reply.checkpoint.uri, "temperature": reply.temperature,
                "top_p": reply.top_p, "max_new_tokens": reply.max_new_tokens, "seed": reply.seed,
            }
            for reply in replies
        ],
    }  # fmt: skip


def reply_note(turn_id: int, attempt: int, position: int, **written: Any) -> None:
    """Keeps what is written of a reply so far (`text`), or all of it; of an attempt that is superseded nothing."""
    replies = Reply.objects.filter(turn_id=turn_id, turn__attempt=attempt, position=position, state=State.WRITING)
    replies.update(noted_at=timezone.now(), **written)


def is_wanted(turn_id: int, attempt: int) -> bool:
    """Whether a reply of this attempt is still to be written."""
    return Reply.objects.filter(turn_id=turn_id, turn__attempt=attempt, state=State.WRITING).exists()


def turn_fail(turn_id: int, attempt: int, error: str) -> None:
    """Ends what is not written yet as failed; the labeler reads the error and may try again."""
    replies = Reply.objects.filter(turn_id=turn_id, turn__attempt=attempt, state=State.WRITING)
    replies.update(state=State.FAILED, error=error, noted_at=timezone.now())


def _judge(task: LabelingTask, turn: Turn, verdict: PairwiseAnswer | None, chosen: int | None) -> None:
    """Keeps the verdict on a written turn and the reply to go on with. In a chat that is the better one."""
    if not is_written(turn):
        raise RepliesNotWritten(
            "Expected both replies to be written before the chat goes on. Wait a moment, or try again."
        )
    shown = [reply.pk for reply in turn.replies.all()]
    is_chat = task.kind == LabelingTask.Kind.CHAT
    verdict_check(verdict, shown, task.label_schema.schema, is_required=is_chat)
    chosen_check(verdict, chosen, shown, is_best=is_chat)
    turn.verdict = verdict_kept(verdict)
    turn.chosen_id = chosen
    turn.save(update_fields=["verdict", "chosen"])


def _replies(batch: ChatBatch, turn: Turn) -> list[Reply]:
    """The two replies to be written, on sides that nobody can foretell."""
    sides = [(batch.checkpoint_a_id, batch.temperature_a), (batch.checkpoint_b_id, batch.temperature_b)]
    random.SystemRandom().shuffle(sides)
    return [
        Reply(
            turn=turn, position=position, checkpoint_id=checkpoint, temperature=temperature, top_p=batch.top_p,
            max_new_tokens=batch.max_new_tokens, seed=secrets.randbelow(2**53),
        )
        for position, (checkpoint, temperature) in enumerate(sides)
    ]  # fmt: skip


def _ask(turn: Turn) -> None:
    """After the commit, asks a worker for the replies."""
    transaction.on_commit(lambda: worker_ask(turn.pk, turn.attempt))


def worker_ask(turn_id: int, attempt: int) -> None:
    """Asks a worker for the replies of a turn; when Redis does not take the message the labeler is told."""
    try:
        doorbell().send_task("workers.turn_write", [turn_id, attempt], ignore_result=True, expires=TAKEN_SECONDS)
    except (KombuError, RedisError, OSError):
        turn_fail(turn_id, attempt, NO_WORKER)
