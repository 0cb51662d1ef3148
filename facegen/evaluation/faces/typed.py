"""What people type though photographs seldom show it: is what was said seen in the face drawn?

Held-out labels say what photographs look like; who types wants a woman with gray hair and glasses, of whom there may be none.
"""

from __future__ import annotations

import numpy as np
from torch import nn

from facegen.attributes import encode
from facegen.evaluation.instruments.lenses import Reading, draw_batches, measure
from facegen.evaluation.instruments.metrics import MAIN
from facegen.reading.rules import parse

TYPED = (
    "a woman in her forties with short grey hair and round glasses, no make-up",
    "an old woman with gray hair, smiling",
    "an old woman with short hair and glasses",
    "a young woman with gray hair",
    "a woman with a hat and glasses",
    "a woman with short blond hair, no make-up, not smiling",
    "a woman with bangs and glasses, not smiling",
    "a black woman with blond hair",
    "a man without a beard",
    "a clean-shaven old man",
    "a young man with long blond hair",
    "a young man with brown hair, clean-shaven, laughing",
    "a bald man with glasses, clean-shaven",
    "an old man with black hair and a mustache",
    "a black man with a beard and glasses",
    "an old bald man with a beard",
)


def typed(model: nn.Module, reading: Reading, people: int, size: int) -> dict:
    """For each of `TYPED`, seeds 0 to people - 1, drawn as the app would.

    Args:
        size: side in px that the judge looks at.

    Returns:
        {"people": people, "shown": mean over descriptions, "each": {description: {attribute: share of its faces in which the
        judge sees it as it was said}}}; of the `MAIN` attributes, which the judge tells best. Descriptions of which the model
        draws none are left out; "shown" is NaN where that is all.
    """
    names, heads = list(model.config.attributes), reading.judge.heads
    table = {}
    for text in TYPED:
        said = parse(text).attributes
        told = [a for a in MAIN if a in said and a in names and a in heads]
        if not told:
            continue
        rows = np.tile(encode({a: yes for a, yes in said.items() if a in names}, names), (people, 1))
        seen = measure(draw_batches(model, rows, range(people), size), [reading])["verdicts"] > 0.5
        table[text] = {a: float((seen[:, heads.index(a)] == said[a]).mean()) for a in told}
    shown = [np.mean(list(shares.values())) for shares in table.values()]
    return {"people": people, "shown": float(np.mean(shown)) if shown else float("nan"), "each": table}
