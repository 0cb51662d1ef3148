"""What follows the flow of `facegen-deconv` checkpoints: three corrections of its appearance codes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.layers import yes_no

ROUNDS = 6


class Discriminants(nn.Module):
    """Fisher's linear discriminants (1936), one an attribute: they move codes to where what was said is shown.

    Args:
        codes, attributes: how long a code is, how many attributes there are.
        firmness: what a code may be moved for being one standard deviation short in one attribute; 0 is not at all.
    """

    normals: Tensor
    yes: Tensor
    no: Tensor

    def __init__(self, codes: int, attributes: int, firmness: float):
        super().__init__()
        self.firmness = firmness
        self.register_buffer("normals", torch.zeros(attributes, codes))
        self.register_buffer("yes", torch.zeros(attributes))  # means of photographs' codes along each normal
        self.register_buffer("no", torch.zeros(attributes))

    def forward(self, codes: Tensor, attributes: Tensor) -> Tensor:
        """Codes (n, d), moved to show attributes (n, a) of -1/0/+1.

        What is minimised is |move|^2 / (2 firmness) + sum(shortfall^2) / 2, where the shortfall of a said attribute is
        its distance from the mean of photographs that show it. An attribute beyond its mean is held where it is.
        """
        short = torch.where(attributes > 0, self.yes, self.no) - codes @ self.normals.T
        short = attributes * (attributes * short).clamp(min=0)
        gram, like = self.normals @ self.normals.T, torch.eye(len(self.yes), device=codes.device) / self.firmness
        steps = torch.zeros_like(short)
        for _ in range(ROUNDS):
            counts = (attributes * (short - steps @ gram) > -1e-4).float() * attributes.abs()
            system = like + counts[:, :, None] * gram * counts[:, None, :]
            steps = counts * torch.linalg.solve_ex(system, counts * short).result
        return codes + steps @ self.normals


class Tints(nn.Module):
    """Keeps warmth and green of a coarse face's middle, both linear in its code, within those of photographs."""

    normals: Tensor
    moves: Tensor
    offset: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, codes: int):
        super().__init__()
        for name in ("normals", "moves"):
            self.register_buffer(name, torch.zeros(2, codes))
        for name in ("offset", "low", "high"):
            self.register_buffer(name, torch.zeros(2))

    def forward(self, codes: Tensor) -> Tensor:
        """Codes (n, d), moved to where their faces' tint is within the bounds."""
        seen = codes @ self.normals.T + self.offset
        return codes - (seen - seen.clamp(self.low, self.high)) @ self.moves


class Refiner(nn.Module):
    """A network that moves codes (n, d) to where a classifier reads what was said.

    Args:
        codes, attributes: how long a code is, how many attributes there are.
        width: of its two hidden layers.
    """

    def __init__(self, codes: int, attributes: int, width: int):
        super().__init__()
        self.into = nn.Linear(codes + 2 * attributes, width)
        self.hidden = nn.Linear(width, width)
        self.out = nn.Linear(width, codes)

    def forward(self, codes: Tensor, attributes: Tensor) -> Tensor:
        """Codes (n, d), moved to show attributes (n, a) of -1/0/+1; where nothing is said, as they were."""
        h = F.silu(self.into(torch.cat([codes, yes_no(attributes)], 1)))
        move = self.out(F.silu(h + self.hidden(h)))
        return codes + move * attributes.abs().amax(1, keepdim=True)
