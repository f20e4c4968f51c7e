"""Rows that the database itself refuses to change."""

import pytest
from django.db import IntegrityError, transaction

from labeling.accounts.models import User
from labeling.feedback.models import Completion, Demonstration, RankedCompletion, Ranking
from labeling.jobs.models import AuditEntry
from labeling.jobs.services import audit
from labeling.rounds.models import Checkpoint, GuidelineVersion, Import, Project, Prompt, Round, RoundStage
from labeling.training.models import DatasetSnapshot, SnapshotItem, TrainingRun
from tests.labeling.feedback_cast import make_checkpoint, make_completions, make_prompts

pytestmark = pytest.mark.django_db


def refused(statement):
    with pytest.raises(IntegrityError), transaction.atomic():
        statement()


@pytest.fixture
def project():
    return Project.objects.create(name="Rabbits", slug="rabbits")


def test_audit_entry_can_be_neither_changed_nor_deleted(project):
    user = User.objects.create(username="ada")
    entry = audit(user, "project_create", project, project, name="Rabbits")
    refused(lambda: AuditEntry.objects.filter(pk=entry.pk).update(action="nothing"))
    refused(lambda: AuditEntry.objects.filter(pk=entry.pk).delete())


def test_guideline_version_is_never_edited(project):
    guideline = GuidelineVersion.objects.create(project=project, number=1, text="Be kind.")
    refused(lambda: GuidelineVersion.objects.filter(pk=guideline.pk).update(text="Be quick."))


def test_checkpoint_may_be_published_but_keeps_its_weights(project):
    checkpoint = Checkpoint.objects.create(project=project, name="base", role="base", uri="file:///a", sha256="0" * 64)
    Checkpoint.objects.filter(pk=checkpoint.pk).update(state="published")
    refused(lambda: Checkpoint.objects.filter(pk=checkpoint.pk).update(sha256="1" * 64))


def test_prompt_keeps_its_split(project):
    prompt = Prompt.objects.create(project=project, external_id="a", messages=[], split="test")
    refused(lambda: Prompt.objects.filter(pk=prompt.pk).update(split="train"))


def test_sealed_snapshot_and_its_members_never_change(project):
    snapshot = DatasetSnapshot.objects.create(project=project, kind="prompts")
    SnapshotItem.objects.create(snapshot=snapshot, object_id=1, split="train")
    DatasetSnapshot.objects.filter(pk=snapshot.pk).update(state="sealed")
    refused(lambda: DatasetSnapshot.objects.filter(pk=snapshot.pk).update(state="failed"))
    refused(lambda: SnapshotItem.objects.create(snapshot=snapshot, object_id=2, split="train"))
    refused(lambda: SnapshotItem.objects.filter(snapshot=snapshot).delete())
    refused(lambda: DatasetSnapshot.objects.filter(pk=snapshot.pk).delete())


@pytest.fixture
def ranking(project):
    """An imported ranking of two completions."""
    prompt = make_prompts(project, 1)[0]
    source = Import.objects.create(project=project, kind="rankings", file_name="a", uri="a", sha256="0")
    made = Ranking.objects.create(project=project, prompt=prompt, imported_from=source, import_line=1, notes="Close.")
    for rank, completion in enumerate(make_completions(prompt, 2), start=1):
        RankedCompletion.objects.create(ranking=made, completion=completion, rank=rank)
    return made


def test_an_answer_is_superseded_or_redacted_and_never_edited(project, ranking):
    rankings, orders = Ranking.objects.filter(pk=ranking.pk), RankedCompletion.objects.filter(ranking=ranking)
    for change in ({"all_bad": True}, {"notes": "Far."}, {"seconds": 1}, {"import_line": 2}):
        refused(lambda change=change: rankings.update(**change))
    for change in ({"rank": 2}, {"ratings": {"helpful": 7}}, {"flags": ["off_task"]}):
        refused(lambda change=change: orders.update(**change))
    refused(lambda: rankings.update(superseded_by=ranking))  # one that is superseded no longer counts
    rankings.update(superseded_by=ranking, is_counted=False)
    rankings.update(redacted_at="2026-01-01T00:00Z", notes="")
    demonstration = Demonstration.objects.create(
        project=project, prompt=ranking.prompt, imported_from=ranking.imported_from, import_line=9, messages=[1]
    )
    refused(lambda: Demonstration.objects.filter(pk=demonstration.pk).update(messages=[2]))


def test_a_completion_keeps_the_text_that_people_judged(ranking):
    completions = Completion.objects.filter(prompt=ranking.prompt)
    refused(lambda: completions.update(text="Better."))
    completions.update(text="[redacted]", redacted_at="2026-01-01T00:00Z")


def test_a_project_has_one_published_policy_and_a_round_each_stage_once(project):
    first, second = make_checkpoint(project, "policy", "a"), make_checkpoint(project, "policy", "b")
    Checkpoint.objects.filter(pk=first.pk).update(state="published")
    refused(lambda: Checkpoint.objects.filter(pk=second.pk).update(state="published"))
    made = Round.objects.create(project=project, number=1, recipe=[])
    RoundStage.objects.create(round=made, position=1, kind="sft")
    refused(lambda: RoundStage.objects.create(round=made, position=2, kind="sft"))


def test_words_that_name_no_state_or_kind_are_refused(project):
    refused(lambda: TrainingRun.objects.create(project=project, kind="magic"))
    refused(lambda: DatasetSnapshot.objects.create(project=project, kind="prompts", state="lost"))
    refused(lambda: Import.objects.create(project=project, kind="pictures", file_name="a", uri="a", sha256="0"))
    refused(lambda: make_checkpoint(project, "policy", "c", state="famous"))
