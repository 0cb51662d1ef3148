"""A grammar that writes descriptions from random attribute vectors, to train the recurrent reader on.

    write(random.Random(7)) -> ("He has short, gray hair and no beard.", {"male": True, "long_hair": False, ...})

Words come from `facegen/reading/lexicon.json`, the commoner ones (they stand first there) more often; the sentence
patterns, negations, distractors ("a white shirt", "next to a bald man") and typing errors are below. Labels hold only
what the sentence says, as `facegen.reading.rules.parse` would read it.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from facegen import attributes
from facegen.reading.lexicon import PATH
from facegen.training.sentences.formats import FORMATS
from facegen.training.sentences.phrases import Writer
from facegen.training.sentences.wording import COLORS, FILLERS, JARGON, THINGS, Fact

_NOUNS = frozenset(
    "eyes hairline chin chins mouth lips jaw circles head face build makeup cheeks expression highlights brows hair "
    "jowls eyeliner spot patch".split()
)
_UNUSUAL = ("head", "sex", "expression", "jaw", "makeup", "hairline")  # parts that the patterns have no place for
_OTHER_FORMATS = 0.2  # the share of forms, orders and codes
_COMMON_FIRST = 1.4  # how fast a word's chance falls with its rank in the lexicon


class Way(NamedTuple):
    """One way of saying that an attribute has a value."""

    form: str
    word: str
    part: str
    denies: tuple[str, ...]
    weight: float


@lru_cache(maxsize=1)
def _records() -> list[dict]:
    return json.loads(PATH.read_text(encoding="utf-8"))["meanings"]


def _weights(words: list, sure: float = 1.0) -> list[float]:
    """The earlier in its list, the likelier; a list of few words is as likely as one of many."""
    weights = [(rank + 1) ** -_COMMON_FIRST for rank in range(len(words))]
    return [weight / sum(weights) * sure for weight in weights]


@lru_cache(maxsize=1)
def _ways() -> dict[tuple[str, bool], list[Way]]:
    """(attribute, value) -> its ways of being said. Some ways of denying deny more at once."""
    table = defaultdict(list)
    for record in _records():
        says = list(record["says"].items())
        if not says or says[0][0] == "male" or record.get("is") == "person" or record.get("of") in _UNUSUAL:
            continue
        if len(says) > 1 and any(value for _, value in says):
            continue
        (name, value), part, noun = says[0], record.get("of", ""), "is" in record
        denies = tuple(n for n in record.get("negated", ()) if n != name) + tuple(n for n, _ in says[1:])
        words = [w.replace("~", "the") for w in record["words"] if len(w) > 2 and w not in ("latina", "chicana")]
        for word, weight in zip(words, _weights(words, record.get("sure", 0.95)), strict=True):
            # Phrases that are nouns or clauses ("bags under eyes", "mouth open") stand among the adjectives there.
            named = noun or (not part and _is_noun(word))
            form = "part" if part not in ("", "person") else "noun" if named else "adjective"
            table[name, value].append(Way(form, word, part, denies, weight))
    return dict(table)


@lru_cache(maxsize=1)
def _people() -> dict[tuple[bool | None, str | None], tuple[list[str], list[float]]]:
    """(male, age) -> nouns for such a person, and their weights."""
    table: dict = defaultdict(lambda: ([], []))
    for record in _records():
        says = record["says"]
        if (
            record.get("is") != "person"
            or record.get("sure", 1) < 0.8
            or not set(says) <= {"male", "young", "middle_aged", "old"}
        ):
            continue
        age = next((n for n in says if n != "male"), None)
        words = [w for w in record["words"] if len(w) > 2]
        nouns, weights = table[says.get("male"), age]
        nouns += words
        weights += _weights(words, record.get("sure", 0.95))
    return dict(table)


def _is_noun(word: str) -> bool:
    return word.split()[-1] in _NOUNS


def _fact(rng: random.Random, name: str, value: bool) -> Fact | None:
    """A way of saying that an attribute is so."""
    ways = _ways().get((name, value), [])
    negate = False
    if not value and (not ways or rng.random() < 0.7):
        ways, negate = _ways().get((name, True), []), True
    if not ways:
        return None
    way = rng.choices(ways, [w.weight for w in ways])[0]
    # What "facial hair" denies, it denies only with a "no".
    return Fact(name, value, way.form, way.word, way.part, negate, () if value else way.denies)


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


def write(rng: random.Random, chosen: dict[str, bool] | None = None) -> tuple[str, dict[str, bool]]:
    """One description and what it says: (text, {attribute: yes or no}).

    Args:
        chosen: what to say; drawn at random if left out.
    """
    if chosen is None and rng.random() < 0.02:
        return rng.choice(
            [f"a {rng.choice(COLORS)} {rng.choice(THINGS)}", *FILLERS, *JARGON, "hello", "nice weather today"]
        ), {}
    chosen = draw(rng) if chosen is None else chosen
    facts = [_fact(rng, name, value) for name, value in chosen.items() if name != "male"]
    writer = Writer(rng, chosen, [f for f in facts if f is not None], _people())
    if rng.random() < _OTHER_FORMATS:
        text = rng.choice(FORMATS)(writer)
    else:
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
