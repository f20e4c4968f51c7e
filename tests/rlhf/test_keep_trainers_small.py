"""The trainers stay small enough to be read from batch to loss: caps on files and functions."""

import ast
from pathlib import Path

import pytest

RLHF = Path(__file__).parents[2] / "rlhf"
MOST_LINES = {"sft.py": 200, "reward.py": 250, "ppo.py": 350, "ppo_phases.py": 350}
LOOP, FUNCTION = 100, 60


@pytest.mark.parametrize("path", sorted(RLHF.glob("*.py")), ids=lambda path: path.name)
def test_no_file_and_no_function_grows_beyond_its_cap(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MOST_LINES.get(path.name, 400)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            is_loop = any(
                isinstance(part, ast.While) and "progress.is_over" in ast.unparse(part.test) for part in ast.walk(node)
            )
            assert node.end_lineno - node.lineno + 1 <= (LOOP if is_loop else FUNCTION), node.name
