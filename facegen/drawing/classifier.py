"""Read a face back: RGB -> probability of each attribute.

Small enough to run beside every drawn face: what it sees is shown next to what was asked for. The trunk is
EfficientNet-Lite0 up to a sixteenth of the image's side (Tan & Le 2019; Lite: no squeeze-and-excitation, ReLU6), its
batch norms folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.threads import free, threads

STEM = 32
STAGES = (  # channels, kernel, stride, expansion, blocks
    (16, 3, 1, 1, 1),
    (24, 3, 2, 6, 2),
    (40, 5, 2, 6, 2),
    (80, 3, 2, 6, 3),
    (112, 5, 1, 6, 3),
)
PLACES = 4  # the last map's, along a side, that the heads see apart


@dataclass
class ClassifierConfig:
    """Everything needed to rebuild the network; saved as config.json.

    Args:
        attributes: names in the order of the output.
        base_rates: share of yes among the training faces (0..1), one for each attribute; see `probabilities`.
        image_size: side of the input in px; other sizes are resized.
        hidden: length of the features.
        thresholds: probability (0.7..1) from which on an answer is right nine times in ten; see `evaluate classifier`.
    """

    attributes: list[str] = field(default_factory=list)
    base_rates: list[float] = field(default_factory=list)
    image_size: int = 128
    hidden: int = 256
    thresholds: dict[str, float] = field(default_factory=dict)


class Convolution(nn.Conv2d):
    """A convolution that pads as TensorFlow does: where it halves, more at the end."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(c_in, c_out, kernel, stride, padding=kernel // 2 if stride == 1 else 0, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, s, s) -> (n, c_out, s / stride, s / stride)."""
        if self.stride[0] > 1:
            more = self.kernel_size[0] - self.stride[0]
            x = F.pad(x, (more // 2, more - more // 2) * 2)
        return super().forward(x)


class InvertedBottleneck(nn.Module):
    """Widen, look around in each channel by itself, narrow (MobileNetV2, Sandler et al. 2018)."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = expansion * c_in
        widen = [Convolution(c_in, wide, 1), nn.ReLU6(inplace=True)] if expansion > 1 else []
        self.layers = nn.Sequential(
            *widen, Convolution(wide, wide, kernel, stride, groups=wide), nn.ReLU6(inplace=True),
            Convolution(wide, c_out, 1),
        )  # fmt: skip
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, s, s) -> (n, c_out, s / stride, s / stride)."""
        return x + self.layers(x) if self.residual else self.layers(x)


def trunk() -> nn.Sequential:
    """RGB (n, 3, s, s) in -1..1 -> map (n, 112, s/16, s/16)."""
    layers: list[nn.Module] = [Convolution(3, STEM, 3, 2), nn.ReLU6(inplace=True)]
    before = STEM
    for after, kernel, stride, expansion, blocks in STAGES:
        layers.append(InvertedBottleneck(before, after, kernel, stride, expansion))
        layers += [InvertedBottleneck(after, after, kernel, 1, expansion) for _ in range(blocks - 1)]
        before = after
    return nn.Sequential(*layers)


class AttributeClassifier(nn.Module):
    """RGB (n, 3, s, s) in -1..1 -> one logit for each attribute."""

    Config = ClassifierConfig

    def __init__(self, config: ClassifierConfig):
        super().__init__()
        self.config = config
        self.trunk = trunk()
        self.hidden = nn.Linear(PLACES**2 * STAGES[-1][0], config.hidden)
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
            images = F.interpolate(images, (size, size), mode="bilinear", antialias=True)
        maps = self.trunk(images.contiguous(memory_format=torch.channels_last))
        return F.leaky_relu(self.hidden(F.adaptive_avg_pool2d(maps, PLACES).flatten(1)), 0.2)

    def convolutions(self) -> Iterator[Convolution]:
        """The trunk's, in order."""
        return (m for m in self.trunk.modules() if isinstance(m, Convolution))

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
