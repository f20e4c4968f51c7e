"""`make demo`: the whole loop on one machine, from a pile of text to a second round of rankings, through the site's own API.

It starts the site, signs in as its admin, and does what people would do: imports text, prompts and demonstrations, invites
labelers, pretrains a base, runs two rounds and approves them. Then the gold judge, which no trainer has seen, says what was gained.
"""

import json
import os
import secrets
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from demo import domain, final, report, settings
from demo.client import Client
from demo.site import Site, local_path
from demo.team import Team

FOLDER = Path("var/demo")


def main() -> int:
    """Run the demo; returns the exit code."""
    started = time.monotonic()
    with Site.start(FOLDER, port=int(os.environ.get("DEMO_PORT", "8000"))) as site:
        demo = Demo(site)
        demo.prepare()
        demo.pretrain()
        team = Team(site.url, demo.project, demo.hire(settings.NUM_LABELERS))
        demo.print_logins(
            f"{settings.NUM_LABELERS} scripted labelers begin at {site.url}; look on, or join them. Log in as:"
        )
        try:
            demo.run_round(settings.ROUND_ONE, team)
            demo.run_round(settings.ROUND_TWO, team)
        finally:
            team.stop()
        figures = demo.figures()
        figures = {"wall_seconds": round(time.monotonic() - started, 1), **figures}
        path = FOLDER / "report.json"
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        print_table(figures, path)
        if os.environ.get("DEMO_EXIT"):
            return 0
        demo.print_logins(f"The site stays up at {site.url} (Ctrl-C stops it). Log in as:")
        site.wait()
    return 0


