"""How a chat is stored: a Conversation; for each turn a Prompt, its two Completions and, if it was judged, a Ranking of them."""

from collections.abc import Mapping
from typing import Any

from labeling.feedback.chat_models import Conversation, Reply, Turn
from labeling.feedback.kinds.chat.answer import ChatAnswer, verdict_check, verdict_given, verdict_kept, wrong
from labeling.feedback.kinds.pairwise.answer import PairwiseAnswer, pairwise_check
from labeling.feedback.kinds.ranking.rows import ranking_insert
from labeling.feedback.models import Completion, LabelingTask
from labeling.feedback.turns import is_writing, is_written, messages_before, turns_of
from labeling.rounds.models import Prompt
from labeling.rounds.splits import split_of


def chat_store(task: LabelingTask, answer: ChatAnswer, fields: dict[str, Any]) -> Conversation:
    """Stores the chat with the `fields` that every answer has; every turn must be judged. Raises InvalidAnswer."""
    return conversation_store(task, answer, fields, is_judged=True)


def conversation_store(
    task: LabelingTask, answer: ChatAnswer, fields: dict[str, Any], *, is_judged: bool, **labels: str
) -> Conversation:
    """Moves the labeler's turns into a Conversation. A last turn whose replies failed is left out. Raises InvalidAnswer.

    The split of all its prompts is that of the first message: a conversation is never torn between splits.
    """
    turns = turns_of(task.pk, fields["labeler_id"])
    schema = task.label_schema.schema
    if answer.num_turns != len(turns):
        raise wrong("num_turns", f"{len(turns)} turns, as the server has; reload the page", str(answer.num_turns))
    if is_writing(turns[-1]):
        raise wrong("num_turns", "all replies to be written; wait a moment", "replies under way")
    if is_written(turns[-1]):
        shown = [reply.pk for reply in turns[-1].replies.all()]
        verdict_check(answer.verdict, shown, schema, is_required=is_judged)
        turns[-1].verdict = verdict_kept(answer.verdict)
    else:
        turns.pop().delete()
    if not turns:
        raise wrong("num_turns", "one turn with its replies", "none")
    made = {name: value for name, value in fields.items() if name != "prompt_id"}
    conversation = Conversation.objects.create(**made, **labels)
    split = split_of([{"role": "user", "content": turns[0].message}])
    prompts = [prompt_create(task, turns, turn, split, labels) for turn in turns]
    answered = {**fields, "place": None, "seconds": 0, "notes": "", "conversation": conversation}
    for turn, prompt in zip(turns, prompts, strict=True):
        completions = {reply.pk: completion_create(reply, prompt) for reply in turn.replies.all()}
        verdict = verdict_given(turn.verdict)
        if verdict is not None:
            judged = by_completion(verdict, {reply: row.pk for reply, row in completions.items()})
            ranks, margin = pairwise_check(judged, list(judged.ranks), schema)
            ranking_insert(judged, ranks, {**answered, "prompt_id": prompt.pk}, margin)
        turn.conversation, turn.prompt, turn.message = conversation, prompt, ""
        turn.save(update_fields=["conversation", "prompt", "message", "verdict"])
    return conversation


def completions_of_replies(task: LabelingTask, conversation: Conversation) -> dict[int, Completion]:
    """{reply: completion} of a conversation: what its labeler may have edited."""
    replies = Reply.objects.filter(turn__conversation=conversation).select_related("completion__prompt")
    return {reply.pk: reply.completion for reply in replies if reply.completion is not None}


def prompt_create(task: LabelingTask, turns: list[Turn], turn: Turn, split: str, labels: Mapping[str, str]) -> Prompt:
    """The conversation up to and with the message of this turn; its metadata say what the labeler said of the whole."""
    return Prompt.objects.create(
        project_id=task.project_id,
        external_id=f"chat-{task.pk}-{turn.labeler_id}-{turn.number}",
        messages=messages_before(turns, turn),
        origin=task.kind,
        metadata={"turn": turn.number, **labels, **({"brief": task.brief} if task.brief else {})},
        split=split,
    )


def completion_create(reply: Reply, prompt: Prompt) -> Completion:
    """What the reply wrote and how, as the Completion that keeps it from now on."""
    completion = Completion.objects.create(
        project_id=prompt.project_id,
        prompt=prompt,
        checkpoint_id=reply.checkpoint_id,
        text=reply.text,
        token_ids=reply.token_ids,
        temperature=reply.temperature,
        top_p=reply.top_p,
        max_new_tokens=reply.max_new_tokens,
        seed=reply.seed,
        logprob=reply.logprob,
    )
    reply.completion, reply.text, reply.token_ids = completion, "", []
    reply.save(update_fields=["completion", "text", "token_ids"])
    return completion


def by_completion(verdict: PairwiseAnswer, completions: dict[int, int]) -> PairwiseAnswer:
    """The verdict keyed by completion instead of by reply."""
    return PairwiseAnswer(
        ranks={completions[reply]: rank for reply, rank in verdict.ranks.items()},
        ratings={completions[reply]: given for reply, given in verdict.ratings.items()},
        flags={completions[reply]: given for reply, given in verdict.flags.items()},
        all_bad=verdict.all_bad,
        strength=verdict.strength,
    )
