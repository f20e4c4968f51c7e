"""Completions as records and as shown text: sampling for a file of prompts, and one completion with its workings.

The engine below is decoding.py. A row's seed follows from (seed, prompt_id, k), so the completions of a prompt depend neither on
the other prompts of the file nor on an interruption.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rlhf.checkpoint import require_same_run, run_identity, sha256_of_folder, write_json
from rlhf.config import SampleConfig
from rlhf.data import require
from rlhf.decoding import Completions, Decoding, Request, generate
from rlhf.models import load_policy, load_tokenizer, prepare_machine
from rlhf.records import Record, read_records
from rlhf.sampling import derived_seed
from rlhf.sequences import encode_prompt, encode_prompts
from rlhf.types import InputError, Report, ignore_report
from rlhf.vllm_engine import VllmEngine, require_vllm

NUM_TOP_TOKENS = 5
BATCHES_PER_WRITE = 4
"""So many times batch_size rows share the engine, those that end making room for others; a kill loses at most these."""


class Wanted(NamedTuple):
    """One completion to be written."""

    prompt_id: str
    request: Request


def sample_completions(
    config: SampleConfig, *, policy: str | Path, prompts: list[Path], output: Path, report: Report = ignore_report
) -> dict[str, Any]:
    """Append one completion record per (prompt, k) to output/completions.jsonl; return and store output/summary.json.

    A run that was killed goes on after the last whole record; a finished run is not repeated.
    """
    output.mkdir(parents=True, exist_ok=True)
    summary_path, completions_path = output / "summary.json", output / "completions.jsonl"
    identity = run_identity(config, policy=policy, prompts=prompts)
    if completions_path.exists():
        require_same_run(output, output / "identity.json", identity)
    if summary_path.exists():
        report("log", {"text": f"{output} holds these completions already. To sample anew, give another output folder"})
        summary: dict[str, Any] = json.loads(summary_path.read_text(encoding="utf-8"))
        return summary
    require_vllm(config.engine)
    device = prepare_machine(config)
    tokenizer = load_tokenizer(policy)
    model = load_policy(policy, tokenizer=tokenizer).eval()
    wanted = wanted_completions(config, tokenizer, list(read_records(prompts, "prompt")))
    require(wanted, "prompt", prompts)
    check_lengths(model, wanted, config.max_new_tokens)
    checkpoint = sha256_of_folder(Path(policy)) if Path(policy).is_dir() else str(policy)
    write_json(output / "identity.json", identity)
    written = _written_seeds(completions_path)
    missing = [item for item in wanted if (item.prompt_id, item.request.seed) not in written]
    # Rows of similar length share a batch; the longest first, so that a lack of memory shows at once.
    missing.sort(key=lambda item: -len(item.request.prompt))
    started, num_tokens = time.monotonic(), 0
    with (
        completions_path.open("a", encoding="utf-8") as file,
        sampler(config, model, tokenizer, device, longest=max(len(item.request.prompt) for item in wanted)) as complete,
    ):
        for start in range(0, len(missing), config.batch_size * BATCHES_PER_WRITE):
            batch = missing[start : start + config.batch_size * BATCHES_PER_WRITE]
            completions = complete([item.request for item in batch])
            num_tokens += int(completions.mask.sum())
            for record in completion_records(tokenizer, batch, completions, checkpoint):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            done = len(wanted) - len(missing) + start + len(batch)
            report("phase", {"name": "sample", "done": done, "total": len(wanted)})
    summary = _summary(completions_path, tokenizer.eos_token_id, checkpoint)
    summary["tokens_per_second"] = num_tokens / max(time.monotonic() - started, 1e-9)
    write_json(summary_path, summary)
    return summary


@contextmanager
def sampler(
    config: SampleConfig, model: Any, tokenizer: Any, device: torch.device, *, longest: int
) -> Iterator[Callable[[Sequence[Request]], Completions]]:
    """What completes requests on `device`, with prompts of at most `longest` tokens. With vLLM the model stays where it is."""
    limits = {
        "max_new_tokens": config.max_new_tokens,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if config.engine == "own":
        yield partial(generate, model.to(device), **limits, dtype=config.dtype, max_rows=config.batch_size)
        return
    engine = VllmEngine(
        model,
        device=device,
        dtype=config.dtype,
        max_length=longest + config.max_new_tokens,
        max_rows=config.batch_size,
        is_cut=config.top_p < 1,
    )
    try:
        yield partial(engine.generate, **limits)
    finally:
        engine.close()


def wanted_completions(config: SampleConfig, tokenizer: Any, prompts: Sequence[Record]) -> list[Wanted]:
    """completions_per_prompt rows for each prompt record; a record without prompt_id is known by its place in the files."""
    rows = encode_prompts(tokenizer, [record["prompt"] for record in prompts])
    given = [record.get("prompt_id") for record in prompts]
    names = [f"row-{place}" if name is None else str(name) for place, name in enumerate(given, start=1)]
    if len(set(names)) != len(names):
        repeated = next(name for place, name in enumerate(names) if name in names[:place])
        raise InputError(f"expected every prompt_id once, got {repeated!r} more than once; remove the repeated prompts")
    return [
        Wanted(name, Request(row, config.temperature, config.top_p, derived_seed(config.seed, name, k)))
        for name, row in zip(names, rows, strict=True)
        for k in range(config.completions_per_prompt)
    ]


def check_lengths(model: Any, wanted: Sequence[Wanted], max_new_tokens: int) -> None:
    """Fails, naming the prompts, if some leave no room for a completion in the model's context."""
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    lengths = {item.prompt_id: len(item.request.prompt) for item in wanted}
    long = [name for name, length in lengths.items() if context is not None and length + max_new_tokens > context]
    if long:
        raise InputError(
            f"{len(long)} of {len(lengths)} prompts and max_new_tokens = {max_new_tokens} are together more than the model's "
            f"context of {context} tokens: {', '.join(f'{name} ({lengths[name]} tokens)' for name in long[:5])}; leave them "
            "out or lower max_new_tokens"
        )


