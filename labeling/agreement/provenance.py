"""How each labeler's answers were made, over all answers of theirs that were recorded. What it means is for a person to judge."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from labeling.rounds.models import Project

_ROWS = """
SELECT person.id, COALESCE(NULLIF(person.display_name, ''), person.username),
  count(*) FILTER (WHERE made.typing_seconds IS NOT NULL),
  count(*) FILTER (WHERE made.is_written),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY made.typing_seconds) FILTER (WHERE made.is_written),
  avg(made.pasted_share) FILTER (WHERE made.is_written),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY made.num_edits) FILTER (WHERE made.is_written),
  count(*) FILTER (WHERE made.ai_use = 'none'), count(*) FILTER (WHERE made.ai_use = 'help'),
  count(*) FILTER (WHERE made.ai_use = 'text')
FROM (
  SELECT labeler_id, typing_seconds, pasted_share, num_edits, ai_use, typing_seconds > 0 OR pasted_share > 0 AS is_written
  FROM feedback_demonstration WHERE project_id = %(project)s AND place_id IS NOT NULL
  UNION ALL
  SELECT labeler_id, typing_seconds, pasted_share, num_edits, ai_use, typing_seconds > 0 OR pasted_share > 0
  FROM feedback_ranking WHERE project_id = %(project)s AND place_id IS NOT NULL
  UNION ALL
  SELECT labeler_id, typing_seconds, pasted_share, num_edits, ai_use, typing_seconds > 0 OR pasted_share > 0
  FROM feedback_conversation WHERE project_id = %(project)s) made
JOIN accounts_user person ON person.id = made.labeler_id
WHERE (made.typing_seconds IS NOT NULL OR made.ai_use <> '') AND (%(labeler)s::bigint IS NULL OR person.id = %(labeler)s)
GROUP BY person.id ORDER BY 2, 1
"""


@dataclass(frozen=True, kw_only=True)
class ProvenanceRow:
    """One labeler. The three figures are of the answers in which anything was written; null when there is none."""

    user_id: int
    name: str
    num_recorded: int
    num_written: int
    median_typing_seconds: float | None
    pasted_share: float | None  # mean over answers
    median_edits: float | None
    ai_use: dict[str, int]  # answers by what the labeler declared


def provenance_rows(project: Project, labeler_id: int | None = None) -> list[ProvenanceRow]:
    """Labelers of whom anything was recorded, by name; or one of them."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"project": project.pk, "labeler": labeler_id})
        return [_row(*row) for row in cursor.fetchall()]


def _row(
    user_id: int,
    name: str,
    recorded: int,
    written: int,
    typing: float | None,
    pasted: float | None,
    edits: Any,
    *declared: int,
) -> ProvenanceRow:
    return ProvenanceRow(
        user_id=user_id,
        name=name,
        num_recorded=recorded,
        num_written=written,
        median_typing_seconds=typing,
        pasted_share=pasted,
        median_edits=edits,
        ai_use=dict(zip(("none", "help", "text"), declared, strict=True)),
    )
