"""What is handed out first: with everything open, labelers finish what lets the round move on. Through HTTP on PostgreSQL."""

import uuid

import pytest

from labeling.feedback.models import LabelingTask, Place
from labeling.feedback.tasks import TaskSpec, tasks_create
from tests.labeling.feedback_cast import (
    client_of,
    make_completions,
    make_project,
    make_prompts,
    make_user,
    submit,
)

pytestmark = pytest.mark.django_db
WRITTEN = {"turns": [{"role": "assistant", "content": "It is a brass lamp."}]}


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def manager(project):
    return client_of(make_user(project, "mia", "manager"))


@pytest.fixture
def ann(project):
    return client_of(make_user(project, "ann", "labeler"))


def open_everything(project):
    """Two tasks of each kind of work, the least urgent made first; of the rankings the second takes two answers."""
    prompts = iter(make_prompts(project, 8))

    def specs(kind, k, **more):
        for index in range(2):
            prompt = next(prompts)
            shown = [row.pk for row in make_completions(prompt, k)]
            twice = {"num_places": 2, "offset": 1} if kind == "ranking" and index == 1 and not more else {}
            yield TaskSpec(prompt=prompt.pk, kind=kind, completions=shown, **twice, **more)

    for given in (("demonstration", 0), ("pairwise", 2), ("ranking", 3)):
        tasks_create(project=project, specs=list(specs(*given)))
    tasks_create(project=project, specs=list(specs("ranking", 2, purpose=LabelingTask.Purpose.EVALUATION)))


def claim(client, project):
    return client.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]


def work_through(client, project, limit=99):
    """(purpose, kind, number of answers wanted) of each task, in the order in which it is handed out."""
    found = []
    while len(found) < limit and (held := claim(client, project)):
        task = LabelingTask.objects.get(pk=held["task"]["id"])
        found.append((task.purpose, task.kind, task.places.count()))
        shown = [str(row["id"]) for row in held["task"]["completions"]]
        answers = {
            "demonstration": WRITTEN,
            "pairwise": {"ranks": dict(zip(shown, (1, 2), strict=False)), "strength": 1},
        }
        assert submit(client, held, uuid.uuid4().hex, answers.get(task.kind)).status_code == 200
    return found


IN_ORDER = [
    *[("evaluation", "ranking", 1)] * 2,
    ("training", "ranking", 2),
    *[("training", "pairwise", 1)] * 2,
    ("training", "ranking", 1),
    *[("training", "demonstration", 1)] * 2,
]


def test_with_everything_open_what_lets_the_round_move_on_comes_first(project, ann):
    open_everything(project)
    assert work_through(ann, project) == IN_ORDER


def test_a_manager_changes_the_order_of_what_is_open_already(project, manager, ann):
    open_everything(project)
    url = f"/api/v1/projects/{project.pk}/labeling/weights"
    default = {"evaluation": 5, "ranking": 4, "pairwise": 4, "demonstration": 3, "chat": 3, "red_team": 3}
    assert manager.get(url).json() == default
    held = claim(ann, project)
    reply = manager.patch(url, {"demonstration": 9, "evaluation": 1}, format="json")
    assert reply.json() == {**default, "demonstration": 9, "evaluation": 1}
    assert claim(ann, project)["place"]["id"] == held["place"]["id"]  # what is held stays
    ann.post(f"/api/v1/places/{held['place']['id']}/release", {"lease_token": held["place"]["lease_token"]}, format="json")  # fmt: skip
    order = work_through(ann, project)
    assert [kind for _, kind, _ in order[:2]] == ["demonstration"] * 2
    assert [purpose for purpose, _, _ in order[-2:]] == ["evaluation"] * 2
    assert order[2] == ("training", "ranking", 2)  # the offset outlives a change of weights


def test_weights_out_of_range_or_of_unknown_work_change_nothing(project, manager):
    open_everything(project)
    before = list(Place.objects.order_by("pk").values_list("priority", flat=True))
    url = f"/api/v1/projects/{project.pk}/labeling/weights"
    for wrong in ({"ranking": 0}, {"ranking": 10}, {"ranking": "first"}):
        assert manager.patch(url, wrong, format="json").status_code == 400
    assert manager.patch(url, {"sleeping": 9}, format="json").json()["ranking"] == 4
    assert list(Place.objects.order_by("pk").values_list("priority", flat=True)) == before


def test_tasks_made_later_are_given_the_changed_weight(project, manager, ann):
    manager.patch(f"/api/v1/projects/{project.pk}/labeling/weights", {"demonstration": 8}, format="json")
    open_everything(project)
    assert [kind for _, kind, _ in work_through(ann, project, 2)] == ["demonstration"] * 2


def test_a_task_that_was_begun_is_finished_before_the_next(project):
    prompts = make_prompts(project, 3)
    specs = [TaskSpec(prompt=prompt.pk, kind="demonstration", num_places=2) for prompt in prompts]
    tasks_create(project=project, specs=specs)
    people = [client_of(make_user(project, name, "labeler")) for name in ("ann", "bea")]
    given = [claim(person, project)["task"]["id"] for person in people]
    assert given[0] == given[1]


def test_an_offset_that_would_reach_the_next_weight_is_a_programming_error(project):
    [prompt] = make_prompts(project, 1)
    with pytest.raises(ValueError, match="1000"):
        tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind="demonstration", offset=1000)])
