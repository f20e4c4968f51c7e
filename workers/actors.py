"""The actor of a run: reads spec.json, calls the trainer, leaves events, a log and result.json in the store.

rlhf is imported inside the actor only, so the job's driver stays light. Knows no Django and no Celery.
"""

import fcntl
import json
import os
import time
import traceback
from dataclasses import fields
from pathlib import Path
from typing import Any

from workers import store
from workers.events import EventWriter, output_teed
from workers.folders import cache_folder, keep, restore, work_folder
from workers.scoring import completions_score

LOCK_SECONDS = 600
Paths = dict[str, Any]


class RunActor:
    """Carries out one attempt of one run. `run` returns the state it ended in."""

    def run(self, spec_uri: str) -> str:
        # Threads that wait must sleep: on a machine shared with the site, spinning ones cost a multiple. Read when torch loads.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        spec = store.read_json(spec_uri)
        attempt_uri = spec_uri.rpartition("/")[0]
        work = work_folder(spec["work_uri"])
        writer = EventWriter(attempt_uri, int(spec["first_sequence"]), work)
        with output_teed(writer):
            result = _result(spec, work, writer)
        writer.report(result["state"], {"error": result["error"]} if result["error"] else {})
        writer.close()
        store.write_json(store.join(attempt_uri, "result.json"), result)
        return str(result["state"])


def _result(spec: dict[str, Any], work: Path, writer: EventWriter) -> dict[str, Any]:
    from rlhf.types import DivergedError, InputError, StepZeroError

    try:
        with (work / "lock").open("w") as lock:
            _wait_for(lock, writer)
            if not store.is_local(spec["work_uri"]) and not (work / "started").exists():
                restore(spec["work_uri"], work)
            (work / "started").touch()
            return _train(spec, work, writer)
    except (InputError, StepZeroError, DivergedError) as error:
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 - the border of the process: whatever a trainer raises is the run's reason of failure
        writer.write_log(traceback.format_exc())
        return _failed(f"{type(error).__name__}: {error}")


def _failed(error: str) -> dict[str, Any]:
    return {"state": "failed", "summary": {}, "outputs": {}, "completions": {}, "error": error}


