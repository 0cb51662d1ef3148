"""CelebA (Liu et al. 2015, "Deep Learning Face Attributes in the Wild") in its own layout.

    FOLDER/images/NNNNNN.jpg           or img_align_celeba/, as the original distribution names it
    FOLDER/list_attr_celeba.txt        or Anno/list_attr_celeba.txt: count, column names, rows of -1/1

and, where they lie beside it (`prepare` writes the first two):

    landmarks68.npy                    (n, 68, 2) in pixels of the stored image, in the order of the list
    alignment.csv                      image, detector_score, native_crop_px, inside_share
    ratings_predicted.csv              image, then predicted human ratings 0-100 (age, long-haired, ...)
    identity.txt                       or identity_CelebA.txt: image, subject's number

CelebA is for non-commercial research; its pictures are of real people who weren't asked.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from facegen.attributes import NAMES, VOCABULARY
from facegen.data.base import DataError, FaceTable, settle_exclusive
from facegen.data.derived import derive

IMAGE_FOLDERS = ("images", "img_align_celeba", "img_align_celeba_png", "Img/img_align_celeba")
ATTRIBUTE_FILES = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt")


def read_celeba(folder: str | Path, derived: bool = True) -> FaceTable:
    """Read CelebA or a part of it.

    Args:
        folder: laid out as above.
        derived: add what CelebA lacks (age, long hair, sunglasses, face shape, ...; see derived.py) as far as
            the files beside it allow.

    Raises:
        DataError: a file is missing or malformed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one with images/ and list_attr_celeba.txt")
    listing = _first(folder, ATTRIBUTE_FILES, "CelebA's attribute list")
    image_folder = _first(folder, IMAGE_FOLDERS, "CelebA's image folder")
    names, columns, table = _read_attributes(listing)
    if image_folder.name.endswith("_png"):
        files = [image_folder / (Path(name).stem + ".png") for name in names]
    else:
        files = [image_folder / name for name in names]
    if files and not files[0].is_file():
        raise DataError(f"{files[0]}: the first image of {listing.name} isn't there")

    values = np.zeros((len(names), len(NAMES)), np.int8)
    for j, attribute in enumerate(VOCABULARY):
        column = attribute.columns.get("celeba", "")
        sign, column = (-1, column[1:]) if column.startswith("-") else (1, column)
        if column in columns:
            values[:, j] = sign * table[:, columns.index(column)]
    settle_exclusive(values)

    landmarks = read_landmarks(folder / "landmarks68.npy", len(names))
    ratings = read_csv(folder / "ratings_predicted.csv", names)
    alignment = read_csv(folder / "alignment.csv", names)
    if derived:
        derive(values, files, landmarks, ratings)
    return FaceTable(
        paths=files,
        values=values,
        landmarks=landmarks,
        subjects=_read_subjects(folder, names),
        inside_share=None if alignment is None else alignment.get("inside_share"),
    )


def _first(folder: Path, candidates: tuple[str, ...], what: str) -> Path:
    for candidate in candidates:
        if (folder / candidate).exists():
            return folder / candidate
    expected = ", ".join(candidates)
    raise DataError(f"{folder / candidates[0]}: {what} isn't there; expected one of {expected} in {folder}")


def _read_attributes(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """File names, column names, and int8 (n, columns) of -1/1."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if len(lines) < 2 or not lines[0].strip().isdecimal():
        raise DataError(f"{path}, line 1: expected the number of images, then a line of column names")
    columns = lines[1].split()
    names: list[str] = []
    rows: list[bytes] = []  # a byte a value: as strings, CelebA's 8 million would take half a gigabyte
    for number, line in enumerate(lines[2:], start=3):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != len(columns) + 1:
            raise DataError(
                f"{path}, line {number}: expected an image name and {len(columns)} values, found {len(parts) - 1}"
            )
        if not set(parts[1:]) <= {"-1", "1"}:
            wrong = next(p for p in parts[1:] if p not in ("-1", "1"))
            raise DataError(f"{path}, line {number}: expected -1 or 1, found {wrong!r}")
        names.append(parts[0])
        rows.append(bytes(part == "1" for part in parts[1:]))
    if len(names) != int(lines[0]):
        raise DataError(f"{path}, line 1: says {int(lines[0])} images, but {len(names)} rows follow")
    table = np.frombuffer(b"".join(rows), np.uint8).reshape(len(names), len(columns))
    return names, columns, 2 * table.astype(np.int8) - 1


def read_landmarks(path: Path, n: int) -> np.ndarray | None:
    """Landmarks (n, 68, 2) in px of the images of the list, x before y; None without a file. Raises `DataError`."""
    if not path.is_file():
        return None
    try:
        landmarks = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can't be read as a NumPy array ({error})") from None
    if landmarks.shape != (n, 68, 2):
        raise DataError(
            f"{path}: expected shape ({n}, 68, 2), a row for each image of the list, found {landmarks.shape}"
        )
    if landmarks.dtype.kind not in "fiu":
        raise DataError(f"{path}: expected numbers, found {landmarks.dtype}")
    return landmarks.astype(np.float32)


def read_csv(path: Path, names: list[str]) -> dict[str, np.ndarray] | None:
    """Columns of a CSV keyed by `image`, in the order of `names`; NaN for images that it lacks. None without a file."""
    if not path.is_file():
        return None
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if not header or header[0] != "image":
            raise DataError(f'{path}, line 1: expected column names of which the first is "image"')
        rows: dict[str, list[float]] = {}
        for row in reader:
            try:
                rows[row[0]] = [float(value) for value in row[1:]]
                if len(row) != len(header):
                    raise ValueError
            except (ValueError, IndexError):
                raise DataError(
                    f"{path}, line {reader.line_num}: expected an image name and {len(header) - 1} numbers"
                ) from None
    unknown = [float("nan")] * (len(header) - 1)
    table = np.array([rows.get(name, unknown) for name in names], dtype=np.float32).reshape(len(names), len(header) - 1)
    return {column: table[:, j] for j, column in enumerate(header[1:])}


def _read_subjects(folder: Path, names: list[str]) -> list[str] | None:
    for candidate in ("identity.txt", "identity_CelebA.txt", "Anno/identity_CelebA.txt"):
        path = folder / candidate
        if not path.is_file():
            continue
        subjects = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            parts = line.split()
            if not parts:
                continue
            if len(parts) != 2:
                raise DataError(f"{path}, line {number}: expected an image name and a subject's number")
            subjects[parts[0]] = parts[1]
        missing = [name for name in names if name not in subjects]
        if missing:
            raise DataError(f"{path}: has no line for {missing[0]}, which the attribute list names")
        return [subjects[name] for name in names]
    return None
