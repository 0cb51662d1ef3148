"""Which noun a describing word belongs to: "black" to the hair, the eyes, the person, the shirt, or nobody.

English puts it before its noun ("long, black hair"), after it ("her hair is long and black", "hair: short, gray") or
leaves the noun out ("tall, pale, heavyset"). One pass from left to right; each word looks a bounded way to its right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facegen.reading.describing import (
    NOBODY,
    OF_A_THING,
    PERSONAL,
    REACH,
    SHARING,
    attach,
    fronted,
    is_a_tongue,
    is_of_a_thing,
    meaning_of,
    noun_to_the_right,
    of_part,
    seeks,
    share,
)  # fmt: skip
from facegen.reading.items import Item
from facegen.reading.lexicon import lexicon

_LABELS = ("race", "sex")  # in a form, what stands behind these is theirs: "RAC B HAI GRY"
_ASIDE = 8  # items
PERSON = -1  # a topic that is no item: the described person


def link(items: Sequence[Item]) -> None:
    """Write on each describing word the noun that it describes and what it then means."""
    topic = _Topic(items)
    for i in range(len(items)):
        topic.hear(i)
    for item in items:
        if item.role == "word" and item.head is not None and item.meaning is not None:
            share(items, item)


class _Topic:
    """What the text is about while it is read from left to right.

    Attributes:
        at: the index of the noun that a word without one of its own is about, or `PERSON` or `NOBODY`.
        said: how it was joined to what follows: "is", "colon", "dash", "of" or "behind"; "" is not yet.
        they: "they" was said, which may be eyes or a person.
        before: the hair, while a phrase with "in" or "on" goes on. last: the part of the face spoken of last, for "it".
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.at, self.said, self.they = PERSON, "", False
        self.before = self.last = NOBODY

    def hear(self, i: int) -> None:
        """Take in the item at `i`."""
        role = self.items[i].role
        step = self._STEPS.get(role)
        if step:
            step(self, i)
        elif self.items[i].norm == "who":
            self._person(i)
        if role in ("noun", "thing", "stop", "he", "she"):
            self.they = False

    def _set(self, at: int, said: str = "") -> None:
        self.at, self.said = at, said

    def _noun(self, i: int) -> None:
        item = self.items[i]
        follower = self.items[i + 1] if i + 1 < len(self.items) else None
        if follower is not None and follower.role == "thing" and item.part != "person":
            compound = follower.entry.compound and follower.start <= item.end + 1
            if compound:
                item.skip = OF_A_THING  # "beard trimmer", "hat rack"
            if compound or item.part != "object":
                return self._set(NOBODY)  # "nose ring", "hair clip"
        self._set(i)
        self.last = self.last if item.part == "person" else i
        if self.before >= 0 and any(x.role in ("comma", "and", "has") for x in self.items[self.before : i]):
            self.before = NOBODY

    def _nobody(self, i: int) -> None:
        self._set(NOBODY)
        self.before = NOBODY

    def _person(self, i: int) -> None:
        owned = self.items[i].norm in ("his", "hers") and i + 1 < len(self.items) and self.items[i + 1].role == "is"
        self._set(self.last if owned else PERSON)  # "brown eyes, but his are green"

    def _verb(self, i: int) -> None:
        if self.at >= 0 and self.items[self.at].part == "hair" and self.items[i].norm in lexicon().sets["falling"]:
            self.said = "is"  # "her locks fell black to the belt"

    def _joint(self, i: int) -> None:
        self.said = self.items[i].role
        if self.said == "is" and self.at >= 0 and self.items[self.at].part == "object" and self._is_aside():
            self.at = PERSON
        if self.said == "is" and self.before >= 0:
            self.at, self.before = self.before, NOBODY  # "the hair under the bonnet was white"

    def _is_aside(self) -> bool:
        """Is what is worn only there to tell who is meant ("the guy in the cap was blond")?"""
        joined = False
        for item in reversed(self.items[max(0, self.at - _ASIDE) : self.at]):
            if item.part == "person":
                return joined
            joined = joined or item.role in ("has", "in", "holding")
            if item.role not in ("has", "in", "holding", "a", "word", "degree"):
                return False
        return False

    def _none(self, i: int) -> None:
        if self.items[i].norm.endswith("gone"):
            self.said = "is"  # "stubble gone to salt and pepper"

    def _ask(self, i: int) -> None:
        self.said = "colon" if self.at == i - 1 else ""  # "Eyes? blue"

    def _it(self, i: int) -> None:
        self._set(PERSON if self.items[i].norm == "them" else self.last)
        self.they = self.items[i].norm == "they"

    def _correct(self, i: int) -> None:
        """ "Black hair. Correction: brown" is about the hair again; so is "Long hair. No, short"."""
        if self.items[i].role == "not" and not (i + 1 < len(self.items) and self.items[i + 1].role == "comma"):
            return
        if self.last >= 0:
            self._set(self.last, "colon")

    def _of(self, i: int) -> None:
        """ "Eyes of pale blue"."""
        right_behind = self.at == i - 1 and self.at >= 0 and self.items[self.at].part in SHARING
        if right_behind and self.items[i].norm.endswith("of"):
            self.said = "of"

    def _stop(self, i: int) -> None:
        # "Hair:" at a line's end speaks of the lines below it, and "Correction." of what was said.
        self.before = NOBODY
        if not (i and self.items[i - 1].role in ("colon", "correct")):
            self._set(PERSON)

    def _phrase(self, i: int) -> None:
        if self.items[i].role == "in" and self.at >= 0 and self.items[self.at].part == "hair":
            self.before = self.at
        self._set(NOBODY)

    def _comma(self, i: int) -> None:
        if self.before >= 0 and self.at == NOBODY:
            self._set(self.before)  # "hair parted in the middle, brown"
        self.before = NOBODY

    def _word(self, i: int) -> None:
        if _place(self.items, i, self):
            self.said = self.said or "behind"

    _STEPS: dict[str, Callable[[_Topic, int], None]] = {
        "noun": _noun, "thing": _nobody, "crowd": _nobody, "unread": _nobody, "he": _person, "she": _person,
        "name": _person, "self": _person, "colon": _joint, "is": _joint, "dash": _joint, "none": _none, "ask": _ask,
        "it": _it,
        "correct": _correct, "not": _correct, "of": _of, "verb": _verb, "stop": _stop, "has": _phrase, "in": _phrase,
        "holding": _phrase, "comma": _comma, "word": _word,
    }  # fmt: skip


