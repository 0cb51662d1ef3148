"""Moves drawn faces' embeddings as a whole to where photographs' are: optimal transport between Gaussians.

The Frechet distance is what the cheapest way to turn one Gaussian into another costs, and that way is known: a linear map
(Dowson & Landau 1982; Peyre & Cuturi 2019, remark 2.31). What it makes of a drawn face's embedding is where that face ought to be
for the distance to vanish; the loss is how far it is from there. Unlike a discriminator it needs no training, and it doesn't tell
a face from a photograph: alone it is met by strokes that only the network sees.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# Added to all variances. Of the 128 numbers of dlib's embedding some fifty hardly vary (0.37 in all): there the map would be noise.
FLOOR = 1e-4


class GaussianTransport:
    """The loss of embeddings (n, d) of drawn faces, given some photographs' and some drawn at the start.

    Args:
        photos, drawn: (n, d) and (m, d); several times d of each.
        memory: of how many drawn faces the moments are, those of long ago counting less.
        every: after how many batches the map is found anew.
    """

    def __init__(self, photos: Tensor, drawn: Tensor, memory: int = 1200, every: int = 5):
        self.memory, self.every, self.calls = memory, every, 0
        self.aim, covariance = moments(photos)
        self.noise = FLOOR * torch.eye(len(self.aim), dtype=self.aim.dtype, device=photos.device)
        self.wanted = covariance + self.noise
        self.mean, self.covariance = moments(drawn)
        self._find()

    def _find(self) -> None:
        root, inverse = roots(self.covariance + self.noise)
        middle, _ = roots(root @ self.wanted @ root)
        self.map = (inverse @ middle @ inverse).float()
        traces = (self.covariance + self.noise).trace() + self.wanted.trace() - 2 * middle.trace()
        self.distance = (self.mean - self.aim).square().sum() + traces

    def __call__(self, embedding: Tensor) -> Tensor:
        """Mean squared distance of embeddings (n, d) from where they ought to be; about `distance`, the Frechet distance."""
        with torch.no_grad():
            aim = self.aim.float() + (embedding - self.mean.float()) @ self.map
            apart = embedding.double() - self.mean
            share = len(embedding) / self.memory
            self.mean = self.mean + share * apart.mean(0)
            self.covariance = (1 - share) * self.covariance + share * apart.T @ apart / len(embedding)
        self.calls += 1
        if self.calls % self.every == 0:
            self._find()
        return (embedding - aim).square().sum(1).mean()


def gathered(batches: Callable[[], tuple[Tensor, Tensor]], n: int = 1280) -> GaussianTransport:
    """From `batches()` -> embeddings (k, d) of photographs and of drawn faces, until there are n."""
    photos, drawn = [], []
    with torch.no_grad():
        while sum(map(len, drawn)) < n:
            for to, embeddings in zip((photos, drawn), batches(), strict=True):
                to.append(embeddings)
    return GaussianTransport(torch.cat(photos), torch.cat(drawn))


def moments(embeddings: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) in float64."""
    return embeddings.double().mean(0), torch.cov(embeddings.double().T)


def roots(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Square root of a symmetric positive matrix (d, d), and that root's inverse."""
    values, vectors = torch.linalg.eigh(matrix)
    values = values.clamp(min=1e-16).sqrt()
    return vectors * values @ vectors.T, vectors / values @ vectors.T
