"""Faces of the package gan-face-generate (MIT licence, its own weights) above ours, unchosen.

    pip install --no-deps gan-face-generate==1.1.1
    python -m benchmarks.beside -o docs/performance/beside.webp

Its row: ten draws after seed 0. Ours: persons 0 to 9, "a man" and "a woman" in turns, then two longer descriptions.
"""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path

import torch
from PIL import Image

from facegen import FacePipeline
from facegen.drawing.sheets import grid, to_image
from facegen.evaluation.output import webp
from facegen.files import write_atomic

TEXTS = (["a man", "a woman"] * 5, ["an old man with glasses"] * 5 + ["a smiling woman with blond hair"] * 5)
SIDE = 128


def main() -> None:
    """Draw the three rows."""
    from gan_face_generate.models import Generator

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("-o", "--out", type=Path, required=True)
    asked = options.parse_args()
    network = Generator(0, 3, 100, 64).eval()
    with resources.as_file(resources.files("gan_face_generate") / "weights.tar") as file:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True)["netG_state_dict"])
    torch.manual_seed(0)
    with torch.inference_mode():
        tiles = [to_image(face) for face in network(torch.randn(10, 100, 1, 1)).clamp(-1, 1)]
    pipe = FacePipeline.from_pretrained()
    for row in TEXTS:
        tiles += [pipe(text, seed=seed).image for seed, text in enumerate(row)]  # type: ignore[union-attr]
    write_atomic(asked.out, webp(grid([tile.resize((SIDE, SIDE), Image.Resampling.LANCZOS) for tile in tiles], 10)))


if __name__ == "__main__":
    main()
