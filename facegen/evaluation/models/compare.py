"""`evaluate models`: several generators beside each other, on the same photographs, in one Markdown table.

Protocol. Each model draws a face for the attributes of each test photograph (image number modulo 10 = 1), from seeds 0,
1, 2, .. All faces are resized to one size, so that a model that draws at 64 px is compared as people see it. Frechet
distance in EfficientNet's features, between drawn faces and the test photographs; its floor is that of the validation
photographs (which nothing trains on either). Balanced accuracy of a judge that was trained on none of the training
photographs, over the main attributes that all models know. Time and memory are those of a process of its own that draws
one face at a time.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from facegen import hub, registry
from facegen.attributes import MEASURED
from facegen.data.pack import Pack
from facegen.drawing.sheets import face_sheet
from facegen.evaluation.instruments.cache import Arrays
from facegen.evaluation.instruments.faceid import FaceFinder
from facegen.evaluation.instruments.judge import judge_rows, trained_judge
from facegen.evaluation.instruments.lenses import (
    Finding,
    Lens,
    Objects,
    Reading,
    draw_batches,
    measure,
    measure_photographs,
)
from facegen.evaluation.instruments.metrics import balanced_accuracy, frechet_distance
from facegen.evaluation.models import redrawn as targets
from facegen.evaluation.models.on_request import asked, labelled
from facegen.evaluation.reader import EvaluationError
from facegen.networks.draw import Draw
from facegen.networks.efficientnet import EfficientNet
from facegen.networks.subjects import SubjectDeconv

LEAST = 200  # faces: a Frechet distance of fewer says more about their number than about them


def named(pairs: Sequence[str]) -> dict[str, str]:
    """name=folder arguments; the name becomes a file's. Raises `EvaluationError`."""
    folders: dict[str, str] = {}
    for pair in pairs:
        name, _, folder = pair.partition("=")
        if not folder or not re.fullmatch(r"[A-Za-z0-9][\w-]*", name):
            raise EvaluationError(f"{pair!r} is no name=folder pair: a name of letters, digits, - and _ is needed")
        if name in folders:
            raise EvaluationError(f"the name {name!r} is given twice")
        folders[name] = folder
    return folders


