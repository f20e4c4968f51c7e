"""Which package may import what, seen from sys.modules of a fresh process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = {"django", "rest_framework", "celery", "labeling.settings"}
TRAINERS = {"torch", "transformers", "ray", "rlhf"}
SITE_MODULES = [
    "labeling.jobs.services", "labeling.feedback.services", "labeling.training.services", "labeling.training.exports",
    "labeling.loop.services", "labeling.agreement.services", "labeling.urls", "labeling.asgi",
]  # fmt: skip
SCIENCE_MODULES = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for path in sorted((ROOT / "rlhf").glob("*.py"))
    if path.name not in {"__init__.py", "__main__.py"}
]


def imported_by(modules: list[str], setup: str = "") -> set[str]:
    """All names in sys.modules, and their top-level packages, after importing these modules in a new process."""
    code = f"import sys, json, importlib\n{setup}\n[importlib.import_module(m) for m in {modules!r}]\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    names = set(json.loads(done.stdout.splitlines()[-1]))
    return names | {name.partition(".")[0] for name in names}


def test_the_site_imports_no_trainer_and_no_worker() -> None:
    setup = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'labeling.settings'; import django; django.setup()"
    found = imported_by(SITE_MODULES, setup)
    assert "django" in found
    assert not found & (TRAINERS | {"workers", "scipy", "pandas", "sklearn", "krippendorff", "crowdkit"})


def test_the_science_imports_no_site_and_no_cluster() -> None:
    found = imported_by(SCIENCE_MODULES)
    assert "torch" in found
    assert not found & (SITE | {"ray", "labeling", "workers"})


@pytest.mark.parametrize(
    "module", ["workers.store", "workers.events", "workers.actors", "workers.serving", "workers.cluster"]
)
def test_the_cluster_side_imports_no_django_no_celery_and_no_torch_in_its_driver(module: str) -> None:
    assert not imported_by([module]) & (SITE | {"torch", "transformers"})


def test_the_local_services_import_no_django() -> None:
    modules = ["labeling.local.postgres", "labeling.local.redis", "labeling.local.ray", "labeling.local.supervisor"]
    assert not imported_by([*modules, "labeling.local.services", "labeling.local.site"]) & (SITE | TRAINERS)


def test_the_worker_imports_no_torch_and_no_ray() -> None:
    """Celery's processes stay small: the cluster is spoken to over HTTP."""
    assert not imported_by(["workers.app"]) & {"torch", "transformers", "ray", "rlhf"}
