"""Kernels of native.cpp for a CPU, compiled on first use for the machine at hand and kept in the user's cache folder.

Calls go through ctypes, which lets other Python threads run meanwhile. Every function here says by None that it cannot serve, be it
for want of a compiler or for the kind of tensors, and its caller does the same in PyTorch.
"""

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rlhf.types import InputError

SOURCE = Path(__file__).with_name("native.cpp")
FLAGS = ("-O3", "-march=native", "-fopenmp", "-fno-math-errno", "-fno-trapping-math", "-std=c++17", "-shared", "-fPIC")
"""No -ffast-math: linked into a library, it would change the rounding of small numbers in the whole process."""
NAMES = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


class Shape(ctypes.Structure):
    """Sizes and strides of one attention: see native.cpp."""

    _fields_ = tuple(
        (name, ctypes.c_int64)
        for name in (
            *("rows", "groups", "heads_per_group", "width", "size"),
            *("row_stride", "group_stride", "position_stride", "seen_stride"),
        )
    )


def attend(query: Tensor, keys: Tensor, values: Tensor, is_seen: Tensor, scaling: float) -> Tensor | None:
    """Attention of one new position a row: query (R, H, 1, D), keys and values (R, G, T, D), is_seen (R, 1, 1, T) -> (R, H, D).

    Only positions that are seen are read.
    """
    rows, heads, _, size = query.shape
    name = NAMES.get(values.dtype)
    is_served = (
        keys.dtype == values.dtype and is_seen.dtype == torch.bool and is_seen.shape == (rows, 1, 1, keys.shape[2])
    )
    is_served = is_served and keys.stride() == values.stride() and keys.stride(3) == 1 and is_seen.stride(3) == 1
    if name is None or not is_served or (library := native()) is None:
        return None
    query = query.float().contiguous()
    attended = _floats(rows, heads, size)
    groups, width = keys.shape[1:3]
    strides = *keys.stride()[:3], is_seen.stride(0)
    shape = Shape(rows, groups, heads // groups, width, size, *strides)
    getattr(library, f"attend_{name}")(
        *(_pointer(tensor) for tensor in (query, keys, values, is_seen, attended)),
        ctypes.byref(shape),
        ctypes.c_float(scaling),
        torch.get_num_threads(),
    )
    return attended.to(values.dtype)


def store_states(cache: Tensor, fresh: Tensor, positions: Tensor) -> bool:
    """Writes fresh (R, G, 1, D) to positions (R,) int64 of the first R slots of a cache (S, G, T, D); False where it cannot."""
    rows, groups, _, size = fresh.shape
    is_dense = fresh.is_contiguous() and cache.is_contiguous() and positions.is_contiguous()
    is_served = (
        is_dense and cache.device.type == "cpu" and fresh.dtype == cache.dtype and positions.dtype == torch.int64
    )
    is_served = is_served and rows <= len(cache) and (groups, size) == (cache.shape[1], cache.shape[3])
    if not is_served or (library := native()) is None:
        return False
    sizes = rows, groups, cache.shape[2], size * cache.element_size()
    library.store_states(
        *(_pointer(tensor) for tensor in (cache, fresh, positions)), *(ctypes.c_int64(n) for n in sizes)
    )
    return True


def rms_norm(hidden: Tensor, weight: Tensor, epsilon: float) -> Tensor | None:
    """hidden (..., D) over its root mean square, times weight (D,), without a gradient."""
    is_served = hidden.dtype == weight.dtype == torch.float32 and hidden.device.type == "cpu" and hidden.is_contiguous()
    if not is_served or (library := native()) is None:
        return None
    normed = torch.empty_like(hidden)
    size = hidden.shape[-1]
    library.rms_norm(
        *(_pointer(tensor) for tensor in (hidden, weight, normed)),
        ctypes.c_int64(hidden.numel() // size),
        ctypes.c_int64(size),
        ctypes.c_float(epsilon),
        torch.get_num_threads(),
    )
    return normed


def token_statistics(logits: Tensor, tokens: Tensor, temperature: float) -> tuple[Tensor, Tensor, Tensor] | None:
    """Of softmax(logits / temperature): (log-probability of the tokens, entropy, log of the divisor), each (N,) float32.

    logits (N, V), tokens (N,) int64.
    """
    name = _served(logits)
    if name is None or (library := native()) is None:
        return None
    logprobs, entropy, normalizer = (_floats(len(tokens)) for _ in range(3))
    found = logprobs, entropy, normalizer
    _over_rows(library, f"statistics_{name}", logits, temperature, _places(tokens, logits), *found)
    return found


def slopes_of_logprobs(
    logits: Tensor, tokens: Tensor, normalizer: Tensor, slope: Tensor, temperature: float
) -> Tensor | None:
    """The logits (N, V), overwritten by the gradient of sum(slope * log-probability of the tokens); normalizer, slope (N,) float32."""
    name = _served(logits)
    if name is None or (library := native()) is None:
        return None
    numbers = (tensor.float().contiguous() for tensor in (normalizer, slope))
    _over_rows(library, f"slopes_{name}", logits, temperature, _places(tokens, logits), *numbers)
    return logits


def draw_tokens(logits: Tensor, uniforms: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor] | None:
    """One token a row, and its log-probability under softmax(logits / temperature): see sampling.py; logits (R, V), the others (R,)."""
    name = _served(logits)
    if name is None or (library := native()) is None:
        return None
    tokens, logprobs = torch.empty(len(logits), dtype=torch.int64, device="cpu"), _floats(len(logits))
    uniforms, temperature = uniforms.float().contiguous(), temperature.float().contiguous()
    getattr(library, f"draw_{name}")(
        *(_pointer(tensor) for tensor in (logits, uniforms, temperature, tokens, logprobs)),
        *(ctypes.c_int64(length) for length in logits.shape),
        torch.get_num_threads(),
    )
    if bool((tokens < 0).any()):
        raise InputError(
            "expected logits that are numbers, got NaN or infinity: the model's weights have diverged; take an earlier one"
        )
    return tokens, logprobs


def _served(logits: Tensor) -> str | None:
    return NAMES.get(logits.dtype) if logits.device.type == "cpu" and logits.is_contiguous() else None


def _over_rows(library: ctypes.CDLL, name: str, logits: Tensor, temperature: float, *by_row: Tensor) -> None:
    getattr(library, name)(
        *(_pointer(tensor) for tensor in (logits, *by_row)),
        *(ctypes.c_int64(length) for length in logits.shape),
        ctypes.c_float(temperature),
        torch.get_num_threads(),
    )


def _floats(*shape: int) -> Tensor:
    return torch.empty(*shape, dtype=torch.float32, device="cpu")


def _places(tokens: Tensor, logits: Tensor) -> Tensor:
    """The tokens as the kernels read them; they write to these places, so none may lie outside."""
    if len(tokens) and not (int(tokens.min()) >= 0 and int(tokens.max()) < logits.shape[1]):
        raise IndexError(
            f"expected tokens from 0 to {logits.shape[1] - 1}, got {int(tokens.min())} to {int(tokens.max())}"
        )
    return tokens.long().contiguous()


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


@cache
def native() -> ctypes.CDLL | None:
    """The compiled kernels; None, with one warning, where they cannot be compiled."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        warnings.warn(
            "generation and losses run slower without a C++ compiler, with the same results up to rounding; install g++",
            stacklevel=2,
        )
        return None
    try:
        return ctypes.CDLL(str(_compiled(compiler)))
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:  # RuntimeError: no home folder is known
        reason = getattr(error, "stderr", None) or error
        warnings.warn(
            f"generation and losses run slower, with the same results up to rounding: {SOURCE.name} could not be compiled by "
            f"{compiler} and loaded; set CXX to a C++ compiler that works ({reason})",
            stacklevel=2,
        )
        return None


def _compiled(compiler: str) -> Path:
    """The library for this source, compiler and processor; compiled if it is not in the cache."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roundtable"
    library = folder / f"native-{_fingerprint(compiler)}.so"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / library.name
            subprocess.run(
                [*shlex.split(compiler), *FLAGS, str(SOURCE), "-o", str(made)],
                check=True,
                capture_output=True,
                text=True,
            )
            made.replace(library)  # whole or not at all, should several processes compile at once
    return library


def _fingerprint(compiler: str) -> str:
    """Code for one processor or C library may fail on another machine that shares the home folder."""
    processor: Any = Path("/proc/cpuinfo")
    lines = processor.read_text(errors="ignore").splitlines() if processor.exists() else []
    about = next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
    parts = (SOURCE.read_text(encoding="utf-8"), compiler, *FLAGS, platform.machine(), *platform.libc_ver(), about)
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
