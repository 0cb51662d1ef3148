"""Everything needed to rebuild a `facegen-deconv` network; saved as config.json."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class GeneratorConfig:
    """Everything needed to rebuild the network; saved as config.json.

    Args:
        attributes: names the model can draw, in the order of its input.
        identity_dim: length of the identity code and of the appearance code.
        channels: decoder channels at 4, 8, 16, .. px; one upsampling block between neighbours.
        flow_width, flow_hidden, flow_blocks: size of the flow's residual network.
        flow_steps: steps from the identity code to the appearance code, one look at the velocity each.
        guidance: default strength of what was said; 1 is none.
        enlarger_channels, enlarger_blocks: size of the network that doubles the decoder's image; 0 channels for none.
        graded: attributes whose yes may be a number, 0.5 (slighter) to 1.5 (stronger).
        larger_channels: size of a second enlarger, which doubles the image where that is asked for; 0 for none.
    """

    attributes: list[str] = field(default_factory=list)
    identity_dim: int = 256
    channels: list[int] = field(default_factory=lambda: [256, 256, 256, 192, 128, 48])
    flow_width: int = 512
    flow_hidden: int = 768
    flow_blocks: int = 6
    flow_steps: int = 4
    guidance: float = 1.0
    enlarger_channels: int = 0
    enlarger_blocks: int = 4
    graded: list[str] = field(default_factory=list)
    larger_channels: int = 0

    @property
    def conditions(self) -> int:
        """Length of the vector that says what is wanted: a place for each yes and each no."""
        return 2 * len(self.attributes)

    @property
    def decoder_size(self) -> int:
        """Side in px of what the decoder draws."""
        return 4 * 2 ** (len(self.channels) - 1)

    @property
    def image_size(self) -> int:
        """Side in px of the image."""
        return self.decoder_size * (2 if self.enlarger_channels else 1)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sides in px that can be asked for, the image's own first."""
        return (self.image_size, 2 * self.image_size) if self.larger_channels else (self.image_size,)
