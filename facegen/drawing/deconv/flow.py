"""The flow of `facegen-deconv` checkpoints: identity code (Gaussian noise) -> appearance code that fits the attributes.

Flow matching (Lipman et al. 2023), guided twice: away from what would be drawn if nothing was said (classifier-free
guidance, Ho & Salimans 2022), and away from what a much smaller flow would draw of the same words (autoguidance,
Karras et al. 2024).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.corrections import Discriminants, Refiner, Tints
from facegen.drawing.layers import yes_no

TIME_FREQUENCIES = 32


class VelocityField(nn.Module):
    """A residual MLP whose layers are modulated by time and attributes (AdaLN).

    The modulation is one linear layer shared by all blocks plus a bias of each block (PixArt-alpha, section 2.3): it
    keeps the checkpoint small.

    Codes are close to the standard normal, for which the best velocity is known: (2t - 1) / (t^2 + (1 - t)^2) times the
    code. The network tells the rest, in units of its spread (EDM's preconditioning, Karras et al. 2022, section 5).

    Args:
        codes, attributes: how long a code is, how many attributes there are.
        width, hidden, blocks: size of the MLP.
    """

    def __init__(self, codes: int, attributes: int, width: int, hidden: int, blocks: int):
        super().__init__()
        self.condition = nn.Sequential(
            nn.Linear(2 * TIME_FREQUENCIES + 2 * attributes, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.modulation = nn.Linear(width, 3 * width)
        self.block_bias = nn.Parameter(torch.zeros(blocks, 3 * width))
        self.into = nn.Linear(codes, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.SiLU(), nn.Linear(hidden, width)) for _ in range(blocks)
        )
        self.out = nn.Linear(width, codes)

    def modulate(self, t: Tensor, attributes: Tensor) -> Tensor:
        """What times t (n,) and attributes (n, a) tell the blocks, (n, 3 width): the same for every code, so it can
        be had for many times at once."""
        frequencies = torch.exp(torch.arange(TIME_FREQUENCIES, device=t.device) * (math.log(1000.0) / TIME_FREQUENCIES))
        angles = t[:, None] * frequencies[None]
        # "Yes" and "no" get inputs of their own: not said (0, 0) is then a third state, not half way between.
        said = yes_no(attributes)
        return self.modulation(self.condition(torch.cat([angles.sin(), angles.cos(), said], 1)))

    def at(self, times: Tensor, attributes: Tensor) -> Tensor:
        """What times (k,) and attributes (n, a) tell each of b blocks, as shift, scale and gate:
        (k, b, 3, n, width)."""
        k, n = len(times), len(attributes)
        told = self.modulate(times.repeat_interleave(n), attributes.repeat(k, 1)).view(k, 1, n, -1)
        told = (told + self.block_bias[:, None]).unflatten(3, (3, -1)).transpose(2, 3).contiguous()
        told[:, :, 1] += 1
        return told

    def modulated(self, x: Tensor, t: float, told: Tensor) -> Tensor:
        """Velocity (n, d) at codes x (n, d) and time t, of which `at` has told (b, 3, n, width)."""
        h = self.into(x)
        for block, (shift, scale, gate) in zip(self.blocks, told.unbind(), strict=True):
            h = torch.addcmul(h, gate, block(torch.addcmul(shift, F.layer_norm(h, h.shape[-1:]), scale)))
        velocity = self.out(F.layer_norm(h, h.shape[-1:]))
        square = t**2 + (1 - t) ** 2
        return torch.add((2 * t - 1) / square * x, velocity, alpha=square**-0.5)


class Prior(VelocityField):
    """The flow: its own velocity field; its guide's, a smaller one to keep away from; and what corrects its codes."""

    def __init__(self, config: GeneratorConfig):
        codes, attributes = config.identity_dim, len(config.attributes)
        super().__init__(codes, attributes, config.prior_width, config.prior_hidden, config.prior_blocks)
        self.guide = VelocityField(codes, attributes, config.guide_width, config.guide_hidden, config.guide_blocks)
        self.tints = Tints(codes)
        self.discriminants = Discriminants(codes, attributes, config.correction)
        self.refiner = Refiner(codes, attributes, config.refiner_width)
        self.autoguidance, self.refiner_full, self.steps = config.autoguidance, config.refiner_full, config.prior_steps
        self.shortest, self.longest = config.shortest_code, config.longest_code or math.inf

    def sample(self, noise: Tensor, attributes: Tensor, guidance: float) -> Tensor:
        """Appearance codes (n, d) of noise (n, d): the flow's, refined, brought within what photographs' codes have."""
        return self.within(self.refined(self.flow(noise, attributes, guidance), attributes))

    def refined(self, codes: Tensor, attributes: Tensor) -> Tensor:
        """Codes (n, d), moved by the refiner in proportion to how many attributes are said, up to `refiner_full`."""
        moved = self.refiner(codes, attributes)
        if not self.refiner_full:
            return moved
        said = attributes.abs().sum(1, keepdim=True)
        return torch.lerp(codes, moved, (said / self.refiner_full).clamp(max=1))

    def flow(self, noise: Tensor, attributes: Tensor, guidance: float) -> Tensor:
        """Integrate from noise (n, d) to codes (n, d), and correct these by the discriminants.

        By the Adams-Bashforth rule of third order (Hairer, Norsett & Wanner 1993, III.1), which looks at each
        velocity once and remembers two.
        """
        steps = self.steps
        x, times = noise, torch.arange(steps + 1, device=noise.device) / steps
        guided = guidance != 1.0 and bool(attributes.any())
        # What a time and the words tell the networks is the same for every code: worked out once, not at each time.
        told, guide_told = self.at(times, attributes), self.guide.at(times, attributes)
        if guided:
            told = torch.cat([told, self.at(times, torch.zeros_like(attributes[:1])).expand_as(told)], 3)

        def velocity(x: Tensor, i: int) -> Tensor:
            both = self.modulated(torch.cat([x, x]) if guided else x, i / steps, told[i])
            said, unsaid = both.chunk(2) if guided else (both, both)
            moved = unsaid + guidance * (said - unsaid) if guided else said
            return moved + (self.autoguidance - 1) * (said - self.guide.modulated(x, i / steps, guide_told[i]))

        before: list[Tensor] = []  # the last velocities, latest first
        for i in range(steps):
            now = velocity(x, i)
            if not before:  # Heun's rule, which needs no past
                move = (now + velocity(x + now / steps, 1)) / 2
            elif len(before) == 1:
                move = 1.5 * now - 0.5 * before[0]
            else:
                move = (23 * now - 16 * before[0] + 5 * before[1]) / 12
            x, before = x + move / steps, [now, *before[:1]]
        return self.discriminants(x, attributes)

    def within(self, codes: Tensor) -> Tensor:
        """Codes (n, d), brought to a tint and a length that photographs' codes have."""
        codes = self.tints(codes)
        length = codes.norm(dim=1, keepdim=True).clamp(min=1e-6)  # a code of zeros stays one
        return codes * (length.clamp(self.shortest, self.longest) / length)
