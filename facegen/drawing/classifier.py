"""Read a face back: RGB -> probability of each attribute.

Small enough to run beside every drawn face: what it sees is shown next to what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from facegen.drawing.layers import Backbone
from facegen.drawing.threads import free, threads


@dataclass
class ClassifierConfig:
    """Everything needed to rebuild the network; saved as config.json.

    Args:
        attributes: names in the order of the output.
        base_rates: share of yes among the training faces (0..1), one for each attribute; see `probabilities`.
        image_size: side of the input in px; other sizes are resized.
        channels: of the backbone, from the stem at a quarter of the image on.
    """

    attributes: list[str] = field(default_factory=list)
    base_rates: list[float] = field(default_factory=list)
    image_size: int = 128
    channels: list[int] = field(default_factory=lambda: [64, 128, 192, 256])
    hidden: int = 256


class AttributeClassifier(nn.Module):
    """RGB (n, 3, s, s) in -1..1 -> one logit for each attribute."""

    Config = ClassifierConfig

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        self.config = config
        self.trunk = Backbone(config.image_size, config.channels, patch=4)
        self.hidden = nn.Linear(self.trunk.width, config.hidden)
        self.dropout = nn.Dropout(0.3)
        self.heads = nn.Linear(config.hidden, len(config.attributes))

    @property
    def attributes(self) -> list[str]:
        """Names of the attributes, in the order of the logits."""
        return self.config.attributes

    def features(self, images: Tensor) -> Tensor:
        """The penultimate layer: (n, hidden)."""
        size = self.config.image_size
        if images.shape[-1] != size:
            images = nn.functional.interpolate(images, (size, size), mode="bilinear", antialias=True)
        return nn.functional.leaky_relu(self.hidden(self.trunk(images)), 0.2)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, a) of images (n, 3, s, s) in -1..1, with the training share of yes still in them."""
        return self.heads(self.dropout(self.features(images)))

    @torch.inference_mode()
    def probabilities(self, images: Tensor) -> Tensor:
        """Probability of yes (n, a), 0..1, for images (n, 3, s, s) in -1..1, as if yes and no were equally common.

        The network learns on photographs, where hats are rare; whoever asked for a hat has no such prior. Bayes' rule
        takes the training share out of the odds.
        """
        rates = torch.tensor(self.config.base_rates, device=images.device).clamp(1e-3, 1 - 1e-3)
        with threads(free()):
            return torch.sigmoid(self(images).float() - torch.logit(rates))
