"""Faces as numbers: what each instrument sees in drawn faces and in photographs, at one size.

A lens turns images into arrays with a row for each. What it saw in photographs is kept in the cache folder; drawn faces are
measured batch by batch as they are drawn, so that thousands need no more memory than their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from facegen.evaluation.cache import Arrays, cached, fingerprint
from facegen.evaluation.faceid import FaceFinder
from facegen.evaluation.judge import Judge, features
from facegen.generator import DeconvGenerator
from facegen.training.pack import Pack
from facegen.training.squeezenet import SqueezeNet

BATCH = 32


class Lens(Protocol):
    """An instrument: `name` is what its arrays are kept as, `key` changes when what it sees would."""

    name: str
    key: str

    def __call__(self, images: Tensor) -> Arrays:
        """Arrays with a row for each of the images (n, 3, s, s) in -1..1."""
        ...


class Reading:
    """SqueezeNet's features: `pooled` (n, 512) for distances, and `verdicts` (n, h), the judge's probabilities of yes."""

    def __init__(self, network: SqueezeNet, judge: Judge, key: str):
        self.network, self.judge = network, judge
        self.name, self.key = "reading", key

    def __call__(self, images: Tensor) -> Arrays:
        pooled, placed = features(self.network, images)
        seen = self.judge.probabilities(placed)
        return {"pooled": pooled, "verdicts": np.stack([seen[a] for a in self.judge.heads], 1).astype(np.float32)}


class Finding:
    """dlib's detector: `found`, bool (n,)."""

    name, key = "finding", "dlib-hog"

    def __init__(self, finder: FaceFinder):
        self.finder = finder

    def __call__(self, images: Tensor) -> Arrays:
        return {"found": np.array([self.finder.find(image) is not None for image in to_pixels(images)], bool)}


class Pixels:
    """The images themselves: `pixels`, uint8 (n, size, size, 3)."""

    def __init__(self, size: int):
        self.size = size
        self.name, self.key = "pixels", str(size)

    def __call__(self, images: Tensor) -> Arrays:
        return {"pixels": to_pixels(resized(images, self.size))}


def to_pixels(images: Tensor) -> np.ndarray:
    """(n, 3, s, s) in -1..1 -> uint8 (n, s, s, 3)."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def photographs(data: Pack, rows: np.ndarray) -> Tensor:
    """The packed images of `rows`: (n, 3, s, s) in -1..1."""
    return torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def resized(images: Tensor, size: int) -> Tensor:
    """Images (n, 3, s, s) at another size, antialiased."""
    if images.shape[-1] == size:
        return images
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True).clamp(-1, 1)


def draw_batches(model: nn.Module, attributes: np.ndarray, seeds: Sequence[int], size: int) -> Iterator[Tensor]:
    """A face for each row of attributes (n, a) of -1/0/+1 and each of n seeds, in float32, as batches (b, 3, size, size)."""
    for start in tqdm(range(0, len(attributes), BATCH), desc="draw", unit="batch", mininterval=2.0):
        wanted = torch.from_numpy(attributes[start : start + BATCH].astype(np.float32))
        yield resized(model(model.identity(list(seeds[start : start + BATCH])), wanted).float(), size)


def measure(batches: Iterable[Tensor], lenses: Sequence[Lens]) -> Arrays:
    """What the lenses see in all batches, joined: each of their arrays with a row for each image."""
    parts: dict[str, list[np.ndarray]] = {}
    for batch in batches:
        for lens in lenses:
            for name, array in lens(batch).items():
                parts.setdefault(name, []).append(array)
    return {name: np.concatenate(some) for name, some in parts.items()}


def measure_photographs(data: Pack, rows: np.ndarray, lenses: Sequence[Lens], folder: Path | None) -> Arrays:
    """What the lenses see in the packed images of `rows`; each lens's arrays are kept in `folder`."""
    of = fingerprint(data.images[rows])
    found: Arrays = {}
    for lens in lenses:

        def make(lens: Lens = lens) -> Arrays:
            starts = tqdm(range(0, len(rows), BATCH), desc=f"photographs, {lens.name}", unit="batch", mininterval=2.0)
            return measure((photographs(data, rows[k : k + BATCH]) for k in starts), [lens])

        found |= cached(folder, lens.name, fingerprint(lens.name, lens.key, of), make)
    return found


@dataclass
class FaceSet:
    """Faces under test: images (n, 3, s, s) in -1..1 and what was measured on them."""

    images: Tensor
    pooled: np.ndarray = field(init=False)
    placed: np.ndarray = field(init=False)
    found: np.ndarray = field(init=False)
    embeddings: np.ndarray = field(init=False)

    def measure(self, network: SqueezeNet, finder: FaceFinder) -> FaceSet:
        self.pooled, self.placed = features(network, self.images)
        self.found, self.embeddings = finder.measure(to_pixels(self.images))
        return self


def draw(model: DeconvGenerator, attributes: np.ndarray, first_seed: int = 0) -> Tensor:
    """A face (n, 3, s, s) for each row of attributes (n, a) of -1/0/+1, from seeds first_seed, first_seed + 1, .."""
    seeds = range(first_seed, first_seed + len(attributes))
    return torch.cat(list(draw_batches(model, attributes, seeds, model.config.image_size)))
