"""Sibling losses with one shape: (network, what it is judged on) -> scalar."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def flow_matching(prior: nn.Module, code: Tensor, attributes: Tensor) -> Tensor:
    """Flow matching with straight paths (Lipman et al. 2023; Liu et al. 2023): mean squared error of the velocity.

    Args:
        prior: (codes (n, d), times (n,), attributes (n, a)) -> velocity (n, d).
        code: (n, d), the data; attributes: (n, a) of -1/0/+1.
    """
    noise = torch.randn_like(code)
    # Times drawn from a logistic normal: the middle of the path is where the error is (Esser et al. 2024, section 3.1).
    t = torch.sigmoid(torch.randn(len(code), device=code.device))
    x = noise + t[:, None] * (code - noise)
    return F.mse_loss(prior(x, t, attributes).float(), code - noise)
