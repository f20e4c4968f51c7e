"""The last look of the demo: fresh completions of every policy on test prompts, the gold judge's verdict, and the report's figures.

It reads checkpoints and snapshots where the site stored them and knows nothing of how they got there. Every judged text is
written beside the report, so that anyone can judge again.
"""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from demo import domain, judge, report

SAMPLES_PER_PROMPT = 2
MAX_NEW_TOKENS = 64
CHUNK = 128

Texts = dict[str, list[str]]
"""Prompt id to its completions."""


def completions(policy: Path, prompts: list[dict], *, few_shot: bool, on_chunk: Callable[[int], Any]) -> Texts:
    """Sample SAMPLES_PER_PROMPT completions of each prompt at temperature 1; a base model is shown examples instead of a template."""
    from rlhf.decoding import Request, generate  # torch takes seconds to import: only here, at the end
    from rlhf.models import load_policy, load_tokenizer
    from rlhf.sequences import encode_contents, encode_prompt

    tokenizer, model = load_tokenizer(policy), load_policy(policy)
    model.train(False)
    requests, owners = [], []
    for index, prompt in enumerate(prompts):
        if few_shot:
            text = domain.few_shot_prompt(prompt["prompt"], seed=index)
            tokens = [tokenizer.bos_token_id, *encode_contents(tokenizer, [text])[0]]
        else:
            tokens = encode_prompt(tokenizer, prompt["prompt"])
        for number in range(SAMPLES_PER_PROMPT):
            requests.append(Request(tokens, 1.0, 1.0, seed=index * SAMPLES_PER_PROMPT + number))
            owners.append(prompt["prompt_id"])
    texts: Texts = {}
    for start in range(0, len(requests), CHUNK):
        chunk = requests[start : start + CHUNK]
        made = generate(
            model,
            chunk,
            max_new_tokens=MAX_NEW_TOKENS,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        for row, owner in enumerate(owners[start : start + len(chunk)]):
            text = str(tokenizer.decode(made.tokens[row][made.mask[row]], skip_special_tokens=True))
            texts.setdefault(owner, []).append(domain.few_shot_reply(text) if few_shot else text)
        on_chunk(len(chunk))
    return texts


def gold_scores(prompts: list[dict], texts: Texts) -> dict[str, list[float]]:
    """Return the gold judge's score of every text."""
    return {row["prompt_id"]: [judge.gold(row["prompt"], text) for text in texts[row["prompt_id"]]] for row in prompts}


def gold_figures(prompts: list[dict], texts: dict[str, Texts]) -> dict[str, Any]:
    """Return the report's `gold` block from the texts of base, sft, round1 and round2."""
    scores = {name: gold_scores(prompts, made) for name, made in texts.items()}
    other = report.shuffled_prompts([row["prompt_id"] for row in prompts])
    moved = {prompt_id: texts["round2"][other[prompt_id]] for prompt_id in other}
    return {
        "sft_over_base": report.win_rate(scores["sft"], scores["base"]),
        "ppo_over_sft": report.win_rate(scores["round1"], scores["sft"]),
        "round2_over_round1": report.win_rate(scores["round2"], scores["round1"]),
        "round2_over_sft": report.win_rate(scores["round2"], scores["sft"]),
        "shuffled": report.win_rate(gold_scores(prompts, moved), scores["sft"]),
        "mean_score": {name: _mean(value for row in made.values() for value in row) for name, made in scores.items()},
        "mean_words": {
            name: _mean(len(text.split()) for row in made.values() for text in row) for name, made in texts.items()
        },
    }


def write_judged(path: Path, prompts: list[dict], texts: dict[str, Texts]) -> None:
    """Write one line for each judged text: its prompt, its model, the gold score and the attributes behind it."""
    with path.open("w", encoding="utf-8") as file:
        for row in prompts:
            for name, made in texts.items():
                for text in made[row["prompt_id"]]:
                    found = {
                        "gold": judge.gold(row["prompt"], text),
                        "attributes": judge.attributes(row["prompt"], text),
                    }
                    line = {
                        "prompt_id": row["prompt_id"],
                        "prompt": row["prompt"],
                        "model": name,
                        "text": text,
                        **found,
                    }
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")


def reward_figures(reward: Path, rankings: list[dict]) -> dict[str, Any]:
    """Return accuracy of the reward model on held-out rankings, beside the gold judge's on the same and the longer text's."""
    from rlhf.evaluate import score_completions

    records = [(ranking["prompt"], text) for ranking in rankings for text in ranking["completions"]]
    scored = iter(score_completions(reward=reward, records=records))
    known = {(json.dumps(messages), text): next(scored) for messages, text in records}
    accuracy = report.pair_accuracy(rankings, lambda messages, text: known[json.dumps(messages), text])
    return {
        "accuracy": accuracy["rate"],
        "low": accuracy["low"],
        "high": accuracy["high"],
        "n": accuracy["n"],
        "ceiling": report.pair_accuracy(rankings, judge.gold)["rate"],
        "length_baseline": report.pair_accuracy(rankings, report.length_score)["rate"],
    }


def read_snapshot(folder: Path, splits: Iterable[str]) -> list[dict]:
    """Return the records of the named splits of a sealed snapshot."""
    rows: list[dict] = []
    for split in splits:
        for part in sorted(folder.glob(f"{split}-*.jsonl.gz")):
            with gzip.open(part, "rt", encoding="utf-8") as file:
                rows.extend(json.loads(line) for line in file)
    return rows


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 4)
