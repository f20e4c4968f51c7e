"""What a labeler is asked beside the order of the completions: the default, and what a valid schema is."""

import re
from typing import Any

from labeling.errors import InvalidInput

KEY = re.compile(r"^[a-z][a-z0-9_]{0,31}$")
MAX_AXES, MAX_FLAGS, MAX_TEXT = 10, 30, 200


def axis(key: str, label: str, low: str, high: str) -> dict[str, Any]:
    return {"key": key, "label": label, "low": low, "high": high, "minimum": 1, "maximum": 7}


DEFAULT_SCHEMA: dict[str, Any] = {
    "axes": [
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
}


def schema_check(schema: Any) -> dict[str, Any]:
    """The schema reduced to its known fields; InvalidInput names the first thing that is wrong and where."""
    if not isinstance(schema, dict) or set(schema) != {"axes", "flags"}:
        raise wrong("schema", "an object with the fields axes and flags", schema)
    axes = [axis_check(value, f"axes.{i}") for i, value in enumerate(items(schema["axes"], "axes", MAX_AXES))]
    flags = [flag_check(value, f"flags.{i}") for i, value in enumerate(items(schema["flags"], "flags", MAX_FLAGS))]
    for name, rows in (("axes", axes), ("flags", flags)):
        keys = [row["key"] for row in rows]
        for key in keys:
            if keys.count(key) > 1:
                raise wrong(name, "every key once", key)
    return {"axes": axes, "flags": flags}


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
