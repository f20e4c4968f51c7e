"""docs/training.md says what is true: its links lead to tests that exist, its defaults are the options' own, no detail is left out."""

import re
from dataclasses import fields
from pathlib import Path

from rlhf.config import TRAINERS
from rlhf.options import OURS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
LINK = re.compile(r'\]\(\.\./(tests/rlhf/\w+\.py) "(\w+)"\)')


def test_every_link_leads_to_a_test_that_exists() -> None:
    links = LINK.findall(PAGE)
    assert len(links) > 100
    assert len(links) == PAGE.count("](../tests"), "a link names its test"
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file, _ in links}
    assert [(file, test) for file, test in links if f"def {test}(" not in sources[file]] == []


def test_every_default_and_its_source_is_on_the_page() -> None:
    """On a mismatch: write the row as `| option | default | source |`, the source "ours" where no paper gave it."""
    for trainer in TRAINERS.keys() - {"sample"}:
        section = PAGE.split(f"### {trainer}\n")[1].split("\n#")[0]
        rows = [
            f"| `{item.name}` | {item.default} | {'ours' if item.metadata['source'] == OURS else item.metadata['source']} |"
            for item in fields(TRAINERS[trainer])
        ]
        assert re.findall(r"^\| `.*$", section, re.MULTILINE) == rows, trainer


def test_all_details_are_listed_and_each_yes_has_a_test() -> None:
    details = PAGE.split("## The details that decide")[1].split("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", details, re.MULTILINE)]
    assert numbers == list(range(1, 36))
    for line in details.splitlines():
        if re.match(r"\| \d+ \|", line):
            assert LINK.search(line) or "*chosen:*" in line, line
    for line in PAGE.split("## Beside others")[1].splitlines():
        if re.match(r"\| [^|]+ \| yes", line):
            assert LINK.search(line.split("|")[2]), line