def _place(items: Sequence[Item], i: int, topic: _Topic) -> bool:
    """Give the word at `i` its noun and meaning. Returns whether that was the topic, to its left."""
    item = items[i]
    if i + 1 < len(items) and is_of_a_thing(items, i):
        item.skip = OF_A_THING  # "a smiling dog", "a chunky necklace"
        item.meaning = item.own
        return False
    if i + 2 < len(items) and items[i + 1].norm == "than" and _is_personal(items, i + 2):
        item.skip = "compared"  # "his hair is shorter than hers"
        return False
    if not seeks(item):
        item.meaning = item.own
        return False
    if is_a_tongue(items, i):
        item.skip = "a language"
        return False
    right, tight = noun_to_the_right(items, i)
    if fronted(items, i):
        return False
    if _to_the_left(items, i, topic, right, tight):
        return True
    if right is not None and right >= 0 and (tight or not _apart_from(item, items[right])):
        noun = items[right]
        if noun.role in ("noun", "crowd"):
            meaning = meaning_of(item, noun.part)
            meanings = item.entry.meanings
            apart = "hair" not in meanings or "head" in meanings
            person = meanings.get("person") if noun.part == "face" and not tight else None
            if person:
                item.meaning = person  # "white, thin face"
            elif meaning is None and item.own and item.own.is_certain and apart:
                item.meaning = item.own  # "smiling brown eyes", "clean-shaven glasses"
            else:
                attach(item, right, noun, meaning)
        return False
    if right is None and of_part(items, i):
        return False
    _alone(items, i, topic, right)
    return False


