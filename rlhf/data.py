"""Records to tokens: what the training loops iterate over. Knows records and sequences; knows nothing of models.

What does not fit is left out or cut, counted and reported, never silently dropped.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from rlhf.losses import Pairs, ranking_pairs
from rlhf.records import Record, read_records
from rlhf.sequences import Encoded, encode_contents, encode_conversations, encode_prompts
from rlhf.types import InputError, Report

Item = TypeVar("Item")

CHUNK_CHARACTERS = 65_536
CHUNK_RECORDS = 512
SORT_WINDOW_BATCHES = 32


class PackedText(NamedTuple):
    """Documents as one stream of tokens: <bos> text <eos> <bos> text <eos> ..."""

    tokens: Tensor  # (N,) int32
    num_bytes: int  # of the text behind them


class RankedCompletions(NamedTuple):
    """One ranking as tokens: prompt + completion + EOS, K times."""

    rows: list[list[int]]  # K rows
    ranks: list[int]  # (K,) dense, 1 = best
    completion_lengths: list[int]  # (K,) tokens, EOS included
    weight: float
    margin: float
    labeler: str = ""
    round: str = ""


class RankingBatch(NamedTuple):
    """Several rankings over one flat list of rows."""

    rows: list[list[int]]
    pairs: Pairs


def load_text(
    tokenizer: PreTrainedTokenizerBase,
    paths: list[Path],
    report: Report,
    *,
    name: str = "tokenize",
    max_tokens: int | None = None,
) -> PackedText:
    """All `text` records of the files as packed tokens; stops after max_tokens."""
    parts: list[Tensor] = []
    num_tokens = num_bytes = 0
    last = time.monotonic()
    for group in _groups(_chunks(paths, tokenizer)):
        encoded = encode_contents(tokenizer, [text for text, _, _ in group])
        flat: list[int] = []
        for (text, before, after), ids in zip(group, encoded, strict=True):
            flat += [*before, *ids, *after]
            num_bytes += len(text.encode())
        parts.append(torch.tensor(flat, dtype=torch.int32))
        num_tokens += len(flat)
        if time.monotonic() - last > 1:
            last = time.monotonic()
            report("log", {"text": f"{name}: {num_tokens:,} tokens from {num_bytes / 1e6:.1f} MB"})
        if max_tokens is not None and num_tokens >= max_tokens:
            break
    return PackedText(torch.cat(parts) if parts else torch.zeros(0, dtype=torch.int32), num_bytes)


def load_demonstrations(
    tokenizer: PreTrainedTokenizerBase, paths: list[Path], *, max_length: int, report: Report, limit: int | None = None
) -> list[Encoded]:
    """Conversations as tokens; one longer than max_length is cut at its end, and left out if nothing to learn remains."""
    examples: list[Encoded] = []
    num_cut = num_empty = 0
    records = islice(read_records(paths, "demonstration"), limit)
    for group in _groups(records):
        for encoded in encode_conversations(tokenizer, [record["messages"] for record in group]):
            num_cut += len(encoded.ids) > max_length
            kept = Encoded(encoded.ids[:max_length], encoded.weights[:max_length])
            if any(kept.weights[1:]):
                examples.append(kept)
            else:
                num_empty += 1
    if num_cut:
        report(
            "log",
            {
                "text": f"{num_cut} demonstrations are longer than {max_length} tokens: cut, {num_empty} of them left out"
            },
        )
    return examples


def load_final_answers(
    tokenizer: PreTrainedTokenizerBase, paths: list[Path], *, max_length: int, limit: int
) -> list[list[int]]:
    """Whole demonstrations that end with the assistant's message, as token rows that end with EOS; longer ones are left out."""
    rows: list[list[int]] = []
    records = (
        record for record in read_records(paths, "demonstration") if record["messages"][-1]["role"] == "assistant"
    )
    for group in _groups(islice(records, limit)):
        encoded = encode_conversations(tokenizer, [record["messages"] for record in group])
        rows += [row.ids for row in encoded if len(row.ids) <= max_length]
    return rows


def load_rankings(
    tokenizer: PreTrainedTokenizerBase,
    paths: list[Path],
    *,
    max_length: int,
    report: Report,
    limit: int | None = None,
    keep_tied: bool = False,
) -> list[RankedCompletions]:
    """Rankings as tokens; one without an untied pair, or with a row longer than max_length, is left out and counted.

    `keep_tied` keeps those in which all completions are tied.
    """
    rankings: list[RankedCompletions] = []
    num_tied = num_long = 0
    for group in _groups(islice(read_records(paths, "ranking"), limit)):
        for ranking in _encode_rankings(tokenizer, group):
            if (len(set(ranking.ranks)) < 2 and not keep_tied) or ranking.weight == 0:
                num_tied += 1
            elif max(map(len, ranking.rows)) > max_length:
                num_long += 1
            else:
                rankings.append(ranking)
    if num_tied or num_long:
        text = f"left out: {num_tied} rankings without an untied pair or weight, {num_long} with more than {max_length} tokens"
        report("log", {"text": text})
    return rankings


