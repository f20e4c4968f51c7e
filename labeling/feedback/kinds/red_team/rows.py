"""How a red-team chat is stored: a Conversation with its labels. Verdicts are optional; a finding is an edit, see edits.py."""

from typing import Any

from labeling.feedback.chat_models import Conversation
from labeling.feedback.kinds.chat.rows import conversation_store
from labeling.feedback.kinds.red_team.answer import LISTS, RedTeamAnswer, attack_check
from labeling.feedback.models import LabelingTask


def red_team_store(task: LabelingTask, answer: RedTeamAnswer, fields: dict[str, Any]) -> Conversation:
    """Stores the answer with the `fields` that every answer has. Raises InvalidAnswer."""
    attack_check(answer, task.label_schema.schema)
    labels = {name: getattr(answer, name) for name in LISTS}
    return conversation_store(task, answer, fields, is_judged=False, **labels)
