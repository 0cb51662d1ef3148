"""Turn photographs into what the trainer reads: faces found, aligned, filtered, with landmarks and labels.

    OUT/images/NAME.jpg                          aligned faces
    OUT/landmarks68.npy, OUT/alignment.csv       in the order of the list of labels
    OUT/list_attr_celeba.txt                     for CelebA (identity.txt too), its rows carried over;
    OUT/labels.csv                               for every other set (folder.py)
    OUT/prepare.jsonl, OUT/prepare_report.json   what became of every photograph, and why

Run again, it goes on where it stopped: prepare.jsonl has a line for each photograph that is done with.
"""

from __future__ import annotations

import io
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from PIL import Image, ImageOps
from tqdm import tqdm

from facegen.data.align import align
from facegen.data.base import DataError
from facegen.data.derived import jaw_geometry
from facegen.data.landmarks import LICENSE, FaceFinder, find_model
from facegen.data.prepared import write_tables
from facegen.data.readers import READERS, read_dataset, recognize
from facegen.data.sets.celeba import read_celeba
from facegen.files import write_atomic

MAX_SIDE = 1600  # of the copy that faces are searched in, pixels
LOG, REPORT = "prepare.jsonl", "prepare_report.json"


@dataclass(frozen=True)
class PrepareConfig:
    """What to keep, and how large.

    Args:
        size: of the aligned faces, pixels.
        min_score: the detector's score; it is above 1 for most clear frontal faces.
        min_width: side of the crop in pixels of the photograph: smaller ones would be blown up.
        min_inside: 0..1, share of the crop that must lie inside the photograph.
        max_yaw: 0..1, how far a head may be turned (see `jaw_geometry`); 1 keeps profiles.
        upsample: times that photographs are doubled before the search.
    """

    size: int = 160
    min_score: float = 0.0
    min_width: float = 80.0
    min_inside: float = 0.7
    max_yaw: float = 1.0
    upsample: int = 1


def prepare(
    source: str | Path,
    out: str | Path,
    config: PrepareConfig = PrepareConfig(),  # noqa: B008 (frozen)
    kind: str = "auto",
    model: str | Path | None = None,
    workers: int | None = None,
    limit: int | None = None,
    progress: bool = True,
) -> dict[str, int]:
    """Prepare a data set.

    Args:
        source: the data set's folder, of any layout in readers.py.
        out: the folder to write; one that an earlier run began is gone on with.
        kind: the layout, or "auto".
        model: the landmark model (see `find_model`).
        workers: processes; all processors where left out.
        limit: only the first so many photographs.

    Returns:
        Outcome -> number of photographs; "ok" were written.

    Raises:
        DataError: a file is missing or malformed, or `out` holds something else.
    """
    source, out = Path(source), Path(out)
    kind = recognize(source) if kind == "auto" else kind
    dataset = read_celeba(source, derived=False) if kind == "celeba" else read_dataset(source, kind)
    if limit is not None:
        dataset = dataset.subset(np.arange(min(limit, len(dataset))))
    names = output_names(dataset.paths)
    done = _open_log(out, config)
    jobs = [
        (str(path), name)
        for path, name in zip(dataset.paths, names, strict=True)
        if name not in done or (done[name]["outcome"] == "ok" and not (out / "images" / name).is_file())
    ]
    if jobs:
        with open(out / LOG, "a", encoding="utf-8") as log:
            results = _results(jobs, out, config, find_model(model), workers or os.cpu_count() or 1)
            bar = tqdm(results, total=len(names), initial=len(names) - len(jobs), desc="prepare", disable=not progress)
            for entry in bar:
                done[entry["image"]] = entry
                log.write(json.dumps(entry) + "\n")
                log.flush()
                bar.set_postfix(kept=sum(e["outcome"] == "ok" for e in done.values()))
    kept = [i for i, name in enumerate(names) if done[name]["outcome"] == "ok"]
    write_tables(source, out, kind, dataset, kept, [done[names[i]] for i in kept])
    counts = Counter(done[name]["outcome"] for name in names)
    report = {"photographs": len(names), "outcomes": dict(counts.most_common())}
    write_atomic(out / REPORT, (json.dumps(report, indent=2) + "\n").encode())
    return dict(counts)


def output_names(paths: Sequence[Path]) -> list[str]:
    """A file name for each photograph: its own, as .jpg; with its folders where two would be the same."""
    names = [f"{path.stem}.jpg" for path in paths]
    if len(set(names)) < len(names):
        root = Path(os.path.commonpath([path.parent for path in paths]))
        names = ["-".join(path.relative_to(root).with_suffix(".jpg").parts) for path in paths]
    seen: Counter[str] = Counter()
    for i, name in enumerate(names):  # a.png and a.jpg in one folder
        seen[name] += 1
        if seen[name] > 1:
            names[i] = f"{Path(name).stem}-{seen[name]}.jpg"
    return names


def _open_log(out: Path, config: PrepareConfig) -> dict[str, dict]:
    """What an earlier run did; begins the log where there is none."""
    settings = asdict(config)
    path = out / LOG
    if not path.is_file():
        if (out / "images").is_dir():
            raise DataError(f"{out}: already holds images that weren't made by prepare; give a folder of its own")
        try:
            (out / "images").mkdir(parents=True)
        except OSError as error:
            raise DataError(f"{out}: can't be written ({error.strerror})") from None
        write_atomic(path, (json.dumps({"settings": settings}) + "\n").encode())
        return {}
    content = path.read_bytes()
    if not content.endswith(b"\n"):  # killed in mid-line: that photograph is done again
        content = content[: content.rfind(b"\n") + 1]
        write_atomic(path, content)
    try:
        first, *rest = [json.loads(line) for line in content.splitlines()]
        begun = first["settings"]
        entries = {entry["image"]: entry for entry in rest}
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path}: isn't a log of prepare; give a folder of its own") from None
    for name, value in settings.items():
        if begun.get(name) != value:
            was = begun.get(name)
            raise DataError(f"{out}: was begun with {name} = {was}, not {value}; give the same, or another folder")
    return entries


