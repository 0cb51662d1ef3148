"""The generator of `facegen-deconv` checkpoints: (identity code, attributes) -> RGB. No recipe trains it.

A conditional flow (flow.py) carries the identity code to an appearance code; a deconvolution decoder draws that
code, after deconvfaces (Flynn 2016; Meden 2018): structured inputs, a dense layer, five upsampling + conv blocks;
an enlarger doubles the size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.flow import Prior
from facegen.drawing.layers import double_rgb, yes_no
from facegen.drawing.threads import free, threads


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
    """RGB (n, 3, s, s) -> (n, 3, 2s, 2s): the smooth enlargement, and what residual blocks at half the size add to it.

    Sub-pixel convolution (Shi et al. 2016) and residual blocks without normalisation (EDSR, Lim et al. 2017).
    Working at a quarter of the result's size keeps it at a few milliseconds.

    `without_stripes` takes out what repeats every two pixels.
    """

    taps: Tensor

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        c = config.enlarger_channels
        self.into = nn.Conv2d(12, c, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(c, c, 3, padding=1))
            for _ in range(config.enlarger_blocks)
        )
        self.out = nn.Conv2d(c, 48, 3, padding=1)
        taps = np.array([-1, 4, 10, 4, -1], dtype=np.float32) / 16
        self.register_buffer("taps", torch.from_numpy(taps), persistent=False)

    def without_stripes(self, detail: Tensor) -> Tensor:
        """A filter along rows and columns: it keeps slow changes, and nothing of what repeats every two pixels."""
        for shape, padding in (((3, 1, 5, 1), (2, 0)), ((3, 1, 1, 5), (0, 2))):
            taps = self.taps.view(shape[2:]).expand(shape).to(detail.dtype)
            detail = F.conv2d(detail, taps, padding=padding, groups=3)
        return detail

    def forward(self, image: Tensor) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 -> (n, 3, 2s, 2s)."""
        h = self.into(F.pixel_unshuffle(image, 2).contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            h = h + block(h)
        large = double_rgb(image) + self.without_stripes(F.pixel_shuffle(self.out(F.leaky_relu(h, 0.2)), 4))
        # Back-projection (Irani & Peleg 1991): made small again, the result is the image that it was made from. It
        # may add what is too fine for the decoder; a beard or a smile stays what the decoder drew. Bicubic, as
        # pictures are made small by those who look at them; not exact, because an exact one shows the decoder's
        # pixels as a weave: so three times.
        for _ in range(3):
            small = F.interpolate(large, scale_factor=0.5, mode="bicubic", align_corners=False, antialias=True)
            large = large + F.interpolate(image - small, scale_factor=2.0, mode="bicubic", align_corners=False)
        return large


class DeconvGenerator(nn.Module):
    """The whole generator; see the module's docstring."""

    Config = GeneratorConfig

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        self.prior = Prior(config)
        self.decoder = Decoder(config)
        self.enlarger = Enlarger(config) if config.enlarger_channels else nn.Identity()

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """Identity codes (n, identity_dim) of seeds; NumPy's generator, whose stream is fixed across versions."""
        codes = [np.random.Generator(np.random.PCG64(s)).standard_normal(self.config.identity_dim) for s in seeds]
        return torch.from_numpy(np.stack(codes).astype(np.float32))

    @torch.inference_mode()
    def appearance(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """Appearance codes (n, identity_dim) of identity codes under attributes (n, a) of -1/0/+1."""
        with threads(1):
            return self.prior.sample(identity, attributes, self.config.guidance if guidance is None else guidance)

    @torch.inference_mode()
    def sketch(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """RGB (n, 3, s, s) at the decoder's size: what `forward` enlarges."""
        return self.decoder(self.appearance(identity, attributes, guidance), attributes).clamp(-1, 1)

    @torch.inference_mode()
    def draw(self, appearance: Tensor, attributes: Tensor) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of appearance codes."""
        with threads(free()):
            return self.enlarger(self.decoder(appearance, attributes).clamp(-1, 1)).clamp(-1, 1)

    def forward(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of identity codes (n, d), standard normal, and attributes (n, a) of -1/0/+1."""
        return self.draw(self.appearance(identity, attributes, guidance), attributes)
