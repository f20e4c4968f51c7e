"""Leases: who may answer which Place until when. Taking a Place is one SQL statement, so two people never hold the same one.

An expired lease is not taken away at once: its holder may still submit until somebody else takes the Place.
"""

import uuid
from datetime import datetime

from django.db import connection, transaction

from labeling.accounts.models import User
from labeling.errors import DomainError
from labeling.feedback.models import Draft, LabelingTask, LostLease, Place, Skip
from labeling.feedback.routing import KEYS_MET
from labeling.feedback.skips import skip_route
from labeling.rounds.models import Project

MAX_LIVE_LEASES = 2  # the task on the screen and the one fetched ahead of it
AHEAD_SECONDS = 120  # lease of a task fetched ahead: nobody works on it yet, so it must not keep a stage waiting
REOPEN_AFTER_SECONDS = 3600  # how long after its expiry an untaken lease goes back to the open places


class LeaseLost(DomainError):
    """The Place is not, or no longer, leased to this labeler with this token."""

    code = "lease_lost"
    status = 409


# A labeler's choice is in their role as one: it holds whatever other roles they have, and for what is reserved for them, too.
_TAKEN = """(NOT place.is_sensitive OR NOT EXISTS (
    SELECT 1 FROM rounds_membership member
    WHERE member.project_id = place.project_id AND member.user_id = %(labeler)s AND member.role = 'labeler'
      AND NOT member.takes_sensitive))"""
# A Place reserved for the labeler comes first, then any that is open, then one whose lease ran out: COALESCE stops at the first.
# FOR UPDATE SKIP LOCKED passes over a Place that another labeler is taking in this moment.
_CANDIDATE = """
SELECT place.id FROM feedback_place place
WHERE place.project_id = %(project)s AND {condition} AND place.needs = ANY((SELECT keys FROM met)::text[])
  AND NOT EXISTS (
    SELECT 1 FROM feedback_place mine
    WHERE mine.task_id = place.task_id AND mine.labeler_id = %(labeler)s AND mine.state IN ('leased', 'filled'))
  AND NOT EXISTS (
    SELECT 1 FROM feedback_skip skip WHERE skip.task_id = place.task_id AND skip.labeler_id = %(labeler)s)
  AND NOT EXISTS (
    SELECT 1 FROM feedback_lostlease lost
    WHERE lost.task_id = place.task_id AND lost.labeler_id = %(labeler)s AND lost.is_answered)
  AND {taken}
ORDER BY place.priority DESC, place.needs DESC, place.id
LIMIT 1
FOR UPDATE OF place SKIP LOCKED
"""
# A guideline that changed since the labeler joined is read before the next task.
_UNREAD = """
SELECT 1 FROM rounds_guidelineversion newest
WHERE newest.project_id = %(project)s
  AND newest.number = (SELECT max(number) FROM rounds_guidelineversion WHERE project_id = %(project)s) AND newest.number > 1
  AND NOT EXISTS (
    SELECT 1 FROM rounds_guidelineacknowledgement done
    WHERE done.guideline_id = newest.id AND done.user_id = %(labeler)s)
  AND NOT EXISTS (
    SELECT 1 FROM rounds_membership member
    WHERE member.project_id = newest.project_id AND member.user_id = %(labeler)s AND member.role = 'labeler'
      AND member.created_at >= newest.created_at)
"""
_RAN_OUT = """place.state = 'leased' AND place.lease_expires_at < clock_timestamp()
  AND (place.reserved_for_id IS NULL OR place.reserved_for_id = %(labeler)s)
  AND NOT EXISTS (
    SELECT 1 FROM feedback_labelingtask task WHERE task.id = place.task_id AND task.stopped_at IS NOT NULL)"""
