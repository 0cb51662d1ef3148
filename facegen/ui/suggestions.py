"""Descriptions to start from: examples, and random ones."""

from __future__ import annotations

import random
import re
from collections.abc import Collection

from facegen.reading.rules import parse

EXAMPLES = (  # (what the button says, the description)
    ("Blond woman", "a smiling young woman with long blond hair"),
    ("Old man, glasses", "an old man with gray hair, a beard and glasses"),
    ("Woman with bangs", "a woman with black hair, bangs and heavy make-up"),
    ("Bald man", "a bald man with a mustache, not smiling"),
    ("Young man, stubble", "a young man with brown hair and stubble"),
)
TEMPLATES = (  # with blanks: {one of|these}
    "a {young|middle-aged|old} {woman|man} with {black|brown|blond|gray} hair",
    "a {smiling|serious} {man|woman} with {glasses|sunglasses|a hat}",
    "an old man with {a beard|a mustache|a goatee|sideburns} and {gray|black|brown} hair",
    "a young woman with {long|wavy|straight} {blond|brown|black} hair and {bangs|heavy make-up|earrings}",
    "a bald man with {a beard|a mustache|stubble}, {smiling|not smiling}",
    "a {chubby|young|middle-aged} man with {a double chin|a big nose|bushy eyebrows}",
    "a woman with {high cheekbones|full lips|arched eyebrows|rosy cheeks} and {lipstick|no make-up}",
    "a {man|woman} looking to the {left|right} with {glasses|no glasses}",
    "a witness saw a {young|middle-aged|old} man, {with|without} glasses, {with a beard|clean shaven}",
    "a {woman|man} with {bags under the eyes|narrow eyes}, {an open mouth|a receding hairline|pale skin}",
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


def templates(drawable: Collection[str]) -> list[list[str | list[str]]]:
    """The templates as parts: text, and lists of what may stand in a blank; only what a model can draw.

    A template with a blank that none of its words can fill is left out.
    """
    found = []
    for template in TEMPLATES:
        parts = [part.split("|") if i % 2 else part for i, part in enumerate(re.split(r"[{}]", template))]
        words = [part if isinstance(part, str) else part[0] for part in parts]

        def fits(i: int, word: str, words: list[str] = words) -> bool:
            return not parse("".join([*words[:i], word, *words[i + 1 :]])).undrawable(drawable)

        filled = [p if isinstance(p, str) else [w for w in p if fits(i, w)] for i, p in enumerate(parts)]
        if all(filled[1::2]):
            found.append(filled)
    return found


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
