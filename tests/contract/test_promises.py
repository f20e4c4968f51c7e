"""docs/promises.md and docs/comparison.md name a test for what they claim, and each of those tests exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMISES = (ROOT / "docs" / "promises.md").read_text()
COMPARISON = (ROOT / "docs" / "comparison.md").read_text()


def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def missing_of(text: str) -> list[str]:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    return [f"{path}::{name}" for path, name in named if name not in functions_of(ROOT / path)]


def test_every_yes_of_the_comparison_names_tests_that_exist() -> None:
    claimed = [line for line in COMPARISON.splitlines() if "| **yes**" in line]
    assert claimed
    assert [line for line in claimed if "`tests/" not in line] == []
    assert missing_of(COMPARISON) == []


def test_every_promise_names_tests_that_exist() -> None:
    rows = [line for line in PROMISES.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, 11))
    missing = []
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named or "not yet" in row, row
        missing += [f"{path}::{name}" for path, name in named if name not in functions_of(ROOT / path)]
    assert not missing
