"""Quality reports through HTTP: what labelers did on the site and what an import brought, and who sees whom."""

import gzip
import json
import math
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from labeling.accounts.models import User
from labeling.agreement.services import rankings_bring
from labeling.agreement.tables import ranking_table
from labeling.feedback.models import Completion, LabelingTask, Place, RankedCompletion, Ranking
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.rounds.models import Membership, Project, Round, RoundStage
from tests.labeling.feedback_cast import (
    client_of,
    make_checkpoint,
    make_completions,
    make_project,
    make_prompts,
    make_user,
    submit,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]


class World:
    """Three labelers, of whom the third is a researcher too, and prompts with three completions that all of them rank."""

    def __init__(self, num_prompts=6):
        self.project = make_project()
        self.ada, self.ben = (make_user(self.project, name, "labeler") for name in ("ada", "ben"))
        self.eva = make_user(self.project, "eva", "labeler", "engineer")
        self.mona = make_user(self.project, "mona", "manager")
        self.round = Round.objects.create(project=self.project, number=1, recipe=[])
        self.stage = RoundStage.objects.create(
            round=self.round, position=0, kind="rank", state="running", started_at=timezone.now() - timedelta(hours=2)
        )
        self.prompts = make_prompts(self.project, num_prompts)
        specs = [
            TaskSpec(
                prompt=prompt.pk,
                kind="ranking",
                completions=[row.pk for row in make_completions(prompt, 3)],
                num_places=4,
            )
            for prompt in self.prompts
        ]
        tasks_create(project=self.project, specs=specs, round=self.round, stage=self.stage)

    def rank_all(self, user, order, flags=()):
        """Rank every open task; `order` holds the rank of each completion as it was made."""
        client = client_of(user)
        for number in range(len(self.prompts)):
            claimed = client.post(f"/api/v1/projects/{self.project.pk}/labeling/claim", {}, format="json").json()[
                "assignment"
            ]
            ids = sorted(row["id"] for row in claimed["task"]["completions"])
            answer = {
                "ranks": {str(pk): rank for pk, rank in zip(ids, order, strict=True)},
                "ratings": {str(pk): {"helpful": 8 - rank} for pk, rank in zip(ids, order, strict=True)},
                "flags": {str(ids[index]): ["off_task"] for index in flags},
            }
            assert submit(client, claimed, f"{user.pk}-{number}", answer).status_code == 200

    def get(self, user, path, expected=200):
        reply = client_of(user).get(f"/api/v1/projects/{self.project.pk}/quality/{path}")
        assert reply.status_code == expected, reply.content
        return reply.json()


@pytest.fixture
def world():
    return World()


def test_agreement_is_counted_from_answers_on_the_site(world):
    """ada and eva agree; ben ties the first two: he agrees by half on one of three pairs with each of them."""
    world.rank_all(world.ada, [1, 2, 3])
    world.rank_all(world.eva, [1, 2, 3])
    world.rank_all(world.ben, [1, 1, 2])
    report = world.get(world.mona, "agreement")
    measures = {row["name"]: row["estimate"] for row in report["measures"]}
    assert (report["num_rankings"], report["num_compared"], report["num_prompts"], report["num_labelers"]) == (
        18,
        18,
        6,
        3,
    )
    assert measures["ties_half"]["value"] == pytest.approx((3 + 2.5 + 2.5) / 9)
    assert (measures["ties_excluded"]["value"], measures["ties_excluded"]["n"]) == (1.0, 6 * 7)
    assert measures["tau_b"]["value"] == pytest.approx((1 + 2 * 2 / math.sqrt(3 * 2)) / 3)
    assert measures["with_researchers"]["value"] == pytest.approx((3 + 2.5) / 6)
    assert measures["self_repeat"]["n"] == 0
    assert [row["name"] for row in report["ratings"]] == ["helpful"]
    assert {group["name"]: [row["name"] for row in group["figures"]] for group in report["categories"]} == {
        "kind": ["ranking"], "split": ["train"],
    }  # fmt: skip
    assert report["days"][0]["estimate"]["n"] == 6 * 9


