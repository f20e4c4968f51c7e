"""A whole round: people through HTTP, exports for real, training runs finished by the services that the worker calls."""

import pytest

from labeling.feedback.models import Completion, Place
from labeling.feedback.services import completions_insert
from labeling.jobs.models import AuditEntry
from labeling.loop.evaluation import win_rate
from labeling.loop.services import round_advance, rounds_live
from labeling.rounds.models import Checkpoint, Round, RoundStage
from labeling.training import services
from labeling.training.exports import export_run
from labeling.training.models import DatasetSnapshot, Evaluation, TrainingRun
from tests.labeling.feedback_cast import client_of, make_checkpoint, make_project, make_prompts, make_user, submit
from tests.labeling.test_export_snapshot import add_demonstrations

pytestmark = pytest.mark.django_db
RECIPE = [
    {"kind": "demonstrate", "num_tasks": 2},
    {"kind": "sft", "config": {}},
    {"kind": "sample", "num_prompts": 10, "completions_per_prompt": 3, "config": {}},
    {"kind": "rank", "overlap_share": 0.2},
    {"kind": "reward", "config": {}},
    {"kind": "ppo", "num_prompts": 5, "config": {}},
    {"kind": "evaluate", "num_prompts": 3, "config": {}},
    {"kind": "approve"},
]


class World:
    """A project with its people, and what the background workers do, done at once."""

    def __init__(self) -> None:
        self.project = make_project()
        groups = {
            name: make_prompts(self.project, count, name)
            for name, count in (("train", 12), ("validation", 4), ("test", 3))
        }
        add_demonstrations(self.project, groups["train"][:4])
        self.manager = client_of(make_user(self.project, "mia", "manager"))
        self.engineer = client_of(make_user(self.project, "eve", "engineer"))
        self.labelers = [client_of(make_user(self.project, name, "labeler")) for name in ("ann", "bob")]
        self.num_checkpoints = 0

    def url(self, tail: str) -> str:
        return f"/api/v1/projects/{self.project.pk}/{tail}"

    def board(self, number: int = 1) -> dict:
        return self.manager.get(self.url(f"rounds/{number}")).json()

    def stage(self, kind: str, number: int = 1) -> dict:
        return next(stage for stage in self.board(number)["stages"] if stage["kind"] == kind)

    def act(self, client, kind, action, number=1):
        position = self.stage(kind, number)["position"]
        return client.post(self.url(f"rounds/{number}/stages/{position}/act"), {"action": action}, format="json")

    def label_all(self, favourite: int | None = None) -> None:
        for labeler in self.labelers:
            while True:
                claimed = labeler.post(self.url("labeling/claim"), {}, format="json").json()["assignment"]
                if claimed is None:
                    break
                answer = None
                if claimed["task"]["kind"] == "demonstration":
                    answer = {"turns": [{"role": "assistant", "content": "A written answer."}]}
                if favourite is not None:
                    ids = [row["id"] for row in claimed["task"]["completions"]]
                    by = dict(Completion.objects.filter(pk__in=ids).values_list("pk", "checkpoint_id"))
                    answer = {"ranks": {str(pk): 1 if by[pk] == favourite else 2 for pk in ids}}
                    answer["ratings"] = {str(pk): {"helpful": 6 if by[pk] == favourite else 3} for pk in ids}
                key = f"{claimed['place']['id']}"
                assert submit(labeler, claimed, key, answer).status_code == 200

    def work(self) -> None:
        """Exports what waits and finishes every run, until nothing in the background is left."""
        for _ in range(10):
            for round_id in rounds_live():
                round_advance(round_id)
            for snapshot in DatasetSnapshot.objects.filter(state="queued"):
                export_run(snapshot.pk, lambda progress: None)
            for run in TrainingRun.objects.filter(state="queued"):
                self.finish(run)

    def finish(self, run: TrainingRun) -> None:
        services.run_mark_submitted(run)
        services.run_mark_running(run)
        outputs = {}
        if run.kind == "sample":
            self.sample(run)
        else:
            for role in {"sft": ["policy"], "reward": ["reward"], "ppo": ["policy", "value"]}[run.kind]:
                self.num_checkpoints += 1
                outputs[role] = make_checkpoint(self.project, role, f"{run.kind}{self.num_checkpoints}")
        assert services.run_finish(run, {"done": True}, outputs)

    def scores(self, prompt: int, seed: int) -> list[float]:
        """What the reward models that the run was given say of a completion."""
        return []

    def sample(self, run: TrainingRun) -> None:
        snapshot = run.inputs.get(role="prompts").snapshot
        policies = [row.checkpoint_id for row in run.inputs.filter(role__startswith="policy")]
        records = [
            {
                "prompt_id": str(item.object_id), "checkpoint_id": policy, "text": f"By {policy}, number {seed}", "token_ids": [1],
                "logprob": -1.0, "seed": seed, "temperature": 1.0, "top_p": 1.0, "scores": self.scores(item.object_id, seed),
            }
            for item in snapshot.items.all()
            for policy in policies
            for seed in range(run.config["completions_per_prompt"])
        ]  # fmt: skip
        for _ in range(2):  # reading the file again adds nothing
            completions_insert(project=self.project, run_id=run.pk, records=records)
        assert Completion.objects.filter(run_id=run.pk).count() == len(records)


