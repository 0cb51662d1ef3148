"""The tables of a prepared folder: labels, landmarks and alignment of the faces that were kept, in one order."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from facegen.attributes import NAMES
from facegen.data.base import FaceTable
from facegen.data.sets.celeba import ATTRIBUTE_FILES
from facegen.files import write_atomic


def write_tables(source: Path, out: Path, kind: str, dataset: FaceTable, kept: list[int], entries: list[dict]) -> None:
    """Write them.

    Args:
        source: the data set's folder, for what is carried over as it is.
        out: the prepared folder.
        kind: "celeba" keeps CelebA's own list; all others get labels.csv.
        dataset: all photographs.
        kept: rows of it that were kept.
        entries: what `prepare` noted of each of those.
    """
    landmarks = np.array([entry["landmarks"] for entry in entries], np.float32).reshape(-1, 68, 2)
    buffer = io.BytesIO()
    np.save(buffer, landmarks)
    write_atomic(out / "landmarks68.npy", buffer.getvalue())
    rows = [[e["image"], e["score"], e["native"], e["inside"]] for e in entries]
    _write_csv(out / "alignment.csv", [["image", "detector_score", "native_crop_px", "inside_share"], *rows])
    table = dataset.subset(kept)
    names = [entry["image"] for entry in entries]
    if kind == "celeba":
        _carry_celeba(source, out, {path.stem: name for path, name in zip(table.paths, names, strict=True)})
        if table.subjects is not None:
            lines = [f"{name} {subject}\n" for name, subject in zip(names, table.subjects, strict=True)]
            write_atomic(out / "identity.txt", "".join(lines).encode())
        return
    said = [j for j in range(len(NAMES)) if table.values[:, j].any()]
    header = ["image", *(["subject"] if table.subjects is not None else []), *(NAMES[j] for j in said)]
    cells = {-1: "no", 0: "", 1: "yes"}
    lines = []
    for i, name in enumerate(names):
        subject = [table.subjects[i]] if table.subjects is not None else []
        lines.append([name, *subject, *(cells[int(table.values[i, j])] for j in said)])
    _write_csv(out / "labels.csv", [header, *lines])


def _carry_celeba(source: Path, out: Path, kept: dict[str, str]) -> None:
    """The rows of CelebA's own list (and of predicted ratings beside it) for the faces kept, in their order."""
    listing = next(source / name for name in ATTRIBUTE_FILES if (source / name).is_file())
    lines = listing.read_text(encoding="utf-8").splitlines()
    rows = [line.split(maxsplit=1) for line in lines[2:] if line.strip()]
    chosen = [f"{kept[Path(name).stem]} {values}" for name, values in rows if Path(name).stem in kept]
    write_atomic(out / "list_attr_celeba.txt", "\n".join([str(len(chosen)), lines[1], *chosen, ""]).encode())
    ratings = source / "ratings_predicted.csv"
    if ratings.is_file():
        header, *rest = ratings.read_text(encoding="utf-8").splitlines()
        rest = [line for line in rest if Path(line.split(",", 1)[0]).stem in kept]
        write_atomic(out / "ratings_predicted.csv", "\n".join([header, *rest, ""]).encode())


def _write_csv(path: Path, rows: list[list]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    write_atomic(path, buffer.getvalue().encode())
