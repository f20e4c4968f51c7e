"""Late answers: a lease ran out, somebody else took the Place, and then its first holder submits. Nothing written is thrown away."""

import uuid

from django.db.models import Q
from django.utils import timezone

from labeling.accounts.models import User
from labeling.feedback.claims import LeaseLost
from labeling.feedback.models import LabelingTask, LostLease, Place
from labeling.feedback.skips import is_redacted


def place_hold_late(*, labeler: User, place_id: int, lease_token: uuid.UUID) -> tuple[Place, bool]:
    """The Place that a late answer belongs to, and whether it counts. Works once for each lease.

    It counts while any Place of the task is free, and then fills that one; else it is surplus: kept and paid beside the Place
    that another has. Locks the free Place. Raises LeaseLost when the labeler never held the Place, or has answered, skipped
    or holds the task meanwhile, or its texts were removed.
    """
    lost = (
        LostLease.objects.select_for_update(of=("self",))
        .select_related("place__project", "task__prompt", "task__label_schema")
        .filter(labeler=labeler, place_id=place_id, lease_token=lease_token, is_answered=False)
        .first()
    )
    if lost is None or not _may_answer(labeler, lost.task):
        raise LeaseLost(
            "This task is no longer yours: it was answered, skipped or closed, or opened again elsewhere. Your draft is kept."
        )
    lost.is_answered = True
    lost.save(update_fields=["is_answered"])
    is_free = Q(state=Place.State.OPEN) | Q(state=Place.State.LEASED, lease_expires_at__lt=timezone.now())
    places = Place.objects.select_for_update(skip_locked=True, of=("self",)).select_related("project")
    places = places.filter(is_free, task=lost.task)
    free = places.order_by("-state", "number").first()  # open before leased
    place = free or lost.place
    place.task = lost.task
    return place, free is not None


def _may_answer(labeler: User, task: LabelingTask) -> bool:
    held = task.places.filter(labeler=labeler, state__in=[Place.State.LEASED, Place.State.FILLED])
    return not is_redacted(task) and not held.exists() and not task.skips.filter(labeler=labeler).exists()
