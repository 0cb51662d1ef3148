"""What the items say, one `Mention` a statement; and, where statements contradict each other, which of them counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from facegen import attributes
from facegen.reading.items import Item
from facegen.reading.lexicon import Meaning, lexicon
from facegen.reading.result import Mention

_HEDGED = 0.6  # what "maybe" leaves of the confidence
_OR = 0.6  # of two colors joined by "or" the first counts
_BROAD = 3  # a statement that denies so many attributes at once ("no facial hair") leaves an earlier exact yes standing
_MUCH_LESS = 0.2  # a statement this much less sure than an earlier one does not overrule it


def mentions_of(items: Sequence[Item], text: str) -> list[Mention]:
    """What each item says about the described person, in the text's order."""
    found: list[Mention] = []
    for i, item in enumerate(items):
        meaning = item.said
        if item.skip:
            continue
        if item.role == "correct":
            found = _withdraw(found, items, i)
        if meaning is None or _label(items, i):
            continue
        confidence = meaning.sure * item.factor * (_HEDGED if item.hedged else 1.0)
        if not item.negated and _after_or(items, i) and found and _rivals(found[-1], meaning):
            confidence *= _OR
        end = item.end
        if item.head is not None and items[item.head].norm in ("haired", "eyed") and items[item.head].start > end:
            end = items[item.head].end  # "black-haired" is one word to the eye
        words, sure = text[item.start : end], round(confidence, 3)
        found += [
            Mention(name, value, item.start, end, words, item.negated, item.degree, sure)
            for name, value in _says(items, i, meaning)
        ]
    return sorted(found + _pronoun(items, found, text), key=lambda m: m.start)


def _label(items: Sequence[Item], i: int) -> bool:
    """Is the noun a label for the more exact word behind it ("facial hair: light stubble")?"""
    item = items[i]
    if item.role != "noun" or item.part == "person" or item.negated or not item.says or i + 2 >= len(items):
        return False
    if items[i + 1].role not in ("colon", "dash", "is"):
        return False
    group = attributes.BY_NAME[item.says[0][0]].group
    for follower in items[i + 2 : i + 7]:
        if follower.role == "noun":
            return bool(follower.says) and attributes.BY_NAME[follower.says[0][0]].group == group
        if follower.role in ("stop", "comma", "not"):
            return False
    return False


def _says(items: Sequence[Item], i: int, meaning: Meaning) -> tuple[tuple[str, bool], ...]:
    """A meaning with its negation applied."""
    item = items[i]
    if not item.negated:
        return meaning.says
    if meaning.negated is not None:
        return meaning.negated if item.part != "hair" or _no_hair_at_all(items, i) else ()
    says = dict(meaning.says)
    if "male" in says:
        # "not an old man" is a man; "not a man" is a woman.
        rest = {name: False for name, value in says.items() if value and name != "male"}
        return tuple(({"male": says["male"]} | rest).items()) if rest else (("male", not says["male"]),)
    return tuple((name, False) for name, value in says.items() if value)


def _no_hair_at_all(items: Sequence[Item], i: int) -> bool:
    """ "No hair" is bald; "no long hair", "doesn't cut his hair" and "no hair in his eyes" are not."""
    if items[i].described or (i + 1 < len(items) and items[i + 1].role in ("in", "verb")):
        return False
    for item in reversed(items[:i]):
        if item.role in ("not", "none", "stop") or (item.role == "has" and item.norm != "with"):
            break
        if item.role in ("unknown", "verb", "thing", "is"):
            return False
    return True


def _after_or(items: Sequence[Item], i: int) -> bool:
    for item in reversed(items[max(0, i - 3) : i]):
        if item.role == "or":
            return True
        if item.role not in ("a", "degree", "he", "she", "it", "word"):
            return False
    return False


def _rivals(before: Mention, meaning: Meaning) -> bool:
    """Would both be yes in the same exclusive group?"""
    return before.value and any(value and before.attribute in attributes.rivals(name) for name, value in meaning.says)


def _withdraw(found: list[Mention], items: Sequence[Item], i: int) -> list[Mention]:
    """ "a beard - sorry, a mustache": what is corrected was not said."""
    for follower in items[i + 1 : i + 8]:
        meaning = follower.meaning if follower.role in ("word", "age") else follower.own
        if follower.content and meaning and meaning.says and found:
            group = attributes.BY_NAME[meaning.says[0][0]].group
            if attributes.BY_NAME[found[-1].attribute].group == group and group not in ("features", "worn"):
                place = found[-1].start
                return [m for m in found if m.start != place]
            return found
        if follower.role == "stop":
            return found
    return found


def _pronoun(items: Sequence[Item], found: Sequence[Mention], text: str) -> list[Mention]:
    """He or she, where no noun says so; the last one that corrects another."""
    if any(m.attribute == "male" for m in found):
        return []
    sets = lexicon().sets
    heard: list[Mention] = []
    corrected = False
    for item in items:
        corrected = corrected or item.role == "correct"
        if item.skip or (heard and not corrected):
            continue
        # In the lexicon's phrases too: "bags under her eyes". Crowds ("two men ran out") say it if nothing else does.
        said = item.norm.split()
        he, she = not sets["he"].isdisjoint(said), not sets["she"].isdisjoint(said)
        if he != she:
            heard = [Mention("male", he, item.start, item.end, text[item.start : item.end], False, None, 0.9)]
            corrected = False
    return heard


def settle(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions that count: a later statement overrules an earlier one, unless it is much less sure."""
    holds: dict[str, list[Mention]] = {}
    broad = Counter(m.start for m in mentions)
    for mention in mentions:
        opposed = [name for name in _opposed(mention) if name in holds]
        against = [name for name in opposed if holds[name][0].value != _wanted(mention, name)]
        if against and broad[mention.start] >= _BROAD and not mention.value:
            continue
        if any(max(m.confidence for m in holds[name]) - mention.confidence > _MUCH_LESS for name in against):
            continue
        for name in against:
            del holds[name]
        holds.setdefault(mention.attribute, []).append(mention)
    return sorted((m for ms in holds.values() for m in ms), key=lambda m: m.start)


def _opposed(mention: Mention) -> tuple[str, ...]:
    """The attributes that a mention may contradict: its own, and those that its yes rules out."""
    return (mention.attribute, *(attributes.rivals(mention.attribute) if mention.value else ()))


def _wanted(mention: Mention, name: str) -> bool:
    """What a mention says of an attribute that it may contradict."""
    return mention.value if name == mention.attribute else False


def unused_spans(items: Sequence[Item], mentions: Sequence[Mention], text: str) -> list[tuple[int, int]]:
    """Places of the words that nothing took, neighbors joined."""
    taken = {m.start for m in mentions}
    for item in items:
        if item.start in taken and item.head is not None:
            taken.add(items[item.head].start)  # the noun of a word that was read
    spans: list[tuple[int, int]] = []
    for i, item in enumerate(items):
        if not item.content or item.taken or item.start in taken or (item.entry.neutral and not item.skip):
            continue
        start = item.start
        if i and items[i - 1].role == "number" and items[i - 1].end == start:
            start = items[i - 1].start  # "8k"
        if spans and not text[spans[-1][1] : start].strip(" -_"):
            spans[-1] = (spans[-1][0], item.end)
        else:
            spans.append((start, item.end))
    return spans
