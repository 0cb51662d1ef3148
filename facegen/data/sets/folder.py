"""Any folder of images with a CSV: the format that `prepare` writes for sets that aren't CelebA.

    FOLDER/labels.csv
    image,subject,male,beard,eyeglasses
    anna/01.jpg,anna,no,no,yes
    bert.jpg,bert,yes,,no

`image` is a path below FOLDER/images/ or FOLDER itself. The other columns are attributes of the vocabulary (yes,
true or 1; no, false or -1; empty or 0 for not said), `subject`, and `words`, a bag of words as in bag_of_words.py.
landmarks68.npy and alignment.csv are taken where they lie beside it, in the order of labels.csv.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from facegen.attributes import NAMES, VocabularyError, check
from facegen.data.bag_of_words import parse_words
from facegen.data.base import DataError, FaceTable, resolve_row, settle_exclusive
from facegen.data.derived import derive_skin
from facegen.data.sets.celeba import read_csv, read_landmarks

LABELS_FILE = "labels.csv"
VALUES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "-1": False, "": None, "0": None}
OTHER_COLUMNS = ("image", "subject", "words")


def read_folder(folder: str | Path, labels: str | Path | None = None) -> FaceTable:
    """Read a folder of images.

    Args:
        folder: as above.
        labels: the CSV; labels.csv in the folder where left out.

    Raises:
        DataError: the CSV or an image is missing, or a line is malformed.
    """
    folder = Path(folder)
    path = Path(labels) if labels is not None else folder / LABELS_FILE
    if not path.is_file():
        raise DataError(f"{path}: isn't there; expected a CSV whose columns are image and names of attributes")
    root = folder / "images" if (folder / "images").is_dir() else folder
    names: list[str] = []
    subjects: list[str] = []
    rows: list[np.ndarray] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: expected text in UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(path, header)
        for cells in reader:
            if not cells:
                continue
            where = f"{path}, line {reader.line_num}"
            if len(cells) != len(header):
                raise DataError(f"{where}: expected {len(header)} fields, found {len(cells)}")
            row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
            if not (root / row["image"]).is_file():
                raise DataError(f"{where}: there is no image {root / row['image']}")
            names.append(row["image"])
            subjects.append(row.get("subject", ""))
            rows.append(resolve_row(_labels(where, row)))
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None
    values = settle_exclusive(np.array(rows, np.int8).reshape(-1, len(NAMES)))
    paths, landmarks = [root / name for name in names], read_landmarks(folder / "landmarks68.npy", len(names))
    derive_skin(values, paths, landmarks)
    alignment = read_csv(folder / "alignment.csv", names)
    return FaceTable(
        paths=paths,
        values=values,
        landmarks=landmarks,
        subjects=subjects if "subject" in header else None,
        inside_share=None if alignment is None else alignment.get("inside_share"),
    )


def _check_header(path: Path, header: list[str]) -> None:
    if "image" not in header:
        raise DataError(f"{path}, line 1: expected column names, one of them image")
    for column in header:
        try:
            check({} if column in OTHER_COLUMNS else {column: True})
        except VocabularyError as error:
            raise DataError(f"{path}, line 1: {error}") from None
    if len(set(header)) != len(header):
        raise DataError(f"{path}, line 1: a column is named twice")


def _labels(where: str, row: dict[str, str]) -> dict[str, bool]:
    try:
        said = parse_words(row.get("words", ""))
    except VocabularyError as error:
        raise DataError(f"{where}: {error}") from None
    for column, cell in row.items():
        if column in OTHER_COLUMNS:
            continue
        if cell.lower() not in VALUES:
            raise DataError(f"{where}: {column} = {cell!r}, expected yes, no or nothing")
        value = VALUES[cell.lower()]
        if value is not None:
            said[column] = value
    return said
