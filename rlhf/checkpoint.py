"""Folders that are either whole or absent: final models, and the training state a killed run goes on from.

Everything is written to a temporary folder beside its place, fsynced and renamed. Weights are safetensors; the training state is
one torch file, loaded with weights_only=True. Knows nothing of what is trained.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.config import TRAINERS, SampleConfig
from rlhf.options import Options
from rlhf.parallel import worker
from rlhf.types import InputError, Report

MAX_CARD_CHARACTERS = 2000
"""Entries of a model card that are longer stand in card.json only."""


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, card: dict[str, Any]) -> str:
    """Writes weights, tokenizer and model card as one folder, in place of an older one; returns its sha256."""

    def write(temporary: Path) -> None:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        write_json(temporary / "card.json", card)
        (temporary / "README.md").write_text(_card_text(card), encoding="utf-8")

    write_folder(folder, write)
    return sha256_of_folder(folder) if worker() == 0 else ""


def write_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a temporary folder, fsyncs it and renames it to `folder`, in place of an older one. The first worker does."""
    if worker():
        return
    temporary = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    write(temporary)
    readable = temporary.stat().st_mode & 0o666  # the library that writes safetensors leaves them to their owner alone
    for path in [*temporary.rglob("*"), temporary]:
        if path.is_file():
            path.chmod(readable)
        _fsync(path)
    shutil.rmtree(_old(folder), ignore_errors=True)
    if folder.exists():
        folder.rename(_old(folder))
    temporary.rename(folder)
    _fsync(folder.parent)
    shutil.rmtree(_old(folder), ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Writes JSON to a temporary file, fsyncs it and renames it to `path`. The first worker does."""
    if worker():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{path.name}")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _fsync(temporary)
    temporary.replace(path)


def sha256_of_folder(folder: Path) -> str:
    """One hash of every file's path and bytes, in the order of the paths."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0{_sha256(path)}\n".encode())
    return total.hexdigest()


def save_state(output: Path, state: dict[str, Any], *, identity: dict[str, Any]) -> None:
    """Replaces output/state by this state (tensors, numbers, strings, lists, dicts); `identity` says whose it is."""

    def write(temporary: Path) -> None:
        torch.save(state, temporary / "state.pt")
        write_json(temporary / "identity.json", identity)

    write_folder(output / "state", write)


def load_state(output: Path, *, identity: dict[str, Any]) -> dict[str, Any] | None:
    """The last saved state, or None. A state of a run with another identity is an error, not a silent fresh start."""
    folder = output / "state"
    if not folder.exists() and _old(folder).exists():  # killed between the two renames of a replacement
        _old(folder).rename(folder)
    if not folder.exists():
        return None
    require_same_run(output, folder / "identity.json", identity)
    state: dict[str, Any] = torch.load(folder / "state.pt", map_location="cpu", weights_only=True)
    return state


def require_same_run(output: Path, path: Path, identity: dict[str, Any]) -> None:
    """Fails, naming what changed, if `path` in the work folder `output` tells of another run than this one."""
    if not path.exists():
        raise InputError(
            f"expected {output} to be new or a work folder of this command, got one without {path.name}; use another"
        )
    saved, given = json.loads(path.read_text(encoding="utf-8")), json.loads(json.dumps(identity))
    different = sorted(key for key in saved.keys() | given.keys() if saved.get(key) != given.get(key))
    if "command" in different:
        different = ["command"]
    if different:
        changes = ", ".join(f"{key} was {saved.get(key)!r} and is now {given.get(key)!r}" for key in different)
        raise InputError(f"{output} holds another run: {changes}; give what was given before, or another output folder")


def run_identity(config: Options, **inputs: Any) -> dict[str, Any]:
    """What makes two invocations the same run: the content of its inputs, wherever they lie, and every option that shapes the result.

    What changes speed and memory alone is left aside, so that a run that did not fit goes on with less.
    """
    aside = {
        "device",
        "threads",
        "max_seconds",
        "checkpoint_every_seconds",
        "micro_batch_tokens",
        "packed_length",
        "gradient_checkpointing",
        "compile",
        "generation_batch_size",
    }
    if isinstance(config, SampleConfig):
        aside.add("batch_size")  # rows side by side here, rows that share an optimizer step elsewhere
    options = {name: value for name, value in asdict(config).items() if name not in aside}
    command = next(name for name, kind in TRAINERS.items() if type(config) is kind)
    return {"command": command, **options, **{name: _content(value) for name, value in inputs.items()}}


def finish(
    output: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    summary: dict[str, Any],
    card: dict[str, Any],
    *,
    identity: dict[str, Any],
) -> dict[str, Any]:
    """Ends a run: summary and identity, then output/model (whose presence says that the run is done), then the state goes."""
    write_json(output / "summary.json", summary)
    write_json(output / "identity.json", identity)
    save_model(model, tokenizer, output / "model", {**card, "summary": summary})
    for leftover in (output / "state", _old(output / "state")) if worker() == 0 else ():
        shutil.rmtree(leftover, ignore_errors=True)
    return summary


def stored_summary(output: Path, *, identity: dict[str, Any], report: Report) -> dict[str, Any] | None:
    """The summary of this run if it is finished, or None. The result of another run is an error, not an answer."""
    if not (output / "model").exists():
        return None
    require_same_run(output, output / "identity.json", identity)
    report(
        "log", {"text": f"{output} holds this run, finished: nothing to do. To run it anew, give another output folder"}
    )
    summary: dict[str, Any] = json.loads((output / "summary.json").read_text(encoding="utf-8"))
    return summary


def finished_summary(output: Path, *, identity: dict[str, Any], report: Report) -> dict[str, Any] | None:
    """The summary of a command that leaves no model, if this run is finished, or None. The folder of another run is an error."""
    if (output / "identity.json").exists() or (output / "summary.json").exists():
        require_same_run(output, output / "identity.json", identity)
    if not (output / "summary.json").exists():
        return None
    report("log", {"text": f"{output} holds this run, finished: nothing to do"})
    summary: dict[str, Any] = json.loads((output / "summary.json").read_text(encoding="utf-8"))
    return summary


def _content(value: Any) -> Any:
    if isinstance(value, list):
        return [_content(item) for item in value]
    path = Path(value)
    if path.is_dir():
        return "content " + sha256_of_folder(path)[:16]
    return "content " + _sha256(path)[:16] if path.is_file() else str(value)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _old(folder: Path) -> Path:
    return folder.with_name(f".old-{folder.name}")


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _card_text(card: dict[str, Any]) -> str:
    lines = [f"# {card.get('role', 'model')}", "", "Loads with transformers' `from_pretrained`.", ""]
    for key, value in card.items():
        text = json.dumps(value, ensure_ascii=False)
        lines.append(f"- {key}: `{text}`" if len(text) <= MAX_CARD_CHARACTERS else f"- {key}: see card.json")
    return "\n".join(lines) + "\n"