def test_managers_see_each_labeler_and_labelers_only_themselves(world):
    world.rank_all(world.ada, [1, 2, 3], flags=[2])
    world.rank_all(world.eva, [1, 2, 3], flags=[2])
    world.rank_all(world.ben, [3, 2, 1], flags=[0])
    report = world.get(world.mona, "labelers")
    rows = {row["labeler"]["name"]: row for row in report["labelers"]}
    assert {name: row["agreement"]["value"] for name, row in rows.items()} == {"Ada": 0.5, "Eva": 0.5, "Ben": 0.0}
    assert (rows["Ada"]["with_researchers"]["value"], rows["Ben"]["with_researchers"]["value"]) == (1.0, 0.0)
    assert rows["Ada"]["reliability"] > 0.8 > 0.4 > rows["Ben"]["reliability"]
    assert rows["Ada"]["flags_found"] > 0.8 > 0.2 > rows["Ben"]["flags_found"]
    assert [row["labeler"]["is_researcher"] for row in report["labelers"]].count(True) == 1
    names = [row["labeler"]["name"] for row in report["labelers"]]
    kappas = {frozenset((names[row["a"]], names[row["b"]])): row["agreement"]["value"] for row in report["pairs"]}
    assert kappas == {frozenset(("Ada", "Eva")): 1.0, frozenset(("Ada", "Ben")): 0.0, frozenset(("Eva", "Ben")): 0.0}
    mine = world.get(world.ben, "mine")
    assert mine["row"]["labeler"] == {"user_id": world.ben.pk, "name": "Ben", "is_researcher": False}
    assert "Ada" not in json.dumps(mine)
    assert [(row["kind"], row["count"]) for row in mine["days"]] == [("ranking", 6)]
    assert world.get(world.ben, "labelers", expected=403)
    assert world.get(world.eva, "labelers", expected=403)  # an engineer sees no labeler


def test_an_answer_that_does_not_count_changes_nothing(world):
    world.rank_all(world.ada, [1, 2, 3])
    world.rank_all(world.eva, [1, 2, 3])
    world.rank_all(world.ben, [3, 2, 1])
    Ranking.objects.filter(labeler=world.ben).update(is_counted=False)
    measures = {row["name"]: row["estimate"] for row in world.get(world.mona, "agreement")["measures"]}
    assert measures["ties_half"]["value"] == 1.0


def test_progress_says_when_a_stage_will_be_done(world):
    """Of 24 places 6 are filled in the 2 hours since the stage began: 3 an hour, so the other 18 take 6 hours."""
    world.rank_all(world.ada, [1, 2, 3])
    report = world.get(world.mona, "progress")
    stage = report["stages"][0]
    assert (stage["kind"], stage["places"]["filled"], stage["num_places"]) == ("rank", 6, 24)
    assert stage["per_hour"] == pytest.approx(3, rel=0.01)
    hours = (timezone.datetime.fromisoformat(stage["finishes_at"]) - timezone.now()).total_seconds() / 3600
    assert hours == pytest.approx(6, rel=0.01)
    assert [(row["kind"], row["count"]) for row in report["days"]] == [("ranking", 6)]
    assert [(row["kind"], row["n"], row["quantiles"][2]) for row in report["seconds"]] == [("ranking", 6, 2.5)]


def evaluated(world, names, outcomes, lengths):
    """Evaluation rankings by ada of every prompt: `outcomes[i]` are the ranks of the named checkpoints on prompt i."""
    made = {name: make_checkpoint(world.project, "policy", name) for name in names}
    for prompt, ranks in zip(world.prompts, outcomes, strict=True):
        task = LabelingTask.objects.create(
            project=world.project, prompt=prompt, kind="ranking", purpose="evaluation",
            guideline=world.project.guidelines.get(), label_schema=world.project.label_schemas.get(),
        )  # fmt: skip
        place = Place.objects.create(
            task=task, number=1, project=world.project, kind="ranking", state="filled", labeler=world.ada
        )
        ranking = Ranking.objects.create(
            project=world.project, prompt=prompt, task=task, place=place, labeler=world.ada
        )
        for (name, rank), length in zip(ranks.items(), lengths, strict=True):
            row = Completion.objects.create(
                project=world.project, prompt=prompt, checkpoint=made[name], text="x" * length, run_id=9, seed=0
            )
            RankedCompletion.objects.create(ranking=ranking, completion=row, rank=rank)
    return made


