"""Best-of-n: of n completions of each prompt, the one the reward model scores highest. Nothing is trained.

The KL that this costs needs no estimate: log n - (n - 1) / n nats per completion. It is exact where no two completions of a prompt
have the same score, and an upper bound where some do, so of a real policy it is a bound (arXiv 2401.01879): short answers repeat.
Scores by n are unbiased means over all subsets of the n that were sampled, so one run shows every smaller n too.
"""

import math
from collections.abc import Mapping
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

from rlhf.checkpoint import finished_summary, run_identity, write_json
from rlhf.config import BestOfConfig, SampleConfig
from rlhf.data import require
from rlhf.generate import sample_completions
from rlhf.models import context_length, load_reward, load_tokenizer, prepare_machine, require_same_tokens
from rlhf.records import Record, read_records, write_records
from rlhf.reward import score_rows
from rlhf.sequences import encode_prompts
from rlhf.types import InputError, Message, Report, ignore_report

RECORDS_HELD = 4096
"""Completions that are in memory and scored at a time."""
Scores = dict[str, dict[int, float]]
"""prompt_id -> seed -> score."""


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
    if (finished := finished_summary(output, identity=identity, report=report)) is not None:
        return finished
    tokenizer = load_tokenizer(policy)
    require_same_tokens(tokenizer, policy, reward)
    asked = prompts_by_id(prompts)
    require(list(asked), "prompt", prompts)
    encoded = dict(zip(asked, encode_prompts(tokenizer, list(asked.values())), strict=True))
    require_room(config, reward, encoded)
    write_json(output / "identity.json", identity)
    options = SampleConfig(**{item.name: getattr(config, item.name) for item in fields(SampleConfig)})
    sample_completions(options, policy=policy, prompts=prompts, output=output / "sampled", report=report)
    sampled = output / "sampled" / "completions.jsonl"
    scores = score_sampled(config, tokenizer, reward, encoded, sampled, report)
    chosen = best_records(sampled, scores)
    write_records(output / "completions.jsonl", (chosen[name] for name in asked))
    num_demonstrations = write_records(
        output / "demonstrations.jsonl",
        (
            {"prompt_id": name, "messages": answered(messages, chosen[name]["text"])}
            for name, messages in asked.items()
            if chosen[name]["token_ids"][-1] == tokenizer.eos_token_id
        ),
    )
    rows = [list(found.values()) for found in scores.values()]
    n = config.completions_per_prompt
    summary = {
        "num_prompts": len(rows),
        "completions_per_prompt": n,
        "num_demonstrations": num_demonstrations,
        "kl_bound": kl_bound(n),
        "mean_score": sum(map(sum, rows)) / (n * len(rows)),
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


def require_room(config: BestOfConfig, reward: str | Path, prompts: Mapping[str, list[int]]) -> None:
    """Fails, before anything is sampled, if the reward model cannot read the longest prompt with its completion."""
    longest, context = max(map(len, prompts.values())) + config.max_new_tokens, context_length(reward)
    if longest > context:
        raise InputError(
            f"expected a reward model made for {longest} tokens (the longest prompt and max_new_tokens = {config.max_new_tokens}), "
            f"got one made for {context} at {reward}; leave long prompts out, lower max_new_tokens or take another reward model"
        )


def score_sampled(
    config: BestOfConfig,
    tokenizer: Any,
    reward: str | Path,
    prompts: Mapping[str, list[int]],
    sampled: Path,
    report: Report,
) -> Scores:
    """The reward model at EOS, on the sampled ids as they are; missing_eos_score where there is none. `prompts` are token ids."""
    device = prepare_machine(config)
    model = load_reward(reward).to(device)  # type: ignore[arg-type]
    scores: Scores = {name: {} for name in prompts}
    done, total = 0, len(prompts) * config.completions_per_prompt
    every_record = read_records([sampled], "completion")
    while records := list(islice(every_record, RECORDS_HELD)):
        rows = [[*prompts[record["prompt_id"]], *record["token_ids"]] for record in records]
        found = score_rows(model, rows, tokenizer.pad_token_id, config.dtype, device)
        for record, row, score in zip(records, rows, found, strict=True):
            has_eos = row[-1] == tokenizer.eos_token_id
            scores[record["prompt_id"]][record["seed"]] = score if has_eos else config.missing_eos_score
        done += len(records)
        report("phase", {"name": "score", "done": done, "total": total})
    return scores


def best_records(sampled: Path, scores: Scores) -> dict[str, Record]:
    """The record with the highest score of each prompt, its score beside it; of equal scores the one with the smallest seed."""
    best = {name: max(found, key=lambda seed: (found[seed], -seed)) for name, found in scores.items()}
    return {
        record["prompt_id"]: {**record, "score": scores[record["prompt_id"]][record["seed"]]}
        for record in read_records([sampled], "completion")
        if best[record["prompt_id"]] == record["seed"]
    }


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
