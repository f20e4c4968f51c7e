"""What labelers are asked and what they answered: completions, tasks, places, drafts, demonstrations, rankings."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from labeling.feedback.answer_base import Provenance
from labeling.feedback.chat_models import CHAT_KINDS, ChatBatch, Conversation
from labeling.feedback.lease_models import LostLease as LostLease
from labeling.feedback.lease_models import Submission as Submission
from labeling.rounds.abilities import EXPERTISE, LANGUAGE
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
    scores = models.JSONField(default=list)  # of each reward model that the run was given, in their order
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
        PAIRWISE = "pairwise"
        CHAT = "chat"
        RED_TEAM = "red_team"

    class PromptStyle(models.TextChoices):
        """Where the prompt comes from: given, or written by the labeler (InstructGPT, 2203.02155, section 3.2)."""

        GIVEN = "given"
        PLAIN = "plain"  # any task the labeler thinks of
        FEW_SHOT = "few_shot"  # an instruction with several requests and answers
        USE_CASE = "use_case"  # a request for the use case in `brief`

    class Purpose(models.TextChoices):
        TRAINING = "training"
        EVALUATION = "evaluation"
        CALIBRATION = "calibration"

    class Chosen(models.TextChoices):
        """How active sampling came to a task. Statistics of the random ones are free of the choice."""

        RANDOM = "random"
        DISAGREEMENT = "disagreement"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tasks")
    round = models.ForeignKey(Round, null=True, on_delete=models.CASCADE, related_name="tasks")
    stage = models.ForeignKey(RoundStage, null=True, on_delete=models.CASCADE, related_name="tasks")
    prompt = models.ForeignKey(Prompt, null=True, on_delete=models.PROTECT, related_name="tasks")  # null: to be written
    prompt_style = models.CharField(max_length=16, choices=PromptStyle, default=PromptStyle.GIVEN)
    brief = models.TextField(blank=True)  # the use case that a prompt is written for, or what to chat about
    chat_batch = models.ForeignKey(ChatBatch, null=True, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=16, choices=Kind)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.TRAINING)
    guideline = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+")
    label_schema = models.ForeignKey(LabelSchemaVersion, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=20, blank=True)  # code of the language to read; "" for any labeler
    expertise = models.CharField(max_length=32, blank=True)  # tag of what to know; "" for any labeler
    chosen = models.CharField(max_length=16, choices=Chosen, blank=True)  # by active sampling; "" without it
    disagreement = models.FloatField(
        null=True
    )  # of the reward models on its prompt's completions, where they scored them
    repeats = models.OneToOneField(  # the answer that its labeler gives again, see repeats.py
        "Ranking", null=True, on_delete=models.PROTECT, related_name="repeat"
    )
    stopped_at = models.DateTimeField(null=True)  # many skipped it; a manager looks at it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "stopped_at"], condition=Q(stopped_at__isnull=False), name="task_stopped")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["demonstration", "ranking", "pairwise", *CHAT_KINDS]), name="task_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CHAT_KINDS, chat_batch__isnull=False)
                | ~Q(kind__in=CHAT_KINDS) & Q(chat_batch__isnull=True),
                name="task_of_a_chat_has_its_batch",
            ),
            models.CheckConstraint(
                condition=Q(chosen__in=["", "random"]) | Q(chosen="disagreement", disagreement__isnull=False),
                name="task_chosen_is_known",
            ),
            models.CheckConstraint(
                condition=Q(repeats=None) | Q(purpose="calibration"), name="task_repeat_is_calibration"
            ),
            models.CheckConstraint(
                condition=Q(language="") | Q(language__regex=LANGUAGE.pattern), name="task_language_is_code"
            ),
            models.CheckConstraint(
                condition=Q(expertise="") | Q(expertise__regex=EXPERTISE.pattern), name="task_expertise_is_tag"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["training", "evaluation", "calibration"]), name="task_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=Q(prompt_style="given", prompt__isnull=False)
                | Q(prompt_style__in=["plain", "few_shot"], prompt__isnull=True, kind="demonstration")
                | Q(prompt_style="plain", prompt__isnull=True, kind__in=CHAT_KINDS)
                | Q(prompt_style="use_case", prompt__isnull=True, kind="demonstration") & ~Q(brief=""),
                name="task_prompt_is_given_or_asked_for",
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
    """One of the answers a task asks for. project, kind, priority and needs repeat the task's so that a claim reads one index."""

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
    needs = models.CharField(max_length=60, blank=True)  # key of the task's language and expertise, see routing.py
    is_sensitive = models.BooleanField(default=False)  # only for people who take such tasks
    reserved_for = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")  # nobody else gets it
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
            models.CheckConstraint(
                condition=Q(reserved_for=None) | Q(labeler=None) | Q(labeler=F("reserved_for")),
                name="place_reserved_for_its_labeler",
            ),
        ]
        indexes = [
            models.Index(
                "project", F("priority").desc(), F("needs").desc(), "id",
                condition=Q(state="open", reserved_for=None), name="place_open_by_priority",
            ),
            models.Index(
                fields=["reserved_for", "project"],
                condition=Q(state__in=["open", "leased"], reserved_for__isnull=False),
                name="place_reserved",
            ),
            models.Index(fields=["lease_expires_at"], condition=Q(state="leased"), name="place_lease_expiry"),
            models.Index(fields=["labeler", "project"], condition=Q(state="leased"), name="place_leased_by_labeler"),
        ]  # fmt: skip


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
    is_settled = models.BooleanField(default=False)  # a manager opened the task again after it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "labeler"], name="skip_once_per_labeler")]


