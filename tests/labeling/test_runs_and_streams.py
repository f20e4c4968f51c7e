"""Engineers create, follow, cancel and retry runs; checkpoints are registered, published and compared; streams stay live."""

import asyncio
import json
import time

import pytest
from django.test import AsyncClient

from labeling.accounts.services import token_create
from labeling.jobs.models import Job
from labeling.rounds.models import Checkpoint, Round
from labeling.store import store_open
from labeling.training import services, streams
from labeling.training.models import DatasetSnapshot, MetricPoint, RunInput, TrainingRun
from tests.labeling.feedback_cast import (
    client_of,
    make_checkpoint,
    make_completions,
    make_project,
    make_prompts,
    make_user,
)


@pytest.fixture
def project(db):
    return make_project()


@pytest.fixture
def eve(project):
    return client_of(make_user(project, "eve", "engineer"))


def sealed(project, kind):
    return DatasetSnapshot.objects.create(
        project=project, kind=kind, state="sealed", num_rows=3, filters={"splits": ["train"]}
    )


def sft_body(project, **config):
    base, rows = make_checkpoint(project, "base", "base"), sealed(project, "demonstrations")
    inputs = {"base": {"checkpoint": base.pk}, "demonstrations": {"snapshot": rows.pk}}
    return {"kind": "sft", "name": "first", "config": config, "inputs": inputs}


def make_run(project):
    return TrainingRun.objects.create(project=project, kind="sft")


def events(first, last):
    return [{"sequence": n, "time": 1.0, "kind": "metric", "step": n, "loss": 1 / n} for n in range(first, last + 1)]


def test_a_run_is_queued_with_its_inputs_and_its_job(project, eve):
    reply = eve.post(f"/api/v1/projects/{project.pk}/runs", sft_body(project, seed=3), format="json")
    assert reply.status_code == 201, reply.content
    assert [row["role"] for row in reply.json()["inputs"]] == ["base", "demonstrations"]
    assert Job.objects.get(name="run_submit").payload == {"run_id": reply.json()["id"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"config": {"no_such": 1}}, "config.no_such"),
        ({"config": {"learning_rate": "fast"}}, "config.learning_rate"),
        ({"config": {"learning_rate": -1}}, "config.learning_rate"),
        ({"inputs": {}}, "inputs.base"),
    ],
)
def test_a_wrong_run_is_refused_and_names_the_field(project, eve, change, field):
    reply = eve.post(f"/api/v1/projects/{project.pk}/runs", {**sft_body(project), **change}, format="json")
    assert reply.status_code == 400
    assert field in reply.json()["error"]["fields"]
    assert not TrainingRun.objects.exists()


def test_an_input_of_another_project_or_not_sealed_is_refused(project, eve):
    body = sft_body(project)
    other = make_checkpoint(make_project("elsewhere"), "base", "foreign")
    stolen = {**body["inputs"], "base": {"checkpoint": other.pk}}
    assert eve.post(f"/api/v1/projects/{project.pk}/runs", {**body, "inputs": stolen}, format="json").status_code == 404
    open_rows = DatasetSnapshot.objects.create(project=project, kind="demonstrations", state="frozen")
    early = {**body["inputs"], "demonstrations": {"snapshot": open_rows.pk}}
    assert eve.post(f"/api/v1/projects/{project.pk}/runs", {**body, "inputs": early}, format="json").status_code == 400


def test_events_are_stored_once_however_often_they_are_read(project, eve):
    run = make_run(project)
    phase = {"sequence": 6, "time": 2.0, "kind": "phase", "name": "train", "done": 5, "total": 10}
    for _ in range(2):
        assert services.metrics_append(run, [*events(1, 5), phase]) == 6
    assert MetricPoint.objects.count() == 6
    page = eve.get(f"/api/v1/runs/{run.pk}/metrics?after=3").json()
    assert ([row["sequence"] for row in page["results"]], page["last_sequence"]) == ([4, 5, 6], 6)
    assert eve.get(f"/api/v1/runs/{run.pk}").json()["progress"] == {"phase": "train", "done": 5, "total": 10}


