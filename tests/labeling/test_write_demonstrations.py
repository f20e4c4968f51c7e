"""A labeler writes answers, whole conversations and prompts of three styles, and says what a prompt is like, through HTTP."""

import gzip
import json

import pytest
from django.db import IntegrityError, transaction

from labeling.feedback.models import Demonstration, LabelingTask
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.loop.recipe import recipe_check
from labeling.loop.tasks import writing_tasks_create
from labeling.rounds.label_schemas import DEFAULT_SCHEMA
from labeling.rounds.models import LabelSchemaVersion, Prompt, Round, RoundStage
from labeling.training.exports import export_run
from labeling.training.services import snapshot_create
from rlhf.records import read_records
from tests.labeling.feedback_cast import client_of, make_project, make_prompts, make_user, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    LabelSchemaVersion.objects.create(project=project, number=2, schema=DEFAULT_SCHEMA)
    return project


@pytest.fixture
def ann(project):
    return client_of(make_user(project, "ann", "labeler"))


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def turns(*roles):
    names = {"s": "system", "u": "user", "a": "assistant"}
    return [{"role": names[role], "content": f"{names[role]} {index}"} for index, role in enumerate(roles)]


def ask(project, **spec):
    tasks_create(project=project, specs=[TaskSpec(kind="demonstration", **spec)])


def test_a_conversation_goes_on_and_every_answer_has_weight(ann, project):
    ask(project, prompt=make_prompts(project, 1)[0].pk)
    assert submit(ann, claim(ann, project), "k1", {"turns": turns(*"aua")}).status_code == 200
    found = [(message["role"][0], message["weight"]) for message in Demonstration.objects.get().messages]
    assert found == [("u", 0), ("a", 1), ("u", 0), ("a", 1)]


@pytest.mark.parametrize("roles", ["", "u", "au", "aa", "ua", "saua", "a" + "ua" * 20])
def test_turns_after_a_given_prompt_alternate_and_end_with_an_answer(ann, project, roles):
    ask(project, prompt=make_prompts(project, 1)[0].pk)
    reply = submit(ann, claim(ann, project), "k1", {"turns": turns(*roles)})
    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (400, ["turns"])
    assert not Demonstration.objects.exists()


@pytest.mark.parametrize(
    ("style", "brief", "roles", "weights"),
    [
        ("plain", "", "ua", [0, 1]),
        ("plain", "", "uaua", [0, 1, 0, 1]),
        ("use_case", "A shop that answers mail.", "ua", [0, 1]),
        ("few_shot", "", "suaua", [0, 0, 1, 0, 1]),
    ],
)
def test_a_labeler_writes_a_prompt_and_its_answer(ann, project, style, brief, roles, weights):
    ask(project, prompt=None, prompt_style=style, brief=brief)
    assignment = claim(ann, project)
    task = assignment["task"]
    assert (task["prompt"], task["prompt_style"], task["brief"]) == (None, style, brief)
    sent = {"turns": turns(*roles), "use_case": "extraction", "prompt_flags": ["sensitive"]}
    assert submit(ann, assignment, "k1", sent).status_code == 200
    demonstration, prompt = Demonstration.objects.get(), Prompt.objects.get()
    assert [message["weight"] for message in demonstration.messages] == weights
    assert (demonstration.use_case, demonstration.prompt_flags) == ("extraction", ["sensitive"])
    assert [message["role"][0] for message in prompt.messages] == list(roles[:-1])
    assert (prompt.origin, prompt.metadata["style"], demonstration.prompt_id) == ("labeler", style, prompt.pk)
    assert demonstration.label_schema.number == 2


@pytest.mark.parametrize(
    ("style", "roles"), [("plain", "a"), ("plain", "sua"), ("few_shot", "sua"), ("few_shot", "ua")]
)
def test_a_written_prompt_follows_its_style(ann, project, style, roles):
    ask(project, prompt=None, prompt_style=style)
    assert submit(ann, claim(ann, project), "k1", {"turns": turns(*roles)}).status_code == 400
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("wrong", [{"use_case": "gardening"}, {"prompt_flags": ["sensitive", "rude"]}])
def test_what_is_said_of_a_prompt_is_in_the_label_schema(ann, project, wrong):
    ask(project, prompt=make_prompts(project, 1)[0].pk)
    reply = submit(ann, claim(ann, project), "k1", {"turns": turns("a"), **wrong})
    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (400, list(wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": None},
        {"prompt": None, "prompt_style": "use_case"},
        {"prompt": None, "prompt_style": "plain", "kind": "ranking"},
    ],
)
def test_the_database_refuses_a_task_that_asks_for_nothing(project, wrong):
    with pytest.raises(IntegrityError, match="task_prompt_is_given_or_asked_for"), transaction.atomic():
        tasks_create(project=project, specs=[TaskSpec(**{"kind": "demonstration", **wrong})])


def test_a_recipe_opens_tasks_of_each_style(ann, project):
    options = {"num_plain": 2, "num_few_shot": 1, "use_cases": ["Mail of a shop", "Notes of a ward"]}
    recipe_check([{"kind": "demonstrate", **options}])
    stage = RoundStage.objects.create(
        round=Round.objects.create(project=project, number=1, recipe=[]),
        position=0,
        kind="demonstrate",
        options=options,
    )
    assert writing_tasks_create(stage) == 5
    found = LabelingTask.objects.order_by("pk").values_list("prompt_style", "brief")
    assert list(found) == [
        ("plain", ""), ("plain", ""), ("few_shot", ""), ("use_case", "Mail of a shop"), ("use_case", "Notes of a ward"),
    ]  # fmt: skip


def test_the_trainer_reads_what_was_written(ann, project, tmp_path, settings):
    settings.STORAGE_URL = f"file://{tmp_path}"
    ask(project, prompt=make_prompts(project, 1)[0].pk)
    sent = {"turns": turns(*"aua"), "use_case": "chat", "prompt_flags": ["ambiguous"]}
    assert submit(ann, claim(ann, project), "k1", sent).status_code == 200
    snapshot = snapshot_create(project=project, kind="demonstrations", filters={}, actor=None)
    export_run(snapshot.pk, lambda progress: True)
    part = next(tmp_path.rglob("train-*.jsonl.gz"))
    [record] = read_records([part], "demonstration")
    assert (record["use_case"], record["prompt_flags"]) == ("chat", ["ambiguous"])
    assert [message["weight"] for message in record["messages"]] == [0, 1, 0, 1]
    assert json.loads(gzip.decompress(part.read_bytes()))["guideline"] == 1
