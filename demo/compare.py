"""What PPO buys: PPO, RLOO, GRPO, DPO, best-of-n and rejection sampling from one SFT policy, one reward model, one set of rankings.

    python -m demo.compare STORE OUTPUT

reads the checkpoints and snapshots that `make demo` left in its store (var/demo/site/store), trains every kind with the same sizes and
judges all by the gold judge on test prompts. The loops that sample stop at one KL, so they are compared at equal KL; CPU seconds
stand beside it. A run that is in OUTPUT already is not repeated.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from demo import final, report, settings

MAX_KL = 3.0
ONLINE: dict[str, Any] = {
    "num_updates": 28,
    "episodes_per_update": 128,
    "minibatch_size": 32,
    "policy_learning_rate": 3e-4,
    "kl_coefficient": 0.03,
    "max_kl": MAX_KL,
    "max_new_tokens": 64,
    "generation_batch_size": 128,
    "sample_every_updates": 0,
}
NUM_RFT_PROMPTS = 400
DPO_BETAS = (0.1, 0.3)


class Parts(NamedTuple):
    """What the demo left behind: model folders and lists of files."""

    sft: Path
    reward: Path
    other_reward: Path
    demo_ppo: Path
    rankings: list[Path]
    prompts: list[Path]
    tests: list[dict]


class Row(NamedTuple):
    """One line of the table."""

    name: str
    cpu_seconds: float
    completions: int
    """Sampled on the way, in training or in choosing."""
    kl: str
    score: float
    other_score: float
    gold: float
    words: float
    win: report.Rate


def main() -> None:
    """Train what is missing, judge everything, print the table as Markdown."""
    parser = argparse.ArgumentParser(description="Compares the trainers on what the demo left behind.")
    parser.add_argument("store", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--tests", type=int, default=250, help="test prompts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--seed", type=int, default=settings.SEED, help="of training; take another OUTPUT for another seed"
    )
    given = parser.parse_args()
    machine = {**settings.MACHINE, "threads": given.threads, "seed": given.seed}
    parts = find_parts(given.store, given.tests)
    given.output.mkdir(parents=True, exist_ok=True)
    policies = {"SFT": (parts.sft, 0.0, 0), **trained(parts, given.output, machine)}
    made = json.loads((parts.demo_ppo / "card.json").read_text(encoding="utf-8"))
    num_updates = made["summary"]["num_updates"]
    name = f"PPO, the demo's {num_updates} updates"
    policies[name] = (parts.demo_ppo, 0.0, num_updates * made["options"]["episodes_per_update"])
    judged = {name: judge_policy(parts, folder, machine) for name, (folder, _, _) in policies.items()}
    rows = [row_of(name, *policies[name][1:], parts, judged) for name in policies]
    for n in (4, 16):
        name = f"best of {n}"
        judged[name], seconds = judge_best_of(parts, n, given.output, machine)
        rows.append(row_of(name, seconds, n * len(parts.tests), parts, judged))
    print(table(rows))


def find_parts(store: Path, num_tests: int) -> Parts:
    """The first round's models and data, told by their cards and manifests; test prompts that nothing was trained on."""
    cards = {path.parent: json.loads(path.read_text()) for path in (store / "checkpoints").glob("*/card.json")}
    ppo = {folder: card for folder, card in cards.items() if card["role"] == "policy" and "reward" in card}
    rewards = sorted(
        (card["summary"]["num_rankings"], folder) for folder, card in cards.items() if card["role"] == "reward"
    )
    reward, other = rewards[0][1], rewards[-1][1]
    demo_ppo = next(folder for folder, card in ppo.items() if Path(card["reward"]).name == reward.name)
    sft = next(folder for folder in cards if folder.name == Path(ppo[demo_ppo]["policy"]).name)
    manifests = [json.loads(path.read_text()) for path in (store / "snapshots").glob("*/manifest.json")]
    manifests.sort(key=lambda manifest: int(manifest["snapshot"]))

    def files(manifest: dict, split: str) -> list[Path]:
        return sorted((store / "snapshots" / str(manifest["snapshot"])).glob(f"{split}-*.jsonl.gz"))

    rankings = next(manifest for manifest in manifests if manifest["kind"] == "rankings")
    prompts = next(m for m in manifests if m["kind"] == "prompts" and set(m["rows"]) == {"train"})
    tests = max((m for m in manifests if set(m["rows"]) == {"test"}), key=lambda m: m["rows"]["test"])
    test_rows = final.read_snapshot(store / "snapshots" / str(tests["snapshot"]), ["test"])[:num_tests]
    return Parts(sft, reward, other, demo_ppo, files(rankings, "train"), files(prompts, "train"), test_rows)


