"""What `evaluate models` found, as Markdown with pictures beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill

from PIL import Image

from facegen import __version__
from facegen.evaluation.output import spliced, webp
from facegen.files import write_atomic

COLUMNS = {
    "parameters": "parameters", "image_size": "px", "seconds": "training, minutes", "steps": "steps",
    "psnr": "PSNR, dB", "frechet": "Frechet distance", "accuracy": "attribute accuracy", "face_found": "face found",
    "checkpoint": "checkpoint, MB", "memory": "memory, MB", "ms": "ms an image",
}  # fmt: skip
WHAT = {
    "": "Contact sheet of {name}",
    "good-and-poor": "{name}: test photographs redrawn, above the eight best by PSNR, below the eight poorest",
    "canvas": "{name}: the canvas over time, from what the attributes start it with; a row is a seed, nothing said",
}
BEGIN, END = "<!-- evaluate models: begin -->", "<!-- evaluate models: end -->"
NEW = f"# The models beside each other\n\n{BEGIN}\n{END}\n"


def picture_path(out: Path, name: str) -> Path:
    """Where a picture goes: docs/models.md -> docs/models/NAME.webp."""
    return out.with_suffix("") / f"{name}.webp"


def markdown(result: Mapping, pictures: Mapping[str, object], folder: str, note: str = "") -> str:
    """The table, its protocol, and the pictures in `folder`."""
    protocol = result["protocol"]
    lines = [
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
        f"- Drawn: a face for each of {protocol['test_photographs']} test photographs (image number modulo 10 = 1,",
        f"  never trained on), with its attributes; all compared at {protocol['size']} px.",
        f"- Attribute accuracy: the balanced accuracy of a judge trained on {protocol['judge_photographs']} other",
        "  photographs, mean over what all models know:",
        *fill(attributes, 116, initial_indent="  ", subsequent_indent="  ").splitlines(),
        "- Frechet distance: EfficientNet features; photographs' own is between validation and test photographs.",
        "- PSNR: test photographs redrawn, where a model has such a target (deconv: its subjects; draw: its encoder).",
        "- Training: the run's own log; a dash where the checkpoint lies in no run folder.",
        "- Memory and ms: a process, PyTorch included, that draws one face at a time on the CPU,",
        f"  {protocol['threads']} threads.",
        *_asked(result["models"]),
        *_bounds(result["models"]),
        "",
        "Contact sheets: a column is a seed, a row a set of attributes. All faces are synthetic.",
        "The rows: nothing said; bearded man with black hair; smiling young woman, blond; old man with gray hair and",
        "glasses; woman with brown hair and bangs, not smiling; man with hat and mustache.",
    ]
    models = [name for name in result["models"] if name in pictures]
    for name in models:
        lines += ["", f"### {name}"]
        for picture in pictures:
            what = picture.removeprefix(name).removeprefix("-")
            if picture == name or (picture not in models and picture == f"{name}-{what}"):
                lines += ["", f"![{WHAT[what].format(name=name)}]({folder}/{picture}.webp)"]
                lines += ["", f"{WHAT[what].format(name=name)}."] if what else []
    return "\n".join(lines) + "\n"


def _asked(models: Mapping[str, Mapping]) -> list[str]:
    names = list(dict.fromkeys(name for row in models.values() for name in row.get("asked", {})))
    if not names:
        return []
    lines = [
        "",
        "| judged yes when asked for / when asked for none | " + " | ".join(n.replace("_", " ") for n in names) + " |",
    ]
    lines.append("| --- |" + " ---: |" * len(names))
    for model, row in models.items():
        lines.append(f"| {model} | " + " | ".join(_shares(row.get("asked", {}).get(n)) for n in names) + " |")
    drawn = next((a["n"] for m, row in models.items() if m != "photographs" for a in row.get("asked", {}).values()), 0)
    real = ", ".join(f"{models['photographs']['asked'][n]['n']} with {n.replace('_', ' ')}" for n in names)
    return [
        *lines,
        "",
        f"The same judge; {drawn} people with the attribute and the same people without, nothing else said "
        f"(but that a beard is asked of men). Photographs: what is labelled yes and no in the test part ({real}).",
    ]


def _shares(row: Mapping | None) -> str:
    return f"{row['yes']:.2f} / {row['no']:.2f}" if row and "yes" in row else "-"


def _bounds(models: Mapping[str, Mapping]) -> list[str]:
    return [
        line
        for name, row in models.items()
        if "bound" in row
        for line in (
            "",
            f"{name}: evidence lower bound of the test photographs {row['bound']['elbo']:,.0f} nats an image "
            f"(reconstruction {row['bound']['reconstruction']:,.0f}, divergence {row['bound']['divergence']:,.0f}), "
            f"pixels as Bernoulli probabilities at {row['image_size']} px.",
        )
    ]


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
    if key == "frechet" and value >= 1000:
        return f"{float(f'{value:.4g}'):,.0f}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write_all(result: Mapping, pictures: Mapping[str, Image.Image], out: Path, note: str = "") -> None:
    """The Markdown file and the pictures beside it."""
    before = out.read_text(encoding="utf-8") if out.is_file() else NEW
    page = spliced(before, markdown(result, pictures, out.stem, note), BEGIN, END, out)
    for name, picture in pictures.items():
        path = picture_path(out, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, webp(picture))
    write_atomic(out, page)
