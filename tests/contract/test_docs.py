"""Every setting that the code reads is explained, and nothing is explained that no code reads."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = re.compile(r'(?:read_(?:text|flag|count|list)\(|os\.environ\.get\(|os\.environ\[)"([A-Z][A-Z_]+)"')
SHELL = re.compile(r"\$\{([A-Z][A-Z_]+):")
OF_THE_SYSTEM = {"PATH", "PYTHONPATH", "OMP_WAIT_POLICY", "DJANGO_SETTINGS_MODULE"}


def settings_read() -> set[str]:
    python = "".join(
        path.read_text() for name in ("labeling", "workers", "demo") for path in (ROOT / name).rglob("*.py")
    )
    shell = "".join((ROOT / "docker" / name).read_text() for name in ("compose.yaml", "start.sh"))
    return {*READERS.findall(python), *SHELL.findall(shell)} - OF_THE_SYSTEM


def test_every_setting_is_explained_and_no_other() -> None:
    explained = set(re.findall(r"`([A-Z][A-Z_]{3,})(?:=[^`]*)?`", (ROOT / "docs" / "SETTINGS.md").read_text()))
    assert settings_read() - explained == set()
    assert explained - settings_read() - {"RAY_AUTH_MODE", "INFO"} == set()


def test_every_setting_of_the_site_is_in_the_example() -> None:
    example = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    of_the_site = set(READERS.findall((ROOT / "labeling" / "settings.py").read_text()))
    assert of_the_site - example == set()
    assert example - settings_read() - {"RAY_AUTH_MODE"} == set()
