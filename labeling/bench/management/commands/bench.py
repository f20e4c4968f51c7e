"""`python manage.py bench claim|import|export`: what the labeling site can do on this machine, as one JSON line."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from labeling.bench.claim import bench_claim
from labeling.bench.files import bench_export, bench_import
from labeling.local.processes import LocalServiceError
from labeling.local.supervisor import StopRequested


class Command(BaseCommand):
    """Starts a site of its own in <var>/bench, fills it, loads it through HTTP, and stops it. The filled database is kept."""

    help = "Measure the labeling site on this machine; prints one JSON line."
    requires_system_checks: list[str] = []  # the database they would ask is not up yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        claim = kinds.add_parser("claim", help="latency of a claim and of a submit that returns the next task")
        claim.add_argument("--tasks", type=int, default=10_000, help="ranking tasks, two answers each (default: 10000)")
        claim.add_argument("--rate", type=float, default=40, help="label cycles begun per second (default: 40)")
        claim.add_argument("--seconds", type=float, default=60, help="how long the load lasts (default: 60)")
        claim.add_argument("--saturate", action="store_true", help="no pauses: report cycles per second alone")

        rows = kinds.add_parser("import", help="rows per second of a file of prompts")
        rows.add_argument("--rows", type=int, default=100_000, help="prompts in the file (default: 100000)")
        rows.add_argument("--existing", type=int, default=10_000, help="prompts there already (default: 10000)")
        export = kinds.add_parser("export", help="seconds and peak memory of a snapshot of rankings")
        export.add_argument("--rankings", type=int, default=100_000, help="rankings to export (default: 100000)")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            report = self._measure(Path(settings.VAR) / "bench", options)
        except LocalServiceError as error:
            raise CommandError(str(error)) from error
        except StopRequested as error:
            raise CommandError("stopped") from error
        self.stdout.write(json.dumps(report))
        if report["violations"]:
            raise CommandError(f"{report['violations']} violations, expected none")

    def _measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        if options["kind"] == "import":
            return bench_import(folder, num_rows=options["rows"], num_existing=options["existing"], say=self._say)
        if options["kind"] == "export":
            return bench_export(folder, num_rankings=options["rankings"], say=self._say)
        return bench_claim(
            folder, num_tasks=options["tasks"], rate=options["rate"], seconds=options["seconds"],
            is_saturating=options["saturate"], say=self._say,
        )  # fmt: skip

    def _say(self, line: str) -> None:
        self.stderr.write(f"  {line}")
