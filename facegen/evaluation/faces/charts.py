"""The charts of the evaluation's page, as SVG that can be read on a light and on a dark background."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

DRAWN, PHOTOGRAPHS, THIRD = "#e8743b", "#3b82c4", "#7fb069"
GRAY = "#80858c"  # halfway: readable on both backgrounds
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "facegen",  # the same figures give the same file
    "font.family": "sans-serif",
    "text.color": GRAY,
    "axes.labelcolor": GRAY,
    "axes.edgecolor": GRAY,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "font.size": 9,
}


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
    )
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def accuracy_bars(
    accuracy: Mapping[str, Mapping[str, float | None]], names: Sequence[str], labels: Mapping[str, str]
) -> str:
    """Balanced accuracy as SVG: for each attribute a bar of drawn faces and one of photographs.

    Args:
        accuracy: attribute -> {"drawn", "photographs"}: 0..1, or None where it can't be told.
        names: which attributes, from the top.
        labels: attribute -> what people read.
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7.5, 0.6 + 0.36 * len(names)), layout="constrained")
        axes = figure.subplots()
        places = np.arange(len(names))
        for shift, side, color in ((-0.19, "drawn", DRAWN), (0.19, "photographs", PHOTOGRAPHS)):
            values = np.array([accuracy[n][side] for n in names], float)  # NaN for None
            axes.barh(places + shift, values, 0.36, color=color, label=side)
        axes.axvline(0.5, color=GRAY, linewidth=0.8, linestyle=":")
        axes.set(
            yticks=places,
            yticklabels=[labels[n] for n in names],
            xlim=(0.4, 1),
            xlabel="balanced accuracy (0.5: chance)",
        )
        axes.invert_yaxis()
        figure.legend(loc="outside upper center", ncols=2)
        return _svg(figure)


def heat_map(changed: Mapping[str, Mapping[str, float]], columns: Sequence[str], labels: Mapping[str, str]) -> str:
    """Leakage as SVG: rows are flipped attributes, columns verdicts, cells how often these change, in percent.

    Args:
        changed: flipped attribute -> {attribute: share 0..1}; tied pairs are left empty.
    """
    rows = list(changed)
    values = np.array([[changed[f].get(g, np.nan) if f != g else np.nan for g in columns] for f in rows], float)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(1.8 + 0.5 * len(columns), 1.5 + 0.36 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.imshow(values, cmap="Oranges", vmin=0, vmax=0.5, aspect="auto")
        for i, j in zip(*np.nonzero(~np.isnan(values)), strict=True):
            color = "white" if values[i, j] > 0.3 else "#404040"
            axes.text(j, i, f"{100 * values[i, j]:.0f}", ha="center", va="center", fontsize=8, color=color)
        axes.set(xticks=range(len(columns)), yticks=range(len(rows)), yticklabels=[labels[f] for f in rows])
        axes.set_xticks(range(len(columns)), [labels[g] for g in columns], rotation=50, ha="right")
        axes.set(ylabel="flipped", xlabel="verdict changed, % of people")
        return _svg(figure)


def histograms(sides: Mapping[str, np.ndarray], xlabel: str) -> str | None:
    """Densities of several sets of values over each other; None where there are none."""
    there = {side: v[~np.isnan(v)] for side, v in sides.items()}
    there = {side: v for side, v in there.items() if len(v)}
    if not there:
        return None
    every = np.concatenate(list(there.values()))
    bins: Any = np.linspace(every.min(), max(every.max(), every.min() + 1e-9), 50)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(6, 2.8), layout="constrained")
        axes = figure.subplots()
        for (side, values), color in zip(there.items(), (DRAWN, PHOTOGRAPHS, THIRD), strict=False):
            label = f"{side.replace('_', ' ')} ({len(values):,})"
            axes.hist(values, bins, density=True, color=color, alpha=0.3)
            axes.hist(values, bins, density=True, color=color, histtype="step", linewidth=1.4, label=label)
        axes.set(xlabel=xlabel, yticks=[])
        axes.spines.left.set_visible(False)
        figure.legend(loc="outside upper center", ncols=3)
        return _svg(figure)
