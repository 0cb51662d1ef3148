"""Everything needed to rebuild the generator's networks; saved as config.json."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class GeneratorConfig:
    """Sizes of the networks, and what they are told.

    Args:
        attributes: names that can be drawn, in the order of the input.
        graded: those of them that take degrees.
        looks: kinds of picture, the default first.
        identity_dim: length of the identity code and of the appearance code.
        channels: of the decoder's maps at 4, 8, 16, .. px; the last is the image's size.
        style: width of the vector that modulates the decoder's blocks.
        coarse: side in px of the coarse face that is drawn straight from the code.
        flow_width, flow_hidden, flow_blocks: size of the flow's residual network.
        flow_steps: steps from the identity code to the appearance code; 0 where they are the same.
        guidance: default strength of what was said; 1 is none.
    """

    attributes: list[str] = field(default_factory=list)
    graded: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=lambda: ["studio", "snapshot", "celebrity"])
    identity_dim: int = 256
    channels: list[int] = field(default_factory=lambda: [384, 384, 320, 256, 128, 64, 32])
    style: int = 256
    coarse: int = 32
    flow_width: int = 640
    flow_hidden: int = 1280
    flow_blocks: int = 4
    flow_steps: int = 4
    guidance: float = 2.0

    @property
    def image_size(self) -> int:
        """Side in px of the image."""
        return 4 * 2 ** (len(self.channels) - 1)

    @property
    def conditions(self) -> int:
        """Length of the vector that says what is wanted: a place for each yes, each no and each look."""
        return 2 * len(self.attributes) + len(self.looks)
