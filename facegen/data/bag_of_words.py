"""A bag of words a subject: the first report's annotation, as a CSV that people can read and edit.

    subject,words
    01,no_beard brown_hair no_eyeglasses oval_face
    02,beard black_hair male square_face

A word is an attribute's name, for yes, or `no_` and its name, for no. What isn't there is not said.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from facegen.attributes import NAMES, VocabularyError, check, complete
from facegen.data.base import DataError, FaceDataset, FaceTable
from facegen.files import write_atomic

ANNOTATIONS_FILE = "annotations.csv"  # beside the images: what `annotate` writes and the readers lay over the labels


def parse_words(words: str) -> dict[str, bool]:
    """ "beard no_eyeglasses" -> {"beard": True, "eyeglasses": False}; raises VocabularyError."""
    said: dict[str, bool] = {}
    for word in words.replace(",", " ").replace(";", " ").split():
        name, value = (word[3:], False) if word.startswith("no_") else (word, True)
        if said.get(name, value) != value:
            raise VocabularyError(f"{name} is said to be both yes and no")
        said[name] = value
    check(said)
    return said


def format_words(attributes: Mapping[str, bool]) -> str:
    """The inverse of `parse_words`, in the vocabulary's order."""
    return " ".join(name if attributes[name] else f"no_{name}" for name in NAMES if name in attributes)


def read_words(path: str | Path) -> dict[str, dict[str, bool]]:
    """Subject -> labels, from a bag-of-words CSV. Raises `DataError`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: can't be read ({error})") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    if [cell.strip() for cell in next(reader, [])] != ["subject", "words"]:
        raise DataError(f'{path}, line 1: expected the column names "subject,words"')
    bags: dict[str, dict[str, bool]] = {}
    try:
        for row in reader:
            if not row:
                continue
            if len(row) != 2 or not row[0].strip():
                raise DataError(
                    f"{path}, line {reader.line_num}: expected a subject and its words, separated by a comma"
                )
            subject = row[0].strip()
            if subject in bags:
                raise DataError(f"{path}, line {reader.line_num}: subject {subject!r} was already described above")
            try:
                bags[subject] = parse_words(row[1])
            except VocabularyError as error:
                raise DataError(f"{path}, line {reader.line_num}: {error}") from None
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None
    return bags


def apply_words(table: FaceTable, bags: Mapping[str, Mapping[str, bool]]) -> FaceTable:
    """Lay bags of words over a data set's own labels, in place, for every image of each subject; returns the table.

    Where a set knows no subjects, each image is one, called as its file without the suffix. Where a bag says yes, the
    rest of an exclusive group is no.
    """
    for i in range(len(table)):
        subject = subject_of(table, i)
        bag = bags.get(subject) or (bags.get(str(int(subject))) if subject.isdecimal() else None)
        for name, value in complete(bag or {}).items():
            table.values[i, NAMES.index(name)] = 1 if value else -1
    return table


def subject_of(table: FaceDataset, i: int) -> str:
    """The id by which image `i` is annotated."""
    record = table[i]
    return record.subject if record.subject else record.path.stem


def write_words(path: str | Path, bags: Mapping[str, Mapping[str, bool]]) -> None:
    """Write a bag-of-words CSV atomically: a reader sees the old file or the new one, whole."""
    path = Path(path)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["subject", "words"])
    writer.writerows([subject, format_words(attributes)] for subject, attributes in bags.items())
    write_atomic(path, buffer.getvalue().encode("utf-8"))
