"""Rankings and pairs that a labeler meets again, to learn how far they agree with themselves.

A stated share of their answers is asked for once more: the same completions in another order, not before some hours and some other
answers. A repeat is a task of its own with the purpose calibration, so it enters no training snapshot, and its one place is reserved for
that labeler; who takes no sensitive tasks meets none again. Which answers are repeated follows from their ids, so that nobody chooses.
"""

import random
from collections.abc import Sequence

from django.db import connection, transaction

from labeling.feedback.models import LabelingTask, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import Project

OLDEST_DAYS = 30  # an answer that was not repeated by then is left alone
# One answer of each labeler who has no repeat open: the oldest that is due. The share is by a hash of the answer's id.
_DUE = """
SELECT DISTINCT ON (answer.labeler_id) answer.id
FROM feedback_ranking answer
JOIN feedback_labelingtask task ON task.id = answer.task_id
JOIN rounds_project project ON project.id = answer.project_id
JOIN rounds_membership member
  ON member.project_id = answer.project_id AND member.user_id = answer.labeler_id AND member.role = 'labeler'
WHERE answer.project_id = %(project)s AND task.purpose = 'training' AND task.stopped_at IS NULL
  AND answer.is_counted AND answer.place_id IS NOT NULL AND answer.redacted_at IS NULL
  AND answer.created_at < clock_timestamp() - make_interval(hours => project.repeat_after_hours)
  AND answer.created_at > clock_timestamp() - make_interval(hours => project.repeat_after_hours, days => %(oldest_days)s)
  AND ('x' || left(md5('repeat ' || answer.id), 8))::bit(32)::bigint < project.repeat_share * 4294967296
  AND NOT EXISTS (SELECT 1 FROM feedback_labelingtask again WHERE again.repeats_id = answer.id)
  AND NOT EXISTS (
    SELECT 1 FROM feedback_place held
    WHERE held.reserved_for_id = answer.labeler_id AND held.project_id = answer.project_id AND held.state IN ('open', 'leased')
      AND (member.takes_sensitive OR NOT held.is_sensitive))
  AND (member.takes_sensitive OR NOT EXISTS (
    SELECT 1 FROM feedback_place shown WHERE shown.task_id = answer.task_id AND shown.is_sensitive))
  AND NOT EXISTS (
    SELECT 1 FROM feedback_rankedcompletion ranked JOIN feedback_completion shown ON shown.id = ranked.completion_id
    WHERE ranked.ranking_id = answer.id AND shown.redacted_at IS NOT NULL)
  AND project.repeat_after_answers <= (
    SELECT count(*) FROM (
      SELECT 1 FROM feedback_place later_place
      JOIN feedback_ranking later ON later.place_id = later_place.id
      WHERE later.labeler_id = answer.labeler_id AND later.project_id = answer.project_id AND later.created_at > answer.created_at
      UNION ALL
      SELECT 1 FROM feedback_demonstration written
      WHERE written.labeler_id = answer.labeler_id AND written.project_id = answer.project_id AND written.place_id IS NOT NULL
        AND written.created_at > answer.created_at
      UNION ALL
      SELECT 1 FROM feedback_conversation held
      WHERE held.labeler_id = answer.labeler_id AND held.project_id = answer.project_id AND held.created_at > answer.created_at) others)
ORDER BY answer.labeler_id, answer.id
"""


def repeats_open_all() -> int:
    """Opens what is due in every project that repeats; returns how many tasks. Called by beat."""
    return sum(repeats_open(project) for project in Project.objects.filter(repeat_share__gt=0, is_archived=False))


@transaction.atomic
def repeats_open(project: Project) -> int:
    """Opens a repeat for each labeler who has one due and none waiting. Locks the project, so that two calls make one."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"project": project.pk, "oldest_days": OLDEST_DAYS})
        due = [answer for (answer,) in cursor.fetchall()]
    answers = Ranking.objects.filter(pk__in=due).select_related("task", "round").order_by("pk")
    for answer in answers:
        assert answer.task is not None
        spec = TaskSpec(
            prompt=answer.prompt_id,
            kind=answer.task.kind,
            purpose=LabelingTask.Purpose.CALIBRATION,
            completions=_reordered(
                list(answer.task.task_completions.values_list("completion_id", flat=True)), answer.pk
            ),
            repeats=answer.pk,
            reserved_for=answer.labeler_id,
            is_sensitive=answer.task.places.filter(is_sensitive=True).exists(),
        )
        tasks_create(project=project, round=answer.round, specs=[spec])
    return len(answers)


def _reordered(shown: Sequence[int], seed: int) -> list[int]:
    """The completions in an order that is not the one shown before."""
    mixed = list(shown)
    random.Random(f"repeat {seed}").shuffle(mixed)
    return mixed if mixed != list(shown) else [*mixed[1:], mixed[0]]
