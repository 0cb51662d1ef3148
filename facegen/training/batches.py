"""What trainers do with photographs and labels: pixels to numbers, mirrors, and how often rare faces come."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from facegen.attributes import MIRRORED, TELLING


def flipped(images: Tensor, labels: Tensor, names: list[str]) -> tuple[Tensor, Tensor]:
    """Faces (n, 3, s, s) and their labels (n, len(names)) as a mirror shows them: who faced left faces right."""
    places = {name: j for j, name in enumerate(names)}
    swapped = [places.get(MIRRORED.get(name, name), j) for j, name in enumerate(names)]
    return images.flip(3), labels[:, swapped]


def mirrored(images: Tensor, labels: Tensor, names: list[str], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Half of the faces, by chance, `flipped`."""
    some = torch.from_numpy(rng.random(len(images)) < 0.5)
    turned, told = flipped(images, labels, names)
    return torch.where(some.to(images.device)[:, None, None, None], turned, images), torch.where(
        some.to(labels.device)[:, None], told, labels
    )


def to_tensor(pixels: np.ndarray | Tensor) -> Tensor:
    """uint8 (n, s, s, 3) -> float (n, 3, s, s) in -1..1."""
    return torch.as_tensor(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def rarity(labels: np.ndarray, names: list[str]) -> np.ndarray:
    """Sampling weights (n,), summing to 1, of labels (n, len(names)) of -1/0/+1.

    A face weighs with the root of its rarest attribute's rarity, and with how much rarer its oddest pair of
    attributes (a woman with gray hair) is than chance would have it; 3 and 5 at most.
    """
    share = np.maximum((labels > 0).mean(0), 1e-3)
    weights = np.where(labels > 0, np.sqrt(0.15 / share), 1.0).max(1).clip(1.0, 3.0)
    told = labels[:, [j for j, name in enumerate(names) if name in TELLING]]
    states = np.concatenate([told > 0, told < 0], 1).astype(np.float32)  # each yes and each no
    together = states.T @ states
    alone = together.diagonal()
    lift = np.where(together >= 20, np.outer(alone, alone) / np.maximum(together, 1) / max(len(labels), 1), 1.0)
    oddest = np.ones(len(labels))
    for j in range(states.shape[1]):
        oddest = np.maximum(oddest, (states * lift[j]).max(1) * states[:, j])
    weights *= oddest.clip(1.0, 5.0)
    return weights / weights.sum()
