"""Open a data set of any known layout."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from PIL import UnidentifiedImageError

from facegen.data.bag_of_words import ANNOTATIONS_FILE, apply_words, read_words
from facegen.data.base import DataError, FaceTable
from facegen.data.sets import lfw, pubfig
from facegen.data.sets.celeba import ATTRIBUTE_FILES, read_celeba
from facegen.data.sets.folder import LABELS_FILE, read_folder
from facegen.data.sets.omi import RATINGS_FILE, read_omi
from facegen.data.sets.rafd import read_rafd

READERS: dict[str, Callable[[Path], FaceTable]] = {
    "celeba": read_celeba,
    "rafd": read_rafd,
    "pubfig": pubfig.read_pubfig,
    "lfw": lfw.read_lfw,
    "omi": read_omi,
    "folder": read_folder,
}


def recognize(folder: Path) -> str:
    """Which of `READERS` a folder is for, by the files in it. Raises `DataError`."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    if any((folder / name).is_file() for name in ATTRIBUTE_FILES):
        return "celeba"
    for kind, name in (
        ("pubfig", pubfig.ATTRIBUTES_FILE),
        ("lfw", lfw.ATTRIBUTES_FILE),
        ("folder", LABELS_FILE),
        ("omi", RATINGS_FILE),
    ):
        if (folder / name).is_file():
            return kind
    if next(folder.rglob("Rafd*_*.*"), None) is not None:
        return "rafd"
    raise DataError(
        f"{folder}: no known data set; expected list_attr_celeba.txt (CelebA), {pubfig.ATTRIBUTES_FILE}, "
        f"{lfw.ATTRIBUTES_FILE}, images named Rafd..., {LABELS_FILE}, or {RATINGS_FILE}"
    )


def _not_utf8(folder: Path) -> str:
    """Which of the folder's tables isn't text, and where."""
    for path in sorted(p for pattern in ("*.txt", "*.csv") for p in folder.rglob(pattern)):
        content = path.read_bytes()
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            return f"{path}, line {line}: expected text in UTF-8, found the byte 0x{content[error.start]:02x}"
    return f"{folder}: one of its tables isn't text in UTF-8"


def read_dataset(folder: str | Path, kind: str = "auto") -> FaceTable:
    """Read a data set and the annotations beside it; `kind` is "auto" or one of `READERS`. Raises `DataError`."""
    folder = Path(folder)
    if kind != "auto" and kind not in READERS:
        raise DataError(f"unknown data set {kind!r}: known are auto, {', '.join(READERS)}")
    kind = recognize(folder) if kind == "auto" else kind
    try:
        table = READERS[kind](folder)
    except UnicodeDecodeError:
        raise DataError(_not_utf8(folder)) from None
    except csv.Error as error:
        raise DataError(f"{folder}: one of its CSV files is malformed ({error})") from None
    except UnidentifiedImageError as error:  # names the file
        raise DataError(f"{folder}: an image that labels are derived from can't be read: {error}") from None
    except (OSError, SyntaxError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"{getattr(error, 'filename', None) or folder}: can't be read ({reason})") from None
    if kind != "rafd" and (folder / ANNOTATIONS_FILE).is_file():  # its reader has laid them on already
        apply_words(table, read_words(folder / ANNOTATIONS_FILE))
    return table
