"""How an answer was made, as columns that the answers of every kind have; provenance.py says what goes into them."""

from django.db import models
from django.db.models import Q

MAX_SECONDS = 7 * 86_400  # nobody works longer on one answer


class AiUse(models.TextChoices):
    """What a labeler says of an answer, where the project asks."""

    NONE = "none"  # no AI
    HELP = "help"  # for ideas, facts or spelling; the words are the labeler's
    TEXT = "text"  # some of the words are an AI's


class Provenance(models.Model):
    """Counts alone, never what was typed."""

    seconds = models.FloatField(default=0)  # time the labeler spent
    typing_seconds = models.FloatField(null=True)  # null, as are the next two, where nothing was recorded
    pasted_share = models.FloatField(null=True)  # of the characters typed or pasted
    num_edits = models.PositiveIntegerField(null=True)  # how often text was deleted or replaced
    ai_use = models.CharField(max_length=8, choices=AiUse, blank=True)  # "" where the project did not ask

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(typing_seconds=None, pasted_share=None, num_edits=None)
                | Q(
                    typing_seconds__isnull=False,
                    typing_seconds__gte=0,
                    typing_seconds__lte=MAX_SECONDS,
                    pasted_share__isnull=False,
                    pasted_share__gte=0,
                    pasted_share__lte=1,
                    num_edits__isnull=False,
                ),
                name="%(class)s_typing_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(ai_use__in=["", "none", "help", "text"]), name="%(class)s_ai_use_is_known"
            ),
        ]
