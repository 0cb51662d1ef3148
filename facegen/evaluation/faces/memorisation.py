"""Does the model draw its training photographs again? The nearest to each drawn face, beside held-out photographs'.

In two spaces: dlib's embedding (the same person, however lit and cut) and small pixels (the same picture, mirrored
too). After Meehan et al. 2020 ("A non-parametric test to detect data-copying in generative models"): a model that
copies draws faces nearer to the training set than new photographs are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu
from sklearn.metrics import pairwise_distances_argmin_min

THUMB = 32  # px
PAIRS = 10


@dataclass
class Nearest:
    """The training face nearest to each of n faces.

    Args:
        distances: (n,), NaN where a face has no features.
        places: int (n,), the row of the training face, -1 where a face has no features.
    """

    distances: np.ndarray
    places: np.ndarray


def nearest(faces: np.ndarray, bank: np.ndarray) -> Nearest:
    """The row of `bank` (m, d) nearest to each of `faces` (n, d), Euclidean; a row with NaN has none, and is none's."""
    there, known = ~np.isnan(faces).any(1), np.flatnonzero(~np.isnan(bank).any(1))
    result = Nearest(np.full(len(faces), np.nan), np.full(len(faces), -1))
    if there.any() and len(known):
        places, distances = pairwise_distances_argmin_min(faces[there], bank[known])
        result.distances[there], result.places[there] = distances, known[places]
    return result


def nearest_pixels(faces: np.ndarray, bank: np.ndarray) -> Nearest:
    """As `nearest`, of images uint8 (n, s, s, 3) and (m, s, s, 3), mirrored too: root mean square in 0-255."""
    flat = faces.reshape(len(faces), -1).astype(np.float32)
    ways = [nearest(flat, b.reshape(len(bank), -1).astype(np.float32)) for b in (bank, bank[:, :, ::-1])]
    mirrored = ways[1].distances < ways[0].distances
    distances = np.where(mirrored, ways[1].distances, ways[0].distances) / np.sqrt(flat.shape[1])
    return Nearest(distances, np.where(mirrored, ways[1].places, ways[0].places))


def compare(found: Mapping[str, Nearest]) -> dict:
    """The distances to the nearest training face, of drawn faces beside those of photographs.

    Args:
        found: "drawn"; "held_out": test photographs, some of them of people who are in the training set too; and, where
            there are any, "strangers": photographs of people who are not.

    Returns:
        For each: median, the lowest hundredth's bound, minimum. `nearer_than_held_out`: how often a drawn face is
        nearer than a held-out photograph (0.5 where they are alike, 1 for copies). `below_held_out_1_percent`: the
        share of drawn faces nearer than all but a hundredth of the held-out photographs (0.01 where they are alike).
    """
    values = {side: n.distances[~np.isnan(n.distances)] for side, n in found.items()}
    if not (len(values["drawn"]) and len(values["held_out"])):
        return {}
    table: dict = {
        side: {
            "median": float(np.median(v)),
            "lowest_1_percent": float(np.percentile(v, 1)),
            "minimum": float(v.min()),
            "faces": len(v),
        }
        for side, v in values.items()
        if len(v)
    }
    wins = mannwhitneyu(values["drawn"], values["held_out"]).statistic / (
        len(values["drawn"]) * len(values["held_out"])
    )
    table["nearer_than_held_out"] = float(1 - wins)
    table["below_held_out_1_percent"] = float((values["drawn"] < np.percentile(values["held_out"], 1)).mean())
    return table


def closest_pairs(found: Nearest) -> list[tuple[int, int, float]]:
    """The ten drawn faces nearest to a training face, nearest first: (which drawn, which training face, distance)."""
    order = np.argsort(found.distances, kind="stable")[:PAIRS]  # NaN sorts last
    return [(int(i), int(found.places[i]), float(found.distances[i])) for i in order if found.places[i] >= 0]
