"""The command line: python -m rlhf COMMAND. Works on files, without the site.

Every option is made from the config dataclasses, so a command and a form on the site offer the same ones. A user's mistake ends
with one line on stderr and exit code 2. The trainers are imported only when one is run, so --help is quick.
"""

import argparse
import fcntl
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from rlhf.bars import ProgressBars
from rlhf.bench import BENCHES, BenchOptions, run_bench
from rlhf.config import TRAINERS, schema
from rlhf.hub import is_hub_name
from rlhf.options import Options, documentation
from rlhf.types import DivergedError, InputError, StepZeroError

Chosen = TypeVar("Chosen", bound=Options)


@dataclass(frozen=True, kw_only=True)
class Input:
    """One file argument of a command."""

    name: str
    help: str
    is_many: bool = False
    is_required: bool = True
    is_name: bool = False  # a hub name is allowed, so the path need not exist
    is_folder: bool = False  # of many: model folders, not files


TEXT_FILES = 'files of text records, one a line: {"text": "..."}'
DEMONSTRATION_FILES = (
    'files of demonstration records, one a line:\n{"messages": [{"role": "user", "content": "..."}, '
    '{"role": "assistant", "content": "..."}]}\nor {"prompt": "...", "completion": "..."}'
)
RANKING_FILES = (
    'files of ranking records, one a line: {"prompt": "...", "completions": ["...", "..."], "ranks": [2, 1]}; '
    "1 = best, equal = tie"
)
PROMPT_FILES = 'files of prompt records, one a line: {"prompt": "..."}; "prompt_id" names it'
BASE = Input(name="base", help="model folder or hub name to start from", is_name=True)
ENSEMBLE = Input(
    name="ensemble",
    help="model folders of further reward models, whose scores are averaged with the first's",
    is_many=True,
    is_required=False,
    is_folder=True,
)
JUDGED = (
    Input(name="reward", help="model folder of the reward model"),
    Input(name="prompts", help=PROMPT_FILES, is_many=True),
)
ONLINE = (Input(name="policy", help="model folder of the policy to start from, which is also the reference"), *JUDGED)
INPUTS: dict[str, tuple[Input, ...]] = {
    "tokenizer": (Input(name="texts", help=TEXT_FILES, is_many=True),),
    "pretrain": (
        Input(
            name="tokenizer",
            help="tokenizer folder (the model folder that `tokenizer` wrote) or hub name",
            is_name=True,
        ),
        Input(name="texts", help=TEXT_FILES, is_many=True),
        Input(name="validation", help="held-out files of text records", is_many=True, is_required=False),
    ),
    "sft": (
        BASE,
        Input(name="demonstrations", help=DEMONSTRATION_FILES, is_many=True),
        Input(name="validation", help="held-out files of demonstration records", is_many=True, is_required=False),
    ),
    "reward": (
        BASE,
        Input(name="rankings", help=RANKING_FILES, is_many=True),
        Input(name="validation", help="held-out files of ranking records", is_many=True, is_required=False),
        Input(
            name="demonstrations",
            help="files of demonstration records whose mean score becomes 0",
            is_many=True,
            is_required=False,
        ),
    ),
    "ppo": (
        Input(name="policy", help="model folder of the SFT policy, which is also the reference"),
        Input(name="reward", help="model folder of the reward model, from which the value model starts"),
        Input(name="prompts", help=PROMPT_FILES, is_many=True),
        Input(name="texts", help=TEXT_FILES + ", for the pretraining mix", is_many=True, is_required=False),
        ENSEMBLE,
        Input(
            name="heldout",
            help="model folder of a reward model that pays for nothing and watches for over-optimization",
            is_required=False,
        ),
    ),
    "dpo": (
        Input(name="policy", help="model folder of the SFT policy, which is also the reference"),
        Input(name="rankings", help=RANKING_FILES, is_many=True),
        Input(name="validation", help="held-out files of ranking records", is_many=True, is_required=False),
    ),
    "rloo": (*ONLINE, ENSEMBLE),
    "grpo": (*ONLINE, ENSEMBLE),
    "sample": (
        Input(name="policy", help="model folder to sample from"),
        Input(name="prompts", help=PROMPT_FILES, is_many=True),
    ),
    "best-of": (Input(name="policy", help="model folder to sample from"), *JUDGED),
    "rft": (
        Input(name="policy", help="model folder to sample from, which is then fine-tuned on its best completions"),
        *JUDGED,
        Input(name="validation", help="held-out files of demonstration records", is_many=True, is_required=False),
    ),
    "ensemble": (
        Input(name="rewards", help="two or more model folders of reward models", is_many=True, is_folder=True),
        Input(name="rankings", help=RANKING_FILES, is_many=True),
    ),
}