def compare(
    folders: Mapping[str, str],
    data: Pack,
    n: int,
    ask: Sequence[str] = (),
    n_asked: int = 100,
    cache: Path | None = None,
) -> tuple[dict, dict[str, Image.Image]]:
    """Measure all models.

    Args:
        data: source 0 is the generators' own data set; other sources train the judge, less what is also in source 0.
        n: how many faces, at most one for each test photograph.
        ask: attributes to ask `n_asked` people for; see `asked`.
        cache: where what was measured on photographs is kept.

    Returns:
        {"protocol": .., "models": {name: figures}}, a figure being None where it has no meaning; and pictures by their
        names: a contact sheet of each model under its own name, and what else there is to see as NAME-WHAT.
    """
    models = {name: registry.load(folder) for name, folder in folders.items()}
    size = data.images.shape[1]
    validation, for_judge = data.rows("validation", 0.9, source=0), judge_rows(data)
    test_rows = data.rows("test", 0.9, source=0)[:n]
    if len(test_rows) < 2 or len(for_judge) < 40:
        raise EvaluationError(
            f"{len(test_rows)} test photographs and {len(for_judge)} for the judge are too few: 2 and 40 are needed"
        )
    network = EfficientNet()
    judge, key = trained_judge(data, network, cache)
    reading, objects = Reading(network, judge, key, size), Objects(network)
    lenses: list[Lens] = [reading, objects, Finding(FaceFinder())]
    shared = [a for a in MEASURED if a in judge.heads and all(a in m.config.attributes for m in models.values())]
    labels = data.columns(shared)[test_rows]
    test = measure_photographs(data, test_rows, lenses, cache)
    # As many as are drawn, where there are: a Frechet distance depends on the number.
    others = (
        measure_photographs(data, validation[: len(test_rows)], [objects], cache)["objects"]
        if len(validation)
        else np.empty((0, 1))
    )

    def figures(seen: Arrays, compared: np.ndarray) -> dict:
        verdicts = [seen["verdicts"][:, judge.heads.index(a)] for a in shared]
        scores = [balanced_accuracy(labels[:, j], verdict) for j, verdict in enumerate(verdicts)]
        there = [s for s in scores if not np.isnan(s)]
        enough = min(len(compared), len(test_rows)) >= LEAST
        return {
            "frechet": frechet_distance(compared, test["objects"]) if enough else None,
            "accuracy": float(np.mean(there)) if there else None,
            "face_found": float(seen["found"].mean()),
        }

    rows, pictures = {}, {}
    for name, model in models.items():
        folder = hub.resolve(folders[name])
        history = training(folder)
        # The gan preset has an encoder, too, which has learned nothing.
        encodes = history["steps"] is None or "autoencoder" in history["steps"]
        encoder = targets.encoder_beside(model, folder) if encodes else None
        pair = targets.redrawn(model, data, test_rows, encoder)
        wanted = data.columns(model.config.attributes)[test_rows]
        drawn = measure(draw_batches(model, wanted, range(len(wanted)), size), lenses)
        rows[name] = {
            "parameters": sum(p.numel() for p in model.parameters()),
            "image_size": model.config.image_size,
            **history,
            "psnr": float(targets.quality(pair, data).mean()) if pair else None,
            **figures(drawn, drawn["objects"]),
            **cost(folders[name]),
            "asked": asked(model, ask, reading, n_asked, size),
        }
        pictures[name] = face_sheet(model)
        if isinstance(model, SubjectDeconv) and pair:
            pictures[f"{name}-good-and-poor"] = targets.good_and_poor(pair, data)
        if isinstance(model, Draw):
            rows[name]["bound"] = targets.bound(model, data, test_rows)
            pictures[f"{name}-canvas"] = targets.canvas_over_time(model)
    said = labelled(ask, data.columns(list(ask))[test_rows], test["verdicts"], judge)
    rows["photographs"] = {**figures(test, others), "asked": said}
    protocol = {
        "test_photographs": len(test_rows),
        "judge_photographs": len(for_judge),
        "size": size,
        "attributes": shared,
        "threads": torch.get_num_threads(),
    }
    return {"protocol": protocol, "models": rows}, pictures


def training(folder: Path) -> dict:
    """{"seconds": in all, "steps": {stage: steps}} of the run that a checkpoint lies in; None each without one."""
    log = folder.resolve().parent / "log.jsonl"
    if not log.is_file():
        return {"seconds": None, "steps": None}
    seconds = before = 0.0
    steps: dict[str, int] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was killed
        now = values.pop("seconds")
        seconds += now - before if now >= before else now  # a resumed run's clock starts anew
        before = now
        step = values.pop("step")
        steps.update({key.split("/")[0]: step for key in values})
    return {"seconds": seconds, "steps": steps}


def cost(folder: str) -> dict:
    """Size of a checkpoint in MB, and `probe` in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        drawing = pool.submit(probe, folder).result()
    return {"checkpoint": (hub.resolve(folder) / hub.WEIGHTS).stat().st_size / 1e6, **drawing}


def probe(folder: str) -> dict:
    """Median ms of one face at a time, and the process's peak memory in MB (None where the system doesn't say)."""
    model = registry.load(folder)
    wanted = torch.ones(1, len(model.config.attributes))
    times = []
    for seed in range(23):
        started = time.perf_counter()
        model(model.identity([seed]), wanted)
        times.append(time.perf_counter() - started)
    status = Path("/proc/self/status")
    # Not getrusage: its peak is inherited from the process that started this one.
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return {"ms": 1000 * statistics.median(times[3:]), "memory": int(peak[1]) * 1024 / 1e6 if peak else None}
