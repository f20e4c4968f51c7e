"""The kinds of work that a task may be, each with how its answer is read and stored. A new kind is one folder and one line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from labeling.feedback.kinds.chat.answer import ChatAnswerSerializer
from labeling.feedback.kinds.chat.rows import chat_store, completions_of_replies
from labeling.feedback.kinds.demonstration.answer import DemonstrationAnswerSerializer
from labeling.feedback.kinds.demonstration.rows import demonstration_store
from labeling.feedback.kinds.pairwise.answer import PairwiseAnswerSerializer
from labeling.feedback.kinds.pairwise.rows import pairwise_store
from labeling.feedback.kinds.ranking.answer import RankingAnswerSerializer
from labeling.feedback.kinds.ranking.rows import completions_of_task, ranking_store
from labeling.feedback.kinds.red_team.answer import RedTeamAnswerSerializer
from labeling.feedback.kinds.red_team.rows import red_team_store


@dataclass(frozen=True)
class Kind:
    """`serializer` reads the JSON of an answer, its `answer_given()` is what `store(task, answer, fields)` checks and stores.

    `shown(task, stored)` is what the labeler saw, {id in the page: Completion}, and may have edited.
    """

    serializer: type[Any]
    store: Callable[[Any, Any, dict[str, Any]], Any]
    shown: Callable[[Any, Any], dict[int, Any]] = completions_of_task


KINDS = {
    "demonstration": Kind(DemonstrationAnswerSerializer, demonstration_store),
    "ranking": Kind(RankingAnswerSerializer, ranking_store),
    "pairwise": Kind(PairwiseAnswerSerializer, pairwise_store),
    "chat": Kind(ChatAnswerSerializer, chat_store, completions_of_replies),
    "red_team": Kind(RedTeamAnswerSerializer, red_team_store, completions_of_replies),
}
