"""End to end (Meden 2018, further work): the state of an LSTM over characters conditions the face.

A description is read character by character; attention sums the LSTM's states up as one vector. A flow under that
vector carries the identity code to an appearance code, and a decoder draws it. No list of attributes lies between words
and pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from facegen.attributes import decode, spoken
from facegen.drawing.config import GeneratorConfig
from facegen.drawing.decoder import Decoder
from facegen.drawing.flow import Flow, adams
from facegen.reading.network import CharacterStates, encode


@dataclass
class EndToEndConfig(GeneratorConfig):
    """A generator's sizes, and those of what reads.

    Args:
        attributes: those that the photographs' descriptions could name.
        embedding, convolution, hidden: of the reader's characters, its convolutions and its LSTM, for each direction.
        heads: of the attention over the LSTM's states.
        state: length of the vector that conditions the flow.
    """

    looks: list[str] = field(default_factory=list)
    identity_dim: int = 128
    channels: list[int] = field(default_factory=lambda: [192, 160, 96, 64, 32])
    style: int = 160
    flow_width: int = 384
    flow_hidden: int = 768
    flow_blocks: int = 3
    flow_steps: int = 6
    embedding: int = 32
    convolution: int = 128
    hidden: int = 192
    heads: int = 8
    state: int = 128

    @property
    def conditions(self) -> int:
        """What the flow is conditioned by."""
        return self.state


class EndToEnd(nn.Module):
    """`read` a description, then draw under its state; `forward` takes attributes and words them first."""

    Config = EndToEndConfig

    def __init__(self, config: EndToEndConfig):
        super().__init__()
        self.config = config
        c = config
        self.reader = CharacterStates(c.embedding, c.convolution, c.hidden)
        self.attend = nn.Linear(2 * c.hidden, c.heads)
        self.state = nn.Linear(2 * c.hidden * c.heads, c.state)
        # What all descriptions have in common is taken out: else the flow sees little of how they differ.
        self.norm = nn.BatchNorm1d(c.state, affine=False)
        self.flow = Flow(c)
        plain = GeneratorConfig(
            looks=[], identity_dim=c.identity_dim, channels=c.channels, style=c.style, coarse=c.coarse
        )
        self.decoder = Decoder(plain)  # the code says it all

    def read(self, texts: Sequence[str]) -> Tensor:
        """States (n, state) of descriptions, of unit variance; an empty one has a state, too: that of nothing said."""
        characters = encode(list(texts)).to(self.state.weight.device)
        states, filled = self.reader.states(characters)
        weights = self.attend(states).masked_fill(~filled[..., None], -1e4).softmax(1)
        return self.norm(self.state(torch.einsum("nta,nth->nah", weights, states).flatten(1)))

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """Identity codes (n, identity_dim) of seeds."""
        codes = [np.random.Generator(np.random.PCG64(s)).standard_normal(self.config.identity_dim) for s in seeds]
        return torch.from_numpy(np.stack(codes).astype(np.float32))

    def redraw(self, code: Tensor) -> Tensor:
        """RGB (n, 3, s, s), about -1..1, of appearance codes (n, identity_dim)."""
        return self.decoder(code, code.new_zeros(len(code), 0))

    @torch.inference_mode()
    def portray(self, identity: Tensor, texts: Sequence[str], guidance: float | None = None) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of identity codes (n, identity_dim) and n descriptions.

        With classifier-free guidance (Ho & Salimans 2022): away from what it would draw of an empty description.
        """
        strength = self.config.guidance if guidance is None else guidance
        states = torch.cat([self.read(texts), self.read([""]).expand(len(texts), -1)])
        one = states.new_ones(len(states))

        def velocity(x: Tensor, t: float) -> Tensor:
            said, unsaid = self.flow(torch.cat([x, x]), t * one, states, one).chunk(2)
            return unsaid + strength * (said - unsaid)

        return self.redraw(adams(velocity, identity, self.config.flow_steps)[-1]).clamp(-1, 1)

    def forward(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """As `FaceGenerator.forward`, for attributes (n, a): each row is put into words, and these are read."""
        names = self.config.attributes
        return self.portray(identity, [spoken(decode(row, names)) for row in attributes.tolist()], guidance)
