"""One Million Impressions (Peterson et al. 2022): StyleGAN2's faces, which show nobody, and what people think of them.

    FOLDER/images/NAME.jpg
    FOLDER/ratings.csv       image, then the mean of some thirty people's ratings, 0-100 (age, gender, long-haired, ..)
    FOLDER/landmarks68.npy   (n, 68, 2) in px of the stored image, in the order of ratings.csv; may be missing

The ratings' clear ends become labels; hair colors, glasses and beards weren't rated: a classifier can tell
(`DataSettings.fill`). The set's licence is CC BY-NC-SA 4.0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facegen.attributes import NAMES
from facegen.data.base import DataError, FaceTable, number_of, settle_exclusive
from facegen.data.derived import derive
from facegen.data.sets.celeba import read_csv, read_landmarks

RATINGS_FILE = "ratings.csv"
OFFSET = 10_000_000  # of the numbers, so that none is one of CelebA's, too
ADULT = 22  # rated age, of 0-100: below, people take a face for a child's or a youth's

# Rating -> attribute, at most for no, at least for yes: set by looking at the faces on both sides.
ENDS = {
    "gender": ("male", 35, 62),
    "long-haired": ("long_hair", 26, 58),
    "skin-color": ("dark_skin", 35, 75),
    "black": ("black", 15, 85),
    "asian": ("asian", 25, 60),
    "white": ("white", 25, 60),
    "hispanic": ("hispanic", 25, 60),
}


def read_omi(folder: str | Path, kids: bool = False) -> FaceTable:
    """Read the faces of adults; `kids` for those of children, too.

    Raises:
        DataError: the ratings or an image are missing, or malformed.
    """
    folder = Path(folder)
    path = folder / RATINGS_FILE
    if not path.is_file():
        raise DataError(f"{path}: One Million Impressions' ratings aren't there")
    names = [line.split(",", 1)[0] for line in path.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]
    ratings = read_csv(path, names)
    missing = [column for column in ("age", *ENDS) if column not in ratings]
    if missing:
        raise DataError(f"{path}, line 1: expected a column {missing[0]}, found {', '.join(ratings)}")
    files = [folder / "images" / name for name in names]
    lost = next((file for file in files if not file.is_file()), None)
    if lost:
        raise DataError(f"{lost}: {RATINGS_FILE} rates it, but it isn't there")
    values = np.zeros((len(names), len(NAMES)), np.int8)
    for column, (name, no, yes) in ENDS.items():
        _label(values, name, ratings[column] <= no, ratings[column] >= yes)
    age = ratings["age"]
    _label(values, "young", age >= 42, age <= 35)
    _label(values, "middle_aged", (age < 36) | (age >= 57), (age >= 41) & (age <= 52))
    _label(values, "old", age <= 50, age >= 55)
    landmarks = read_landmarks(folder / "landmarks68.npy", len(names))
    derive(values, files, landmarks)
    numbers = np.array([number_of(file) for file in files], np.int64) + OFFSET
    table = FaceTable(paths=files, values=settle_exclusive(values), numbers=numbers, landmarks=landmarks)
    return table if kids else table.subset(age >= ADULT)


def _label(values: np.ndarray, name: str, no: np.ndarray, yes: np.ndarray) -> None:
    values[:, NAMES.index(name)] = yes.astype(np.int8) - no.astype(np.int8)
