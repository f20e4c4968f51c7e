"""Which engine samples: what is refused and why, the weights that are handed over, and the memory they take. vLLM itself is not needed."""

import sys
from pathlib import Path

import pytest
import torch

from rlhf import vllm_engine
from rlhf.__main__ import main
from rlhf.config import PpoConfig, SampleConfig
from rlhf.lora import add_adapter, merged_weights
from rlhf.memory import plan_online
from rlhf.types import InputError
from rlhf.vllm_engine import REQUIREMENTS, require_vllm
from tests.rlhf.architectures import lively_model

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", ["sample", "best-of", "rft", "ppo", "rloo", "grpo"])
def test_every_command_that_samples_says_what_to_install(
    command: str, folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    arguments = ["--policy", str(folders / "policy"), "--prompts", str(folders / "prompts.jsonl")]
    arguments += [] if command == "sample" else ["--reward", str(folders / "reward")]
    arguments += ["--max-new-tokens", "8", "--engine", "vllm", "--output", str(tmp_path / "out")]
    assert main([command, *arguments]) == 2
    assert f"expected vLLM because of engine = vllm, got a Python without it; pip install -r {REQUIREMENTS}" in (
        capsys.readouterr().err
    )
    assert (ROOT / REQUIREMENTS).exists()
    assert not list(tmp_path.glob("out/**/completions.jsonl"))


def test_workers_do_not_each_start_a_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_engine, "num_workers", lambda: 2)
    with pytest.raises(InputError, match="expected one process with engine = vllm, got 2 workers"):
        require_vllm("vllm")
    require_vllm("own")


@pytest.mark.parametrize(("temperature", "top_p"), [(0.7, 0.9), (0.005, 1.0)])
def test_vllm_is_not_asked_for_log_probabilities_that_it_cannot_tell(temperature: float, top_p: float) -> None:
    SampleConfig(temperature=temperature, top_p=top_p)
    with pytest.raises(InputError, match=f"got temperature {temperature:g} and top_p {top_p:g}; change one of them"):
        SampleConfig(temperature=temperature, top_p=top_p, engine="vllm")


@pytest.mark.parametrize(("temperature", "top_p"), [(0.0, 0.9), (1.0, 0.9), (0.7, 1.0), (0.01, 1.0)])
def test_vllm_takes_every_other_temperature_and_top_p(temperature: float, top_p: float) -> None:
    assert SampleConfig(temperature=temperature, top_p=top_p, engine="vllm").engine == "vllm"


@pytest.mark.parametrize("name", ["llama", "qwen2", "gpt2"])
def test_weights_with_an_adapters_changes_are_those_of_the_merged_model(name: str) -> None:
    model = lively_model(name)
    plain = {key: value.clone() for key, value in merged_weights(model)}
    assert {key: value.shape for key, value in plain.items()} == {
        key: value.shape for key, value in model.state_dict().items()
    }
    adapter = add_adapter(model, 2, seed=1)
    assert adapter is not None
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3)) * 0.3)
    found = {key: value.clone() for key, value in merged_weights(model)}
    expected = adapter.merge_and_unload().state_dict()
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, msg=lambda text, key=key: f"{key}: {text}")
    assert any(not torch.equal(found[key], plain[key]) for key in plain)


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("bfloat16", 2)])
def test_the_memory_plan_counts_vllms_copy_of_the_weights_and_its_pages(dtype: str, size: int) -> None:
    model = lively_model("gpt2")
    config = PpoConfig(engine="vllm", dtype=dtype, generation_batch_size=5, max_prompt_length=300)
    weights = (
        sum(weight.numel() for weight in model.parameters()) + 97 * 32
    )  # the head is shared here, and apart in the copy
    pages = (
        6 * 128 * 2 * 2 * 32
    )  # a context of 64 makes one page of 128 a row; keys and values, 2 layers, a width of 32
    assert plan_online([model], [], config, 16).cache == size * (weights + pages)
