"""What people say of a face: few of its attributes, those that descriptions name most."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np

from facegen.attributes import encode, rivals

# "numbers": how many attributes a description says -> descriptions; "attributes": name -> descriptions that say no, yes
COUNTS = json.loads(resources.files(__package__).joinpath("said.json").read_text())


def few_words(labels: np.ndarray, names: list[str], seed: int = 0) -> np.ndarray:
    """What descriptions of photographs might say, of their labels int8 (n, a) of -1/0/+1, columns `names`: (n, a).

    How many are said, and which, is as common as in 150 descriptions that people wrote (said.json); a yes that rules
    others out says so, as in `attributes.encode`.
    """
    rng = np.random.default_rng(seed)
    numbers = np.array([int(n) for n in COUNTS["numbers"]])
    share = np.array(list(COUNTS["numbers"].values()), float)
    common = np.array([COUNTS["attributes"].get(name, [0, 0]) for name in names], float) + 0.1
    said = np.zeros_like(labels)
    for row, known in zip(said, labels, strict=True):
        there = np.flatnonzero(known)
        if not len(there):
            continue
        weights = common[there, (known[there] > 0).astype(int)]
        n = min(rng.choice(numbers, p=share / share.sum()), len(there))
        chosen = rng.choice(there, n, replace=False, p=weights / weights.sum())
        row[:] = encode({names[j]: bool(known[j] > 0) for j in chosen}, names)
    return said


def seen_as_said(said: np.ndarray, verdicts: np.ndarray, names: list[str], heads: list[str]) -> dict[str, dict]:
    """Attribute -> {"n": faces of which it is said, "yes", "no": share in which the judge sees it so, "seen": of both}.

    A no that another's yes stands for (see `attributes.complete`) isn't said.

    Args:
        said: (n, a) of -1/0/+1, columns `names`. verdicts: (n, h), the judge's probabilities of yes, columns `heads`.
    """
    table = {}
    for name in (a for a in names if a in heads):
        others = [names.index(rival) for rival in rivals(name) if rival in names]
        wanted = said[:, names.index(name)]
        # Black hair isn't a word about gray hair.
        wanted = np.where((wanted < 0) & (said[:, others] > 0).any(1), 0, wanted)
        right = (verdicts[:, heads.index(name)] > 0.5) == (wanted > 0)
        if wanted.any():
            sides = {"yes": wanted > 0, "no": wanted < 0, "seen": wanted != 0}
            shares = {side: float(right[rows].mean()) if rows.any() else None for side, rows in sides.items()}
            table[name] = {"n": int((wanted != 0).sum()), **shares}
    return table
