"""A Project, its people, its guidelines, its prompts, its Rounds and the Checkpoints that the Rounds make."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

USER = settings.AUTH_USER_MODEL


class Project(models.Model):
    """One campaign: guidelines, prompts, people, rounds."""

    name = models.CharField(max_length=128)
    slug = models.SlugField(max_length=64, unique=True)
    description = models.TextField(blank=True)
    lease_seconds = models.PositiveIntegerField(default=1800)
    is_archived = models.BooleanField(default=False)
    repeat_share = models.FloatField(
        default=0
    )  # of a labeler's rankings and pairs, asked again; see feedback/repeats.py
    repeat_after_hours = models.PositiveIntegerField(default=24)
    repeat_after_answers = models.PositiveIntegerField(default=20)
    weights = models.JSONField(
        default=dict
    )  # {kind of work: 1 to 9}, higher is handed out first; see feedback/priorities.py
    asks_ai_use = models.BooleanField(default=False)  # labelers say of each answer whether AI helped
    created_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(lease_seconds__gte=1), name="project_lease_is_positive"),
            models.CheckConstraint(
                condition=Q(repeat_share__gte=0, repeat_share__lte=0.5), name="project_repeat_share_up_to_half"
            ),
        ]


class Membership(models.Model):
    """One role of one user in one project; a user may hold several. A superuser holds every role everywhere."""

    class Role(models.TextChoices):
        LABELER = "labeler"
        MANAGER = "manager"
        ENGINEER = "engineer"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    takes_sensitive = models.BooleanField(default=True)  # a labeler's own choice: tasks that others found sensitive
    notice_read_at = models.DateTimeField(null=True)  # when a labeler was told what is recorded of their answers
    languages = ArrayField(
        models.CharField(max_length=20), default=list
    )  # codes that a labeler reads, see abilities.py
    expertise = ArrayField(models.CharField(max_length=32), default=list)  # tags of what a labeler knows
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "role"], name="membership_role_once"),
            models.CheckConstraint(
                condition=Q(role__in=["labeler", "manager", "engineer"]), name="membership_role_is_known"
            ),
            models.CheckConstraint(
                condition=Q(role="labeler") | Q(languages=[], expertise=[]), name="membership_abilities_of_labelers"
            ),
        ]


class Invitation(models.Model):
    """A link that lets a person make an account and join a project. Stored as the SHA-256 of its token; used once."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Membership.Role)
    email = models.EmailField()
    sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["labeler", "manager", "engineer"]), name="invitation_role_is_known"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_someone",
            ),
        ]


class GuidelineVersion(models.Model):
    """Numbered, never edited: a change is a new version, and every answer names the version it was given under."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guidelines")
    number = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="guideline_number_once")]


class GuidelineAcknowledgement(models.Model):
    """A labeler has read this version. A version newer than their membership gives them no task before."""

    guideline = models.ForeignKey(GuidelineVersion, on_delete=models.CASCADE, related_name="acknowledgements")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guideline", "user"], name="guideline_acknowledged_once")]


class LabelSchemaVersion(models.Model):
    """What a labeler is asked beside the order: {axes: [{key, label, low, high, minimum, maximum}], flags: [{key, label}]}."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="label_schemas")
    number = models.PositiveIntegerField()
    schema = models.JSONField()
    created_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="label_schema_number_once")]


class Import(models.Model):
    """One uploaded file of prompts, demonstrations, rankings or texts: all of its rows enter, or none."""

    class Kind(models.TextChoices):
        PROMPTS = "prompts"
        DEMONSTRATIONS = "demonstrations"
        RANKINGS = "rankings"
        TEXTS = "texts"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    file_name = models.CharField(max_length=255)
    uri = models.TextField()
    sha256 = models.CharField(max_length=64)
    bytes_total = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows_refused = models.BigIntegerField(default=0)
    row_errors = models.JSONField(default=list)  # the first 200: [{line, field, message}]
    reason = models.TextField(blank=True)
    created_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["prompts", "demonstrations", "rankings", "texts"]), name="import_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "refused", "failed"]), name="import_state_is_known"
            ),
        ]


class Corpus(models.Model):
    """Plain text for pretraining and for the pretraining mix of PPO; kept in the store as `text` records."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="corpora")
    name = models.CharField(max_length=128)
    uri = models.TextField()
    sha256 = models.CharField(max_length=64)
    num_documents = models.BigIntegerField()
    num_characters = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="corpus_name_once")]


class Prompt(models.Model):
    """An input conversation. Its split comes from a hash of the contributor, or of the normalised prompt, and never changes."""

    class Split(models.TextChoices):
        TRAIN = "train"
        VALIDATION = "validation"
        TEST = "test"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="prompts")
    external_id = models.CharField(max_length=128)
    messages = models.JSONField()
    contributor = models.CharField(max_length=128, blank=True)
    origin = models.CharField(max_length=16, default="imported")
    metadata = models.JSONField(default=dict)
    split = models.CharField(max_length=16, choices=Split)
    redacted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "external_id"], name="prompt_external_id_once"),
            models.CheckConstraint(
                condition=Q(split__in=["train", "validation", "test"]), name="prompt_split_is_known"
            ),
        ]
        indexes = [models.Index(fields=["project", "split", "id"], name="prompt_project_split")]


class Round(models.Model):
    """One numbered turn of the loop. Its state is derived from its stages. `recipe` = [{kind, ...options}]."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    recipe = models.JSONField()
    created_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="round_number_once")]


class RoundStage(models.Model):
    """One step of a Round. Only labeling.loop moves `state`; `outputs` and `inputs` hold ids of what it used and made."""

    class Kind(models.TextChoices):
        DEMONSTRATE = "demonstrate"
        SFT = "sft"
        SAMPLE = "sample"
        RANK = "rank"
        REWARD = "reward"
        PPO = "ppo"
        EVALUATE = "evaluate"
        APPROVE = "approve"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        SKIPPED = "skipped"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    options = models.JSONField(default=dict)
    inputs = models.JSONField(default=dict)
    outputs = models.JSONField(default=dict)
    reason = models.TextField(blank=True)  # why it waits, or why it failed
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "position"], name="round_stage_position_once"),
            models.UniqueConstraint(fields=["round", "kind"], name="round_stage_kind_once"),
            models.UniqueConstraint(fields=["round"], condition=Q(state="running"), name="round_one_running_stage"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "failed", "skipped"]), name="stage_state_is_known"
            ),
        ]


class Checkpoint(models.Model):
    """Registered weights: immutable, known by the hash of their files, with the checkpoints they were made from."""

    class Role(models.TextChoices):
        BASE = "base"
        POLICY = "policy"
        REWARD = "reward"
        VALUE = "value"

    class State(models.TextChoices):
        REGISTERED = "registered"
        PUBLISHED = "published"
        RETIRED = "retired"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="checkpoints")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="checkpoints")
    name = models.CharField(max_length=128)
    role = models.CharField(max_length=16, choices=Role)
    state = models.CharField(max_length=16, choices=State, default=State.REGISTERED)
    uri = models.TextField()
    sha256 = models.CharField(max_length=64)
    num_parameters = models.BigIntegerField(default=0)
    parents = models.ManyToManyField("self", symmetrical=False, related_name="children")
    card = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "role", "sha256"], name="checkpoint_sha256_once"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(role="policy", state="published"),
                name="checkpoint_one_published_policy",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["base", "policy", "reward", "value"]), name="checkpoint_role_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["registered", "published", "retired"]), name="checkpoint_state_is_known"
            ),
        ]
