"""What is learned from: sealed snapshots; and what learns: training runs, their inputs, outputs, metrics, evaluations."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from labeling.rounds.models import Checkpoint, Corpus, Project, Round, RoundStage

USER = settings.AUTH_USER_MODEL


class DatasetSnapshot(models.Model):
    """An immutable, hashed export. Frozen first (its items), then written by key range, then sealed; a trigger keeps sealed rows."""

    class Kind(models.TextChoices):
        DEMONSTRATIONS = "demonstrations"
        RANKINGS = "rankings"
        PROMPTS = "prompts"

    class State(models.TextChoices):
        QUEUED = "queued"
        FROZEN = "frozen"
        SEALED = "sealed"
        FAILED = "failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="snapshots")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="snapshots")
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    filters = models.JSONField(default=dict)  # prompts: {"splits": [...], "limit": n}
    uri = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    num_rows = models.BigIntegerField(default=0)
    num_rows_by_split = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    created_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["demonstrations", "rankings", "prompts"]), name="snapshot_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "frozen", "sealed", "failed"]), name="snapshot_state_is_known"
            ),
        ]


class SnapshotItem(models.Model):
    """Membership of one row (a Demonstration, Ranking or Prompt, by the snapshot's kind) in a snapshot."""

    snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.CASCADE, related_name="items")
    object_id = models.BigIntegerField()
    split = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "object_id"], name="snapshot_item_once")]


class TrainingRun(models.Model):
    """One execution of a trainer or of the sampler as a Ray job `run-<id>-<attempt>`."""

    class Kind(models.TextChoices):
        TOKENIZER = "tokenizer"
        PRETRAIN = "pretrain"
        SFT = "sft"
        REWARD = "reward"
        PPO = "ppo"
        SAMPLE = "sample"

    class State(models.TextChoices):
        QUEUED = "queued"
        SUBMITTED = "submitted"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="runs")
    stage = models.ForeignKey(RoundStage, null=True, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=128, blank=True)
    config = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=1)
    last_sequence = models.BigIntegerField(default=0)
    progress = models.JSONField(default=dict)  # {"phase", "done", "total"}
    summary = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "submitted", "running", "done", "failed", "cancelled"]),
                name="run_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["tokenizer", "pretrain", "sft", "reward", "ppo", "sample"]),
                name="run_kind_is_known",
            ),
        ]


class RunInput(models.Model):
    """One input of a run under its role: exactly one of a checkpoint, a snapshot or a corpus."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="inputs")
    role = models.CharField(max_length=32)
    checkpoint = models.ForeignKey(Checkpoint, null=True, on_delete=models.PROTECT, related_name="used_by")
    snapshot = models.ForeignKey(DatasetSnapshot, null=True, on_delete=models.PROTECT, related_name="used_by")
    corpus = models.ForeignKey(Corpus, null=True, on_delete=models.PROTECT, related_name="used_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "role"], name="run_input_role_once"),
            models.CheckConstraint(
                condition=Q(checkpoint__isnull=False, snapshot__isnull=True, corpus__isnull=True)
                | Q(checkpoint__isnull=True, snapshot__isnull=False, corpus__isnull=True)
                | Q(checkpoint__isnull=True, snapshot__isnull=True, corpus__isnull=False),
                name="run_input_is_one_thing",
            ),
        ]


class RunOutput(models.Model):
    """A checkpoint that a run made, under its role (policy, value, reward, base)."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="outputs")
    role = models.CharField(max_length=32)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="made_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "role"], name="run_output_role_once")]


class MetricPoint(models.Model):
    """One event of a run, by its sequence number, so that reading the same event file twice adds nothing."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="metrics")
    sequence = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    step = models.BigIntegerField(null=True)
    values = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "sequence"], name="metric_sequence_once")]


class Evaluation(models.Model):
    """Win rate of checkpoint a over b on one axis: rate = (wins + ties / 2) / n, interval bootstrapped over prompts."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="evaluations")
    round = models.ForeignKey(Round, null=True, on_delete=models.CASCADE, related_name="evaluations")
    a = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")
    b = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")
    axis = models.CharField(max_length=32)  # "overall" = by rank; else an axis key of the label schema
    judge = models.CharField(max_length=32, default="labelers")
    wins = models.PositiveIntegerField()
    ties = models.PositiveIntegerField()
    losses = models.PositiveIntegerField()
    n = models.PositiveIntegerField()
    rate = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "a", "b", "axis", "judge"], name="evaluation_once"),
            models.CheckConstraint(
                condition=Q(n=models.F("wins") + models.F("ties") + models.F("losses")), name="evaluation_n_adds_up"
            ),
        ]
