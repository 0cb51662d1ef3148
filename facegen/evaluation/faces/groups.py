"""Bias: how well the same few words are drawn of people of each sex, age and ethnicity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facegen.attributes import MEASURED, decode, encode, members, merge
from facegen.evaluation.faces.said import seen_as_said
from facegen.evaluation.instruments.cache import Arrays
from facegen.evaluation.instruments.distances import LEAST, known
from facegen.evaluation.instruments.judge import Judge
from facegen.evaluation.instruments.lenses import Generator, Lens, draw_batches, measure
from facegen.evaluation.instruments.metrics import frechet_distance

FIRST_SEED = 300_000
GROUPS = {
    "women": {"male": False},
    "men": {"male": True},
    **{name: {name: True} for name in (*members("age"), *members("ethnicity"))},
}


def by_group(
    model: Generator,
    judge: Judge,
    lenses: Sequence[Lens],
    said: np.ndarray,
    size: int,
    photographs: Arrays,
    labels: np.ndarray,
) -> dict:
    """What is seen of what was said, found faces, and how far from photographs, in each group that the model draws.

    Args:
        lenses: that give "verdicts", "found" and "objects".
        said: what is said of each person beside the group, (n, a) of -1/0/+1 of the model's attributes.
        photographs, labels: "objects" of photographs that the model never saw, and what is known of them, (m, a).

    Returns:
        {group: {"seen": mean over the other main attributes, "face_found": share, "frechet": see `from_photographs`}}
    """
    names, table = list(model.config.attributes), {}
    for group, is_so in GROUPS.items():
        if not is_so.keys() <= set(names):
            continue
        rows = np.array([encode(merge(decode(row.tolist(), names), is_so), names) for row in said], np.int8)
        seen = measure(draw_batches(model, rows, range(FIRST_SEED, FIRST_SEED + len(rows)), size), lenses)
        each = seen_as_said(rows, seen["verdicts"], names, judge.heads)
        shares = [row["seen"] for name, row in each.items() if name in MEASURED and name not in is_so]
        belong = np.all([labels[:, names.index(name)] == (1 if yes else -1) for name, yes in is_so.items()], axis=0)
        table[group] = {
            "seen": float(np.mean(shares)) if shares else None,
            "face_found": float(seen["found"].mean()),
            "frechet": from_photographs(known(seen, "efficientnet"), known(photographs, "efficientnet")[belong]),
        }
    return table


def from_photographs(drawn: np.ndarray, photographs: np.ndarray) -> dict[str, float | None]:
    """Frechet distance of 100 drawn faces to 100 photographs of the group, and of 100 others: None of fewer.

    Args:
        drawn, photographs: features (n, d), (m, d).
    """
    first, second = photographs[:LEAST], photographs[LEAST : 2 * LEAST]
    sides = {"drawn": drawn[:LEAST], "photographs": second}
    enough = len(first) == LEAST
    return {side: frechet_distance(x, first) if enough and len(x) == LEAST else None for side, x in sides.items()}