def completion_records(
    tokenizer: Any, batch: Sequence[Wanted], completions: Completions, checkpoint: str
) -> Iterator[Record]:
    """A `completion` record for each row of a finished batch; `logprob` is the sum of `token_logprobs`."""
    counts = completions.mask.sum(dim=1).tolist()
    tokens, logprobs = completions.tokens.tolist(), completions.logprobs.tolist()
    for place, (item, count) in enumerate(zip(batch, counts, strict=True)):
        token_ids = tokens[place][:count]
        yield {
            "prompt_id": item.prompt_id,
            "text": tokenizer.decode(token_ids, skip_special_tokens=True),
            "token_ids": token_ids,
            "logprob": sum(logprobs[place][:count]),
            "token_logprobs": [round(value, 5) for value in logprobs[place][:count]],
            "seed": item.request.seed,
            "temperature": item.request.temperature,
            "top_p": item.request.top_p,
            "checkpoint": checkpoint,
        }


@torch.no_grad()
def token_probabilities(
    policy: Any,
    tokenizer: Any,
    messages: list[dict[str, Any]],
    temperature: float = 1.0,
    top_p: float = 1.0,
    max_new_tokens: int = 64,
    seed: int = 0,
) -> dict[str, Any]:
    """One completion with its workings: each token's probability, and the likeliest five at its place.

    `probability` and `top` are those of the raw model (temperature 1, no top-p); `sampled_probability` is the chance after
    temperature and top-p. Returns {"text", "finish_reason": "eos" or "length", "tokens": [{"id", "text", "probability",
    "sampled_probability", "top": [{"id", "text", "probability"}]}]}.
    """
    request = Request(encode_prompt(tokenizer, messages), temperature, top_p, seed)
    eos_token_id = tokenizer.eos_token_id
    decoding = Decoding(
        policy,
        [request],
        max_new_tokens=max_new_tokens,
        eos_token_id=eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    tokens: list[dict[str, Any]] = []
    while decoding.is_open:
        step = decoding.step()
        distribution = torch.softmax(step.logits[0].float(), dim=-1)
        token = int(step.tokens[0])
        likeliest = distribution.topk(min(NUM_TOP_TOKENS, distribution.shape[0])).indices.tolist()
        tokens.append(
            {
                **_shown(tokenizer, token, distribution),
                "sampled_probability": float(step.probabilities[0]),
                "top": [_shown(tokenizer, other, distribution) for other in likeliest],
            }
        )
    ids = [token["id"] for token in tokens]
    return {
        "text": tokenizer.decode(ids, skip_special_tokens=True),
        "finish_reason": "eos" if ids[-1] == eos_token_id else "length",
        "tokens": tokens,
    }


def _shown(tokenizer: Any, token: int, distribution: Tensor) -> dict[str, Any]:
    return {"id": token, "text": tokenizer.decode([token]), "probability": float(distribution[token])}


def _written_seeds(path: Path) -> set[tuple[str, int]]:
    """What an earlier attempt wrote; its last line is cut away if it is not whole."""
    if not path.exists():
        return set()
    end = 0
    with path.open("r+b") as file:
        for line in file:
            end += len(line) if line.endswith(b"\n") else 0
        file.truncate(end)
    return {(record["prompt_id"], record["seed"]) for record in read_records([path], "completion")}


def _summary(path: Path, eos_token_id: int, checkpoint: str) -> dict[str, Any]:
    num_completions = num_tokens = num_ended = 0
    for record in read_records([path], "completion"):
        num_completions += 1
        num_tokens += len(record["token_ids"])
        num_ended += record["token_ids"][-1] == eos_token_id
    return {
        "num_completions": num_completions,
        "mean_length": num_tokens / num_completions,
        "eos_share": num_ended / num_completions,
        "checkpoint": checkpoint,
    }
