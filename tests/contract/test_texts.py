"""What the server refuses a labeler is said in every language that the pages speak."""

import importlib
import re
from pathlib import Path

import pytest

from labeling.errors import DomainError

TEXTS = Path(__file__).parents[2] / "frontend/src/texts"
LABELERS_CODE = (
    "labeling.errors",
    "labeling.accounts.sign_in",
    "labeling.feedback.answers",
    "labeling.feedback.claims",
)
# Said of many things, in words that only the server has; what a manager alone meets.
IN_THE_SERVERS_WORDS = {"invalid", "conflict"}
OTHER_LANGUAGES = sorted(path.stem for path in TEXTS.glob("*.ts") if path.stem not in ("en", "texts"))


def codes_met_by_labelers() -> set[str]:
    modules = [importlib.import_module(name) for name in (*LABELERS_CODE, "labeling.feedback.services")]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, type)]
    return (
        {each.code for each in found if issubclass(each, DomainError)}
        - IN_THE_SERVERS_WORDS
        - {"not_ready_for_labeling"}
    )


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_every_error_that_a_labeler_meets_has_a_text(language: str) -> None:
    texts = (TEXTS / language / "errors.ts").read_text()
    assert codes_met_by_labelers() - set(re.findall(r"^  (\w+): ", texts, flags=re.M)) == set()


def test_there_is_a_second_language() -> None:
    assert OTHER_LANGUAGES == ["de"]
