"""Sibling losses with one shape: (network, what it is judged on) -> scalar."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def flow_matching(flow: nn.Module, code: Tensor, conditions: Tensor) -> Tensor:
    """Flow matching with straight paths (Lipman et al. 2023; Liu et al. 2023): mean squared error of the velocity.

    Args:
        flow: (codes (n, d), times (n,), conditions (n, c), guidance (n,)) -> velocity (n, d).
        code: (n, d), the data; conditions: (n, c).
    """
    noise = torch.randn_like(code)
    # Times drawn from a logistic normal: the middle of the path is where the error is (Esser et al. 2024, section 3.1).
    t = torch.sigmoid(torch.randn(len(code), device=code.device))
    x = noise + t[:, None] * (code - noise)
    return F.mse_loss(flow(x, t, conditions, torch.ones_like(t)).float(), code - noise)


def relativistic(winner: Tensor, loser: Tensor) -> Tensor:
    """Relativistic pairing loss: the winner's logit should be higher (Jolicoeur-Martineau 2019; Huang et al. 2024).

    The discriminator trains with (real, drawn), the generator with (drawn, real); pairs share their conditions.
    """
    return F.softplus(loser - winner).mean()


def gradient_penalty(discriminator: nn.Module, images: Tensor, conditions: Tensor) -> Tensor:
    """Zero-centred gradient penalty (Mescheder et al. 2018): R1 on photographs, R2 on drawn faces.

    Args:
        images: (n, 3, s, s), detached; conditions: (n, c).

    Returns:
        Mean over the images of the squared gradient norm, halved, for each place of the discriminator's grid (the
        places look at mostly different pixels, so that their squared gradients add up).
    """
    images = images.detach().requires_grad_()
    logits = discriminator(images, conditions)
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return 0.5 * gradient.float().square().sum((1, 2, 3)).mean() / logits[0].numel()


def feature_penalty(discriminator: nn.Module, maps: list[Tensor], conditions: Tensor) -> Tensor:
    """`gradient_penalty` for a discriminator of feature maps (n, c, h, w), in their own units: mean over the maps."""
    maps = [m.detach().float().requires_grad_() for m in maps]
    logits = discriminator(maps, conditions)
    gradients = torch.autograd.grad(sum(each.sum() for each in logits), maps, create_graph=True)
    each = [
        (g.float() / scale).square().sum((1, 2, 3)).mean() / places[0].numel()
        for g, scale, places in zip(gradients, discriminator.scale, logits, strict=True)
    ]
    return 0.5 * sum(each) / len(each)
