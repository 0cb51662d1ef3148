"""Other ways of writing than sentences, for the grammar: states in forms and data, orders, police codes.

Each takes a `Writer` and returns its text; like the sentence patterns it says no more and no less than `writer.said`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from facegen.training.sentences.phrases import Writer
from facegen.training.sentences.wording import Fact, age_words, article

_STATES = [("yes", "no"), ("1", "0"), ("true", "false"), ("y", "n"), ("1", "-1"), ("yes", "no")]
_BOXES = [("[x]", "[ ]"), ("(x)", "( )"), ("+", "-")]
_PUT = ["give {him} ", "add ", "put on ", "now with ", "i want ", "{he} should have ", "can you add "]
_TAKE = [
    "take off {his} ", "remove the ", "lose the ", "get rid of the ", "take away {his} ", "no more ", "drop the ",
    "ditch the ", "please remove {his} ", "without the ",
]  # fmt: skip
_MAKE = ["make {him} ", "make {him} look ", "{he} should be ", "now "]
_HAIR = {"black_hair": "BLK", "brown_hair": "BRO", "blond_hair": "BLN", "gray_hair": "GRY", "red_hair": "RED"}
_EYES = {"black_eyes": "BLK", "brown_eyes": "BRO", "blue_eyes": "BLU", "green_eyes": "GRN"}
_RACE = {"white": "W", "black": "B", "asian": "A", "hispanic": "H"}
_SHORT = {
    "beard": ["brd", "full brd"], "mustache": ["mous", "mustache"], "bald": ["BAL", "bald"],
    "eyeglasses": ["glasses", "glsses"], "long_hair": ["lng hr", "long hr"], "hat": ["ballcap", "cap"],
    "dark_skin": ["dk comp", "drk complexion"], "pale_skin": ["lt comp", "fair comp"],
    "chubby": ["hvy bld", "heavy bld"],
}  # fmt: skip


def _label(writer: Writer, fact: Fact) -> str:
    """A label for a fact: "beard", "long hair", "Wearing_Hat"."""
    return writer.bare(fact)


def _person(writer: Writer) -> list[str]:
    """Gender and age in words, where they are to be said."""
    found = []
    if writer.male is not None:
        found.append(writer.rng.choice(["male", "man"] if writer.male else ["female", "woman"]))
    if writer.age:
        found.append(age_words(writer.rng, writer.age, writer.male))
    return found


def states(writer: Writer) -> str:
    """ "beard: yes, hat: no", "[x] beard [ ] hat", '{"beard": true, "hat": false}'."""
    rng = writer.rng
    # Of a fact that is a no of its own ("short hair") the state is a yes.
    cells = [(_label(writer, f), not f.negate) for f in writer.facts]
    cells = [(label, state) for label, state in cells if not label.startswith(("no ", "not "))]
    style = rng.randrange(4)
    if style == 0:
        yes, no = rng.choice(_BOXES)
        front = rng.random() < 0.7 or yes == "+"
        pieces = [f"{yes if s else no} {label}" if front else f"{label} {yes if s else no}" for label, s in cells]
        text = rng.choice([" ", "\n", "  "]).join(pieces)
    elif style == 1:
        text = json.dumps({label.replace(" ", "_"): state for label, state in cells})
    else:
        yes, no = rng.choice(_STATES)
        joint = rng.choice([": ", ": ", ":", " ", "? ", ";", "=", " | "])
        pieces = [f"{label}{joint}{yes if state else no}" for label, state in cells]
        text = rng.choice([", ", "\n", "\n- ", "; "] if joint != ";" else ["\n"]).join(pieces)
        if style == 3:
            text = "\n".join(piece.title().replace(" ", "_", piece.count(" ") - 1) for piece in text.split("\n"))
    return rng.choice([", ", "\n", ". "]).join([*_person(writer), *([text] if cells else [])])


def orders(writer: Writer) -> str:
    """ "take off his glasses, give him a hat and make him bald"."""
    rng = writer.rng
    him = {True: "him", False: "her", None: "them"}[writer.male]
    fill = {"he": writer.he, "his": writer.his, "him": him}
    adjectives, parts, nouns, denied = writer.split()
    out = [rng.choice(_PUT).format(**fill) + phrase for phrase in writer.hair(parts) + [writer.noun(f) for f in nouns]]
    out += [rng.choice(_MAKE).format(**fill) + writer.degree() + f.word for f in adjectives]
    for fact in denied:
        if fact.form == "noun":
            out.append(rng.choice(_TAKE).format(**fill) + writer.bare(fact))
        else:
            out.append(("not " if fact.form == "adjective" else "no ") + writer.bare(fact))
    if writer.age:
        out.append(f"{rng.choice(_MAKE).format(**fill)}{writer.age.replace('_', '-')}")
    rng.shuffle(out)
    text = rng.choice([", ", ". ", " and ", ", then "]).join(out)
    words = text.lower().split()
    if writer.male is not None and not {writer.he, writer.his, him} & set(words):
        person = "man" if writer.male else "woman"
        text = f"{article(person)}{person}. {text}" if text else person
    return text


def codes(writer: Writer) -> str:
    """ "W/M 35-40 BRO hair BLU eyes, brd"."""
    rng = writer.rng
    out, rest = [], []
    race = next((_RACE[f.name] for f in writer.facts if f.name in _RACE and f.value), "")
    for fact in writer.facts:
        name = fact.name
        if fact.value and name in _HAIR:
            out.append(f"{_HAIR[name]} {rng.choice(['hair', 'hair', 'hr'])}")
        elif fact.value and name in _EYES:
            out.append(f"{_EYES[name]} eyes")
        elif fact.value and name in _SHORT:
            out.append(rng.choice(_SHORT[name]))
        elif not (fact.value and name in _RACE and writer.male is not None and _RACE[name] == race):
            rest.append(fact)
    rng.shuffle(out)
    head = ""
    if race and writer.male is not None:
        head = rng.choice(["{}/{}", "{}/{}", "{}{}", "S{}{}"]).format(race, "M" if writer.male else "F")
    elif writer.male is not None:
        head = rng.choice(["male", "M"] if writer.male else ["female", "F"])
        head = (head if len(head) > 1 else f"sex {head}") + ","
    age = [age_words(rng, writer.age, writer.male)] if writer.age else []
    pieces = [" ".join([head, *age]).strip(), rng.choice([", ", " ", " "]).join(out)]
    plain = [writer.bare(f) for f in rest if not f.negate] + writer.denials([f for f in rest if f.negate])
    return ", ".join(piece for piece in [*pieces, *plain] if piece)


FORMATS: tuple[Callable[[Writer], str], ...] = (states, orders, codes)
