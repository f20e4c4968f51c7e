"""The workload of `python -m rlhf bench`, for the peers' environments, which hold neither our code nor ours theirs.

Llamas of random weights with heads of 64, prompts of 16 to 64 random words, a tokenizer whose words are w0, w1, ...; 0 is PAD,
1 EOS, 2 BOS. Each script ends in one JSON line.
"""

import argparse
import json
import random
import resource
import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification


def read_options() -> argparse.Namespace:
    """The options of our bench, and the machine set to them."""
    parser = argparse.ArgumentParser()
    for name, default in (
        ("hidden", 256),
        ("layers", 6),
        ("vocab", 4096),
        ("threads", 2),
        ("updates", 5),
        ("batch", 0),
        ("prompt-tokens", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--eos-skew", type=float, default=0.0)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    random.seed(1)
    transformers.logging.set_verbosity_error()
    return options


def shape(options: argparse.Namespace, **extra: Any) -> LlamaConfig:
    num_heads = options.hidden // 64
    longest = max(1024, 64 + options.prompt_tokens + options.new_tokens)
    return LlamaConfig(
        vocab_size=options.vocab, hidden_size=options.hidden, num_hidden_layers=options.layers, num_attention_heads=num_heads,
        num_key_value_heads=num_heads, intermediate_size=options.hidden * 8 // 3 // 64 * 64, tie_word_embeddings=False,
        max_position_embeddings=longest, pad_token_id=0, eos_token_id=1, bos_token_id=2, **extra,
    )  # fmt: skip


def causal(options: argparse.Namespace) -> LlamaForCausalLM:
    model = LlamaForCausalLM(shape(options))
    if options.eos_skew:
        head = torch.nn.Linear(options.hidden, options.vocab, bias=True)
        head.weight.data.copy_(model.lm_head.weight.data)
        head.bias.data.zero_()[1] = options.eos_skew
        model.lm_head = head
    return model


def scorer(options: argparse.Namespace) -> LlamaForSequenceClassification:
    return LlamaForSequenceClassification(shape(options, num_labels=1))


def tokenizer(options: argparse.Namespace) -> transformers.PreTrainedTokenizerFast:
    words = Tokenizer(WordLevel({f"w{place}": place for place in range(options.vocab)}, unk_token="w3"))
    words.pre_tokenizer = WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="w0", eos_token="w1", bos_token="w2", unk_token="w3", padding_side="left"
    )


def documents(count: int, low: int, high: int, options: argparse.Namespace) -> list[list[int]]:
    lengths = [random.randint(low, high) for _ in range(count)]
    return [[random.randrange(4, options.vocab) for _ in range(length)] for length in lengths]


def prompts(count: int, options: argparse.Namespace) -> list[list[int]]:
    length = options.prompt_tokens
    return documents(count, length or 16, length or 64, options)


def now() -> float:
    """A clock that waits for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def tell(seconds: Sequence[float], **figures: Any) -> None:
    """The first repetition warms up and is told apart."""
    line = {"warmup_seconds": round(seconds[0], 3), "all_seconds": [round(value, 3) for value in seconds], **figures}
    line["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if torch.cuda.is_available():
        line["peak_gpu_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
    print(json.dumps(line))


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
