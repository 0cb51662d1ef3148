"""Which noun a describing word belongs to: "black" to the hair, the eyes, the person, the shirt, or nobody.

English puts it before its noun ("long, black hair"), after it ("her hair is long and black", "hair: short, gray") or
leaves the noun out ("tall, pale, heavyset"). One pass from left to right; each word looks a bounded way to its right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facegen import attributes
from facegen.reading.items import Item
from facegen.reading.lexicon import Meaning, lexicon

_REACH = 14  # items that a word looks to the right for its noun
_UNKNOWN = 2  # unknown words that may stand between ("black shiny shoulder-length hair")
_PERSONAL = ("person", "face", "head", "sex", "race")  # said of these, a word may mean what it means by itself
_SPEAKING = ("mouth", "chin", "jaw", "expression")  # so too of these, for words that aren't colors or lengths
_SHARING = ("hair", "eyes", "eyebrows", "skin")  # these share a color: "brown eyes and hair"
_LABELS = ("race", "sex")  # in a form, what stands behind these is theirs: "RAC B HAI GRY"
PERSON, NOBODY = -1, -2  # topics that are no item: the described person; something that nothing is read about
OF_A_THING = "of a thing"


def meaning_of(word: Item, part: str) -> Meaning | None:
    """What a describing word says of a part, if anything."""
    meaning = word.entry.meanings.get(part)
    if meaning is None and part in _PERSONAL:
        meaning = word.own or word.entry.meanings.get("person")
    if meaning is None and part in _SPEAKING and "hair" not in word.entry.meanings:
        meaning = word.own
    return meaning


def seeks(item: Item) -> bool:
    """Does this word need a noun to say something (of hair: "long")?"""
    return item.role == "word" and any(item.entry.meanings.keys() - {""})


def link(items: Sequence[Item]) -> None:
    """Write on each describing word the noun that it describes and what it then means."""
    topic = _Topic(items)
    for i in range(len(items)):
        topic.hear(i)
    for item in items:
        if item.role == "word" and item.head is not None and item.meaning is not None:
            _share(items, item)


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
        self.before = NOBODY

    def _nobody(self, i: int) -> None:
        self._set(NOBODY)
        self.before = NOBODY

    def _person(self, i: int) -> None:
        self._set(PERSON)

    def _joint(self, i: int) -> None:
        self.said = self.items[i].role

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
        right_behind = self.at == i - 1 and self.at >= 0 and self.items[self.at].part in _SHARING
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
        if self.before >= 0:
            self._set(self.before)  # "hair parted in the middle, brown"
            self.before = NOBODY

    def _word(self, i: int) -> None:
        if _place(self.items, i, self):
            self.said = self.said or "behind"

    _STEPS: dict[str, Callable[[_Topic, int], None]] = {
        "noun": _noun, "thing": _nobody, "crowd": _nobody, "unread": _nobody, "he": _person, "she": _person,
        "name": _person, "self": _person, "colon": _joint, "is": _joint, "dash": _joint, "none": _none, "ask": _ask,
        "it": _it,
        "correct": _correct, "not": _correct, "of": _of, "stop": _stop, "has": _phrase, "in": _phrase,
        "holding": _phrase, "comma": _comma, "word": _word,
    }  # fmt: skip


def _right(items: Sequence[Item], i: int) -> tuple[int | None, bool]:
    """The noun to the right that the word at `i` may describe, and whether only describing words lie between.

    None where there is none; `NOBODY` for an unknown word that must be the noun.
    """
    tight, unknown, joined, aside = True, 0, False, False
    for j in range(i + 1, min(i + 1 + _REACH, len(items))):
        item = items[j]
        if item.role == "thing" and j + 1 < len(items) and items[j + 1].part == "person" and not joined:
            continue  # "the old sea captain"
        if item.role in ("noun", "thing", "crowd"):
            # "eyes blue, hair long": a comma or "and" right before a noun begins something new.
            return (None, False) if joined and not aside else (j, tight)
        if item.role in ("comma", "and", "or"):
            if unknown:
                break  # "a black raincoat, short hair": the unknown word was the noun
            tight, joined = False, True
        elif item.role in ("unknown", "name", "unread"):
            joined = False
            unknown += 1
            if unknown > _UNKNOWN or item.role != "unknown":
                break
        elif item.role in ("word", "age", "degree", "hedge", "mark", "quote", "number") or item.norm == "not":
            joined, aside = False, aside or item.norm == "not"  # "straight, not curly, hair"
        else:
            break
    return (NOBODY, tight) if unknown and tight else (None, False)


def _share(items: Sequence[Item], item: Item) -> None:
    """ "brown eyes and hair", "her hair and eyes are brown": one word for two nouns."""
    assert item.head is not None and item.meaning is not None
    noun = items[item.head]
    # The other noun stands on the far side of the word's own.
    step = 1 if noun.start > item.start else -1
    j = item.head + step
    if noun.part not in _SHARING or not 0 <= j < len(items) or items[j].role != "and":
        return
    j += step
    while 0 <= j < len(items) and items[j].norm in ("the", "his", "her", "their", "my"):
        j += step
    if not 0 <= j < len(items) or items[j].part not in _SHARING or items[j].described:
        return
    if step == 1 and j + 1 < len(items) and items[j + 1].role in ("is", "colon", "word"):
        return
    meaning = meaning_of(item, items[j].part)
    if meaning is not None and items[j].part != noun.part:
        items[j].described = True
        item.meaning = Meaning(item.meaning.says + meaning.says, min(item.meaning.sure, meaning.sure))


def _place(items: Sequence[Item], i: int, topic: _Topic) -> bool:
    """Give the word at `i` its noun and meaning. Returns whether that was the topic, to its left."""
    item = items[i]
    if i + 1 < len(items) and _is_of_a_thing(items, i):
        item.skip = OF_A_THING  # "a smiling dog", "a chunky necklace"
        item.meaning = item.own
        return False
    if not seeks(item):
        item.meaning = item.own
        return False
    if _is_a_tongue(items, i):
        item.skip = "a language"
        return False
    right, tight = _right(items, i)
    if _to_the_left(items, i, topic, right, tight):
        return True
    if right is not None and right >= 0 and (tight or not _apart_from(item, items[right])):
        noun = items[right]
        if noun.role in ("noun", "crowd"):
            meaning = meaning_of(item, noun.part)
            meanings = item.entry.meanings
            apart = "hair" not in meanings or "head" in meanings
            if meaning is None and item.own and item.own.is_certain and apart:
                item.meaning = item.own  # "smiling brown eyes", "clean-shaven glasses"
            else:
                _attach(item, right, noun, meaning)
        return False
    if right is None and _of_part(items, i):
        return False
    _alone(items, i, topic, right)
    return False


def _is_of_a_thing(items: Sequence[Item], i: int) -> bool:
    """Is the word said of the thing behind it: any word of a dog, a size of what is worn or carried?"""
    noun = items[i + 1]
    if noun.role == "thing" and not seeks(items[i]):
        return True
    if not items[i].entry.of_things or " " in items[i].norm:
        return False
    if noun.part == "object" and noun.role == "noun":
        return True
    return noun.role == "unknown" and any(x.part == "person" or x.role in ("he", "she") for x in items[:i])


def _is_a_tongue(items: Sequence[Item], i: int) -> bool:
    """Does "Chinese" name a language here ("speaks Chinese", "a Chinese-speaking woman")?"""
    meaning, speaking = items[i].entry.meanings.get("person"), lexicon().sets["speaking"]
    if meaning is None or not attributes.BY_NAME[meaning.says[0][0]].group == "ethnicity":
        return False
    before, after = (items[j].norm if 0 <= j < len(items) else "" for j in (i - 1, i + 1))
    person = i + 1 < len(items) and items[i + 1].part == "person"
    return after in speaking - {"in"} or (before in speaking and not person)


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
    ahead = tight and right is not None and not (topic.said and right == NOBODY)
    if behind and noun.part in _LABELS:
        ahead = False
    if ahead and (behind or topic.said in ("colon", "dash")) and _own_words_follow(items, right, noun):
        ahead = False  # "eyes blue hair brown"
    if ahead or not (topic.said or behind or (apart and _follows(items, i, topic.at))):
        return False
    _attach(item, topic.at, noun, left)
    return True


def _alone(items: Sequence[Item], i: int, topic: _Topic, right: int | None) -> None:
    """What a word without a noun of its own means."""
    item = items[i]
    item.meaning = item.own
    if right == NOBODY:
        return  # "a blond barista" is blond; but "black" and "long" say nothing about an unknown thing
    bodily = "hair" in item.entry.meanings  # a word that also describes hair needs to be told that it is the person's
    personal = topic.at == PERSON or topic.they or (topic.at >= 0 and items[topic.at].part in _PERSONAL)
    if personal or (not bodily and not topic.said):
        item.meaning = meaning_of(item, "person")
    elif bodily and topic.said and topic.at >= 0:
        item.meaning = None  # "his beard is graying"


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


def _own_words_follow(items: Sequence[Item], right: int | None, left: Item) -> bool:
    """In "eyes blue hair brown" the noun to the right has its own words behind it, so "blue" is the eyes'."""
    if right is None or left.part == "person":
        return False  # "male BLK hair BRO eyes"
    follower = items[right + 1] if 0 <= right and right + 1 < len(items) else None
    if follower is None:
        return right == NOBODY
    return follower.role == "colon" or (seeks(follower) and meaning_of(follower, items[right].part) is not None)


def _attach(item: Item, index: int, noun: Item, meaning: Meaning | None) -> None:
    item.head, item.meaning, noun.described = index, meaning, True
