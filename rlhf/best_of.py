"""Best-of-n: of n completions of each prompt, the one the reward model scores highest. Nothing is trained.

The KL that this costs needs no estimate: log n - (n - 1) / n nats per completion. It is exact where no two completions of a prompt
have the same score, and an upper bound where some do, so of a real policy it is a bound (arXiv 2401.01879): short answers repeat.
Scores by n are unbiased means over all subsets of the n that were sampled, so one run shows every smaller n too.
"""

import json
import math
from collections import defaultdict
from dataclasses import fields
from pathlib import Path
from typing import Any

from rlhf.checkpoint import require_same_run, run_identity, write_json
from rlhf.config import BestOfConfig, SampleConfig
from rlhf.data import require
from rlhf.generate import sample_completions
from rlhf.models import load_reward, load_tokenizer, prepare_machine, require_same_tokens
from rlhf.records import Record, read_records, write_records
from rlhf.reward import score_rows
from rlhf.sequences import encode_prompts
from rlhf.types import Message, Report, ignore_report


def best_of(
    config: BestOfConfig,
    *,
    policy: str | Path,
    reward: str | Path,
    prompts: list[Path],
    output: Path,
    report: Report = ignore_report,
) -> dict[str, Any]:
    """Write the best completion of each prompt to output/completions.jsonl, and as demonstrations; return and store the summary.

    All that were sampled are in output/sampled, from which a killed run goes on. output/demonstrations.jsonl leaves out the prompts
    of which no completion ended by itself. A finished run is not repeated.
    """
    identity = run_identity(config, policy=policy, reward=reward, prompts=prompts)
    if (output / "identity.json").exists():
        require_same_run(output, output / "identity.json", identity)
    if (output / "summary.json").exists():
        report("log", {"text": f"{output} holds this run, finished: nothing to do"})
        summary: dict[str, Any] = json.loads((output / "summary.json").read_text(encoding="utf-8"))
        return summary
    tokenizer = load_tokenizer(policy)
    require_same_tokens(tokenizer, policy, reward)
    write_json(output / "identity.json", identity)
    options = SampleConfig(**{item.name: getattr(config, item.name) for item in fields(SampleConfig)})
    sample_completions(options, policy=policy, prompts=prompts, output=output / "sampled", report=report)
    asked = prompts_by_id(prompts)
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in read_records([output / "sampled" / "completions.jsonl"], "completion"):
        groups[record["prompt_id"]].append(record)
    require(list(groups), "completion", prompts)
    sampled = [record for name in asked for record in sorted(groups[name], key=lambda record: record["seed"])]
    scores = score_completions(config, tokenizer, reward, asked, sampled)
    n = config.completions_per_prompt
    rows = [scores[start : start + n] for start in range(0, len(scores), n)]
    chosen = [
        {**sampled[place * n + (best := row.index(max(row)))], "score": row[best]} for place, row in enumerate(rows)
    ]
    demonstrations = [
        {"prompt_id": record["prompt_id"], "messages": answered(asked[record["prompt_id"]], record["text"])}
        for record in chosen
        if record["token_ids"][-1] == tokenizer.eos_token_id
    ]
    write_records(output / "completions.jsonl", chosen)
    write_records(output / "demonstrations.jsonl", demonstrations)
    summary = {
        "num_prompts": len(rows),
        "completions_per_prompt": n,
        "num_demonstrations": len(demonstrations),
        "kl_bound": kl_bound(n),
        "mean_score": sum(map(sum, rows)) / len(scores),
        "best_score": sum(map(max, rows)) / len(rows),
        "by_n": by_n(rows),
    }
    write_json(output / "summary.json", summary)
    return summary


def prompts_by_id(prompts: list[Path]) -> dict[str, list[Message]]:
    """Messages by the id that `sample_completions` knows a prompt by."""
    records = enumerate(read_records(prompts, "prompt"), start=1)
    return {
        (f"row-{place}" if record.get("prompt_id") is None else str(record["prompt_id"])): record["prompt"]
        for place, record in records
    }


def answered(messages: list[Message], text: str) -> list[Message]:
    """The conversation with the completion behind it; only the completion is there to be learned."""
    return [*({**message, "weight": 0} for message in messages), {"role": "assistant", "content": text, "weight": 1}]


def score_completions(
    config: BestOfConfig,
    tokenizer: Any,
    reward: str | Path,
    asked: dict[str, list[Message]],
    sampled: list[Record],
) -> list[float]:
    """The reward model at EOS, on the sampled ids as they are; missing_eos_score where there is none."""
    device = prepare_machine(config)
    model = load_reward(reward).to(device)  # type: ignore[arg-type]
    encoded = dict(zip(asked, encode_prompts(tokenizer, list(asked.values())), strict=True))
    rows = [[*encoded[record["prompt_id"]], *record["token_ids"]] for record in sampled]
    found = score_rows(model, rows, tokenizer.pad_token_id, config.dtype, device)
    return [
        score if row[-1] == tokenizer.eos_token_id else config.missing_eos_score
        for row, score in zip(rows, found, strict=True)
    ]


def kl_bound(n: int) -> float:
    """log n - (n - 1) / n: KL of best-of-n from the policy it samples, in nats. arXiv 2009.01325, appendix G."""
    return math.log(n) - (n - 1) / n


def by_n(rows: list[list[float]]) -> list[dict[str, float]]:
    """{"n", "score", "kl_bound"} for n = 1, 2, 4, ... and the number of scores in a row."""
    most = len(rows[0])
    sizes = [2**power for power in range(most.bit_length()) if 2**power < most] + [most]
    return [
        {"n": n, "score": sum(expected_best(row, n) for row in rows) / len(rows), "kl_bound": kl_bound(n)}
        for n in sizes
    ]


def expected_best(scores: list[float], n: int) -> float:
    """Mean over all subsets of n scores of the highest one. Example: [1, 2, 6] and 2 -> (2 + 6 + 6) / 3.

    The i-th smallest is the highest in C(i - 1, n - 1) of the C(len, n) subsets. arXiv 2112.09332 appendix I.
    """
    ordered = sorted(scores)
    return sum(math.comb(place, n - 1) * score for place, score in enumerate(ordered)) / math.comb(len(scores), n)
