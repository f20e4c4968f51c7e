"""The quality reports as each role may see them. Reports are kept for some minutes: they read many rows and move slowly."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.cache import cache
from django.utils import timezone

from labeling.accounts.models import User
from labeling.agreement.checkpoint_rates import win_rates_report
from labeling.agreement.labeler_reports import LabelerRow, LabelersReport, labelers_report
from labeling.agreement.progress import ProgressReport, day_counts, kind_seconds, progress_report
from labeling.agreement.provenance import ProvenanceRow, provenance_rows
from labeling.agreement.reports import AgreementReport, agreement_report
from labeling.agreement.tables import ranking_table
from labeling.feedback.selectors import STAFF
from labeling.rounds.models import Membership, Project
from labeling.rounds.selectors import project_get_for
from labeling.version import code_version

KEPT_SECONDS = 300
Report = TypeVar("Report")


@dataclass(frozen=True)
class Kept:
    """A report and when it was made."""

    made_at: datetime
    report: Any


def kept(name: str, project: Project, make: Callable[[], Report], detail: object = "") -> Kept:
    def stamped() -> Kept:
        return Kept(timezone.now(), make())

    found = cache.get_or_set(f"quality:{code_version()}:{name}:{project.pk}:{detail}", stamped, KEPT_SECONDS)
    assert isinstance(found, Kept)
    return found


def agreement_get_for(user: User, project_id: int, round_number: int | None) -> Kept:
    """AgreementReport of a project or of one round, for managers and engineers; it names no labeler."""
    project = project_get_for(user, project_id, *STAFF)

    def make() -> AgreementReport:
        return agreement_report(ranking_table(project, round_number=round_number))

    return kept("agreement", project, make, round_number)


def labelers_get_for(user: User, project_id: int) -> Kept:
    """LabelersReport, for managers alone."""
    return labelers_kept(project_get_for(user, project_id, Membership.Role.MANAGER))


def labelers_kept(project: Project) -> Kept:
    def make() -> LabelersReport:
        return labelers_report(ranking_table(project))

    return kept("labelers", project, make)


def mine_get_for(user: User, project_id: int) -> dict[str, Any]:
    """What a labeler may see: their own row, days and seconds, and nobody else's."""
    project = project_get_for(user, project_id, Membership.Role.LABELER)
    found = labelers_kept(project)
    rows: list[LabelerRow] = found.report.labelers
    return {
        "made_at": found.made_at,
        "row": next((row for row in rows if row.labeler.user_id == user.pk), None),
        "days": day_counts(project, user.pk),
        "seconds": kind_seconds(project, user.pk),
        "provenance": next(iter(provenance_rows(project, user.pk)), None),
    }


def provenance_get_for(user: User, project_id: int) -> list[ProvenanceRow]:
    """How each labeler's answers were made, for managers alone."""
    return provenance_rows(project_get_for(user, project_id, Membership.Role.MANAGER))


def progress_get_for(user: User, project_id: int) -> ProgressReport:
    """Progress of the stages, answers of each day, seconds of each kind, for managers and engineers."""
    return progress_report(project_get_for(user, project_id, *STAFF))


def win_rates_get_for(user: User, project_id: int) -> Kept:
    """WinRatesReport of the blind evaluations, for managers and engineers."""
    project = project_get_for(user, project_id, *STAFF)
    return kept("win-rates", project, lambda: win_rates_report(project))
