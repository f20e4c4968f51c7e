"""The optimizer, its schedule and its step, the same for every loop."""

import math

import torch
from torch import Tensor, nn


def new_optimizer(
    model: nn.Module, *, weight_decay: float, betas: tuple[float, float] = (0.9, 0.95), epsilon: float = 1e-8
) -> torch.optim.AdamW:
    """Fused AdamW with decay on matrices only; `optimizer_step` sets the learning rate."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=betas, eps=epsilon, fused=True)


def num_steps(num_examples: int, *, batch_size: int, num_epochs: float, max_steps: int) -> int:
    """Steps of num_epochs passes over the examples, the last batch of a pass not being full; or max_steps if that is fewer and not 0."""
    per_epoch = -(-num_examples // batch_size)
    steps = max(1, math.ceil(num_epochs * per_epoch - 1e-6))
    return min(steps, max_steps or steps)


def cosine_schedule(fraction: float, *, warmup_fraction: float, final_fraction: float) -> float:
    """Share of the peak learning rate: linear from 0 over the warmup, then half a cosine down to final_fraction."""
    if fraction < warmup_fraction:
        return fraction / warmup_fraction
    passed = (fraction - warmup_fraction) / max(1.0 - warmup_fraction, 1e-9)
    return final_fraction + (1.0 - final_fraction) * 0.5 * (1.0 + math.cos(math.pi * min(passed, 1.0)))


def optimizer_step(optimizer: torch.optim.Optimizer, *, learning_rate: float, max_gradient_norm: float) -> Tensor:
    """Clips, steps and clears the gradients; returns their total norm before clipping."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    norm = nn.utils.clip_grad_norm_(parameters, max_gradient_norm if max_gradient_norm > 0 else math.inf)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return norm
