"""A checkpoint of `train deconv` that may be published: its subjects are blends of two people each, of one sex.

    python benchmarks/blend_subjects.py runs/NNN-deconv/checkpoint --words examples/london/annotations.csv -o FOLDER

Each person is in one blend at most, so that nobody can be computed back from them.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from facegen import registry
from facegen.data.bag_of_words import read_words


def pairs_of(subjects: list[str], male: dict[str, bool], seed: int = 0) -> list[tuple[str, str]]:
    """Two and two of one sex, by chance; who is left over is left out."""
    chance, pairs = random.Random(seed), []
    for sex in (False, True):
        people = [subject for subject in subjects if male[subject] is sex]
        chance.shuffle(people)
        pairs += list(zip(people[::2], people[1::2], strict=False))
    return pairs


def main() -> None:
    """Write the checkpoint."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("checkpoint")
    options.add_argument("--words", type=Path, required=True, help="the subjects' bags of words")
    options.add_argument("-o", "--out", type=Path, required=True)
    asked = options.parse_args()
    if asked.out.exists():
        options.error(f"{asked.out} exists: choose a folder that doesn't")
    model = registry.load(asked.checkpoint)
    male = {subject: words["male"] for subject, words in read_words(asked.words).items()}
    registry.save(model.blended(pairs_of(model.config.subjects, male)), asked.out)


if __name__ == "__main__":
    main()
