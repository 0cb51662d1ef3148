"""A grammar that writes descriptions from random attribute vectors, to train the recurrent reader on.

    write(random.Random(7)) -> ("He has short, gray hair and no beard.", {"male": True, "long_hair": False, ...})

Words come from `facegen/lexicon.json`, the commoner ones (they stand first there) more often; the sentence patterns,
negations, distractors ("a white shirt", "next to a bald man") and typing errors are below. Labels hold only what the
sentence says, as `facegen.text.parse` would read it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from .. import attributes
from ..lexicon import PATH

MASS = frozenset("stubble makeup lipstick scruff eyewear jewelry".split())
_COMMON_FIRST = 1.6  # how fast a word's chance falls with its rank in the lexicon
_MALE = ["man", "guy", "gentleman", "male", "dude", "bloke", "fellow", "man", "man", "male"]
_FEMALE = ["woman", "lady", "female", "gal", "woman", "woman", "female", "mother", "wife"]
_ANYONE = ["person", "someone", "individual", "character", "model", "suspect", "doctor", "student", "artist", "teacher"]
_PARTS = ("hair", "eyes", "eyebrows", "lips", "nose", "face", "skin", "cheeks", "cheekbones", "mouth", "chin")
_COLORS = ["black", "white", "brown", "gray", "red", "blue", "green", "dark", "golden", "pale", "light", "old", "long"]
_THINGS = ["shirt", "jacket", "coat", "sweater", "hoodie", "dress", "suit", "background", "wall", "scarf", "t-shirt", "uniform"]
_JARGON = """85mm|f/1.8|8k|bokeh|studio lighting|sharp focus|highly detailed|masterpiece|best quality|natural light|looking at viewer|
photorealistic|cinematic|shallow depth of field|close-up portrait|trending on artstation|upper body|soft light|(detailed skin:1.2)|film grain|raw photo""".replace("\n", "").split("|")
_OPENERS = """photo of |portrait of |a picture of |draw |i want |generate |close-up of |headshot of |please make |the suspect is |witness says: |
looks like |this is |imagine |can you draw |description: |I saw |it was |image of """.replace("\n", "").split("|")
_DEGREES = ["very ", "quite ", "slightly ", "really ", "rather ", "pretty ", "a bit ", "somewhat ", "fairly ", "extremely "]
_FILLERS = ["with a scar on the chin", "with freckles", "about six feet tall", "from London", "sitting in a chair", "looking at the camera",
            "with crooked teeth", "lost in thought", "standing by a window", "holding a book", "with tattoos on the neck", "next to a dog"]  # fmt: skip
_KEYS = {"hair": ["hair", "hair color", "hairstyle"], "eyes": ["eyes", "eye color"], "eyeglasses": ["glasses", "eyewear"]}


class Fact(NamedTuple):
    """One thing to say. `form` is "adjective" (of a person), "noun" (with a ..) or "part" (`word` said of `part`)."""

    name: str
    value: bool  # what the finished text says
    form: str
    word: str
    part: str = ""
    negate: bool = False  # the word says the opposite and needs a negation


@lru_cache(maxsize=1)
def _words() -> dict[tuple[str, bool], list[tuple[str, str, str, float]]]:
    """(attribute, value) -> its ways of being said: (form, word, part, weight)."""
    import json

    table = defaultdict(list)
    for record in json.loads(PATH.read_text(encoding="utf-8"))["meanings"]:
        if len(record["says"]) != 1:
            continue
        ((name, value),) = record["says"].items()
        part, noun = record.get("of", ""), record.get("is", "")
        if name == "male" or noun == "person" or part in ("head", "sex", "expression", "jaw", "makeup", "hairline"):
            continue
        form = "part" if part not in ("", "person") else "noun" if noun else "adjective"
        words = [w.replace("~", "the") for w in record["words"] if len(w) > 2 and w not in ("latina", "chicana")]
        # A record of few words is as likely as one of many.
        weights = [(rank + 1) ** -_COMMON_FIRST for rank in range(len(words))]
        # Phrases that are nouns or clauses ("bags under eyes", "mouth open") stand among the adjectives in the lexicon.
        for word, weight in zip(words, weights, strict=True):
            share = weight / sum(weights) * record.get("sure", 0.95)
            table[name, value].append(("noun" if form == "adjective" and _is_noun(word) else form, word, part, share))
    return dict(table)


def _is_noun(word: str) -> bool:
    last = word.split()[-1]
    return last in ("eyes", "hairline", "chin", "chins", "mouth", "lips", "jaw", "circles", "head", "face", "build", "makeup",
                    "cheeks", "expression", "highlights", "brows", "hair", "jowls", "eyeliner", "spot", "patch")  # fmt: skip


def _fact(rng: random.Random, name: str, value: bool) -> Fact | None:
    """A way of saying that an attribute is so."""
    ways = _words().get((name, value), [])
    negate = False
    if not value and (not ways or rng.random() < 0.7):
        ways, negate = _words().get((name, True), []), True
    if not ways:
        return None
    form, word, part, _ = rng.choices(ways, [w[-1] for w in ways])[0]
    return Fact(name, value, form, word, part, negate)


def draw(rng: random.Random) -> dict[str, bool]:
    """A random attribute vector: mostly few attributes, mostly yes, no two yeses in an exclusive group."""
    chosen: dict[str, bool] = {}
    names = [n for n in attributes.NAMES if n != "male"]
    # Main attributes are described more often.
    weights = [2.0 if attributes.BY_NAME[n].main else 1.0 for n in names]
    for name in rng.choices(names, weights, k=min(12, 1 + int(rng.expovariate(0.22)))):
        if name in chosen:
            continue
        group = attributes.BY_NAME[name].group
        yes_chance = 0.93 if group in ("hair_color", "eye_color", "ethnicity", "face_shape") else 0.68
        value = rng.random() < yes_chance
        if value and any(chosen.get(rival) for rival in attributes.rivals(name)):
            continue
        chosen[name] = value
    if rng.random() < 0.8:
        chosen["male"] = rng.random() < 0.5
    return chosen


def _article(noun: str) -> str:
    if noun.endswith("s") and not noun.endswith("ss") or noun.split()[-1] in MASS or noun.endswith(("hair", "makeup")):
        return ""
    return "an " if noun[0] in "aeiou" else "a "


def _plural(part: str) -> bool:
    return part.endswith("s")


def _age(rng: random.Random, name: str, male: bool | None) -> str:
    """An age in numbers."""
    low, high = {"young": (16, 39), "middle_aged": (40, 59), "old": (60, 90)}[name]
    years = rng.randint(low, high)
    tens = {2: "twenties", 3: "thirties", 4: "forties", 5: "fifties", 6: "sixties", 7: "seventies", 8: "eighties"}
    decade = min(8, max(2, years // 10))
    his = {True: "his", False: "her", None: "their"}[male]
    if decade in (4, 5) and name != "middle_aged" or decade < 4 and name != "young" or decade >= 6 and name != "old":
        return f"{years} years old"
    return rng.choice([
        f"{years} years old", f"{years}-year-old", f"aged {years}", f"about {years}", f"in {his} {tens[decade]}", f"{decade}0s",
        f"in {his} {rng.choice(['early', 'mid', 'late'])} {decade}0s", f"{years} yo", f"age {years}",
    ])  # fmt: skip


_NO = ["no", "no", "no", "without", "without", "not any", "no visible", "sans", "minus the", "w/o"]
_LACK = ["doesn't have", "does not have", "doesn't wear", "has no", "wears no", "isn't wearing", "never wears", "lacks", "did not have",
         "hasn't got", "is without", "is not wearing", "doesnt have", "wore no"]  # fmt: skip


class _Writer:
    """Writes one description; holds the random numbers, the pronouns and what was said."""

    def __init__(self, rng: random.Random, chosen: dict[str, bool]) -> None:
        self.rng = rng
        self.male = chosen.get("male")
        self.he, self.his = {True: ("he", "his"), False: ("she", "her"), None: ("they", "their")}[self.male]
        self.has = "have" if self.male is None else "has"
        self.age = next((n for n in ("young", "middle_aged", "old") if chosen.get(n)), None)
        facts = [_fact(rng, name, value) for name, value in chosen.items() if name not in ("male", self.age)]
        self.facts = [f for f in facts if f is not None]
        rng.shuffle(self.facts)
        self.said = {f.name: f.value for f in self.facts}
        if any(f.negate and "hair" in f.word.split() or "hairs" in f.word for f in self.facts if f.name == "beard"):
            self.said |= dict.fromkeys(("mustache", "goatee", "stubble"), False)  # no facial hair
            self.facts = [f for f in self.facts if f.name not in ("mustache", "goatee", "stubble")]
        if self.age:
            self.said[self.age] = True
        if self.male is not None:
            self.said["male"] = self.male

    def degree(self) -> str:
        return self.rng.choice(_DEGREES) if self.rng.random() < 0.08 else ""

    def person(self) -> str:
        rng = self.rng
        if self.male is None:
            return rng.choice(_ANYONE)
        if self.age == "young" and rng.random() < 0.3:
            self.age = None
            return rng.choice(["boy", "teenage boy", "lad", "young man"] if self.male else ["girl", "teenage girl", "young woman", "young lady"])
        if self.age == "old" and rng.random() < 0.3:
            self.age = None
            return rng.choice(["grandfather", "old man", "grandpa"] if self.male else ["grandmother", "old woman", "old lady", "granny"])
        return rng.choice(_MALE if self.male else _FEMALE)

    def noun(self, fact: Fact) -> str:
        """A noun or a part with its word, without negation: "a beard", "blue eyes", "a big nose"."""
        if fact.form == "part":
            phrase = f"{self.degree()}{fact.word} {fact.part}"
            return phrase if _plural(fact.part) or fact.part in ("hair", "skin") else _article(phrase) + phrase
        phrase = fact.word
        if self.rng.random() < 0.1 and fact.form == "noun":
            phrase = f"{self.rng.choice(['black', 'long', 'thick', 'big', 'small', 'white', 'gray', 'red'])} {phrase}"
        return _article(phrase) + phrase

    def bare(self, fact: Fact) -> str:
        return f"{fact.word} {fact.part}" if fact.form == "part" else fact.word

    def list(self, items: list[str], last: str = "and") -> str:
        if len(items) < 2:
            return "".join(items)
        comma = "," if self.rng.random() < 0.4 and len(items) > 2 else ""
        return f"{', '.join(items[:-1])}{comma} {last} {items[-1]}"

    def hair(self, facts: list[Fact]) -> list[str]:
        """Facts about one part, joined into one phrase with its words in front: "long, wavy black hair"."""
        grouped = defaultdict(list)
        for fact in facts:
            grouped[fact.part].append(fact)
        phrases = []
        for part, group in grouped.items():
            words = [self.degree() + f.word for f in group]
            joined = self.rng.choice([" ", ", "]).join(words)
            phrase = f"{joined} {part}"
            phrases.append(phrase if _plural(part) or part in ("hair", "skin") else _article(phrase) + phrase)
        return phrases

    def denials(self, facts: list[Fact]) -> list[str]:
        """Noun phrases with "no" and "without": "no beard or glasses"."""
        rng, phrases = self.rng, []
        nouns = [f for f in facts if f.form != "adjective"]
        while nouns:
            take = nouns[: rng.choice([1, 1, 1, 2, 3])]
            nouns = nouns[len(take) :]
            bare = [self.bare(f) for f in take]
            word = rng.choice(_NO)
            if len(take) > 1 and rng.random() < 0.25:
                phrases.append(f"neither {self.list(bare, 'nor')}")
            elif word == "without" and len(bare) > 1:
                plain = all(f.form == "noun" for f in take)
                phrases.append(f"without {self.list(bare, rng.choice(['or', 'and']) if plain else 'or')}")
            else:
                phrases.append(f"{word} {self.list(bare, 'or')}")
        phrases += [f"not {self.degree()}{f.word}" for f in facts if f.form == "adjective"]
        rng.shuffle(phrases)
        return phrases

    def split(self) -> tuple[list[Fact], list[Fact], list[Fact], list[Fact]]:
        adjectives = [f for f in self.facts if f.form == "adjective" and not f.negate]
        parts = [f for f in self.facts if f.form == "part" and not f.negate]
        nouns = [f for f in self.facts if f.form == "noun" and not f.negate]
        return adjectives, parts, nouns, [f for f in self.facts if f.negate]

    def distraction(self) -> str:
        """Something that says nothing about the face."""
        rng = self.rng
        other = "woman" if self.male else "man"
        thing = f"{rng.choice(_COLORS)} {rng.choice(_THINGS)}"
        return rng.choice([
            f"in a {thing}", f"wearing a {thing}", f"{rng.choice(_COLORS)} background", f"against a {rng.choice(_COLORS)} background",
            rng.choice(_FILLERS), rng.choice(_JARGON), f"with a {thing}",
            *([f"next to a {rng.choice(['bald', 'bearded', 'smiling', 'blond', 'young', 'tall'])} {other}",
               f"talking to a {other} with {rng.choice(['glasses', 'a hat', 'red hair', 'blue eyes', 'a big nose'])}"]
              if self.male is not None else []),
            "with wine glasses on the table", "holding a hat",
        ])  # fmt: skip

    def phrase(self) -> str:
        """One noun phrase: "a young Asian woman with long, black hair, no glasses, smiling"."""
        rng = self.rng
        person = self.person()
        adjectives, parts, nouns, denied = self.split()
        front = [f for f in adjectives if " " not in f.word and rng.random() < 0.6]
        behind = [f for f in adjectives if f not in front]
        words = [f.word for f in front]
        if self.age and rng.random() < 0.5:
            words.append({"young": "young", "middle_aged": "middle-aged", "old": rng.choice(["old", "elderly"])}[self.age])
            self.age = None
        rng.shuffle(words)
        pieces = [" ".join([*words, person])]
        pieces[0] = (_article(pieces[0]) if rng.random() < 0.8 else "") + pieces[0]
        have = self.hair(parts) + [self.noun(f) for f in nouns]
        rng.shuffle(have)
        if have:
            pieces[0] += f" {rng.choice(['with', 'with', 'with', 'who has', 'having', 'w/'])} {self.list(have)}"
        rest = self.denials(denied) + [self.degree() + f.word for f in behind]
        if self.age:
            rest.append(_age(rng, self.age, self.male))
        if rng.random() < 0.3:
            rest.append(self.distraction())
        rng.shuffle(rest)
        glue = rng.choice([", ", ", ", " and ", ", but "]) if len(rest) == 1 else ", "
        opener = rng.choice(_OPENERS) if rng.random() < 0.3 else ""
        return opener + glue.join(pieces + rest) + rng.choice(["", ".", ""])

    def sentences(self) -> str:
        """Whole sentences with pronouns: "She is old. Her hair is long and gray. She doesn't wear glasses."."""
        rng, he, his = self.rng, self.he, self.his
        adjectives, parts, nouns, denied = self.split()
        is_ = "are" if self.male is None else "is"
        out = []
        if self.age:
            out.append(f"{he} {is_} {self.age.replace('_', '-') if rng.random() < 0.3 else _age(rng, self.age, self.male)}")
        grouped = defaultdict(list)
        for fact in parts:
            grouped[fact.part].append(fact)
        have = [self.noun(f) for f in nouns]
        for part, group in grouped.items():
            if rng.random() < 0.5:
                verb = "are" if _plural(part) else "is"
                out.append(f"{rng.choice([his, his, 'the'])} {part} {verb} {self.list([self.degree() + f.word for f in group])}")
            else:
                have += self.hair(group)
        rng.shuffle(have)
        while have:
            take = have[: rng.randint(1, 3)]
            have = have[len(take) :]
            out.append(f"{he} {rng.choice([self.has, self.has, 'had', 'wears', 'is wearing'])} {self.list(take)}")
        if adjectives:
            out.append(f"{he} {is_} {self.list([self.degree() + f.word for f in adjectives])}")
        nos = [f for f in denied if f.form != "adjective"]
        while nos:
            take = nos[: rng.randint(1, 2)]
            nos = nos[len(take) :]
            negative = next((f for f in take if f.form == "part"), None)
            if len(take) == 1 and negative and rng.random() < 0.5:
                verb = rng.choice(["aren't", "are not"] if _plural(negative.part) else ["isn't", "is not"])
                out.append(f"{his} {negative.part} {verb} {self.degree()}{negative.word}")
            else:
                items = [(_article(b) if rng.random() < 0.5 else "any " if rng.random() < 0.2 else "") + b for b in map(self.bare, take)]
                lack = rng.choice(_LACK)
                items = items if "no" not in lack.split() else [self.bare(f) for f in take]
                out.append(f"{he} {lack} {self.list(items, 'or')}")
        for f in denied:
            if f.form == "adjective":
                out.append(f"{he} {rng.choice(['is not', 'isnt', 'was not', 'is never', 'isn' + chr(39) + 't'])} {f.word}")
        if rng.random() < 0.3:
            out.append(f"{he} {is_} {self.distraction()}")
        rng.shuffle(out)
        if rng.random() < 0.4 and out:
            person = self.person() if not self.age else (rng.choice(_MALE if self.male else _FEMALE) if self.male is not None else "person")
            out[0] = out[0].replace(f"{he} ", f"{rng.choice(['the', 'this', 'a'])} {person} ", 1) if out[0].startswith(he) else out[0]
        elif self.male is None:
            out = [o.replace("they are", "the person is") for o in out]
        text = ""
        for i, sentence in enumerate(out):
            joint = rng.choice([". ", ". ", ". ", ", ", " and ", "; ", ", but "]) if i else ""
            text += joint + (sentence[:1].upper() + sentence[1:] if joint in (". ", "") else sentence)
        if he not in text.lower().split() and his not in text.lower().split() and self.male is not None:
            text = f"{rng.choice(_MALE if self.male else _FEMALE)}: {text}"
        return text + rng.choice([".", "", "."])

    def tags(self) -> str:
        """Comma-separated tags, as for image generators."""
        rng = self.rng
        adjectives, parts, nouns, denied = self.split()
        out = [f.word for f in adjectives + nouns] + [f"{f.word} {f.part}" for f in parts] + self.denials(denied)
        if self.age:
            out.append(_age(rng, self.age, self.male) if rng.random() < 0.5 else self.age.replace("_", " "))
        if rng.random() < 0.5:
            out.append(rng.choice(_JARGON))
        if rng.random() < 0.2:
            out.append(self.distraction())
        rng.shuffle(out)
        if self.male is not None:
            out.insert(0 if rng.random() < 0.7 else rng.randint(0, len(out)), rng.choice(_MALE if self.male else _FEMALE))
        text = rng.choice([", ", ", ", ", ", "; ", "\n", "\n- ", " "]).join(out)
        return text.replace(" ", "_") if rng.random() < 0.05 and ", " in text and "_" not in text else text

    def form(self) -> str:
        """A filled-in form: "Hair: short, gray. Glasses: none."."""
        rng = self.rng
        adjectives, parts, nouns, denied = self.split()
        lines = []
        grouped = defaultdict(list)
        for fact in parts:
            grouped[fact.part].append(fact.word)
        for part, words in grouped.items():
            lines.append((rng.choice(_KEYS.get(part, [part])), ", ".join(words)))
        for fact in nouns:
            lines.append((fact.word, rng.choice(["yes", "yes", "present", "y"])))
        for fact in denied:
            if fact.form == "part":
                lines.append((fact.part, f"not {fact.word}"))
            elif fact.form == "noun":
                lines.append((fact.word, rng.choice(["no", "none", "none", "no", "absent"])))
            else:
                lines.append(("other", f"not {fact.word}"))
        lines += [(rng.choice(["other", "notes", "appearance"]), f.word) for f in adjectives]
        if self.age:
            lines.append(("age", _age(rng, self.age, self.male)))
        if self.male is not None:
            lines.append((rng.choice(["sex", "gender"]), "male" if self.male else "female"))
        rng.shuffle(lines)
        colon = rng.choice([": ", ": ", ": ", " - ", "? ", ":"])
        upper = rng.random() < 0.6
        return rng.choice(["\n", "\n- ", ". ", "; ", ", ", " | "]).join(
            (key.capitalize() if upper else key) + colon + value for key, value in lines
        )


def misspell(rng: random.Random, text: str, rate: float) -> str:
    """Typing errors: letters swapped, lost, doubled or replaced, each letter with chance `rate`."""
    out = list(text)
    for i in range(1, len(out) - 1):
        if out[i].isalpha() and out[i - 1].isalpha() and rng.random() < rate:
            kind = rng.random()
            if kind < 0.4 and out[i + 1].isalpha():
                out[i], out[i + 1] = out[i + 1], out[i]
            elif kind < 0.7:
                out[i] = ""
            elif kind < 0.9:
                out[i] *= 2
            else:
                out[i] = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return "".join(out)


def write(rng: random.Random) -> tuple[str, dict[str, bool]]:
    """One description and what it says: (text, {attribute: yes or no})."""
    if rng.random() < 0.02:
        return rng.choice([f"a {rng.choice(_COLORS)} {rng.choice(_THINGS)}", *_FILLERS, *_JARGON, "hello", "nice weather today"]), {}
    writer = _Writer(rng, draw(rng))
    text = rng.choices([writer.phrase, writer.sentences, writer.tags, writer.form], [4, 4, 3, 1.5])[0]()
    if not text.strip():
        return "person", {}
    if rng.random() < 0.15:
        text = misspell(rng, text, 0.02)
    case = rng.random()
    if case < 0.04:
        text = text.upper()
    elif case < 0.3:
        text = text.lower()
    elif case < 0.5:
        text = text[:1].upper() + text[1:]
    return text, writer.said
