"""The networks that training needs and the app does not: the encoder and the discriminators."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.generator import Decoder, GeneratorConfig
from facegen.drawing.layers import Trunk


class Encoder(nn.Module):
    """RGB -> appearance code (n, d) with zero mean and unit variance in each dimension.

    Batch normalisation without gain in front of a code that gets Gaussian noise added makes the code a channel of
    fixed capacity: the encoder gains most by filling all d dimensions evenly, so that its codes come out close to the
    standard normal, which is where the flow starts from. A linear path beside the convolutions is started as
    eigenfaces; see `eigenfaces`.
    """

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.trunk = Trunk(config.decoder_size, [96, 192, 256, 256], patch=4)
        self.code = nn.Linear(self.trunk.width, config.identity_dim)
        nn.init.zeros_(self.code.weight)
        self.eigenfaces = nn.Linear(3 * (config.decoder_size // 2) ** 2, config.identity_dim)
        self.norm = nn.BatchNorm1d(config.identity_dim, affine=False, momentum=0.01)

    def forward(self, image: Tensor) -> Tensor:
        linear = self.eigenfaces(F.avg_pool2d(image, 2).flatten(1))
        return self.norm((linear + self.code(self.trunk(image))).float())


@torch.no_grad()
def eigenfaces(encoder: Encoder, decoder: Decoder, faces: Tensor, seed: int = 0) -> float:
    """Start encoder and decoder as a principal component analysis of faces (n, 3, s, s) in -1..1.

    Components are scaled by the fourth root of their variance (not whitened: noise on the code then costs the strong
    components little) and turned by a random rotation, which spreads them evenly over the dimensions of the code.
    Returns the share of the variance that the code holds.
    """
    generator = torch.Generator().manual_seed(seed)
    d = encoder.code.out_features
    x = F.avg_pool2d(faces, 2).flatten(1)
    mean = x.mean(0)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)  # svd_lowrank draws its test matrix from the global generator
        _, s, v = torch.svd_lowrank(x - mean, q=min(d + 32, *x.shape), niter=4)
    s, v = s[:d], v[:, :d]
    deviation = s / math.sqrt(len(x))
    rotation = torch.linalg.qr(torch.randn(d, d, generator=generator))[0].to(x)
    into = (v / deviation.sqrt()) @ rotation  # component c has variance deviation_c here
    unit = ((deviation[:, None] * rotation.square()).sum(0)).sqrt()  # of each dimension of the code
    encoder.eigenfaces.weight.copy_((into / unit).T)
    encoder.eigenfaces.bias.copy_(-(mean @ into) / unit)
    decoder.eigenfaces.weight.copy_((v * deviation.sqrt()) @ rotation * unit)
    decoder.eigenfaces.bias.copy_(mean)
    return float(s.square().sum() / (x - mean).square().sum())


class Discriminator(nn.Module):
    """Conditional patch discriminator: a logit for each 16 px of the image, (n, 8, 8) at 128 px.

    Patches (Isola et al. 2017) give 64 opinions an image instead of one, which is what makes it learn in minutes; faces are
    aligned, so that a place is always the same part of a face, and pairs are compared place by place. The attributes
    enter by projection (Miyato & Koyama 2018), once for all places.
    """

    def __init__(self, config: GeneratorConfig, image_size: int, patch: int = 2, width: int = 64):
        super().__init__()
        # Where the generator's places attend to each other the discriminator's do, at the same size in px.
        end = image_size // 16
        attention = config.attention if end <= config.attention < image_size // patch else 0
        self.trunk = Trunk(image_size, [width, 2 * width, 3 * width, 4 * width], patch, end, attention)
        last = self.trunk.channels
        self.features = nn.Conv2d(last, last, 1)
        self.realness = nn.Conv2d(last, 1, 1)
        self.condition = nn.Linear(2 * len(config.attributes), last)
        nn.init.normal_(self.condition.weight, std=0.02)

    def forward(self, image: Tensor, attributes: Tensor) -> Tensor:
        h = F.leaky_relu(self.features(self.trunk.map(image)), 0.2)
        said = self.condition(torch.cat([attributes.clamp(min=0), -attributes.clamp(max=0)], 1))
        projection = (h * said[:, :, None, None]).sum(1) / math.sqrt(h.shape[1])
        return (self.realness(h)[:, 0] + projection).float()


class FeatureDiscriminator(nn.Module):
    """Conditional discriminator on the feature maps of a pretrained network (Projected GAN, Sauer et al. 2021, section 3).

    What a photograph's features look like need not be learned from 14,000 faces first, so that its small heads, one for each
    map, have an opinion within minutes. The attributes enter each by projection, as in `Discriminator`.

    Args:
        channels: of the maps, in order.
    """

    def __init__(self, config: GeneratorConfig, channels: Sequence[int], width: int = 128):
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, width, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2))
            for c in channels
        )
        self.realness = nn.ModuleList(nn.Conv2d(width, 1, 1) for _ in channels)
        self.condition = nn.ModuleList(nn.Linear(2 * len(config.attributes), width) for _ in channels)
        for said in self.condition:
            nn.init.normal_(said.weight, std=0.02)
        # Each map is brought to unit variance first: the deep ones are ten times as large as the first.
        self.register_buffer("scale", torch.ones(len(channels)))

    @torch.no_grad()
    def calibrate(self, maps: Sequence[Tensor]) -> None:
        """Take the maps' scale from those of photographs."""
        self.scale.copy_(torch.stack([1 / m.float().std() for m in maps]))

    def forward(self, maps: Sequence[Tensor], attributes: Tensor) -> list[Tensor]:
        """Logits (n, h, w) of each of the maps (n, c, h, w), for attributes (n, a) of -1/0/+1."""
        yes_no = torch.cat([attributes.clamp(min=0), -attributes.clamp(max=0)], 1)
        logits = []
        for m, scale, head, realness, condition in zip(
            maps, self.scale, self.heads, self.realness, self.condition, strict=True
        ):
            h = head(m * scale.to(m.dtype))
            projection = (h * condition(yes_no)[:, :, None, None]).sum(1) / math.sqrt(h.shape[1])
            logits.append((realness(h)[:, 0] + projection).float())
        return logits
