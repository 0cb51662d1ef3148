"""Differentiable augmentation of image batches (Zhao et al. 2020): shift, brightness, saturation, contrast.

No mirror: a mirrored face may need other labels (see `batches.flipped`).

With 14,000 faces a discriminator would know them by heart; it sees every image, real or drawn, through the same random
changes. The classifier trains through them too.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def jitter(images: Tensor, shift: float = 0.06, color: float = 0.15, blur: bool = False) -> Tensor:
    """Random shift (share of the side), color; `blur` softens half of them (drawn faces are softer than photographs).

    Args:
        images: (n, 3, s, s) in -1..1; gradients pass through.
    """
    n, device = len(images), images.device

    def uniform(width: float) -> Tensor:
        return (torch.rand(n, 1, 1, 1, device=device) * 2 - 1) * width

    theta = torch.zeros(n, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    # Whole pixels: interpolating would blur, and sharpness is what the discriminator should look at.
    side = images.shape[-1]
    theta[:, :, 2] = ((torch.rand(n, 2, device=device) * 2 - 1) * shift * side).round() * 2 / side
    if blur:
        smooth = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="reflect"), 3, 1)
        images = images.lerp(smooth, (torch.rand(n, 1, 1, 1, device=device) * 2 - 1).clamp(min=0))
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    gray = images.mean(1, keepdim=True)
    images = gray + (images - gray) * (1 + uniform(2 * color))
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (1 + uniform(color)) + uniform(color)


def other_view(images: Tensor) -> Tensor:
    """The same faces as another photograph might have them: turned by up to 4 degrees, 4 % nearer or farther, 2 %
    aside, in other light.

    Args:
        images: (n, 3, s, s) in -1..1.
    """
    n, device = len(images), images.device

    def uniform(width: float, *shape: int) -> Tensor:
        return (torch.rand(n, *shape, device=device) * 2 - 1) * width

    angle, zoom = uniform(math.radians(4)), 1 + uniform(0.04)
    theta = torch.zeros(n, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = angle.cos() * zoom
    theta[:, 1, 0] = angle.sin() * zoom
    theta[:, 0, 1] = -theta[:, 1, 0]
    theta[:, :, 2] = uniform(0.04, 2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = mean + (images - mean) * (1 + uniform(0.1, 1, 1, 1)) + uniform(0.08, 1, 1, 1)
    return (images * (1 + uniform(0.05, 3, 1, 1))).clamp(-1, 1)