@pytest.fixture
def world(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/store"
    return World()


def test_a_round_goes_from_demonstrations_to_a_published_policy(world):
    reply = world.manager.post(world.url("rounds"), {"recipe": RECIPE}, format="json")
    assert reply.status_code == 201, reply.content
    assert world.stage("demonstrate")["counts"]["places_open"] == 2
    world.label_all()
    world.work()
    assert world.stage("demonstrate")["state"] == "done"
    assert "Waits for a base checkpoint" in world.stage("sft")["reason"]
    base = make_checkpoint(world.project, "base", "base")
    world.work()
    assert [world.stage(kind)["state"] for kind in ("sft", "sample", "rank")] == ["done", "done", "running"]
    sft = Checkpoint.objects.get(pk=world.stage("sft")["outputs"]["checkpoint_id"])
    assert TrainingRun.objects.get(kind="sft").inputs.get(role="base").checkpoint == base
    assert DatasetSnapshot.objects.get(kind="demonstrations").num_rows == 6
    assert world.stage("rank")["counts"]["places_open"] == 12  # 10 prompts, a fifth of them twice
    assert set(Completion.objects.values_list("checkpoint", flat=True)) == {sft.pk}
    world.label_all()
    world.work()
    assert [world.stage(kind)["state"] for kind in ("rank", "reward", "ppo", "evaluate")] == ["done"] * 3 + ["running"]
    assert DatasetSnapshot.objects.get(kind="rankings").num_rows == 12
    policy = world.stage("ppo")["outputs"]["checkpoint_id"]
    world.label_all(favourite=policy)
    world.work()
    overall, helpful = Evaluation.objects.get(axis="overall"), Evaluation.objects.get(axis="helpful")
    assert (overall.a_id, overall.b_id, overall.n, overall.rate, helpful.rate) == (policy, sft.pk, 3, 1.0, 1.0)
    assert world.stage("approve")["actions"] == ["approve", "reject"]
    assert world.act(world.engineer, "approve", "approve").status_code == 200
    assert world.board()["state"] == "done"
    assert Checkpoint.objects.get(state="published").pk == policy
    assert AuditEntry.objects.filter(action="checkpoint_publish", object_id=str(policy)).exists()


def test_the_next_round_samples_from_the_published_policy(world):
    published = make_checkpoint(world.project, "policy", "best", state="published")
    make_checkpoint(world.project, "base", "base")
    recipe = [RECIPE[1], RECIPE[2], RECIPE[3]]
    world.manager.post(world.url("rounds"), {"recipe": recipe}, format="json")
    world.work()
    assert TrainingRun.objects.get(kind="sample").inputs.get(role="policy").checkpoint == published
    again = world.manager.post(world.url("rounds"), {"recipe": recipe}, format="json")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


def test_a_failed_run_fails_its_stage_and_retry_goes_on_with_the_same_run(world):
    make_checkpoint(world.project, "base", "base")
    world.manager.post(world.url("rounds"), {"recipe": [RECIPE[1]]}, format="json")
    export_run(DatasetSnapshot.objects.get().pk, lambda progress: None)
    round_id = Round.objects.get().pk
    round_advance(round_id)
    run = TrainingRun.objects.get()
    services.run_fail(run, "out of memory")
    round_advance(round_id)
    stage = world.stage("sft")
    assert (stage["state"], stage["reason"], stage["actions"]) == ("failed", "out of memory", ["retry", "skip"])
    assert world.act(world.labelers[0], "sft", "retry").status_code == 403
    assert world.act(world.engineer, "sft", "retry").status_code == 200
    run.refresh_from_db()
    assert (run.state, run.attempt, world.stage("sft")["attempt"]) == ("queued", 2, 2)
    world.work()
    assert world.board()["state"] == "done"


def test_closing_rank_lets_the_answer_in_work_finish(world):
    make_checkpoint(world.project, "base", "base")
    world.manager.post(world.url("rounds"), {"recipe": RECIPE[1:4]}, format="json")
    world.work()
    claimed = world.labelers[0].post(world.url("labeling/claim"), {}, format="json").json()["assignment"]
    assert world.act(world.engineer, "rank", "close").status_code == 403
    assert world.act(world.manager, "rank", "close").status_code == 200
    assert world.stage("rank")["state"] == "running"
    assert set(Place.objects.values_list("state", flat=True)) == {"leased", "closed"}
    assert submit(world.labelers[0], claimed, "k").status_code == 200
    world.work()
    assert world.board()["state"] == "done"


def test_actions_that_the_state_does_not_allow_are_refused(world):
    world.manager.post(world.url("rounds"), {"recipe": [{"kind": "sft", "config": {}, "manual": True}]}, format="json")
    assert world.stage("sft")["actions"] == ["start", "skip"]
    assert world.act(world.manager, "sft", "retry").status_code == 409
    assert world.act(world.manager, "sft", "start").status_code == 200
    assert "base checkpoint" in world.stage("sft")["reason"]
    assert world.act(world.manager, "sft", "skip").status_code == 200
    assert RoundStage.objects.get().state == "skipped"


@pytest.mark.parametrize(
    "recipe",
    [
        [],
        [{"kind": "rank"}],
        [{"kind": "ppo", "config": {}}, {"kind": "sft", "config": {}}],
        [{"kind": "sft", "config": {"no_such_option": 1}}],
        [{"kind": "sft", "config": {}}, {"kind": "sample", "num_prompts": 5, "completions_per_prompt": 10}],
    ],
)
def test_a_wrong_recipe_is_refused(world, recipe):
    reply = world.manager.post(world.url("rounds"), {"recipe": recipe}, format="json")
    assert reply.status_code == 400
    assert not Round.objects.exists()


def test_the_default_recipe_is_accepted(world):
    recipe = world.manager.get(world.url("rounds/default-recipe")).json()["recipe"]
    assert world.manager.post(world.url("rounds"), {"recipe": recipe}, format="json").status_code == 201


def test_win_rate_counts_half_a_tie_and_its_interval_is_of_prompts():
    """Two prompts, one all wins and one all losses: a resample is 1 with 1/4, 0 with 1/4 and 0.5 with 1/2, so 95 % is [0, 1]."""
    found = win_rate({1: [1.0, 1.0], 2: [0.0, 0.0]})
    assert (found.wins, found.ties, found.losses, found.rate, found.low, found.high) == (2, 0, 2, 0.5, 0.0, 1.0)
    tied = win_rate({1: [1.0], 2: [0.5], 3: [0.0], 4: [1.0]})
    assert (tied.n, tied.rate) == (4, 0.625)


def test_win_rate_interval_is_close_to_the_normal_one_for_many_prompts():
    """60 wins of 100: 0.6 +- 1.96 sqrt(0.6 * 0.4 / 100) = 0.504 to 0.696; 1,000 resamples place the ends within 0.02."""
    found = win_rate({prompt: [1.0 if prompt < 60 else 0.0] for prompt in range(100)})
    assert abs(found.low - 0.504) < 0.02
    assert abs(found.high - 0.696) < 0.02


def test_rounds_are_listed_with_their_derived_state(world):
    world.manager.post(world.url("rounds"), {"recipe": [RECIPE[1]]}, format="json")
    row = world.manager.get(world.url("rounds")).json()["results"][0]
    assert (row["number"], row["state"], row["current_stage"]) == (1, "waiting", "sft")


def test_a_round_without_sft_goes_on_from_the_newest_earlier_one(world):
    """Round 1 makes the SFT policy, round 2 skips its sft stage, round 3 has none: both learn rewards and PPO from round 1's."""
    make_checkpoint(world.project, "base", "base")
    world.manager.post(world.url("rounds"), {"recipe": [RECIPE[1]]}, format="json")
    world.work()
    sft = world.stage("sft", 1)["outputs"]
    whole = [{**RECIPE[1], "manual": True}, *RECIPE[2:]]
    for number, recipe in ((2, whole), (3, RECIPE[2:])):
        assert world.manager.post(world.url("rounds"), {"recipe": recipe}, format="json").status_code == 201
        if number == 2:
            assert world.act(world.manager, "sft", "skip", number).status_code == 200
        world.work()
        world.label_all()
        world.work()
        runs = TrainingRun.objects.filter(round__number=number)
        reward = runs.get(kind="reward").inputs
        assert reward.get(role="base").checkpoint_id == sft["checkpoint_id"]
        assert reward.get(role="demonstrations").snapshot_id == sft["snapshot_id"]
        assert runs.get(kind="ppo").inputs.get(role="policy").checkpoint_id == sft["checkpoint_id"]
        policy = world.stage("ppo", number)["outputs"]["checkpoint_id"]
        world.label_all(favourite=policy)
        world.work()
        rivals = set(Evaluation.objects.filter(a=policy, axis="overall").values_list("b", flat=True))
        assert sft["checkpoint_id"] in rivals
        assert world.act(world.manager, "approve", "approve", number).status_code == 200
        assert Checkpoint.objects.get(state="published").pk == policy
    assert len(rivals) == 2  # in round 3 the policy that round 2 published, too


def test_publishing_during_an_evaluation_does_not_change_what_is_compared(world):
    published = make_checkpoint(world.project, "policy", "old", state="published")
    make_checkpoint(world.project, "base", "base")
    recipe = [RECIPE[1], RECIPE[6], RECIPE[7]]
    world.manager.post(world.url("rounds"), {"recipe": recipe}, format="json")
    world.work()
    other = make_checkpoint(world.project, "policy", "other")
    assert world.engineer.post(f"/api/v1/checkpoints/{other.pk}/publish").status_code == 200
    new = world.stage("sft")["outputs"]["checkpoint_id"]
    world.label_all(favourite=new)
    world.work()
    assert list(Evaluation.objects.filter(axis="overall").values_list("a", "b", "rate")) == [(new, published.pk, 1.0)]


def test_rejecting_ends_the_round_and_publishes_nothing(world):
    published = make_checkpoint(world.project, "policy", "old", state="published")
    make_checkpoint(world.project, "base", "base")
    world.manager.post(world.url("rounds"), {"recipe": [RECIPE[1], RECIPE[7]]}, format="json")
    world.work()
    assert world.act(world.engineer, "approve", "reject").status_code == 403
    assert world.act(world.manager, "approve", "reject").status_code == 200
    assert (world.board()["state"], Checkpoint.objects.get(state="published")) == ("rejected", published)
    assert world.manager.post(world.url("rounds"), {"recipe": [RECIPE[1]]}, format="json").status_code == 201
