"""vLLM in place of decoding.py's engine: requests in, completions out, from a model whose weights are pushed in before each batch.

vLLM keeps a copy of the model of its own, in its own precision, beside the one that learns. It runs inside this process, so that
weights go over in memory and what is scheduled together does not depend on the clock. Before the first completion both models read
the same tokens: vLLM has code of its own for each architecture, and one that reads the weights otherwise is refused. Knows token
ids only. vLLM is not among the requirements and is imported when an engine is made.
"""

import copy
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from rlhf.decoding import Completions, Request, check_requests
from rlhf.lora import merged_weights
from rlhf.memory import copy_bytes, free_bytes, page_bytes
from rlhf.parallel import num_workers
from rlhf.sequences import right_pad
from rlhf.types import InputError

REQUIREMENTS = "requirements-vllm.txt"
NUM_CHECKED_TOKENS = 8
TOLERANCE = {"float32": 1e-2, "bfloat16": 0.5}
"""Between log-probabilities of one token as both models see it. A wrong weight makes them differ by whole nats."""
HEADLESS = ("Gemma2ForCausalLM",)
"""Models that have no head but their embeddings in vLLM."""
SHARE_TO_SPARE = 1.2
"""Of the memory that vLLM is told it may count on; its activations need some beside weights and cache."""


def require_vllm(engine: str) -> None:
    """Fails, saying what to install, if vLLM is asked for and absent; and where several workers would each start one."""
    if engine != "vllm":
        return
    if num_workers() > 1:
        raise InputError(f"expected one process with engine = vllm, got {num_workers()} workers; take engine = own")
    if importlib.util.find_spec("vllm") is None:
        raise InputError(
            f"expected vLLM because of engine = vllm, got a Python without it; pip install -r {REQUIREMENTS}, or take "
            "engine = own, which needs nothing"
        )


