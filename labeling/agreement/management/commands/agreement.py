"""`python manage.py agreement FILE...`: how far the labelers of files of rankings agree, and one order of each prompt's completions."""

import json
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.accounts.models import User
from labeling.agreement.consensus import consensus_rankings
from labeling.agreement.intervals import Estimate
from labeling.agreement.labeler_reports import LabelersReport, labelers_report
from labeling.agreement.reports import AgreementReport, agreement_report
from labeling.agreement.services import Brought, rankings_bring
from labeling.agreement.tables import ranking_table
from labeling.errors import DomainError
from labeling.rounds.models import Import, Project
from labeling.rounds.services import project_create


class Command(BaseCommand):
    """Imports the files into a project of their own as people would, then prints the figures of its Quality pages."""

    help = "Import files of rankings into a project of their own and print how far their labelers agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, help="JSON lines, plain, .gz or .xz")
        parser.add_argument(
            "--project", default="", help="short name of the project (default: made from the first file's name)"
        )
        parser.add_argument(
            "--where", action="append", default=[], metavar="FIELD=VALUE", help="read only the records with this value"
        )
        parser.add_argument(
            "--researchers", default="", help="names of labelers who count as researchers, with commas between"
        )
        parser.add_argument(
            "--rankings", type=Path, metavar="OUT", help="write the aggregated rankings to this file (.jsonl)"
        )
        parser.add_argument(
            "--rows", type=int, default=20, help="labelers and pairs to print, those with most first (default 20)"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        only = dict(pair.partition("=")[::2] for pair in options["where"])
        slug = options["project"] or options["files"][0].name.split(".")[0].replace("_", "-")[:64]
        actor = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if actor is None:
            raise CommandError(
                "Expected an administrator who owns the project, got none. Run `python manage.py prepare`."
            )
        try:
            project = Project.objects.filter(slug=slug).first() or project_create(actor=actor, name=slug, slug=slug)
            for path in options["files"]:
                self._bring(actor, project, path, only)
        except (DomainError, OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        begun = time.monotonic()
        table = ranking_table(project, researchers=[name.strip() for name in options["researchers"].split(",")])
        self._step("read", begun)
        begun = time.monotonic()
        self._print_overall(agreement_report(table))
        self._step("agreement of all", begun)
        begun = time.monotonic()
        self._print_labelers(labelers_report(table), options["rows"])
        self._step("agreement of each labeler and pair", begun)
        begun = time.monotonic()
        rankings = consensus_rankings(table)
        if options["rankings"]:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rankings)
            options["rankings"].write_text("".join(lines), encoding="utf-8")
        self.stdout.write(f"\naggregated rankings: {len(rankings):,}")
        self._step("aggregation", begun)

    def _bring(self, actor: User, project: Project, path: Path, only: dict[str, str]) -> None:
        name = f"{path.name.split('.')[0]}.jsonl.gz"
        if Import.objects.filter(project=project, file_name=name, state=Import.State.DONE).exists():
            self.stdout.write(f"{path.name} is in project {project.slug} already; its rows are used as they are.")
            return
        begun = time.monotonic()
        brought = rankings_bring(actor=actor, project=project, path=path, only=only)
        seconds = time.monotonic() - begun
        self.stdout.write(f"{path.name}: {brought.found.rows_done:,} rankings imported into project {project.slug}")
        self._print_refused(brought)
        self.stdout.write(f"  {seconds:.1f} s import")

    def _print_refused(self, brought: Brought) -> None:
        reasons = Counter((row["field"], row["message"].split(", got")[0]) for row in brought.refused)
        for (field, message), count in reasons.items():
            lines = [row["line"] for row in brought.refused if row["message"].startswith(message)]
            shown = ", ".join(map(str, lines[:5])) + (", ..." if len(lines) > 5 else "")
            self.stdout.write(f"  {count} rows refused: {field}: {message} (lines {shown})")

    def _step(self, what: str, begun: float) -> None:
        self.stdout.write(f"  {time.monotonic() - begun:.1f} s {what}")

    def _print_overall(self, report: AgreementReport) -> None:
        self.stdout.write(
            f"\n{report.num_compared:,} of {report.num_rankings:,} rankings are of {report.num_prompts:,} prompts "
            f"that were ranked more than once, by {report.num_labelers} labelers"
        )
        for measure in report.measures:
            self.stdout.write(f"  {measure.name:<18} {shown(measure.estimate)}")
        for group in report.categories:
            for figure in group.figures:
                self.stdout.write(f"  {group.name + ' ' + figure.name:<18} {shown(figure.estimate)}")

    def _print_labelers(self, report: LabelersReport, num_rows: int) -> None:
        self.stdout.write("\nlabeler: ties half; adjusted for difficulty; tau-b; self; reliability")
        rows = sorted(report.labelers, key=lambda row: -row.num_rankings)
        for row in rows[:num_rows]:
            self.stdout.write(
                f"  {row.labeler.name:<16} {row.num_rankings:>5} rankings  {shown(row.score.raw)}  {short(row.score.adjusted)}  "
                f"{short(row.tau_b)}  {short(row.self_repeat)}  {row.reliability:.3f}"
            )
        self.stdout.write("\npair: agreement, ties half; Cohen's kappa")
        for pair in report.pairs[:num_rows]:
            names = f"{report.labelers[pair.a].labeler.name} - {report.labelers[pair.b].labeler.name}"
            self.stdout.write(f"  {names:<26} {shown(pair.agreement)}  kappa {shown(pair.kappa)}")


def short(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def shown(estimate: Estimate) -> str:
    return f"{short(estimate):<22} n = {estimate.n:,} on {estimate.num_items:,} prompts"
