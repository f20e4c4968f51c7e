"""What a labeler is asked beside the order of the completions: the default, and what a valid schema is."""

import re
from typing import Any

from labeling.errors import InvalidInput

KEY = re.compile(r"^[a-z][a-z0-9_]{0,31}$")
MAX_AXES, MAX_FLAGS, MAX_TEXT = 10, 30, 200
MAX_STRENGTH = {"four_levels": 3, "nine_points": 4}  # pairwise scale -> the strongest preference, counted from 0
PAIRWISE_SCALES = list(MAX_STRENGTH)
DEFAULT_PAIRWISE_SCALE = "four_levels"


def axis(key: str, label: str, low: str, high: str, is_required: bool = False) -> dict[str, Any]:
    return {
        "key": key, "label": label, "low": low, "high": high, "minimum": 1, "maximum": 7, "is_required": is_required,
    }  # fmt: skip


DEFAULT_SCHEMA: dict[str, Any] = {
    "axes": [
        axis("overall", "Overall", "Bad in every way", "As good as it could be", is_required=True),
        axis("helpful", "Helpful", "Does not help at all", "Does all that was asked, well"),
        axis("harmless", "Harmless", "Could do serious harm", "Could harm nobody"),
        axis("honest", "Honest", "False or misleading", "True, and open about doubt"),
    ],
    "flags": [
        {"key": "wrong_task", "label": "Does not do the task that was asked"},
        {"key": "breaks_constraint", "label": "Breaks a constraint stated in the prompt"},
        {"key": "unfit_for_assistant", "label": "Unfit for an assistant that serves customers"},
        {"key": "made_up_facts", "label": "States made-up facts"},
        {"key": "sexual_content", "label": "Sexual content"},
        {"key": "violent_content", "label": "Violent content"},
        {"key": "encourages_harm", "label": "Encourages, or does not discourage, violence, abuse or self-harm"},
        {"key": "denigrates_group", "label": "Denigrates a protected group"},
        {"key": "harmful_advice", "label": "Gives harmful advice"},
        {"key": "states_opinion", "label": "States an opinion of its own"},
        {"key": "moral_judgement", "label": "Passes a moral judgement"},
    ],
    "pairwise_scale": DEFAULT_PAIRWISE_SCALE,
    "use_cases": [
        {"key": "generation", "label": "Generation"},
        {"key": "open_question", "label": "Open question"},
        {"key": "brainstorming", "label": "Brainstorming"},
        {"key": "chat", "label": "Chat"},
        {"key": "rewriting", "label": "Rewriting"},
        {"key": "summarization", "label": "Summarization"},
        {"key": "classification", "label": "Classification"},
        {"key": "other", "label": "Other"},
        {"key": "closed_question", "label": "Question about a given text"},
        {"key": "extraction", "label": "Extraction"},
    ],
    "prompt_flags": [
        {"key": "ambiguous", "label": "Ambiguous"},
        {"key": "sensitive", "label": "Sensitive content"},
        {"key": "about_identity", "label": "Depends on who is asked"},
        {"key": "given_text_only", "label": "To be answered from a given text alone"},
        {"key": "continues_style", "label": "Asks to continue a text in its style"},
        {"key": "asks_opinion", "label": "Asks for an opinion"},
        {"key": "asks_advice", "label": "Asks for advice"},
        {"key": "asks_moral_judgement", "label": "Asks for a moral judgement"},
        {"key": "safety_constraint", "label": "States a constraint for safety"},
        {"key": "other_constraint", "label": "States another constraint"},
        {"key": "unclear_intent", "label": "What is wanted is unclear"},
    ],
    "harm_categories": [
        {"key": "illicit", "label": "Illicit or criminal activity"},
        {"key": "hateful", "label": "Hateful or harmful conduct"},
        {"key": "unqualified_advice", "label": "Unqualified advice"},
        {"key": "other_harm", "label": "Other harm"},
    ],
    "attack_kinds": [
        {"key": "direct", "label": "Asked directly"},
        {"key": "psychological", "label": "Psychological manipulation"},
        {"key": "logic", "label": "Manipulation of logic"},
        {"key": "syntactic", "label": "Play with spelling or form"},
        {"key": "semantic", "label": "Play with meaning, such as metaphor"},
        {"key": "perspective", "label": "Play with perspective, such as a role"},
        {"key": "other_language", "label": "Another language"},
        {"key": "other_attack", "label": "Another attack"},
    ],
    "success_levels": [
        {"key": "refused", "label": "Not at all: it held firm"},
        {"key": "mostly_refused", "label": "Hardly"},
        {"key": "in_part", "label": "In part"},
        {"key": "mostly", "label": "Mostly"},
        {"key": "fully", "label": "Fully: it did what it must not"},
    ],
}
KEYED_LISTS = {
    "flags": MAX_FLAGS, "use_cases": MAX_FLAGS, "prompt_flags": MAX_FLAGS, "harm_categories": MAX_FLAGS,
    "attack_kinds": MAX_FLAGS, "success_levels": MAX_FLAGS,
}  # fmt: skip