class VllmEngine:
    """A running vLLM, at most `max_rows` requests side by side, none with its completion longer than `max_length`. Close it."""

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        device: torch.device,
        dtype: str,
        max_length: int,
        max_rows: int,
        is_cut: bool = False,
    ) -> None:
        """`is_cut`: requests have a top_p below 1, and a temperature of 0 or 1."""
        # In this process; and what it says at every start is for its developers.
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        import vllm
        from vllm.platforms import current_platform

        if current_platform.device_type != device.type:
            raise InputError(
                f"expected a vLLM for {device.type}, got one for {current_platform.device_type or 'no device that is here'}; "
                f"set device = {current_platform.device_type or 'cpu'}, install another build of vLLM, or take engine = own"
            )
        context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or max_length
        self.new_params, self.model, self.dtype = vllm.SamplingParams, model, dtype
        self.max_length = max_length = min(max_length, context)
        cache = page_bytes(model, dtype, num_rows=max_rows, length=max_length)
        total = torch.cuda.mem_get_info(device)[1] if device.type == "cuda" else free_bytes(device)
        self.folder = tempfile.TemporaryDirectory(prefix="rlhf-vllm-")
        self.llm: Any = None
        try:
            _save_config(model, self.folder.name)
            self.llm = vllm.LLM(
                model=self.folder.name,
                load_format="dummy",
                skip_tokenizer_init=True,
                generation_config="vllm",
                dtype=dtype,
                max_model_len=max_length,
                max_num_seqs=max_rows,
                kv_cache_memory_bytes=cache,
                gpu_memory_utilization=min(0.95, SHARE_TO_SPARE * (cache + copy_bytes(model, dtype)) / total),
                # Temperature counts in both; the first divides by what top-p leaves, the second knows no temperature but 1.
                logprobs_mode="raw_logprobs" if is_cut else "processed_logprobs",
                enforce_eager=device.type == "cpu",
                seed=0,  # of what has no seed of its own; every request has one
            )
            self.load()
            self._require_same_numbers()
        except (ValueError, RuntimeError) as error:
            self.close()
            if isinstance(error, InputError):
                raise
            reason = " ".join(str(error).split())[:400]
            raise InputError(
                f"expected vLLM to take a {type(model).__name__}, {max_rows} rows of {max_length} tokens side by side, got: {reason}; "
                "lower the rows or the lengths, or take engine = own"
            ) from error

    def load(self) -> None:
        """Copies the model's weights, as they are now, over vLLM's; an adapter's changes are added on the way."""
        with torch.no_grad():
            weights = merged_weights(self.model)
            if type(self.model).__name__ in HEADLESS:
                weights = ((name, weight) for name, weight in weights if not name.startswith("lm_head."))
            self.llm.collective_rpc("reload_weights", kwargs={"weights_iterator": weights})
        # What stands in the cache was computed with other weights.
        if not self.llm.reset_prefix_cache():
            raise RuntimeError("vLLM kept keys and values of other weights")

    def generate(
        self, requests: Sequence[Request], *, max_new_tokens: int, eos_token_id: int, pad_token_id: int
    ) -> Completions:
        """Complete all requests; the result has their order and is on the model's device."""
        check_requests(self.model, requests, max_new_tokens)
        params = [
            self.new_params(
                temperature=request.temperature,
                top_p=request.top_p if request.temperature else 1.0,
                seed=request.seed,
                max_tokens=max_new_tokens,
                stop_token_ids=[eos_token_id],
                ignore_eos=True,  # what ends a row is the line above, not what a config says
                logprobs=0,  # of the drawn token alone
                detokenize=False,
            )
            for request in requests
        ]
        prompts = [{"prompt_token_ids": request.prompt} for request in requests]
        found = [output.outputs[0] for output in self.llm.generate(prompts, params, use_tqdm=False)]
        return _completions(found, eos_token_id, pad_token_id, self.model.device)

    def close(self) -> None:
        """Gives vLLM's memory back."""
        if self.llm is not None:
            self.llm.llm_engine.engine_core.shutdown()
            self.llm = None
        self.folder.cleanup()

    def _require_same_numbers(self) -> None:
        """Fails unless both models give the same tokens the same log-probabilities, up to rounding."""
        vocabulary = self.model.config.get_text_config().vocab_size
        prompt = [(7 * place + 3) % vocabulary for place in range(NUM_CHECKED_TOKENS)]
        count = min(NUM_CHECKED_TOKENS, self.max_length - len(prompt))
        if count < 1:
            return
        found = self.generate([Request(prompt, 0.0, 1.0, 0)], max_new_tokens=count, eos_token_id=0, pad_token_id=0)
        ids = torch.cat([torch.tensor([prompt], device=found.tokens.device), found.tokens], dim=1)
        with torch.no_grad():
            logits = self.model(input_ids=ids, use_cache=False).logits[:, len(prompt) - 1 : -1]
        ours = logits.float().log_softmax(-1).gather(-1, found.tokens[..., None])[..., 0]
        gap = float((ours - found.logprobs)[found.mask].abs().max())
        if not gap <= TOLERANCE[self.dtype]:
            raise InputError(
                f"expected vLLM to read {type(self.model).__name__} as it is trained, got log-probabilities that differ by {gap:.2g} "
                f"(limit {TOLERANCE[self.dtype]}); take engine = own"
            )


def _save_config(model: PreTrainedModel, folder: str) -> None:
    """What vLLM builds the model from. Its head is a matrix apart where it can be: a shared one, packed, may keep old weights."""
    config: Any = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__]
    config.tie_word_embeddings = type(model).__name__ in HEADLESS
    config.save_pretrained(folder)


def _completions(found: Sequence[Any], eos_token_id: int, pad_token_id: int, device: torch.device) -> Completions:
    """vLLM's completions of the requests, one each, as tensors."""
    rows = [list(row.token_ids) for row in found]
    drawn = [[step[token].logprob for step, token in zip(row.logprobs, row.token_ids, strict=True)] for row in found]
    tokens, mask = right_pad(rows, pad_token_id)
    logprobs = torch.zeros(mask.shape)
    logprobs[mask] = torch.tensor([value for row in drawn for value in row])
    has_eos: Tensor = torch.tensor([row[-1] == eos_token_id for row in rows])
    return Completions(tokens.to(device), mask.to(device), logprobs.to(device), has_eos.to(device))
