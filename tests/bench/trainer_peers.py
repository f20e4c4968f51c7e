"""Our trainers and engine against the libraries people use, on the same machine and in turn: `make bench-peers`.

For each comparison the two sides run A B A B ..., each in its own process, and the ratio of every pair is taken; the table shows
the medians. The peers live in environments of their own below var/peers, made on first use. Our command is `python -m rlhf bench`,
the peers' scripts are in tests/bench/peers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests" / "bench" / "peers"
PINS = ("torch==2.13.0", "transformers==5.23.0", "datasets", "accelerate")
ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "TRL_EXPERIMENTAL_SILENCE": "1"}
"""For both sides alike: threads that wait do not spin, as a shared machine needs it."""
SIZES = {"tiny": (128, 4), "small": (256, 6), "base": (512, 8)}


class Comparison(NamedTuple):
    """What is compared with what, and the figure that both sides print."""

    trl: str
    figure: str
    is_time: bool


COMPARISONS = {
    "generate": Comparison("1.12.0", "tokens_per_second", is_time=False),
    "ppo": Comparison("1.12.0", "seconds_per_update", is_time=True),
}


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


def last_line(command: list[str], folder: Path) -> dict[str, float]:
    """Runs one side; its figures are the last line of its output."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with code {done.returncode}:\n{done.stderr[-3000:]}")
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def compare(what: str, size: str, dtypes: tuple[str, str], given: argparse.Namespace) -> dict[str, object]:
    """One row of the table: medians of both sides and of their ratios, above 1 where ours is better."""
    about = COMPARISONS[what]
    python = peer_python(given.peers, about.trl)
    hidden, layers = SIZES[size]
    shape = [
        "--hidden",
        str(hidden),
        "--layers",
        str(layers),
        "--updates",
        str(given.updates),
        "--eos-skew",
        str(given.eos_skew),
    ]
    ours, theirs, ratios = [], [], []
    for _ in range(given.rounds):
        ours.append(last_line([sys.executable, "-m", "rlhf", "bench", what, *shape, "--dtype", dtypes[0]], ROOT))
        theirs.append(last_line([str(python), str(PEERS / f"{what}.py"), *shape, "--dtype", dtypes[1]], PEERS))
        one, other = ours[-1][about.figure], theirs[-1][about.figure]
        ratios.append(other / one if about.is_time else one / other)
    sides = {
        name: {
            figure: statistics.median(line[figure] for line in lines)
            for figure in (about.figure, "warmup_seconds", "peak_rss_mb")
        }
        for name, lines in (("ours", ours), ("theirs", theirs))
    }
    return {
        "what": what,
        "size": size,
        "dtypes": dtypes,
        **sides,
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(r, 2) for r in ratios],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=[], help=f"some of {', '.join(COMPARISONS)}; default: all")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["tiny", "small"])
    parser.add_argument("--dtypes", nargs="+", default=["float32:float32", "bfloat16:float32"], help="ours:theirs")
    parser.add_argument("--rounds", type=int, default=3, help="times that each side runs")
    parser.add_argument("--updates", type=int, default=3, help="timed repetitions in each run")
    parser.add_argument("--eos-skew", type=float, default=0.0)
    parser.add_argument("--peers", type=Path, default=ROOT / "var" / "peers", help="folder of the peers' environments")
    given = parser.parse_args()
    for what in given.what or COMPARISONS:
        for size in given.sizes:
            for dtypes in given.dtypes:
                ours, _, theirs = dtypes.partition(":")
                print(json.dumps(compare(what, size, (ours, theirs), given)), flush=True)


if __name__ == "__main__":
    main()
