"""A notch filter against the grid that an enlarger weaves."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.picture import LUMA

TAPS = 31  # px of a side that it looks at: the more, the less of what only nearly repeats is taken


class Notch(nn.Module):
    """Takes from an image half of what repeats every four px along rows, columns or diagonals.

    That is every two px of the smaller image, the finest that it can hold: networks put more there than photographs
    have (Durall et al. 2020). An image under a window, times a wave of that period, tells how much there is; the filter
    is linear, takes gray from all three channels alike, and has nothing to learn.
    """

    rows: Tensor
    columns: Tensor
    luma: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = np.hanning(TAPS + 2)[1:-1]
        window /= window.sum()
        wave = window * np.cos(np.pi / 2 * (np.arange(TAPS) - TAPS // 2)).round()
        # Of rows, columns and both diagonals together: waves along one side and smooth along the other, or along both.
        fixed = {
            "rows": np.stack([window, wave]).reshape(2, 1, 1, TAPS),
            "columns": np.stack([wave, window + 2 * wave]).reshape(1, 2, TAPS, 1),  # twice these would take all of it
            "luma": np.reshape(LUMA, (1, 3, 1, 1)),
        }
        for name, values in fixed.items():  # by NumPy: networks are built on the device "meta"
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """RGB (n, 3, h, w), of at least 16 px a side -> the same without the grid."""
        gray = F.pad((image * self.luma).sum(1, keepdim=True), (TAPS // 2,) * 4, mode="reflect")
        return image - F.conv2d(F.conv2d(gray, self.rows), self.columns)