class Demo:
    """The people of the demo and what they have made so far, known by the ids that the site gave."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.admin = Client(site.url).login(*site.admin)
        self.logins: list[tuple[str, str]] = []
        self.seconds: dict[str, float] = {}
        self.runs: dict[str, dict] = {}
        self.rounds: list[dict] = []
        self.project = 0

    def prepare(self) -> None:
        """Make the project and import its guidelines, text, prompts and demonstrations."""
        with self._timed("prepare"):
            self.project = self.admin.post("/projects", {"name": "Small notes", "slug": "small-notes"})["id"]
            self.admin.post(f"{self._path}/guidelines", {"text": settings.GUIDELINE})
            rows = {
                "texts": list(domain.pretraining_texts(settings.SEED)),
                "prompts": domain.prompts(settings.SEED, settings.NUM_PROMPTS),
                "demonstrations": domain.demonstrations(settings.SEED, settings.NUM_DEMONSTRATIONS),
            }
            for kind, records in rows.items():
                self._import(kind, records)

    def pretrain(self) -> None:
        """Pretrain the base model on the imported text."""
        with self._timed("pretrain"):
            corpus = self.admin.get(f"{self._path}/corpora")["results"][0]["id"]
            body = {
                "kind": "pretrain",
                "name": "base",
                "config": settings.PRETRAIN,
                "inputs": {"texts": {"corpus": corpus}},
            }
            run = self.admin.post(f"{self._path}/runs", body)
            self.runs["pretrain"] = self._watch_run(run["id"], "pretrain")

    def hire(self, number: int) -> list[tuple[str, str]]:
        """Invite labelers, who make their accounts through their links; one more login is for a person who joins."""
        for index in range(number + 1):
            name = f"labeler{index + 1}" if index < number else "you"
            invitation = self.admin.post(
                f"{self._path}/invitations", {"email": f"{name}@example.org", "role": "labeler"}
            )
            token, password = invitation["url"].rstrip("/").rsplit("/", 1)[-1], secrets.token_urlsafe(9)
            body = {"username": name, "display_name": name.title(), "password": password}
            Client(self.site.url).post(f"/invitations/{token}/accept", body)
            self.logins.append((name, password))
        return self.logins[:number]

    def run_round(self, recipe: list[dict], team: Team) -> None:
        """Start a round and watch its stages to the end; approve what it made."""
        number = self.admin.post(f"{self._path}/rounds", {"recipe": recipe})["number"]
        bar, shown = None, None
        while True:
            team.check()
            self.site.check()
            board = self.admin.get(f"{self._path}/rounds/{number}")
            stage = next((stage for stage in board["stages"] if stage["state"] not in ("done", "skipped")), None)
            if stage is None:
                break
            if stage["state"] == "failed":
                raise RuntimeError(f"stage {stage['kind']} of round {number} failed: {stage['reason']}")
            if stage["position"] != shown:
                shown = stage["position"]
                bar = _next_bar(bar, f"round {number}: {stage['kind']}")
            self._show(bar, stage)
            if stage["kind"] == "approve" and "approve" in stage["actions"]:
                self.admin.post(f"{self._path}/rounds/{number}/stages/{stage['position']}/act", {"action": "approve"})
                continue
            time.sleep(0.5)
        _next_bar(bar, None)
        self.rounds.append(board)
        for stage in board["stages"]:
            began, ended = (datetime.fromisoformat(stage[name]) for name in ("started_at", "finished_at"))
            self.seconds[f"round{number}.{stage['kind']}"] = (ended - began).total_seconds()
            for run_id in stage["run_ids"]:
                self.runs[f"round{number}.{stage['kind']}"] = self.admin.get(f"/runs/{run_id}")

    def figures(self) -> dict[str, Any]:
        """Compute the report from what the site stored."""
        with self._timed("report"):
            prompts = self._snapshot_rows("prompts", {"splits": ["test"]}, ["test"])[: settings.NUM_TEST_PROMPTS]
            rankings_id = self.runs["round2.reward"]["inputs"]
            held_out = self._rows_of(rankings_id, "rankings", ["validation"])
            everything = held_out + self._rows_of(rankings_id, "rankings", ["train"])
            folders = {
                "base": self._checkpoint("pretrain", "base"),
                "sft": self._checkpoint("round1.sft", "policy"),
                "round1": self._checkpoint("round1.ppo", "policy"),
                "round2": self._checkpoint("round2.ppo", "policy"),
            }
            texts = {}
            bar = tqdm(total=len(folders) * len(prompts) * final.SAMPLES_PER_PROMPT, desc="judging", unit="text")
            for name, folder in folders.items():
                texts[name] = final.completions(folder, prompts, few_shot=name == "base", on_chunk=bar.update)
            bar.close()
            final.write_judged(FOLDER / "judged.jsonl", prompts, texts)
            gold = final.gold_figures(prompts, texts)
            reward = final.reward_figures(self._checkpoint("round2.reward", "reward"), held_out)
        agreement = report.agreement(everything)
        summary = {name: run["summary"] for name, run in self.runs.items()}
        ppo_keys = ("reward_before", "reward_after", "kl", "length_before", "length_after")
        return {
            "stage_seconds": {name: round(value, 1) for name, value in self.seconds.items()},
            "labels": {
                "demonstrations": settings.NUM_DEMONSTRATIONS,
                "rankings": len(everything),
                "agreement": agreement["rate"],
                "agreement_low": agreement["low"],
                "agreement_high": agreement["high"],
                "agreement_pairs": agreement["n"],
            },
            "sft": {key: summary["round1.sft"][key] for key in ("heldout_loss_before", "heldout_loss_after")},
            "reward": reward,
            "ppo": {key: summary["round2.ppo"][key] for key in ppo_keys},
            "ppo_round1": {key: summary["round1.ppo"][key] for key in ppo_keys},
            "gold": {**gold, "lost_when_shuffled": report.lost_share(gold["round2_over_sft"], gold["shuffled"])},
            "evaluations": self.admin.get(f"{self._path}/evaluations")["results"],
            "next_round": self._next_round(),
        }

    def print_logins(self, line: str) -> None:
        """Say where the site is and who may enter."""
        print(f"\n{line}")
        for role, (name, password) in (("admin", self.site.admin), ("labeler", self.logins[-1])):
            print(f"  {role:8} {name:10} {password}")

    def _next_round(self) -> dict[str, int]:
        """Return the checkpoint that round 1 published and the one whose completions round 2 ranked."""
        published = self._output(self.runs["round1.ppo"], "policy")["id"]
        sampled = next(entry for entry in self.runs["round2.sample"]["inputs"] if entry["role"] == "policy")
        return {"checkpoint": published, "completions_checkpoint": sampled["checkpoint"]["id"]}

    def _import(self, kind: str, records: list[dict]) -> None:
        file = FOLDER / f"{kind}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in records), encoding="utf-8")
        found = self.admin.upload(f"{self._path}/imports", file, kind=kind)
        bar = tqdm(total=len(records), desc=f"import {kind}", unit="row")
        while found["state"] in ("queued", "running"):
            self.site.check()
            time.sleep(0.3)
            found = self.admin.get(f"{self._path}/imports/{found['id']}")
            bar.update(found["rows_done"] - bar.n)
        bar.close()
        if found["state"] != "done":
            raise RuntimeError(
                f"the import of {kind} was {found['state']}: {found['reason']} {found['row_errors'][:3]}"
            )

    def _watch_run(self, run_id: int, name: str) -> dict:
        bar = _next_bar(None, name)
        while True:
            self.site.check()
            run = self.admin.get(f"/runs/{run_id}")
            _progress(bar, run["progress"].get("done", 0), run["progress"].get("total", 0))
            if run["state"] in ("failed", "cancelled"):
                raise RuntimeError(f"run {run_id} ({name}) {run['state']}: {run['error']}")
            if run["state"] == "done":
                _next_bar(bar, None)
                return run
            time.sleep(0.5)

    @staticmethod
    def _show(bar: tqdm | None, stage: dict) -> None:
        counts = stage["counts"]
        num_places = counts["places_open"] + counts["places_leased"] + counts["places_filled"]
        if num_places:
            _progress(bar, counts["places_filled"], num_places)
        else:
            _progress(bar, counts["progress_done"], counts["progress_total"])

    def _checkpoint(self, run_name: str, role: str) -> Path:
        checkpoint = self._output(self.runs[run_name], role)["id"]
        return local_path(self.admin.get(f"/checkpoints/{checkpoint}")["uri"])

    @staticmethod
    def _output(run: dict, role: str) -> dict:
        return next(entry["checkpoint"] for entry in run["outputs"] if entry["role"] == role)

    def _rows_of(self, inputs: list[dict], role: str, splits: list[str]) -> list[dict]:
        snapshot = next(entry["snapshot"] for entry in inputs if entry["role"] == role)
        return final.read_snapshot(local_path(snapshot["uri"]), splits)

    def _snapshot_rows(self, kind: str, filters: dict, splits: list[str]) -> list[dict]:
        snapshot = self.admin.post(f"{self._path}/snapshots", {"kind": kind, "filters": filters})
        while snapshot["state"] not in ("sealed", "failed"):
            time.sleep(0.3)
            found = self.admin.get(f"{self._path}/snapshots")["results"]
            snapshot = next(row for row in found if row["id"] == snapshot["id"])
        if snapshot["state"] == "failed":
            raise RuntimeError(f"the export of {kind} failed: {snapshot['reason']}")
        return final.read_snapshot(local_path(snapshot["uri"]), splits)

    @property
    def _path(self) -> str:
        return f"/projects/{self.project}"

    def _timed(self, name: str) -> "_Timer":
        return _Timer(self.seconds, name)


class _Timer:
    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self.seconds, self.name = seconds, name

    def __enter__(self) -> None:
        self.started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.name] = time.monotonic() - self.started


def _next_bar(bar: tqdm | None, name: str | None) -> tqdm | None:
    """Close a finished bar and open the next; tqdm shows the time left once it knows a total."""
    if bar is not None:
        if bar.total:
            bar.update(bar.total - bar.n)
        bar.close()
    shape = "{desc:22} {percentage:3.0f}% |{bar:24}| {elapsed} < {remaining}"
    return tqdm(total=None, desc=name, bar_format=shape) if name else None


def _progress(bar: tqdm | None, done: float, total: float) -> None:
    """Move a bar; a run's next phase starts it again. `update` would guess from one long step how seldom to draw."""
    if bar is None or not total or (done, total) == (bar.n, bar.total):
        return
    if done < bar.n:
        bar.reset()
    bar.n, bar.total = done, total
    bar.refresh()