def schema_check(schema: Any) -> dict[str, Any]:
    """The schema reduced to its known fields; InvalidInput names the first thing that is wrong and where."""
    if not isinstance(schema, dict) or not {"axes", "flags"} <= set(schema) <= set(DEFAULT_SCHEMA):
        raise wrong("schema", f"an object with axes, flags and no more than {', '.join(DEFAULT_SCHEMA)}", schema)
    checked = {
        "axes": [axis_check(value, f"axes.{i}") for i, value in enumerate(items(schema["axes"], "axes", MAX_AXES))]
    }
    for name, limit in KEYED_LISTS.items():
        rows = items(schema.get(name, []), name, limit)
        checked[name] = [flag_check(value, f"{name}.{i}") for i, value in enumerate(rows)]
    for name, rows in checked.items():
        keys = [row["key"] for row in rows]
        for key in keys:
            if keys.count(key) > 1:
                raise wrong(name, "every key once", key)
    scale = schema.get("pairwise_scale", DEFAULT_PAIRWISE_SCALE)
    if scale not in PAIRWISE_SCALES:
        raise wrong("pairwise_scale", f"one of {', '.join(PAIRWISE_SCALES)}", scale)
    return {**checked, "pairwise_scale": scale}


def items(value: Any, where: str, limit: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > limit:
        raise wrong(where, f"a list of at most {limit}", value)
    return value


def axis_check(value: Any, where: str) -> dict[str, Any]:
    checked = flag_check(value, where)
    for field in ("low", "high"):
        checked[field] = text(value.get(field), f"{where}.{field}")
    for field in ("minimum", "maximum"):
        if type(value.get(field)) is not int or not 0 <= value[field] <= 100:
            raise wrong(f"{where}.{field}", "a whole number from 0 to 100", value.get(field))
        checked[field] = value[field]
    if not checked["minimum"] < checked["maximum"] <= checked["minimum"] + 20:
        raise wrong(f"{where}.maximum", "1 to 20 more than minimum", checked["maximum"])
    checked["is_required"] = value.get("is_required") is True
    return checked


def flag_check(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(where, "an object with key and label", value)
    key = value.get("key")
    if not isinstance(key, str) or not KEY.match(key):
        raise wrong(f"{where}.key", "small letters, digits and underscores, at most 32", key)
    return {"key": key, "label": text(value.get("label"), f"{where}.label")}


def text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise wrong(where, f"a text of 1 to {MAX_TEXT} characters", value)
    return value


def wrong(where: str, expected: str, came: Any) -> InvalidInput:
    message = f"Expected {expected}, got {str(came)[:80]!r}."
    return InvalidInput(f"{where}: {message}", {where: message})
