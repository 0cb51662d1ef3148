"""The second report's classifier: VGG-Face with a two-way head an attribute (Parkhi et al. 2015; Cate et al. 2016).

Thirteen 3 x 3 convolutions in five blocks, fc6 and fc7; the last layer, which told 2,622 people apart, is replaced. The
report fine-tunes from VGG-Face's weights, which aren't ours to ship: they are read from a file that the user has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from facegen import hub
from facegen.errors import UserError

BLOCKS = (2, 2, 3, 3, 3)
CONVOLUTIONS = tuple(f"conv{b}_{i}" for b, n in enumerate(BLOCKS, 1) for i in range(1, n + 1))
LAYERS = (*CONVOLUTIONS, "fc6", "fc7")
# The same layers as torchvision's VGG-16 numbers them: ReLUs, poolings and dropouts count, too.
TORCHVISION = dict(
    zip(
        LAYERS,
        [f"features.{i}" for i in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)] + ["classifier.0", "classifier.3"],
        strict=True,
    )
)


@dataclass
class VGGFaceConfig:
    """Everything needed to rebuild the network; saved as config.json. The defaults are VGG-Face's.

    Args:
        attributes: names in the order of the heads; any number.
        base_rates: share of yes among the training faces (0..1), one for each attribute.
        image_size: side of the input in px, a multiple of 32; other sizes are resized.
        channels: of the five blocks. hidden: width of fc6 and fc7.
        mean, std: what RGB in 0..255 is normalised by. std empty: as the loaded weights were trained (VGG-Face's: 1);
            64 from nothing, so that the first activations are of order one.
    """

    attributes: list[str] = field(default_factory=list)
    base_rates: list[float] = field(default_factory=list)
    image_size: int = 224
    channels: list[int] = field(default_factory=lambda: [64, 128, 256, 512, 512])
    hidden: int = 4096
    dropout: float = 0.5
    mean: list[float] = field(default_factory=lambda: [129.1863, 104.7624, 93.594])
    std: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.channels) != len(BLOCKS) or self.image_size % 32:
            raise UserError("VGG-Face has channels for five blocks, and each halves an image of a multiple of 32 px")


class VGGFace(nn.Module):
    """RGB (n, 3, s, s) in -1..1 -> log-odds of each attribute."""

    Config = VGGFaceConfig

    def __init__(self, config: VGGFaceConfig):
        super().__init__()
        self.config = config
        c_in = 3
        for block, (n, c) in enumerate(zip(BLOCKS, config.channels, strict=True), 1):
            for i in range(1, n + 1):
                self.add_module(f"conv{block}_{i}", nn.Conv2d(c_in, c, 3, padding=1))
                c_in = c
        self.fc6 = nn.Linear(c_in * (config.image_size // 32) ** 2, config.hidden)
        self.fc7 = nn.Linear(config.hidden, config.hidden)
        self.heads = nn.Linear(config.hidden, 2 * len(config.attributes))
        self.dropout = nn.Dropout(config.dropout)
        for layer in (self.get_submodule(name) for name in LAYERS):
            assert isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    @property
    def attributes(self) -> list[str]:
        """Names of the attributes, in the order of the heads."""
        return self.config.attributes

    def features(self, images: Tensor) -> Tensor:
        """fc7 after its ReLU, the penultimate layer: (n, hidden)."""
        size = self.config.image_size
        if images.shape[-1] != size:
            images = F.interpolate(images, (size, size), mode="bilinear", antialias=True)
        mean, std = images.new_tensor([self.config.mean, self.config.std]).view(2, 1, 3, 1, 1)
        x = ((images + 1) * 127.5 - mean) / std
        for block, n in enumerate(BLOCKS, 1):
            for i in range(1, n + 1):
                x = F.relu(self.get_submodule(f"conv{block}_{i}")(x))
            x = F.max_pool2d(x, 2)
        x = self.dropout(F.relu(self.fc6(x.flatten(1))))
        return F.relu(self.fc7(x))

    def two_way(self, images: Tensor) -> Tensor:
        """The heads' logits of (no, yes): (n, a, 2)."""
        return self.heads(self.dropout(self.features(images))).unflatten(1, (-1, 2))

    def forward(self, images: Tensor) -> Tensor:
        """Log-odds of yes (n, a).

        A two-way softmax depends on the difference of its logits alone: the cross-entropy of a head is the binary
        cross-entropy of this number.
        """
        no, yes = self.two_way(images).unbind(2)
        return yes - no

    @torch.inference_mode()
    def probabilities(self, images: Tensor) -> Tensor:
        """As `AttributeClassifier.probabilities`: (n, a), 0..1, as if yes and no were equally common."""
        rates = torch.tensor(self.config.base_rates, device=images.device).clamp(1e-3, 1 - 1e-3)
        return torch.sigmoid(self(images).float() - torch.logit(rates))


def read_weights(path: Path, model: VGGFace) -> dict[str, Tensor]:
    """VGG-Face's tensors for `LAYERS` from a safetensors file, in VGG's names or torchvision's; the rest is left out.

    Raises:
        hub.CheckpointError: no such file, a pickle, a layer that is missing or of another shape.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(9)
        # torch.save writes a zip of pickles ("PK"), before 1.6 a bare pickle (protocol 2 and up start with 0x80). So
        # may safetensors, with the length of their header; but that is eight bytes long, and then comes a brace.
        if head[:2] == b"PK" or (head[:1] == b"\x80" and head[8:] != b"{"):
            raise hub.CheckpointError(
                f"{path} is a pickle, which can run code when it is read: convert it to safetensors first"
            )
        stored = load_file(path)
    except OSError as error:
        raise hub.CheckpointError(f"{path} can't be read: {error.strerror or error}") from None
    except SafetensorError as error:
        raise hub.CheckpointError(f"{path} is truncated or no safetensors file: {str(error).splitlines()[0]}") from None
    wanted = model.state_dict()
    found = {}
    for layer in LAYERS:
        for part in ("weight", "bias"):
            name, other = f"{layer}.{part}", f"{TORCHVISION[layer]}.{part}"
            if name not in stored and other not in stored:
                raise hub.CheckpointError(f"{path} holds neither {name} nor {other}: VGG-Face's layers are needed")
            tensor = stored[name] if name in stored else stored[other]
            if layer.startswith("fc") and tensor.dim() == 4:  # Caffe's fc6 as a 7 x 7 convolution
                tensor = tensor.flatten(1)
            if tensor.shape != wanted[name].shape:
                shapes = f"{tuple(tensor.shape)}, where the network has {tuple(wanted[name].shape)}"
                raise hub.CheckpointError(f"{path}: {name} is {shapes}; VGG-Face's own sizes are the defaults")
            found[name] = tensor.float()
    return found


def read_deviation(path: str | Path) -> float:
    """What the network of a weights file divides its input by, in grey levels: VGG-Face 1, `train identify` 64."""
    try:
        with safe_open(path, "pt") as file:
            return float((file.metadata() or {}).get("std", 1.0))
    except (OSError, SafetensorError):
        return 1.0  # `read_weights` will say what is wrong
