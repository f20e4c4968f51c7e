"""What makes Hugging Face modules faster on a CPU, with the same results up to rounding. On a GPU nothing changes.

Attention over short rows is two matrix products and a softmax: PyTorch's fused kernel is made for long rows, and its backward
pass takes several times as long there. Linear layers in float32 go through oneDNN on AMD processors, where MKL, PyTorch's
choice, stays at half of their speed or less.
"""

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from rlhf.native import attend, rms_norm

SHORT_ROW = 256
"""Up to this many positions the matrix of scores fits in the processor's caches."""


def speed_up(model: PreTrainedModel) -> PreTrainedModel:
    """Takes the faster attention, linear layers and norms where the model allows it; weights and files stay the same."""
    if model.config._attn_implementation == "sdpa":
        model.set_attn_implementation("short_rows")
    for module in model.modules():
        if is_mkl_slow() and type(module) is nn.Linear:
            module.__class__ = OneDnnLinear
        elif is_plain_rms_norm(module):
            kind: Any = type(module)
            module.__class__ = with_native_norm(kind)
    return model


class NativeRmsNorm(nn.Module):
    """Mixed into a model's own norm: one kernel in place of seven operators where one token a row is read.

    Longer rows keep the model's own, since scoring has to equal the forward pass of training to the last bit.
    """

    def forward(self, hidden: Tensor) -> Tensor:
        is_decoding = hidden.ndim == 3 and hidden.shape[1] == 1
        if is_decoding and not torch.is_grad_enabled() and not torch.compiler.is_compiling():
            normed = rms_norm(hidden, self.weight, self.variance_epsilon)  # type: ignore[arg-type]
            if normed is not None:
                return normed
        found: Tensor = super().forward(hidden)
        return found


def is_plain_rms_norm(module: nn.Module) -> bool:
    """True for a norm as in Llama and Qwen; what it computes decides, for others of the name add 1 to the weight or cast elsewhere."""
    is_norm = type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon")
    if not is_norm or isinstance(module, NativeRmsNorm):
        return False
    norm: Any = module
    weight, epsilon = norm.weight, norm.variance_epsilon
    if weight.dtype != torch.float32 or weight.device.type != "cpu":
        return False
    sample = torch.linspace(-1.0, 2.0, weight.numel())[None]
    with torch.no_grad():
        return torch.allclose(module(sample), nn.functional.rms_norm(sample, weight.shape, weight, epsilon), atol=1e-6)


@cache
def with_native_norm(kind: Any) -> Any:
    return type(kind.__name__, (NativeRmsNorm, kind), {})


@cache
def is_mkl_slow() -> bool:
    """True on an AMD processor: MKL then leaves AVX-512 unused."""
    path = Path("/proc/cpuinfo")
    return torch.backends.mkldnn.is_available() and path.exists() and "AuthenticAMD" in path.read_text(errors="ignore")


def short_row_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attention as a model calls it: query (B, H, Q, D), key and value (B, G, T, D), mask True or 0 where seen -> (B, Q, H, D).

    Without a mask it is causal. Falls back to PyTorch's kernel on a GPU, for long rows, and for options it does not know.
    """
    dropout, position_bias = options.get("dropout", 0.0), options.get("position_bias")
    is_known = not (dropout or position_bias is not None or options.get("softcap") or options.get("cache"))
    is_decoding = query.shape[2] == 1
    is_short = key.shape[2] <= SHORT_ROW or is_decoding
    if query.device.type != "cpu" or not is_short or not is_known or options.get("is_causal") is False:
        attended, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return attended, None
    size, scaling = query.shape, options.get("scaling")
    scaling = size[-1] ** -0.5 if scaling is None else scaling
    is_native = is_decoding and not torch.is_grad_enabled() and not torch.compiler.is_compiling()
    if is_native and attention_mask is not None:
        found = attend(query, key, value, attention_mask, scaling)
        if found is not None:
            return found[:, None], None
    if is_decoding:  # heads that share keys are the rows of one product
        query = query.reshape(size[0], key.shape[1], -1, size[3])
    else:
        key, value = (repeat_kv(states, size[1] // key.shape[1]) for states in (key, value))
    scores = torch.matmul(query * scaling, key.transpose(-1, -2))
    if attention_mask is None and not is_decoding:
        attention_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(key.shape[2] - size[2])
    scores = scores.float() if scores.dtype == torch.bfloat16 else scores
    if attention_mask is not None:
        is_seen = attention_mask if attention_mask.dtype == torch.bool else attention_mask == 0
        scores = scores.masked_fill(~is_seen, torch.finfo(scores.dtype).min)
    attended = torch.matmul(scores.softmax(dim=-1).to(value.dtype), value)
    return attended.reshape(size).transpose(1, 2), None


AttentionInterface.register("short_rows", short_row_attention)
AttentionMaskInterface.register("short_rows", sdpa_mask)


class OneDnnLinear(nn.Linear):
    """A linear layer whose float32 products on the CPU, gradients included, go through oneDNN."""

    def forward(self, input: Tensor) -> Tensor:
        if input.dtype != torch.float32 or input.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        if not torch.is_grad_enabled():
            return _product(input, self.weight, self.bias)
        result: Tensor = _Linear.apply(input, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return result


@torch.library.custom_op("roundtable::product", mutates_args=())
def _opaque_product(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    result: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return result


@_opaque_product.register_fake
def _(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return rows.new_empty(*rows.shape[:-1], weight.shape[0])


def _product(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """rows (..., I) @ weight (O, I).T + bias. torch.compile knows the operation for constant weights only, so it is kept from it."""
    if torch.compiler.is_compiling():
        compiled: Tensor = _opaque_product(rows, weight, bias)
        return compiled
    result: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return result


def linear(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """rows (..., I) @ weight (O, I).T + bias for what computes its own gradients, by whatever is fastest here."""
    if rows.dtype == torch.float32 and rows.device.type == "cpu" and is_mkl_slow():
        return _product(rows, weight, bias)
    return nn.functional.linear(rows, weight, bias)


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(input, weight)
        ctx.has_bias = bias is not None
        return _product(input, weight, bias)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:  # type: ignore[override]
        input, weight = ctx.saved_tensors
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad
        rows, slopes = input.reshape(-1, input.shape[-1]), slope.reshape(-1, slope.shape[-1])
        of_input = _product(slope, weight.t()) if needs_input else None
        of_weight = _product(slopes.t(), rows.t()) if needs_weight else None
        return of_input, of_weight, slopes.sum(0) if ctx.has_bias and needs_bias else None
