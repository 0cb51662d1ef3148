"""Bias: how well the same few words are drawn of people of each sex, age and ethnicity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facegen.attributes import MEASURED, decode, encode, members, merge
from facegen.evaluation.faces.said import seen_as_said
from facegen.evaluation.instruments.judge import Judge
from facegen.evaluation.instruments.lenses import Generator, Lens, draw_batches, measure

FIRST_SEED = 300_000
GROUPS = {
    "women": {"male": False},
    "men": {"male": True},
    **{name: {name: True} for name in (*members("age"), *members("ethnicity"))},
}


def by_group(model: Generator, judge: Judge, lenses: Sequence[Lens], said: np.ndarray, size: int) -> dict:
    """What is seen of what was said, and found faces, in each group that the model draws.

    Args:
        lenses: that give "verdicts" and "found".
        said: what is said of each person beside the group, (n, a) of -1/0/+1 of the model's attributes.

    Returns:
        {group: {"seen": mean over the other main attributes, "face_found": share}}
    """
    names, table = list(model.config.attributes), {}
    for group, is_so in GROUPS.items():
        if not is_so.keys() <= set(names):
            continue
        rows = np.array([encode(merge(decode(row.tolist(), names), is_so), names) for row in said], np.int8)
        seen = measure(draw_batches(model, rows, range(FIRST_SEED, FIRST_SEED + len(rows)), size), lenses)
        each = seen_as_said(rows, seen["verdicts"], names, judge.heads)
        shares = [row["seen"] for name, row in each.items() if name in MEASURED and name not in is_so]
        table[group] = {"seen": float(np.mean(shares)) if shares else None, "face_found": float(seen["found"].mean())}
    return table
