"""`evaluate classifier`: how well a classifier reads photographs that it never saw, and whether its probabilities hold.

Protocol. The test part of the data (image number modulo 10 = 1). Balanced accuracy and ROC area are taken of the
probabilities that the app shows, as if yes and no were equally common; they don't depend on how rare an attribute is.
Calibration is taken of the probabilities that training fits, with the training share in them: of the faces that get
0.3, three in ten should have the attribute.

Sure answers: `calibrate` finds, on the validation part, from which probability on an answer is right nine times in ten,
were yes and no equally common. How often the sure ones are right is then counted on the test part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score, roc_curve
from torch import Tensor

from facegen import registry
from facegen.data.pack import Pack
from facegen.evaluation.instruments.metrics import balanced_accuracy
from facegen.evaluation.instruments.pixels import photographs
from facegen.evaluation.reader import EvaluationError

BINS = 10
SURE, FEWEST = 0.9, 20  # how often a sure answer is right; of fewer yeses or noes nothing is told
LEAST = 0.7  # nobody is sure of less, however right the other answers are


class Classifier(Protocol):
    """What is measured: see `registry.CLASSIFIERS`. `config` has `base_rates`."""

    config: Any
    attributes: list[str]

    def __call__(self, images: Tensor) -> Tensor:
        """Log-odds of each attribute (n, a) of images (n, 3, s, s) in -1..1."""
        ...

    def features(self, images: Tensor) -> Tensor:
        """Penultimate features (n, d)."""
        ...

    def parameters(self) -> Iterable[Tensor]:
        """Its weights."""
        ...


def load(source: str | Path | None = None) -> Classifier:
    """The classifier of a checkpoint, ours or VGG-Face's (None: the embedded one). Raises `hub.CheckpointError`."""
    return registry.load(source, "classifier", list(registry.CLASSIFIERS))


def test_rows(data: Pack, limit: int | None = None) -> np.ndarray:
    """Indices of the test part. Raises `EvaluationError` where there is none."""
    rows = data.rows("test")[:limit]
    if not len(rows):
        raise EvaluationError("the data set has no test part: no image number ends in 1")
    return rows


test_rows.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test where it is imported


