"""One Protocol for every data set: records of faces with tri-state attributes.

A reader is a function `read_NAME(folder) -> FaceTable`, one file a data set (celeba.py, rafd.py, pubfig.py,
lfw.py, folder.py). What they return keeps its labels in one int8 table, because CelebA has 202,599 rows
and a dict for each would fill the memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from PIL import Image, ImageOps

from facegen.attributes import GROUPS, NAMES, members
from facegen.errors import UserError

Split = Literal["train", "validation", "test"]


class DataError(UserError):
    """A missing or malformed file: one sentence that names the file, the line and what was expected."""


@dataclass(frozen=True)
class FaceRecord:
    """One face of a data set.

    Args:
        path: the image file.
        number: CelebA's image number, or a number made from the file's name (see `number_of`).
        attributes: name -> yes or no; a name that is absent is not said.
        landmarks: float32 (68, 2), (x, y) in pixels of the stored image, in iBUG's order; None where unknown.
        subject: the person's id within the data set; None where unknown.
        inside_share: 0..1, how much of an aligned crop lay inside its photograph (the rest is mirrored).
    """

    path: Path
    number: int
    attributes: Mapping[str, bool]
    landmarks: np.ndarray | None = None
    subject: str | None = None
    inside_share: float = 1.0


class FaceDataset(Protocol):
    """What the trainers, the annotator and the augmentation ask of a data set."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int) -> FaceRecord: ...

    def load(self, i: int, size: int) -> np.ndarray:
        """Image `i` as uint8 (size, size, 3), RGB: its central square, resized."""
        ...


@dataclass
class FaceTable:
    """A data set in memory, all but the pixels: rows stay parallel across the fields.

    Args:
        paths: n image files.
        values: int8 (n, len(NAMES)) of -1 no, 0 not said, 1 yes, columns in the vocabulary's order.
        numbers: n image numbers; made from the file names where not given.
        landmarks: (n, 68, 2) in pixels of the stored images, NaN rows where unknown; or None.
        subjects: n ids, or None.
        inside_share: n shares 0..1, or None for all inside.
    """

    paths: Sequence[Path]
    values: np.ndarray
    numbers: np.ndarray = field(default=None)  # type: ignore[assignment]
    landmarks: np.ndarray | None = None
    subjects: Sequence[str] | None = None
    inside_share: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.numbers is None:
            self.numbers = np.array([number_of(p) for p in self.paths], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> FaceRecord:
        row = self.values[i]
        landmarks = None if self.landmarks is None else np.asarray(self.landmarks[i], np.float32)
        return FaceRecord(
            path=self.paths[i],
            number=int(self.numbers[i]),
            attributes={NAMES[j]: bool(row[j] > 0) for j in np.flatnonzero(row)},
            landmarks=None if landmarks is None or np.isnan(landmarks).any() else landmarks,
            subject=None if self.subjects is None else self.subjects[i],
            inside_share=1.0 if self.inside_share is None else float(self.inside_share[i]),
        )

    def load(self, i: int, size: int) -> np.ndarray:
        """Image `i` as uint8 (size, size, 3), RGB: its central square, resized."""
        return load_image(self.paths[i], size)

    def subset(self, rows: Sequence[int] | np.ndarray) -> FaceTable:
        """The given rows (indices or a mask), in their order, as a table of their own."""
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        return FaceTable(
            paths=[self.paths[i] for i in rows],
            values=self.values[rows],
            numbers=self.numbers[rows],
            landmarks=None if self.landmarks is None else self.landmarks[rows],
            subjects=None if self.subjects is None else [self.subjects[i] for i in rows],
            inside_share=None if self.inside_share is None else self.inside_share[rows],
        )


def load_image(path: Path, size: int) -> np.ndarray:
    """A file as uint8 (size, size, 3) RGB: turned as its EXIF says, central square, antialiased resize."""
    try:
        with Image.open(path) as image:
            square = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    except FileNotFoundError:
        raise DataError(f"{path}: the image is listed but isn't there") from None
    except (OSError, SyntaxError) as error:  # Pillow raises SyntaxError for some broken PNGs
        raise DataError(f"{path}: can't be read as an image ({error})") from None
    return np.asarray(square)


def load_with_landmarks(dataset: FaceDataset, i: int, size: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Image `i` at `size`, and its landmarks float32 (68, 2) in pixels of that image, or None."""
    return dataset.load(i, size), _landmarks_at(dataset[i], size)


def landmark_table(dataset: FaceDataset, size: int) -> np.ndarray:
    """Landmarks in pixels of the images that `load(i, size)` gives: float32 (n, 68, 2), NaN where unknown."""
    table = np.full((len(dataset), 68, 2), np.nan, np.float32)
    for i in range(len(dataset)):
        landmarks = _landmarks_at(dataset[i], size)
        if landmarks is not None:
            table[i] = landmarks
    return table


def _landmarks_at(record: FaceRecord, size: int) -> np.ndarray | None:
    """Landmarks after the central square was cut out and resized."""
    if record.landmarks is None:
        return None
    with Image.open(record.path) as stored:  # reads the header only
        width, height = stored.size
    side = min(width, height)
    corner = np.array([(width - side) / 2, (height - side) / 2], np.float32)
    return (record.landmarks + 0.5 - corner) * (size / side) - 0.5  # pixel centers lie at whole numbers


def attribute_table(dataset: FaceDataset, names: Sequence[str]) -> np.ndarray:
    """The labels as int8 (n, len(names)) of -1 no, 0 not said, 1 yes."""
    if isinstance(dataset, FaceTable):
        return dataset.values[:, [NAMES.index(name) for name in names]]
    rows = [resolve_row(dataset[i].attributes, names) for i in range(len(dataset))]
    return np.array(rows, np.int8).reshape(len(rows), len(names))


def resolve_row(said: Mapping[str, bool], names: Sequence[str] = NAMES) -> np.ndarray:
    """Labels as int8 (len(names),) of -1 no, 0 not said, 1 yes."""
    return np.array([0 if name not in said else 1 if said[name] else -1 for name in names], np.int8)


def split(number: int) -> Split:
    """The part of the split that an image belongs to, so that all work compares: by its number modulo 10."""
    return {0: "validation", 1: "test"}.get(number % 10, "train")  # type: ignore[return-value]


def split_rows(dataset: FaceDataset, part: Split) -> np.ndarray:
    """Indices of the rows of one part, in order: int64 (m,)."""
    table = isinstance(dataset, FaceTable)
    numbers = dataset.numbers if table else [dataset[i].number for i in range(len(dataset))]
    return np.flatnonzero([split(int(n)) == part for n in numbers])


def number_of(path: Path) -> int:
    """CelebA's number where the file's name is one ("182638.jpg"), else a checksum of the name: the same everywhere."""
    return int(path.stem) if path.stem.isdecimal() else zlib.crc32(path.name.encode())


def settle_exclusive(values: np.ndarray) -> np.ndarray:
    """Make exclusive groups consistent, in place: int8 (n, len(NAMES)), and returned.

    One yes makes its rivals no. Two yeses (CelebA has black and brown hair at once) are an annotator in
    doubt: both become not said.
    """
    for group in GROUPS:
        if not group.exclusive:
            continue
        columns = [NAMES.index(name) for name in members(group.name)]
        block = values[:, columns]
        count = (block > 0).sum(axis=1)
        block[(count == 1)[:, None] & (block <= 0)] = -1
        block[(count > 1)[:, None] & (block > 0)] = 0
        values[:, columns] = block
    return values
