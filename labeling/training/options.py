"""What the site knows of the trainers: the committed JSON schema of their options, and a check of a run's config by it."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from labeling.errors import InvalidInput

SCHEMA_PATH = Path(__file__).resolve().parents[2] / "docs" / "trainer-options.json"
_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "string": (str,), "boolean": (bool,), "array": (list,), "object": (dict,),
}  # fmt: skip


@lru_cache(maxsize=1)
def trainer_options() -> dict[str, Any]:
    """{trainer: JSON schema} as committed in docs/trainer-options.json; a pretrain run trains its tokenizer first."""
    options: dict[str, Any] = json.loads(SCHEMA_PATH.read_text())
    options["pretrain"]["properties"] = {**options["tokenizer"]["properties"], **options["pretrain"]["properties"]}
    return options


def config_check(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config if every option is known, of its type and in its range. Raises InvalidInput naming the ones that are not."""
    properties = trainer_options()[kind]["properties"]
    problems = {}
    for name, value in config.items():
        problem = f"Unknown option of {kind}." if name not in properties else _problem(properties[name], value)
        if problem:
            problems[f"config.{name}"] = problem
    if problems:
        raise InvalidInput("; ".join(f"{name}: {problem}" for name, problem in problems.items()), problems)
    return dict(config)


def _problem(schema: Mapping[str, Any], value: Any) -> str:
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else list(wanted or [])
    if value is None and "null" in names:
        return ""
    allowed = tuple(kind for name in names for kind in _TYPES.get(name, ()))
    if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)):
        return f"Expected {' or '.join(names)}, got {value!r}."
    if "enum" in schema and value not in schema["enum"]:
        return f"Expected one of {schema['enum']}, got {value!r}."
    if "minimum" in schema and value < schema["minimum"]:
        return f"Expected at least {schema['minimum']}, got {value!r}."
    if "maximum" in schema and value > schema["maximum"]:
        return f"Expected at most {schema['maximum']}, got {value!r}."
    return ""
