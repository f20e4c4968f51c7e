"""Tiny models of several architectures, random weights, far from uniform."""

import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GemmaConfig,
    GemmaForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

SHAPE = {"vocab_size": 97, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
         "max_position_embeddings": 64, "head_dim": 8, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}  # fmt: skip
MAKERS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, num_key_value_heads=2)),
    "qwen2": lambda: Qwen2ForCausalLM(
        Qwen2Config(**{name: value for name, value in SHAPE.items() if name != "head_dim"}, num_key_value_heads=2)
    ),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE, num_key_value_heads=2)),
    "mistral, window of 6": lambda: MistralForCausalLM(MistralConfig(**SHAPE, num_key_value_heads=4, sliding_window=6)),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(vocab_size=97, n_embd=SHAPE["hidden_size"], n_layer=2, n_head=4, n_positions=64)
    ),
    "gemma": lambda: GemmaForCausalLM(GemmaConfig(**SHAPE, num_key_value_heads=1)),
    "gemma2, windows of 6": lambda: Gemma2ForCausalLM(
        Gemma2Config(**SHAPE, num_key_value_heads=2, sliding_window=6, query_pre_attn_scalar=8)
    ),
}


def lively_model(name: str):
    torch.manual_seed(1)
    model = MAKERS[name]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim >= 2:
                parameter.mul_(4.0)
    return model
