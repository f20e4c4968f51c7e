"""What the server refuses a labeler is said in every language that the pages speak."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from django.contrib.auth import password_validation

import labeling.accounts
import labeling.feedback
from labeling import api_errors
from labeling.errors import DomainError

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "frontend/src/texts"
LABELERS_MODULES = ("labeling.errors", "labeling.live", "labeling.rounds.people")
WITHOUT_A_CLASS = {"csrf_failed", "too_large", "unstorable", "network", "unexpected"}
MANAGERS_ALONE = {"not_ready_for_labeling"}
OF_VALIDATORS = {"required", "blank", "max_length", "username_invalid", "username_max_length"}
OTHER_LANGUAGES = sorted(path.stem for path in TEXTS.glob("*.ts") if path.stem not in ("en", "texts"))


def codes_met_by_labelers() -> set[str]:
    packages = (labeling.feedback, labeling.accounts)
    names = [
        found.name
        for package in packages
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if ".migrations" not in found.name
    ]
    found = [each for name in (*names, *LABELERS_MODULES) for each in vars(importlib.import_module(name)).values()]
    return {each.code for each in found if isinstance(each, type) and issubclass(each, DomainError)} - MANAGERS_ALONE


def field_codes_met_by_labelers() -> set[str]:
    """Those that our code gives, read from it, and those of the checks of passwords and names."""
    code = "".join(path.read_text() for path in (ROOT / "labeling").rglob("*.py"))
    ours = set(re.findall(r'FieldError\([^()]*(?:\([^()]*\)[^()]*)*"(\w+)"\)', code))
    names = {type(each).__name__ for each in password_validation.get_default_password_validators()}
    of_passwords = {
        "UserAttributeSimilarityValidator": "password_too_similar",
        "MinimumLengthValidator": "password_too_short",
        "CommonPasswordValidator": "password_too_common",
    }
    return ours | {of_passwords[name] for name in names} | OF_VALIDATORS


def said(language: str, table: str) -> set[str]:
    texts = (TEXTS / language / "errors.ts").read_text()
    _, _, rest = texts.partition(f"const {table}:")
    return set(re.findall(r"^  (\w+): ", rest.partition("\n};")[0], flags=re.M))


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_every_error_that_a_labeler_meets_has_a_text(language: str) -> None:
    met = codes_met_by_labelers()
    assert {"chat_went_on", "lease_lost", "wrong_credentials"} <= met, "the modules are read"
    assert (met | WITHOUT_A_CLASS) - said(language, "BY_CODE") == set()


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_every_field_that_a_labeler_fills_in_wrongly_is_told_so(language: str) -> None:
    met = field_codes_met_by_labelers()
    assert {"name_taken", "wrong_password", "text_too_long"} <= met, "the code is read"
    assert met - said(language, "BY_FIELD_CODE") == set()


def test_errors_without_a_class_are_those_that_the_server_makes() -> None:
    made = Path(api_errors.__file__).read_text() + (ROOT / "labeling/body_limit.py").read_text()
    assert WITHOUT_A_CLASS - {"network", "unexpected"} == set(re.findall(r'error_body\("(\w+)"', made)) - {"invalid"}


def test_there_is_a_second_language() -> None:
    assert OTHER_LANGUAGES == ["de"]
