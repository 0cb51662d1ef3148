"""Classifier guidance (Dhariwal & Nichol 2021), learned: the move of a code that makes its face read back as what was said.

A classifier's gradient, through the decoder, shows how a code should move for its face to show an attribute. Following it for
each face takes a second; a small network that has followed it for many faces (`training/refine.py`) knows the move at once.
Planes (discriminants.py) say where the codes of photographs with an attribute lie; this says what the decoder makes of a code.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Refiner(nn.Module):
    """A residual MLP; zero at the start, which moves nothing.

    Args:
        codes, attributes: how long a code is, how many attributes there are.
        width: of its two hidden layers.
    """

    def __init__(self, codes: int, attributes: int, width: int):
        super().__init__()
        self.into = nn.Linear(codes + 2 * attributes, width)
        self.hidden = nn.Linear(width, width)
        self.out = nn.Linear(width, codes)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, codes: Tensor, attributes: Tensor) -> Tensor:
        """Codes (n, d), moved to show attributes (n, a) of -1/0/+1 to a classifier; where nothing is said, as they were."""
        h = F.silu(self.into(torch.cat([codes, attributes.clamp(min=0), -attributes.clamp(max=0)], 1)))
        move = self.out(F.silu(h + self.hidden(h)))
        return codes + move * attributes.abs().amax(1, keepdim=True)
