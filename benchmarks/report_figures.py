"""The four figures of the first report (Meden 2018), from faces that models drew: no photograph is in them.

    python benchmarks/report_figures.py --model CHECKPOINT -o docs/reports

1. landmarks, and accessories blended in by them; 2. live augmentation, before and after; 3. good results, the report's
own two first; 4. poor results: what isn't in the data. Figures 1 and 2 are made on faces of the default model.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from facegen import FacePipeline, registry
from facegen.attributes import encode
from facegen.data.dress.augment import augment
from facegen.data.dress.eyewear import draw_eyewear, random_frame
from facegen.data.dress.facial_hair import draw_facial_hair, random_facial_hair
from facegen.data.landmarks import FaceFinder, find_model
from facegen.drawing.sheets import grid
from facegen.evaluation.models.report import webp
from facegen.files import write_atomic
from facegen.picture import to_image

SIDE = 192
BARE = {"eyeglasses": False, "sunglasses": False}
SHAVEN = {"male": True, "beard": False, "mustache": False, "goatee": False, "stubble": False}
GOOD: Sequence[Mapping[str, bool]] = (
    {"male": True, "eyeglasses": True, "round_face": True, "brown_hair": True, "beard": False},
    {"male": True, **BARE, "square_face": True, "brown_hair": True, "beard": False},
    {"male": False, "blond_hair": True, "smiling": True, **BARE},
    {"male": True, "black_hair": True, "beard": True, **BARE},
)
POOR: Sequence[Mapping[str, bool]] = (
    {"male": False, "beard": True, "blond_hair": True, **BARE},  # no such face is in the data
    {"male": False, "bald": True, **BARE},
    {"male": True, "red_hair": True, "round_face": True, **BARE},
    {"male": True, "sunglasses": True, "black_hair": True},
)


def drawn(n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """n faces of bare, shaven men by the default model, uint8 (SIDE, SIDE, 3), with their landmarks (68, 2)."""
    pipe, finder = FacePipeline.from_pretrained(), FaceFinder(find_model())
    faces, seed = [], 0
    while len(faces) < n:
        image = pipe("a young man facing the camera, no beard, no glasses", seed=seed).image.resize((SIDE, SIDE))  # type: ignore[union-attr]
        found = finder.find(np.asarray(image))
        if found:
            faces.append((np.asarray(image), found[0][1]))
        seed += 1
    return faces


def dots(image: np.ndarray, landmarks: np.ndarray) -> Image.Image:
    """The face with its 68 landmarks."""
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    for x, y in landmarks:
        pen.ellipse([x - 1.5, y - 1.5, x + 1.5, y + 1.5], fill=(60, 255, 90))
    return picture


def accessories(n: int = 4) -> Image.Image:
    """Figure 1: a row a face: itself, landmarks, glasses, sunglasses, facial hair."""
    rng, pictures = np.random.default_rng(1), []
    for image, landmarks in drawn(n):
        glasses = [draw_eyewear(image, landmarks, random_frame(rng, dark), rng) for dark in (False, True)]
        hair = draw_facial_hair(image, landmarks, random_facial_hair(rng)[1], rng, SHAVEN)
        dressed = [Image.fromarray(each) for each in (*glasses, hair)]
        pictures += [Image.fromarray(image), dots(image, landmarks), *dressed]
    return grid(pictures, 5)


def augmentation(n: int = 8) -> Image.Image:
    """Figure 2: above as drawn, below after live augmentation."""
    rng, faces = np.random.default_rng(4), drawn(n)
    after = [augment(image, landmarks, {**SHAVEN, **BARE}, rng)[0] for image, landmarks in faces]
    return grid([Image.fromarray(image) for image in [f for f, _ in faces] + after], n)


def results(model, wanted: Sequence[Mapping[str, bool]], seeds: int = 8) -> Image.Image:
    """Figures 3 and 4: a row for what is wanted, a column for each seed, enlarged to 128 px."""
    pictures = []
    for attributes in wanted:
        said = torch.tensor([encode(attributes, model.config.attributes)] * seeds)
        pictures += [to_image(face).resize((128, 128), Image.Resampling.BICUBIC) for face in
                     model(model.identity(range(seeds)), said)]  # fmt: skip
    return grid(pictures, seeds)


def main() -> None:
    """Write the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", required=True, help="a checkpoint of `train deconv --recipe meden`")
    options.add_argument("-o", "--out", type=Path, default=Path("docs/reports"))
    asked = options.parse_args()
    model = registry.load(asked.model)
    figures = {
        "accessories": accessories(),
        "augmentation": augmentation(),
        "good": results(model, GOOD),
        "poor": results(model, POOR),
    }
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, picture in figures.items():
        write_atomic(asked.out / f"{name}.webp", webp(picture))


if __name__ == "__main__":
    main()
