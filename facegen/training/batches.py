"""Batches of training faces: rarer attributes more often, mirrored, augmented, and with labels left out at random.

Where nothing is said of a face it is drawn evenly from the photographs: what words leave open should be as common as it
is there, not as common as training would like it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from facegen.attributes import MIRRORED, NAMES, members
from facegen.data.dress.augment import AugmentConfig, augment_row
from facegen.data.pack import Pack


class FaceBatches:
    """Endless batches from a pack.

    Args:
        names: the attributes of the labels.
        drop_all, drop_each: chance that nothing is said of a face; else, largest chance that an attribute is left out.
        drop_most: share of the others of which only some seven attributes are said, as people do.
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
        drop_most: float,
        min_inside: float,
        dress: AugmentConfig | None,
    ):
        self.data, self.rng, self.device = data, rng, device
        self.drop_all, self.drop_each, self.drop_most, self.dress = drop_all, drop_each, drop_most, dress
        self.names, self.columns = names, [NAMES.index(name) for name in names]
        self.rows = data.rows("train", min_inside)
        self.rare = torch.from_numpy((data.attributes[self.rows][:, self.columns] > 0).mean(0) < 0.05)
        self.weights = rarity(data.attributes[self.rows][:, self.columns], names)
        self.stored = None
        if device.type == "cuda":  # 16,000 photographs of 128 px take 0.8 GB, and no step waits for their way there
            self.stored = torch.from_numpy(np.array(data.images)).to(device)

    def photos(self, rows: np.ndarray) -> Tensor:
        """Photographs (n, 3, s, s) in -1..1, as they are; on the device where it is an accelerator."""
        if self.stored is None:
            return to_tensor(self.data.images[rows])
        return to_tensor(self.stored[torch.from_numpy(rows).to(self.device)])

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
        silent = self.rng.random(n) < self.drop_all
        rows = np.where(silent, self.rng.choice(self.rows, n), self.rng.choice(self.rows, n, p=self.weights))
        images, labels = self.dressed(rows) if self.dress else (self.photos(rows), self.labels(rows))
        images, labels = mirrored(images, labels, self.names, self.rng)
        images = images.contiguous(memory_format=torch.channels_last).to(self.device)
        return images, self.drop(labels, torch.from_numpy(silent))

    def described(self, n: int) -> tuple[Tensor, Tensor]:
        """n photographs (n, 3, s, s), rare ones as rare as they are, mirrored at random; and what a description of each might say (n, a)."""
        rows = self.rng.choice(self.rows, n)
        images, labels = mirrored(self.photos(rows), self.labels(rows), self.names, self.rng)
        return images.to(self.device), self.drop(labels, torch.zeros(n, dtype=torch.bool))

    def ask(self, n: int, imagined: float, few: float | None = None) -> Tensor:
        """What n descriptions might say, (n, a): labels of faces, a share of them `recombined`, some left out; `few` in place of `drop_most`."""
        rows = self.rng.choice(self.rows, n, p=self.weights)
        labels, some = self.labels(rows), round(imagined * n)
        labels[:some] = recombined(labels, self.names)[:some]
        return self.drop(labels, torch.zeros(n, dtype=torch.bool), few)

    def drop(self, labels: Tensor, silent: Tensor, few: float | None = None) -> Tensor:
        """Make some labels (n, a) "not said": all of the `silent` (n,), else each with a chance that differs from face to face.

        A rare yes is left out seldom: these faces come more often than they should, and what is left out counts as chance.
        """
        chance = torch.rand(2, len(labels), 1, device=labels.device)
        each = torch.where(chance[1] < (self.drop_most if few is None else few), 0.87, chance[0] * self.drop_each)
        each = each * torch.where((labels > 0) & self.rare.to(labels.device), 0.25, 1.0)
        return (labels * ~silent.to(labels.device)[:, None] * (torch.rand_like(labels) >= each)).to(self.device)


def flipped(images: Tensor, labels: Tensor, names: list[str]) -> tuple[Tensor, Tensor]:
    """Faces (n, 3, s, s) and their labels (n, len(names)) as a mirror shows them: who faced left faces right."""
    places = {name: j for j, name in enumerate(names)}
    swapped = [places.get(MIRRORED.get(name, name), j) for j, name in enumerate(names)]
    return images.flip(3), labels[:, swapped]


def mirrored(images: Tensor, labels: Tensor, names: list[str], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Half of the faces, by chance, `flipped`."""
    some = torch.from_numpy(rng.random(len(images)) < 0.5)
    turned, told = flipped(images, labels, names)
    return torch.where(some.to(images.device)[:, None, None, None], turned, images), torch.where(some.to(labels.device)[:, None], told, labels)


# What is said of one face and of another can be said of a third, group by group; the rest (make-up, beards) goes with gender.
EXCHANGED = ("age", "hair_color", "hair", "eyewear", "expression", "pose")


def recombined(labels: Tensor, names: list[str]) -> Tensor:
    """Descriptions of faces that no photograph shows, of labels (n, len(names)) of -1/0/+1: half of the groups are the next face's.

    Photographs of women with gray hair and glasses are rare, people who ask for one are not.
    """
    mixed, other = labels.clone(), labels.roll(1, 0)
    for group in EXCHANGED:
        columns = [j for j, name in enumerate(names) if name in members(group) and name not in ("bald", "receding_hairline")]
        taken = (torch.rand(len(labels), 1, device=labels.device) < 0.5).expand(-1, len(columns))
        mixed[:, columns] = torch.where(taken, other[:, columns], mixed[:, columns])
    if "bald" in names:  # what is said of hair that isn't there
        hair = [j for j, name in enumerate(names) if name in (*members("hair_color"), *members("hair")) and name != "bald"]
        bald = mixed[:, names.index("bald"), None] > 0
        mixed[:, hair] = torch.where(bald, mixed[:, hair].clamp(max=0), mixed[:, hair])
    return mixed


def to_tensor(pixels: np.ndarray | Tensor) -> Tensor:
    """uint8 (n, s, s, 3) -> float (n, 3, s, s) in -1..1."""
    return torch.as_tensor(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


# What people ask for together though photographs seldom show it; from labels that annotators seldom get wrong.
TELLING = (
    "male", "young", "old", "black_hair", "brown_hair", "blond_hair", "gray_hair", "bald", "bangs", "long_hair", "eyeglasses",
    "sunglasses", "smiling", "hat", "heavy_makeup",
)  # fmt: skip


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
