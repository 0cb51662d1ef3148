"""How far drawn faces are from photographs, as sets, and how far from each other, in several feature spaces.

The features of EfficientNet-Lite0 and of the wider and deeper Lite2 (each trained on ImageNet) are in no loss. dlib's
face embedding (a ResNet trained to tell people apart) and SqueezeNet's features (ImageNet) may be: a model is at home
in a space that a training loss looked through, and the figures say which those are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.metrics import pairwise_distances

from facegen import hub
from facegen.evaluation.instruments.cache import Arrays
from facegen.evaluation.instruments.metrics import frechet_distance, frechet_infinity, kernel_distance

SPACES = {
    "efficientnet": "objects",
    "efficientnet_lite2": "objects2",
    "dlib_embedding": "embeddings",
    "squeezenet": "pooled",
}
SEEN = ("dlib_embedding", "squeezenet")  # by losses of checkpoints that don't say which
LEAST = 100  # faces on either side: a distance of fewer says more about their number than about them


def loss_spaces(source: str | Path | None) -> tuple[str, ...]:
    """The spaces that a training loss of a checkpoint looked through, as its config says ("loss_spaces")."""
    return tuple(hub.read(hub.resolve(source))[0].get("loss_spaces", SEEN))


def known(seen: Arrays, space: str) -> np.ndarray:
    """The features (n, d) of a space, of the faces that have any; n is 0 where nothing was measured in it."""
    features = seen.get(SPACES[space], np.empty((0, 1)))
    return features[~np.isnan(features).any(1)]


def distances(drawn: Arrays, test: Arrays, train: Arrays) -> dict:
    """Frechet and kernel distances to the first half of the test photographs in each space.

    Beside those of drawn faces: those of training photographs (None where there are too few), and the floor, the
    photographs' other half. All of as many faces, since a Frechet distance falls with their number (Chong & Forsyth
    2020).
    """
    table = {}
    for space in SPACES:
        a, b, c = (known(seen, space) for seen in (drawn, test, train))
        half = min(len(b) // 2, len(a))
        if half >= LEAST:
            train_half = c[:half] if len(c) >= half else None
            table[space] = _both(
                {"drawn": a[:half], "train_photographs": train_half, "floor": b[half : 2 * half]}, b[:half]
            )
    return table


def distances_of_all(drawn: Arrays, test: Arrays, train: Arrays) -> dict:
    """The same of all drawn faces and all test photographs; beside it, of as many training photographs where there are.

    Of so many the Frechet distance of endlessly many faces can be told, too: "frechet_infinity".
    """
    table = {}
    for space in SPACES:
        a, b, c = (known(seen, space) for seen in (drawn, test, train))
        if min(len(a), len(b)) >= LEAST:
            as_many = c[: len(a)] if len(c) >= len(a) else None
            sides = {"drawn": a, "train_photographs": as_many}
            table[space] = {
                "faces": len(a),
                "photographs": len(b),
                **_both(sides, b, frechet_infinity=frechet_infinity),
            }
    return table


def _both(sides: dict[str, np.ndarray | None], photographs: np.ndarray, **more: Callable) -> dict:
    """Both distances, and `more` of them, of each side to the photographs; None where a side has too few faces."""
    return {
        measure: {side: None if x is None else distance(x, photographs) for side, x in sides.items()}
        for measure, distance in {"frechet": frechet_distance, "kernel": kernel_distance, **more}.items()
    }


def diversity(drawn: Arrays, test: Arrays) -> tuple[dict, dict[str, dict[str, np.ndarray]]]:
    """How different faces are from each other: mean Euclidean distance of all pairs, beside the photographs'.

    Returns:
        The means; and, for pictures, all the distances: space -> {"drawn": (pairs,), "photographs": (pairs,)}.
    """
    table, every = {}, {}
    for space in SPACES:
        a, b = known(drawn, space), known(test, space)
        n = min(len(a), len(b))
        if n >= 2:
            every[space] = {"drawn": pdist(a[:n]), "photographs": pdist(b[:n])}
            means = {side: float(d.mean()) for side, d in every[space].items()}
            table[space] = {**means, "ratio": means["drawn"] / max(means["photographs"], 1e-12)}
    return table, every


def inside(points: np.ndarray, manifold: np.ndarray, k: int = 3) -> float:
    """Share of points (n, d) that are nearer to one of `manifold` (m, d) than its k-th neighbour in it is.

    Kynkaanniemi et al. 2019, section 3: precision of drawn `points`, recall where the two are exchanged.
    """
    own = np.sort(pairwise_distances(manifold), axis=1)[:, min(k, len(manifold) - 1)]  # column 0 is the point itself
    return float((pairwise_distances(points, manifold) <= own).any(1).mean())


def precision_recall(drawn: Arrays, photographs: Arrays) -> dict:
    """Improved precision and recall in each space, against the first half of the photographs.

    Precision: the share of drawn faces that lie among photographs. Recall: the share of photographs among drawn faces.
    Beside them, under "photographs", the other half's. All of as many faces, since both rise with their number.
    """
    table = {}
    for space in SPACES:
        a, b = known(drawn, space), known(photographs, space)
        half = min(len(b) // 2, len(a))
        if half >= LEAST:
            sides = {"drawn": a[:half], "photographs": b[half : 2 * half]}
            table[space] = {
                "faces": half,
                "precision": {side: inside(x, b[:half]) for side, x in sides.items()},
                "recall": {side: inside(b[:half], x) for side, x in sides.items()},
            }
    return table
