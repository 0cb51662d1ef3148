"""From an image to a vector: the convolutional backbone of classifier, encoder and discriminator.

Plain residual stacks of 3 x 3 convolutions without normalisation, channels in multiples of 32 and in channels-last
order: that is what a CPU's bfloat16 matrix units are fast at.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def yes_no(attributes: Tensor) -> Tensor:
    """Attributes (n, a), yes above 0 and no below -> (n, 2a), a place for each yes and one for each no.

    Not said, (0, 0), is then a third state and not half way between.
    """
    return torch.cat([attributes.clamp(min=0), -attributes.clamp(max=0)], 1)


def double_rgb(image: Tensor) -> Tensor:
    """Images (n, 3, h, w) -> (n, 3, 2h, 2w), bilinear.

    Nothing is aliased by a doubling; but of PyTorch's kernels for three channels only the anti-aliasing one, which
    is for float32, rounds alike on one thread and on several.
    """
    smooth = image.dtype == torch.float32
    return F.interpolate(image, scale_factor=2.0, mode="bilinear", align_corners=False, antialias=smooth)


class PerPixel(nn.Conv2d):
    """A 1 x 1 convolution, computed as a linear layer: it rounds alike on one thread and on several."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__(c_in, c_out, 1)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c_in, h, w) -> (n, c_out, h, w)."""
        return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


def convolution(c_in: int, c_out: int) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the size, with start weights for leaky ReLUs of slope 0.2."""
    conv = nn.Conv2d(c_in, c_out, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight, 0.2)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


class DownBlock(nn.Module):
    """Residual conv, conv, halve the size: (n, c_in, s, s) -> (n, c_out, s/2, s/2)."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.conv1, self.conv2 = convolution(c_in, c_in), convolution(c_in, c_out)
        self.skip = nn.Conv2d(c_in, c_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, s, s) -> (n, c_out, s/2, s/2)."""
        y = F.avg_pool2d(F.leaky_relu(self.conv1(F.leaky_relu(x, 0.2)), 0.2), 2)
        return (self.conv2(y) + self.skip(F.avg_pool2d(x, 2))) * math.sqrt(0.5)


class Backbone(nn.Module):
    """RGB (n, 3, s, s) -> a map of features (n, channels, end, end), or flat (n, width). State dicts call it `trunk`.

    Args:
        image_size: s, in px.
        channels: from the stem on, one for each halving; the last is repeated where there are more.
        patch: px of a side that the stem takes at once.
        end: side of the last map.
    """

    def __init__(self, image_size: int, channels: list[int], patch: int, end: int = 4):
        super().__init__()
        self.patch = patch
        self.stem = convolution(3 * patch**2, channels[0])
        sizes = int(math.log2(image_size // patch // end))
        widths = channels + [channels[-1]] * (sizes + 1 - len(channels))
        self.blocks = nn.ModuleList(DownBlock(a, b) for a, b in zip(widths[:sizes], widths[1 : sizes + 1], strict=True))
        self.channels = widths[sizes]
        self.width = end**2 * self.channels

    def forward(self, x: Tensor) -> Tensor:
        """Flat features (n, width) of images (n, 3, s, s) in -1..1."""
        return self.map(x).flatten(1)

    def map(self, x: Tensor) -> Tensor:
        """Feature map (n, channels, end, end) of images (n, 3, s, s) in -1..1."""
        x = F.pixel_unshuffle(x, self.patch).contiguous(memory_format=torch.channels_last)
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return F.leaky_relu(x, 0.2)
