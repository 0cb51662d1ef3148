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
_BESIDE = ("next to", "beside", "alongside", "near", "in front of", "behind", "talking to", "talking with", "married to", "accompanied by")
_COMPARING = ("like", "as", "than")


def gender(item: Item) -> bool | None:
    """True for a noun that says male, False for female, None for neither."""
    own = item.own
    return dict(own.says).get("male") if own else None


def _lead(items: Sequence[Item], i: int) -> tuple[int, str, bool]:
    """What leads to the person at `i`: where the phrase begins, the word before it, and is "his" or "her" inside?"""
    possessive = False
    comma = None
    j = i - 1
    while j >= max(0, i - _REACH):
        item = items[j]
        if item.norm in ("his", "her", "their", "whose"):
            possessive = True
        elif not (item.role in ("word", "age", "unknown", "a", "degree", "i") or item.part == "person"):
            # Commas inside "a bald, bearded man" belong to the phrase.
            if item.role != "comma" or not (j and items[j - 1].role in ("word", "age")):
                break
            comma = comma or j
        j -= 1
    begin = j + 1
    if comma and not possessive and items[begin].role != "a":
        return comma + 1, ",", possessive  # no such phrase: "with open lips, Asian"
    return begin, items[j].norm if j >= 0 else "", possessive


def set_aside(items: Sequence[Item]) -> None:
    """Write on the items that don't count why they don't."""
    _others(items)
    _not_worn(items)
    _unsure(items)


def _others(items: Sequence[Item]) -> None:
    """Follow who is being spoken of, and set aside what is said of others than the first person."""
    main: bool | None = None  # the described person's gender, as far as it was said
    met = other = linked = corrected = False
    for i, item in enumerate(items):
        role = item.role
        following = items[i + 1] if i + 1 < len(items) else None
        if role in ("stop", "ask", "bullet"):
            other = False
        elif role == "correct" or (role == "not" and following is not None and following.role == "comma"):
            corrected = True
        elif role in ("he", "she"):
            male = role == "he"
            main = male if main is None else main
            met = True
            if item.norm in ("he", "she") or _owns(items, i):
                other = male != main
            if male != main:
                item.skip = OTHER
        elif role == "crowd":
            if met:
                other = not (i and items[i - 1].norm == "of" or i > 1 and items[i - 2].norm == "of")  # "mother of two boys"
                item.skip = OTHER
        elif item.norm in lexicon().again and following is not None and (following.norm == "one" or following.role in ("is", "has")):
            other = met or main is not None  # "the other one had a mask on"
        elif role == "noun" and item.part == "person" and (item.own.says or item.norm in lexicon().relatives or not met):
            begin, link, possessive = _lead(items, i)
            male = gender(item)
            differs = male is not None and main is not None and male != main
            if _owner(items, i):
                if met or link or gender(item) is None or items[i + 2].part != "face":
                    item.skip = OTHER if (met and not _kin_features(items, i, link)) or items[i + 2].part in ("hair", "") else item.skip
                    if met and item.norm in lexicon().relatives and not _kin_features(items, i, link):
                        other = True
                    elif met:
                        item.skip = OTHER
                    if item.skip:
                        continue
            if link in _COMPARING and differs:
                for inside in items[begin : i + 1]:
                    inside.skip = inside.skip or OTHER  # "hair like a boy"
                continue
            if not met and link in _BESIDE:
                for inside in items[begin : i + 1]:
                    inside.skip = inside.skip or OTHER
                other = linked = True
                continue
            if not met or (differs and corrected and not possessive):
                aside = False
            elif possessive and item.norm in lexicon().relatives or any(x.norm in lexicon().again for x in items[begin:i]):
                aside = True
            elif link in lexicon().links:
                aside = True
            elif link in ("and", "or", "of", "has", "have", "had", "but"):
                aside = differs or (male is None and _new(items, begin, i))
            else:
                aside = differs
            if aside:
                for inside in items[begin:i]:
                    inside.skip = inside.skip or OTHER
            elif male is not None:
                main = male
            other, met, corrected = aside, True, False
            linked = link in lexicon().links
        elif role == "comma" and other and linked and following is not None:
            if following.role in ("has", "verb", "not", "age") or (following.role == "word" and following.own):
                other = False  # "next to a bald man, smiling"
        if other and item.content:
            item.skip = item.skip or OTHER


def _owner(items: Sequence[Item], i: int) -> bool:
    """Is it "a man's haircut" or "her father's eyes"?"""
    return i + 2 < len(items) and items[i + 1].norm in ("'s", "s'") and items[i + 2].content and items[i + 2].role != "age"


def _kin_features(items: Sequence[Item], i: int, link: str) -> bool:
    """"She has her father's eyes": they are hers."""
    return link in ("has", "have", "had", "with", "got", "inherited", "and", "'s")


def _owns(items: Sequence[Item], i: int) -> bool:
    """Is "her" here followed by what is hers ("her long hair") rather than an object ("with her was")?"""
    for item in items[i + 1 : i + 5]:
        if item.content:
            return item.part != "person"
        if item.role not in ("degree", "comma", "and"):
            return False
    return False


def _new(items: Sequence[Item], begin: int, i: int) -> bool:
    """Does the phrase bring in somebody new ("a child") rather than speak of one known ("the child")?"""
    return any(x.norm in ("a", "an", "another", "some", "one") for x in items[begin:i])


def _not_worn(items: Sequence[Item]) -> None:
    """Glasses on the table and a hat in the hand are not on the face."""
    places = False  # this sentence began with a place: "On the table are .."
    fresh = True
    for i, item in enumerate(items):
        if item.role in ("stop", "but") or item.norm in ("he", "she", "they"):
            places, fresh = False, item.role == "stop"
            continue
        if fresh and item.role == "in":
            places = _leads_to_place(items, i)
        if item.role == "in" and item.norm in ("on", "in", "at") and _leads_to_place(items, i) and i:
            for follower in items[i + 1 : i + 11]:
                if follower.norm in ("there", "is", "are", "lies", "were", "was"):
                    places = True
                    break
        if item.content or item.role == "it":
            fresh = False
        if item.role == "holding":
            for held in items[i + 1 : i + 1 + _REACH]:
                if held.role in ("comma", "stop", "has", "he", "she", "but"):
                    break
                if held.content:
                    held.skip = held.skip or NOT_WORN
        if item.part == "object" and item.role == "noun":
            eyewear = item.own.says[:1] in ((("eyeglasses", True),), (("sunglasses", True),))
            if places or _lies_somewhere(items, i, ("neck", "chest", "collar", "shirt") if eyewear else ()):
                item.skip = item.skip or NOT_WORN


def _leads_to_place(items: Sequence[Item], i: int, more: Sequence[str] = ()) -> bool:
    """Is the preposition at `i` followed by a place that is no part of a face ("on the kitchen table")?"""
    for item in items[i + 1 : i + 7]:
        if item.norm in more or (item.entry is not None and item.entry.place):
            return True
        if item.role not in ("a", "word", "unknown", "he", "she", "it", "i", "thing", "in"):
            return False
    return False


def _lies_somewhere(items: Sequence[Item], i: int, more: Sequence[str]) -> bool:
    for j in range(i + 1, min(len(items), i + 5)):
        item = items[j]
        if item.role == "in" and item.norm in ("on", "in", "at", "from", "around"):
            return _leads_to_place(items, j, more)
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
