"""The flow: identity code, plain Gaussian noise -> appearance code that fits the conditions.

Flow matching (Lipman et al. 2023) with classifier-free guidance (Ho & Salimans 2022), distilled: the network is
told how strong the guidance is and looks once a step (Meng et al. 2023), and a few large steps end where many small
ones would (Salimans & Ho 2022). See `training.default.flow` and `training.default.distillation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Sizes(Protocol):
    """What a generator's config says of its flow: see `drawing.config.GeneratorConfig`."""

    identity_dim: int
    flow_width: int
    flow_hidden: int
    flow_blocks: int
    flow_steps: int

    @property
    def conditions(self) -> int:
        """Length of the vector that says what is wanted."""
        ...


FREQUENCIES = 32


class Flow(nn.Module):
    """Velocity at a code: a residual network whose layers are modulated by time, guidance and conditions (AdaLN).

    The modulation is one linear layer shared by all blocks and a bias of each block (Chen et al. 2024,
    PixArt-alpha, section 2.3).

    Codes are close to the standard normal, for which the best velocity is known: (2t - 1) / (t^2 + (1 - t)^2) times
    the code. The network learns the rest, in units of its spread (Karras et al. 2022, section 5).
    """

    frequencies: Tensor

    def __init__(self, config: Sizes):
        super().__init__()
        width, hidden, blocks = config.flow_width, config.flow_hidden, config.flow_blocks
        self.steps = config.flow_steps
        inputs = 2 * FREQUENCIES + 1 + config.conditions
        self.condition = nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.modulation = nn.Linear(width, 3 * width)
        self.block_bias = nn.Parameter(torch.zeros(blocks, 3 * width))
        self.into = nn.Linear(config.identity_dim, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.SiLU(), nn.Linear(hidden, width)) for _ in range(blocks)
        )
        self.out = nn.Linear(width, config.identity_dim)
        # Zero at the start: an untrained flow is close to the identity map, as codes are close to the standard normal.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        frequencies = np.exp(np.arange(FREQUENCIES) * (math.log(1000.0) / FREQUENCIES)).astype(np.float32)
        self.register_buffer("frequencies", torch.from_numpy(frequencies), persistent=False)

    def forward(self, x: Tensor, t: Tensor, conditions: Tensor, guidance: Tensor) -> Tensor:
        """Velocity (n, d) at codes x (n, d), times t (n,) from 0 (noise) to 1 (code), guidance (n,) from 1 (none)."""
        angles = t[:, None] * self.frequencies
        told = torch.cat([angles.sin(), angles.cos(), guidance[:, None] - 1, conditions], 1)
        modulation = self.modulation(self.condition(told))
        h = self.into(x)
        for block, bias in zip(self.blocks, self.block_bias, strict=True):
            shift, scale, gate = (modulation + bias).chunk(3, 1)
            h = h + gate * block(F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift)
        learned = self.out(F.layer_norm(h, h.shape[-1:])).float()
        t = t[:, None]
        square = t.square() + (1 - t).square()
        return (2 * t - 1) / square * x + learned * square.rsqrt()

    def sample(self, noise: Tensor, conditions: Tensor, guidance: float | Tensor) -> Tensor:
        """Appearance codes (n, d) of noise (n, d): `steps` steps of Euler's rule, one look each."""
        strength = torch.as_tensor(guidance, dtype=noise.dtype, device=noise.device).expand(len(noise))
        x = noise
        for i in range(self.steps):
            x = x + self(x, noise.new_full((len(x),), i / self.steps), conditions, strength) / self.steps
        return x


def adams(velocity: Callable[[Tensor, float], Tensor], x: Tensor, steps: int) -> list[Tensor]:
    """The states at times 0, 1/steps, .. 1 from x (n, d) on, by the Adams-Bashforth rule of third order.

    It looks at each velocity once and remembers two (Hairer, Norsett & Wanner 1993, III.1); the first step is Heun's.
    """
    states: list[Tensor] = [x]
    before: list[Tensor] = []  # the last velocities, latest first
    for i in range(steps):
        now = velocity(x, i / steps)
        if not before:
            move = (now + velocity(x + now / steps, 1 / steps)) / 2
        elif len(before) == 1:
            move = 1.5 * now - 0.5 * before[0]
        else:
            move = (23 * now - 16 * before[0] + 5 * before[1]) / 12
        x, before = x + move / steps, [now, *before[:1]]
        states.append(x)
    return states
