"""Labels that CelebA lacks, derived from what lies beside it; the unsure middle is left not said.

Thresholds were set by looking at contact sheets on both sides of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from facegen.attributes import NAMES


def derive(
    values: np.ndarray,
    files: Sequence[Path],
    landmarks: np.ndarray | None = None,
    ratings: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Fill in derived labels, in place.

    Args:
        values: int8 (n, len(NAMES)) of -1/0/1, with CelebA's own columns filled in.
        files: the n images.
        landmarks: (n, 68, 2) in pixels of the stored images, or None.
        ratings: column -> (n,) predicted human ratings 0-100 (NaN where unknown), or None.
    """
    if ratings is not None:
        if "age" in ratings:
            _age(values, ratings["age"])
        if "long-haired" in ratings:
            _ends(values, "long_hair", ratings["long-haired"], no=28, yes=56)


def _column(values: np.ndarray, name: str) -> np.ndarray:
    return values[:, NAMES.index(name)]  # a view: writing to it writes to the table


def _ends(values: np.ndarray, name: str, rating: np.ndarray, no: float, yes: float) -> None:
    column = _column(values, name)
    column[rating <= no] = -1
    column[rating >= yes] = 1


def _age(values: np.ndarray, age: np.ndarray) -> None:
    """CelebA's Young is the base; the predicted age parts the rest, and overrules it only by silence."""
    young, middle, old = (_column(values, n) for n in ("young", "middle_aged", "old"))
    is_young, not_young = young > 0, young < 0
    young[is_young & (age > 48)] = 0
    middle[is_young & (age < 40)] = -1
    old[is_young] = -1
    young[not_young & (age < 30)] = 0
    middle[not_young & (age >= 36) & (age <= 46)] = 1
    old[not_young & (age <= 46)] = -1
    old[not_young & (age >= 51)] = 1
    middle[not_young & (age >= 51)] = -1
