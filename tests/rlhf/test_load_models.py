"""Model folders that cannot be what was asked for are refused; nothing is silently drawn at random."""

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerBase

from rlhf.models import load_policy, load_reward, load_tokenizer, new_reward
from rlhf.types import InputError


def test_a_weight_that_is_absent_is_an_error_and_not_a_random_one(base_folder: Path, tokenizer) -> None:
    weights = load_file(base_folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, base_folder / "model.safetensors", metadata={"format": "pt"})
    for load in (load_policy, lambda folder: new_reward(folder, tokenizer, 1)):
        with pytest.raises(InputError, match=r"got none for model\.layers\.1\.mlp\.up_proj\.weight \(1 absent\)"):
            load(base_folder)


def test_a_reward_model_without_its_head_is_refused(
    base_folder: Path, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    new_reward(base_folder, tokenizer, 1).save_pretrained(tmp_path / "reward")
    weights = load_file(tmp_path / "reward" / "model.safetensors")
    del weights["score.weight"]
    save_file(weights, tmp_path / "reward" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"got none for score\.weight"):
        load_reward(tmp_path / "reward")


def test_a_file_that_is_cut_off_is_an_error_of_one_line(base_folder: Path) -> None:
    path = base_folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"expected a causal language model at .* got: ") as raised:
        load_policy(base_folder)
    assert "\n" not in str(raised.value)


def test_a_reward_model_does_not_pass_for_a_policy(
    base_folder: Path, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    new_reward(base_folder, tokenizer, 1).save_pretrained(tmp_path / "reward")
    with pytest.raises(InputError, match="scores instead of writing"):
        load_policy(tmp_path / "reward")


def test_a_path_that_is_not_there_is_not_asked_for_on_the_hub(tmp_path: Path) -> None:
    for load in (load_policy, load_tokenizer, load_reward):
        for path in (tmp_path / "tpyo", "./tpyo", "a/b/c"):
            with pytest.raises(InputError, match=r"\(a local folder or a hub name\), got a path that is no folder"):
                load(path)


def test_a_work_folder_is_answered_with_the_model_in_it(base_folder: Path, tmp_path: Path) -> None:
    base_folder.rename(tmp_path / "model")
    for load in (load_policy, load_tokenizer, load_reward):
        with pytest.raises(InputError, match=f"got a work folder; the model in it is {tmp_path / 'model'}"):
            load(tmp_path)