def test_win_rates_are_against_the_oldest_checkpoint(world):
    """The new one wins four of six and ties one: 4.5 / 6."""
    wins = [{"old": 2, "new": 1}] * 4 + [{"old": 1, "new": 1}, {"old": 1, "new": 2}]
    made = evaluated(world, ["old", "new"], wins, [50, 50])
    report = world.get(world.eva, "win-rates")
    old, new = report["checkpoints"]
    assert (report["reference"], report["num_apart"]) == (made["old"].pk, 0)
    assert (old["raw"]["value"], new["raw"]["value"]) == (0.5, pytest.approx(4.5 / 6, abs=1e-3))
    assert new["raw"]["low"] < 4.5 / 6 < new["raw"]["high"]
    assert (new["raw"]["n"], new["mean_length"]) == (6, 50)


def convert(path, rows):
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def ranked_items(number, judge, ranks):
    items = [{"systems": ["s"], "rank": rank, "text": f"text {index} of {number}"} for index, rank in enumerate(ranks)]
    return {
        "lang": "cze",
        "segment": str(number),
        "source": f"Source {number}",
        "judge": judge,
        "duration": "00:01:02.5",
        "items": items,
    }


def test_a_public_file_comes_in_through_the_real_import_and_says_what_it_refused(tmp_path, settings, capsys):
    settings.STORAGE_URL = f"file://{tmp_path}/store"
    User.objects.create_superuser(username="admin", password="quiet-otter-7-lamps")
    rows = [ranked_items(number, judge, [1, 3, 3]) for number in range(8) for judge in ("j1", "j2")]
    rows[3] = ranked_items(1, "j2", [1])
    rows.append(ranked_items(8, "j1", [2, 1, 3]))
    path = convert(tmp_path / "kwise_rankings.jsonl.gz", rows)
    out = tmp_path / "out.jsonl"
    call_command("agreement", str(path), rankings=out)
    printed = capsys.readouterr().out
    assert "16 rankings imported into project kwise-rankings" in printed
    assert "1 rows refused: completions: Expected a list of 2 to 32 texts (lines 4)" in printed
    project = Project.objects.get(slug="kwise-rankings")
    table = ranking_table(project)
    assert [labeler.name for labeler in table.labelers] == ["j1 cze", "j2 cze"]
    assert (len(table.answers), table.num_rankings, table.seconds[0]) == (14, 16, 62.5)
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(records) == 7
    assert (records[0]["completions"][0], records[0]["ranks"]) == ("text 0 of 0", [1, 2, 2])
    call_command("agreement", str(path))
    assert Ranking.objects.filter(project=project).count() == 16  # a second run imports nothing again


def test_a_file_that_is_wrong_as_a_whole_is_refused_with_the_reason(tmp_path, settings):
    settings.STORAGE_URL = f"file://{tmp_path}/store"
    admin = User.objects.create_superuser(username="admin", password="quiet-otter-7-lamps")
    with pytest.raises(CommandError, match="no rows"):
        call_command("agreement", str(convert(tmp_path / "empty.jsonl.gz", [])))
    rows = [
        {"prompt": "a", "a": "x", "b": "y", "label": "b", "annotator": "k", "group": f"g{n}", "set": "one"}
        for n in range(3)
    ]
    rows[1]["set"] = "two"
    path = convert(tmp_path / "pairs.jsonl.gz", rows)
    project = make_project("pairs")
    Membership.objects.create(project=project, user=admin, role="manager")
    brought = rankings_bring(actor=admin, project=project, path=path, only={"set": "one"})
    assert (brought.found.rows_done, brought.refused) == (2, [])
    assert list(RankedCompletion.objects.order_by("pk").values_list("rank", flat=True)) == [2, 1, 2, 1]