@torch.inference_mode()
def logits(model: Classifier, data: Pack, rows: np.ndarray) -> np.ndarray:
    """Log-odds (n, a) of the given photographs, with the training share in them."""
    batches = np.array_split(rows, -(-len(rows) // 64))
    return np.concatenate([model(photographs(data, b)).float().numpy() for b in batches])


def reliability(yes: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over the bins of 0..1 that aren't empty: the share of yes, the mean probability, the number of faces.

    Args:
        yes: bool (n,). probability: (n,) in 0..1.
    """
    share, mean = calibration_curve(yes, probability, n_bins=BINS)
    # The same edges as scikit-learn's, which doesn't return how many fell between them.
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], probability), minlength=BINS)
    return share, mean, counts[counts > 0]


def calibration_error(yes: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017) of the probability of yes, in ten bins: 0 is best, 1 worst."""
    share, mean, counts = reliability(yes, probability)
    return float((np.abs(share - mean) * counts).sum() / counts.sum())


def attribute_figures(labels: np.ndarray, logit: np.ndarray, rate: float) -> dict:
    """The figures of one attribute; None where all faces say the same.

    Args:
        labels: (n,) of -1/0/+1; 0, not said, is left out.
        logit: (n,) log-odds. rate: share of yes in training (0..1), which they contain.
    """
    said = labels != 0
    yes, odds = labels[said] > 0, logit[said].astype(np.float64)
    even = as_if_even(odds, rate)
    both = 0 < yes.sum() < len(yes)
    return {
        "yes": int(yes.sum()),
        "no": int((~yes).sum()),
        "balanced_accuracy": balanced_accuracy(labels[said], even) if both else None,
        "roc_auc": float(roc_auc_score(yes, odds)) if both else None,
        "calibration_error": calibration_error(yes, _sigmoid(odds)) if len(yes) else None,
    }


def _sigmoid(odds: np.ndarray) -> np.ndarray:
    return torch.sigmoid(torch.from_numpy(np.asarray(odds, np.float64))).numpy()


def precision(yes: np.ndarray, even: np.ndarray, threshold: float) -> tuple[float, float]:
    """How often the answers "yes" and "no" from a threshold on are right, were both equally common; NaN for no answers.

    Args:
        yes: bool (n,). even: probability of yes (n,), as `probabilities` gives it.
    """
    found = [(even[yes] >= threshold).mean(), (even[~yes] <= 1 - threshold).mean()]
    wrong = [(even[~yes] >= threshold).mean(), (even[yes] <= 1 - threshold).mean()]
    return tuple(f / (f + w) if f + w else np.nan for f, w in zip(found, wrong, strict=True))  # type: ignore[return-value]


def threshold_of(labels: np.ndarray, even: np.ndarray) -> float | None:
    """The least probability from which on both answers are right `SURE` of the time; 1 for none, None for too few."""
    said = labels != 0
    yes, even = labels[said] > 0, even[said]
    if min(yes.sum(), (~yes).sum()) < FEWEST:
        return None
    wanted = (t for t in np.arange(LEAST, 0.996, 0.005) if np.min(precision(yes, even, t)) >= SURE)
    return round(float(next(wanted, 1.0)), 3)


def calibrate(folder: Path, data: Pack) -> dict[str, float]:
    """Find the thresholds of a classifier's folder on the validation part, and write them into its config.json.

    Raises `EvaluationError` where there is no validation part.
    """
    model, rows = registry.load_classifier(folder), data.rows("validation")
    if not len(rows):
        raise EvaluationError("the data set has no validation part: no image number ends in 0")
    labels, even = data.columns(model.attributes)[rows], as_if_even(logits(model, data, rows), model.config.base_rates)
    found = {name: threshold_of(labels[:, j], even[:, j]) for j, name in enumerate(model.attributes)}
    model.config.thresholds = {name: t for name, t in found.items() if t is not None}
    registry.save(model, folder)
    return model.config.thresholds


def as_if_even(odds: np.ndarray, rates: np.ndarray | float) -> np.ndarray:
    """Probability of yes for log-odds (n,) or (n, a), the training share of yes (one, or (a,)) taken out."""
    rates = np.clip(np.asarray(rates, np.float64), 1e-3, 1 - 1e-3)
    return _sigmoid(odds - np.log(rates / (1 - rates)))


def sure_figures(labels: np.ndarray, even: np.ndarray, thresholds: list[float | None]) -> dict:
    """Of the statements (n, a) of which a classifier is sure: how often it is right, and what share they are.

    Each attribute counts the same, and so do its yeses and noes.
    """
    right, share = [], []
    for j, threshold in enumerate(thresholds):
        said = labels[:, j] != 0
        yes, p = labels[said, j] > 0, even[said, j]
        if threshold is None or not 0 < yes.sum() < len(yes):
            continue
        sure = (p >= threshold) | (p <= 1 - threshold)
        share.append((sure[yes].mean() + sure[~yes].mean()) / 2)
        if sure.any():
            right.append(np.nanmean(precision(yes, p, threshold)))
    return {"right": _mean(right), "share": _mean(share), "attributes": len(share)}


def evaluate(model: Classifier, data: Pack) -> tuple[dict, Figure]:
    """Figures of each attribute and their means; and the picture of reliability and ROC."""
    rows = test_rows(data)
    labels, odds = data.columns(model.attributes)[rows], logits(model, data, rows)
    rates, known = model.config.base_rates, getattr(model.config, "thresholds", {})
    table = {name: attribute_figures(labels[:, j], odds[:, j], rates[j]) for j, name in enumerate(model.attributes)}
    said = labels != 0
    if not said.any():
        raise EvaluationError(f"the test part says nothing of {', '.join(model.attributes)}")
    result = {
        "protocol": {"photographs": len(rows), "parameters": sum(p.numel() for p in model.parameters()), "bins": BINS},
        "mean": {
            key: _mean([row[key] for row in table.values()])
            for key in ("balanced_accuracy", "roc_auc", "calibration_error")
        },
        "sure": sure_figures(labels, as_if_even(odds, rates), [known.get(name) for name in model.attributes]),
        "calibration_error_all": calibration_error(labels[said] > 0, _sigmoid(odds[said])),
        "attributes": table,
    }
    return result, picture(labels, _sigmoid(odds), model.attributes)


def _mean(values: list[float | None]) -> float | None:
    there = [v for v in values if v is not None]
    return float(np.mean(there)) if there else None


def picture(labels: np.ndarray, probability: np.ndarray, names: list[str]) -> Figure:
    """Left, reliability: share of yes over probability, and below how often it is given. Right, ROC curves.

    All attributes' statements together, and thin, each attribute's.

    Args:
        labels, probability: (n, a).
    """
    figure = Figure(figsize=(11, 7), layout="constrained")
    (top, right), (below, legend) = figure.subplots(2, 2, sharex="col", height_ratios=[3, 1])
    legend.remove()
    for axes in (top, right):
        axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    said = labels != 0
    thin = {"color": "tab:blue", "alpha": 0.25, "linewidth": 0.8}
    for j in range(len(names)):
        yes, seen = labels[said[:, j], j] > 0, probability[said[:, j], j]
        label = "one attribute" if j == 0 else None
        if len(yes):
            share, mean, _ = reliability(yes, seen)
            top.plot(mean, share, label=label, **thin)
        if 0 < yes.sum() < len(yes):
            right.plot(*roc_curve(yes, seen)[:2], label=label, **thin)
    share, mean, _ = reliability(labels[said] > 0, probability[said])
    top.plot(mean, share, color="tab:red", marker="o", label="all statements")
    top.set(ylabel="share that is yes", xlim=(0, 1), ylim=(0, 1), title="Reliability on test photographs")
    top.legend(loc="upper left")
    below.hist(probability[said], bins=BINS, range=(0, 1), color="tab:red", alpha=0.6)
    below.set(xlabel="probability of yes", ylabel="statements", yscale="log")
    right.plot(*roc_curve(labels[said] > 0, probability[said])[:2], color="tab:red", label="all statements")
    right.set(
        xlabel="share of noes taken for yes", ylabel="share of yeses found", xlim=(0, 1), ylim=(0, 1), title="ROC"
    )
    right.tick_params(labelbottom=True)
    right.legend(loc="lower right")
    return figure


def print_table(result: Mapping, console: Console | None = None) -> None:
    """The figures for people."""
    console = console or Console()
    table = Table(title="Classifier on test photographs", title_justify="left")
    for i, column in enumerate(("attribute", "yes", "no", "balanced accuracy", "ROC area", "calibration error")):
        table.add_column(column, justify="left" if i == 0 else "right")
    keys = ("balanced_accuracy", "roc_auc", "calibration_error")
    for name, row in result["attributes"].items():
        table.add_row(name, str(row["yes"]), str(row["no"]), *(_three(row[key]) for key in keys))
    table.add_section()
    table.add_row("mean", "", "", *(_three(result["mean"][key]) for key in keys))
    console.print(table)
    console.print(
        f"{result['protocol']}; calibration error of all statements {_three(result['calibration_error_all'])}"
    )
    sure = result["sure"]
    if sure["attributes"]:
        console.print(
            f"Sure of {_three(sure['share'])} of what is said of {sure['attributes']} attributes, and then right in "
            f"{_three(sure['right'])}."
        )


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
