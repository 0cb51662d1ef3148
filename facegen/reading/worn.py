"""What is worn and what isn't: glasses on the table and a hat on a hook are not on the face."""

from __future__ import annotations

from collections.abc import Sequence

from facegen.reading.items import Item
from facegen.reading.lexicon import lexicon

_SIMILE = 6  # items
NOT_WORN = "not worn"


def set_aside_unworn(items: Sequence[Item]) -> None:
    """Write on what is not worn that it doesn't count."""
    sets = lexicon().sets
    places = False  # this sentence began with a place: "On the table are .."
    fresh = True
    simile = 0  # up to here things are only named for likeness: "as black as my hat"
    for i, item in enumerate(items):
        if item.norm == "as" and i > 1 and items[i - 2].norm == "as":
            simile = i + _SIMILE
        if i < simile and item.part == "object":
            item.skip = item.skip or "likened"
        if item.role in ("stop", "but") or item.norm in ("he", "she", "they"):
            places, fresh = False, item.role == "stop"
            continue
        if item.role == "in" and fresh:
            places = _leads_to_place(items, i)
        if (
            item.role == "in"
            and item.norm in ("on", "in", "at")
            and i
            and items[i - 1].part != "person"
            and _leads_to_place(items, i)
        ):
            places = places or any(x.norm in sets["lying"] for x in items[i + 1 : i + 11])
        if item.content or item.role == "it":
            fresh = False
        if item.part == "object" and item.role == "noun":
            if places or _lies_somewhere(items, i, _off_the_eyes(items, i)):
                item.skip = item.skip or NOT_WORN


def _off_the_eyes(items: Sequence[Item], i: int) -> frozenset[str]:
    """Where glasses, if the item at `i` is that, are not before the eyes; on the forehead where they are pushed up."""
    sets = lexicon().sets
    if not {"eyeglasses", "sunglasses"} & dict(items[i].says).keys():
        return frozenset()
    pushed = any(x.norm in sets["eyewear up"] for x in items[i + 1 : i + 4])
    return sets["eyewear off"] | sets["forehead"] if pushed else sets["eyewear off"]


def _leads_to_place(items: Sequence[Item], i: int, more: frozenset[str] = frozenset()) -> bool:
    """Is the preposition at `i` followed by a place that is no part of a face ("on the kitchen table")?"""
    for item in items[i + 1 : i + 7]:
        if item.norm in more or item.entry.place:
            return True
        if item.role not in ("a", "word", "unknown", "he", "she", "it", "i", "thing", "in"):
            return False
    return False


def _lies_somewhere(items: Sequence[Item], i: int, more: frozenset[str]) -> bool:
    """Does what is worn lie in a place ("glasses on the desk")? Of "a man in a hat on a bench" the man is there."""
    sets = lexicon().sets
    worn = any(item.role in ("has", "in") for item in items[max(0, i - 3) : i])
    for j in range(i + 1, min(len(items), i + 6)):
        item = items[j]
        if item.role == "in" and item.norm in sets["places with"]:
            seated = worn and any(x.norm in sets["sittable"] for x in items[j + 1 : j + 4])
            return not seated and _leads_to_place(items, j, more)
        passed = item.norm in ("had", "has", "have") or item.norm in sets["eyewear up"]
        if item.role not in ("verb", "is", "unknown", "in", "degree") and not passed:
            return False
        worn = worn and item.role == "degree"
    return False