RESULTS = {"sample": "completions.jsonl", "best-of": "completions.jsonl", "ensemble": "scores.jsonl"}
"""What lies in the work folder in the end where it is no model."""

FUNCTIONS = {
    "tokenizer": ("rlhf.tokenizer", "train_tokenizer"),
    "pretrain": ("rlhf.pretrain", "pretrain"),
    "sft": ("rlhf.sft", "train_sft"),
    "reward": ("rlhf.reward", "train_reward"),
    "ppo": ("rlhf.ppo", "train_ppo"),
    "dpo": ("rlhf.dpo", "train_dpo"),
    "rloo": ("rlhf.rloo", "train_rloo"),
    "grpo": ("rlhf.grpo", "train_grpo"),
    "sample": ("rlhf.generate", "sample_completions"),
    "best-of": ("rlhf.best_of", "best_of"),
    "rft": ("rlhf.rft", "train_rft"),
    "ensemble": ("rlhf.ensemble", "score_with_ensemble"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0 done, 130 interrupted, 2 for one line that says why not: a mistake in what was
    given, numbers that cannot be right, or a file that cannot be read or written.
    """
    given = build_parser().parse_args(arguments)
    try:
        if given.command == "schema":
            return write_schema(given.output)
        if given.command == "bench":
            print(json.dumps(run_bench(given.what, options_from(given, BenchOptions))))
            return 0
        config = options_from(given, TRAINERS[given.command])
        inputs = {
            item.name: checked_input(item, getattr(given, f"input_{item.name}")) for item in INPUTS[given.command]
        }
        with met_workers(given.command) as worker:
            if worker:  # the first one reports and writes for all
                trainer(given.command)(config, **inputs, output=given.output)
                return 0
            with held_output(given.output), ProgressBars() as bars:
                summary = trainer(given.command)(config, **inputs, output=given.output, report=bars.report)
    except (InputError, StepZeroError, DivergedError, OSError) as error:
        print(f"rlhf {given.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"rlhf {given.command}: interrupted; the same command goes on from the last saved state", file=sys.stderr)
        return 130
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands, options taken from the config dataclasses."""
    parser = argparse.ArgumentParser(
        prog="rlhf", description="Trains and samples language models from human feedback, on files."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, config in TRAINERS.items():
        summary = (config.__doc__ or "").strip()
        command = commands.add_parser(
            name, help=summary, description=summary, formatter_class=argparse.RawTextHelpFormatter
        )
        files = command.add_argument_group("files (.jsonl, .jsonl.gz, .jsonl.xz)")
        for item in INPUTS[name]:
            many: dict[str, Any] = {"nargs": "+", "default": []} if item.is_many else {}
            files.add_argument(
                f"--{item.name}",
                dest=f"input_{item.name}",
                required=item.is_required,
                metavar="PATH",
                help=item.help,
                **many,
            )
        files.add_argument(
            "--output",
            required=True,
            type=Path,
            metavar="FOLDER",
            help=f"work folder: the result is FOLDER/{RESULTS.get(name, 'model')};\na killed run started again goes on from it",
        )
        add_options(command.add_argument_group("options"), config)
    timed = commands.add_parser("bench", help=BenchOptions.__doc__, formatter_class=argparse.RawTextHelpFormatter)
    timed.add_argument("what", choices=BENCHES, help="what to time")
    add_options(timed.add_argument_group("options"), BenchOptions)
    described = commands.add_parser(
        "schema", help="JSON schema of every option.", description="JSON schema of every option."
    )
    described.add_argument("--output", type=Path, metavar="FILE", help="file to write; default: standard output")
    return parser


def options_from(given: argparse.Namespace, config: type[Chosen]) -> Chosen:
    """The options of one command as parsed."""
    return config(**{item.name: getattr(given, item.name) for item in fields(config)})


def add_options(group: Any, config: type[Options]) -> None:
    """One option per field: documentation, range, default and its source in the help."""
    documented = documentation(config)
    for item in fields(config):
        about = item.metadata
        bounds = [
            f"{word} {about[key]:,}" for word, key in (("from", "minimum"), ("to", "maximum")) if about[key] is not None
        ]
        limits = f" Range: {' '.join(bounds)}." if bounds else ""
        text = f"{documented[item.name]}{limits}\nDefault: {item.default} ({about['source']})"
        group.add_argument(
            "--" + item.name.replace("_", "-"),
            dest=item.name,
            type=_truth if type(item.default) is bool else type(item.default),
            default=item.default,
            choices=about["choices"] or None,
            metavar=None if about["choices"] else type(item.default).__name__.upper(),
            help=text.replace("%", "%%"),
        )


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"expected true or false, got {text!r}")
    return text.lower() == "true"


def checked_input(item: Input, given: str | list[str] | None) -> Any:
    """The argument as the trainers take it; a file or folder that is not there is an error before anything is loaded."""
    if given is None:
        return None
    if isinstance(given, list) and item.is_folder:
        return [checked_input(item, folder) for folder in given]
    if isinstance(given, list):
        paths = [Path(path) for path in given]
        if missing := [str(path) for path in paths if not path.is_file()]:
            raise InputError(f"expected --{item.name} to name files, got {', '.join(missing)}, which cannot be found")
        return paths
    if not Path(given).is_dir() and not (item.is_name and is_hub_name(given)):
        raise InputError(f"expected --{item.name} to name a model folder, got {given}, which is not a folder")
    # Before anything reads the folder whole to tell one run from another: it may be a home directory.
    if Path(given).is_dir() and not any((Path(given) / name).is_file() for name in ("config.json", "tokenizer.json")):
        raise InputError(
            f"expected --{item.name} to name a model folder, got {given}, which has no config.json and no tokenizer.json"
        )
    return Path(given) if Path(given).is_dir() else given


@contextmanager
def met_workers(command: str) -> Iterator[int]:
    """This process's number among the workers that torchrun started; 0, nothing done, without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield 0
        return
    if command != "ppo":
        raise InputError(
            f"expected one process for {command}, got {os.environ['WORLD_SIZE']}; only ppo shares its rows among workers"
        )
    from rlhf.parallel import join_workers, leave_workers, worker

    join_workers()
    try:
        yield worker()
    finally:
        leave_workers()


@contextmanager
def held_output(output: Path) -> Iterator[None]:
    """Makes the work folder and keeps other commands out of it, or says why it cannot be used."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = (output / ".lock").open("w")
    except OSError as error:
        raise InputError(
            f"expected --output to be a folder that can be written, got {output}: {error.strerror}"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another command is at work in {output}; wait for it or give another --output") from None
        yield


def trainer(command: str) -> Callable[..., dict[str, Any]]:
    """The function behind a command, imported now."""
    module, name = FUNCTIONS[command]
    function: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), name)
    return function


def write_schema(output: Path | None) -> int:
    """Prints the schema or writes it to a file."""
    text = json.dumps(schema(), indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    # PyTorch's threads spin while they wait; on a machine that others use too, that slows training several times.
    # OpenMP reads this when PyTorch is imported, which happens later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(main())
