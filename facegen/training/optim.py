"""Learning-rate schedule and weight averaging, shared by the trainers."""

from __future__ import annotations

import math

import torch
from torch import nn


def anneal(optimizer: torch.optim.Optimizer, peak: float, i: int, total: int, warm_up: int = 200) -> None:
    """Linear warm-up, then a cosine down to a twentieth of the peak; a group's own `lr_factor`, if any, of that."""
    rate = peak * min(1.0, (i + 1) / warm_up) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, i / total))))
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("lr_factor", 1.0)


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, i: int, decay: float) -> None:
    """Exponential moving average of weights; over all past steps at first, so that it starts near the model."""
    decay = min(decay, (1 + i) / (10 + i))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)


def average_gradients(accelerator, parameters) -> None:
    """Replace gradients by their mean over all processes; does nothing for one process."""
    if accelerator.num_processes > 1:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad = accelerator.reduce(parameter.grad, "mean")
