"""An order changes the face that is shown: "take the glasses off", "make her older", "a bit more smile".

An order is read like a description; what it says is laid over the reading before it. Words that compare are steps from
there: "more" and "less" of an attribute move its degree, "older" and "younger" move along the ages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from facegen import attributes
from facegen.reading.items import Item
from facegen.reading.result import Mention, Reading

_AGES = ("young", "middle_aged", "old")
_LARGEST = 2  # degree


def steps_of(items: Sequence[Item], mentions: Sequence[Mention]) -> dict[str, int]:
    """name -> how far a word that compares moves it: "more" +1, "much less" -2, "older" +1."""
    compared = {item.start: item for item in items if item.relative}
    return {m.attribute: compared[m.start].level or 1 for m in mentions if m.value and m.start in compared}


def refine(order: Reading, before: Reading, steps: Mapping[str, int] | None = None) -> Reading:
    """The reading after an order.

    Its attributes and degrees are those before with the order laid over them; `changes` says what differs. Text,
    mentions and keywords are the order's. A "his" or "her" in the order doesn't change a gender that was said.
    """
    said = dict(order.attributes)
    degrees = {**before.degrees, **order.degrees}
    if "male" in before.attributes and all(_is_pronoun(m) for m in order.mentions if m.attribute == "male"):
        said.pop("male", None)
    for name, step in (steps or {}).items():
        if name in _AGES:
            said.pop(name)
            moved = _moved_age(before, 1 if name == "old" else -1, step)
            said[moved] = True
            degrees = {n: d for n, d in degrees.items() if n not in _AGES} | ({moved: step} if step < 0 else {})
        else:
            said[name], degrees[name] = _moved(before, name, step)
    full = attributes.merge(before.attributes, said)
    degrees = {name: degree for name, degree in degrees.items() if degree and full.get(name)}
    was = before.attributes, before.degrees
    changed = [n for n in attributes.NAMES if (full.get(n), degrees.get(n)) != (was[0].get(n), was[1].get(n))]
    return replace(order, attributes=full, degrees=degrees, changes={name: full.get(name) for name in changed})


def _is_pronoun(mention: Mention) -> bool:
    return mention.words.lower().split()[-1] in ("he", "him", "his", "himself", "she", "her", "hers", "herself")


def _moved(before: Reading, name: str, step: int) -> tuple[bool, int]:
    """(yes or no, degree) of an attribute after "more" or "less" of it."""
    if not before.attributes.get(name):
        return step > 0, 0 if step == 1 else step  # more of what wasn't there is some of it
    degree = before.degrees.get(name, 0) + step
    return degree >= -_LARGEST, min(degree, _LARGEST)


def _moved_age(before: Reading, direction: int, step: int) -> str:
    """The age group one step older or younger ("a bit older"), or two ("much older")."""
    now = next((i for i, name in enumerate(_AGES) if before.attributes.get(name)), 1)
    return _AGES[max(0, min(len(_AGES) - 1, now + direction * (2 if step > 1 else 1)))]
