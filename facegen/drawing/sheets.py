"""Contact sheets: the picture that says what no loss does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from facegen.attributes import encode
from facegen.picture import to_image

# Rows of the training sheet: one seed is a column, so that a person can be followed down the sheet.
CONDITIONS: tuple[Mapping[str, bool], ...] = (
    {},
    {"male": True, "beard": True, "black_hair": True},
    {"male": False, "blond_hair": True, "smiling": True, "young": True},
    {"male": True, "gray_hair": True, "eyeglasses": True, "old": True},
    {"male": False, "brown_hair": True, "bangs": True, "smiling": False},
    {"male": True, "hat": True, "mustache": True},
)


def grid(images: Sequence[Image.Image], columns: int, gap: int = 0) -> Image.Image:
    """Images of one size in rows of `columns`, on white."""
    w, h = images[0].size
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * (w + gap) - gap, rows * (h + gap) - gap), "white")
    for i, image in enumerate(images):
        sheet.paste(image, ((i % columns) * (w + gap), (i // columns) * (h + gap)))
    return sheet


def face_sheet(
    model: Any, conditions: Sequence[Mapping[str, bool]] = CONDITIONS, seeds: Sequence[int] = range(10)
) -> Image.Image:
    """A row for each condition, a column for each seed."""
    known = set(model.config.attributes)
    device = next(model.parameters()).device
    rows: list[Image.Image] = []
    for condition in conditions:
        said = encode({k: v for k, v in condition.items() if k in known}, model.config.attributes)
        attributes = torch.tensor(np.tile(said, (len(seeds), 1)), dtype=torch.float32, device=device)
        rows.extend(to_image(x) for x in model(model.identity(list(seeds)).to(device), attributes))
    return grid(rows, len(seeds))
