"""The face generator: (identity code, attributes) -> RGB.

Two networks in one checkpoint. A conditional flow carries the identity code, plain Gaussian noise, to an appearance
code that fits what was said; a decoder draws that code. One noise vector is one person: with the same noise and
other attributes the flow ends at the same person, changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from facegen.drawing.config import GeneratorConfig
from facegen.drawing.decoder import Decoder
from facegen.drawing.flow import Flow
from facegen.drawing.layers import yes_no
from facegen.drawing.threads import free, threads


class FaceGenerator(nn.Module):
    """The whole generator; see the module's docstring. `forward` is inference; training works on the parts.

    Attributes are numbers (n, a): 0 for not said, 1 a plain yes, -1 a plain no; graded ones from 0.5 (slightly) to
    1.5 (very).
    """

    Config = GeneratorConfig

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        self.flow = Flow(config)
        self.decoder = Decoder(config)

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """Identity codes (n, identity_dim) of seeds."""
        return identity_codes(seeds, self.config.identity_dim)

    def conditions(self, attributes: Tensor, look: str | None = None) -> Tensor:
        """What the networks are told, (n, config.conditions), of attributes (n, a) and a look; its default if left out.

        "Yes" and "no" have places of their own: not said (0, 0) is then a third state, not half way between.
        """
        looks = torch.zeros(len(attributes), len(self.config.looks), device=attributes.device)
        looks[:, self.config.looks.index(look) if look else 0] = 1
        return conditions(attributes, looks)

    @torch.inference_mode()
    def appearance(
        self, identity: Tensor, attributes: Tensor, guidance: float | None = None, look: str | None = None
    ) -> Tensor:
        """Appearance codes (n, identity_dim) of identity codes (n, identity_dim) under attributes (n, a)."""
        strength = self.config.guidance if guidance is None else guidance
        with threads(1):
            return self.flow.sample(identity, self.conditions(attributes, look), strength)

    @torch.inference_mode()
    def draw(self, appearance: Tensor, attributes: Tensor, look: str | None = None) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of appearance codes (n, identity_dim)."""
        with threads(free()):
            return self.decoder(appearance, self.conditions(attributes, look)).clamp(-1, 1)

    @torch.inference_mode()
    def sketch(
        self, identity: Tensor, attributes: Tensor, guidance: float | None = None, look: str | None = None
    ) -> Tensor:
        """RGB (n, 3, t, t) in -1..1 at half the image's size, quicker than `forward`."""
        code = self.appearance(identity, attributes, guidance, look)
        size = max(self.config.image_size // 2, self.config.coarse)
        return self.decoder(code, self.conditions(attributes, look), size).clamp(-1, 1)

    def forward(
        self, identity: Tensor, attributes: Tensor, guidance: float | None = None, look: str | None = None
    ) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of identity codes (n, identity_dim), standard normal, and attributes (n, a)."""
        return self.draw(self.appearance(identity, attributes, guidance, look), attributes, look)


def identity_codes(seeds: Sequence[int], dim: int) -> Tensor:
    """Standard normal codes (n, dim) of seeds, by NumPy's generator, whose stream is fixed across versions."""
    codes = [np.random.Generator(np.random.PCG64(seed)).standard_normal(dim) for seed in seeds]
    return torch.from_numpy(np.stack(codes).astype(np.float32))


def conditions(attributes: Tensor, looks: Tensor) -> Tensor:
    """Yes, no and look, each in its own places: (n, 2a + l) of attributes (n, a) and looks (n, l)."""
    return torch.cat([yes_no(attributes), looks], 1)
