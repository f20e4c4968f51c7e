"""Live chats: tasks opened together, the turns and replies of a chat under way, and the conversation that a labeler hands in.

Turns and replies are the working copy, kept whatever happens to page or lease. When the conversation is handed in their texts move
to Prompts and Completions, which are what training reads; the rows stay and say what was shown where.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from labeling.feedback.answer_base import Provenance
from labeling.rounds.models import Checkpoint, GuidelineVersion, LabelSchemaVersion, Project, Prompt, Round

USER = settings.AUTH_USER_MODEL
CHAT_KINDS = ["chat", "red_team"]


class ChatBatch(models.Model):
    """Chat tasks that a manager opened together: whom the labeler talks with, unknown to them, and how far."""

    class Kind(models.TextChoices):
        CHAT = "chat"
        RED_TEAM = "red_team"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="chat_batches")
    kind = models.CharField(max_length=16, choices=Kind)
    brief = models.TextField(blank=True)  # what the labeler is asked to talk about
    checkpoint_a = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")
    checkpoint_b = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")  # may be the same
    temperature_a = models.FloatField()
    temperature_b = models.FloatField()
    top_p = models.FloatField()
    max_new_tokens = models.PositiveIntegerField()
    max_turns = models.PositiveIntegerField()
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CHAT_KINDS), name="chat_batch_kind_is_known"),
            models.CheckConstraint(
                condition=~Q(checkpoint_a=F("checkpoint_b"), temperature_a=0, temperature_b=0),
                name="chat_batch_replies_can_differ",
            ),
        ]


class Conversation(Provenance):
    """The answer to a chat task: the whole conversation, of which each judged turn made a Ranking. Never edited."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="conversations")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey("feedback.LabelingTask", on_delete=models.PROTECT, related_name="conversations")
    place = models.ForeignKey("feedback.Place", on_delete=models.PROTECT, related_name="conversations")
    labeler = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="conversations")
    guideline = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+")
    label_schema = models.ForeignKey(LabelSchemaVersion, on_delete=models.PROTECT, related_name="+")
    harm_category = models.CharField(max_length=32, blank=True)  # this and the next two: keys of the label schema
    attack_kind = models.CharField(max_length=32, blank=True)
    success_level = models.CharField(max_length=32, blank=True)
    notes = models.TextField(blank=True)
    is_counted = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(Provenance.Meta):
        abstract = False
        constraints = [
            *Provenance.Meta.constraints,
            models.UniqueConstraint(
                fields=["place"], condition=Q(is_counted=True), name="conversation_one_counted_per_place"
            ),
            models.UniqueConstraint(fields=["task", "labeler"], name="conversation_once_per_labeler"),
        ]


class Turn(models.Model):
    """What the labeler wrote in one turn, how they judged the replies, and the reply with which they went on."""

    task = models.ForeignKey("feedback.LabelingTask", on_delete=models.CASCADE, related_name="turns")
    labeler = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()  # from 1
    message = models.TextField(blank=True)  # empty once the conversation was handed in: `prompt` has it
    attempt = models.PositiveIntegerField(
        default=1
    )  # of writing the replies; a slow worker of an earlier one is ignored
    verdict = models.JSONField(null=True)  # see kinds/chat/answer.py: Verdict.kept
    chosen = models.ForeignKey("feedback.Reply", null=True, on_delete=models.RESTRICT, related_name="+")
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.CASCADE, related_name="turns")
    prompt = models.OneToOneField(Prompt, null=True, on_delete=models.PROTECT, related_name="turn")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["task", "labeler", "number"], name="turn_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="turn_starts_at_one"),
            models.CheckConstraint(
                condition=Q(conversation__isnull=True, prompt__isnull=True)
                | Q(conversation__isnull=False, prompt__isnull=False),
                name="turn_moves_whole",
            ),
        ]


class Reply(models.Model):
    """One of the two replies of a turn: who writes it and how, where it is shown, and what is written so far."""

    class State(models.TextChoices):
        WRITING = "writing"
        DONE = "done"
        FAILED = "failed"

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="replies")
    position = models.PositiveIntegerField()  # where it is shown
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")
    temperature = models.FloatField()
    top_p = models.FloatField()
    max_new_tokens = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.WRITING)
    error = models.TextField(blank=True)
    text = models.TextField(blank=True)  # empty once the conversation was handed in: `completion` has it
    token_ids = models.JSONField(default=list)
    logprob = models.FloatField(null=True)
    noted_at = models.DateTimeField(auto_now_add=True)  # when a worker last said something of it
    completion = models.OneToOneField("feedback.Completion", null=True, on_delete=models.PROTECT, related_name="reply")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["turn", "position"], name="reply_position_once"),
            models.CheckConstraint(condition=Q(state__in=["writing", "done", "failed"]), name="reply_state_is_known"),
            models.CheckConstraint(
                condition=Q(completion__isnull=True) | Q(state="done"), name="reply_moves_when_done"
            ),
        ]
