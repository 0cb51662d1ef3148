"""Faces' colors kept within what photographs show.

Guidance moves codes on past photographs', and red light on an old woman, which a few of them have, becomes paint. How red
the coarse face is in the middle is linear in the code (see `Decoder.coarse`), so a code can be moved back by as little as need be.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

RARE = 0.02  # of photographs are redder, and as many bluer, than a face may be


def tint(faces: Tensor) -> Tensor:
    """How warm (red - blue) and how green (green - the mean of both) the middles of faces (n, 3, s, s) are: (n, 2)."""
    s = faces.shape[-1]
    middle = slice(s * 5 // 16, s * 11 // 16)
    red, green, blue = faces[:, :, middle, middle].mean((2, 3)).unbind(1)
    return torch.stack([red - blue, green - (red + blue) / 2], 1)


class Tints(nn.Module):
    """All zero, which leaves every code as it is, until `fit`.

    Args:
        codes: how long a code is.
    """

    def __init__(self, codes: int):
        super().__init__()
        for name in ("normals", "moves"):
            self.register_buffer(name, torch.zeros(2, codes))
        for name in ("offset", "low", "high"):
            self.register_buffer(name, torch.zeros(2))

    @torch.no_grad()
    def fit(self, codes: Tensor, coarse: Callable[[Tensor], Tensor]) -> None:
        """Learn the bounds from codes (m, d) of photographs; `coarse` draws coarse faces (m, 3, s, s) of codes, linearly."""
        self.offset.copy_(tint(coarse(torch.zeros_like(codes[:1])))[0])
        self.normals.copy_((tint(coarse(torch.eye(codes.shape[1], device=codes.device))) - self.offset).T)
        self.moves.copy_(torch.linalg.pinv(self.normals).T)  # to change one and not the other
        seen = codes @ self.normals.T + self.offset
        self.low.copy_(seen.quantile(RARE, 0))
        self.high.copy_(seen.quantile(1 - RARE, 0))

    def correct(self, codes: Tensor) -> Tensor:
        """Codes (n, d), moved to where their faces' tint is within the bounds."""
        with torch.autocast(codes.device.type, enabled=False):
            codes = codes.float()
            seen = codes @ self.normals.T + self.offset
            return codes - (seen - seen.clamp(self.low, self.high)) @ self.moves
