"""A completion edited into a better answer: a demonstration of the new text, and a ranking of the new over the old.

Anthropic's workers could do so too (2204.05862, section 2.2): the edit is worth more to training than the order alone.
"""

from collections.abc import Mapping
from typing import Any

from labeling.feedback.answers import InvalidAnswer, text_check
from labeling.feedback.models import Completion, Demonstration, Edit, LabelingTask, RankedCompletion, Ranking


def edits_store(task: LabelingTask, edits: Mapping[int, str], fields: Mapping[str, Any]) -> None:
    """Stores each edit {completion shown: new text} of one answer, which has the `fields`; inside the answer's transaction.

    What an edit makes belongs to no Place, for the answer itself fills it, and takes no time of its own. Raises InvalidAnswer.
    """
    if not edits:
        return
    shown = {row.completion_id: row.completion for row in task.task_completions.select_related("completion")}
    for completion, text in edits.items():
        if completion not in shown:
            raise wrong(f"Expected edits of the completions {sorted(shown)}, got one of {completion}.")
        edited = text_check(text, "edits")
        if edited == shown[completion].text.strip():
            raise wrong(f"Expected the edit of completion {completion} to change its text, got the same text.")
        edit_store(task, shown[completion], edited, fields)


def edit_store(task: LabelingTask, original: Completion, text: str, fields: Mapping[str, Any]) -> Edit:
    edited = Completion.objects.create(project_id=original.project_id, prompt_id=original.prompt_id, text=text)
    edit = Edit.objects.create(task=task, labeler_id=fields["labeler_id"], original=original, edited=edited)
    made = {**fields, "place": None, "edit": edit, "seconds": 0, "notes": ""}
    given = task.prompt.messages if task.prompt else []
    asked = [{"role": message["role"], "content": message["content"], "weight": 0} for message in given]
    Demonstration.objects.create(messages=[*asked, {"role": "assistant", "content": text, "weight": 1}], **made)
    ranking = Ranking.objects.create(**made)
    RankedCompletion.objects.bulk_create(
        RankedCompletion(ranking=ranking, completion=completion, rank=rank)
        for rank, completion in enumerate((edited, original), start=1)
    )
    return edit


def wrong(message: str) -> InvalidAnswer:
    return InvalidAnswer("An edit does not fit the task; see the fields.", fields={"edits": message})