def test_cancel_stops_a_run_for_good_and_retry_queues_the_next_attempt(project, eve):
    run = make_run(project)
    services.run_mark_submitted(run)
    assert eve.post(f"/api/v1/runs/{run.pk}/cancel").json()["state"] == "cancelled"
    assert Job.objects.filter(name="run_cancel").count() == 1
    assert not services.run_finish(run, {}, {})
    assert eve.post(f"/api/v1/runs/{run.pk}/cancel").status_code == 409
    retried = eve.post(f"/api/v1/runs/{run.pk}/retry").json()
    assert (retried["state"], retried["attempt"]) == ("queued", 2)


def test_a_run_is_tried_five_times(project):
    run = make_run(project)
    assert [services.run_next_attempt(run) for _ in range(5)] == [True] * 4 + [False]


def test_log_comes_in_pieces_and_never_cuts_a_character(project, eve, settings, tmp_path, monkeypatch):
    settings.STORAGE_URL = f"file://{tmp_path}/store"
    run = make_run(project)
    assert eve.get(f"/api/v1/runs/{run.pk}/log").json() == {"text": "", "next_offset": 0}
    store_open(settings.STORAGE_URL).write_bytes(f"runs/{run.pk}/1/log.txt", "caf\u00e9 ole".encode())
    monkeypatch.setattr("labeling.training.logs.MAX_BYTES", 4)
    first = eve.get(f"/api/v1/runs/{run.pk}/log").json()
    assert first == {"text": "caf", "next_offset": 3}
    assert eve.get(f"/api/v1/runs/{run.pk}/log?offset=3").json() == {"text": "\u00e9 o", "next_offset": 7}


def test_a_base_is_registered_only_from_the_models_folder_or_the_hub(project, eve, settings, tmp_path):
    settings.MODELS_DIR = tmp_path / "models"
    (tmp_path / "models" / "small").mkdir(parents=True)
    (tmp_path / "models" / "small" / "config.json").write_text("{}")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "config.json").write_text("{}")
    url = f"/api/v1/projects/{project.pk}/checkpoints"
    assert eve.post(url, {"source": "small"}, format="json").json()["role"] == "base"
    for source in ("../secret", str(tmp_path / "secret"), ".", "owner/.."):
        assert eve.post(url, {"source": source}, format="json").status_code == 400, source
    assert eve.post(url, {"source": "owner/model"}, format="json").json()["uri"] == "hub:owner/model"


def test_publishing_retires_the_policy_before(project, eve):
    first, second = make_checkpoint(project, "policy", "a"), make_checkpoint(project, "policy", "b")
    for checkpoint in (first, second):
        assert eve.post(f"/api/v1/checkpoints/{checkpoint.pk}/publish").json()["state"] == "published"
    assert dict(Checkpoint.objects.values_list("name", "state")) == {"a": "retired", "b": "published"}
    reward = make_checkpoint(project, "reward", "r")
    assert eve.post(f"/api/v1/checkpoints/{reward.pk}/publish").status_code == 409


def test_two_checkpoints_are_compared_on_the_prompts_of_both(project, eve):
    a, b = make_checkpoint(project, "policy", "a"), make_checkpoint(project, "policy", "b")
    both, only_a = make_prompts(project, 2)
    for prompt, checkpoint in ((both, a), (both, b), (only_a, a)):
        make_completions(prompt, 2, checkpoint)
    page = eve.get(f"/api/v1/projects/{project.pk}/compare?a={a.pk}&b={b.pk}").json()
    assert [row["prompt"]["id"] for row in page["results"]] == [both.pk]
    assert [len(page["results"][0][side]) for side in "ab"] == [2, 2]


def parsed(content: bytes) -> list[tuple[str, str]]:
    blocks = [block for block in content.decode().split("\n\n") if "event: " in block]
    fields = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [(field["event"], field.get("id", "")) for field in fields]


@pytest.mark.django_db(transaction=True)
def test_a_run_stream_goes_on_after_the_last_event_and_ends_with_the_run(monkeypatch):
    monkeypatch.setattr(streams, "POLL_SECONDS", 0.05)
    project = make_project()
    user = make_user(project, "eve", "engineer")
    run = make_run(project)
    services.metrics_append(run, events(1, 4))
    services.run_finish(run, {}, {})
    _, text = token_create(user=user, name="watch", scopes=["read"])

    async def read() -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {text}", "Last-Event-ID": "2"}
        reply = await AsyncClient().get(f"/api/v1/runs/{run.pk}/stream", headers=headers)
        return reply.status_code, b"".join([chunk async for chunk in reply.streaming_content])

    status, content = asyncio.run(read())
    assert status == 200
    assert parsed(content) == [("metric", "3"), ("metric", "4"), ("state", "")]
    assert json.loads(content.decode().split("data: ")[-1])["state"] == "done"


