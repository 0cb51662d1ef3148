"""Images as tensors and as pixels, at one size."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from facegen.data.pack import Pack


def to_pixels(images: Tensor) -> np.ndarray:
    """(n, 3, s, s) in -1..1 -> uint8 (n, s, s, 3)."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def photographs(data: Pack, rows: np.ndarray) -> Tensor:
    """The packed images of `rows`: (n, 3, s, s) in -1..1."""
    return torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def resized(images: Tensor, size: int) -> Tensor:
    """Images (n, 3, s, s) at another size, made small by the filter that photographs are read with."""
    if images.shape[-1] == size:
        return images
    mode = "lanczos" if images.shape[-1] > size else "bilinear"
    return F.interpolate(images, (size, size), mode=mode, antialias=True).clamp(-1, 1)
