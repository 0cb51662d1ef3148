"""The decoder: (appearance code, conditions) -> RGB at any power of two up to the image's size.

Blocks of convolutions, each modulated by the code and followed by a doubling, as in deconvfaces (Flynn 2016). Every
block adds to the image (skip connections to RGB, Karras et al. 2020, StyleGAN2, section 4.1). Doublings are
bilinear, which is the binomial filter [1, 3, 3, 1]: nothing that repeats every two pixels passes it, so that no
grid is drawn.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.config import GeneratorConfig
from facegen.drawing.layers import PerPixel, convolution, double_rgb

NOISE_FROM = 32  # px: from this size on a block gets noise, for what a code can't hold (hair, skin)


class Crop(NamedTuple):
    """A square of the image: its corner and its side in px, all even."""

    top: int
    left: int
    side: int


def double(x: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, 2h, 2w)."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def double_crop(x: Tensor, crop: Crop) -> Tensor:
    """What `crop` shows of `double(x)`, computed from the part of x that it needs."""
    top, left, side = crop.top // 2, crop.left // 2, crop.side // 2
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")[..., top : top + side + 2, left : left + side + 2]
    return double(x)[..., 2:-2, 2:-2]


class Block(nn.Module):
    """Convolution, modulated; doubling; convolution, noise. `to_rgb` of its map is what it adds to the image.

    The modulation sits before the doubling, where it costs a quarter: on CPUs element-wise passes take the time,
    not convolutions.
    """

    def __init__(self, c_in: int, c_out: int, style: int):
        super().__init__()
        self.conv1, self.conv2 = convolution(c_in, c_out), convolution(c_out, c_out)
        self.style = nn.Linear(style, 2 * c_out)
        nn.init.normal_(self.style.weight, std=0.02)
        nn.init.zeros_(self.style.bias)
        self.noise = nn.Parameter(torch.zeros(c_out, 1, 1))
        self.to_rgb = PerPixel(c_out, 3)
        nn.init.zeros_(self.to_rgb.weight)  # a block that has learned nothing adds nothing

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None, crop: Crop | None = None) -> Tensor:
        """Map (n, c_in, s, s) -> (n, c_out, 2s, 2s), or what `crop` (in px of the doubled map) shows of it.

        Args:
            style: (n, style). noise: (1 or n, 1, 2s, 2s), or None for none."""
        scale, shift = self.style(style)[:, :, None, None].chunk(2, 1)
        x = F.leaky_relu(torch.addcmul(shift, self.conv1(x), 1 + scale), 0.2, inplace=True)
        x = self.conv2(double_crop(x, crop) if crop else double(x))
        if noise is not None:
            x = torch.addcmul(x, self.noise.to(x.dtype), noise.to(x.dtype))
        return F.leaky_relu(x, 0.2, inplace=True)


class Decoder(nn.Module):
    """Appearance code and conditions -> RGB.

    A linear layer draws a coarse face straight from the code. Training starts it as eigenfaces (Turk & Pentland
    1991) and leaves
    it so: the blocks see it and add detail, which is learned in minutes, where finding faces first takes hours.
    """

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        c = config.channels
        inputs = config.identity_dim + config.conditions
        self.mapping = nn.Sequential(nn.Linear(inputs, config.style), nn.LeakyReLU(0.2))
        self.dense = nn.Linear(inputs, 16 * c[0])
        self.eigenfaces = nn.Linear(config.identity_dim, 3 * config.coarse**2)
        nn.init.zeros_(self.eigenfaces.weight)
        nn.init.zeros_(self.eigenfaces.bias)
        self.blocks = nn.ModuleList(Block(a, b, config.style) for a, b in zip(c[:-1], c[1:], strict=True))
        self.sizes = [4 * 2**i for i in range(1, len(c))]
        self.see = convolution(3, c[self.sizes.index(config.coarse) + 1])
        # Drawn faces get one noise, whoever they are; training sees a new one each time.
        for size in self.sizes:
            noise = np.random.Generator(np.random.PCG64(size)).standard_normal((1, 1, size, size))
            self.register_buffer(f"noise{size}", torch.from_numpy(noise.astype(np.float32)), persistent=False)

    def coarse(self, code: Tensor) -> Tensor:
        """The coarse face (n, 3, coarse, coarse) of appearance codes (n, d)."""
        return self.eigenfaces(code).view(-1, 3, self.config.coarse, self.config.coarse)

    def _noise(self, n: int, size: int, crop: Crop | None) -> Tensor | None:
        if size < NOISE_FROM:
            return None
        fixed = getattr(self, f"noise{size}")
        side = crop.side if crop else size
        if self.training:
            return torch.randn(n, 1, side, side, device=fixed.device)
        return fixed[..., crop.top : crop.top + side, crop.left : crop.left + side] if crop else fixed

    def forward(self, code: Tensor, conditions: Tensor, size: int | None = None, crop: Crop | None = None) -> Tensor:
        """RGB (n, 3, s, s), about -1..1.

        Args:
            code: (n, identity_dim). conditions: (n, config.conditions).
            size: side in px, at least that of the coarse face; the image's own if left out.
            crop: the part of it to draw; all if left out. Its edge differs a little from the whole's, by the
                convolutions' padding.
        """
        size = size or self.config.image_size
        inputs = torch.cat([code, conditions], 1)
        style = self.mapping(inputs)
        x = self.dense(inputs).view(len(code), -1, 4, 4).contiguous(memory_format=torch.channels_last)
        x = F.leaky_relu(x, 0.2, inplace=True)
        rgb = self.coarse(code)
        for block, side in zip(cast(list[Block], self.blocks), self.sizes, strict=True):
            cut = crop if side == size else None
            x = block(x, style, self._noise(len(code), side, cut), cut)
            if side == self.config.coarse:
                x = x + self.see(rgb.to(x.dtype))
                rgb = rgb + block.to_rgb(x)
            elif side > self.config.coarse:
                rgb = (double_crop(rgb, cut) if cut else double_rgb(rgb)) + block.to_rgb(x)
            if side == size:
                break
        return rgb
