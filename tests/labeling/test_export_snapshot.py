"""Exports: frozen members, parts that survive a crash, a sealed manifest."""

import gzip
import hashlib
import json

import pytest
from django.db import IntegrityError, transaction

from labeling.feedback.models import Demonstration, LabelingTask, Place
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.jobs.models import Job
from labeling.rounds.models import Import
from labeling.store import store_open
from labeling.training import exports
from labeling.training.models import DatasetSnapshot
from labeling.training.services import snapshot_create
from rlhf.records import read_records
from tests.labeling.feedback_cast import client_of, make_project, make_prompts, make_ranking_tasks, make_user, submit

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker dies."""


@pytest.fixture
def store(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/store"
    return store_open(settings.STORAGE_URL)


@pytest.fixture
def project():
    return make_project()


def add_demonstrations(project, prompts):
    upload = Import.objects.create(
        project=project, kind="demonstrations", file_name="a.jsonl", uri="a", sha256="0" * 64
    )
    Demonstration.objects.bulk_create(
        [
            Demonstration(
                project=project, prompt=prompt, imported_from=upload, import_line=line,
                messages=[*prompt.messages, {"role": "assistant", "content": f"Text {line} \u00e9", "weight": 1}],
            )
            for line, prompt in enumerate(prompts)
        ]
    )  # fmt: skip


def rows_of(store, snapshot, split):
    names = [name for name in store.list(f"snapshots/{snapshot.pk}") if name.startswith(split) and name.endswith(".gz")]
    text = "".join(gzip.decompress(store.read_bytes(f"snapshots/{snapshot.pk}/{name}")).decode() for name in names)
    return [json.loads(line) for line in text.splitlines()]


def test_export_seals_every_row_once_by_split_and_never_a_test_row(project, store, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "PART_ROWS", 4)
    groups = {
        split: make_prompts(project, count, split) for split, count in (("train", 10), ("validation", 3), ("test", 2))
    }
    add_demonstrations(project, [prompt for prompts in groups.values() for prompt in prompts])
    snapshot = snapshot_create(project=project, kind="demonstrations", filters={}, actor=None)
    assert Job.objects.get().name == "snapshot_export"
    sealed = exports.export_run(snapshot.pk, lambda progress: None)
    assert (sealed.state, sealed.num_rows, sealed.num_rows_by_split) == ("sealed", 13, {"train": 10, "validation": 3})
    assert [name for name in store.list(f"snapshots/{snapshot.pk}") if name.endswith(".gz")] == [
        "train-00000.jsonl.gz", "train-00001.jsonl.gz", "train-00002.jsonl.gz", "validation-00000.jsonl.gz",
    ]  # fmt: skip
    manifest = store.read_bytes(f"snapshots/{snapshot.pk}/manifest.json")
    assert sealed.sha256 == hashlib.sha256(manifest).hexdigest()
    for part in json.loads(manifest)["parts"]:
        assert part["sha256"] == hashlib.sha256(store.read_bytes(f"snapshots/{snapshot.pk}/{part['name']}")).hexdigest()
    folder = tmp_path / "store" / "snapshots" / str(snapshot.pk)
    records = list(read_records(sorted(folder.glob("train-*.jsonl.gz")), "demonstration"))
    assert {record["prompt_id"] for record in records} == {str(prompt.pk) for prompt in groups["train"]}


@pytest.mark.parametrize("parts_written", [0, 1, 2])
def test_an_export_killed_between_parts_goes_on_and_repeats_nothing(project, store, monkeypatch, parts_written):
    monkeypatch.setattr(exports, "PART_ROWS", 3)
    add_demonstrations(project, make_prompts(project, 8))
    snapshot = snapshot_create(project=project, kind="demonstrations", filters={}, actor=None)
    written = []
    whole = exports._part_write

    def killed(store, snapshot, split, index, first, last):
        if index == parts_written:
            raise Killed
        return whole(store, snapshot, split, index, first, last)

    monkeypatch.setattr(exports, "_part_write", killed)
    with pytest.raises(Killed):
        exports.export_run(snapshot.pk, lambda progress: None)
    add_demonstrations(project, make_prompts(project, 5, "validation"))
    monkeypatch.setattr(exports, "_part_write", whole)
    kept = exports.EXPORTED["demonstrations"]
    monkeypatch.setitem(exports.EXPORTED, "demonstrations", lambda ids: written.append(len(ids)) or kept(ids))
    sealed = exports.export_run(snapshot.pk, lambda progress: None)
    assert sealed.num_rows == 8
    assert len(written) == 3 - parts_written
    assert len({row["id"] for row in rows_of(store, snapshot, "train")}) == 8


def test_a_file_of_which_half_was_written_does_not_appear(store):
    def write_half():
        with store.open_write("snapshots/1/train-00000.jsonl.gz") as file:
            file.write(b"half")
            raise Killed

    with pytest.raises(Killed):
        write_half()
    assert store.list("snapshots/1") == []


def test_sealed_rows_are_immutable_and_exporting_again_changes_nothing(project, store):
    add_demonstrations(project, make_prompts(project, 2))
    snapshot = snapshot_create(project=project, kind="demonstrations", filters={}, actor=None)
    sealed = exports.export_run(snapshot.pk, lambda progress: None)
    assert exports.export_run(snapshot.pk, lambda progress: None).sha256 == sealed.sha256
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetSnapshot.objects.filter(pk=snapshot.pk).update(num_rows=99)
    with pytest.raises(IntegrityError), transaction.atomic():
        snapshot.items.update(split="test")


def test_evaluation_rankings_and_redacted_rows_are_left_out(project, store, tmp_path):
    train, asked = make_prompts(project, 2), make_prompts(project, 1, "validation")
    make_ranking_tasks(project, train)
    shown = list(asked[0].completions.all()) or None
    assert shown is None
    labeler = client_of(make_user(project, "ann", "labeler"))
    make_ranking_tasks(project, asked)
    LabelingTask.objects.filter(prompt=asked[0]).update(purpose="evaluation")
    for index in range(3):
        body = labeler.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()
        assert submit(labeler, body["assignment"], f"k{index}").status_code == 200
    assert Place.objects.filter(state="filled").count() == 3
    snapshot = snapshot_create(project=project, kind="rankings", filters={}, actor=None)
    sealed = exports.export_run(snapshot.pk, lambda progress: None)
    assert sealed.num_rows_by_split == {"train": 2}
    folder = tmp_path / "store" / "snapshots" / str(snapshot.pk)
    record = next(read_records(sorted(folder.glob("train-*.jsonl.gz")), "ranking"))
    assert record["ranks"] == [1, 2, 3]
    assert record["completions"] == ["Answer 0", "Answer 1", "Answer 2"]


def test_an_empty_export_fails_with_its_reason(project, store):
    snapshot = snapshot_create(project=project, kind="rankings", filters={}, actor=None)
    failed = exports.export_run(snapshot.pk, lambda progress: None)
    assert failed.state == "failed"
    assert "There are no rankings" in failed.reason


def test_prompt_limit_is_a_seeded_choice(project, store):
    make_prompts(project, 20)
    chosen = []
    for seed in (1, 1, 2):
        filters = {"splits": ["train"], "limit": 5, "seed": seed}
        snapshot = snapshot_create(project=project, kind="prompts", filters=filters, actor=None)
        assert exports.export_run(snapshot.pk, lambda progress: None).num_rows == 5
        chosen.append({row["prompt_id"] for row in rows_of(store, snapshot, "train")})
    assert chosen[0] == chosen[1] != chosen[2]


def test_labels_of_test_prompts_cannot_be_asked_for(project):
    engineer = client_of(make_user(project, "eve", "engineer"))
    body = {"kind": "rankings", "filters": {"splits": ["test"]}}
    reply = engineer.post(f"/api/v1/projects/{project.pk}/snapshots", body, format="json")
    assert reply.status_code == 400
    assert "never exported" in reply.json()["error"]["message"]
    prompt_only = engineer.post(f"/api/v1/projects/{project.pk}/snapshots", {"kind": "prompts"}, format="json")
    assert prompt_only.status_code == 201
    assert (
        tasks_create(project=project, specs=[TaskSpec(prompt=make_prompts(project, 1)[0].pk, kind="demonstration")])
        == 1
    )


def test_a_redacted_completion_leaves_the_rankings_that_showed_it(project, store):
    prompts = make_prompts(project, 2)
    make_ranking_tasks(project, prompts)
    ann, mia = client_of(make_user(project, "ann", "labeler")), client_of(make_user(project, "mia", "manager"))
    for index in range(2):
        body = ann.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()
        assert submit(ann, body["assignment"], f"k{index}").status_code == 200
    (first, *_), (_, second, third) = ([row.pk for row in prompt.completions.order_by("pk")] for prompt in prompts)
    for completion in (first, second, third):  # one of three in the first ranking, two of three in the second
        url = f"/api/v1/projects/{project.pk}/completions/{completion}/redact"
        assert mia.post(url, {"reason": "names a person"}, format="json").status_code == 200
    snapshot = snapshot_create(project=project, kind="rankings", filters={}, actor=None)
    assert exports.export_run(snapshot.pk, lambda progress: None).num_rows == 1
    (row,) = rows_of(store, snapshot, "train")
    assert (row["completions"], row["ranks"]) == (["Answer 1", "Answer 2"], [2, 3])
