"""Descriptions to start from: examples, and random ones."""

from __future__ import annotations

import random
from collections.abc import Collection

EXAMPLES = (  # (what the button says, the description)
    ("Young woman, blond", "a smiling young woman with long blond hair"),
    ("Old man, glasses", "an old man with gray hair, a beard and glasses"),
    ("Woman with bangs", "a woman with black hair, bangs and heavy make-up"),
    ("Bald man", "a bald man with a mustache, not smiling"),
    ("Young man, stubble", "a young man with brown hair and stubble"),
)
AGES = {"young": "young", "middle_aged": "middle-aged", "old": "old"}
HAIR = {
    "black_hair": "black hair", "brown_hair": "brown hair", "blond_hair": "blond hair", "gray_hair": "gray hair",
    "red_hair": "red hair",
}  # fmt: skip
EXTRAS = {
    "eyeglasses": "glasses", "bangs": "bangs", "big_nose": "a big nose", "bushy_eyebrows": "bushy eyebrows",
    "high_cheekbones": "high cheekbones", "hat": "a hat",
}  # fmt: skip
FOR_MEN = {"beard": "a beard", "mustache": "a mustache", "stubble": "stubble"}
FOR_WOMEN = {"heavy_makeup": "heavy make-up", "earrings": "earrings", "long_hair": "long hair"}


def random_description(drawable: Collection[str]) -> str:
    """A description of what a model can draw, such as "a smiling old man with gray hair and a beard"."""

    def some(words: dict[str, str], n: int = 1) -> list[str]:
        known = [word for name, word in words.items() if name in drawable]
        return random.sample(known, min(n, len(known)))

    man = random.random() < 0.5
    first = [*some({"smiling": "smiling"}, random.randint(0, 1)), *some(AGES), "man" if man else "woman"]
    parts = some(HAIR) + some(EXTRAS | (FOR_MEN if man else FOR_WOMEN), random.randint(0, 2))
    start = " ".join(first)
    article = "an" if start[0] in "aeiou" else "a"
    return f"{article} {start}" + (f" with {' and '.join(parts)}" if parts else "")
