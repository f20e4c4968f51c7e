"""A demonstration as sent: the turns that the labeler wrote, and what the prompt is like. Pure: no database.

To a prompt that was given, the first turn is the answer. Where the labeler writes the prompt too, the first turn is a request,
or, in a few-shot prompt, a system message with the instruction that all requests share. Then requests and answers alternate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from labeling.feedback.answers import InvalidAnswer, text_check

MAX_TURNS = 40
MIN_FEW_SHOT_ANSWERS = 2
TURN_ROLES = ["system", "user", "assistant"]


@dataclass(frozen=True, kw_only=True)
class DemonstrationAnswer:
    """`turns` are (role, content); `use_case` and `prompt_flags` are keys of the label schema."""

    turns: Sequence[tuple[str, str]]
    use_case: str = ""
    prompt_flags: Sequence[str] = ()


class TurnSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=TURN_ROLES)
    content = serializers.CharField(allow_blank=True, trim_whitespace=False)


class DemonstrationAnswerSerializer(serializers.Serializer[Any]):
    turns = TurnSerializer(many=True)
    use_case = serializers.CharField(required=False, allow_blank=True, default="")
    prompt_flags = serializers.ListField(child=serializers.CharField(), required=False, default=list)

    def answer_given(self) -> DemonstrationAnswer:
        given = self.validated_data
        turns = [(turn["role"], turn["content"]) for turn in given["turns"]]
        return DemonstrationAnswer(turns=turns, use_case=given["use_case"], prompt_flags=given["prompt_flags"])


def turns_check(answer: DemonstrationAnswer, prompt_style: str) -> list[dict[str, str]]:
    """The turns to store, as messages. Raises InvalidAnswer unless they follow the order that the style asks for."""
    roles = [role for role, _ in answer.turns]
    head = {"given": ["assistant"], "few_shot": ["system", "user", "assistant"]}.get(
        prompt_style, ["user", "assistant"]
    )
    expected = head + ["user", "assistant"] * ((len(roles) - len(head) + 1) // 2)
    if roles != expected or len(roles) > MAX_TURNS:
        raise wrong(
            "turns", f"{', '.join(head)}, then user, assistant and so on, {MAX_TURNS} at most", ", ".join(roles)
        )
    if prompt_style == "few_shot" and roles.count("assistant") < MIN_FEW_SHOT_ANSWERS:
        raise wrong("turns", f"{MIN_FEW_SHOT_ANSWERS} or more requests with answers", str(roles.count("assistant")))
    return [{"role": role, "content": text_check(content, "turns")} for role, content in answer.turns]


def prompt_labels_check(answer: DemonstrationAnswer, schema: Mapping[str, Any]) -> None:
    """Raises InvalidAnswer unless the use case and the flags of the prompt are in the label schema."""
    use_cases = {row["key"] for row in schema.get("use_cases", [])}
    flags = {row["key"] for row in schema.get("prompt_flags", [])}
    if answer.use_case and answer.use_case not in use_cases:
        raise wrong("use_case", f"one of {sorted(use_cases)}", answer.use_case)
    for key in answer.prompt_flags:
        if key not in flags:
            raise wrong("prompt_flags", f"some of {sorted(flags)}", key)


def wrong(field: str, expected: str, came: str) -> InvalidAnswer:
    message = f"Expected {expected}; got {came[:200] or 'nothing'}."
    return InvalidAnswer("The answer does not fit the task; see the fields.", fields={field: message})
