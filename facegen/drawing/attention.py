"""Self-attention over the places of a feature map, for generators and discriminators (SAGAN, Zhang et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """(n, c, s, s) -> the same, each place with what it found at the others added.

    The gate starts at zero: the network begins as it would be without, and learns how much to listen (section 3).
    Queries and keys have an eighth of the channels, values a half, as in SAGAN.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.narrow, self.half = max(1, channels // 8), max(1, channels // 2)
        self.into = nn.Conv2d(channels, 2 * self.narrow + self.half, 1, bias=False)
        self.out = nn.Conv2d(self.half, channels, 1, bias=False)
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        places = self.into(x).flatten(2).transpose(1, 2)  # (n, s * s, ..)
        query, key, value = places.split([self.narrow, self.narrow, self.half], 2)
        found = torch.softmax(query @ key.transpose(1, 2) / self.narrow**0.5, 2) @ value
        found = found.transpose(1, 2).reshape(len(x), self.half, *x.shape[2:])
        return x + self.gate * self.out(found.contiguous(memory_format=torch.channels_last))
