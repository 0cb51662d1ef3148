"""`evaluate faces`: every figure beside the same figure for photographs, so that it can be read.

Protocol. The yardstick is the test part of the data (image number modulo 10 = 1), which nothing trained on. Drawn faces
are asked for with the attributes of those photographs, one after the other and again from the first, from seeds 0, 1, 2, ..
The judge (see judge.py) is trained on the validation part and on extra photographs that the generator never saw.
All is compared at the size of the packed photographs; a model that draws at another size is resized, antialiased.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from facegen.attributes import encode
from facegen.evaluation.cache import Arrays
from facegen.evaluation.faceid import FaceFinder, cosine
from facegen.evaluation.judge import Judge, judge_rows, trained_judge
from facegen.evaluation.measures import (
    FaceSet,
    Finding,
    Reading,
    draw,
    draw_batches,
    measure,
    measure_photographs,
    photographs,
)
from facegen.evaluation.metrics import MAIN, balanced_accuracy, frechet_distance, kernel_distance
from facegen.evaluation.reader import EvaluationError
from facegen.training.pack import Pack
from facegen.training.squeezenet import SqueezeNet

__all__ = ["FaceSet", "Options", "draw", "evaluate", "photographs"]

LEAST = 200  # faces: a Frechet distance of fewer says more about their number than about them


@dataclass
class Options:
    """What is measured.

    Args:
        n: faces to draw; None for one for each test photograph.
        quick: as many as half of the test photographs, and few flips. Distances are of the same faces as in full.
        flips: whether attributes are flipped, and people compared; without, only distances and accuracy are measured.
        cache: where what doesn't depend on the model is kept; None for nowhere.
    """

    n: int | None = None
    quick: bool = False
    flips: bool = True
    cache: Path | None = None


def evaluate(model: nn.Module, data: Pack, weights: Path, options: Options | None = None) -> dict:
    """Measure a generator.

    Args:
        data: source 0 is the generator's own data set; other sources train the judge, less what is also in source 0.
        weights: SqueezeNet's file.

    Raises:
        EvaluationError: too few photographs.
    """
    started = time.monotonic()
    options = options or Options()
    names = model.config.attributes
    size = data.images.shape[1]
    test_rows = data.rows("test", 0.9, source=0)
    if len(test_rows) < 2 or len(judge_rows(data)) < 40:
        raise EvaluationError(
            f"{len(test_rows)} test photographs and {len(judge_rows(data))} for the judge are too few: 2 and 40 are needed"
        )
    half = len(test_rows) // 2
    n = options.n or (half if options.quick else len(test_rows))
    network = SqueezeNet(weights)
    judge, judge_key = trained_judge(data, network, weights, options.cache)
    lenses = [Reading(network, judge, judge_key), Finding(FaceFinder())]

    test = measure_photographs(data, test_rows, lenses, options.cache)
    train_rows = data.rows("train", 0.9, source=0)[: len(test_rows)]
    train = measure_photographs(data, train_rows, lenses, options.cache)
    asked = data.columns(names)[test_rows[np.arange(n) % len(test_rows)]]
    drawn = measure(draw_batches(model, asked, range(n), size), lenses)
    accuracy = accuracies(judge, names, asked, drawn["verdicts"], data.columns(names)[test_rows[:n]], test["verdicts"][:n])
    main = [name for name in MAIN if name in accuracy]
    result = {
        "protocol": {
            "drawn": n,
            "test_photographs": len(test_rows),
            "judge_photographs": len(judge_rows(data)),
            "image_size": model.config.image_size,
            "compared_at": size,
        },
        "face_found": {"drawn": float(drawn["found"].mean()), "photographs": float(test["found"].mean())},
        "accuracy_main": {
            side: float(np.nanmean([accuracy[name][side] for name in main])) for side in ("drawn", "photographs")
        },
        "accuracy": accuracy,
        "distance": distances(drawn, test, train),
    }
    result["protocol"]["seconds"] = round(time.monotonic() - started, 1)
    return result


def accuracies(
    judge: Judge, names: list[str], asked: np.ndarray, drawn: np.ndarray, labels: np.ndarray, seen: np.ndarray
) -> dict:
    """Balanced accuracy of each attribute, by the judge.

    Args:
        names: a, the columns of `asked` (n, a), what drawn faces were asked for, and of `labels` (m, a), the photographs'.
        drawn, seen: the judge's probabilities of them, (n, h) and (m, h).
    """
    table = {}
    for name in (a for a in names if a in judge.heads):
        j, k = names.index(name), judge.heads.index(name)
        table[name] = {
            "drawn": balanced_accuracy(asked[:, j], drawn[:, k]),
            "photographs": balanced_accuracy(labels[:, j], seen[:, k]),
        }
    return table


SPACES = {"squeezenet": "pooled"}


def distances(drawn: Arrays, test: Arrays, train: Arrays) -> dict:
    """Frechet and kernel distances to the first half of the test photographs in each feature space, and their floors."""
    table = {}
    for space, array in SPACES.items():
        a, b, c = (s[array][~np.isnan(s[array]).any(1)] for s in (drawn, test, train))
        half = min(len(b) // 2, len(a), len(c))
        if half < LEAST // 2:
            continue  # no model for this space, or too few faces found
        pairs = {
            "drawn": (a[:half], b[:half]),
            "train_photographs": (c[:half], b[:half]),
            "floor": (b[half : 2 * half], b[:half]),  # two halves of the same photographs
        }
        table[space] = {
            "frechet": {k: frechet_distance(x, y) for k, (x, y) in pairs.items()},
            "kernel": {k: kernel_distance(x, y) for k, (x, y) in pairs.items()},
        }
    return table
