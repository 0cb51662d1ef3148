"""What the enlargers' training does with images: smaller, smoother, a square of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def halve(images: Tensor) -> Tensor:
    """(n, 3, 2h, 2w) -> (n, 3, h, w), as pictures are made small by those who look at them."""
    return F.interpolate(images, scale_factor=0.5, mode="bicubic", align_corners=False, antialias=True)


def smooth(images: Tensor) -> Tensor:
    """Images (n, 3, h, w) through [1, 2, 1] along rows and columns: nothing is left that repeats every two pixels."""
    for size in ((3, 1), (1, 3)):
        padding = (0, 0, 1, 1) if size[0] == 3 else (1, 1, 0, 0)
        wider = F.pad(images, padding, mode="replicate")
        images = 0.75 * F.avg_pool2d(wider, size, 1) + 0.25 * images
    return images


def soften(images: Tensor) -> Tensor:
    """Images (n, 3, h, w), each more or less smooth."""
    return images.lerp(smooth(images), torch.rand(len(images), 1, 1, 1, device=images.device))


def cut(images: Tensor, corner: Tensor, side: int, margin: int = 0) -> Tensor:
    """The square of that corner (top, left) and side in px, and as much around it."""
    top, left = (corner - margin).tolist()
    return images[..., top : top + side + 2 * margin, left : left + side + 2 * margin]
