"""The generator of `facegen-deconv` checkpoints: (identity code, attributes) -> RGB.

A conditional flow carries the identity code to an appearance code (`train flow`); a deconvolution decoder draws that
code, after deconvfaces (Flynn 2016; Meden 2018): structured inputs, a dense layer, five upsampling + conv blocks (no
recipe trains it); an enlarger doubles the size (`train enlarger`), a notch filter takes its grid, and a second enlarger
doubles the size again where that is asked for (`train larger`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.decoder import double
from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.notch import Notch
from facegen.drawing.flow import Flow
from facegen.drawing.generator import identity_codes
from facegen.drawing.layers import PerPixel, convolution, double_rgb, yes_no
from facegen.drawing.threads import free, threads

EDGE = 4  # px by which the enlarger continues its image: a convolution takes what lies beyond an edge for black


class UpBlock(nn.Module):
    """conv, modulated by the code; double the size; conv.

    The modulation sits before the upsampling, where it costs a quarter: on a CPU these element-wise passes, not the
    convolutions, are what takes the time.
    """

    def __init__(self, c_in: int, c_out: int, style_dim: int):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.style = nn.Linear(style_dim, 2 * c_out)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Map (n, c_in, s, s), style (n, style_dim) -> (n, c_out, 2s, 2s)."""
        scale, shift = self.style(style)[:, :, None, None].chunk(2, 1)
        x = F.leaky_relu(torch.addcmul(shift, self.conv1(x), 1 + scale), 0.2)
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.leaky_relu(self.conv2(x), 0.2)


