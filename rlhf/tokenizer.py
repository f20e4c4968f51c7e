"""Trains a byte-level BPE tokenizer with a chat template. Knows nothing of models."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from rlhf.checkpoint import run_identity, stored_summary, write_folder, write_json
from rlhf.config import TokenizerConfig
from rlhf.records import read_records
from rlhf.sequences import CHAT_TEMPLATE
from rlhf.types import InputError, Report, ignore_report

SPECIAL_TOKENS = ("<|pad|>", "<|bos|>", "<|eos|>", "<|system|>", "<|user|>", "<|assistant|>")


def train_tokenizer(
    config: TokenizerConfig, *, texts: list[Path], output: Path, report: Report = ignore_report
) -> dict[str, Any]:
    """Writes output/model (loads with AutoTokenizer) and output/summary.json; text fields of `text` records are read.

    The pre-tokenizer splits at words and at runs of signs, so no merge can spell a special token and take its id.
    """
    identity = run_identity(config, texts=texts)
    if (summary := stored_summary(output, identity=identity, report=report)) is not None:
        return summary
    started = time.monotonic()
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocab_size,
        min_frequency=config.min_frequency,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    counts = {"bytes": 0}
    backend.train_from_iterator(_pieces(texts, config.max_megabytes, counts, report), trainer)
    if not counts["bytes"]:
        raise InputError(f"expected text in {', '.join(map(str, texts)) or 'at least one file'}, got none")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="<|pad|>",
        bos_token="<|bos|>",
        eos_token="<|eos|>",
        additional_special_tokens=["<|system|>", "<|user|>", "<|assistant|>"],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
    summary = {"vocab_size": len(tokenizer), "bytes": counts["bytes"], "seconds": time.monotonic() - started}
    write_json(output / "summary.json", summary)
    write_json(output / "identity.json", identity)
    write_folder(output / "model", tokenizer.save_pretrained)
    return summary


def _pieces(texts: list[Path], max_megabytes: float, counts: dict[str, int], report: Report) -> Iterator[str]:
    wanted = int(max_megabytes * 1e6)
    last = time.monotonic()
    for record in read_records(texts, "text"):
        room = wanted - counts["bytes"]
        if room <= 0:
            break
        text = record["text"][:room]
        counts["bytes"] += len(text.encode())
        if time.monotonic() - last > 1:
            last = time.monotonic()
            report("phase", {"name": "read text (bytes)", "done": min(counts["bytes"], wanted), "total": wanted})
        yield text
