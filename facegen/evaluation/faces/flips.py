"""Flip one attribute of a person: is it seen, does anything else change, and is it still the same person?

A person is a seed and the labels of a test photograph. One attribute is turned around, all else that was said stays
said, but for what is tied to it (see `tied`), which becomes not said. Leakage is how often the judge's verdict on
another attribute changes, tied ones apart. A judge is noisy: beside leakage stands how often its verdict changes
between an image and its mirror image, where nothing changed at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from facegen.attributes import FACIAL_HAIR, MAKEUP, MEASURED, MIRRORED, encode, rivals, tied
from facegen.evaluation.instruments.cache import Arrays
from facegen.evaluation.instruments.faceid import cosine
from facegen.evaluation.instruments.judge import Judge
from facegen.evaluation.instruments.lenses import Generator, Lens, Mirrored, Pixels, draw_batches, measure

FLIPS = ("male", "blond_hair", "beard", "smiling", "eyeglasses")  # with nothing else said
PERSON_SEED, FLIP_SEED = 200_000, 100_000


def flipped(people: np.ndarray, name: str, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Which people an attribute can be flipped on, and their labels afterwards.

    Facial hair is flipped on men and make-up on women: neither the photographs nor the judge know the rest.

    Args:
        people: labels int8 (n, a) of -1/0/+1, columns `names`.

    Returns:
        Indices (m,), and labels (m, a).
    """
    column = {a: j for j, a in enumerate(names)}
    can = people[:, column[name]] != 0
    if "male" in column and name in (*FACIAL_HAIR, *MAKEUP):
        can &= people[:, column["male"]] == (1 if name in FACIAL_HAIR else -1)
    after = people[can].copy()
    after[:, [column[a] for a in tied(name) if a in column]] = 0
    after[:, column[name]] *= -1
    now_yes = after[:, column[name]] > 0
    for rival in (a for a in rivals(name) if a in column):
        after[now_yes, column[rival]] = -1
    return np.flatnonzero(can), after


def mirror_noise(judge: Judge, verdicts: np.ndarray, mirrored: np.ndarray) -> dict[str, float]:
    """How often the judge's verdict changes between an image and its mirror image: attribute -> share.

    Args:
        verdicts, mirrored: its probabilities (n, h) of the images and of their mirror images.
    """
    heads = judge.heads
    other = [heads.index(MIRRORED[a]) if MIRRORED.get(a) in heads else j for j, a in enumerate(heads)]
    changed = (verdicts > 0.5) != (mirrored[:, other] > 0.5)
    return {name: float(changed[:, j].mean()) for j, name in enumerate(heads)}


def flip_people(
    model: Generator, judge: Judge, lenses: Sequence[Lens], people: np.ndarray, noise: dict[str, float], size: int
) -> tuple[dict, dict[str, np.ndarray]]:
    """Leakage, and identity, of people whose attributes are flipped one by one.

    Args:
        lenses: that give "verdicts" and "embeddings".
        people: labels int8 (n, a) of the model's attributes; seeds are 200000, 200001, ..
        noise: `mirror_noise` of photographs.

    Returns:
        Figures; and, for pictures, attribute -> cosines (m,) of dlib's embedding before and after, NaN where no face is
        found.
    """
    names, heads = list(model.config.attributes), judge.heads
    seeds = list(range(PERSON_SEED, PERSON_SEED + len(people)))
    before = measure(
        draw_batches(model, people, seeds, size), [*lenses, *(Mirrored(x) for x in lenses if x.name == "reading")]
    )
    matrix: dict[str, dict[str, float]] = {}
    obeyed, moved, counts, cosines = {}, {}, {}, {}
    for name in (a for a in MEASURED if a in names and a in heads):
        who, after_rows = flipped(people, name, names)
        if not len(who):
            continue
        after = measure(draw_batches(model, after_rows, [seeds[k] for k in who], size), lenses)
        was, now = before["verdicts"][who] > 0.5, after["verdicts"] > 0.5
        j, wanted = heads.index(name), after_rows[:, names.index(name)] > 0
        matrix[name] = {head: float(share) for head, share in zip(heads, (was != now).mean(0), strict=True)}
        obeyed[name] = float((now[:, j] == wanted).mean())
        moved[name] = float(((after["verdicts"][:, j] > before["verdicts"][who, j]) == wanted).mean())
        counts[name] = len(who)
        cosines[name] = cosine(before["embeddings"][who], after["embeddings"])
    drawn_noise = mirror_noise(judge, before["verdicts"], before["mirrored_verdicts"])
    figures = {
        "people": len(people),
        "off_target_main": off_target(matrix, MEASURED, noise, drawn_noise),
        "off_target_all": off_target(matrix, names, noise, drawn_noise),
        "flips": {
            name: {
                "people": counts[name],
                "judged_as_asked": obeyed[name],
                "moved_the_right_way": moved[name],
                "off_target_main": _mean(row[g] for g in MEASURED if g in row and g != name and g not in tied(name)),
            }
            for name, row in matrix.items()
        },
        "changed": {f: {g: v for g, v in row.items() if g in names and g not in tied(f)} for f, row in matrix.items()},
        "changed_tied": {f: {g: v for g, v in row.items() if g in names and g in tied(f)} for f, row in matrix.items()},
        "mirror_noise": {
            "photographs": {g: v for g, v in noise.items() if g in names},
            "drawn": {g: v for g, v in drawn_noise.items() if g in names},
        },
    }
    return figures, cosines


