"""What doesn't depend on the model is measured once: arrays beside the pack, named by all that they depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from facegen.files import write_atomic

Arrays = dict[str, np.ndarray]


def fingerprint(*parts: np.ndarray | Path | str | int | float | None) -> str:
    """A name of 20 hex digits that changes when an array's values, a file's contents or a setting does."""
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            if part.dtype == object:
                raise TypeError("an array of objects has no fixed bytes")
            digest.update(np.ascontiguousarray(part).view(np.uint8).data if part.size else b"")
        elif isinstance(part, Path):
            with open(part, "rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
        else:
            digest.update(repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def cached(folder: Path | None, kind: str, key: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays that `make` gives, from FOLDER/KIND-KEY.npz where they were kept before.

    Args:
        folder: where they are kept; None for nowhere. Made where it isn't there.
        key: of `fingerprint`, of all that the arrays depend on.
    """
    if folder is None:
        return make()
    path = folder / f"{kind}-{key}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    arrays = make()

    def keep(partial: Path) -> None:
        with open(partial, "wb") as file:  # of a path, NumPy would change the suffix
            np.savez(file, **arrays)  # type: ignore[arg-type]

    write_atomic(path, keep)  # two evaluations at once write the same, each whole
    return arrays
