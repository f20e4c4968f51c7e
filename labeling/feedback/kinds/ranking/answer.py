"""A ranking as sent: each completion rated and flagged, then all of them in order. Pure: no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from labeling.feedback.answers import (
    Errors,
    InvalidAnswer,
    flags_check,
    ranks_check,
    ranks_dense,
    ratings_check,
    required_ratings_check,
)
from labeling.numbers import whole_number

BY_COMPLETION = ("ranks", "ratings", "flags")


@dataclass(frozen=True, kw_only=True)
class RankingAnswer:
    """Everything that the labeler said of the completions. Keys are completion ids; rank 1 is best, equal ranks tie."""

    ranks: Mapping[int, int]
    ratings: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    flags: Mapping[int, Sequence[str]] = field(default_factory=dict)
    all_bad: bool = False


class RankingAnswerSerializer(serializers.Serializer[Any]):
    """Keyed by completion id."""

    ranks = serializers.DictField(child=serializers.IntegerField())
    ratings = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), required=False, default=dict
    )
    flags = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), required=False, default=dict
    )
    all_bad = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in BY_COMPLETION:
            wrong = [key for key in attrs[name] if whole_number(key) is None]
            if wrong:
                raise serializers.ValidationError({name: f"Expected completion ids as keys, got {wrong[0][:40]!r}."})
        return attrs

    def answer_given(self) -> RankingAnswer:
        return RankingAnswer(**self.by_id())

    def by_id(self) -> dict[str, Any]:
        """The checked fields, keyed by numbers where the JSON has texts."""
        given = self.validated_data
        return {**given, **{name: {int(key): value for key, value in given[name].items()} for name in BY_COMPLETION}}


def ranking_check(answer: RankingAnswer, shown: Sequence[int], schema: Mapping[str, Any]) -> dict[int, int]:
    """The dense ranks (1, 1, 2) of the completions shown. Raises InvalidAnswer, which names every field that is wrong."""
    errors: Errors = {}
    ranks_check(answer.ranks, shown, errors)
    ratings_check(answer.ratings, shown, schema, errors)
    required_ratings_check(answer.ratings, shown, schema, errors)
    flags_check(answer.flags, shown, schema, errors)
    if errors:
        raise InvalidAnswer("The ranking does not fit the task; see the fields.", fields=errors)
    return ranks_dense(answer.ranks)
