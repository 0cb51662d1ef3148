"""A description as a row of items: phrases of the lexicon, ages, names, marks and unknown words, in the text's order.

What the later steps find out about an item is written on it: the noun that it describes (`linking`), what the cues do
to it (`context`), and why it doesn't count for the face (`whose`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facegen.reading import ages
from facegen.reading.lexicon import MARKS, Cue, Entry, Lexicon, Meaning, Says, lexicon
from facegen.reading.tokens import Token

_AGE = "\0age"
_NOTHING = Entry("")  # of words that the lexicon does not have


@dataclass(eq=False, slots=True)
class Item:
    """One phrase of the text and what was found out about it.

    Attributes:
        role: "noun" names a part of the face, a person or something worn; "word" describes; "age", "thing", "unread",
            "name", "unknown"; for function words and marks their role in lexicon.json ("not", "and", "comma", ..).
        part: a noun's part ("hair", "person", "object", ..).
        head: the index of the item that a word describes, or None.
        described: words describe this noun.
        negated: a negation reaches it. skip: why it says nothing about the described face, or "".
        degree: the word of degree before it, its factor and its level, -2..+2. relative: that is a step from what was
            before ("more", "older"). hedged: "maybe" and the like reach it. taken: it is the size of another.
    """

    start: int
    end: int
    norm: str
    role: str
    entry: Entry = _NOTHING
    part: str = ""
    capital: bool = False
    meaning: Meaning | None = None
    head: int | None = None
    described: bool = False
    negated: bool = False
    skip: str = ""
    degree: str | None = None
    factor: float = 1.0
    level: int = 0
    relative: bool = False
    hedged: bool = False
    taken: bool = False

    @property
    def content(self) -> bool:
        """Is it more than a function word or a mark?"""
        return self.role in ("noun", "word", "age", "thing", "unread", "name", "unknown", "crowd")

    @property
    def own(self) -> Meaning | None:
        """What the phrase says by itself."""
        return self.entry.meanings.get("")

    @property
    def says(self) -> Says:
        """The statements of `own`."""
        return self.own.says if self.own else ()

    @property
    def cue(self) -> Cue | None:
        """What it does to the words around it."""
        return self.entry.cue

    @property
    def said(self) -> Meaning | None:
        """What it says where it stands."""
        return self.meaning if self.role in ("word", "age") else self.own if self.role == "noun" else None


def read_items(tokens: Sequence[Token], found: Sequence[ages.Age]) -> list[Item]:
    """Cut a description's tokens into items; `found` are the ages in it."""
    known = lexicon()
    tokens = _with_ages(tokens, found)
    names = _names(tokens, known)
    items: list[Item] = []
    for first, last, entry in known.find(tokens):
        a, b = tokens[first], tokens[last - 1]
        norm = a.norm if last == first + 1 else " ".join(t.norm for t in tokens[first:last])
        item = Item(a.start, b.end, norm, "unknown", entry or _NOTHING, capital=a.capital)
        if a.kind == "age":
            age = found[int(a.norm.removeprefix(_AGE))]
            says = ((ages.attribute(age.years), True),) + (() if age.male is None else (("male", age.male),))
            item.role, item.meaning = "age", Meaning(says)
        elif a.kind == "state":
            item.role, item.entry = "state", _NOTHING
        elif last == first + 1 and first in names:
            item.role, item.entry = "name", _NOTHING
        elif norm == "miss" and not a.capital:
            item.entry = _NOTHING  # the verb
        elif entry is not None:
            _known(item, b.norm, items, known)
        elif a.kind != "word":
            item.role = "unknown" if a.kind == "foreign" else MARKS.get(a.norm, a.kind)
        else:
            _compound(item, known)
        items.append(item)
    return items


def _known(item: Item, last: str, items: Sequence[Item], known: Lexicon) -> None:
    """The role of a phrase of the lexicon, whose last word is `last`."""
    entry = item.entry
    if item.norm in ("women", "men") and _after_a(items):
        item.entry = known.entries[(item.norm.replace("men", "man"),)]  # "it is a women"
        item.role, item.part = "noun", "person"
        return
    item.role = "degree" if entry.role == "adverb" else entry.role
    item.part = "person" if entry.role == "crowd" else entry.part
    if item.part == "person" and last.endswith("s") and not entry.phrase.endswith("s") and not _after_a(items):
        item.role = "crowd"  # "officers"


def _after_a(items: Sequence[Item]) -> bool:
    """Does "a" stand before, with nothing but describing words between?"""
    for item in reversed(items):
        if not item.content:
            return item.norm in ("a", "an")
    return False


def _with_ages(tokens: Sequence[Token], found: Sequence[ages.Age]) -> Sequence[Token]:
    """The tokens with one in the place of those that an age takes."""
    if not found:
        return tokens
    out: list[Token] = []
    i = 0
    for token in tokens:
        while i < len(found) and found[i].end <= token.start:
            i += 1
        if i < len(found) and token.end > found[i].start:
            if not (out and out[-1].norm == f"{_AGE}{i}"):
                out.append(Token(f"{_AGE}{i}", found[i].start, found[i].end, "age"))
        else:
            out.append(token)
    return out


def _names(tokens: Sequence[Token], known: Lexicon) -> set[int]:
    """Words that are somebody's name here: "Mr Brown", "Betty White", "Ginger is"."""
    names = set()
    for i, token in enumerate(tokens):
        if not token.capital or token.norm not in known.sets["names"]:
            continue
        before = tokens[i - 1] if i else None
        if before and before.norm == ":" and i > 1:
            before = tokens[i - 2] if tokens[i - 2].norm == "name" else before
        after = tokens[i + 1].norm if i + 1 < len(tokens) else ""
        entry = known.entries.get((after,))
        describes = entry is not None and entry.role in ("noun", "thing", "word", "and", "or")
        titled = before and before.norm in known.sets["titles"]
        full = before and before.capital and before.kind == "word" and before.norm not in known.words
        subject = after in known.sets["subjects of"] and not (before and before.norm in ("a", "the"))
        if titled or (full and not describes) or subject:
            names.add(i)
    return names


def _compound(item: Item, known: Lexicon) -> None:
    """Unlisted compounds of man, woman, ..: "craftswoman" is a woman."""
    norm = item.norm
    if len(norm) < 6 or not norm.isascii() or norm in known.sets["no men"]:
        return
    for ending in (*known.sets["female endings"], *known.sets["male endings"]):
        # "woman" ends in "man" too, so the longer ending has it.
        if norm.endswith(ending) and not (ending == "man" and norm.endswith("woman")):
            item.entry = known.entries[(ending,)]
            item.role, item.part = "noun", "person"
            return
