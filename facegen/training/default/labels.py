"""What is known of each training face: a number for each attribute, and its look."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from facegen.attributes import NAMES
from facegen.data.base import FaceDataset, settle_exclusive
from facegen.data.pack import Pack
from facegen.drawing.classifier import AttributeClassifier
from facegen.training.batches import to_tensor

YES, NO = (
    0.65,
    0.2,
)  # a classifier's answers from which on a label is told; most attributes are rare, so a yes is seldom sure

# Attribute -> columns of a data set's scales, their value where a plain yes begins, and where it is as strong as it
# gets.
SCALES: dict[str, tuple[tuple[str, ...], float, float]] = {
    "young": (("age", "age_predicted"), 38.0, 20.0),
    "old": (("age", "age_predicted"), 52.0, 75.0),
    "smiling": (("happy",), 50.0, 90.0),
    "long_hair": (("long-haired", "long_hair", "long_hair_predicted"), 50.0, 95.0),
    "dark_skin": (("skin-color", "skin_color", "black_predicted"), 55.0, 95.0),
    "chubby": (("weight",), 50.0, 85.0),
}
FILES = ("ratings.csv", "ratings_predicted.csv", "meta.csv")


@torch.inference_mode()
def fill(data: Pack, classifier: AttributeClassifier) -> np.ndarray:
    """A pack's labels (n, len(NAMES)) of -1/0/1; where sure, a classifier fills in what a data set never labels."""
    attributes, device = data.attributes.copy(), next(classifier.parameters()).device
    for source in np.unique(data.source):
        rows = np.flatnonzero(data.source == source)
        lacking = [name for name in classifier.attributes if not attributes[rows, NAMES.index(name)].any()]
        if not lacking:
            continue
        ours, theirs = [NAMES.index(name) for name in lacking], [classifier.attributes.index(name) for name in lacking]
        for some in np.array_split(rows, -(-len(rows) // 64)):
            answers = (
                torch.sigmoid(classifier(to_tensor(data.images[some]).to(device)).float())[:, theirs].cpu().numpy()
            )
            attributes[np.ix_(some, ours)] = (answers >= YES).astype(np.int8) - (answers <= NO).astype(np.int8)
        attributes[rows] = settle_exclusive(attributes[rows])
    return attributes


def read_scales(folder: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Numbers that a data set gives for its images: column -> float (n,), NaN where unknown."""
    scales: dict[str, np.ndarray] = {}
    for file in FILES:
        if (folder / file).is_file():
            with open(folder / file, newline="", encoding="utf-8") as lines:
                rows = {row["image"]: row for row in csv.DictReader(lines)}
            columns = next(iter(rows.values()), {})
            scales |= {c: np.array([_number(rows.get(n, {}).get(c)) for n in names], np.float32) for c in columns}
    return scales


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def graded(labels: np.ndarray, scales: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Labels (n, len(names)) with a strength, 0.5 (slightly) to 1.5 (very), where a scale tells it; 1 elsewhere.

    Of a scale's two sides the yes begins at its first value and is full at its second; a no is as strong as it lies
    beyond.
    """
    told = labels.astype(np.float32)
    for name, (columns, start, full) in SCALES.items():
        known = [scales[c] for c in columns if c in scales]
        if name not in names or not known:
            continue
        column = known[0]
        for other in known[1:]:  # a predicted age, where none is given
            column = np.where(np.isnan(column), other, column)
        j = names.index(name)
        place = (column - start) / (full - start)
        strength = np.where(told[:, j] > 0, 0.5 + place, 0.5 - place).clip(0.5, 1.5)
        told[:, j] *= np.where(np.isnan(strength), 1.0, strength)
    return told


def grade(known: np.ndarray, data: Pack, datasets: Sequence[FaceDataset], names: Sequence[str]) -> np.ndarray:
    """Labels float32 (n, len(names)) of a pack: what is known, (n, len(NAMES)), graded by its data sets' scales."""
    labels = known[:, [NAMES.index(n) for n in names]]
    parts = []
    for source, dataset in enumerate(datasets):
        paths = [dataset[i].path for i in range(len(dataset))]
        folder = paths[0].parents[1] if paths else Path()
        scales = read_scales(folder, [p.name for p in paths])
        parts.append(graded(labels[data.source == source], scales, list(names)))
    return np.concatenate(parts)


def look_of(folder: str, looks: Mapping[str, Sequence[str]], default: str = "snapshot") -> str:
    """The look of a data set's folder."""
    return next((look for look, folders in looks.items() if folder in folders), default)
