"""Words that the grammar needs beside the lexicon's: people, things, jargon, ages."""

from __future__ import annotations

import random
from typing import NamedTuple

MASS = frozenset("stubble makeup lipstick scruff eyewear jewelry".split())
COLORS = ["black", "white", "brown", "gray", "red", "blue", "green", "dark", "golden", "pale", "light", "old", "long"]
THINGS = "shirt jacket coat sweater hoodie dress suit background wall scarf t-shirt uniform".split()
DEGREES = "very |quite |slightly |really |rather |pretty |a bit |somewhat |fairly |extremely ".split("|")
JARGON = (
    "85mm|f/1.8|8k|bokeh|studio lighting|sharp focus|highly detailed|masterpiece|best quality|natural light|film grain|"
    "looking at viewer|photorealistic|cinematic|shallow depth of field|close-up portrait|trending on artstation|"
    "upper body|soft light|(detailed skin:1.2)|raw photo"
).split("|")
OPENERS = (
    "photo of |portrait of |a picture of |draw |i want |generate |close-up of |headshot of |please make |"
    "the suspect is |witness says: |looks like |this is |imagine |can you draw |description: |I saw |it was |image of "
).split("|")
FILLERS = (
    "with a scar on the chin|with freckles|about six feet tall|from London|sitting in a chair|looking at the camera|"
    "with crooked teeth|lost in thought|standing by a window|holding a book|with tattoos on the neck|next to a dog"
).split("|")
KEYS = {"hair": ["hair", "hair color", "hairstyle"], "eyes": ["eyes", "eye color"]}  # other parts go by their names


class Fact(NamedTuple):
    """One thing to say. `form` is "adjective" (of a person), "noun" (with a ..) or "part" (`word` said of `part`)."""

    name: str
    value: bool  # what the finished text says
    form: str
    word: str
    part: str = ""
    negate: bool = False  # the word says the opposite and needs a negation
    denies: tuple[str, ...] = ()  # what is denied along with it ("no facial hair")


def article(noun: str) -> str:
    """ "a " or "an ", or nothing for plurals and masses."""
    if noun.endswith("s") and not noun.endswith("ss") or noun.split()[-1] in MASS or noun.endswith(("hair", "makeup")):
        return ""
    return "an " if noun[0] in "aeiou" else "a "


def plural(part: str) -> bool:
    """Whether a part is said in the plural ("eyes")."""
    return part.endswith("s")


def age_words(rng: random.Random, name: str, male: bool | None) -> str:
    """An age in numbers, such as "aged 34", that fits an age attribute."""
    low, high = {"young": (16, 39), "middle_aged": (40, 59), "old": (60, 90)}[name]
    years = rng.randint(low, high)
    tens = {2: "twenties", 3: "thirties", 4: "forties", 5: "fifties", 6: "sixties", 7: "seventies", 8: "eighties"}
    decade = min(8, max(2, years // 10))
    his = {True: "his", False: "her", None: "their"}[male]
    if decade in (4, 5) and name != "middle_aged" or decade < 4 and name != "young" or decade >= 6 and name != "old":
        return f"{years} years old"
    return rng.choice([
        f"{years} years old", f"{years}-year-old", f"aged {years}", f"about {years}", 
        f"in {his} {tens[decade]}", f"{decade}0s",
        f"in {his} {rng.choice(['early', 'mid', 'late'])} {decade}0s", f"{years} yo", f"age {years}",
    ])  # fmt: skip
