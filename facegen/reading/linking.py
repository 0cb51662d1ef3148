"""Which noun a describing word belongs to: "black" to the hair, the eyes, the person, the shirt, or nobody.

English puts it before its noun ("long, black hair"), after it ("her hair is long and black", "hair: short, gray") or
leaves the noun out ("tall, pale, heavyset"). One pass from left to right; each word looks a bounded way to its right.
"""

from __future__ import annotations

from collections.abc import Sequence

from facegen.reading.items import Item
from facegen.reading.lexicon import Meaning

_REACH = 14  # items that a word looks to the right for its noun
_UNKNOWN = 2  # unknown words that may stand between ("black shiny shoulder-length hair")
_PERSONAL = ("person", "face", "head", "sex")  # said of these, a word may mean what it means by itself
_SPEAKING = ("mouth", "chin", "jaw", "expression")  # so too of these, for words that aren't colors or lengths
_SHARING = ("hair", "eyes", "eyebrows", "skin")  # these share a color: "brown eyes and hair"
PERSON, NOBODY = -1, -2  # topics that are no item: the described person; something that nothing is read about


def meaning_of(word: Item, part: str) -> Meaning | None:
    """What a describing word says of a part, if anything."""
    if word.entry is None:
        return None
    meaning = word.entry.meanings.get(part)
    if meaning is None and part in _PERSONAL:
        meaning = word.own or word.entry.meanings.get("person")
    if meaning is None and part in _SPEAKING and "hair" not in word.entry.meanings:
        meaning = word.own
    return meaning


def seeks(item: Item) -> bool:
    """Does this word need a noun to say something (of hair: "long")?"""
    return item.role == "word" and item.entry is not None and any(item.entry.meanings.keys() - {""})


def _right(items: Sequence[Item], i: int) -> tuple[int | None, bool]:
    """The noun to the right that the word at `i` may describe, and whether only describing words lie between.

    None where there is none; `NOBODY` for an unknown word that must be the noun.
    """
    tight, unknown, joined, aside = True, 0, False, False
    j = i
    for j in range(i + 1, min(i + 1 + _REACH, len(items))):
        item = items[j]
        if item.role == "thing" and j + 1 < len(items) and items[j + 1].part == "person" and not joined:
            continue  # "the old sea captain"
        if item.role in ("noun", "thing", "crowd"):
            # "eyes blue, hair long": a comma or "and" right before a noun begins something new.
            return (None, False) if joined and not aside else (j, tight)
        if item.role in ("comma", "and", "or"):
            if unknown:  # "a black raincoat, short hair": the unknown word was the noun
                return (NOBODY if tight else None), tight
            tight, joined = False, True
            continue
        if item.role in ("word", "age", "degree", "hedge", "mark", "quote", "number") or item.norm == "not":
            joined = False
            aside = aside or item.norm == "not"  # "straight, not curly, hair"
            continue
        if item.role in ("unknown", "name", "unread"):
            joined = False
            unknown += 1
            if unknown > _UNKNOWN or item.role != "unknown":
                return (NOBODY if tight else None), tight
            continue
        break
    return (NOBODY, tight) if unknown and tight else (None, False)


def link(items: Sequence[Item]) -> None:
    """Write on each describing word the noun that it describes and what it then means."""
    _link(items)
    _share(items)


def _link(items: Sequence[Item]) -> None:
    topic = PERSON  # what a word without a noun of its own is about
    said = ""  # how it was joined to what follows: "is", "colon", "dash" or "behind"; "" is not yet
    they = False
    before = NOBODY  # the hair, while a phrase with "in" or "on" goes on
    last = NOBODY  # the last part of the face spoken of, for "it"
    for i, item in enumerate(items):
        role = item.role
        if role == "noun":
            follower = items[i + 1] if i + 1 < len(items) else None
            if follower is not None and follower.role == "thing" and item.part not in ("person", "object"):
                topic, said = NOBODY, ""  # "nose ring", "hair clip"
                continue
            topic = i
            last = last if item.part == "person" else i
            said, before = "", NOBODY
        elif role in ("thing", "crowd", "unread"):
            topic, said, before = NOBODY, "", NOBODY
        elif role in ("he", "she", "name") or item.norm == "who":
            topic, said = PERSON, ""
        elif role in ("colon", "is", "dash"):
            said = role
        elif role == "ask":
            said = "colon" if topic == i - 1 else ""  # "Eyes? blue"
        elif role == "it":
            topic, said = last, ""
            they = item.norm == "they"  # eyes, or a person
        elif role == "stop":
            # "Hair:" at a line's end speaks of the lines below it.
            before = NOBODY
            if not (i and items[i - 1].role == "colon"):
                topic, said = PERSON, ""
        elif role in ("has", "in", "holding"):
            if role == "in" and topic >= 0 and items[topic].part == "hair":
                before = topic
            topic, said = NOBODY, ""
        elif role == "comma" and before >= 0:
            topic, before = before, NOBODY  # "hair parted in the middle, brown"
        elif role == "word":
            if _place(items, i, topic, said, they):
                said = said or "behind"
        if role in ("noun", "thing", "stop", "he", "she"):
            they = False