def off_target(
    matrix: dict[str, dict[str, float]], among: Sequence[str], noise: dict[str, float], drawn_noise: dict[str, float]
) -> dict:
    """Leakage: mean share of changed verdicts over all pairs (flipped, other attribute), tied pairs left out.

    Beside it, the mean of the judge's noise over the same pairs.
    """
    cells = [(f, g) for f in matrix for g in among if g in matrix[f] and g != f and g not in tied(f)]
    return {
        "pairs": len(cells),
        "changed": _mean(matrix[f][g] for f, g in cells),
        "mirrored_photographs": _mean(noise[g] for _, g in cells),
        "mirrored_drawn": _mean(drawn_noise[g] for _, g in cells),
    }


def flip_alone(model: Generator, judge: Judge, lenses: Sequence[Lens], n: int, size: int) -> dict:
    """One attribute of n people with nothing else said, yes against no: as a user of the app does it.

    `off_target_main` is of the main attributes that aren't tied. More may change here: nothing holds the rest.
    """
    names, table = list(model.config.attributes), {}
    seeds = range(FLIP_SEED, FLIP_SEED + n)
    for name in (f for f in FLIPS if f in names and f in judge.heads):
        sides: dict[bool, Arrays] = {}
        for state in (False, True):
            # A beard is flipped on men: the judge, like the photographs, has no women with beards.
            wanted = {"male": True, name: state} if name == "beard" and "male" in names else {name: state}
            rows = np.tile(np.array(encode(wanted, names)), (n, 1))
            sides[state] = measure(draw_batches(model, rows, seeds, size), [*lenses, Pixels(size)])
        j = judge.heads.index(name)
        yes, no = (sides[s]["verdicts"] for s in (True, False))
        changed = dict(zip(judge.heads, ((yes > 0.5) != (no > 0.5)).mean(0).tolist(), strict=True))
        pixels = [sides[s]["pixels"].astype(np.int16) for s in (True, False)]
        table[name] = {
            "judged_yes_when_yes": float((yes[:, j] > 0.5).mean()),
            "judged_yes_when_no": float((no[:, j] > 0.5).mean()),
            "moved_the_right_way": float((yes[:, j] > no[:, j]).mean()),
            "mean_pixel_change": float(np.abs(pixels[0] - pixels[1]).mean()),
            "identity_cosine": _mean(cosine(sides[True]["embeddings"], sides[False]["embeddings"])),
            "off_target_main": _mean(
                changed[g] for g in MEASURED if g in changed and g != name and g not in tied(name)
            ),
        }
    return table


def all_cosines(cosines: dict[str, np.ndarray]) -> np.ndarray:
    """The cosines of all flips in one row, those without a face left out."""
    joined = np.array(list(chain.from_iterable(cosines.values())), np.float64)
    return joined[~np.isnan(joined)]


def _mean(values: Iterator[float] | np.ndarray) -> float | None:
    """Their mean; NaN left out, None where none is left."""
    there = [v for v in values if not np.isnan(v)]
    return float(np.mean(there)) if there else None
