"""Our trainers and engine against the libraries people use, on the same machine and in turn: `make bench-peers`.

For each comparison the two sides run A B A B ..., each in its own process, and the ratio of every pair is taken. At the end a table
of the medians, and the same as one JSON line. The peers live in environments of their own below var/peers, made on first use. Our
command is `python -m rlhf bench`, the peers' scripts are in tests/bench/peers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests" / "bench" / "peers"
PINS = ("torch==2.13.0", "transformers==5.23.0", "datasets", "accelerate")
ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "TRL_EXPERIMENTAL_SILENCE": "1"}
"""For both sides alike: threads that wait do not spin, as a shared machine needs it."""
SIZES = {
    "tiny": (128, 4, 4096),
    "small": (256, 6, 4096),
    "base": (512, 8, 4096),
    "124m": (768, 12, 25_600),
    "0.5b": (1280, 24, 16_384),
    "1.3b": (2048, 24, 25_600),
}
"""Width, layers and tokens of the vocabulary; the last three are for a GPU."""


class Comparison(NamedTuple):
    """What is compared with what, each side at its best dtype, and the figure each prints."""

    trl: str
    dtypes: str
    figures: dict[str, tuple[str, str]]
    """(ours, theirs) by the name of a row of the table; `a.b` is entry b of a dictionary a."""
    is_time: bool = False


COMPARISONS = {
    "generate": Comparison("1.12.0", "bfloat16:float32", {"tokens/s": ("tokens_per_second", "tokens_per_second")}),
    "ppo": Comparison(
        "1.12.0", "bfloat16:float32", {"s/update": ("seconds_per_update", "seconds_per_update")}, is_time=True
    ),
    "sft": Comparison("1.16.0", "bfloat16:bfloat16", {"tokens/s": ("tokens_per_second", "tokens_per_second")}),
    "reward": Comparison(
        "1.16.0",
        "bfloat16:bfloat16",
        {f"pairs/s, K = {size}": (f"pairs_per_second.k{size}", "pairs_per_second") for size in (2, 4, 9)},
    ),
}
"""The peer's reward trainer knows pairs only, so a ranking of K is held against its pairs."""


def peer_python(folder: Path, trl: str) -> Path:
    """The interpreter of the environment that holds this version of TRL; made if it is not there."""
    home = folder / f"trl-{trl}"
    python, is_ready = home / "bin" / "python", home / ".ready"
    if not is_ready.exists():
        print(f"Installing TRL {trl} into {home} (a few minutes, once) ...", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        # torch first and alone, so that the index of the machine decides which build it is.
        for packages in ((PINS[0],), (*PINS, f"trl=={trl}")):
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
        is_ready.touch()
    return python


def last_line(command: list[str], folder: Path) -> dict[str, Any]:
    """Runs one side; its figures are the last line of its output."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with code {done.returncode}:\n{done.stderr[-3000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def figure(line: dict[str, Any], path: str) -> float:
    """The number at `a` or `a.b` of a side's line; the sum of a dictionary."""
    found: Any = line
    for name in path.split("."):
        found = found[name]
    return float(sum(found.values()) if isinstance(found, dict) else found)


def compare(what: str, size: str, dtypes: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Runs both sides in turn; a row for each figure: medians of both sides and of their ratios, above 1 where ours is better."""
    about = COMPARISONS[what]
    python = peer_python(given.peers, about.trl)
    shape = dict(zip(("hidden", "layers", "vocab"), SIZES[size], strict=True))
    passed = ("updates", "eos_skew", "batch", "prompt_tokens", "new_tokens", "device")
    shape |= {name.replace("_", "-"): getattr(given, name) for name in passed}
    options = [word for name, value in shape.items() for word in (f"--{name}", str(value))]
    ours_dtype, _, theirs_dtype = dtypes.partition(":")
    ours, theirs = [], []
    for _ in range(given.rounds):
        ours.append(last_line([sys.executable, "-m", "rlhf", "bench", what, *options, "--dtype", ours_dtype], ROOT))
        theirs.append(last_line([str(python), str(PEERS / f"{what}.py"), *options, "--dtype", theirs_dtype], PEERS))
    rows = []
    for name, paths in about.figures.items():
        pairs = [(figure(one, paths[0]), figure(other, paths[1])) for one, other in zip(ours, theirs, strict=True)]
        ratios = [other / one if about.is_time else one / other for one, other in pairs]
        row = {"what": what, "size": size, "dtypes": dtypes, "figure": name, "trl": about.trl}
        for side, lines, place in (("ours", ours, 0), ("theirs", theirs, 1)):
            row[side] = statistics.median(pair[place] for pair in pairs)
            row[f"{side}_warmup_seconds"] = statistics.median(figure(line, "warmup_seconds") for line in lines)
            memory = "peak_rss_mb" if given.device == "cpu" else "peak_gpu_mb"
            by_size = paths[place].partition(".")[2]  # our reward model trains on all sizes in one process
            row[f"{side}_peak_mb"] = statistics.median(
                line.get("peak_rss_mb_by_size", {}).get(by_size, line[memory]) for line in lines
            )
        ratio = statistics.median(ratios)
        rows.append({**row, "ratio": round(ratio, 2), "ratios": [round(value, 2) for value in ratios]})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows for people; warm-up (with compilation) stands apart from the timed figures."""
    heads = (
        "what",
        "size",
        "ours:theirs",
        "figure",
        "ours",
        "theirs",
        "ratio",
        "of each round",
        "warm-up s",
        "peak MB",
    )
    lines = [heads]
    for row in rows:
        lines.append(
            (
                row["what"],
                row["size"],
                row["dtypes"],
                row["figure"],
                f"{row['ours']:,.6g}",
                f"{row['theirs']:,.6g}",
                f"{row['ratio']:.2f}",
                " ".join(f"{ratio:.2f}" for ratio in row["ratios"]),
                f"{row['ours_warmup_seconds']:.1f} : {row['theirs_warmup_seconds']:.1f}",
                f"{row['ours_peak_mb']:.0f} : {row['theirs_peak_mb']:.0f}",
            )
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=[], help=f"some of {', '.join(COMPARISONS)}; default: all")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["tiny", "small"])
    parser.add_argument("--dtypes", default="", help="ours:theirs; default: each side's best")
    parser.add_argument("--rounds", type=int, default=2, help="times that each side runs")
    parser.add_argument("--updates", type=int, default=2, help="timed repetitions in each run")
    parser.add_argument("--eos-skew", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=0, help="0 = the workload's")
    parser.add_argument("--prompt-tokens", type=int, default=0, help="0 = the workload's")
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--peers", type=Path, default=ROOT / "var" / "peers", help="folder of the peers' environments")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for what in given.what or COMPARISONS:
        for size in given.sizes:
            rows += compare(what, size, given.dtypes or COMPARISONS[what].dtypes, given)
            print(table(rows[-len(COMPARISONS[what].figures) :]), file=sys.stderr, flush=True)
    print(table(rows))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
