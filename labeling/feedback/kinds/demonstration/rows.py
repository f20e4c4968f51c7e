"""How a demonstration is stored: the whole conversation, in which what the labeler wrote as the assistant has weight 1."""

from typing import Any

from labeling.feedback.kinds.demonstration.answer import DemonstrationAnswer, prompt_labels_check, turns_check
from labeling.feedback.models import Demonstration, LabelingTask
from labeling.rounds.models import Prompt
from labeling.rounds.splits import split_of


def demonstration_store(task: LabelingTask, answer: DemonstrationAnswer, fields: dict[str, Any]) -> Demonstration:
    """Stores the answer with the `fields` that every answer has, and the prompt if the labeler wrote it. Raises InvalidAnswer.

    In a few-shot prompt every answer has weight 1, so that each is learned with the ones before it as its examples.
    """
    turns = turns_check(answer, task.prompt_style)
    prompt_labels_check(answer, task.label_schema.schema)
    prompt = task.prompt or prompt_create(task, turns[:-1], answer, fields)
    given = task.prompt.messages if task.prompt else []
    asked = [{"role": message["role"], "content": message["content"], "weight": 0} for message in given]
    written = [{**turn, "weight": int(turn["role"] == "assistant")} for turn in turns]
    return Demonstration.objects.create(
        messages=[*asked, *written],
        use_case=answer.use_case,
        prompt_flags=list(answer.prompt_flags),
        **{**fields, "prompt_id": prompt.pk},
    )


def prompt_create(
    task: LabelingTask, messages: list[dict[str, str]], answer: DemonstrationAnswer, fields: dict[str, Any]
) -> Prompt:
    """The prompt that a labeler wrote: all that comes before the last answer. Its split is that of its text."""
    return Prompt.objects.create(
        project_id=task.project_id,
        external_id=f"written-{task.pk}-{fields['labeler_id']}",
        messages=messages,
        origin="labeler",
        metadata={
            "style": task.prompt_style,
            "use_case": answer.use_case,
            "flags": list(answer.prompt_flags),
            **({"brief": task.brief} if task.brief else {}),
        },
        split=split_of(messages),
    )
