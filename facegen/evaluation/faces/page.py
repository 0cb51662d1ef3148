"""`evaluate faces --html`: the figures and their pictures on one page that needs no other file.

It shows drawn faces only. Photographs come onto it where the user asks, and then only where git won't pick them up.
"""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from PIL import Image

from facegen import __version__
from facegen.attributes import BY_NAME, MEASURED
from facegen.drawing.sheets import face_sheet, grid
from facegen.evaluation.faces import charts
from facegen.evaluation.faces.protocol import Evidence
from facegen.evaluation.instruments.lenses import Generator
from facegen.evaluation.reader import EvaluationError
from facegen.files import write_atomic

SPACES = {
    "squeezenet": "SqueezeNet",
    "dlib_embedding": "dlib's face embedding",
    "efficientnet": "EfficientNet-Lite0",
    "efficientnet_lite2": "EfficientNet-Lite2",
    "pixels": "pixels at 32 px",
}
_AXES = {
    "identity": "cosine of dlib's embedding",
    "diversity": "distance of two faces, dlib's embedding",
    "nearest_dlib_embedding": "distance to the nearest training face, dlib's embedding",
    "nearest_pixels": "distance to the nearest training face, gray levels at 32 px",
}


def check_private(path: Path) -> None:
    """Raises `EvaluationError` where git would pick up a page that shows photographs."""
    folder = path.resolve().parent
    while not folder.is_dir():
        folder = folder.parent
    if shutil.which("git") is None:
        return

    def git(*arguments: str) -> int:
        return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False).returncode

    if git("rev-parse", "--is-inside-work-tree") == 0 and git("check-ignore", "-q", str(path.resolve())) != 0:
        raise EvaluationError(
            f"{path} would show photographs, and git doesn't ignore it: write it into an ignored folder, such as runs/"
        )


def page(result: dict, evidence: Evidence, sheet: Image.Image, model: str) -> str:
    """The page, from what `faces.evaluate` handed back and a contact sheet of the model."""
    labels = {name: a.label for name, a in BY_NAME.items()}
    accuracy = result["accuracy"]
    main = [name for name in MEASURED if name in accuracy]
    leakage = result.get("leakage")
    environment = Environment(
        loader=PackageLoader(__package__, "."), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    environment.filters |= {"number": _number, "percent": _percent}
    pairs = [image for pair in zip(*evidence.pairs, strict=True) for image in pair] if evidence.pairs else []
    return environment.get_template("page.html").render(
        r=result,
        model=model,
        version=__version__,
        spaces=SPACES,
        labels=labels,
        sheet=_data_url(sheet),
        pairs=_data_url(grid([Image.fromarray(p) for p in pairs], len(evidence.pairs), 4)) if pairs else None,
        bars=Markup(charts.accuracy_bars(accuracy, main, labels)) if main else None,
        other_bars=[name for name in accuracy if name not in main],
        heat=Markup(charts.heat_map(leakage["changed"], main, labels)) if leakage and leakage["changed"] else None,
        histograms={name: _histogram(name, evidence.histograms.get(name, {})) for name in _AXES},
    )


def write_page(path: Path, result: dict, evidence: Evidence, model: Generator, name: str) -> None:
    """Draw the contact sheet and write the page in one move."""
    sheet = face_sheet(model)
    columns = sheet.width // model.config.image_size
    sheet.thumbnail((128 * columns, 8192), Image.Resampling.LANCZOS)
    write_atomic(path, page(result, evidence, sheet, name))


def _histogram(name: str, sides: dict[str, np.ndarray]) -> Markup | None:
    drawing = charts.histograms(sides, _AXES[name])
    return Markup(drawing) if drawing else None


def _data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=90)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _number(value: float | None, digits: int = 3) -> str:
    """A figure for people: four significant digits where it is large or tiny."""
    if value is None:
        return "–"
    if value != 0 and (abs(value) >= 100 or abs(value) < 0.01):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"
    return f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