def _wait_for(lock: Any, writer: EventWriter) -> None:
    """An attempt that was given up may still be dying; the kernel frees its lock when it is gone."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"another attempt of this run still holds {lock.name} after {LOCK_SECONDS} s; end its process, then retry"
                ) from None
            writer.report("phase", {"name": "waiting for the attempt before", "done": 0, "total": 0})
            time.sleep(1)


def _train(spec: dict[str, Any], work: Path, writer: EventWriter) -> dict[str, Any]:
    kind, config = str(spec["kind"]), dict(spec["config"])
    paths = {role: _fetch(given) for role, given in spec["inputs"].items()}

    def report(event: str, values: dict[str, Any]) -> None:
        writer.report(event, values)
        if event == "checkpoint" and not store.is_local(spec["work_uri"]):
            try:
                keep(work, spec["work_uri"])
            except Exception as error:  # noqa: BLE001 - storage that is away for a moment must not end a run; the next state is kept
                writer.write_log(f"the store did not take the training state: {type(error).__name__}: {error}\n")

    summary, models = TRAINERS[kind](config, paths, work, report)
    writer.write_log(f"{kind}: {json.dumps(summary, ensure_ascii=False)}\n")
    outputs = {}
    for role, folder in models.items():
        digest = store.sha256_of_folder(str(folder))
        uri = store.join(spec["checkpoints_uri"], digest)
        store.put_folder(folder, uri)
        outputs[role] = {"uri": uri, "sha256": digest, "num_parameters": store.num_parameters(folder)}
    completions = {
        role: _completions(work, role, paths, spec["work_uri"]) for role in _policies(paths) if kind == "sample"
    }
    return {"state": "done", "summary": summary, "outputs": outputs, "completions": completions, "error": ""}


def _completions(work: Path, role: str, paths: Paths, work_uri: str) -> str:
    """The address at which the site finds the completions that a policy wrote, with their scores where reward models were given."""
    name = "scored.jsonl" if _rewards(paths) else "completions.jsonl"
    uri = store.join(work_uri, role, name)
    if not store.is_local(uri):
        store.put_file(work / role / name, uri)
    return uri


def _fetch(given: dict[str, Any]) -> Any:
    """A checkpoint or folder: its path (or hub name). A corpus: its files. A snapshot: {split: its files}."""
    if given["kind"] == "hub":
        return given["uri"]
    if given["kind"] == "snapshot":
        names = [name for name in store.list_names(given["uri"]) if name.endswith(".jsonl.gz")]
        splits: dict[str, list[Path]] = {"train": [], "validation": [], "test": []}
        for name in names:
            splits[name.partition("-")[0]].append(store.fetch(store.join(given["uri"], name), cache_folder()))
        return splits
    path = store.fetch(given["uri"], cache_folder())
    return [path] if given["kind"] == "corpus" else path


def _options(kind: str, config: dict[str, Any]) -> Any:
    """The trainer's config; in a pretrain run the tokenizer's own options are among the rest."""
    from rlhf.config import TRAINERS as CONFIGS

    known = {item.name for item in fields(CONFIGS[kind])}
    return CONFIGS[kind](**{name: value for name, value in config.items() if name in known})


def _tokenizer(config: dict[str, Any], paths: Paths, work: Path, report: Any) -> tuple[dict[str, Any], dict[str, Path]]:
    from rlhf.tokenizer import train_tokenizer

    return train_tokenizer(_options("tokenizer", config), texts=paths["texts"], output=work, report=report), {}


def _pretrain(config: dict[str, Any], paths: Paths, work: Path, report: Any) -> tuple[dict[str, Any], dict[str, Path]]:
    from rlhf.pretrain import pretrain
    from rlhf.tokenizer import train_tokenizer

    train, validation = _held_out(paths["texts"], work / "texts")
    train_tokenizer(_options("tokenizer", config), texts=train, output=work / "tokenizer", report=report)
    summary = pretrain(
        _options("pretrain", config), tokenizer=work / "tokenizer" / "model", texts=train, validation=validation,
        output=work / "base", report=report,
    )  # fmt: skip
    return summary, {"base": work / "base" / "model"}


def _held_out(texts: list[Path], folder: Path) -> tuple[list[Path], list[Path]]:
    """Every fiftieth document is kept for validation, when there are 200 or more."""
    from rlhf.records import read_records, write_records

    if sum(1 for _ in read_records(texts, "text")) < 200:
        return texts, []
    train, validation = folder / "train.jsonl", folder / "validation.jsonl"
    if not validation.exists():  # written last
        write_records(train, (row for place, row in enumerate(read_records(texts, "text")) if place % 50))
        write_records(validation, (row for place, row in enumerate(read_records(texts, "text")) if place % 50 == 0))
    return [train], [validation]


def _sft(config: dict[str, Any], paths: Paths, work: Path, report: Any) -> tuple[dict[str, Any], dict[str, Path]]:
    from rlhf.sft import train_sft

    given = paths["demonstrations"]
    summary = train_sft(
        _options("sft", config), base=paths["base"], demonstrations=given["train"], validation=given["validation"],
        output=work, report=report,
    )  # fmt: skip
    return summary, {"policy": work / "model"}


def _reward(config: dict[str, Any], paths: Paths, work: Path, report: Any) -> tuple[dict[str, Any], dict[str, Path]]:
    from rlhf.reward import train_reward

    rankings, demonstrations = paths["rankings"], paths.get("demonstrations", {"train": []})
    summary = train_reward(
        _options("reward", config), base=paths["base"], rankings=rankings["train"], validation=rankings["validation"],
        demonstrations=demonstrations["train"], output=work, report=report,
    )  # fmt: skip
    return summary, {"reward": work / "model"}


def _ppo(config: dict[str, Any], paths: Paths, work: Path, report: Any) -> tuple[dict[str, Any], dict[str, Path]]:
    from rlhf.ppo import train_ppo

    summary = train_ppo(
        _options("ppo", config), policy=paths["policy"], reward=paths["reward"], prompts=paths["prompts"]["train"],
        texts=paths.get("texts", []), output=work, report=report,
    )  # fmt: skip
    return summary, {"policy": work / "model", "value": work / "value"}


def _sample(config: dict[str, Any], paths: Paths, work: Path, report: Any) -> tuple[dict[str, Any], dict[str, Path]]:
    from rlhf.generate import sample_completions
    from rlhf.models import prepare_machine

    options, prompts = _options("sample", config), [path for split in paths["prompts"].values() for path in split]
    summaries = {
        role: sample_completions(options, policy=paths[role], prompts=prompts, output=work / role, report=report)
        for role in _policies(paths)
    }
    if rewards := _rewards(paths):
        device = str(prepare_machine(options))
        for role in _policies(paths):
            completions_score(work / role / "completions.jsonl", prompts, rewards, device, report)
    return summaries["policy"] | {role: summary for role, summary in summaries.items() if role != "policy"}, {}


def _policies(paths: Paths) -> list[str]:
    return sorted(role for role in paths if role.startswith("policy"))


def _rewards(paths: Paths) -> list[Any]:
    """The reward models of a sample run, in the order of their roles."""
    return [paths[role] for role in sorted(paths) if role.startswith("reward")]


TRAINERS = {
    "tokenizer": _tokenizer, "pretrain": _pretrain, "sft": _sft, "reward": _reward, "ppo": _ppo, "sample": _sample,
}  # fmt: skip
