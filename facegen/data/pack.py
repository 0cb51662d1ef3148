"""Pack data sets into one array of pixels, so that training never waits for a JPEG to be decoded.

The pack lies in a cache folder, memory-mapped. It holds photographs: the folder is ignored by git, and stays on the
machine.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from facegen.attributes import NAMES
from facegen.data.base import DataError, FaceDataset, attribute_table, landmark_table, split
from facegen.files import write_atomic


@dataclass
class Pack:
    """Images and labels of one or several data sets, in memory-mapped order.

    Args:
        images: uint8 (n, size, size, 3), RGB.
        attributes: int8 (n, len(NAMES)) of -1/0/1, columns in the vocabulary's order.
        numbers: int64 (n,), the data set's image numbers (the split goes by them).
        inside: float32 (n,), share of the aligned crop that lay inside the photograph.
        source: int8 (n,), which of the given data sets a row came from.
        subjects: str (n,), "" where unknown.
        landmarks: float32 (n, 68, 2) in pixels of the packed images, NaN where unknown.
    """

    images: np.ndarray
    attributes: np.ndarray
    numbers: np.ndarray
    inside: np.ndarray
    source: np.ndarray
    subjects: np.ndarray
    landmarks: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def columns(self, names: list[str]) -> np.ndarray:
        """The labels of `names`: int8 (n, len(names))."""
        return self.attributes[:, [NAMES.index(n) for n in names]]

    def rows(self, part: str, min_inside: float = 0.0, source: int | None = None) -> np.ndarray:
        """Indices of one part of the split ("train", "validation", "test"), in order."""
        keep = np.array([split(int(n)) == part for n in self.numbers]) & (self.inside >= min_inside)
        return np.flatnonzero(keep & (self.source == source) if source is not None else keep)


def pack(datasets: Sequence[FaceDataset], size: int, folder: Path) -> Pack:
    """The data sets as one: every image as (size, size, 3) pixels, kept in `folder`, and what is said of them today.

    Only pixels are kept, for as long as the files they come from stay what they were. Labels are read anew, so that
    what `annotate` wrote since counts at once.
    """
    records = [d[i] for d in datasets for i in range(len(d))]
    return Pack(
        images=_images(datasets, [r.path for r in records], size, folder),
        attributes=np.concatenate([attribute_table(d, NAMES) for d in datasets]),
        numbers=np.array([r.number for r in records], np.int64),
        inside=np.array([r.inside_share for r in records], np.float32),
        source=np.concatenate([np.full(len(d), k, np.int8) for k, d in enumerate(datasets)]),
        subjects=np.array([r.subject or "" for r in records]),
        landmarks=np.concatenate([landmark_table(d, size) for d in datasets]),
    )


def _images(datasets: Sequence[FaceDataset], paths: list[Path], size: int, folder: Path) -> np.ndarray:
    """uint8 (n, size, size, 3), memory-mapped from `folder`."""
    packed, key_path = folder / f"images{size}.npy", folder / f"images{size}.key"
    key = _fingerprint(paths)
    if not (packed.is_file() and key_path.is_file() and key_path.read_text() == key):
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"images{size}.{os.getpid()}.part"
        images = np.lib.format.open_memmap(partial, "w+", np.uint8, (len(paths), size, size, 3))
        places = [(d, i) for d in datasets for i in range(len(d))]

        def read(k: int) -> None:
            dataset, i = places[k]
            images[k] = dataset.load(i, size)

        try:
            _reserve(partial)
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(tqdm(pool.map(read, range(len(paths))), total=len(paths), desc="pack", unit="face"))
            images.flush()
            key_path.unlink(
                missing_ok=True
            )  # a kill between the two leaves pixels without a key: they are packed again
            os.replace(partial, packed)
        finally:
            partial.unlink(missing_ok=True)
        write_atomic(key_path, key.encode())
    return np.load(packed, mmap_mode="r")


def _reserve(path: Path) -> None:
    """Take a file's whole length on the disk, or `OSError`: a memory-mapped file on a full disk ends the process."""
    if hasattr(os, "posix_fallocate"):
        with open(path, "rb+") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _fingerprint(paths: list[Path]) -> str:
    """Changes when the list of files does, or one of them."""
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            raise DataError(f"{path}: the image is listed but isn't there") from None
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def drawable_names(datasets: Sequence[FaceDataset]) -> list[str]:
    """The attributes that the labels of the training faces can support."""
    table = np.concatenate([attribute_table(d, NAMES) for d in datasets])
    train = np.array([split(d[i].number) == "train" for d in datasets for i in range(len(d))])
    return supported(table[train])


def supported(labels: np.ndarray, at_least: int = 80) -> list[str]:
    """The attributes with at least so many yeses and as many noes in labels (n, len(NAMES)) of -1/0/1."""
    yes, no = (labels > 0).sum(0), (labels < 0).sum(0)
    return [name for name, y, n in zip(NAMES, yes, no, strict=True) if min(y, n) >= at_least]


def keep_memory() -> None:
    """Tell glibc to keep freed memory: large tensors are otherwise mapped and zeroed anew at every step.

    Half of the CPU time of a training step went there. Does nothing on other systems.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "gnu_get_libc_version"):
            libc.mallopt(-4, 0)  # M_MMAP_MAX
            libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
            libc.mallopt(-2, 2**28)  # M_TOP_PAD
