"""The first report's network: one-hot subject + structured attributes -> face (Flynn 2016; Meden 2018, section 3).

Dense layers, then five upsampling + conv blocks. It knows its subjects and nobody else: a new person is a blend of two
of them. For publishing, `blended` leaves blends alone: no weights redraw a real person then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.layers import yes_no
from facegen.errors import UserError


@dataclass
class SubjectDeconvConfig:
    """Sizes of the network.

    Args:
        attributes: names in the order of the input.
        subjects: ids of the people that it knows.
        channels: of the first map and of those that each block doubles to; the last has the image's size.
        dense: width of the dense layers.
        first: side of the first map in px.
        parents: how many of the subjects a seed is a blend of.
        attention: side in px of the map on which places attend to each other; 0 for none, as in the report.
    """

    attributes: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    channels: list[int] = field(default_factory=lambda: [256, 128, 128, 96, 64, 32])
    dense: int = 512
    first: int = 4
    parents: int = 2
    attention: int = 0

    @property
    def image_size(self) -> int:
        """Side of the image in px."""
        return self.first * 2 ** (len(self.channels) - 1)

    @property
    def identity_dim(self) -> int:
        """Length of the identity code: a weight for each subject."""
        return len(self.subjects)


class SelfAttention(nn.Module):
    """Each place of a map looks at all others, and adds what it finds (Zhang et al. 2019, SAGAN, section 3)."""

    def __init__(self, channels: int):
        super().__init__()
        self.narrow = max(1, channels // 8)
        self.seen = nn.Conv2d(channels, 2 * self.narrow + channels, 1)
        self.share = nn.Parameter(torch.zeros(()))  # nothing at the start

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, s, s) -> (n, c, s, s)."""
        sizes = [self.narrow, self.narrow, x.shape[1]]
        query, key, value = self.seen(x).flatten(2).transpose(1, 2).split(sizes, 2)
        found = F.scaled_dot_product_attention(query, key, value)
        return x + self.share * found.transpose(1, 2).reshape(x.shape)


class SubjectDeconv(nn.Module):
    """(weights of subjects (n, subjects), attributes (n, a)) -> RGB (n, 3, s, s) in -1..1."""

    Config = SubjectDeconvConfig

    def __init__(self, config: SubjectDeconvConfig):
        super().__init__()
        self.config = config
        c, w = config.channels, config.dense
        self.subject = nn.Sequential(nn.Linear(config.identity_dim, w), nn.LeakyReLU(0.2))
        self.attribute = nn.Sequential(nn.Linear(2 * len(config.attributes), w), nn.LeakyReLU(0.2))
        self.dense = nn.Sequential(
            nn.Linear(2 * w, 2 * w), nn.LeakyReLU(0.2), nn.Linear(2 * w, config.first**2 * c[0]), nn.LeakyReLU(0.2)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(scale_factor=2),
                nn.Conv2d(a, b, 5, padding=2),
                nn.LeakyReLU(0.2),
                nn.Conv2d(b, b, 3, padding=1),
                nn.LeakyReLU(0.2),
            )  # fmt: skip
            for a, b in zip(c[:-1], c[1:], strict=True)
        )
        self.to_rgb = nn.Conv2d(c[-1], 3, 3, padding=1)
        if config.attention:
            sizes = [config.first * 2**i for i in range(1, len(c))]
            if config.attention not in sizes:
                raise UserError(f"attention = {config.attention} is the side of no map: {sizes} are")
            block = sizes.index(config.attention)
            self.blocks[block].append(SelfAttention(c[block + 1]))  # type: ignore[operator]
        for layer in self.modules():
            # Uniform, as in the report, and wide: PyTorch's own start would shrink the signal at each of fourteen
            # layers, and who it is would reach no pixel.
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_uniform_(layer.weight, 0.2)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def unit(self, identity: Tensor, attributes: Tensor) -> Tensor:
        """RGB (n, 3, s, s) in 0..1: what the logarithmic error is taken of."""
        said = yes_no(attributes)
        side = self.config.first
        x = self.dense(torch.cat([self.subject(identity), self.attribute(said)], 1))
        x = x.view(len(x), -1, side, side).contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            x = block(x)
        return torch.sigmoid(self.to_rgb(x))

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """Weights (n, subjects), rows sum to 1: equal shares of the subjects that the seed picks."""
        rows = torch.zeros(len(seeds), self.config.identity_dim)
        parents = min(self.config.parents, self.config.identity_dim)
        for row, seed in zip(rows, seeds, strict=True):
            row[np.random.Generator(np.random.PCG64(seed)).choice(len(row), parents, replace=False)] = 1 / parents
        return rows

    def blended(self, pairs: Sequence[tuple[str, str]]) -> SubjectDeconv:
        """The same network with a new subject, half and half, in place of each pair of its own.

        What is left of two people can't be told apart from their mean. Raises `UserError` for somebody in two pairs.
        """
        told = [subject for pair in pairs for subject in pair]
        if len(told) > len(set(told)):
            raise UserError("somebody is in two pairs: who that is could be computed from them")
        ids = [f"blend{i:03d}" for i in range(len(pairs))]
        model = SubjectDeconv(replace(self.config, subjects=ids, parents=1))
        rows = [[self.config.subjects.index(subject) for subject in pair] for pair in pairs]
        weights = self.state_dict()
        weights["subject.0.weight"] = weights["subject.0.weight"].T[torch.tensor(rows)].mean(1).T.contiguous()
        model.load_state_dict(weights)
        return model.requires_grad_(False).eval()

    @torch.inference_mode()
    def forward(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """As `DeconvGenerator.forward`; guidance has no meaning here."""
        return self.unit(identity, attributes) * 2 - 1
