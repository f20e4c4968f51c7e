"""Loads, makes and calls models and tokenizers through transformers. Knows nothing of objectives or of training.

Weights are float32 and dropout is 0 wherever a model is loaded, so two passes over the same tokens agree. A base is a local
folder or a hub name; code that comes with a model is never run.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from rlhf.config import PretrainConfig
from rlhf.cpu import speed_up
from rlhf.hub import is_hub_name
from rlhf.options import MachineOptions
from rlhf.types import InputError

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

PLAIN_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ':\n' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\n\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:\n' }}{% endif %}"
)
"""Given to a base model's tokenizer that has no template of its own."""
LOGIT_TRANSFORMS = ("final_logit_softcapping", "logit_scale", "logits_scaling")
"""Config entries of models that do more than a matrix product between hidden states and logits."""


def prepare_machine(options: MachineOptions) -> torch.device:
    """Sets the number of threads and the seed; returns the device to use."""
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    if options.device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "expected a CUDA device because of device = cuda, got none that PyTorch can see; use device = auto or cpu"
        )
    wants_cuda = options.device == "cuda" or (options.device == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if wants_cuda else "cpu")


def autocast(device: torch.device, dtype: str) -> AbstractContextManager[Any]:
    """Mixed precision if the dtype asks for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == "bfloat16")


def load_tokenizer(path: str | Path) -> PreTrainedTokenizerBase:
    """A tokenizer with EOS, a PAD that is not EOS, and a chat template (a plain one where it has none)."""
    tokenizer: PreTrainedTokenizerBase = _load(AutoTokenizer, path, "tokenizer")
    if tokenizer.eos_token_id is None:
        raise InputError(f"expected a tokenizer with an EOS token at {path}, got one without")
    if tokenizer.pad_token_id in (None, tokenizer.eos_token_id):
        tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE
    return tokenizer


def require_same_tokens(tokenizer: PreTrainedTokenizerBase, policy: str | Path, reward: str | Path) -> None:
    """Fails if the reward model reads other tokens than the policy writes, whose `tokenizer` is given."""
    if load_tokenizer(reward).get_vocab() != tokenizer.get_vocab():
        raise InputError(
            f"expected the reward model at {reward} to have the tokenizer of the policy at {policy}, got another vocabulary; "
            "train the reward model from this policy's family"
        )


def context_length(path: str | Path) -> int:
    """The most tokens that the model at `path` was made for; a very large number where its config does not say."""
    return int(getattr(_config(path).get_text_config(), "max_position_embeddings", None) or 2**31)


def load_policy(
    path: str | Path, dtype: torch.dtype = torch.float32, *, tokenizer: PreTrainedTokenizerBase | None = None
) -> PreTrainedModel:
    """A causal language model without dropout; grown if the tokenizer given has more tokens than the model."""
    config = _config(path)
    if "ForSequenceClassification" in str(config.architectures):
        raise InputError(
            f"expected a causal language model at {path}, got {config.architectures}, which scores instead of writing"
        )
    return speed_up(_fit(_load_weights(AutoModelForCausalLM, path, "causal language model", config, dtype), tokenizer))


def load_reward(path: str | Path, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """A reward model: a sequence classifier with one label whose bias is `config.reward_bias` (0 where it is absent)."""
    config = _config(path)
    if config.num_labels != 1 or "ForSequenceClassification" not in str(config.architectures):
        raise InputError(
            f"expected a reward model (sequence classification, one label) at {path}, got {config.architectures}"
        )
    config.reward_bias = float(getattr(config, "reward_bias", 0.0))
    return speed_up(_load_weights(AutoModelForSequenceClassification, path, "reward model", config, dtype))


def new_policy(config: PretrainConfig, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """A Llama-architecture model with random weights, input and output embeddings shared."""
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden_size,
        intermediate_size=-(-config.hidden_size * 8 // (3 * 16)) * 16,
        num_hidden_layers=config.num_layers,
        num_attention_heads=config.num_heads,
        num_key_value_heads=config.num_heads,
        max_position_embeddings=config.context_length,
        tie_word_embeddings=True,
        # Small init (arXiv 1910.05895); at a width of 128 the usual 0.02 delays copying by hundreds of steps.
        initializer_range=(2 / (5 * config.hidden_size)) ** 0.5,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(config.seed)
    return speed_up(LlamaForCausalLM(shape))


def load_rewards(
    paths: Sequence[str | Path], tokenizer: PreTrainedTokenizerBase, policy: str | Path, device: torch.device
) -> list[PreTrainedModel]:
    """Frozen reward models beside the first one, which read the policy's tokens."""
    models = []
    for path in paths:
        require_same_tokens(tokenizer, policy, path)
        model = load_reward(path).to(device).eval().requires_grad_(False)  # type: ignore[arg-type]
        models.append(cast(PreTrainedModel, model))
    return models


