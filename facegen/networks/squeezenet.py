"""SqueezeNet 1.0's features (Iandola et al. 2016), for a perceptual loss and for distances in evaluation.

The weights (ImageNet) are read from a safetensors file with torchvision's key names; they are needed for training
and measuring only, and are not shipped.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

MEAN_BGR = (104.0, 117.0, 123.0)


class Fire(nn.Module):
    """A 1 x 1 convolution to `squeeze` channels, then a 1 x 1 and a 3 x 3 one to `expand` channels each."""

    def __init__(self, c_in: int, squeeze: int, expand: int):
        super().__init__()
        self.squeeze = nn.Conv2d(c_in, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, h, w) -> (n, 2 * expand, h, w)."""
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNet(nn.Module):
    """RGB (n, 3, s, s) in -1..1 -> feature maps after layers 1, 4, 7, 10 and 12 (strides 2, 4, 8, 8, 16)."""

    taps = (1, 4, 7, 10, 12)
    channels = (96, 128, 256, 512, 512)

    def __init__(self, weights: Path):
        super().__init__()
        pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 7, 2), nn.ReLU(), pool, Fire(96, 16, 64), Fire(128, 16, 64), Fire(128, 32, 128), pool,
            Fire(256, 32, 128), Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), pool, Fire(512, 64, 256),
        )  # fmt: skip
        state = {k: v.float() for k, v in load_file(weights).items() if k.startswith("features.")}
        self.load_state_dict(state)
        self.requires_grad_(False).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(MEAN_BGR).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps (n, c, h, w), one for each of `taps`, of images (n, 3, s, s) in -1..1."""
        x = ((image.flip(1) + 1) * 127.5 - self.mean).contiguous(memory_format=torch.channels_last)
        maps = []
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in self.taps:
                maps.append(x)
        return maps

    def pooled(self, image: Tensor) -> Tensor:
        """The last map averaged over the image: (n, 512)."""
        return self(image)[-1].float().mean((2, 3))


def perceptual_distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Mean squared distance of unit-length features (LPIPS, Zhang et al. 2018, without its learned weights).

    Written as 2 - 2 cos: one pass over the maps instead of the many that normalising them takes.
    """
    total = torch.zeros(())
    for x, y in zip(a, b, strict=True):
        lengths = (x * x).sum(1).float() * (y * y).sum(1).float()
        cosine = (x * y).sum(1).float() * (lengths + 1e-6).rsqrt()
        total = total + (2 - 2 * cosine).mean()
    return total / len(a)
