"""Discriminators: one of pixels, one of a frozen network's features."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.layers import Backbone


class Discriminator(nn.Module):
    """Conditional patch discriminator: a logit for each 16 px of the image, (n, 8, 8) at 128 px.

    Patches (Isola et al. 2017) give 64 logits an image, so it learns in minutes. Faces are aligned: a place is always
    the same part of a face, and real and drawn are compared place by place. The conditions enter by projection (Miyato
    & Koyama 2018), the same at all places.

    Args:
        whole: whether each place's logit also holds one of the whole image: of how its parts fit, and of how much the
            batch varies (Karras et al. 2018, section 3), so that a generator that draws one face can't win.
    """

    def __init__(self, conditions: int, image_size: int, patch: int = 2, width: int = 64, whole: bool = False):
        super().__init__()
        places = image_size // 16
        self.trunk = Backbone(image_size, [width, 2 * width, 3 * width, 4 * width], patch, places)
        last = self.trunk.channels
        self.whole = None
        if whole:
            self.whole = nn.Sequential(nn.Conv2d(last + 1, last, places), nn.LeakyReLU(0.2), nn.Conv2d(last, 1, 1))
        self.features = nn.Conv2d(last, last, 1)
        self.realness = nn.Conv2d(last, 1, 1)
        self.condition = nn.Linear(conditions, last)
        nn.init.normal_(self.condition.weight, std=0.02)

    def forward(self, image: Tensor, conditions: Tensor) -> Tensor:
        """Logits (n, s/16, s/16): higher is more real.

        Args:
            image: (n, 3, s, s) in -1..1. conditions: (n, c).
        """
        maps = self.trunk.map(image)
        h = F.leaky_relu(self.features(maps), 0.2)
        said = self.condition(conditions)
        projection = (h * said[:, :, None, None]).sum(1) / math.sqrt(h.shape[1])
        logits = self.realness(h)[:, 0] + projection
        if self.whole is not None:
            variation = (maps.float().var(0, correction=0) + 1e-8).sqrt().mean().to(maps.dtype)
            logits = logits + self.whole(torch.cat([maps, variation.expand_as(maps[:, :1])], 1))[:, 0]
        return logits.float()


class FeatureDiscriminator(nn.Module):
    """Conditional discriminator of a pretrained network's feature maps (Projected GAN, Sauer et al. 2021, section 3).

    The features are given, so the small heads, one for each map, learn within minutes. The conditions enter each head
    by projection, as in `Discriminator`.

    Args:
        conditions: length of the vector of conditions.
        channels: of the maps, in order.
        width: channels of the heads.
    """

    def __init__(self, conditions: int, channels: Sequence[int], width: int = 128):
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(c, width, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2)
            )
            for c in channels
        )
        self.realness = nn.ModuleList(nn.Conv2d(width, 1, 1) for _ in channels)
        self.condition = nn.ModuleList(nn.Linear(conditions, width) for _ in channels)
        for said in self.condition:
            nn.init.normal_(said.weight, std=0.02)
        # Each map is brought to unit variance first: the deep ones are ten times as large as the first.
        self.register_buffer("scale", torch.ones(len(channels)))

    @torch.no_grad()
    def calibrate(self, maps: Sequence[Tensor]) -> None:
        """Take the maps' scale from those of photographs."""
        self.scale.copy_(torch.stack([1 / m.float().std() for m in maps]))

    def forward(self, maps: Sequence[Tensor], conditions: Tensor) -> list[Tensor]:
        """Logits (n, h, w) of each of the maps (n, c, h, w), for conditions (n, c)."""
        logits = []
        for m, scale, head, realness, condition in zip(
            maps, self.scale, self.heads, self.realness, self.condition, strict=True
        ):
            h = head(m * scale.to(m.dtype))
            projection = (h * condition(conditions)[:, :, None, None]).sum(1) / math.sqrt(h.shape[1])
            logits.append((realness(h)[:, 0] + projection).float())
        return logits
