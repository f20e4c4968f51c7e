"""Chats as tests hold them: tasks that a manager opened, messages through HTTP, and replies kept as a worker keeps them."""

from typing import Any

from rest_framework.test import APIClient

from labeling.feedback import turns
from labeling.feedback.chat_models import Turn
from labeling.rounds.label_schemas import DEFAULT_SCHEMA
from labeling.rounds.models import Checkpoint, LabelSchemaVersion, Project
from tests.labeling.feedback_cast import client_of, make_checkpoint, make_project, make_user

SETTINGS = {"temperature_a": 0.7, "temperature_b": 1.0, "top_p": 0.9, "max_new_tokens": 16, "max_turns": 3}
LABELS = {"harm_category": "illicit", "attack_kind": "perspective", "success_level": "mostly"}


class ChatCast:
    """A project with two policies, a manager and a labeler, and one chat at a time."""

    def __init__(self) -> None:
        self.project: Project = make_project()
        LabelSchemaVersion.objects.create(project=self.project, number=2, schema=DEFAULT_SCHEMA)
        self.old: Checkpoint = make_checkpoint(self.project, "policy", "old")
        self.new: Checkpoint = make_checkpoint(self.project, "policy", "new", state="published")
        self.manager = client_of(make_user(self.project, "mia", "manager"))
        self.ann = client_of(make_user(self.project, "ann", "labeler"))
        self.path = f"/api/v1/projects/{self.project.pk}"

    def open(self, kind: str = "chat", **changed: Any) -> Any:
        body = {"kind": kind, "num_tasks": 1, "brief": "Talk about lamps.", "checkpoint_a": self.old.pk, **SETTINGS}
        return self.manager.post(f"{self.path}/chats", {**body, "checkpoint_b": self.new.pk, **changed}, format="json")

    def claim(self, client: APIClient | None = None) -> Any:
        return (client or self.ann).post(f"{self.path}/labeling/claim", {}, format="json").json()["assignment"]

    def say(self, held: Any, number: int, message: str, client: APIClient | None = None, **more: Any) -> Any:
        body = {"lease_token": held["place"]["lease_token"], "number": number, "message": message, **more}
        return (client or self.ann).post(f"/api/v1/places/{held['place']['id']}/chat/turns", body, format="json")

    def chat(self, held: Any) -> Any:
        return self.ann.get(f"/api/v1/places/{held['place']['id']}/chat").json()

    def talk(self, held: Any, *messages: str) -> list[dict[str, Any]]:
        """Say each message, have both replies written, prefer and go on with the one on the left; the turns as the page has them."""
        before: dict[str, Any] = {}
        for number, message in enumerate(messages, start=1):
            assert self.say(held, number, message, **before).status_code == 200
            write_replies(number)
            left = self.chat(held)["turns"][-1]["replies"]
            before = {"verdict": verdict(left, strength=2), "chosen": left[0]["id"]}
        turns_shown: list[dict[str, Any]] = self.chat(held)["turns"]
        return turns_shown


def verdict(replies: list[dict[str, Any]], best: int = 0, strength: int = 1) -> dict[str, Any]:
    ranks = {str(reply["id"]): 1 if place == best else 2 for place, reply in enumerate(replies)}
    return {"ranks": ranks, "strength": strength}


def write_replies(number: int, states: tuple[str, str] = ("done", "done")) -> Turn:
    """What a worker keeps of the replies to the newest message, or why it could not."""
    turn = Turn.objects.filter(conversation=None).order_by("-pk")[0]
    assert turn.number == number
    asked = turns.turn_begin(turn.pk, turn.attempt)
    assert asked is not None
    for reply in asked["replies"]:
        place = reply["position"]
        if states[place] == "done":
            words = {"text": f"Reply {number}{'ab'[place]}", "token_ids": [number, place], "logprob": -1.5}
            turns.reply_note(turn.pk, turn.attempt, place, state="done", **words)
    turns.turn_fail(turn.pk, turn.attempt, "The model fell over.")
    return turn