# What the labeler holds already comes first, keeps its token and never loses time; beyond that they take no more than MAX_LIVE_LEASES.
CLAIM = f"""
WITH met AS ({KEYS_MET})
UPDATE feedback_place
SET state = 'leased', labeler_id = %(labeler)s,
    lease_token = CASE WHEN state = 'leased' AND labeler_id = %(labeler)s THEN lease_token ELSE %(token)s::uuid END,
    lease_expires_at = GREATEST(
      CASE WHEN state = 'leased' AND labeler_id = %(labeler)s THEN lease_expires_at END,
      clock_timestamp() + make_interval(secs => %(seconds)s))
WHERE id = COALESCE(
  (SELECT id FROM feedback_place
   WHERE labeler_id = %(labeler)s AND project_id = %(project)s AND state = 'leased' AND id <> %(after)s
   ORDER BY id LIMIT 1 FOR UPDATE),
  CASE WHEN %(max_live)s > (
    SELECT count(*) FROM feedback_place held
    WHERE held.labeler_id = %(labeler)s AND held.project_id = %(project)s AND held.state = 'leased')
    AND NOT EXISTS ({_UNREAD})
  THEN COALESCE(
    (SELECT place.id FROM feedback_place place
     WHERE place.reserved_for_id = %(labeler)s AND place.project_id = %(project)s AND place.state = 'open' AND {_TAKEN}
     ORDER BY place.id LIMIT 1 FOR UPDATE SKIP LOCKED),
    ({_CANDIDATE.format(condition="place.state = 'open' AND place.reserved_for_id IS NULL", taken=_TAKEN)}),
    ({_CANDIDATE.format(condition=_RAN_OUT, taken=_TAKEN)})) END)
RETURNING id
"""
# A lease may outlive the task: a place of a task that many skipped closes. The share lock waits for a skip that stops it now.
_REOPEN = """
WITH over AS (
  SELECT place.id, task.stopped_at FROM feedback_place place JOIN feedback_labelingtask task ON task.id = place.task_id
  WHERE place.state = 'leased' AND place.lease_expires_at < clock_timestamp() - make_interval(secs => %(seconds)s)
  FOR UPDATE OF place SKIP LOCKED FOR SHARE OF task SKIP LOCKED)
UPDATE feedback_place place
SET state = CASE WHEN over.stopped_at IS NULL THEN 'open' ELSE 'closed' END,
    labeler_id = NULL, lease_token = NULL, lease_expires_at = NULL
FROM over WHERE over.id = place.id
"""


