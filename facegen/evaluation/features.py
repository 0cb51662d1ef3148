"""`evaluate features`: the 2-D picture of a classifier's penultimate features, colored by an attribute.

The second report's figure of its fc7 features. Points only: no photograph is in the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from facegen.attributes import BY_NAME
from facegen.data.pack import Pack
from facegen.evaluation.classifier import Classifier
from facegen.evaluation.instruments.pixels import photographs
from facegen.evaluation.output import known
from facegen.evaluation.reader import EvaluationError

METHODS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def chosen(methods: Sequence[str] | None) -> list[str]:
    """The methods asked for, or all that are installed. Raises `EvaluationError` for one that can't be had."""
    has_umap = find_spec("umap") is not None
    if not methods:
        return [m for m in METHODS if m != "umap" or has_umap]
    for method in methods:
        known(method, list(METHODS), "the methods")
        if method == "umap" and not has_umap:
            raise EvaluationError("--method umap needs a package that isn't installed: pip install umap-learn")
    return list(dict.fromkeys(methods))


@torch.inference_mode()
def penultimate(model: Classifier, data: Pack, rows: np.ndarray) -> np.ndarray:
    """The features before the heads (n, d) of the given photographs."""
    batches = np.array_split(rows, -(-len(rows) // 64))
    return np.concatenate([model.features(photographs(data, b)).float().numpy() for b in batches])


def project(features: np.ndarray, method: str) -> np.ndarray:
    """Features (n, d) in the plane: (n, 2), the same for the same features."""
    if method == "pca":
        return PCA(2, random_state=0).fit_transform(features)
    # Both look at neighbors in the leading principal components, which hold nearly all the variance.
    reduced = PCA(min(50, *features.shape), random_state=0).fit_transform(features)
    if method == "tsne":
        return TSNE(2, perplexity=min(30.0, (len(reduced) - 1) / 3), init="pca", random_state=0).fit_transform(reduced)
    from umap import UMAP

    return UMAP(n_components=2, n_neighbors=min(15, len(reduced) - 1), random_state=0).fit_transform(reduced)


def neighbors(features: np.ndarray, labels: np.ndarray, k: int = 10) -> tuple[float, float]:
    """Whether the faces with an attribute lie together: share of yes among the k nearest of each yes.

    Args:
        features: (n, d). labels: (n,) of -1/0/+1; faces of which it isn't said are left out.

    Returns:
        That share, 0..1, and the share of yes among all, which chance would give; NaN for both where nobody has it, or
        everybody.
    """
    told = labels != 0
    features, yes = features[told], labels[told] > 0
    if not 0 < yes.sum() < len(yes):
        return float("nan"), float("nan")
    k = min(k, len(yes) - 1)
    nearest = NearestNeighbors(n_neighbors=k + 1).fit(features).kneighbors(features[yes], return_distance=False)
    return float(yes[nearest[:, 1:]].mean()), float(yes.mean())


def picture(features: np.ndarray, labels: np.ndarray, attribute: str, methods: Sequence[str]) -> Figure:
    """A panel for each method.

    Args:
        features: (n, d), at least 4 faces. labels: (n,) of -1/0/+1 of `attribute`.
    """
    if len(features) < 4:
        raise EvaluationError(f"the test part has {len(features)} faces: a picture needs at least 4")
    figure = Figure(figsize=(5 * len(methods), 5.4), layout="constrained")
    panels = figure.subplots(1, len(methods), squeeze=False)[0]
    states = ((0, "not said", "lightgray"), (-1, "no", "tab:orange"), (1, "yes", "tab:blue"))
    for panel, method in zip(panels, methods, strict=True):
        points = project(features, method)
        for state, words, color in states:
            mine = points[labels == state]
            if len(mine):
                panel.scatter(*mine.T, s=9, alpha=0.6, linewidths=0, color=color, label=f"{words} ({len(mine)})")
        panel.set(title=METHODS[method], xticks=[], yticks=[])
    panels[0].legend(title=BY_NAME[attribute].label)
    figure.suptitle(f"Penultimate features of {len(features)} test photographs")
    return figure