def _results(
    jobs: list[tuple[str, str]], out: Path, config: PrepareConfig, model: Path, workers: int
) -> Iterator[dict]:
    """Entries for the log, as they come."""
    if workers == 1 or len(jobs) < 4:
        _start_worker(model, out, config, own_process=False)
        yield from map(_work, jobs)
        return
    arguments = (model, out, config)
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), get_context("spawn"), initializer=_start_worker, initargs=arguments
    )
    try:
        yield from pool.map(_work, jobs, chunksize=4)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker: tuple[FaceFinder, Path, PrepareConfig]


def _start_worker(model: Path, out: Path, config: PrepareConfig, own_process: bool = True) -> None:
    global _worker
    if own_process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops the pool
        cv2.setNumThreads(1)
    _worker = FaceFinder(model, config.upsample), out, config


def _work(job: tuple[str, str]) -> dict:
    """One photograph: write its face, and say what became of it."""
    finder, out, config = _worker
    path, name = job
    entry: dict = {"image": name}
    try:
        with Image.open(path) as opened:
            image = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return entry | {"outcome": "unreadable image"}
    found = _main_face(finder, image)
    if found is None:
        return entry | {"outcome": "no face found"}
    score, landmarks = found
    face, points, native, inside = align(image, landmarks, config.size)
    entry |= {"score": round(score, 3), "native": round(native, 1), "inside": round(inside, 4)}
    if score < config.min_score:
        return entry | {"outcome": "detector unsure"}
    if native < config.min_width:
        return entry | {"outcome": "too small"}
    if inside < config.min_inside:
        return entry | {"outcome": "leaves the photograph"}
    if abs(float(jaw_geometry(landmarks[None])["yaw"][0])) > config.max_yaw:
        return entry | {"outcome": "turned away"}
    buffer = io.BytesIO()
    Image.fromarray(face).save(buffer, "JPEG", quality=95)
    write_atomic(out / "images" / name, buffer.getvalue())
    return entry | {"outcome": "ok", "landmarks": [round(float(v), 2) for v in points.ravel()]}


def _main_face(finder: FaceFinder, image: np.ndarray) -> tuple[float, np.ndarray] | None:
    """The face that the picture is of: large and near its center."""
    shrink = max(1.0, max(image.shape[:2]) / MAX_SIDE)
    small = (
        image if shrink == 1 else cv2.resize(image, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    )
    faces = finder.find(small)
    if not faces:
        return None
    middle = np.array(small.shape[1::-1]) / 2

    def prominence(face: tuple[float, np.ndarray]) -> float:
        points = face[1]
        return float(np.ptp(points, axis=0).max() - 0.5 * np.linalg.norm(points.mean(axis=0) - middle))

    score, landmarks = max(faces, key=prominence)
    return score, (landmarks + 0.5) * shrink - 0.5


app = typer.Typer(add_completion=False)


@app.command()
def command(
    source: Annotated[Path, typer.Argument(help="The data set's folder.")],
    out: Annotated[Path, typer.Argument(help="The folder to write; one that was begun is gone on with.")],
    kind: Annotated[str, typer.Option(help=f"auto, {', '.join(READERS)}.")] = "auto",
    size: Annotated[int, typer.Option(help="Side of the aligned faces, pixels.", min=16, max=1024)] = 160,
    min_score: Annotated[float, typer.Option(help="Least score of the detector.")] = 0.0,
    min_width: Annotated[float, typer.Option(help="Least side of the crop in the photograph, pixels.")] = 80.0,
    min_inside: Annotated[float, typer.Option(help="Least share of the crop inside the photograph, 0 to 1.")] = 0.7,
    max_yaw: Annotated[float, typer.Option(help="Most that a head may be turned, 0 to 1.")] = 1.0,
    landmarks: Annotated[str | None, typer.Option(help="Landmark model: a file, or owner/name on the Hub.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; all processors if left out.", min=1)] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first so many photographs.", min=1)] = None,
    download: Annotated[bool, typer.Option(help="PubFig: first fetch the images of its URL lists.")] = False,
) -> None:
    """Find, align and filter the faces of a data set, and write what `train` reads."""
    if download:
        _download(source)
    model = find_model(landmarks)
    typer.echo(f"Landmarks: {LICENSE}.", err=True)
    config = PrepareConfig(size, min_score, min_width, min_inside, max_yaw)
    _tell("photographs", out / REPORT, prepare(source, out, config, kind, model, workers, limit))


def _download(folder: Path) -> None:
    from facegen.data.download import download
    from facegen.data.sets.pubfig import URL_FILES, read_links

    lists = [folder / name for name in URL_FILES if (folder / name).is_file()]
    if not lists:
        raise DataError(f"{folder / URL_FILES[0]}: isn't there; --download needs PubFig's URL lists")
    links = [link for path in lists for link in read_links(path)]
    _tell("links", folder / "download_report.json", download(links, folder))


def _tell(what: str, report: Path, counts: dict[str, int]) -> None:
    lost = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items(), key=lambda c: -c[1]) if outcome != "ok")
    typer.echo(
        f"{counts.get('ok', 0)} of {sum(counts.values())} {what} kept{f'; lost: {lost}' if lost else ''} ({report})"
    )