def _is_personal(items: Sequence[Item], i: int) -> bool:
    """Is a person spoken of at `i` ("his wife's", "hers", "the other man")?"""
    return any(x.role in ("he", "she", "i") or x.part == "person" for x in items[i : i + 3])


def _to_the_left(items: Sequence[Item], i: int, topic: _Topic, right: int | None, tight: bool) -> bool:
    """Attach the word to the topic, where it describes that rather than what is to its right."""
    if topic.at < 0:
        return False
    item, noun = items[i], items[topic.at]
    left = meaning_of(item, noun.part)
    if left is None or (i + 1 < len(items) and items[i + 1].norm == "of" and not topic.said):
        return False  # "a face full of freckles"
    passed = ("degree", "a") if right is None else ("degree",)  # "eyes a bright green"
    nearest = next(j for j in range(i - 1, -1, -1) if items[j].role not in passed or j <= topic.at)
    behind = topic.at == nearest and not noun.described  # "eyes blue", "hair slightly wavy"
    apart = right is None or right == NOBODY or _apart_from(item, items[right])
    small = ("a", "unknown") if right is None else ()  # "eyes, a washed-out blue"
    ahead = tight and right is not None and not (topic.said and right == NOBODY)
    if behind and noun.part in _LABELS:
        ahead = False
    if ahead and (behind or topic.said in ("colon", "dash")) and _own_words_follow(items, right, noun):
        ahead = False  # "eyes blue hair brown"
    if ahead or not (topic.said or behind or (apart and _follows(items, i, topic.at, small))):
        return False
    attach(item, topic.at, noun, left)
    return True


def _alone(items: Sequence[Item], i: int, topic: _Topic, right: int | None) -> None:
    """What a word without a noun of its own means."""
    item = items[i]
    item.meaning = item.own
    if right == NOBODY:
        return  # "a blond barista" is blond; but "black" and "long" say nothing about an unknown thing
    bodily = "hair" in item.entry.meanings  # a word that also describes hair needs to be told that it is the person's
    personal = topic.at == PERSON or topic.they or (topic.at >= 0 and items[topic.at].part in PERSONAL)
    if personal or (not bodily and not topic.said):
        item.meaning = meaning_of(item, "person")
    elif bodily and topic.said and topic.at >= 0:
        item.meaning = None  # "his beard is graying"


def _apart_from(item: Item, noun: Item) -> bool:
    """Does the word say nothing of that noun, so that it can't be meant in "clean-shaven, black hair"?"""
    return noun.role not in ("noun", "crowd") or meaning_of(item, noun.part) is None


def _follows(items: Sequence[Item], i: int, topic: int, passed: Sequence[str]) -> bool:
    """Is nothing else spoken of between the noun and the word ("blue eyes, narrow")?"""
    between = items[topic + 1 : i]
    return len(between) < REACH and not any(
        (x.role in ("noun", "thing", "unread", "has", "a", "he", "she") and x.role not in passed)
        or (x.role == "word" and x.head != topic)
        for x in between
    )


def _own_words_follow(items: Sequence[Item], right: int | None, left: Item) -> bool:
    """In "eyes blue hair brown" the noun to the right has its own words behind it, so "blue" is the eyes'."""
    if right is None or left.part == "person":
        return False  # "male BLK hair BRO eyes"
    follower = items[right + 1] if 0 <= right and right + 1 < len(items) else None
    if follower is None:
        return right == NOBODY
    return follower.role == "colon" or (seeks(follower) and meaning_of(follower, items[right].part) is not None)
