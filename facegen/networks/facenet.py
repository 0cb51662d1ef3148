"""dlib's face embedding (King 2017, a ResNet of 29 layers that tells people apart) in torch, for losses that see who a face is.

dlib's own network gives no gradient. This one reads the same file, from the package face_recognition_models, and embeds a
chip as dlib does, to 1e-6. The weights are needed for training only, and are not shipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.data.base import DataError
from facegen.data.landmarks import EMBEDDING, find_model
from facegen.training.run import TrainingError

BLOCKS = ((32, 1), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (64, 1), (128, 2), (128, 1), (128, 1), (256, 2), (256, 1), (256, 1), (256, 2))
CHIP = 150  # px, the network's input
# Where dlib cuts its chip out of an aligned face: center and side in shares of the image's, medians of 199 photographs at
# 128 px (deviations 1.6, 1.1 and 3.8 px). Embeddings are 0.14 from those of dlib's own chips; two people's are 0.86 apart.
CENTER, SIDE = (64.0 / 128, 77.2 / 128), 88.0 / 128


class Block(nn.Module):
    """Two convolutions and what went in; where it halves the size (stride 2), the mean of 2 x 2 of that. What is smaller is padded with zeros."""

    def __init__(self, c_in: int, c_out: int, stride: int):
        super().__init__()
        self.first = nn.Conv2d(c_in, c_out, 3, stride, padding=0 if stride > 1 else 1)
        self.second = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(F.relu(self.first(x)))
        x = F.avg_pool2d(x, 2) if self.stride > 1 else x
        shape = [max(a, b) for a, b in zip(x.shape[1:], y.shape[1:])]
        return F.relu(_padded(x, shape) + _padded(y, shape))


def _padded(x: Tensor, shape: list[int]) -> Tensor:
    c, h, w = (wanted - there for wanted, there in zip(shape, x.shape[1:]))
    return F.pad(x, (0, w, 0, h, 0, c)) if c or h or w else x


class FaceNet(nn.Module):
    """RGB (n, 3, s, s) in -1..1, an aligned face, -> feature maps after blocks 3, 7, 10 and 13 (1-based), and the embedding as one of a single place.

    Raises:
        TrainingError: the file isn't dlib's network.
    """

    taps = (2, 6, 9, 12)
    channels = (32, 64, 128, 256, 128)

    def __init__(self, weights: Path):
        super().__init__()
        self.into = nn.Conv2d(3, 32, 7, 2)
        inputs = (32, *(c for c, _ in BLOCKS))
        self.blocks = nn.ModuleList(Block(c_in, c_out, stride) for c_in, (c_out, stride) in zip(inputs, BLOCKS))
        self.out = nn.Linear(256, 128, bias=False)
        self.register_buffer("mean", torch.tensor((122.782, 117.001, 104.298)).view(1, 3, 1, 1))
        self._read(weights)
        self.requires_grad_(False).eval().to(memory_format=torch.channels_last)

    @torch.no_grad()
    def _read(self, weights: Path) -> None:
        convolutions = [self.into, *(c for block in self.blocks for c in (block.first, block.second))]
        data, at = weights.read_bytes(), 0
        for convolution in convolutions:
            n = convolution.out_channels
            kernel, at = _tensor(data, at, convolution.weight.numel() + n, 1)
            affine, at = _tensor(data, at, 2 * n, 1)  # what batch normalisation became: a factor and a shift a channel
            convolution.weight.copy_(kernel[:-n].view_as(convolution.weight) * affine[:n, None, None, None])
            convolution.bias.copy_(kernel[-n:] * affine[:n] + affine[n:])
        matrix, _ = _tensor(data, at, *reversed(self.out.weight.shape))
        self.out.weight.copy_(matrix.view(256, 128).T)

    def chips(self, chip: Tensor) -> list[Tensor]:
        """The maps of chips (n, 3, 150, 150), RGB in 0..255, as dlib cuts them."""
        x = F.max_pool2d(F.relu(self.into((chip - self.mean) / 256)), 3, 2)
        maps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.taps:
                maps.append(x)
        return [*maps, self.out(x.mean((2, 3)))[:, :, None, None]]

    def forward(self, image: Tensor) -> list[Tensor]:
        (x, y), device = CENTER, image.device
        theta = torch.tensor([[SIDE, 0.0, 2 * x - 1], [0.0, SIDE, 2 * y - 1]], device=device).expand(len(image), 2, 3)
        with torch.autocast(device.type, enabled=False):  # in float32, as exact as dlib's
            grid = F.affine_grid(theta, [len(image), 3, CHIP, CHIP], align_corners=False)
            chip = F.grid_sample((image.float() + 1) * 127.5, grid, padding_mode="border", align_corners=False)
            return self.chips(chip.contiguous(memory_format=torch.channels_last))

    def embedding(self, image: Tensor) -> Tensor:
        """(n, 128): closer than 0.6 is the same person to dlib."""
        return self(image)[-1].flatten(1).float()


def face_network() -> FaceNet:
    """The network of the installed package. Raises `TrainingError` where there is none."""
    try:
        return FaceNet(find_model().with_name(EMBEDDING))
    except (DataError, OSError):
        raise TrainingError(
            "dlib's face embedding isn't here: pip install face_recognition_models, or set identity and face_adversarial to 0"
        ) from None


def _integer(n: int) -> bytes:
    """As dlib writes it: how many bytes follow, then these, the lowest first."""
    digits = n.to_bytes(8, "little").rstrip(b"\0")
    return bytes([len(digits)]) + digits


def _tensor(data: bytes, start: int, samples: int, channels: int) -> tuple[Tensor, int]:
    """The first tensor of (samples, channels, 1, 1) in dlib's `data` after `start`, flat, and where it ends."""
    head = b"".join(_integer(n) for n in (2, samples, channels, 1, 1))  # 2 is the format's version
    place = data.find(head, start)
    size = 4 * samples * channels
    if place < 0 or place + len(head) + size > len(data):
        raise TrainingError("the file isn't dlib_face_recognition_resnet_model_v1.dat: its tensors aren't that network's")
    place += len(head)
    return torch.from_numpy(np.frombuffer(data, "<f4", samples * channels, place).copy()), place + size