class Decoder(nn.Module):
    """Appearance code and attributes -> RGB: dense layer, then one upsampling + conv block for each doubling.

    A second dense layer draws a coarse face at half size straight from the code, as eigenfaces do (Turk & Pentland
    1991). The blocks see that face from a quarter of the image's size on and add detail to it.
    """

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        c = config.channels
        inputs = config.identity_dim + 2 * len(config.attributes)
        style_dim = 256
        self.mapping = nn.Sequential(nn.Linear(inputs, style_dim), nn.LeakyReLU(0.2))
        self.dense = nn.Linear(inputs, 16 * c[0])
        self.coarse_size = config.decoder_size // 2
        self.eigenfaces = nn.Linear(config.identity_dim, 3 * self.coarse_size**2)
        self.blocks = nn.ModuleList(UpBlock(a, b, style_dim) for a, b in zip(c[:-1], c[1:], strict=True))
        quarter = c[-3]
        self.see_quarter = nn.Conv2d(12, quarter, 3, padding=1)
        self.see_half = nn.Conv2d(3, c[-2], 3, padding=1)
        self.refine = nn.Sequential(
            nn.Conv2d(quarter, quarter, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(quarter, quarter, 3, padding=1)
        )
        self.to_rgb = nn.Conv2d(c[-1], 3, 3, padding=1)

    def coarse(self, code: Tensor) -> Tensor:
        """The coarse face (n, 3, s/2, s/2) of appearance codes (n, d)."""
        return self.eigenfaces(code).view(-1, 3, self.coarse_size, self.coarse_size)

    def forward(self, code: Tensor, attributes: Tensor) -> Tensor:
        """RGB (n, 3, s, s), about -1..1, of appearance codes (n, d) and attributes (n, a) of -1/0/+1."""
        inputs = torch.cat([code, yes_no(attributes)], 1)
        style = self.mapping(inputs)
        x = self.dense(inputs).view(len(code), -1, 4, 4).contiguous(memory_format=torch.channels_last)
        x = F.leaky_relu(x, 0.2)
        coarse = self.coarse(code)
        for block in self.blocks:
            x = block(x, style)
            if 2 * x.shape[-1] == self.coarse_size:
                x = x + self.see_quarter(F.pixel_unshuffle(coarse, 2).contiguous(memory_format=torch.channels_last))
                x = x + self.refine(x)
            elif x.shape[-1] == self.coarse_size:
                x = x + self.see_half(coarse)
        return self.to_rgb(x) + double_rgb(coarse)


class Enlarger(nn.Module):
    """RGB (n, 3, s, s) -> (n, 3, 2s, 2s): the smooth enlargement, and the detail that it lacks.

    Residual blocks without normalisation (EDSR, Lim et al. 2017) at the smaller size; then a bilinear doubling, which
    lets nothing pass that repeats every two pixels: what is even stays even, without a grid. What can't be told from
    the smaller image (hair, skin) comes from noise, the same for all faces; training sees a new one each time.
    """

    noise: Tensor

    def __init__(self, channels: int, blocks: int, size: int):
        """Args: channels of its maps, how many residual blocks, the enlarged image's side in px."""
        super().__init__()
        c, fine = channels, channels // 2
        self.into = convolution(3, c)
        self.blocks = nn.ModuleList()
        for _ in range(blocks):
            first, second = convolution(c, c), convolution(c, c)
            nn.init.normal_(second.weight, std=0.01)  # what has learned nothing adds next to nothing
            self.blocks.append(nn.Sequential(nn.LeakyReLU(0.2), first, nn.LeakyReLU(0.2), second))
        self.fine, self.finest = convolution(c, fine), convolution(fine, fine)
        self.noisiness = nn.Parameter(torch.zeros(fine, 1, 1))
        self.to_rgb = PerPixel(fine, 3)
        nn.init.normal_(self.to_rgb.weight, std=0.01)
        size += 4 * EDGE
        noise = np.random.Generator(np.random.PCG64(size)).standard_normal((1, 1, size, size))
        self.register_buffer("noise", torch.from_numpy(noise.astype(np.float32)), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 -> (n, 3, 2s, 2s), at most `size` px a side."""
        wider = F.pad(image, (EDGE, EDGE, EDGE, EDGE), mode="replicate")
        h = self.into(wider.contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            h = h + block(h)
        h = self.fine(double(F.leaky_relu(h, 0.2)))
        side = h.shape[-1]
        noise = torch.randn_like(h[:, :1]) if self.training else self.noise[..., :side, :side].to(h.dtype)
        h = F.leaky_relu(torch.addcmul(h, self.noisiness.to(h.dtype), noise), 0.2)
        detail = self.to_rgb(F.leaky_relu(self.finest(h), 0.2))
        return double_rgb(image) + detail[..., 2 * EDGE : -2 * EDGE, 2 * EDGE : -2 * EDGE]


class DeconvGenerator(nn.Module):
    """The whole generator; see the module's docstring. Attributes are numbers (n, a) as `FaceGenerator` takes them."""

    Config = GeneratorConfig

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        self.flow = Flow(config)
        self.decoder = Decoder(config)
        size = config.image_size
        self.enlarger = self._enlarger(config.enlarger_channels, size)
        self.notch = Notch() if config.enlarger_channels else nn.Identity()
        self.larger = self._enlarger(config.larger_channels, 2 * size)

    def _enlarger(self, channels: int, size: int) -> nn.Module:
        return Enlarger(channels, self.config.enlarger_blocks, size) if channels else nn.Identity()

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """Identity codes (n, identity_dim) of seeds."""
        return identity_codes(seeds, self.config.identity_dim)

    @torch.inference_mode()
    def appearance(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """Appearance codes (n, identity_dim) of identity codes (n, identity_dim) under attributes (n, a)."""
        with threads(1):
            return self.flow.sample(
                identity, yes_no(attributes), self.config.guidance if guidance is None else guidance
            )

    @torch.inference_mode()
    def small(self, appearance: Tensor, attributes: Tensor) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of appearance codes, at the decoder's size."""
        return self.decoder(appearance, attributes).clamp(-1, 1)

    @torch.inference_mode()
    def sketch(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """RGB (n, 3, s, s) at the decoder's size: what `forward` enlarges."""
        return self.small(self.appearance(identity, attributes, guidance), attributes)

    @torch.inference_mode()
    def draw(self, appearance: Tensor, attributes: Tensor, size: int | None = None) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of appearance codes; `size`: one of `config.sizes`, the image's own if left out."""
        with threads(free()):
            image = self.notch(self.enlarger(self.small(appearance, attributes))).clamp(-1, 1)
            return image if size in (None, self.config.image_size) else self.larger(image).clamp(-1, 1)

    def forward(
        self, identity: Tensor, attributes: Tensor, guidance: float | None = None, size: int | None = None
    ) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of identity codes (n, d), standard normal, and attributes (n, a); `size` as `draw`
        takes it."""
        return self.draw(self.appearance(identity, attributes, guidance), attributes, size)
