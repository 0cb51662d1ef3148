"""`evaluate card`: what a checkpoint's model card says of figures, made from what `evaluate .. -o` wrote.

The front matter gets `model-index`. A generator's card also gets a picture, usage, figures and groups between two
marks. All else in the card is its author's and stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard
from jinja2 import Environment, PackageLoader, StrictUndefined

from facegen import hub, registry
from facegen.drawing.sheets import CONDITIONS, face_sheet
from facegen.evaluation.output import spliced, webp
from facegen.evaluation.reader import EvaluationError
from facegen.files import write_atomic

PICTURE = "faces.webp"
SPACES = {"efficientnet": "EfficientNet-Lite0", "efficientnet_lite2": "EfficientNet-Lite2"}  # that no loss saw
ENOUGH, WEAKEST = 20, 5
NEEDED = {
    "faces": {"protocol", "said", "accuracy_main", "face_found", "typed", "manifold", "distance", "groups"},
    "classifier": {"protocol", "mean", "sure", "calibration_error_all", "attributes"},
    "reader": {"all"},
}
NEW = """---
library_name: facegen
pipeline_tag: text-to-image
language: en
tags: [faces, synthetic, face-generation, text-to-face]
---

# {name}

{begin}
{end}

## Data

To be written: which photographs, of whom, and under which licence. `push` wants `license` in the front matter.
"""
BEGIN, END = "<!-- evaluate card: begin -->", "<!-- evaluate card: end -->"


def write_card(folder: Path, figures: Path, repo_id: str = "OWNER/NAME") -> Path:
    """Write README.md into a checkpoint's folder, and a generator's picture.

    Args:
        figures: JSON that `evaluate faces -o` wrote of a generator, `evaluate classifier -o` of a classifier,
            `evaluate reader --json` of a recurrent reader.
        repo_id: what the card's commands name.

    Returns:
        The card's path.

    Raises:
        EvaluationError: the JSON or the card that is there can't be read.
        hub.CheckpointError: the folder holds none of them.
    """
    model, path = registry.load(folder, kinds=[*registry.MODELS]), folder / hub.CARD
    kind = registry.kind_of(model)
    what = "classifier" if kind in registry.CLASSIFIERS else "reader" if kind in registry.READERS else "faces"
    found = read_figures(figures, what)
    before = path.read_text(encoding="utf-8") if path.is_file() else NEW.format(name=folder.name, begin=BEGIN, end=END)
    try:
        card = ModelCard(before)
    except Exception as error:  # YAML's errors and the card class's own
        raise EvaluationError(f"the front matter of {path} is no model card's: {str(error).splitlines()[0]}") from None
    card.data.model_name = card.data.model_name or folder.resolve().name
    if what == "reader":
        card.data.eval_results = results(reader_rows(found), card, "descriptions that people wrote and labelled")
    else:
        card.data.eval_results = results(rows(found) if what == "faces" else classifier_rows(found), card)
    if what != "faces":
        return write_atomic(path, str(card))
    card.text = spliced(card.text, text(found, repo_id), BEGIN, END, path)
    write_atomic(folder / PICTURE, webp(face_sheet(model)))
    return write_atomic(path, str(card))


def read_figures(path: Path, what: str) -> dict[str, Any]:
    """What `evaluate WHAT` measured. Raises `EvaluationError`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        missing = NEEDED[what] - {*found}
    except (OSError, ValueError, TypeError) as error:
        raise EvaluationError(f"{path} can't be read: {error}") from None
    if missing:
        raise EvaluationError(f"{path} is no result of this version's `evaluate {what}`: {min(missing)!r} is missing")
    return found


def rows(found: Mapping[str, Any]) -> list[tuple[str, float | None, float | None]]:
    """(name, drawn, photographs) of each figure."""
    spaces = {space: title for space, title in SPACES.items() if space in found["manifold"]}
    measured = {
        "seen of what was said, main attributes": found["said"]["seen_main"],
        "balanced accuracy, main attributes": found["accuracy_main"],
        "a face is found": found["face_found"],
        **{
            f"{figure}, {title} features": found["manifold"][space][figure]
            for space, title in spaces.items()
            for figure in ("precision", "recall")
        },
    }
    frechet = {title: found["distance"][space]["frechet"] for space, title in spaces.items()}
    return [
        *((name, sides["drawn"], sides["photographs"]) for name, sides in measured.items()),
        *(
            (f"Frechet distance, {title} features", sides["drawn"], sides["train_photographs"])
            for title, sides in frechet.items()
        ),
        ("seen of typed descriptions", found["typed"]["shown"], None),
    ]


def classifier_rows(found: Mapping[str, Any]) -> list[tuple[str, float | None, None]]:
    """As `rows`, of a classifier on photographs."""
    mean, sure = found["mean"], found["sure"]
    return [
        (f"balanced accuracy, mean of {len(found['attributes'])} attributes", mean["balanced_accuracy"], None),
        ("ROC area, mean of the attributes", mean["roc_auc"], None),
        ("calibration error, all statements", found["calibration_error_all"], None),
        ("right where it is sure", sure["right"], None),
        ("share of statements of which it is sure", sure["share"], None),
    ]


def reader_rows(found: Mapping[str, Any]) -> list[tuple[str, float | None, None]]:
    """As `rows`, of the recurrent reader on descriptions that people labelled by hand."""
    read = found["all"].get("lstm")
    if read is None:
        raise EvaluationError("the figures are of the rules alone: run `evaluate reader --json` without --rules-only")
    return [
        (f"{name}, statements of labelled descriptions", read[name], None) for name in ("f1", "precision", "recall")
    ]


def results(
    figures: list[tuple[str, float | None, Any]],
    card: ModelCard,
    measured_on: str = "photographs that nothing was trained on",
) -> list[EvalResult]:
    """Figures of (name, value, ..) as the Hub's model-index has them."""
    datasets = card.data.datasets
    named = [datasets] if isinstance(datasets, str) else datasets or [measured_on]
    return [
        EvalResult(
            task_type=card.data.pipeline_tag or "text-to-image",
            dataset_type=named[0],
            dataset_name=measured_on,
            dataset_split="test",
            metric_type=name.split(",")[0].replace(" ", "_").lower(),
            metric_name=name,
            metric_value=round(value, 4),
        )
        for name, value, _ in figures
        if value is not None
    ]


def text(found: Mapping[str, Any], repo_id: str) -> str:
    """The part of the card between the marks."""
    environment = Environment(loader=PackageLoader(__package__, "."), undefined=StrictUndefined)
    environment.filters["number"] = lambda value: "-" if value is None else f"{value:.3g}"
    said = {name: sides["drawn"] for name, sides in found["said"]["each"].items() if sides["drawn"]}
    often = {name: row["seen"] for name, row in said.items() if row["n"] >= ENOUGH}
    weakest = sorted(often, key=lambda name: often[name])[:WEAKEST]
    return environment.get_template("card.md").render(
        picture=PICTURE,
        rows=[", ".join(words(name, yes) for name, yes in condition.items()) for condition in CONDITIONS[1:]],
        repo_id=repo_id,
        protocol=found["protocol"],
        figures=rows(found),
        weakest=[f"{words(name)} {often[name]:.2f}" for name in weakest],
        enough=ENOUGH,
        groups=found["groups"],
    )


def words(name: str, yes: bool = True) -> str:
    """An attribute as people read it: ("wavy_hair", False) -> "wavy hair: no"."""
    if name == "male":
        return "man" if yes else "woman"
    return f"{name.replace('_', ' ')}{'' if yes else ': no'}"
