"""The labeling tasks that stages open: which prompts, which completions in which order, and how many places."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from labeling.feedback.models import Completion, Demonstration, LabelingTask
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.loop.disagreement import RANDOM, disagreement, in_order
from labeling.rounds.models import Checkpoint, Prompt, RoundStage

T = TypeVar("T")
MAX_RANKED = 9


def demonstration_tasks_create(stage: RoundStage, wanted: int) -> int:
    """Opens tasks for train prompts that nobody has demonstrated yet, chosen by a seed; returns how many."""
    owner = stage.round
    shown = Demonstration.objects.filter(project=owner.project, prompt__isnull=False).values("prompt_id")
    prompts = Prompt.objects.filter(project=owner.project, split=Prompt.Split.TRAIN, redacted_at=None).exclude(
        pk__in=shown
    )
    chosen = _shuffled(list(prompts.order_by("pk").values_list("pk", flat=True)), stage)[:wanted]
    specs = [TaskSpec(prompt=prompt, kind=LabelingTask.Kind.DEMONSTRATION) for prompt in chosen]
    return tasks_create(project=owner.project, round=owner, stage=stage, specs=specs)


def writing_tasks_create(stage: RoundStage) -> int:
    """Opens tasks in which labelers write a prompt and its answer, of the three styles; returns how many."""
    style, options = LabelingTask.PromptStyle, stage.options
    asked = [(style.PLAIN, "")] * int(options.get("num_plain", 0))
    asked += [(style.FEW_SHOT, "")] * int(options.get("num_few_shot", 0))
    asked += [(style.USE_CASE, brief) for brief in options.get("use_cases", [])]
    specs = [
        TaskSpec(prompt=None, kind=LabelingTask.Kind.DEMONSTRATION, prompt_style=found, brief=brief)
        for found, brief in asked
    ]
    return tasks_create(project=stage.round.project, round=stage.round, stage=stage, specs=specs) if specs else 0


def ranking_tasks_create(stage: RoundStage, run_id: int) -> int:
    """Opens tasks for each prompt with two or more completions of the run; `overlap_share` of the prompts take two answers.

    With a `random_share` the order in which they are handed out is that of disagreement.py, and each task keeps how it was chosen.
    One task ranks all completions of a prompt; where the stage's `task_kind` is pairwise, each task compares two of them,
    every completion once (an odd one is left out).
    """
    owner = stage.round
    completions: dict[int, list[int]] = defaultdict(list)
    scores: dict[int, list[list[float]]] = defaultdict(list)
    rows = Completion.objects.filter(run_id=run_id, project=owner.project, redacted_at=None).order_by("pk")
    for prompt, completion, given in rows.values_list("prompt_id", "pk", "scores"):
        completions[prompt].append(completion)
        scores[prompt].append(given)
    prompts = _shuffled([prompt for prompt, group in completions.items() if len(group) >= 2], stage)
    twice = set(prompts[: round(float(stage.options.get("overlap_share", 0)) * len(prompts))])
    kind = stage.options.get("task_kind", LabelingTask.Kind.RANKING)
    is_active = "random_share" in stage.options
    disagreements = {prompt: disagreement(scores[prompt]) for prompt in prompts if all(scores[prompt])}
    ordered = _actively(stage, prompts, disagreements) if is_active else [(prompt, "") for prompt in prompts]
    specs = [
        TaskSpec(
            prompt=prompt, kind=kind, completions=shown, chosen=chosen, disagreement=disagreements.get(prompt),
            num_places=2 if prompt in twice else 1, offset=1 if prompt in twice and not is_active else 0,
        )
        for prompt, chosen in ordered
        for shown in _groups(_shuffled(completions[prompt][:MAX_RANKED], stage, prompt), kind)
    ]  # fmt: skip
    return tasks_create(project=owner.project, round=owner, stage=stage, specs=specs)


def _actively(stage: RoundStage, prompts: list[int], disagreements: Mapping[int, float]) -> list[tuple[int, str]]:
    """The prompts in the order of active sampling; all at random while no two reward models have scored them."""
    if set(disagreements) != set(prompts):
        return [(prompt, RANDOM) for prompt in prompts]
    return in_order(disagreements, float(stage.options["random_share"]), f"{stage.round_id}:{stage.position}:active")


def _groups(completions: list[int], kind: str) -> list[list[int]]:
    """What is shown together: all of a prompt's completions, or two and two."""
    if kind != LabelingTask.Kind.PAIRWISE:
        return [completions]
    return [completions[start : start + 2] for start in range(0, len(completions) - 1, 2)]


def evaluation_tasks_create(stage: RoundStage, run_id: int, new: Checkpoint, rivals: Sequence[Checkpoint]) -> int:
    """Opens a pair task for each prompt and rival: the new policy's completion beside the rival's, sides by a seed."""
    owner = stage.round
    written: dict[int, dict[int, int]] = defaultdict(dict)
    rows = Completion.objects.filter(run_id=run_id, project=owner.project, redacted_at=None).order_by("pk")
    for prompt, checkpoint, completion in rows.values_list("prompt_id", "checkpoint_id", "pk"):
        written[prompt].setdefault(checkpoint or 0, completion)
    specs = [
        TaskSpec(
            prompt=prompt, kind=LabelingTask.Kind.RANKING, purpose=LabelingTask.Purpose.EVALUATION,
            completions=_shuffled([by[new.pk], by[rival.pk]], stage, prompt * 31 + rival.pk),
        )
        for prompt, by in sorted(written.items())
        for rival in rivals
        if new.pk in by and rival.pk in by
    ]  # fmt: skip
    return tasks_create(project=owner.project, round=owner, stage=stage, specs=_shuffled(specs, stage))


def completions_count(run_id: int) -> int:
    return Completion.objects.filter(run_id=run_id).count()


def _shuffled(items: list[T], stage: RoundStage, salt: int = 0) -> list[T]:
    """The items in an order that depends only on the stage and the salt."""
    mixed = list(items)
    random.Random(f"{stage.round_id}:{stage.position}:{salt}").shuffle(mixed)
    return mixed
