"""Whom and what the words are about: the described person, somebody else, a thing that isn't worn, or nothing certain.

One face is drawn. Where several people are mentioned, the first one counts; "his wife", "next to a bearded man" and
"her husband is bald" are about somebody else until the text comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facegen.reading.items import Item
from facegen.reading.lexicon import lexicon

OTHER, NOT_WORN, UNSURE = "somebody else", "not worn", "not sure"
_REACH = 8
_BESIDE = frozenset(
    "next to|beside|alongside|near|in front of|behind|talking to|talking with|married to|accompanied by".split("|")
)
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


@dataclass
class _Story:
    """Who the text is about while it is read from left to right.

    Attributes:
        male: the described person's gender, as far as it was said. met: has the described person been mentioned?
        other: is somebody else being spoken of? linked: brought in by "next to" and the like, in passing?
        corrected: "no, .." or "I mean" came last, so the next person replaces the first.
    """

    male: bool | None = None
    met: bool = False
    other: bool = False
    linked: bool = False
    corrected: bool = False

    def hear_pronoun(self, items: Sequence[Item], i: int) -> None:
        item, male = items[i], items[i].role == "he"
        self.male = male if self.male is None else self.male
        self.met = True
        if item.norm in ("he", "she") or _owns(items, i):
            self.other, self.linked = male != self.male, False
        if male != self.male:
            item.skip = OTHER

    def hear_crowd(self, items: Sequence[Item], i: int) -> None:
        if self.met:
            # "a mother of two boys" goes on about the mother
            self.other = "of" not in (items[max(0, i - 1)].norm, items[max(0, i - 2)].norm)
            items[i].skip = OTHER

    def hear_person(self, items: Sequence[Item], i: int) -> None:
        known = lexicon()
        item, male = items[i], gender(items[i])
        begin, link, possessive = _lead(items, i)
        differs = male is not None and self.male is not None and male != self.male
        if _owner(items, i) and self._hear_owner(items, i, link):
            return
        if link in _COMPARING and differs:
            _skip(items[begin : i + 1])  # "hair like a boy"
            return
        if not self.met and link in _BESIDE:
            _skip(items[begin : i + 1])  # the described person comes later
            self.other = self.linked = True
            return
        somebody_new = possessive and item.norm in known.relatives or any(x.norm in known.again for x in items[begin:i])
        if not self.met or (differs and self.corrected and not possessive):
            self.other = False
        elif somebody_new or link in known.links:
            self.other = True
        elif link in ("and", "or", "of", "has", "have", "had", "but"):
            self.other = differs or (male is None and _new(items, begin, i))
        else:
            self.other = differs
        if self.other:
            _skip(items[begin:i])
        elif male is not None:
            self.male = male
        self.met, self.corrected, self.linked = True, False, link in known.links

    def _hear_owner(self, items: Sequence[Item], i: int, link: str) -> bool:
        """Set aside who only owns something: "her father's eyes", "a man's haircut", "the farmer's wife".

        Returns whether that was so: not in "a man's face".
        """
        item, owned = items[i], items[i + 2]
        if owned.part == "person":
            item.skip = OTHER
        elif self.met:
            item.skip = OTHER
            # "She has her father's eyes": they are hers. "Her father's beard is gray": that is his.
            if item.norm in lexicon().relatives and link not in (
                "has",
                "have",
                "had",
                "with",
                "got",
                "inherited",
                "and",
                "'s",
            ):
                self.other = True
        elif owned.part in ("hair", ""):
            item.skip = OTHER
        return bool(item.skip)


def _others(items: Sequence[Item]) -> None:
    """Follow who is being spoken of, and set aside what is said of others than the described person."""
    story = _Story()
    again = lexicon().again
    for i, item in enumerate(items):
        role = item.role
        following = items[i + 1] if i + 1 < len(items) else None
        if role in ("stop", "ask", "bullet"):
            story.other = False
        elif role == "correct" or (role == "not" and following is not None and following.role == "comma"):
            story.corrected = True
        elif role in ("he", "she"):
            story.hear_pronoun(items, i)
        elif role == "crowd":
            story.hear_crowd(items, i)
        elif (
            item.norm in again
            and following is not None
            and (following.norm == "one" or following.role in ("is", "has"))
        ):
            story.other = story.met or story.male is not None  # "the other one had a mask on"
        elif (
            role == "noun"
            and item.part == "person"
            and (item.own.says or item.norm in lexicon().relatives or not story.met)
        ):
            story.hear_person(items, i)
            if item.skip:
                continue
        elif role == "comma" and story.other and story.linked and following is not None:
            if following.role in ("has", "verb", "not", "age") or (following.role == "word" and following.own):
                story.other = False  # "next to a bald man, smiling"
        if story.other and item.content:
            item.skip = item.skip or OTHER


def _skip(items: Sequence[Item]) -> None:
    for item in items:
        item.skip = item.skip or OTHER


def _owner(items: Sequence[Item], i: int) -> bool:
    """Is it "a man's haircut" or "her father's eyes"?"""
    return (
        i + 2 < len(items) and items[i + 1].norm in ("'s", "s'") and items[i + 2].content and items[i + 2].role != "age"
    )


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