def new_reward(path: str | Path, tokenizer: PreTrainedTokenizerBase, seed: int) -> PreTrainedModel:
    """The policy at `path` with a fresh scalar head, N(0, 1 / (d + 1)) in variance (2009.01325, appendix B), and bias 0."""
    config = _config(path)
    config.num_labels, config.reward_bias = 1, 0.0
    model = _load_weights(
        AutoModelForSequenceClassification, path, "base model", config, torch.float32, new=("score.weight",)
    )
    model = _fit(model, tokenizer)
    head = _head(model).weight
    draws = torch.randn(head.shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        head.copy_(draws / (head.shape[-1] + 1) ** 0.5)
    return speed_up(model)


def hidden_states(
    model: PreTrainedModel,
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    position_ids: Tensor | None = None,
) -> Tensor:
    """(B, T, D): what the heads read. attention_mask None means: padding, if any, is on the right."""
    output = model.base_model(
        input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False
    )
    hidden: Tensor = output.last_hidden_state
    return hidden


def selected_logits(
    model: PreTrainedModel,
    input_ids: Tensor,
    positions: Tensor,
    attention_mask: Tensor | None = None,
    position_ids: Tensor | None = None,
) -> Tensor:
    """Logits (N, V) at the True entries of positions (B, T) bool, row by row; the other positions are never projected.

    attention_mask None means: padding, if any, is on the right, where causal attention never sees it.
    """
    if any(getattr(model.config, name, None) for name in LOGIT_TRANSFORMS):
        logits: Tensor = model(
            input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False
        ).logits
        return logits[positions]
    hidden = hidden_states(model, input_ids, attention_mask, position_ids)
    projected: Tensor = model.get_output_embeddings()(hidden[positions])
    return projected


def token_scores(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor | None = None, position_ids: Tensor | None = None
) -> Tensor:
    """(B, T) float32: the reward head on every token, plus config.reward_bias. A value model is read through this."""
    return _scores(model, hidden_states(model, input_ids, attention_mask, position_ids))


def reward_scores(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor, position_ids: Tensor | None = None
) -> Tensor:
    """(B,) float32: the score at each row's last counted token (its EOS). input_ids and attention_mask (B, T), True = counts."""
    columns = torch.arange(input_ids.shape[1], device=input_ids.device)
    last = (columns * attention_mask.long()).argmax(-1)
    is_right_padded = bool((attention_mask.sum(-1) == last + 1).all())
    hidden = hidden_states(model, input_ids, None if is_right_padded else attention_mask, position_ids)
    at_last = hidden[torch.arange(len(hidden), device=hidden.device), last]
    return _scores(model, at_last)


def _scores(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    """The head in float32 even under autocast: bfloat16 would round a score of 2 to steps of 1/64."""
    head = _head(model)
    with torch.autocast(hidden.device.type, enabled=False):
        scores: Tensor = head(hidden.to(head.weight.dtype))
    return scores.squeeze(-1).float() + float(getattr(model.config, "reward_bias", 0.0))


def _head(model: PreTrainedModel) -> nn.Linear:
    return cast(nn.Linear, model.score)


def _fit(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase | None) -> PreTrainedModel:
    if tokenizer is not None:
        if len(tokenizer) > cast(nn.Embedding, model.get_input_embeddings()).num_embeddings:
            model.resize_token_embeddings(len(tokenizer))
        model.config.pad_token_id = tokenizer.pad_token_id
    return model


def _config(path: str | Path) -> Any:
    config = _load(AutoConfig, path, "model config")
    for name, value in vars(config).items():
        if isinstance(value, float) and (name.endswith("dropout") or name.endswith("_pdrop")):
            setattr(config, name, 0.0)
    return config


def _load_weights(
    loader: Any, path: str | Path, what: str, config: Any, dtype: torch.dtype, new: tuple[str, ...] = ()
) -> PreTrainedModel:
    """A model all of whose weights come from the files, but for the `new` ones: transformers would draw absent ones at random."""
    loaded = _load(loader, path, what, config=config, dtype=dtype, use_safetensors=True, output_loading_info=True)
    model: PreTrainedModel = loaded[0]
    if missing := sorted(set(loaded[1]["missing_keys"]) - set(new)):
        raise InputError(
            f"expected all weights of a {what} at {path}, got none for {', '.join(missing[:3])} ({len(missing)} absent)"
        )
    return model


def _load(loader: Any, path: str | Path, what: str, **arguments: Any) -> Any:
    folder = Path(path)
    if folder.is_dir() and not (folder / "config.json").exists() and (folder / "model").is_dir():
        raise InputError(f"expected a {what} at {path}, got a work folder; the model in it is {folder / 'model'}")
    if not folder.is_dir() and not is_hub_name(str(path)):
        raise InputError(f"expected a {what} at {path} (a local folder or a hub name), got a path that is no folder")
    try:
        return loader.from_pretrained(str(path), trust_remote_code=False, **arguments)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"expected a {what} at {path} (a local folder or a hub name), got: {reason}") from error


def num_parameters(model: nn.Module) -> int:
    """Number of weights, shared ones once."""
    return sum(parameter.numel() for parameter in model.parameters())
