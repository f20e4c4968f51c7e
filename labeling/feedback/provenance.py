"""How an answer was made: the time spent typing, the share that was pasted, how often text was taken back, and declared use of AI.

Counts alone, never what was typed. Nothing is recorded of a labeler who was not told first: the notice is read before the first task.
"""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from labeling.accounts.models import User
from labeling.errors import Conflict
from labeling.feedback.answer_base import AiUse
from labeling.feedback.answers import InvalidAnswer
from labeling.feedback.models import Place
from labeling.rounds.models import Membership, Project


@dataclass(frozen=True, kw_only=True)
class Typing:
    """What the page counted while the answer was written."""

    typing_seconds: float
    pasted_share: float  # of the characters that were typed or pasted
    num_edits: int  # how often text was deleted or replaced


def notice_is_due(user: User, project: Project) -> bool:
    """Whether the notice must be shown before the next task; a superuser without a membership is never recorded."""
    return Membership.objects.filter(
        user=user, project=project, role=Membership.Role.LABELER, notice_read_at=None
    ).exists()


def notice_read(*, user: User, project: Project) -> None:
    """The labeler was told what is recorded and why; reading it again keeps the first time. Raises Conflict for no labeler."""
    mine = Membership.objects.filter(user=user, project=project, role=Membership.Role.LABELER)
    if not mine.exists():
        raise Conflict("Expected a labeler of this project; nothing is recorded of anybody else.")
    mine.filter(notice_read_at=None).update(notice_read_at=timezone.now())


def provenance_fields(place: Place, labeler: User, typing: Typing | None, ai_use: str) -> dict[str, Any]:
    """The columns of the answer. Raises InvalidAnswer where the project asks about AI and the answer does not say."""
    fields: dict[str, Any] = {}
    if place.project.asks_ai_use:
        if not ai_use:
            said = ", ".join(AiUse.values)
            message = (
                f"Expected whether AI helped with this answer: one of {said}. Choose what is true; each is accepted."
            )
            raise InvalidAnswer("Say whether AI helped with this answer.", fields={"ai_use": message})
        fields["ai_use"] = ai_use
    if typing is not None and not notice_is_due(labeler, place.project):
        fields |= {
            "typing_seconds": typing.typing_seconds,
            "pasted_share": typing.pasted_share,
            "num_edits": typing.num_edits,
        }
    return fields
