"""What of a description is seen in the face, for models that are told attributes and for one that reads for itself.

    python benchmarks/words.py default=default endtoend=CHECKPOINT -o sheet.png

Each of 150 descriptions that people wrote (labelled by hand) is drawn once by each model, the n-th from seed n, and the
embedded classifier reads the face back. `seen` is the share of labelled statements that it sees as they were said, over
the attributes that all the models know; `not said` the same for the words of another description, drawn at random: what
chance and prejudice give. The sheet has a row a model and a column for each of `STRIP`, all of seed 7.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from PIL import Image

from facegen import FacePipeline
from facegen.drawing.sheets import grid
from facegen.evaluation.reader import read_descriptions

DATA = Path(__file__).parent.parent / "tests/data"
FILES = [DATA / "descriptions_dev.jsonl", DATA / "descriptions_unseen.jsonl"]
STRIP = (
    "a man", "a man with a beard", "a man with glasses", "a bald man", "an old man with gray hair", "a woman",
    "a smiling woman", "a woman with blond hair", "a woman with black hair", "a woman with sunglasses",
)  # fmt: skip
SIDE = 96


def agreement(seen: list[dict[str, float]], said: list[dict[str, bool]], names: set[str]) -> float:
    """Mean over descriptions of the share of statements that the face shows; those without any are left out."""
    shares = [
        np.mean([(match[name] > 0.5) == yes for name, yes in words.items() if name in names])
        for match, words in zip(seen, said, strict=True)
        if names & words.keys()
    ]
    return float(np.mean(shares))


def main() -> None:
    """Print a table, and write the sheet."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="+", metavar="NAME=MODEL")
    options.add_argument("-o", "--out", type=Path, required=True, help="the sheet (PNG)")
    options.add_argument("-n", type=int, default=150, help="descriptions")
    asked = options.parse_args()
    rows = [row for file in FILES for row in read_descriptions(file)][: asked.n]
    said = [row.attributes for row in rows]
    others = random.Random(0).sample(said, len(said))
    pipes = {n: FacePipeline.from_pretrained(m) for n, _, m in (pair.partition("=") for pair in asked.models)}
    names = set.intersection(*(set(pipe.drawable) for pipe in pipes.values()))
    tiles: list[Image.Image] = []
    for name, pipe in pipes.items():
        faces = [pipe(row.text, seed=i) for i, row in enumerate(rows)]
        seen = [face.match for face in faces]  # type: ignore[union-attr]
        known = names & seen[0].keys()
        print(f"{name:12} seen {agreement(seen, said, known):.3f}  not said {agreement(seen, others, known):.3f}")
        strip = [pipe(text, seed=7).image for text in STRIP]  # type: ignore[union-attr]
        tiles += [image.resize((SIDE, SIDE), Image.Resampling.BICUBIC) for image in strip]
    print(f"over {len(rows)} descriptions and {len(known)} attributes")
    grid(tiles, len(STRIP)).save(asked.out)


if __name__ == "__main__":
    main()
