"""Batches of training faces: photographs, what is said of them, and their look, all on the training device."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from facegen.drawing.generator import conditions
from facegen.networks.encoder import shrunk
from facegen.training.batches import rarity
from facegen.training.default.settings import DataSettings
from facegen.training.default.words import Words


@dataclass
class Batch:
    """Photographs (n, 3, s, s) in -1..1, and what the networks are told of them, (n, config.conditions)."""

    photos: Tensor
    conditions: Tensor


class Faces:
    """Endless batches. Nothing in a batch waits for the device: rows, mirror and words are drawn there.

    Args:
        images: uint8 (n, s, s, 3), memory-mapped; copied to an accelerator, left where they are on a CPU.
        labels: float32 (n, a) of numbers as the generator takes them, columns in the order of `names`.
        looks: int64 (n,), which look each has, of `number_of_looks`.
        sides: int64 (n,), side in px of each photograph's file: what is drawn at a larger size is learned from
            larger ones.
        rows: int64 (m,), those to draw from.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        looks: np.ndarray,
        sides: np.ndarray,
        rows: np.ndarray,
        names: list[str],
        number_of_looks: int,
        settings: DataSettings,
        device: torch.device,
    ):
        self.settings, self.device, self.names = settings, device, names
        accelerated = device.type != "cpu"
        with warnings.catch_warnings():  # it is only read, which torch doesn't know of a memory map
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")
            self.images = torch.from_numpy(images[rows] if accelerated else images).to(device)
        self.places = torch.arange(len(rows), device=device) if accelerated else torch.from_numpy(rows)
        self.labels = torch.from_numpy(labels[rows]).to(device)
        self.looks = F.one_hot(torch.from_numpy(looks[rows]), number_of_looks).float().to(device)
        weights = rarity((labels[rows] > 0).astype(np.int8) - (labels[rows] < 0), names) ** settings.rarity
        self.weights = torch.from_numpy(weights / weights.sum()).to(device)
        self.sides = torch.from_numpy(sides[rows]).to(device)
        self.words = Words(names, settings, device)

    def __len__(self) -> int:
        return len(self.labels)

    def photos(self, rows: Tensor) -> Tensor:
        """Photographs (n, 3, s, s) in -1..1 of row numbers (n,) in 0..len(self) - 1."""
        pixels = self.images[self.places[rows]]
        return pixels.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last).float().div_(127.5).sub_(1.0)

    def draw(self, n: int, size: int) -> Batch:
        """n faces at `size` px, none made larger for it, mirrored at random, and what is said of each."""
        rows = torch.multinomial(self.weights * (self.sides >= size), n, replacement=True)
        photos, labels = self.photos(rows), self.labels[rows]
        labels, turned = self.words.mirrored(labels)
        photos = torch.where(turned[:, None, None, None], photos.flip(3), photos)
        return Batch(shrunk(photos, size), self.told(labels, self.looks[rows]))

    def asked(self, n: int) -> Tensor:
        """What n descriptions might ask for: conditions (n, config.conditions)."""
        rows = torch.multinomial(self.weights, n, replacement=True)
        return self.told(self.labels[rows], self.looks[rows])

    def told(self, labels: Tensor, looks: Tensor) -> Tensor:
        """Conditions of labels (n, a), most of them left unsaid, and looks (n, l), some of them not told."""
        kept = torch.rand(len(looks), 1, device=self.device) >= self.settings.no_look
        return conditions(self.words.said(labels), looks * kept)
