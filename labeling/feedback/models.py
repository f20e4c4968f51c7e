"""What labelers are asked and what they answered: completions, tasks, places, drafts, demonstrations, rankings."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from labeling.rounds.models import (
    Checkpoint,
    GuidelineVersion,
    Import,
    LabelSchemaVersion,
    Project,
    Prompt,
    Round,
    RoundStage,
)

USER = settings.AUTH_USER_MODEL


class Completion(models.Model):
    """Text sampled from one Checkpoint (or imported, checkpoint null) with everything needed to sample it again."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="completions")
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="completions")
    checkpoint = models.ForeignKey(Checkpoint, null=True, on_delete=models.PROTECT, related_name="completions")
    text = models.TextField()
    token_ids = models.JSONField(default=list)
    template_version = models.CharField(max_length=64, blank=True)
    temperature = models.FloatField(default=1.0)
    top_p = models.FloatField(default=1.0)
    max_new_tokens = models.PositiveIntegerField(default=0)
    seed = models.BigIntegerField(default=0)
    logprob = models.FloatField(null=True)
    run_id = models.BigIntegerField(null=True)  # the TrainingRun that sampled it; null for an imported text
    redacted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run_id", "prompt", "checkpoint", "seed"], name="completion_sampled_once")
        ]


class LabelingTask(models.Model):
    """A Prompt, a kind of work, the completions in the order shown, and the versions it is judged under."""

    class Kind(models.TextChoices):
        DEMONSTRATION = "demonstration"
        RANKING = "ranking"

    class Purpose(models.TextChoices):
        TRAINING = "training"
        EVALUATION = "evaluation"
        CALIBRATION = "calibration"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tasks")
    round = models.ForeignKey(Round, null=True, on_delete=models.CASCADE, related_name="tasks")
    stage = models.ForeignKey(RoundStage, null=True, on_delete=models.CASCADE, related_name="tasks")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=16, choices=Kind)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.TRAINING)
    guideline = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+")
    label_schema = models.ForeignKey(LabelSchemaVersion, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["demonstration", "ranking"]), name="task_kind_is_known"),
            models.CheckConstraint(
                condition=Q(purpose__in=["training", "evaluation", "calibration"]), name="task_purpose_is_known"
            ),
        ]


class TaskCompletion(models.Model):
    """One completion of a task and the position at which every labeler sees it."""

    task = models.ForeignKey(LabelingTask, on_delete=models.CASCADE, related_name="task_completions")
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["task", "position"], name="task_completion_position_once"),
            models.UniqueConstraint(fields=["task", "completion"], name="task_completion_once"),
        ]


class Place(models.Model):
    """One of the answers a task asks for. project, kind and priority repeat the task's so that a claim reads one index."""

    class State(models.TextChoices):
        OPEN = "open"
        LEASED = "leased"
        FILLED = "filled"
        CLOSED = "closed"

    task = models.ForeignKey(LabelingTask, on_delete=models.CASCADE, related_name="places")
    number = models.PositiveIntegerField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=LabelingTask.Kind)
    priority = models.IntegerField(default=0)  # higher is claimed first
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    labeler = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="places")
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="place_number_once"),
            models.UniqueConstraint(
                fields=["task", "labeler"],
                condition=Q(state__in=["leased", "filled"]),
                name="place_one_live_per_labeler",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "leased", "filled", "closed"]), name="place_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="leased")
                | Q(labeler__isnull=False, lease_token__isnull=False, lease_expires_at__isnull=False),
                name="place_lease_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state="filled") | Q(labeler__isnull=False), name="place_filled_by_someone"
            ),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(labeler__isnull=True, lease_token__isnull=True),
                name="place_open_is_free",
            ),
        ]
        indexes = [
            models.Index(
                "project", F("priority").desc(), "id", condition=Q(state="open"), name="place_open_by_priority"
            ),
            models.Index(fields=["lease_expires_at"], condition=Q(state="leased"), name="place_lease_expiry"),
            models.Index(fields=["labeler", "project"], condition=Q(state="leased"), name="place_leased_by_labeler"),
        ]


class Draft(models.Model):
    """What a labeler has written for a task so far. Outlives the lease, so that nothing written is lost."""

    task = models.ForeignKey(LabelingTask, on_delete=models.CASCADE, related_name="drafts")
    labeler = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    body = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "labeler"], name="draft_one_per_labeler")]


class Skip(models.Model):
    """A labeler passed on a task and said why; the task is not offered to them again."""

    class Reason(models.TextChoices):
        UNCLEAR = "unclear"
        NOT_MY_EXPERTISE = "not_my_expertise"
        SENSITIVE = "sensitive"
        BROKEN = "broken"

    task = models.ForeignKey(LabelingTask, on_delete=models.CASCADE, related_name="skips")
    labeler = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=32, choices=Reason)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "labeler"], name="skip_once_per_labeler")]


class Submission(models.Model):
    """The reply to one Idempotency-Key of one labeler: the same key gets the same reply, never a second answer."""

    labeler = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=128)
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="+")
    body_sha256 = models.CharField(max_length=64)
    response = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["labeler", "key"], name="submission_key_once")]


class Answer(models.Model):
    """Fields that every answer has. Answers are superseded, never edited; a surplus answer is kept but not counted."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="+")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="%(class)ss")
    task = models.ForeignKey(LabelingTask, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    imported_from = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, related_name="+")
    import_line = models.PositiveIntegerField(null=True)
    labeler = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    labeler_name = models.CharField(max_length=128, blank=True)  # of an imported answer
    guideline = models.ForeignKey(GuidelineVersion, null=True, on_delete=models.PROTECT, related_name="+")
    label_schema = models.ForeignKey(LabelSchemaVersion, null=True, on_delete=models.PROTECT, related_name="+")
    seconds = models.FloatField(default=0)  # time the labeler spent
    notes = models.TextField(blank=True)
    is_counted = models.BooleanField(default=True)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    redacted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["place"], condition=Q(is_counted=True), name="%(class)s_one_counted_per_place"
            ),
            models.UniqueConstraint(fields=["imported_from", "import_line"], name="%(class)s_import_line_once"),
            models.CheckConstraint(
                condition=Q(place__isnull=False, task__isnull=False) | Q(imported_from__isnull=False),
                name="%(class)s_has_origin",
            ),
            models.CheckConstraint(
                condition=Q(superseded_by=None) | Q(is_counted=False), name="%(class)s_superseded_is_not_counted"
            ),
        ]


class Demonstration(Answer):
    """A labeler-written completion: the whole conversation, each message with weight 0 or 1."""

    messages = models.JSONField()


class Ranking(Answer):
    """One labeler's order, with ties, over all K completions of a task."""

    all_bad = models.BooleanField(default=False)


class RankedCompletion(models.Model):
    """Place of one completion in a Ranking: rank 1 is best, equal ranks are a tie."""

    ranking = models.ForeignKey(Ranking, on_delete=models.CASCADE, related_name="ranked_completions")
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveIntegerField()
    ratings = models.JSONField(default=dict)  # {axis key: integer}
    flags = models.JSONField(default=list)  # [flag key]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ranking", "completion"], name="ranked_completion_once"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="rank_starts_at_one"),
        ]