def completion_row(tokenizer: PreTrainedTokenizerBase, prompt: list[int], completion: list[int]) -> list[int]:
    """Prompt, completion and EOS: the row that a reward model scores at its last token."""
    eos_id = tokenizer.eos_token_id
    return [*prompt, *completion, *([] if completion and completion[-1] == eos_id else [eos_id])]


def balance_labelers(rankings: Sequence[RankedCompletions], balance: float) -> list[RankedCompletions]:
    """Divides each weight by its labeler's number of rankings to the power of `balance`; the weights keep their sum.

    0 = every ranking counts as it is given, 1 = every labeler counts alike, however many rankings they made.
    """
    counts = Counter(ranking.labeler for ranking in rankings)
    weights = [ranking.weight * counts[ranking.labeler] ** -balance for ranking in rankings]
    scale = sum(ranking.weight for ranking in rankings) / max(sum(weights), 1e-300)
    return [ranking._replace(weight=weight * scale) for ranking, weight in zip(rankings, weights, strict=True)]


def ranking_batch(rankings: Iterable[RankedCompletions], *, tie_weight: float = 0.0) -> RankingBatch:
    """Flattens rankings into rows and the pairs among them."""
    rankings = list(rankings)
    pairs = ranking_pairs(
        [ranking.ranks for ranking in rankings],
        weights=[ranking.weight for ranking in rankings],
        margins=[ranking.margin for ranking in rankings],
        tie_weight=tie_weight,
    )
    return RankingBatch([row for ranking in rankings for row in ranking.rows], pairs)


def epoch_batches(lengths: list[int], batch_size: int, *, seed: int, epoch: int) -> list[list[int]]:
    """Indices of one pass in batches of similar length: shuffled, sorted within windows of some batches, batches shuffled."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(lengths), generator=generator).tolist()
    window = batch_size * SORT_WINDOW_BATCHES
    batches: list[list[int]] = []
    for start in range(0, len(order), window):
        part = sorted(order[start : start + window], key=lambda index: lengths[index])
        batches += [part[place : place + batch_size] for place in range(0, len(part), batch_size)]
    return [batches[place] for place in torch.randperm(len(batches), generator=generator).tolist()]


def endless_batches(lengths: list[int], batch_size: int, *, seed: int, start_step: int = 0) -> Iterator[list[int]]:
    """Batches of pass after pass, from a given step on; the step and the seed alone decide what comes."""
    per_epoch = -(-len(lengths) // batch_size)
    epoch, skip = divmod(start_step, per_epoch)
    while True:
        yield from epoch_batches(lengths, batch_size, seed=seed, epoch=epoch)[skip:]
        epoch, skip = epoch + 1, 0


def _encode_rankings(tokenizer: PreTrainedTokenizerBase, records: list[Record]) -> Iterator[RankedCompletions]:
    prompts = encode_prompts(tokenizer, [record["prompt"] for record in records])
    contents = iter(encode_contents(tokenizer, [text for record in records for text in record["completions"]]))
    for record, prompt in zip(records, prompts, strict=True):
        rows = [completion_row(tokenizer, prompt, next(contents)) for _ in record["completions"]]
        lengths = [len(row) - len(prompt) for row in rows]
        weight, margin = record.get("weight"), record.get("margin")
        yield RankedCompletions(
            rows,
            record["ranks"],
            lengths,
            1.0 if weight is None else float(weight),
            float(margin or 0.0),
            _name(record.get("labeler")),
            _name(record.get("round")),
        )


def _name(value: object) -> str:
    return "" if value is None else str(value)


def _chunks(paths: list[Path], tokenizer: PreTrainedTokenizerBase) -> Iterator[tuple[str, list[int], list[int]]]:
    """(text, ids before, ids after): documents cut at line ends, so that a book is encoded on several threads."""
    before = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    for record in read_records(paths, "text"):
        text, start = record["text"], 0
        while start < len(text) or start == 0:
            end = (
                len(text)
                if len(text) - start <= CHUNK_CHARACTERS
                else text.rfind("\n", start, start + CHUNK_CHARACTERS) + 1
            )
            end = end if end > start else min(start + CHUNK_CHARACTERS, len(text))
            yield text[start:end], before if start == 0 else [], [tokenizer.eos_token_id] if end >= len(text) else []
            start = max(end, 1)


def _groups(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while group := list(islice(iterator, CHUNK_RECORDS)):
        yield group


def require(items: Sequence[object], what: str, paths: list[Path]) -> None:
    """Fails with the reason if nothing usable was read."""
    if not items:
        raise InputError(
            f"expected at least one usable {what} in {', '.join(map(str, paths)) or 'the files given'}, got none"
        )
