"""Faces as numbers: what each instrument sees in drawn faces and in photographs, at one size.

A lens turns images into arrays with a row for each. What it saw in photographs is kept in the cache folder; drawn faces
are measured batch by batch as they are drawn, so that thousands need no more memory than their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from facegen.data.pack import Pack
from facegen.evaluation.instruments.cache import Arrays, cached, fingerprint
from facegen.evaluation.instruments.faceid import FaceFinder, measure_with_dlib
from facegen.evaluation.instruments.judge import Judge
from facegen.evaluation.instruments.pixels import photographs, resized, to_pixels
from facegen.networks.efficientnet import EfficientNet
from facegen.networks.squeezenet import SqueezeNet

BATCH = 32
CHUNK = 2000  # photographs that are kept together


class Generator(Protocol):
    """What is measured: `config` has `attributes` and `image_size`; see `registry.GENERATORS`."""

    config: Any

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """Identity codes (n, d) of n seeds."""
        ...

    def __call__(self, identity: Tensor, attributes: Tensor) -> Tensor:
        """RGB (n, 3, s, s) in -1..1 of identity codes (n, d) and attributes (n, a) of -1/0/+1."""
        ...


class Lens(Protocol):
    """An instrument: `name` is what its arrays are kept as, `key` changes when what it sees would."""

    name: str
    key: str

    def __call__(self, images: Tensor) -> Arrays:
        """Arrays with a row for each of the images (n, 3, s, s) in -1..1."""
        ...


class Reading:
    """The judge: `verdicts` (n, h), its probabilities of yes. It looks at images at one size, in px."""

    name = "reading"

    def __init__(self, network: EfficientNet, judge: Judge, key: str, size: int):
        self.network, self.judge, self.key, self.size = network, judge, key, size

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`."""
        seen = self.judge.probabilities(self.network.placed(resized(images, self.size)).numpy())
        return {"verdicts": np.stack([seen[a] for a in self.judge.heads], 1).astype(np.float32)}


class Objects:
    """An EfficientNet's features, in no loss: (n, 1280) as "objects" (Lite0) or "objects2" (Lite2)."""

    def __init__(self, network: EfficientNet):
        self.network, self.key = network, network.name
        self.name = {0: "objects", 2: "objects2"}[network.version]

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`."""
        return {self.name: self.network.pooled(images).numpy()}


class Textures:
    """SqueezeNet's features, which training losses look through: `pooled`, (n, 512)."""

    name = "textures"

    def __init__(self, weights: Path):
        self.network, self.key = SqueezeNet(weights), fingerprint(weights)

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`."""
        return {"pooled": self.network.pooled(images).numpy()}


class Finding:
    """dlib's detector: `found`, bool (n,)."""

    name, key = "finding", "dlib-hog"

    def __init__(self, finder: FaceFinder):
        self.finder = finder

    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`."""
        return {"found": np.array([self.finder.find(image) is not None for image in to_pixels(images)], bool)}


class Embedding:
    """dlib's detector and face embedding: `found`, bool (n,), and `embeddings` (n, 128), NaN where no face is found.

    In two processes: dlib computes on one core, and keeps Python's lock while it does.
    """

    name = "embedding"

    def __init__(self) -> None:
        self.can_embed = FaceFinder().can_embed
        self.key = f"dlib-resnet-1-{self.can_embed}"
        self.pool: ProcessPoolExecutor | None = None

    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`."""
        if self.pool is None:
            self.pool = ProcessPoolExecutor(2, get_context("spawn"))
        halves = [half for half in np.array_split(to_pixels(images), 2) if len(half)]
        found, embeddings = zip(*self.pool.map(measure_with_dlib, halves), strict=True)
        return {"found": np.concatenate(found), "embeddings": np.concatenate(embeddings)}


class Mirrored:
    """What another lens sees in the mirror: its arrays, their names with "mirrored_" before."""

    def __init__(self, lens: Lens):
        self.lens = lens
        self.name, self.key = f"mirrored-{lens.name}", lens.key

    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`."""
        return {f"mirrored_{name}": array for name, array in self.lens(images.flip(3)).items()}


class Pixels:
    """The images themselves, at a size: uint8 (n, size, size, 3), called `name`."""

    def __init__(self, size: int, name: str = "pixels"):
        self.size, self.name, self.key = size, name, str(size)

    def __call__(self, images: Tensor) -> Arrays:
        """See `Lens`."""
        return {self.name: to_pixels(resized(images, self.size))}


def draw_batches(model: Generator, attributes: np.ndarray, seeds: Sequence[int], size: int) -> Iterator[Tensor]:
    """A face for each row of attributes (n, a) of -1/0/+1 and each of n seeds: float32 batches (b, 3, size, size)."""
    for start in tqdm(
        range(0, len(attributes), BATCH), desc="draw", unit="batch", mininterval=2.0, disable=len(attributes) <= BATCH
    ):
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
    """What the lenses see in the packed images of `rows`; kept in `folder` for each lens, 2,000 rows at a time."""
    if len(rows) > CHUNK:
        parts = [measure_photographs(data, rows[k : k + CHUNK], lenses, folder) for k in range(0, len(rows), CHUNK)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    of = fingerprint(data.images[rows])
    found: Arrays = {}
    for lens in lenses:

        def make(lens: Lens = lens) -> Arrays:
            starts = tqdm(range(0, len(rows), BATCH), desc=f"photographs, {lens.name}", unit="batch", mininterval=2.0)
            return measure((photographs(data, rows[k : k + BATCH]) for k in starts), [lens])

        found |= cached(folder, lens.name, fingerprint(lens.name, lens.key, of), make)
    return found