def print_table(figures: dict[str, Any], path: Path) -> None:
    """Print what a newcomer wants to know."""
    print(
        f"\nTwo rounds in {figures['wall_seconds']:.0f} s, {figures['labels']['rankings']} rankings by scripted labelers.\n"
    )
    print(f"  {'gold judge on test prompts':32} {'win rate':>9}  {'95 % interval':>15} {'n':>6}")
    for name in ("sft_over_base", "ppo_over_sft", "round2_over_round1", "round2_over_sft", "shuffled"):
        row = figures["gold"][name]
        print(f"  {name:32} {row['rate']:9.3f}  {row['low']:7.3f}-{row['high']:.3f} {row['n']:6}")
    reward = figures["reward"]
    print(
        f"\n  reward model: {reward['accuracy']:.3f} of held-out pairs ({reward['low']:.3f}-{reward['high']:.3f}); "
        f"gold judge {reward['ceiling']:.3f}, longer text {reward['length_baseline']:.3f}"
    )
    print(f"  labelers agree on {figures['labels']['agreement']:.3f} of untied pairs")
    print(f"\nReport: {path}   judged texts: {FOLDER / 'judged.jsonl'}")


if __name__ == "__main__":
    if shutil.which("make") is None:
        print("note: make was not found; `python -m demo.run` needs the pages built: bash docker/build-frontend.sh")
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        sys.exit(1)