def _share(items: Sequence[Item]) -> None:
    """ "brown eyes and hair", "her hair and eyes are brown": one word for two nouns."""
    for i, item in enumerate(items):
        if item.role != "word" or item.head is None or item.meaning is None or items[item.head].part not in _SHARING:
            continue
        # The other noun stands on the far side of the word's own.
        step = 1 if item.head > i else -1
        j = item.head + step
        if not (0 <= j < len(items)) or items[j].role != "and":
            continue
        j += step
        while 0 <= j < len(items) and items[j].norm in ("the", "his", "her", "their", "my"):
            j += step
        if not 0 <= j < len(items) or items[j].part not in _SHARING or items[j].described:
            continue
        if step == 1 and j + 1 < len(items) and items[j + 1].role in ("is", "colon", "word"):
            continue
        meaning = meaning_of(item, items[j].part)
        if meaning is not None and items[j].part != items[item.head].part:
            items[j].described = True
            item.meaning = Meaning(item.meaning.says + meaning.says, min(item.meaning.sure, meaning.sure))


def _place(items: Sequence[Item], i: int, topic: int, said: str, they: bool) -> bool:
    """Give the word at `i` its noun and meaning. Returns whether that was the topic, to its left."""
    item = items[i]
    if not seeks(item):
        if i + 1 < len(items) and items[i + 1].role == "thing":
            item.skip = "of a thing"  # "a smiling dog"
        item.meaning = item.own
        return False
    right, tight = _right(items, i)
    if topic >= 0:
        noun = items[topic]
        left = meaning_of(item, noun.part)
        nearest = next(j for j in range(i - 1, -1, -1) if items[j].role != "degree" or j <= topic)
        behind = topic == nearest and not noun.described  # "eyes blue", "hair slightly wavy"
        apart = right is None or right == NOBODY or _apart_from(item, items[right])
        ahead = tight and right is not None and not (said and right == NOBODY)
        if ahead and (behind or said in ("colon", "dash")) and _own_words_follow(items, right):
            ahead = False  # "eyes blue hair brown"
        if left is not None and not ahead and (said or behind or (apart and _follows(items, i, topic))):
            _attach(item, topic, noun, left)
            return True
    if right is not None and right >= 0 and (tight or not _apart_from(item, items[right])):
        if items[right].role in ("noun", "crowd"):
            _attach(item, right, items[right], meaning_of(item, items[right].part))
        return False
    if right is None and _of_part(items, i):
        return False
    item.meaning = item.own
    if right == NOBODY:
        return False  # "a blond barista" is blond; but "black" and "long" say nothing about an unknown thing
    bodily = "hair" in item.entry.meanings  # a word that also describes hair needs to be told that it is the person's
    if topic == PERSON or they or (topic >= 0 and items[topic].part in _PERSONAL) or (not bodily and not said):
        item.meaning = meaning_of(item, "person")
    elif bodily and said and topic >= 0:
        item.meaning = None  # "his beard is graying"
    return False


def _apart_from(item: Item, noun: Item) -> bool:
    """Does the word say nothing of that noun, so that it can't be meant in "clean-shaven, black hair"?"""
    return noun.role not in ("noun", "crowd") or meaning_of(item, noun.part) is None


def _of_part(items: Sequence[Item], i: int) -> bool:
    """Attach the word to the noun of "the silver of his hair", where there is one."""
    if i + 1 < len(items) and items[i + 1].norm == "of":
        for j in range(i + 2, min(i + 4, len(items))):
            noun = items[j]
            if noun.role == "noun" and noun.part != "person" and meaning_of(items[i], noun.part):
                _attach(items[i], j, noun, meaning_of(items[i], noun.part))
                return True
            if noun.role not in ("a", "he", "she", "it", "i"):
                break
    return False


def _follows(items: Sequence[Item], i: int, topic: int) -> bool:
    """Is nothing else spoken of between the noun and the word ("blue eyes, narrow")?"""
    between = items[topic + 1 : i]
    return len(between) < _REACH and not any(
        x.role in ("noun", "thing", "unread", "has", "a", "he", "she") or (x.role == "word" and x.head != topic)
        for x in between
    )


def _own_words_follow(items: Sequence[Item], right: int) -> bool:
    """In "eyes blue hair brown" the noun to the right has its own words behind it, so "blue" is the eyes'."""
    follower = items[right + 1] if 0 <= right and right + 1 < len(items) else None
    if follower is None:
        return right == NOBODY
    return follower.role == "colon" or (seeks(follower) and meaning_of(follower, items[right].part) is not None)


def _attach(item: Item, index: int, noun: Item, meaning: Meaning | None) -> None:
    item.head, item.meaning, noun.described = index, meaning, True
