"""What a describing word says of a noun, and which noun that is: the steps of `linking` that need no topic."""

from __future__ import annotations

from collections.abc import Sequence

from facegen import attributes
from facegen.reading.items import Item
from facegen.reading.lexicon import Meaning, lexicon

REACH = 14  # items that a word looks to the right for its noun
PERSONAL = ("person", "face", "head", "sex", "race")  # said of these, a word may mean what it means by itself
SHARING = ("hair", "eyes", "eyebrows", "skin")  # these share a color: "brown eyes and hair"
NOBODY = -2  # in the place of a noun's index: a thing that nothing is read about
OF_A_THING = "of a thing"
_UNKNOWN = 2  # unknown words that may stand between ("black shiny shoulder-length hair")
_SPEAKING = ("mouth", "chin", "jaw", "expression")  # so too of these, for words that aren't colors or lengths


def meaning_of(word: Item, part: str) -> Meaning | None:
    """What a describing word says of a part, if anything."""
    meaning = word.entry.meanings.get(part)
    if meaning is None and part in PERSONAL:
        meaning = word.own or word.entry.meanings.get("person")
    if meaning is None and part in _SPEAKING and "hair" not in word.entry.meanings:
        meaning = word.own
    return meaning


def seeks(item: Item) -> bool:
    """Does this word need a noun to say something (of hair: "long")?"""
    return item.role == "word" and any(item.entry.meanings.keys() - {""})


def noun_to_the_right(items: Sequence[Item], i: int) -> tuple[int | None, bool]:
    """The noun to the right that the word at `i` may describe, and whether only describing words lie between.

    None where there is none; `NOBODY` for an unknown word that must be the noun.
    """
    tight, unknown, joined, aside = True, 0, False, False
    for j in range(i + 1, min(i + 1 + REACH, len(items))):
        item = items[j]
        if item.role == "thing" and j + 1 < len(items) and items[j + 1].part == "person" and not joined:
            continue  # "the old sea captain"
        if item.role == "not" and i and items[i - 1].role == "not":
            break  # "not old not fat long hair"
        if item.role in ("noun", "thing", "crowd") or _is_a_thing(items, j):
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
        elif item.own and not seeks(item) and joined and "hair" in items[i].entry.meanings:
            break  # "white, plus-size, permed hair": the first one is said of the person
        elif item.role in ("word", "age", "degree", "hedge", "mark", "quote", "number") or item.norm == "not":
            joined, aside = False, aside or item.norm == "not"  # "straight, not curly, hair"
        else:
            break
    return (NOBODY, tight) if unknown and tight else (None, False)


def _is_a_thing(items: Sequence[Item], i: int) -> bool:
    """Is the word a thing here: "a white rose in her hair"?"""
    behind = items[i + 1].role if i + 1 < len(items) else "stop"
    return items[i].entry.thing and items[i].own is None and behind in ("in", "stop", "and", "has")


def share(items: Sequence[Item], item: Item) -> None:
    """ "brown eyes and hair", "her hair and eyes are brown": one word for two nouns."""
    assert item.head is not None and item.meaning is not None
    noun = items[item.head]
    # The other noun stands on the far side of the word's own.
    step = 1 if noun.start > item.start else -1
    j = item.head + step
    if noun.part not in SHARING or not 0 <= j < len(items) or items[j].role != "and":
        return
    j += step
    while 0 <= j < len(items) and items[j].norm in ("the", "his", "her", "their", "my"):
        j += step
    if not 0 <= j < len(items) or items[j].part not in SHARING or items[j].described:
        return
    if step == 1 and j + 1 < len(items) and items[j + 1].role in ("is", "colon", "word"):
        return
    meaning = meaning_of(item, items[j].part)
    if meaning is not None and items[j].part != noun.part:
        items[j].described = True
        item.meaning = Meaning(item.meaning.says + meaning.says, min(item.meaning.sure, meaning.sure))


def is_of_a_thing(items: Sequence[Item], i: int) -> bool:
    """Is the word said of the thing behind it: any word of a dog, a size of what is worn or carried?"""
    noun = items[i + 1]
    if noun.role == "thing" and not seeks(items[i]):
        return True
    if not items[i].entry.of_things or " " in items[i].norm:
        return False
    if noun.part == "object" and noun.role == "noun":
        return True
    return noun.role == "unknown" and any(x.part == "person" or x.role in ("he", "she") for x in items[:i])


def is_a_tongue(items: Sequence[Item], i: int) -> bool:
    """Does "Chinese" name a language here ("speaks Chinese", "a Chinese-speaking woman")?"""
    meaning, speaking = items[i].entry.meanings.get("person"), lexicon().sets["speaking"]
    if meaning is None or not attributes.BY_NAME[meaning.says[0][0]].group == "ethnicity":
        return False
    before, after = (items[j].norm if 0 <= j < len(items) else "" for j in (i - 1, i + 1))
    person = i + 1 < len(items) and items[i + 1].part == "person"
    return after in speaking - {"in"} or (before in speaking and not person)


def of_part(items: Sequence[Item], i: int) -> bool:
    """Attach the word to the noun of "the silver of his hair", where there is one."""
    if i + 1 < len(items) and items[i + 1].norm == "of":
        for j in range(i + 2, min(i + 4, len(items))):
            noun = items[j]
            if noun.role == "noun" and noun.part != "person" and meaning_of(items[i], noun.part):
                attach(items[i], j, noun, meaning_of(items[i], noun.part))
                return True
            if noun.role not in ("a", "he", "she", "it", "i"):
                break
    return False


def fronted(items: Sequence[Item], i: int) -> bool:
    """Attach the word to the noun of "Black were her eyes, gray her hair"."""
    if i and items[i - 1].role not in ("stop", "comma", "and"):
        return False
    verb = 1 if i + 1 < len(items) and items[i + 1].role == "is" else 0  # "blue were his eyes, black his hair"
    if i + 2 + verb >= len(items):
        return False
    owner, noun = items[i + 1 + verb : i + 3 + verb]
    if owner.role not in (("he", "she", "a", "it", "i") if verb else ("he", "she")):
        return False
    meaning = meaning_of(items[i], noun.part)
    if noun.role != "noun" or noun.part == "person" or (meaning is None and noun.part != "object"):
        return False
    attach(items[i], i + 2 + verb, noun, meaning)
    return True


def attach(item: Item, index: int, noun: Item, meaning: Meaning | None) -> None:
    """Make the word describe the noun at `index`."""
    item.head, item.meaning, noun.described = index, meaning, True