class Edit(models.Model):
    """A completion that a labeler made better while judging a task: what it was, and the Completion it became.

    An edit makes a Demonstration of the new text and a Ranking of the new over the old.
    """

    task = models.ForeignKey(LabelingTask, on_delete=models.PROTECT, related_name="edits")
    labeler = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    original = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="edits")
    edited = models.OneToOneField(Completion, on_delete=models.PROTECT, related_name="edit_made_by")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "labeler", "original"], name="edit_once_per_completion"),
            models.CheckConstraint(condition=~Q(original=F("edited")), name="edit_changes_something"),
        ]


_IS_GIVEN = Q(place__isnull=False, task__isnull=False, edit__isnull=True)
_IS_IMPORTED = Q(imported_from__isnull=False)
_IS_EDIT = Q(edit__isnull=False, task__isnull=False, place__isnull=True)


class Answer(Provenance):
    """Fields that every answer has. Answers are superseded, never edited; a surplus answer is kept but not counted."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="+")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="%(class)ss")
    task = models.ForeignKey(LabelingTask, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    imported_from = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, related_name="+")
    import_line = models.PositiveIntegerField(null=True)
    edit = models.ForeignKey(Edit, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    labeler = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    labeler_name = models.CharField(max_length=128, blank=True)  # of an imported answer
    guideline = models.ForeignKey(GuidelineVersion, null=True, on_delete=models.PROTECT, related_name="+")
    label_schema = models.ForeignKey(LabelSchemaVersion, null=True, on_delete=models.PROTECT, related_name="+")
    notes = models.TextField(blank=True)
    is_counted = models.BooleanField(default=True)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    redacted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(Provenance.Meta):
        abstract = True
        constraints = [
            *Provenance.Meta.constraints,
            models.UniqueConstraint(
                fields=["place"], condition=Q(is_counted=True), name="%(class)s_one_counted_per_place"
            ),
            models.UniqueConstraint(fields=["imported_from", "import_line"], name="%(class)s_import_line_once"),
            models.UniqueConstraint(fields=["edit"], name="%(class)s_once_per_edit"),
            models.CheckConstraint(
                condition=Q(superseded_by=None) | Q(is_counted=False), name="%(class)s_superseded_is_not_counted"
            ),
        ]


class Demonstration(Answer):
    """A labeler-written completion: the whole conversation, each message with weight 0 or 1, and what its prompt is like."""

    messages = models.JSONField()
    use_case = models.CharField(max_length=32, blank=True)  # key of the label schema
    prompt_flags = models.JSONField(default=list)  # [flag key]

    class Meta(Answer.Meta):
        constraints = [
            *Answer.Meta.constraints,
            models.CheckConstraint(condition=_IS_GIVEN | _IS_IMPORTED | _IS_EDIT, name="demonstration_has_origin"),
        ]


class Ranking(Answer):
    """One labeler's order, with ties, over all K completions of a task; a pairwise answer is one over two with a margin.

    One turn of a conversation is a Ranking too, of that turn's replies.
    """

    all_bad = models.BooleanField(default=False)
    margin = models.FloatField(
        null=True
    )  # how much better the preferred of two is, 0 to 1; imported ones by their own scale
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.PROTECT, related_name="rankings")

    class Meta(Answer.Meta):
        constraints = [
            *Answer.Meta.constraints,
            models.CheckConstraint(
                condition=Q(conversation__isnull=True) & (_IS_GIVEN | _IS_IMPORTED | _IS_EDIT)
                | Q(conversation__isnull=False, task__isnull=False, place__isnull=True, edit__isnull=True),
                name="ranking_has_origin",
            ),
            models.UniqueConstraint(fields=["conversation", "prompt"], name="ranking_one_per_turn"),
            models.CheckConstraint(
                condition=Q(margin__isnull=True) | Q(margin__gte=0), name="ranking_margin_from_zero"
            ),
        ]


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


ANSWERS = (
    Demonstration,
    Ranking,
    Conversation,
)  # with a place: answers to tasks; without: imported, or made on the way
