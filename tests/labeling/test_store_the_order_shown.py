"""The order given on a screen is the order stored, by completion and by position, whatever the order shown was."""

import random

import pytest

from labeling.feedback.models import Completion, Ranking, TaskCompletion
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


@pytest.mark.parametrize("k", [2, 4, 9])
def test_stored_permutation_is_the_displayed_one_by_the_original_ids(k):
    project = make_project()
    ann = client_of(make_user(project, "ann", "labeler"))
    draw = random.Random(k)
    for index, prompt in enumerate(make_prompts(project, 4)):
        made = [row.pk for row in make_completions(prompt, k)]
        shuffled = draw.sample(made, k)
        tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind="ranking", completions=shuffled)])
        reply = ann.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()
        assignment = reply["assignment"]
        displayed = [row["id"] for row in assignment["task"]["completions"]]
        assert displayed == shuffled, "the page shows the order that was drawn, and that order is kept"
        texts = dict(Completion.objects.filter(prompt=prompt).values_list("pk", "text"))
        assert [row["text"] for row in assignment["task"]["completions"]] == [texts[number] for number in shuffled]
        given = draw.sample(displayed, k)  # best first
        ranks = {str(number): rank for rank, number in enumerate(given, start=1)}
        assert submit(ann, assignment, f"k{index}", {"ranks": ranks}).status_code == 200
        ranking = Ranking.objects.get(prompt=prompt)
        stored = ranking.ranked_completions.order_by("rank").values_list("completion_id", flat=True)
        assert list(stored) == given
        positions = TaskCompletion.objects.filter(task=ranking.task).order_by("position")
        assert list(positions.values_list("completion_id", flat=True)) == displayed


def test_an_order_that_nobody_gave_is_not_stored():
    """A page that sends no ranks, because nothing was touched, is refused: the order shown is no answer."""
    project = make_project()
    ann = client_of(make_user(project, "ann", "labeler"))
    prompt = make_prompts(project, 1)[0]
    made = [row.pk for row in make_completions(prompt, 3)]
    tasks_create(project=project, specs=[TaskSpec(prompt=prompt.pk, kind="ranking", completions=made)])
    assignment = ann.post(f"/api/v1/projects/{project.pk}/labeling/claim", {}, format="json").json()["assignment"]
    assert submit(ann, assignment, "k1", {"ranks": {}}).status_code == 400
    assert not Ranking.objects.exists()
