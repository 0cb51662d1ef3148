"""Whom and what the words are about: the described person, somebody else, a thing that isn't worn, or nothing certain.

One face is drawn. Where several people are mentioned, the first one counts; "his wife", "next to a bearded man" and
"her husband is bald" are about somebody else until the text comes back.
"""

from __future__ import annotations

from collections.abc import Sequence

from .items import Item
from .lexicon import lexicon

OTHER, NOT_WORN, UNSURE = "somebody else", "not worn", "not sure"
_REACH = 8


def gender(item: Item) -> bool | None:
    """True for a noun that says male, False for female, None for neither."""
    own = item.own
    return dict(own.says).get("male") if own else None


def _link_before(items: Sequence[Item], i: int) -> tuple[int, str, bool]:
    """What leads to the person at `i`: where the phrase begins, the function word before it, "his"/"her" inside it?"""
    possessive = False
    j = i - 1
    while j >= max(0, i - _REACH):
        item = items[j]
        if item.role in ("he", "she") and item.norm in ("his", "her"):
            possessive = True
        elif item.norm in ("their", "whose"):
            possessive = True
        elif not (item.content and item.part != "object" or item.role in ("a", "degree", "age", "i")):
            # Commas inside "a bald, bearded man" belong to the phrase.
            if (
                item.role != "comma"
                or j == 0
                or not items[j - 1].content
                or items[j - 1].role in ("noun", "thing", "age")
            ):
                break
        j -= 1
    return j + 1, items[j].norm if j >= 0 else "", possessive


def set_aside(items: Sequence[Item]) -> None:
    """Write on the items that don't count why they don't."""
    _others(items)
    _not_worn(items)
    _unsure(items)


def _others(items: Sequence[Item]) -> None:
    known = lexicon()
    main: bool | None = None  # the described person's gender
    met = False  # has the described person been named?
    other = False
    corrected = False
    for i, item in enumerate(items):
        role = item.role
        if role in ("stop", "ask") and item.norm != "\n" or (role == "bullet"):
            other = False
        elif item.norm == "\n":
            other = False
        elif role == "correct" or (role == "not" and i + 1 < len(items) and items[i + 1].role == "comma"):
            corrected = True
        elif role in ("he", "she"):
            male = role == "he"
            if not met and main is None:
                main = male
            elif main is not None and item.norm not in ("his", "her", "him") or (item.norm == "her" and main is False):
                other = male != main
            elif main is not None and male == main:
                other = False
            met = True
        elif role == "crowd":
            if met:
                other = True
            item.skip = OTHER
        elif role == "noun" and item.part == "person" and not _possessed(items, i):
            begin, link, possessive = _link_before(items, i)
            male = gender(item)
            somebody_else = met and (
                (possessive and item.norm in known.relatives)
                or any(x.norm in known.again for x in items[begin:i])
                or (
                    link in known.links
                    and (male is not None and male != main or _indefinite(items, begin, i))
                    and not _same_phrase(items, begin, i)
                )
                or (male is not None and main is not None and male != main and not corrected)
            )
            if met and male is not None and male != main and corrected and not possessive:
                somebody_else = False
            if somebody_else:
                other = True
                for inside in items[begin:i]:
                    inside.skip = inside.skip or OTHER
            else:
                other = False
                if male is not None:
                    main = male
            met = True
            corrected = False
        elif role == "comma" and other and i + 1 < len(items):
            follower = items[i + 1]
            if follower.role in ("has", "verb") or (
                follower.role == "word" and follower.own and follower.norm.endswith("ing")
            ):
                other = False
        if other and item.content:
            item.skip = item.skip or OTHER


def _possessed(items: Sequence[Item], i: int) -> bool:
    """Is it "a man's haircut", where the man is not there?"""
    return (
        i + 2 < len(items)
        and items[i + 1].norm == "'s"
        and items[i + 2].role in ("thing", "noun")
        and items[i + 2].part in ("", "hair", "object")
    )


def _indefinite(items: Sequence[Item], begin: int, i: int) -> bool:
    """Does the phrase introduce somebody new ("a man", "an older woman") rather than speak of one known ("the man")?"""
    return any(x.norm in ("a", "an", "another", "some", "one") for x in items[begin:i])


def _same_phrase(items: Sequence[Item], begin: int, i: int) -> bool:
    return False


def _not_worn(items: Sequence[Item]) -> None:
    """Glasses on the table and a hat in the hand are not on the face."""
    places = False  # this sentence began with a place: "On the table are .."
    fresh = True
    for i, item in enumerate(items):
        if item.role == "stop":
            places, fresh = False, True
            continue
        if fresh and item.role == "in":
            places = _leads_to_place(items, i)
        if item.role == "in" and item.norm in ("on", "in", "at") and _leads_to_place(items, i) and i:
            for follower in items[i + 1 : i + 7]:
                if follower.norm in ("there", "is", "are", "lies", "were", "was"):
                    places = True
                    break
        if item.content or item.role in ("he", "she", "it"):
            fresh = False
        if item.role == "holding":
            for held in items[i + 1 : i + 1 + _REACH]:
                if held.role in ("comma", "stop", "has", "he", "she", "but"):
                    break
                if held.content:
                    held.skip = held.skip or NOT_WORN
        if item.part == "object" and item.role == "noun":
            if places or _lies_somewhere(items, i):
                item.skip = item.skip or NOT_WORN


def _leads_to_place(items: Sequence[Item], i: int) -> bool:
    """Is the preposition at `i` followed by a place that is no part of a face ("on the kitchen table")?"""
    for item in items[i + 1 : i + 5]:
        if item.entry is not None and item.entry.place:
            return True
        if item.role not in ("a", "word", "unknown", "he", "she", "it", "i", "thing", "in"):
            return False
    return False


def _lies_somewhere(items: Sequence[Item], i: int) -> bool:
    for j in range(i + 1, min(len(items), i + 5)):
        item = items[j]
        if item.role == "in" and item.norm in ("on", "in", "at", "from"):
            return _leads_to_place(items, j)
        if item.role not in ("verb", "is", "unknown", "in", "degree"):
            return False
    return False


def _unsure(items: Sequence[Item]) -> None:
    """ "Not sure if he had a beard" says nothing; "maybe a beard" says it less surely."""
    for i, item in enumerate(items):
        if item.role not in ("unsure", "hedge"):
            continue
        seen = False
        for follower in items[i + 1 : i + 1 + 2 * _REACH]:
            if follower.role in ("stop", "but", "comma", "ask"):
                break
            if follower.content:
                if item.role == "unsure":
                    follower.skip = follower.skip or UNSURE
                else:
                    follower.hedged = True
                    seen = True
            elif item.role == "hedge" and seen and follower.role in ("and", "has", "in"):
                break
