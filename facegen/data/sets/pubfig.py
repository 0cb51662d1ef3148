"""PubFig (Kumar et al. 2009): 200 people, 73 attributes as real values, and images that are only links.

    FOLDER/pubfig_attributes.txt             person, imagenum, 73 values: yes where positive
    FOLDER/dev_urls.txt, eval_urls.txt       person, imagenum, url, rect x0,y0,x1,y1, md5sum
    FOLDER/images/First_Last/First_Last_0001.jpg    as `python -m facegen prepare --download` fetches them

Every table opens with two comment lines, of which the second names the columns; fields are parted by tabs. LFW's
attributes come in the same format (lfw.py). Non-commercial use only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facegen.attributes import NAMES, VOCABULARY
from facegen.data.base import DataError, FaceTable, settle_exclusive

ATTRIBUTES_FILE = "pubfig_attributes.txt"
URL_FILES = ("dev_urls.txt", "eval_urls.txt")
MAX_NAME = 200  # bytes of a person in a file's name, of which systems take 255


@dataclass(frozen=True)
class Link:
    """One image of a URL list. `box` is x0, y0, x1, y1 in pixels; `md5` is empty where the list has none (v1.1)."""

    person: str
    number: int
    url: str
    box: tuple[int, int, int, int]
    md5: str = ""

    @property
    def file(self) -> Path:
        """Where the image lies under images/, in LFW's manner."""
        return image_file(self.person, self.number)


def image_file(person: str, number: int) -> Path:
    """ "Aaron Eckhart", 1 -> Aaron_Eckhart/Aaron_Eckhart_0001.jpg; nothing in a name can leave the folder."""
    name = re.sub(r"[^\w'.-]+", "_", person).strip(".") or "_"
    name = name.encode()[:MAX_NAME].decode(errors="ignore")
    return Path(name) / f"{name}_{number:04d}.jpg"


def read_rows(path: Path, first: tuple[str, ...]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """A table of Kumar et al.: its column names, and (line number, fields) of each row.

    Args:
        path: the file.
        first: the columns that it must open with.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror or error})") from None
    if not lines or not lines[0].startswith("#"):
        raise DataError(f"{path}, line 1: expected a comment that names the data set and the file, as in the original")
    columns = [name.strip() for name in lines[1].lstrip("#").strip().split("\t")] if len(lines) > 1 else []
    if tuple(columns[: len(first)]) != first or not lines[1].startswith("#"):
        raise DataError(
            f"{path}, line 2: expected the column names after a #, tab-separated, the first {', '.join(first)}"
        )
    rows = []
    for number, line in enumerate(lines[2:], start=3):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != len(columns):
            raise DataError(f"{path}, line {number}: expected {len(columns)} tab-separated fields, found {len(fields)}")
        if not re.fullmatch(r"[0-9]{1,9}", fields[1]):
            raise DataError(f"{path}, line {number}: expected an image number, found {fields[1][:40]!r}")
        rows.append((number, fields))
    return columns, rows


def read_attributes(path: Path) -> tuple[list[tuple[str, int]], np.ndarray]:
    """The 73-attribute table: (person, image number) of each row, and int8 (n, len(NAMES)) by the values' sign."""
    columns, rows = read_rows(path, ("person", "imagenum"))
    keys = [(fields[0], int(fields[1])) for _, fields in rows]
    reals = np.zeros((len(rows), len(columns) - 2), np.float32)
    for i, (number, fields) in enumerate(rows):
        try:
            reals[i] = [float(value) for value in fields[2:]]
        except ValueError:
            wrong = next(value for value in fields[2:] if not _is_number(value))
            raise DataError(f"{path}, line {number}: expected a number, found {wrong!r}") from None
    signs = np.sign(np.nan_to_num(reals)).astype(np.int8)
    values = np.zeros((len(rows), len(NAMES)), np.int8)
    known = 0
    for j, attribute in enumerate(VOCABULARY):
        column = attribute.columns.get("pubfig", "")
        sign, column = (-1, column[1:]) if column.startswith("-") else (1, column)
        if column in columns[2:]:
            values[:, j] = sign * signs[:, columns.index(column) - 2]
            known += 1
    if not known:
        raise DataError(f"{path}, line 2: names none of PubFig's attributes, such as Male or Black Hair")
    return keys, settle_exclusive(values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_links(path: str | Path) -> list[Link]:
    """A URL list: dev_urls.txt or eval_urls.txt, of version 1.2 (with MD5) or 1.1 (without). Raises `DataError`."""
    path = Path(path)
    columns, rows = read_rows(path, ("person", "imagenum", "url", "rect"))
    links = []
    for number, fields in rows:
        box = re.fullmatch(r"(-?\d+),\s*(-?\d+),\s*(-?\d+),\s*(-?\d+)", fields[3])
        if box is None or int(box[1]) >= int(box[3]) or int(box[2]) >= int(box[4]):
            raise DataError(
                f"{path}, line {number}: expected a box x0,y0,x1,y1 with x0 < x1 and y0 < y1, found {fields[3]!r}"
            )
        md5 = fields[columns.index("md5sum")].lower() if "md5sum" in columns else ""
        if md5 and not re.fullmatch(r"[0-9a-f]{32}", md5):
            raise DataError(f"{path}, line {number}: expected an MD5 of 32 hexadecimal digits, found {md5!r}")
        corners = (int(box[1]), int(box[2]), int(box[3]), int(box[4]))
        links.append(Link(fields[0], int(fields[1]), fields[2], corners, md5))
    return links


def read_pubfig(folder: str | Path) -> FaceTable:
    """PubFig as far as its images have been downloaded: subjects are the people's names.

    Raises:
        DataError: the attribute table is missing or malformed, or no image is there yet.
    """
    folder = Path(folder)
    path = folder / ATTRIBUTES_FILE
    if not path.is_file():
        raise DataError(f"{path}: PubFig's attribute table isn't there")
    keys, values = read_attributes(path)
    return present_rows(
        folder, folder / "images", keys, values, "download them from dev_urls.txt and eval_urls.txt first"
    )


def present_rows(folder: Path, images: Path, keys: list[tuple[str, int]], values: np.ndarray, hint: str) -> FaceTable:
    """The rows whose images are there."""
    files = [images / image_file(person, number) for person, number in keys]
    there = [i for i, file in enumerate(files) if file.is_file()]
    if not there:
        raise DataError(f"{images}: holds none of the {len(keys)} images that {folder.name} lists; {hint}")
    return FaceTable([files[i] for i in there], values[there], subjects=[keys[i][0] for i in there])
