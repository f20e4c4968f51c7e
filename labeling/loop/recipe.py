"""What a round does: its recipe, a list of stages with their options, checked before the round exists."""

from collections.abc import Mapping, Sequence
from typing import Any

from labeling.errors import InvalidInput
from labeling.rounds.models import RoundStage
from labeling.training.options import config_check

ORDER = RoundStage.Kind.values
NUMBERS = {  # stage kind -> option -> (lowest, highest)
    "demonstrate": {"num_tasks": (0, 100_000), "num_plain": (0, 100_000), "num_few_shot": (0, 100_000)},
    "sft": {},
    "sample": {"num_prompts": (1, 1_000_000), "completions_per_prompt": (2, 9)},
    "rank": {"overlap_share": (0, 1), "random_share": (0, 1)},
    "reward": {},
    "ppo": {"num_prompts": (1, 1_000_000)},
    "evaluate": {"num_prompts": (0, 100_000)},
    "approve": {},
}
CHOICES = {"rank": {"task_kind": ("ranking", "pairwise")}}  # stage kind -> option -> what it may be
TRAINERS = {"sft": "sft", "sample": "sample", "reward": "reward", "ppo": "ppo", "evaluate": "sample"}


def default_recipe() -> list[dict[str, Any]]:
    """A whole round of modest size: four completions a prompt, every tenth task ranked twice."""
    return [
        {"kind": "demonstrate", "num_tasks": 0},
        {"kind": "sft", "config": {}},
        {"kind": "sample", "num_prompts": 500, "completions_per_prompt": 4, "config": {}},
        {"kind": "rank", "overlap_share": 0.1},
        {"kind": "reward", "config": {}},
        {"kind": "ppo", "config": {}, "num_prompts": 2000},
        {"kind": "evaluate", "num_prompts": 100, "config": {}},
        {"kind": "approve"},
    ]


def recipe_check(recipe: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The recipe if every stage is known, in order and once, with known options in range. Raises InvalidInput."""
    kinds = [stage.get("kind") for stage in recipe]
    unknown = [kind for kind in kinds if kind not in ORDER]
    if unknown or not kinds:
        raise InvalidInput(
            f"Expected stages out of {ORDER}, got {unknown[0] if unknown else 'none'!r}.", {"recipe": "stage"}
        )
    if kinds != [kind for kind in ORDER if kind in kinds]:
        raise InvalidInput(f"Expected each stage once and in the order {ORDER}, got {kinds}.", {"recipe": "order"})
    for needed, reason in (("sample", "rank"), ("reward", "ppo")):
        if reason in kinds and needed not in kinds:
            raise InvalidInput(
                f"A round with the stage {reason} needs the stage {needed}.", {"recipe": f"add {needed}"}
            )
    return [_stage_check(stage) for stage in recipe]


def _stage_check(stage: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(stage["kind"])
    for name, value in stage.items():
        where = f"recipe.{kind}.{name}"
        if name in ("kind", "manual"):
            continue
        if name == "config" and kind in TRAINERS:
            config_check(TRAINERS[kind], value)
            continue
        if name in CHOICES.get(kind, {}):
            if value not in CHOICES[kind][name]:
                expected = " or ".join(CHOICES[kind][name])
                raise InvalidInput(f"Expected {name} of {kind} to be {expected}, got {value!r}.", {where: expected})
            continue
        if kind == "demonstrate" and name == "use_cases":
            if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
                raise InvalidInput(
                    "Expected use_cases to be a list of texts, each a use case to write prompts for.", {where: "texts"}
                )
            continue
        if name not in NUMBERS[kind]:
            raise InvalidInput(f"Stage {kind} has no option {name!r}.", {where: "unknown option"})
        low, high = NUMBERS[kind][name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise InvalidInput(
                f"Expected {name} of {kind} from {low} to {high}, got {value!r}.", {where: f"{low} to {high}"}
            )
    return dict(stage)