def trained(parts: Parts, output: Path, machine: dict) -> dict[str, tuple[Path, float, int]]:
    """Name -> (model folder, CPU seconds, completions sampled) of every policy that learns."""
    from rlhf import config  # torch takes seconds to import
    from rlhf.dpo import train_dpo
    from rlhf.grpo import train_grpo
    from rlhf.ppo import train_ppo
    from rlhf.rft import train_rft
    from rlhf.rloo import train_rloo

    inputs: dict[str, Any] = {"policy": parts.sft, "reward": parts.reward}
    found: dict[str, tuple[Path, float, int]] = {}
    ppo = config.PpoConfig(**machine, **ONLINE, num_epochs=2, value_learning_rate=6e-4)
    rloo, grpo = (kind(**machine, **ONLINE, num_epochs=2) for kind in (config.RlooConfig, config.GrpoConfig))
    online: list[tuple[str, Any, Any]] = [
        ("PPO", train_ppo, ppo),
        ("RLOO", train_rloo, rloo),
        ("GRPO", train_grpo, grpo),
    ]
    for name, train, options in online:
        to = output / name.lower()
        run = timed(to, partial(train, options, **inputs, prompts=parts.prompts))
        found[name] = (to / "model", run["cpu_seconds"], 128 * run["num_updates"])
    for beta in DPO_BETAS:
        dpo = config.DpoConfig(**machine, beta=beta, learning_rate=2e-4, num_epochs=2.0, max_length=192)
        to = output / f"dpo-{beta}"
        run = timed(to, partial(train_dpo, dpo, policy=parts.sft, rankings=parts.rankings, validation=[]))
        found[f"DPO, beta {beta}"] = (to / "model", run["cpu_seconds"], 0)
    rft = config.RftConfig(
        **machine, completions_per_prompt=16, learning_rate=4e-4, num_epochs=3.0, generation_batch_size=128
    )
    some = output / "rft-prompts.jsonl"
    rows = final.read_snapshot(parts.prompts[0].parent, ["train"])[:NUM_RFT_PROMPTS]
    some.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run = timed(output / "rft", partial(train_rft, rft, **inputs, prompts=[some], validation=[]))
    found["RFT, best of 16"] = (output / "rft" / "model", run["cpu_seconds"], 16 * NUM_RFT_PROMPTS)
    return found


def timed(to: Path, train: Callable[..., dict]) -> dict[str, Any]:
    """The run's summary with its CPU seconds, all threads together; kept beside it, as a finished run is not repeated."""
    kept = to.with_name(f"{to.name}.json")
    if not kept.exists():
        started = time.process_time()
        summary = train(output=to)
        kept.write_text(json.dumps({**summary, "cpu_seconds": time.process_time() - started}))
        print(f"{to.name}: {time.process_time() - started:.0f} CPU seconds", flush=True)
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


def judge_policy(parts: Parts, policy: Path, machine: dict) -> dict[str, Any]:
    """Two completions of each test prompt: their texts, gold scores, rewards and KL."""
    from rlhf.config import RlooConfig
    from rlhf.groups import collect_groups, judge, load_models
    from rlhf.models import load_policy, load_tokenizer
    from rlhf.sequences import encode_prompts

    tokenizer = load_tokenizer(parts.sft)
    options = RlooConfig(**machine, group_size=2, max_new_tokens=64, generation_batch_size=128)
    state = load_models(options, policy, parts.reward, tokenizer)
    state.ref_policy = load_policy(parts.sft).train(False).requires_grad_(False)
    rollouts = collect_groups(state, encode_prompts(tokenizer, [row["prompt"] for row in parts.tests]), stream="judged")
    found = judge(state, rollouts)
    rows = zip(rollouts.completion_tokens, rollouts.completion_mask, strict=True)
    texts = [str(tokenizer.decode(tokens[mask], skip_special_tokens=True)) for tokens, mask in rows]
    error = float(found.kl.std()) / len(found.kl) ** 0.5
    return {
        "texts": {row["prompt_id"]: texts[2 * place : 2 * place + 2] for place, row in enumerate(parts.tests)},
        "kl": f"{float(found.kl.mean()):.2f} +- {1.96 * error:.2f}",
        "score": float(found.scores.mean()),
    }


def judge_best_of(parts: Parts, n: int, output: Path, machine: dict) -> tuple[dict[str, Any], float]:
    """The best of n completions of each test prompt, and the CPU seconds that choosing them took."""
    from rlhf.best_of import best_of
    from rlhf.config import BestOfConfig

    tests, to = output / "tests.jsonl", output / f"best-of-{n}-of-{len(parts.tests)}"
    tests.write_text("".join(json.dumps(row) + "\n" for row in parts.tests), encoding="utf-8")
    options = BestOfConfig(**machine, completions_per_prompt=n, max_new_tokens=64, batch_size=128)
    inputs: dict[str, Any] = {"policy": parts.sft, "reward": parts.reward, "prompts": [tests]}
    run = timed(to, partial(best_of, options, **inputs))
    lines = (to / "completions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {row["prompt_id"]: [row["text"]] for row in map(json.loads, lines)}
    return {"texts": texts, "kl": f"<= {run['kl_bound']:.2f}", "score": run["best_score"]}, run["cpu_seconds"]


def row_of(name: str, seconds: float, completions: int, parts: Parts, judged: dict[str, Any]) -> Row:
    """The figures of one policy, its gold scores against the SFT policy's on the same prompts."""
    from rlhf.evaluate import score_completions

    mine, base = (final.gold_scores(parts.tests, judged[key]["texts"]) for key in (name, "SFT"))
    texts = judged[name]["texts"]
    gold = [score for scores in mine.values() for score in scores]
    words = [len(text.split()) for made in texts.values() for text in made]
    records = [(row["prompt"], text) for row in parts.tests for text in texts[row["prompt_id"]]]
    other = score_completions(reward=parts.other_reward, records=records)
    return Row(
        name,
        seconds,
        completions,
        judged[name]["kl"],
        judged[name]["score"],
        sum(other) / len(other),
        sum(gold) / len(gold),
        sum(words) / len(words),
        report.win_rate(mine, base),
    )


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| | CPU s | completions sampled | KL, nats | reward model | another reward model | gold | gold win over SFT | words |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        win = f"{row.win['rate']:.3f} ({row.win['low']:.3f} to {row.win['high']:.3f})"
        lines.append(
            f"| {row.name} | {row.cpu_seconds:.0f} | {row.completions:,} | {row.kl} | {row.score:.2f} | {row.other_score:.2f} "
            f"| {row.gold:.3f} | {win} | {row.words:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
