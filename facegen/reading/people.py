"""People in a text: what leads to one, who owns what, and who is spoken of in general."""

from __future__ import annotations

from collections.abc import Sequence

from facegen.reading.items import Item
from facegen.reading.lexicon import lexicon

OTHER = "somebody else"
REACH = 8
_IN_A_PHRASE = frozenset("word age unknown a degree i".split())


def lead(items: Sequence[Item], i: int) -> tuple[int, str, bool]:
    """What leads to the person at `i`: where the phrase begins, the word before it, and is "his" or "her" inside?"""
    possessive = False
    comma = None
    j = i - 1
    while j >= max(0, i - REACH):
        item = items[j]
        if item.norm in lexicon().sets["possessive"]:
            possessive = True
            if item.norm == "whose":
                return j, "whose", True  # "a man whose wife"
        elif not (item.role in _IN_A_PHRASE or item.part == "person"):
            # Commas inside "a bald, bearded man" belong to the phrase.
            if item.role != "comma" or not (j and items[j - 1].role in ("word", "age")):
                break
            comma = comma or j
        j -= 1
    begin = j + 1
    if comma and not possessive and items[begin].role != "a":
        return comma + 1, ",", possessive  # no such phrase: "with open lips, Asian"
    return begin, items[j].norm if j >= 0 else "", possessive


def skip(items: Sequence[Item]) -> None:
    """Set aside what is somebody else\'s."""
    for item in items:
        if item.norm not in lexicon().sets["possessive"]:  # "his wife": he is the described person
            item.skip = item.skip or OTHER


def is_owner(items: Sequence[Item], i: int) -> bool:
    """Is it "a man's haircut" or "her father's eyes"?"""
    return (
        i + 2 < len(items) and items[i + 1].norm in ("'s", "s'") and items[i + 2].content and items[i + 2].role != "age"
    )


def owns(items: Sequence[Item], i: int) -> bool:
    """Is "her" here followed by what is hers ("her long hair") rather than an object ("with her was")?"""
    for item in items[i + 1 : i + 5]:
        if item.content:
            return item.part != "person"
        if item.role not in ("degree", "comma", "and"):
            return False
    return False


def introduces(items: Sequence[Item], begin: int, i: int) -> bool:
    """Does the phrase bring in somebody new ("a child") rather than speak of one known ("the child")?"""
    return any(x.norm in lexicon().sets["introducing"] for x in items[begin:i])


def is_general(items: Sequence[Item], i: int) -> bool:
    """Are these people in general, and the described one comes later ("Women have long hair, this one is bald")?"""
    verb = any(x.role in ("has", "is", "verb", "degree", "in") for x in items[i + 1 : i + 6])
    return verb and comes_later(items, i)


def comes_later(items: Sequence[Item], i: int) -> bool:
    """Is a single person spoken of in what follows?"""
    return any(x.role in ("he", "she", "self") or (x.part == "person" and x.role == "noun") for x in items[i + 1 :])


def gender(item: Item) -> bool | None:
    """True for a noun that says male, False for female, None for neither."""
    return dict(item.says).get("male")
