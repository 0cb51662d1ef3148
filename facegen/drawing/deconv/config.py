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
        prior_width, prior_hidden, prior_blocks: size of the flow's residual MLP.
        prior_steps: steps from noise to appearance code, one look at the velocity each (see `Prior.flow`).
        guidance: strength of classifier-free guidance; 1 is none.
        guide_width, guide_hidden, guide_blocks: size of the flow's guide, a worse flow to keep away from.
        autoguidance: how far to keep away from it, as strongly as `guidance` counts; 1 is not at all.
        correction: how firmly codes are brought to show what was said (see `Discriminants`).
        refiner_width: of the network that moves codes to where a classifier reads what was said (see `Refiner`).
        refiner_full: how many attributes must be said, with the noes of exclusive groups, for it to move a code all
            of its way; of fewer it moves it in proportion less far. 0 for all of its way whatever is said.
        shortest_code, longest_code: appearance codes are brought between these lengths, where they aren't 0.
        enlarger_channels, enlarger_blocks: size of the network that doubles the decoder's image; 0 channels for none.
        graded: attributes whose yes may be a number, 0.5 (slighter) to 1.5 (stronger).
        emphasis: attribute -> {attribute: number}: what the networks are told in place of a plain yes, where it alone
            shows too little. Of another attribute, only where nothing is said of that.
        larger_channels: size of a second enlarger, which doubles the image where that is asked for; 0 for none.
    """

    attributes: list[str] = field(default_factory=list)
    identity_dim: int = 256
    channels: list[int] = field(default_factory=lambda: [256, 256, 256, 192, 128, 48])
    prior_width: int = 512
    prior_hidden: int = 768
    prior_blocks: int = 6
    prior_steps: int = 10
    guidance: float = 2.0
    guide_width: int = 128
    guide_hidden: int = 192
    guide_blocks: int = 3
    autoguidance: float = 1.75
    correction: float = 4.0
    refiner_width: int = 320
    refiner_full: int = 0
    shortest_code: float = 0.0
    longest_code: float = 0.0
    enlarger_channels: int = 0
    enlarger_blocks: int = 4
    graded: list[str] = field(default_factory=list)
    emphasis: dict[str, dict[str, float]] = field(default_factory=dict)
    larger_channels: int = 0

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
