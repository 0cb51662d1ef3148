"""Many faces in one call: rows of a file or of standard input, each drawn once, whatever stops it in between."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facegen.errors import UserError
from facegen.picture import MetadataError, read_settings

if TYPE_CHECKING:
    from facegen.pipeline import Face, FacePipeline

KINDS = (".txt", ".csv", ".jsonl")
COLUMNS = ("description", "seed", "person", "overrides", "out")


class RowError(UserError):
    """A row of a file of descriptions that can't be drawn."""


@dataclass
class Row:
    """One face to draw: where it was read, where it goes, and the arguments of `FacePipeline.__call__` behind it."""

    place: str
    path: Path
    text: str
    seed: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    def draw(self, pipe: FacePipeline) -> Face:
        """The row's face. Raises `UserError` for what can't be drawn."""
        return pipe(self.text, self.seed, **self.more)  # type: ignore[return-value]  # one person, so one face


def rows(source: str | Path, out: Path, seed: int, options: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a .txt (a description a line), .csv (with a header) or .jsonl file, or of standard input for "-".

    Columns and keys: description, and where wanted seed, person, overrides (JSON: {"beard": true}) and out. A row
    without a seed is drawn with `seed`; one without `out` is written to `out`, a folder or a name, with its number.

    Raises:
        RowError: there is no such file, or it is of another kind.
    """
    path = Path(source)
    if str(source) == "-":
        found: Iterable[dict[str, Any]] = _lines(sys.stdin)
    elif path.suffix.lower() not in KINDS:
        raise RowError(f"{path} can't be read: a file of descriptions ends in {', '.join(KINDS)}")
    else:
        found = _records(path)
    for number, record in enumerate(found, 1):
        place = f"{'standard input' if str(source) == '-' else path}, row {number}"
        if "error" in record:
            yield Row(place, out, "", more={"error": record["error"]})
            continue
        yield _row(place, numbered(out, number), record, seed, options)


def part(found: Iterator[Row], which: str) -> Iterator[Row]:
    """Of n processes or machines, the rows of the k-th, every n-th from the k-th on: `which` is "k/n".

    Raises:
        RowError: `which` is nothing of the kind.
    """
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", which)
    k, n = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= k <= n:
        raise RowError(f"part {which[:40]!r} is none: 1/4, 2/4, 3/4 and 4/4 are those of four processes")
    return islice(found, k - 1, None, n)


def numbered(out: Path, number: int) -> Path:
    """A folder, there or not yet: faces -> faces/000007.png; a name with a suffix: face.png -> face-000007.png."""
    if out.is_dir() or not out.suffix:
        return out / f"{number:06d}.png"
    return out.with_name(f"{out.stem}-{number:06d}{out.suffix}")


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            if path.suffix.lower() == ".txt":
                yield from _lines(file)
            elif path.suffix.lower() == ".csv":
                reader = csv.DictReader(file)
                if "description" not in (reader.fieldnames or ()):
                    raise RowError(f"{path} has no column 'description': its first line names {', '.join(COLUMNS)}")
                yield from reader
            else:
                for line in file:
                    if line.strip():
                        yield _json(line)
    except (OSError, csv.Error) as error:
        raise RowError(f"{path} can't be read: {error}") from None


def _lines(file: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in file:
        if line.strip():
            yield {"description": line.strip()}


def _json(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    return record if isinstance(record, dict) else {"error": "no JSON object"}


def _row(place: str, path: Path, record: Mapping[str, Any], seed: int, options: Mapping[str, Any]) -> Row:
    said = {key: value for key, value in record.items() if key in COLUMNS and value not in (None, "")}
    more = dict(options)
    try:
        if "person" in said:
            more["person"] = str(said["person"])
        if "overrides" in said:
            own = said["overrides"]
            own = json.loads(own) if isinstance(own, str) else own
            more["overrides"] = {**(options.get("overrides") or {}), **own}
        if "seed" in said:
            seed = whole(said["seed"])
        if "out" in said:
            name = str(said["out"])
            path = path.parent / name
            if Path(name).name != name:
                more["error"] = f"out {name[:60]!r} is no file name: leave folders out"
    except (ValueError, TypeError):
        more["error"] = 'its overrides are no JSON object such as {"beard": true}'
    return Row(place, path, said.get("description", ""), seed, more)


def whole(text: object) -> Any:
    """A whole number that is written as text, as an int; anything else as it is, for the check that follows."""
    return int(text) if isinstance(text, str) and re.fullmatch(r"-?[0-9]{1,20}", text) else text


def drawn_before(row: Row, pipe: FacePipeline) -> bool:
    """Whether the file of a row is there and holds the face that would be drawn: then it needn't be."""
    try:
        said = read_settings(row.path)
    except MetadataError:
        return False
    person = row.more.get("person") or str(row.seed)
    return (
        said["description"] == row.text
        and said["overrides"] == (row.more.get("overrides") or {})
        and (said["person"] == person or row.more.get("best_of", 1) > 1)
        and said["strength"] == row.more.get("strength")
        and said["look"] == row.more.get("look")
        and (said["size"] or pipe.sizes[0]) == (row.more.get("size") or pipe.sizes[0])
        and said.get("model") == pipe.model
    )
