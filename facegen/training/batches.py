"""Batches of training faces: rarer attributes more often, mirrored, augmented, and with labels left out at random."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from facegen.attributes import NAMES
from facegen.data.augment import AugmentConfig, augment_row
from facegen.training.pack import Pack


class FaceBatches:
    """Endless batches from a pack.

    Args:
        names: the attributes of the labels.
        drop_all, drop_each: chance that nothing is said of a face; else, largest chance that an attribute is left out.
        min_inside: photographs whose aligned crop lay less inside the picture than this are left out (0..1).
        dress: how often glasses and facial hair are drawn onto faces that have none (data/augment.py); None for never.
    """

    def __init__(
        self,
        data: Pack,
        names: list[str],
        rng: np.random.Generator,
        device: torch.device,
        drop_all: float,
        drop_each: float,
        min_inside: float,
        dress: AugmentConfig | None,
    ):
        self.data, self.rng, self.device = data, rng, device
        self.drop_all, self.drop_each, self.dress = drop_all, drop_each, dress
        self.columns = [NAMES.index(name) for name in names]
        self.rows = data.rows("train", min_inside)
        self.weights = rarity(data.attributes[self.rows][:, self.columns])

    def photos(self, rows: np.ndarray) -> Tensor:
        """Photographs (n, 3, s, s) in -1..1, as they are."""
        return to_tensor(self.data.images[rows])

    def labels(self, rows: np.ndarray) -> Tensor:
        """Labels (n, a) of -1/0/+1, as they are."""
        return torch.from_numpy(self.data.attributes[rows][:, self.columns].astype(np.float32))

    def dressed(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Photographs (n, 3, s, s) with accessories drawn onto some, and their labels (n, a)."""
        pairs = [
            augment_row(
                self.data.images[r], self.data.landmarks[r], self.data.attributes[r], self.rng, config=self.dress
            )
            for r in rows
        ]
        labels = np.stack([row for _, row in pairs])[:, self.columns].astype(np.float32)
        return to_tensor(np.stack([image for image, _ in pairs])), torch.from_numpy(labels)

    def draw(self, n: int) -> tuple[Tensor, Tensor]:
        """n faces (n, 3, s, s) in -1..1, mirrored at random, and their labels (n, a), some left out."""
        rows = self.rng.choice(self.rows, n, p=self.weights)
        images, labels = self.dressed(rows) if self.dress else (self.photos(rows), self.labels(rows))
        mirror = torch.from_numpy(self.rng.random(n) < 0.5)
        images[mirror] = images[mirror].flip(3)
        return images.contiguous(memory_format=torch.channels_last).to(self.device), self.drop(labels)

    def drop(self, labels: Tensor) -> Tensor:
        """Make some labels "not said": all of them, or each with a chance that differs from face to face."""
        keep = torch.rand(len(labels), 1) >= self.drop_all
        each = torch.rand(len(labels), 1) * self.drop_each
        return (labels * keep * (torch.rand_like(labels) >= each)).to(self.device)


def to_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 (n, s, s, 3) -> float (n, 3, s, s) in -1..1."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def rarity(labels: np.ndarray) -> np.ndarray:
    """Sampling weights (n,), summing to 1: a face weighs with the root of its rarest attribute's rarity, 3 at most."""
    share = np.maximum((labels > 0).mean(0), 1e-3)
    weights = np.where(labels > 0, np.sqrt(0.15 / share), 1.0).max(1).clip(1.0, 3.0)
    return weights / weights.sum()
