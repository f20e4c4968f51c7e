"""Rows that the database itself refuses to change."""

import pytest
from django.db import IntegrityError, transaction

from labeling.accounts.models import User
from labeling.jobs.models import AuditEntry
from labeling.jobs.services import audit
from labeling.rounds.models import Checkpoint, GuidelineVersion, Project, Prompt
from labeling.training.models import DatasetSnapshot, SnapshotItem

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
