"""Frequencies of images: the grid that upsampling leaves, and how sharp they are."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from facegen.evaluation.instruments.cache import Arrays
from facegen.picture import LUMA

PERIODS = (2, 4)  # px, of the grids that upsampling layers leave
FINE = (2, 8)  # px: from the finest detail to what is still detail


class Spectrum:
    """Power of each image's luma, under a Hann window: along rows, columns and the diagonal, and in all of FINE.

    Arrays: `lines` (n, 3, s / 2 + 1), from the mean to a period of 2 px; `fine` (n,).
    """

    name, key = "spectrum", "1"

    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`; of square images (n, 3, s, s)."""
        side = images.shape[-1]
        gray = torch.einsum("nchw,c->nhw", images, torch.tensor(LUMA))
        window = torch.hann_window(side, periodic=True)
        power = (
            torch.fft.fft2((gray - gray.mean((1, 2), keepdim=True)) * window[:, None] * window).abs().square() / side**2
        )
        half = torch.arange(side // 2 + 1)
        lines = torch.stack([power[:, 0, half], power[:, half, 0], power[:, half, half]], 1)
        frequency = torch.fft.fftfreq(side)
        radius = torch.hypot(frequency[:, None], frequency)
        ring = (radius >= 1 / FINE[1]) & (radius <= 1 / FINE[0])
        return {"lines": lines.numpy(), "fine": power[:, ring].sum(1).numpy()}


def grid_strength(lines: np.ndarray, period: int) -> float:
    """How far the power at a period stands out from its neighbours, in dB: the most of rows, columns and diagonal.

    Args:
        lines: `Spectrum`'s, (n, 3, s / 2 + 1), of images of one size.
        period: in px; 2 or more.
    """
    mean = lines.mean(0, dtype=np.float64)
    last = mean.shape[1] - 1
    place = round(2 * last / period)
    distance = np.abs(np.arange(last + 1) - place)
    width = max(last // 64, 1)  # a sharp line is as wide as the window's main lobe
    around = (distance > 2 * width) & (distance <= 8 * width)
    peak, floor = mean[:, distance <= width].mean(1), mean[:, around].mean(1)
    return float((10 * np.log10((peak + 1e-12) / (floor + 1e-12))).max())


def spectrum(drawn: Arrays, photographs: Arrays) -> dict:
    """{"grid_db": {period: {"drawn", "photographs"}}, "fine_energy": drawn faces' mean, photographs' being 1}."""
    sides = {"drawn": drawn["lines"], "photographs": photographs["lines"]}
    return {
        "grid_db": {str(p): {side: grid_strength(lines, p) for side, lines in sides.items()} for p in PERIODS},
        "fine_energy": float(drawn["fine"].mean(dtype=np.float64) / photographs["fine"].mean(dtype=np.float64)),
    }
