"""A chat as handed in, and what is said of each turn on the way. Pure: no database.

The turns themselves are on the server already; the answer says how many the labeler saw, and judges the last one. A turn's verdict
is a pairwise answer over its two replies, keyed by reply id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rest_framework import serializers

from labeling.feedback.answers import InvalidAnswer
from labeling.feedback.kinds.pairwise.answer import PairwiseAnswer, PairwiseAnswerSerializer, pairwise_check

MAX_TURNS = 50


@dataclass(frozen=True, kw_only=True)
class ChatAnswer:
    """`verdict` is of the last turn; those before were judged when the labeler went on."""

    num_turns: int
    verdict: PairwiseAnswer | None


class VerdictSerializer(PairwiseAnswerSerializer):
    """A pairwise answer keyed by reply id."""


class ChatAnswerSerializer(serializers.Serializer[Any]):
    num_turns = serializers.IntegerField(min_value=1, max_value=MAX_TURNS, help_text="How many turns I saw.")
    verdict = VerdictSerializer(allow_null=True, help_text="Of the last turn; null when its replies failed.")

    def answer_given(self) -> ChatAnswer:
        return ChatAnswer(**self.fields_given())

    def fields_given(self) -> dict[str, Any]:
        return {**self.validated_data, "verdict": verdict_given(self.validated_data["verdict"])}


def verdict_given(value: Mapping[str, Any] | None) -> PairwiseAnswer | None:
    """The verdict of checked or kept JSON, whose keys are texts."""
    if value is None:
        return None
    by_reply = {name: {int(key): said for key, said in value[name].items()} for name in ("ranks", "ratings", "flags")}
    return PairwiseAnswer(**{**value, **by_reply})


def verdict_kept(verdict: PairwiseAnswer | None) -> dict[str, Any] | None:
    """The verdict as JSON; verdict_given reads it again."""
    return None if verdict is None else asdict(verdict)


def verdict_check(
    verdict: PairwiseAnswer | None, shown: Sequence[int], schema: Mapping[str, Any], *, is_required: bool
) -> None:
    """Raises InvalidAnswer when a verdict that is needed is missing, or one that came does not fit the replies shown."""
    if verdict is not None:
        pairwise_check(verdict, shown, schema)
    elif is_required:
        raise wrong("verdict", "a verdict on the two replies", "none")


def chosen_check(verdict: PairwiseAnswer | None, chosen: int | None, shown: Sequence[int], *, is_best: bool) -> None:
    """Raises InvalidAnswer unless the reply to go on with was shown and, where `is_best`, is ranked first (perhaps tied)."""
    if chosen is None or chosen not in shown:
        raise wrong("chosen", f"one of the replies {sorted(shown)} to go on with", str(chosen))
    if is_best and verdict is not None and verdict.ranks[chosen] != min(verdict.ranks.values()):
        raise wrong("chosen", "the preferred reply to go on with", "the other one")


def wrong(field: str, expected: str, came: str) -> InvalidAnswer:
    message = f"Expected {expected}; got {came}."
    return InvalidAnswer("The chat does not fit; see the fields.", fields={field: message})
