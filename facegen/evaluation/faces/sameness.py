"""What "the same person" and "another person" are in numbers: dlib's embedding of photographs of known people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from facegen.data.pack import Pack
from facegen.evaluation.faces.flips import all_cosines
from facegen.evaluation.instruments.faceid import cosine
from facegen.evaluation.instruments.lenses import Lens, measure_photographs

EACH = 4  # photographs of a person
OTHERS = 5000  # pairs of different people


def strangers(data: Pack) -> np.ndarray:
    """Rows of photographs of known people that the generator didn't learn from: the first four of each."""
    own = data.source <= 0
    rows = np.flatnonzero(
        ~own & ~np.isin(data.numbers, data.numbers[own]) & (data.subjects != "") & (data.inside >= 0.9)
    )
    people: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        people.setdefault((int(data.source[row]), str(data.subjects[row])), []).append(int(row))
    return np.array([row for some in people.values() for row in some[:EACH]], np.int64)


def pairs(people: Sequence[object], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Indices of all pairs of one person, (m, 2), and of at most 5,000 pairs of two people, (k, 2)."""
    every = np.array(list(combinations(range(len(people)), 2)), np.int64).reshape(-1, 2)
    who = np.unique(np.array([str(p) for p in people]), return_inverse=True)[1]
    same = who[every[:, 0]] == who[every[:, 1]]
    others = every[~same]
    return every[same], others[np.sort(rng.permutation(len(others))[:OTHERS])]


def people_pairs(data: Pack, lens: Lens, folder: Path | None) -> dict[str, np.ndarray]:
    """Cosines of dlib's embedding between photographs, "same_person" and "other_person"; empty where none is known."""
    rows = strangers(data)
    if not len(rows):
        return {"same_person": np.empty(0), "other_person": np.empty(0)}
    embeddings = measure_photographs(data, rows, [lens], folder)["embeddings"]
    who = [f"{data.source[row]} {data.subjects[row]}" for row in rows]
    found = {}
    for name, some in zip(("same_person", "other_person"), pairs(who, np.random.default_rng(0)), strict=True):
        values = cosine(embeddings[some[:, 0]], embeddings[some[:, 1]])
        found[name] = values[~np.isnan(values)]
    return found


def identity(cosines: dict[str, np.ndarray], known: dict[str, np.ndarray]) -> dict:
    """How well a flip keeps the person.

    Args:
        cosines: attribute -> cosines (m,) before and after its flip.
        known: `people_pairs`.

    Returns:
        Means of the flips, all and each, beside the photographs'. `position`: 1 where the mean flip is where
        photographs of one person are, 0 where those of two are; above 0.5 is nearer to the same person.
        `nearer_to_same`: the share of single flips that is. `same_from_other_roc_area`: how well the embedding itself
        tells the two apart (0.5 to 1).
    """
    flips = all_cosines(cosines)
    same, other = known["same_person"], known["other_person"]
    figures: dict = {
        "flips": float(flips.mean()) if len(flips) else None,
        "same_person": float(same.mean()) if len(same) else None,
        "other_person": float(other.mean()) if len(other) else None,
    }
    if len(flips) and len(same) and len(other):
        low, high = float(other.mean()), float(same.mean())
        truth = np.concatenate([np.ones(len(same)), np.zeros(len(other))])
        figures |= {
            "position": (float(flips.mean()) - low) / (high - low),
            "nearer_to_same": float((flips > (low + high) / 2).mean()),
            "same_from_other_roc_area": float(roc_auc_score(truth, np.concatenate([same, other]))),
            "pairs": {"flips": len(flips), "same_person": len(same), "other_person": len(other)},
        }
    figures["each"] = {
        name: float(np.nanmean(values)) if not np.isnan(values).all() else None for name, values in cosines.items()
    }
    return figures