@pytest.mark.django_db(transaction=True)
def test_a_board_stream_tells_of_changes_keeps_alive_and_ends_in_time(monkeypatch):
    for name, value in (("POLL_SECONDS", 0.05), ("KEEP_ALIVE_SECONDS", 0.1), ("MAX_SECONDS", 0.6)):
        monkeypatch.setattr(streams, name, value)
    project = make_project()
    client = AsyncClient()
    client.force_login(make_user(project, "mia", "manager"))

    async def read() -> bytes:
        reply = await client.get(f"/api/v1/projects/{project.pk}/stream")
        return b"".join([chunk async for chunk in reply.streaming_content])

    started = time.monotonic()
    content = asyncio.run(read())
    assert time.monotonic() - started < 5
    assert parsed(content) == [("round", "")]
    assert b": still here" in content


@pytest.mark.django_db(transaction=True)
def test_a_stream_is_refused_to_strangers_and_labelers():
    project = make_project()
    client = AsyncClient()
    url = f"/api/v1/projects/{project.pk}/stream"
    assert asyncio.run(client.get(url)).status_code == 401
    client.force_login(make_user(project, "ann", "labeler"))
    assert asyncio.run(client.get(url)).status_code == 403


def test_ppo_does_not_learn_from_test_prompts(project, eve):
    policy, reward = make_checkpoint(project, "policy", "p"), make_checkpoint(project, "reward", "r")
    inputs = {"policy": {"checkpoint": policy.pk}, "reward": {"checkpoint": reward.pk}}
    statuses = []
    for splits in (["train", "test"], ["train"]):
        rows = DatasetSnapshot.objects.create(
            project=project, kind="prompts", state="sealed", filters={"splits": splits}
        )
        body = {"kind": "ppo", "inputs": {**inputs, "prompts": {"snapshot": rows.pk}}}
        statuses.append(eve.post(f"/api/v1/projects/{project.pk}/runs", body, format="json").status_code)
    assert statuses == [400, 201]


def test_a_list_of_runs_costs_the_same_queries_however_long_it_is(project, eve, django_assert_num_queries):
    made = Round.objects.create(project=project, number=1, recipe=[])
    for _ in range(12):
        rows = DatasetSnapshot.objects.create(project=project, round=made, kind="demonstrations", state="sealed")
        run = TrainingRun.objects.create(project=project, kind="sft", round=made)
        RunInput.objects.create(run=run, role="demonstrations", snapshot=rows)
    with django_assert_num_queries(8):
        assert len(eve.get(f"/api/v1/projects/{project.pk}/runs").json()["results"]) == 12


def test_lists_are_narrowed_by_kind_state_role_and_name(project, eve):
    names = {"base": "Round 1 pretrain", "policy": "Round 2 ppo", "reward": "Round 2 reward"}
    made = {role: make_checkpoint(project, role, name).pk for role, name in names.items()}
    for kind, state in (("sft", "done"), ("ppo", "failed"), ("ppo", "done")):
        TrainingRun.objects.create(project=project, kind=kind, state=state, name=f"{kind} one")
    rows = sealed(project, "rankings")

    def found(path):
        return [
            row.get("name", row["id"]) for row in eve.get(f"/api/v1/projects/{project.pk}/{path}").json()["results"]
        ]

    assert found("checkpoints?role=base&role=policy") == ["Round 2 ppo", "Round 1 pretrain"]
    assert found("checkpoints?search=ROUND 2&role=reward") == ["Round 2 reward"]
    assert found(f"checkpoints?search={made['base']}")[-1] == "Round 1 pretrain"
    assert found("runs?kind=ppo&state=done") == ["ppo one"]
    assert len(found("runs?search=one")) == 3
    assert (len(found("snapshots?kind=rankings&state=sealed")), found("snapshots?state=failed")) == (1, [])
    assert (found(f"snapshots?search={rows.pk}"), found("snapshots?search=lamp")) == ([rows.pk], [])
    assert found("corpora?search=nothing") == []
    assert eve.get(f"/api/v1/projects/{project.pk}/runs?state=lost").status_code == 400
