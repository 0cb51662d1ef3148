"""Radboud Faces (Langner et al. 2010): what it says of a picture is in the picture's file name.

    Rafd090_01_Caucasian_female_angry_frontal.jpg
    angle, subject, group, gender, emotion, gaze

Angle 90 is the frontal camera; groups are Caucasian, Moroccan and Kid. The rest (face shape, hair, eyewear, facial
hair) is annotated a subject at a time in a bag-of-words CSV beside the images: see bag_of_words.py, and `annotate`.
The set is handed out by Radboud University for research on request.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from facegen.attributes import NAMES
from facegen.data.bag_of_words import ANNOTATIONS_FILE, apply_words, read_words
from facegen.data.base import DataError, FaceTable, resolve_row, settle_exclusive

FILE_NAME = re.compile(r"Rafd(\d{3})_(\d+)_([A-Za-z]+)_(male|female)_([a-z]+)_(frontal|left|right)")
EMOTIONS = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
GROUPS: dict[str, dict[str, bool]] = {
    "Caucasian": {"white": True},
    "Moroccan": {"middle_eastern": True},
    "Kid": {"white": True, "young": True},
}
CLOSED_MOUTH = ("angry", "contemptuous", "neutral", "sad")  # as the set's actors were directed


def read_rafd(
    folder: str | Path,
    angles: tuple[int, ...] = (90,),
    gazes: tuple[str, ...] = ("frontal",),
    kids: bool = False,
    words: str | Path | None = None,
) -> FaceTable:
    """Read Radboud Faces: frontal adults looking at the camera, unless asked for more.

    Args:
        folder: holds the images, at any depth.
        angles: camera angles in degrees: 0, 45, 90 (frontal), 135, 180.
        gazes: "frontal", "left", "right".
        kids: children too.
        words: bag-of-words CSV; annotations.csv in the folder where left out.

    Raises:
        DataError: no image, a file name that starts as Radboud's do but isn't one, or a malformed CSV.
    """
    folder = Path(folder)
    files = sorted(p for p in folder.rglob("Rafd*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not files:
        raise DataError(f"{folder}: holds no image named like Rafd090_01_Caucasian_female_angry_frontal.jpg")
    if words is None and (folder / ANNOTATIONS_FILE).is_file():
        words = folder / ANNOTATIONS_FILE

    chosen: list[Path] = []
    subjects: list[str] = []
    rows: list[np.ndarray] = []
    for path in files:
        match = FILE_NAME.fullmatch(path.stem)
        if match is None or match[3] not in GROUPS or match[5] not in EMOTIONS:
            raise DataError(f"{path}: expected a name like Rafd090_01_Caucasian_female_angry_frontal.jpg")
        angle, subject, group, gender, emotion, gaze = match.groups()
        if int(angle) not in angles or gaze not in gazes or (group == "Kid" and not kids):
            continue
        labels = dict(GROUPS[group]) | {"male": gender == "male"}
        if emotion != "contemptuous":  # a one-sided smile: neither yes nor no
            labels["smiling"] = emotion == "happy"
        if emotion in CLOSED_MOUTH or emotion == "surprised":
            labels["mouth_open"] = emotion == "surprised"
        chosen.append(path)
        subjects.append(subject)
        rows.append(resolve_row(labels))
    if not chosen:
        raise DataError(f"{folder}: none of its {len(files)} images has an angle of {angles} and a gaze of {gazes}")
    values = settle_exclusive(np.array(rows, np.int8).reshape(-1, len(NAMES)))
    table = FaceTable(chosen, values, subjects=subjects)
    return apply_words(table, read_words(words)) if words is not None else table
