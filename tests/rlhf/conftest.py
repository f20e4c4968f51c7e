"""One tiny tokenizer and one tiny model for all tests of the trainers."""

import os
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rlhf.checkpoint import save_model
from rlhf.config import PretrainConfig, TokenizerConfig
from rlhf.models import load_tokenizer, new_policy, new_reward
from rlhf.ppo_phases import PpoState
from rlhf.records import write_records
from rlhf.tokenizer import train_tokenizer
from tests.rlhf.ppo_cast import CONFIG, state_from

torch.set_num_threads(1)

# Run by make test-vllm, in an environment that has it. Left out rather than skipped: a skipped test fails continuous integration.
collect_ignore = [] if find_spec("vllm") else ["test_sample_with_vllm.py"]

ANIMALS, FOODS, PLACES = ("cat", "dog", "owl"), ("bread", "soup"), ("sea", "door")


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    texts = [f"The {animal} eats {food} by the {place}." for animal in ANIMALS for food in FOODS for place in PLACES]
    write_records(folder / "texts.jsonl", [{"text": text} for text in texts])
    train_tokenizer(TokenizerConfig(vocab_size=300), texts=[folder / "texts.jsonl"], output=folder / "out")
    return folder / "out" / "model"


@pytest.fixture(scope="session")
def tokenizer(tokenizer_folder: Path) -> PreTrainedTokenizerBase:
    return load_tokenizer(tokenizer_folder)


@pytest.fixture
def policy(tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    config = PretrainConfig(hidden_size=32, num_layers=2, num_heads=2, context_length=64, tokens_per_batch=64)
    model = new_policy(config, tokenizer).eval()
    with torch.no_grad():  # one small scale whatever the width, so that tolerances in float32 mean the same everywhere
        for parameter in model.parameters():
            if parameter.ndim >= 2:
                parameter *= 0.02 / parameter.std()
    return model


@pytest.fixture
def base_folder(policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tmp_path: Path) -> Path:
    """The tiny policy as a model folder."""
    folder = tmp_path / "base"
    policy.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def folders(tmp_path: Path, policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Path:
    """What PPO starts from: policy, reward and prompts.jsonl in one folder."""
    save_model(policy, tokenizer, tmp_path / "policy", {"role": "policy"})
    reward = new_reward(tmp_path / "policy", tokenizer, 1)
    reward.config.reward_bias = 0.5
    save_model(reward, tokenizer, tmp_path / "reward", {"role": "reward"})
    rows = [{"prompt": f"The {word} eats {place}"} for word in ("cat", "owl", "dog", "x") for place in range(20)]
    write_records(tmp_path / "prompts.jsonl", rows)
    return tmp_path


@pytest.fixture
def state(folders: Path, tokenizer: PreTrainedTokenizerBase) -> PpoState:
    """The tiny models before their first update."""
    return state_from(folders, tokenizer, CONFIG)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a GPU, what is marked gpu is left out."""
    left_out = [] if torch.cuda.is_available() else [item for item in items if item.get_closest_marker("gpu")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
