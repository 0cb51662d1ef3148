"""`evaluate models`: several generators beside each other, on the same photographs, in one Markdown table.

Protocol. Each model draws a face for the attributes of each test photograph (image number modulo 10 = 1), from seeds 0,
1, 2, .. All faces are resized to one size, so that a model that draws at 64 px is compared as people see it. Then as
`evaluate faces`: Frechet distance in SqueezeNet's features between the first half of the drawn faces and the first half
of the photographs, and the balanced accuracy of a judge that was trained on none of the training photographs, over the
main attributes that all models know. Time and memory are those of a process of its own that draws one face at a time.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from facegen import __version__, hub
from facegen.attributes import NAMES
from facegen.evaluation import families
from facegen.evaluation.faceid import FaceFinder
from facegen.evaluation.faces import FaceSet, draw, photographs
from facegen.evaluation.judge import Judge, features
from facegen.evaluation.metrics import MAIN, balanced_accuracy, frechet_distance
from facegen.evaluation.output import write_bytes
from facegen.evaluation.reader import EvaluationError
from facegen.evaluation.sheets import face_sheet
from facegen.metadata import png_bytes
from facegen.training.deconv import SubjectDeconv, psnr
from facegen.training.draw import Draw
from facegen.training.pack import Pack
from facegen.training.run import write_text
from facegen.training.squeezenet import SqueezeNet

LEAST = 200  # faces: a Frechet distance of fewer says more about their number than about them
COLUMNS = {
    "parameters": "parameters", "image_size": "px", "seconds": "training, minutes", "steps": "steps",
    "psnr": "PSNR, dB", "frechet": "Frechet distance", "accuracy": "attribute accuracy", "face_found": "face found",
    "checkpoint": "checkpoint, MB", "memory": "memory, MB", "ms": "ms an image",
}  # fmt: skip


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


def sheet_path(out: Path, name: str) -> Path:
    """Where a model's contact sheet goes: docs/models.md -> docs/models/NAME.png."""
    return out.with_suffix("") / f"{name}.png"


def compare(folders: Mapping[str, str], data: Pack, network: SqueezeNet, n: int) -> tuple[dict, dict[str, Image.Image]]:
    """Measure all models.

    Args:
        data: source 0 is the generators' own data set; other sources train the judge, less what is also in source 0.
        n: how many faces, at most one for each test photograph.

    Returns:
        {"protocol": .., "models": {name: figures}}, a figure being None where it has no meaning; and contact sheets.
    """
    models = {name: families.load(folder) for name, folder in folders.items()}
    own = data.source == 0
    strangers = np.flatnonzero(~own & ~np.isin(data.numbers, data.numbers[own]))
    judge_rows = np.concatenate([data.rows("validation", source=0), strangers])
    test_rows = data.rows("test", 0.9, source=0)[:n]
    if len(test_rows) < 2 or len(judge_rows) < 40:
        raise EvaluationError(
            f"{len(test_rows)} test photographs and {len(judge_rows)} for the judge are too few: 2 and 40 are needed"
        )
    finder = FaceFinder()
    judge = Judge(list(NAMES), features(network, photographs(data, judge_rows))[1], data.attributes[judge_rows])
    shared = [a for a in MAIN if a in judge.heads and all(a in m.config.attributes for m in models.values())]
    test = FaceSet(photographs(data, test_rows)).measure(network, finder)

    def seen(faces: FaceSet, other: FaceSet) -> dict:
        probability = judge.probabilities(faces.placed)
        asked = data.columns(shared)[test_rows]
        scores = [balanced_accuracy(asked[:, j], probability[a]) for j, a in enumerate(shared)]
        there = [s for s in scores if not np.isnan(s)]
        half = len(test_rows) // 2
        first = faces.pooled[half : 2 * half] if faces is other else faces.pooled[:half]
        return {
            "frechet": frechet_distance(first, other.pooled[:half]) if len(test_rows) >= LEAST else None,
            "accuracy": float(np.mean(there)) if there else None,
            "face_found": float(faces.found.mean()),
        }

    rows, sheets = {}, {}
    for name, model in models.items():
        drawn = draw(model, data.columns(model.config.attributes)[test_rows])
        rows[name] = {
            "parameters": sum(p.numel() for p in model.parameters()),
            "image_size": model.config.image_size,
            **training(hub.resolve(folders[name])),
            "psnr": target_psnr(model, data, test_rows),
            **seen(FaceSet(resized(drawn, data.images.shape[1])).measure(network, finder), test),
            **cost(folders[name]),
        }
        sheets[name] = face_sheet(model)
    rows["photographs"] = seen(test, test)
    protocol = {
        "test_photographs": len(test_rows),
        "judge_photographs": len(judge_rows),
        "size": data.images.shape[1],
        "attributes": shared,
        "threads": torch.get_num_threads(),
    }
    return {"protocol": protocol, "models": rows}, sheets


def resized(images: Tensor, size: int) -> Tensor:
    """Images (n, 3, s, s) at another size."""
    if images.shape[-1] == size:
        return images
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True).clamp(-1, 1)


