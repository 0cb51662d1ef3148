"""The encoder: photograph -> appearance code. Only training needs it."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.layers import Backbone


class Encoder(nn.Module):
    """RGB -> appearance code (n, d) with zero mean and unit variance in each dimension.

    Batch normalisation without gain in front of a code that gets Gaussian noise added makes the code a channel of
    fixed capacity: the encoder gains most by filling all d dimensions evenly, so that its codes come out close to the
    standard normal, which is where the flow starts from. A linear path beside the convolutions is started as
    eigenfaces; see `eigenfaces`.

    Args:
        size: side in px of the input; larger images are made smaller.
        codes: length of a code.
        coarse: side in px of the input of the linear path.
    """

    def __init__(self, size: int, codes: int, coarse: int):
        super().__init__()
        self.size, self.coarse = size, coarse
        self.trunk = Backbone(size, [96, 192, 256, 256], patch=4)
        self.code = nn.Linear(self.trunk.width, codes)
        nn.init.zeros_(self.code.weight)
        self.eigenfaces = nn.Linear(3 * coarse**2, codes)
        self.norm = nn.BatchNorm1d(codes, affine=False, momentum=0.01)

    def forward(self, image: Tensor) -> Tensor:
        """Codes (n, codes) of images (n, 3, s, s) in -1..1 of at least `size` px."""
        image = shrunk(image, self.size)
        linear = self.eigenfaces(shrunk(image, self.coarse).flatten(1))
        return self.norm((linear + self.code(self.trunk(image))).float())


def shrunk(images: Tensor, size: int) -> Tensor:
    """Images (n, 3, s, s) averaged down to `size` px, which divides s."""
    return images if images.shape[-1] == size else F.avg_pool2d(images, images.shape[-1] // size)


@torch.no_grad()
def eigenfaces(encoder: Encoder, decoder: nn.Linear, faces: Tensor, seed: int = 0) -> float:
    """Start an encoder's linear path and a decoder's as a principal component analysis of faces (n, 3, s, s) in -1..1.

    Components are scaled by the fourth root of their variance (not whitened: noise on the code then costs the strong
    components little) and turned by a random rotation, which spreads them evenly over the dimensions of the code.
    Returns the share of the variance that the code holds.
    """
    generator = torch.Generator().manual_seed(seed)
    d = encoder.code.out_features
    x = shrunk(faces, encoder.coarse).flatten(1)
    mean = x.mean(0)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)  # svd_lowrank draws its test matrix from the global generator
        _, s, v = torch.svd_lowrank(x - mean, q=min(d + 32, *x.shape), niter=4)
    s, v = s[:d], v[:, :d]
    deviation = s / math.sqrt(len(x))
    rotation = torch.linalg.qr(torch.randn(d, d, generator=generator))[0].to(x)
    into = (v / deviation.sqrt()) @ rotation  # component c has variance deviation_c here
    unit = ((deviation[:, None] * rotation.square()).sum(0)).sqrt()  # of each dimension of the code
    encoder.eigenfaces.weight.copy_((into / unit).T)
    encoder.eigenfaces.bias.copy_(-(mean @ into) / unit)
    decoder.weight.copy_((v * deviation.sqrt()) @ rotation * unit)
    decoder.bias.copy_(mean)
    return float(s.square().sum() / (x - mean).square().sum())
