"""One tiny tokenizer and one tiny model for all tests of the trainers."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.config import PretrainConfig
from rlhf.models import new_policy

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from rlhf.config import TokenizerConfig
    from rlhf.records import write_records
    from rlhf.tokenizer import train_tokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    texts = [
        f"The {animal} eats {food} by the {place}."
        for animal in ("cat", "dog", "owl")
        for food in ("bread", "soup")
        for place in ("sea", "door")
    ]
    write_records(folder / "texts.jsonl", [{"text": text} for text in texts])
    train_tokenizer(TokenizerConfig(vocab_size=300), texts=[folder / "texts.jsonl"], output=folder / "out")
    return folder / "out" / "model"


@pytest.fixture(scope="session")
def tokenizer(tokenizer_folder: Path) -> PreTrainedTokenizerBase:
    from rlhf.models import load_tokenizer

    return load_tokenizer(tokenizer_folder)


@pytest.fixture
def policy(tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    return new_policy(
        PretrainConfig(hidden_size=32, num_layers=2, num_heads=2, context_length=64, tokens_per_batch=64), tokenizer
    ).eval()