@torch.inference_mode()
def redrawn(model: nn.Module, data: Pack, rows: np.ndarray) -> tuple[np.ndarray, Tensor] | None:
    """What a model makes of photographs that it is told to redraw: their rows, and images (n, 3, s, s) in -1..1.

    The first report's network redraws its subjects, DRAW what its encoder sees; others have no target: None.
    """
    labels = torch.from_numpy(data.columns(model.config.attributes)[rows].astype(np.float32))
    if isinstance(model, SubjectDeconv):
        known = {s: i for i, s in enumerate(model.config.subjects)}
        subject = torch.tensor([known.get(s, -1) for s in data.subjects[rows]])
        mine = torch.nonzero(subject >= 0).flatten()
        if not len(mine):
            return None
        hot = F.one_hot(subject[mine], len(known)).float()
        images = [model(h, a) for h, a in zip(hot.split(64), labels[mine].split(64), strict=True)]
        return rows[mine.numpy()], torch.cat(images)
    if isinstance(model, Draw):
        photos = resized(photographs(data, rows), model.config.image_size)
        return rows, torch.cat(
            [_seen_by_draw(model, p, a) for p, a in zip(photos.split(64), labels.split(64), strict=True)]
        )
    return None


def _seen_by_draw(model: Draw, photo: Tensor, attributes: Tensor) -> Tensor:
    """`Draw.elbo`'s pass with the posterior's mean in place of a sample."""
    photo = (photo + 1) / 2
    encoder, decoder, canvas = model.begin(attributes)
    for _ in range(model.config.glimpses):
        seen = model.read(photo, photo - torch.sigmoid(canvas), decoder[0])
        encoder = model.encoder(torch.cat([seen, decoder[0]], 1), encoder)
        decoder = model.decoder(model.posterior(encoder[0]).chunk(2, 1)[0], decoder)
        canvas = model.write(canvas, decoder[0])
    return torch.sigmoid(canvas) * 2 - 1


def target_psnr(model: nn.Module, data: Pack, rows: np.ndarray) -> float | None:
    """Mean PSNR in dB of redrawn test photographs, at the photographs' size; None without a target."""
    pair = redrawn(model, data, rows)
    if pair is None:
        return None
    mine, images = pair
    return psnr((resized(images, data.images.shape[1]) + 1) / 2, (photographs(data, mine) + 1) / 2)


def training(folder: Path) -> dict:
    """Seconds and steps of each stage, from the log of the run folder that a checkpoint lies in; None without one."""
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
    """Size of a checkpoint, and what drawing with it takes in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        drawing = pool.submit(probe, folder).result()
    return {"checkpoint": (hub.resolve(folder) / hub.WEIGHTS).stat().st_size / 1e6, **drawing}


def probe(folder: str) -> dict:
    """Median ms of one face at a time, and the process's peak memory in MB (None where the system doesn't say)."""
    model = families.load(folder)
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


def markdown(result: Mapping, names: Sequence[str], sheets: str, note: str = "") -> str:
    """The table, its protocol, and the contact sheets in the folder `sheets`."""
    protocol = result["protocol"]
    lines = [
        "# The models beside each other",
        "",
        "Made by `python -m facegen evaluate models`; facegen " + __version__ + "." + (f" {note}" if note else ""),
        "",
        "| model | " + " | ".join(COLUMNS.values()) + " |",
        "| --- |" + " ---: |" * len(COLUMNS),
    ]
    for name, row in result["models"].items():
        lines.append(f"| {name} | " + " | ".join(_cell(key, row.get(key)) for key in COLUMNS) + " |")
    attributes = ", ".join(a.replace("_", " ") for a in protocol["attributes"]) or "none"
    lines += [
        "",
        f"Drawn: a face for each of {protocol['test_photographs']} test photographs (image number modulo 10 = 1, never "
        f"trained on), with its attributes; all compared at {protocol['size']} px. Attribute accuracy: the balanced "
        f"accuracy of a judge trained on {protocol['judge_photographs']} other photographs, mean over what all models "
        f"know ({attributes}). Frechet distance: SqueezeNet features, first halves; the photographs' own is that of "
        "their two halves, the floor. PSNR: test photographs redrawn, where a model has such a target (deconv: its "
        "subjects; draw: through its encoder). Training: the run's own log, written every 100 steps; a dash where the "
        "checkpoint lies in no run folder. Memory and ms: a process, PyTorch included, that draws one face at a "
        f"time on the CPU, {protocol['threads']} threads.",
        "",
        "Contact sheets: a column is a seed, a row a set of attributes (nothing said; bearded man with black hair; "
        "smiling young woman, blond; old man with gray hair and glasses; woman with brown hair and bangs, not smiling; "
        "man with hat and mustache). All faces are synthetic.",
    ]
    for name in names:
        lines += ["", f"## {name}", "", f"![Contact sheet of {name}]({sheets}/{name}.png)"]
    return "\n".join(lines) + "\n"


def _cell(key: str, value) -> str:
    if value is None:
        return "-"
    if key == "steps":
        return ", ".join(f"{stage} {n:,}" for stage, n in value.items())
    if key == "parameters":
        return f"{value / 1e6:.2f} M"
    if key == "seconds":
        return f"{value / 60:.1f}"
    if key in ("accuracy", "face_found"):
        return f"{value:.3f}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write_all(result: Mapping, sheets: Mapping[str, Image.Image], out: Path, note: str = "") -> None:
    """The Markdown file and the contact sheets beside it."""
    for name, sheet in sheets.items():
        path = sheet_path(out, name)
        os.makedirs(path.parent, exist_ok=True)
        settings = {"description": f"Contact sheet of {name}", "model": name, "version": __version__}
        write_bytes(path, png_bytes(sheet, settings))
    write_text(out, markdown(result, list(sheets), out.stem, note))
