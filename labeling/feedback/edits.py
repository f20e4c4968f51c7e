"""A completion edited into a better answer: a demonstration of the new text, and a ranking of the new over the old.

Anthropic's workers could do so too (2204.05862, section 2.2): the edit is worth more to training than the order alone.
"""

from collections.abc import Mapping
from typing import Any

from labeling.feedback.answers import InvalidAnswer, text_check
from labeling.feedback.models import Completion, Demonstration, Edit, LabelingTask, RankedCompletion, Ranking


def edits_store(
    task: LabelingTask, edits: Mapping[int, str], shown: Mapping[int, Completion], fields: Mapping[str, Any]
) -> None:
    """Stores each edit {id of a completion shown: new text} of one answer, which has the `fields`; in the answer's transaction.

    What an edit makes belongs to no Place, for the answer itself fills it, and takes no time of its own. Raises InvalidAnswer.
    """
    for key, text in edits.items():
        if key not in shown:
            raise wrong(f"Expected edits of the completions {sorted(shown)}, got one of {key}.")
        edited = text_check(text, "edits")
        if edited == shown[key].text.strip():
            raise wrong(f"Expected the edit of completion {key} to change its text, got the same text.")
        edit_store(task, shown[key], edited, fields)


def edit_store(task: LabelingTask, original: Completion, text: str, fields: Mapping[str, Any]) -> Edit:
    prompt = original.prompt
    edited = Completion.objects.create(project_id=original.project_id, prompt=prompt, text=text)
    edit = Edit.objects.create(task=task, labeler_id=fields["labeler_id"], original=original, edited=edited)
    made = {**fields, "prompt_id": prompt.pk, "place": None, "edit": edit, "seconds": 0, "notes": ""}
    asked = [{"role": message["role"], "content": message["content"], "weight": 0} for message in prompt.messages]
    Demonstration.objects.create(messages=[*asked, {"role": "assistant", "content": text, "weight": 1}], **made)
    ranking = Ranking.objects.create(**made)
    RankedCompletion.objects.bulk_create(
        RankedCompletion(ranking=ranking, completion=completion, rank=rank)
        for rank, completion in enumerate((edited, original), start=1)
    )
    return edit


def wrong(message: str) -> InvalidAnswer:
    return InvalidAnswer("An edit does not fit the task; see the fields.", fields={"edits": message})
