"""Imported by code that runs inside a started site: a project with text and prompts, and waiting for what jobs do."""

import gzip
import json
import os
import time
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "labeling.settings"

import django

django.setup()

from django.conf import settings  # noqa: E402

from labeling.accounts.models import User  # noqa: E402
from labeling.feedback.models import Completion, Demonstration, RankedCompletion, Ranking  # noqa: E402
from labeling.rounds.models import Checkpoint, Corpus, Import, Project, Prompt  # noqa: E402
from labeling.store import store_open  # noqa: E402
from labeling.training.models import DatasetSnapshot, MetricPoint, TrainingRun  # noqa: E402, F401
from labeling.training.services import run_create, snapshot_create  # noqa: E402

TINY: dict[str, Any] = {
    "hidden_size": 32, "num_layers": 2, "num_heads": 2, "context_length": 64, "tokens_per_batch": 512, "vocab_size": 300,
    "threads": 1,
}  # fmt: skip
ADMIN = User.objects.get(username="admin")
PROJECT, _ = Project.objects.get_or_create(slug="tests", defaults={"name": "Tests", "created_by": ADMIN})


def corpus() -> Corpus:
    found = Corpus.objects.filter(project=PROJECT).first()
    if found is not None:
        return found
    rows = [{"text": f"Cat number {i} sat on the mat and looked at the moon {i % 7} times. " * 4} for i in range(300)]
    files = store_open(settings.STORAGE_URL)
    name = "corpora/tests/texts.jsonl.gz"
    files.write_bytes(name, gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return Corpus.objects.create(
        project=PROJECT, name="tests", uri=files.uri(name), sha256="0" * 64, num_documents=300, num_characters=80_000
    )


def prompts(count: int) -> None:
    have = Prompt.objects.filter(project=PROJECT).count()
    new = [
        Prompt(
            project=PROJECT, external_id=str(i), messages=[{"role": "user", "content": f"Where did cat {i} sit?"}],
            split="validation" if i % 8 == 0 else "train",
        )
        for i in range(have, count)
    ]  # fmt: skip
    Prompt.objects.bulk_create(new, batch_size=2000)


def demonstrations(count: int) -> None:
    """That many imported demonstrations, one a prompt."""
    prompts(count)
    source = Import.objects.create(
        project=PROJECT, kind="demonstrations", state="done", file_name="tests", uri="", sha256=""
    )
    for line, prompt in enumerate(Prompt.objects.filter(project=PROJECT).order_by("pk")[:count], start=1):
        messages = [*prompt.messages, {"role": "assistant", "content": "On the mat.", "weight": 1}]
        Demonstration.objects.create(
            project=PROJECT, prompt=prompt, messages=messages, imported_from=source, import_line=line
        )


def rankings(count: int) -> None:
    """That many imported rankings of three completions, one a prompt; the longer completion is the better one."""
    prompts(count)
    source = Import.objects.create(project=PROJECT, kind="rankings", state="done", file_name="tests", uri="", sha256="")
    for line, prompt in enumerate(Prompt.objects.filter(project=PROJECT).order_by("pk")[:count], start=1):
        ranking = Ranking.objects.create(project=PROJECT, prompt=prompt, imported_from=source, import_line=line)
        for rank, text in enumerate(("On the mat, by the door.", "On the mat.", "No."), start=1):
            completion = Completion.objects.create(project=PROJECT, prompt=prompt, text=text)
            RankedCompletion.objects.create(ranking=ranking, completion=completion, rank=rank)


def run_start(kind: str, config: dict[str, Any], inputs: dict[str, Any]) -> TrainingRun:
    return run_create(project=PROJECT, kind=kind, config=config, inputs=inputs, actor=ADMIN)


def until(row: Any, states: tuple[str, ...], seconds: float) -> Any:
    """The row once it is in one of these states."""
    deadline = time.monotonic() + seconds
    while row.state not in states:
        if time.monotonic() > deadline:
            raise SystemExit(f"{row} is {row.state} after {seconds} s, expected {states}: {getattr(row, 'error', '')}")
        time.sleep(0.1)
        row.refresh_from_db()
    return row


def ended(row: Any, seconds: float = 120) -> Any:
    return until(row, ("done", "failed", "cancelled", "sealed"), seconds)


def base() -> Checkpoint:
    """A tiny pretrained checkpoint, made by a run at the first call."""
    found = Checkpoint.objects.filter(project=PROJECT, role="base").first()
    if found is None:
        run = ended(run_start("pretrain", {**TINY, "max_steps": 20}, {"texts": corpus()}))
        assert run.state == "done", run.error
        found = run.outputs.get().checkpoint
    return found


def reward(seed: int = 1) -> Checkpoint:
    """A tiny reward model over `base()`, made by a run at the first call; another one for another seed."""
    found = Checkpoint.objects.filter(project=PROJECT, role="reward", card__config__seed=seed).first()
    if found is None:
        rankings(24)
        snapshot = ended(snapshot_create(project=PROJECT, kind="rankings", filters={}, actor=ADMIN))
        config = {"max_steps": 2, "batch_size": 4, "max_length": 64, "threads": 1, "seed": seed}
        run = ended(run_start("reward", config, {"base": base(), "rankings": snapshot}))
        assert run.state == "done", run.error
        found = run.outputs.get().checkpoint
    return found


def say(value: Any) -> None:
    print(json.dumps(value))
