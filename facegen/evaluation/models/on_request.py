"""Whether an attribute is drawn when it is said yes to, and left out when it isn't; for rare attributes too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facegen.attributes import BY_NAME, encode
from facegen.evaluation.instruments.judge import Judge
from facegen.evaluation.instruments.lenses import Generator, Reading, draw_batches, measure

FIRST_SEED = 100_000


def asked(model: Generator, names: Sequence[str], reading: Reading, n: int, size: int) -> dict:
    """For each of `names` that the model draws and the judge reads, `n` people with it and the same `n` without it.

    Nothing else is said of them, but that whom facial hair is asked of is a man: photographs show no other.

    Args:
        size: side in px that the judge looks at.

    Returns:
        {name: {"n": people, "yes": share judged yes when asked for it, "no": share judged yes when asked for none}}
    """
    table: dict[str, dict] = {}
    for name in (a for a in names if a in model.config.attributes and a in reading.judge.heads):
        shares = {}
        for side, state in (("yes", True), ("no", False)):
            said = {"male": True} if BY_NAME[name].group == "facial_hair" and "male" in model.config.attributes else {}
            rows = np.tile(encode({**said, name: state}, model.config.attributes), (n, 1))
            seen = measure(draw_batches(model, rows, range(FIRST_SEED, FIRST_SEED + n), size), [reading])
            shares[side] = float((seen["verdicts"][:, reading.judge.heads.index(name)] > 0.5).mean())
        table[name] = {"n": n, **shares}
    return table


def labelled(names: Sequence[str], labels: np.ndarray, verdicts: np.ndarray, judge: Judge) -> dict:
    """The same shares for photographs: those labelled yes, and those labelled no; n is the number of the first.

    Args:
        labels: (n, len(names)) of -1/0/+1. verdicts: (n, len(judge.heads)), the judge's probabilities of yes.
    """
    table: dict[str, dict[str, float]] = {}
    for j, name in enumerate(names):
        if name in judge.heads:
            judged = verdicts[:, judge.heads.index(name)] > 0.5
            yes, no = labels[:, j] > 0, labels[:, j] < 0
            table[name] = {"n": int(yes.sum())}
            if yes.any() and no.any():
                table[name] |= {"yes": float(judged[yes].mean()), "no": float(judged[no].mean())}
    return table
