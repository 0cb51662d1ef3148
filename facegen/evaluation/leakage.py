"""What else changes in a face when one attribute is asked for: a table that lies with the checkpoint, for the app."""

from __future__ import annotations

from typing import Any

import torch

from facegen.attributes import FACIAL_HAIR, MAKEUP, encode, tied
from facegen.evaluation.instruments.lenses import Generator

FIRST_SEED = 300_000
LEAST = 0.15  # changes below are left out


@torch.inference_mode()
def leakage(model: Generator, classifier: Any, people: int = 24) -> dict[str, dict[str, float]]:
    """{attribute: {another: mean change of its probability, -1 .. 1}} where a yes is said of people, and nothing else.

    The same people are drawn with the yes and without. Facial hair is said of men and make-up of women, as in
    `faces.flips`; what is tied to the attribute is left out.

    Args:
        classifier: gives probabilities (n, k) of images (n, 3, s, s), for its k `attributes`.
        people: how many, one seed each.
    """
    names = list(model.config.attributes)
    identity = model.identity(range(FIRST_SEED, FIRST_SEED + people))

    def seen(said: dict[str, bool]) -> torch.Tensor:
        rows = torch.tensor([encode(said, names)]).expand(people, -1)
        return classifier.probabilities(model(identity, rows)).mean(0)

    table = {}
    without: dict[bool | None, torch.Tensor] = {}
    for name in names:
        gender = True if name in FACIAL_HAIR else False if name in MAKEUP else None
        around = {} if gender is None or "male" not in names else {"male": gender}
        if gender not in without:
            without[gender] = seen(around)
        change = (seen({**around, name: True}) - without[gender]).tolist()
        table[name] = {
            other: round(value, 2)
            for other, value in zip(classifier.attributes, change, strict=True)
            if abs(value) >= LEAST and other != name and other not in tied(name) and other not in around
        }
    return table
