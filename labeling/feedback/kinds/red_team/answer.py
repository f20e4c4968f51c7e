"""A red-team chat as handed in: beside the chat, what harm was sought, by what attack, and how far it went. Pure: no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from labeling.feedback.kinds.chat.answer import ChatAnswer, ChatAnswerSerializer, wrong

LISTS = {"harm_category": "harm_categories", "attack_kind": "attack_kinds", "success_level": "success_levels"}


@dataclass(frozen=True, kw_only=True)
class RedTeamAnswer(ChatAnswer):
    """Keys of the label schema."""

    harm_category: str
    attack_kind: str
    success_level: str


class RedTeamAnswerSerializer(ChatAnswerSerializer):
    harm_category = serializers.CharField(max_length=32)
    attack_kind = serializers.CharField(max_length=32)
    success_level = serializers.CharField(max_length=32)

    def answer_given(self) -> RedTeamAnswer:
        return RedTeamAnswer(**self.fields_given())


def attack_check(answer: RedTeamAnswer, schema: Mapping[str, Any]) -> None:
    """Raises InvalidAnswer unless each label is in the schema."""
    for name, rows in LISTS.items():
        known = [row["key"] for row in schema.get(rows, [])]
        if getattr(answer, name) not in known:
            raise wrong(name, f"one of {known}", repr(getattr(answer, name)))
