"""Which prompts are ranked first under active sampling: the rule by itself, and a round that follows it. Sampling and scores are given."""

import math

import pytest
from django.db import IntegrityError, transaction

from labeling.feedback.models import LabelingTask
from labeling.loop.disagreement import disagreement, in_order
from labeling.training.models import TrainingRun
from tests.labeling.feedback_cast import make_checkpoint
from tests.labeling.test_walk_through_a_round import World

RECIPE = [
    {"kind": "sample", "num_prompts": 10, "completions_per_prompt": 3, "config": {}},
    {"kind": "rank", "overlap_share": 0.2, "random_share": 0.3},
]


def test_disagreement_is_the_mean_spread_of_pair_probabilities():
    assert disagreement([[0.0, 50.0], [50.0, 0.0]]) == pytest.approx(0.5)
    assert disagreement([[1.0, 3.0], [0.0, 2.0]]) == 0.0  # other scales, the same differences
    p, q = 1 / (1 + math.exp(-1.0)), 1 / (1 + math.exp(2.0))  # 1 and -2 apart
    by_hand = [abs(p - q) / 2, 0.0, abs(p - q) / 2]  # pairs (0, 1), (0, 2), (1, 2)
    assert disagreement([[1.0, 0.0], [0.0, 2.0], [1.0, 0.0]]) == pytest.approx(sum(by_hand) / 3)
    assert disagreement([[1e6, -1e6], [-1e6, 1e6]]) == pytest.approx(0.5)  # no overflow


def test_nothing_to_compare_is_no_disagreement():
    assert [disagreement(scores) for scores in ([], [[1.0, 2.0]], [[1.0], [2.0]])] == [0.0, 0.0, 0.0]


def test_disagreement_does_not_depend_on_the_order_of_completions_or_models():
    scores = [[0.3, -1.0, 2.0], [1.5, 0.2, -0.4], [-2.0, 0.9, 0.1]]
    turned = [row[::-1] for row in reversed(scores)]
    assert disagreement(turned) == pytest.approx(disagreement(scores))


def test_without_a_random_share_the_most_disputed_comes_first():
    order = in_order({1: 0.1, 2: 0.4, 3: 0.2}, 0.0, "seed")
    assert order == [(2, "disagreement"), (3, "disagreement"), (1, "disagreement")]
    assert {how for _, how in in_order({1: 0.1, 2: 0.4}, 1.0, "seed")} == {"random"}


def test_any_beginning_holds_the_random_share_and_the_draw_looks_at_no_score():
    scored = {prompt: prompt / 5000 for prompt in range(1000)}
    order = in_order(scored, 0.3, "seed")
    assert sorted(prompt for prompt, _ in order) == list(scored)
    for length in (50, 200, 1000):
        share = sum(how == "random" for _, how in order[:length]) / length
        assert share == pytest.approx(0.3, abs=0.05)
    drawn = {prompt for prompt, how in order if how == "random"}
    turned = in_order({prompt: -value for prompt, value in scored.items()}, 0.3, "seed")
    assert {prompt for prompt, how in turned if how == "random"} == drawn
    mean = sum(scored[prompt] for prompt in drawn) / len(drawn)
    assert mean == pytest.approx(0.1, abs=0.01)  # what all have on average
    assert in_order(scored, 0.3, "seed") == order != in_order(scored, 0.3, "another")


class Judged(World):
    """A world whose sampled completions bring two scores each: the models disagree by the prompt's number."""

    def sample(self, run: TrainingRun) -> None:
        self.judges = sorted(run.inputs.filter(role__startswith="reward").values_list("role", "checkpoint__name"))
        super().sample(run)

    def scores(self, prompt: int, seed: int) -> list[float]:
        return [0.0, (prompt % 50) / 10 * seed] if self.judges else []


@pytest.fixture
def judged(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/store"
    return Judged()


def rank_tasks():
    return LabelingTask.objects.filter(stage__kind="rank").order_by("pk")


def start(world, num_rewards):
    make_checkpoint(world.project, "policy", "published", "published")
    for number in range(num_rewards):
        make_checkpoint(world.project, "reward", f"r{number}")
    assert world.manager.post(world.url("rounds"), {"recipe": RECIPE}, format="json").status_code == 201
    world.work()


@pytest.mark.django_db
def test_a_round_hands_out_first_what_reward_models_disagree_on(judged):
    start(judged, 4)
    assert judged.judges == [("reward", "r3"), ("reward_b", "r2"), ("reward_c", "r1")]  # the newest
    assert world_outputs(judged)["num_random"] == rank_tasks().filter(chosen="random").count()
    expected = [(task.chosen, task.disagreement) for task in rank_tasks()]
    disputed = [value for chosen, value in expected if chosen == "disagreement"]
    assert len(expected) == 10
    assert 0 < len(disputed) < 10
    assert disputed == sorted(disputed, reverse=True)
    handed_out = []
    while held := judged.labelers[0].post(judged.url("labeling/claim"), {}, format="json").json()["assignment"]:
        assert "chosen" not in held["task"]
        handed_out.append(held["task"]["id"])
        skip = {"lease_token": held["place"]["lease_token"], "reason": "unclear", "claim_next": False}
        judged.labelers[0].post(f"/api/v1/places/{held['place']['id']}/skip", skip, format="json")
    assert handed_out == [task.pk for task in rank_tasks()]


def world_outputs(world):
    return world.stage("rank")["outputs"]


@pytest.mark.django_db
def test_until_there_are_two_reward_models_every_prompt_is_random_and_says_so(judged):
    start(judged, 1)
    assert judged.judges == []
    assert {(task.chosen, task.disagreement) for task in rank_tasks()} == {("random", None)}
    assert world_outputs(judged) == {"num_tasks": 10, "num_random": 10}


@pytest.mark.django_db
def test_a_plan_that_does_not_ask_is_not_scored(judged):
    make_checkpoint(judged.project, "policy", "published", "published")
    for number in range(2):
        make_checkpoint(judged.project, "reward", f"r{number}")
    recipe = [RECIPE[0], {"kind": "rank"}]
    judged.manager.post(judged.url("rounds"), {"recipe": recipe}, format="json")
    judged.work()
    assert judged.judges == []
    assert {task.chosen for task in rank_tasks()} == {""}
    assert world_outputs(judged) == {"num_tasks": 10}


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [-0.1, 1.5, "some"])
def test_a_share_that_is_none_is_refused(judged, wrong):
    reply = judged.manager.post(
        judged.url("rounds"), {"recipe": [RECIPE[0], {**RECIPE[1], "random_share": wrong}]}, format="json"
    )
    assert reply.status_code == 400


@pytest.mark.django_db
def test_a_task_chosen_by_disagreement_keeps_it(judged):
    start(judged, 2)
    for wrong in ({"chosen": "disagreement", "disagreement": None}, {"chosen": "taste"}):
        with pytest.raises(IntegrityError, match="task_chosen_is_known"), transaction.atomic():
            LabelingTask.objects.update(**wrong)