def labeler_serialize(*, project_id: int, labeler_id: int) -> None:
    """Makes this labeler's other requests in the project wait until the transaction ends (two tabs, a double click)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [project_id % 2**31, labeler_id % 2**31])


@transaction.atomic
def place_claim(*, labeler: User, project: Project, after_place: int | None = None) -> int | None:
    """Returns the id of a Place leased to the labeler, or None when nothing is open for them.

    A Place that the labeler holds already, other than `after_place`, is given again with its lease renewed. Else the best
    open Place is taken: of those whose language and expertise they meet the highest priority, then what fewer people can do
    (a task that asks for something before one that does not), then the oldest; never of a task that they answered, hold or
    skipped. With `after_place` the Place is fetched ahead and leased for AHEAD_SECONDS; it gets its whole lease when it is
    claimed to be worked on.
    Nobody takes a Place before they have acknowledged guidelines that changed since they joined; an archived project hands
    out nothing.
    """
    if project.is_archived:
        return None
    labeler_serialize(project_id=project.pk, labeler_id=labeler.pk)
    values: dict[str, int | str] = {
        "project": project.pk,
        "labeler": labeler.pk,
        "after": after_place or 0,
        "seconds": project.lease_seconds if after_place is None else min(project.lease_seconds, AHEAD_SECONDS),
        "token": str(uuid.uuid4()),
        "max_live": MAX_LIVE_LEASES,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def place_hold(*, labeler: User, place_id: int, lease_token: uuid.UUID) -> Place:
    """Locks the Place until the transaction ends and returns it. Raises LeaseLost unless the labeler's lease holds it.

    The lease may have run out: as long as nobody else took the Place it is still theirs.
    """
    place = (
        Place.objects.select_for_update(of=("self",))
        .select_related("task__label_schema", "project")
        .filter(pk=place_id)
        .first()
    )
    if place is None or place.state != Place.State.LEASED or place.labeler_id != labeler.pk:
        raise LeaseLost(
            "This task is no longer yours: its time ran out, or it was answered or closed. Your draft is kept."
        )
    if place.lease_token != lease_token:
        raise LeaseLost(
            "This task was opened again in another tab or device. Reload to go on there. Your draft is kept."
        )
    return place


@transaction.atomic
def lease_extend(*, labeler: User, place_id: int, lease_token: uuid.UUID) -> datetime:
    """Renews the lease of a Place and returns when it ends."""
    place_hold(labeler=labeler, place_id=place_id, lease_token=lease_token)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE feedback_place place SET lease_expires_at = clock_timestamp() + make_interval(secs => project.lease_seconds)"
            " FROM rounds_project project WHERE project.id = place.project_id AND place.id = %s"
            " RETURNING lease_expires_at",
            [place_id],
        )
        expires_at: datetime = cursor.fetchone()[0]
    return expires_at


@transaction.atomic
def draft_save(*, labeler: User, place_id: int, lease_token: uuid.UUID, body: dict[str, object]) -> Draft:
    """Keeps what the labeler has written so far, also when their lease was lost to another: a late answer is still taken.

    Raises LeaseLost when the Place was never theirs, or is theirs in another tab; then the draft saved before stays.
    """
    lost = LostLease.objects.filter(
        labeler=labeler, place_id=place_id, lease_token=lease_token, is_answered=False
    ).first()
    task_id = lost.task_id if lost else place_hold(labeler=labeler, place_id=place_id, lease_token=lease_token).task_id
    draft, _ = Draft.objects.update_or_create(task_id=task_id, labeler=labeler, defaults={"body": body})
    return draft


@transaction.atomic
def place_release(*, labeler: User, place_id: int, lease_token: uuid.UUID) -> None:
    """Gives the Place back to the open ones; the draft stays for the next time the labeler gets the task."""
    _task_lock(place_id)
    _give_up(place_hold(labeler=labeler, place_id=place_id, lease_token=lease_token))


@transaction.atomic
def place_skip(*, labeler: User, place_id: int, lease_token: uuid.UUID, reason: str, note: str) -> None:
    """Records why the labeler passes on the task, which is not offered to them again, and opens the Place to others.

    What others meet depends on the reason, see skips.py: a task may become sensitive, or stop.
    """
    _task_lock(place_id)
    place = place_hold(labeler=labeler, place_id=place_id, lease_token=lease_token)
    Skip.objects.create(task_id=place.task_id, labeler=labeler, reason=reason, note=note)
    _give_up(place, is_over=place.reserved_for_id is not None)  # nobody else may take what is reserved
    skip_route(task=place.task, reason=reason)


def guideline_is_unread(*, labeler: User, project: Project) -> bool:
    """Whether the labeler must acknowledge changed guidelines before the next task."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({_UNREAD})", {"project": project.pk, "labeler": labeler.pk})
        return bool(cursor.fetchone()[0])


def leases_expire(*, seconds: float = REOPEN_AFTER_SECONDS) -> int:
    """Opens the Places whose lease ran out `seconds` ago or longer; returns how many. Called by beat."""
    with connection.cursor() as cursor:
        cursor.execute(_REOPEN, {"seconds": seconds})
        num_opened: int = cursor.rowcount
    return num_opened


def _task_lock(place_id: int) -> None:
    """Locks the Place's task until the transaction ends. Before the Place: a skip may go on to the task's other places."""
    LabelingTask.objects.select_for_update(of=("self",), no_key=True).filter(places=place_id).first()


def _give_up(place: Place, is_over: bool = False) -> None:
    place.state = Place.State.CLOSED if is_over or place.task.stopped_at is not None else Place.State.OPEN
    place.labeler = None
    place.lease_token = None
    place.lease_expires_at = None
    place.save(update_fields=["state", "labeler", "lease_token", "lease_expires_at"])
