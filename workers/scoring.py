"""Scores of sampled completions by several reward models, for active sampling. Runs inside the actor; knows no Django."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def completions_score(
    completions: Path,
    prompts: Sequence[Path],
    rewards: Sequence[str | Path],
    device: str,
    report: Callable[..., object],
) -> Path:
    """A copy of the file, `scored.jsonl` beside it, in which each record has `scores`: one of each reward model, in their order.

    The copy appears whole; one that is there already is returned as it is.
    """
    from rlhf.evaluate import score_completions
    from rlhf.records import read_records

    scored = completions.with_name("scored.jsonl")
    if scored.exists():
        return scored
    messages = {record["prompt_id"]: record["prompt"] for record in read_records(list(prompts), "prompt")}
    records: list[dict[str, Any]] = [json.loads(line) for line in completions.read_text(encoding="utf-8").splitlines()]
    texts = [(messages[record["prompt_id"]], record["text"]) for record in records]
    columns = []
    for number, reward in enumerate(rewards, start=1):
        columns.append(score_completions(reward=reward, records=texts, device=device))
        report("phase", {"name": "score completions", "done": number, "total": len(rewards)})
    part = scored.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for record, *scores in zip(records, *columns, strict=True):
            file.write(json.dumps({**record, "scores": scores}, ensure_ascii=False) + "\n")
    part.replace(scored)
    return scored
