"""Forty descriptions as people type them, drawn as the app draws them: is what was said seen? And how do they look?"""

from __future__ import annotations

from importlib import resources

import numpy as np
from PIL import Image, ImageDraw

from facegen.attributes import MEASURED, encode
from facegen.drawing.sheets import grid, to_image
from facegen.evaluation.instruments.lenses import Generator, Reading, draw_batches, measure
from facegen.reading.rules import parse

TYPED = tuple(resources.files(__package__).joinpath("typed.txt").read_text().splitlines())
CAPTION = 28  # px below each face


def _wanted(text: str, names: list[str]) -> dict[str, bool]:
    return {name: yes for name, yes in parse(text).attributes.items() if name in names}


def typed(model: Generator, reading: Reading, people: int, size: int) -> dict:
    """For each of `TYPED`, seeds 0 to people - 1.

    Args:
        size: side in px that the judge looks at.

    Returns:
        {"people": people, "shown": mean over descriptions, "each": {description: {attribute: share of its faces in
        which the judge sees it as it was said}}}; of the `MEASURED` attributes. Descriptions of
        which the model draws none are left out; "shown" is NaN where that is all.
    """
    names, heads = list(model.config.attributes), reading.judge.heads
    table = {}
    for text in TYPED:
        said = _wanted(text, names)
        told = [a for a in MEASURED if a in said and a in heads]
        if told:
            rows = np.tile(encode(said, names), (people, 1))
            seen = measure(draw_batches(model, rows, range(people), size), [reading])["verdicts"] > 0.5
            table[text] = {a: float((seen[:, heads.index(a)] == said[a]).mean()) for a in told}
    shown = [np.mean(list(shares.values())) for shares in table.values()]
    return {"people": people, "shown": float(np.mean(shown)) if shown else float("nan"), "each": table}


def sheet(model: Generator, columns: int = 8) -> Image.Image:
    """A face for each of `TYPED`, its words below: the n-th from seed n, unchosen, at the model's size."""
    names, side = list(model.config.attributes), model.config.image_size
    rows = np.array([encode(_wanted(text, names), names) for text in TYPED])
    tiles = []
    faces = (face for batch in draw_batches(model, rows, range(len(TYPED)), side) for face in batch)
    for text, face in zip(TYPED, faces, strict=True):
        tile = Image.new("RGB", (side, side + CAPTION), "white")
        tile.paste(to_image(face))
        words, pen = text, ImageDraw.Draw(tile)
        if pen.textlength(words) > side - 4:  # in two lines
            middle = min((i for i, c in enumerate(words) if c == " "), key=lambda i: abs(i - len(words) / 2))
            words = f"{words[:middle]}\n{words[middle + 1 :]}"
        pen.multiline_text((side / 2, side + 2), words, fill="black", anchor="ma", align="center", spacing=1)
        tiles.append(tile)
    return grid(tiles, columns, gap=4)
