"""The lexicon: `lexicon.json` as a table of phrases, and the search for them in a row of tokens.

What words mean is all in the JSON file, whose head says how it is laid out; nothing here knows an attribute's name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, product
from pathlib import Path

from facegen.errors import UserError
from facegen.reading.tokens import CLITICS, Token, tokenize
from facegen.reading.typos import Speller

PATH = Path(__file__).with_name("lexicon.json")
ANY = "~"  # in a phrase: one of these words
ANY_OF = frozenset("a an the his her their my your its our one this that each both either".split())
# The roles of marks in a sentence.
MARKS = {
    ",": "comma", ".": "stop", "!": "stop", ";": "stop", "?": "ask", ":": "colon", "=": "colon", "|": "stop",
    "\n": "stop", "/": "or", "&": "and", "+": "and", "-": "dash", "–": "dash", "—": "dash", "―": "dash", "(": "bracket",
    ")": "bracket", "[": "bracket", "]": "bracket", "*": "bullet", "•": "bullet", "·": "bullet", "…": "stop",
    "。": "stop", "、": "comma", "，": "comma", "；": "stop", "：": "colon", '"': "quote", "“": "quote", "”": "quote",
}  # fmt: skip
_MANY = 2  # phrases
Says = tuple[tuple[str, bool], ...]


class LexiconError(UserError):
    """The lexicon file contradicts itself."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says of one part (or by itself)."""

    says: Says
    sure: float = 0.95
    negated: Says | None = None

    @property
    def is_certain(self) -> bool:
        """Is it more than a suggestion, as "sad" is of a face that doesn't smile?"""
        return self.sure >= 0.9


@dataclass(frozen=True, slots=True)
class Cue:
    """What a phrase does to what stands around it, as in ConText (Harkema et al. 2009): a row of `cues`.

    Attributes:
        effect: "negated", "hedged", or the reason why the words that it reaches are set aside.
        directions: "forward", "back" or both, in the order in which they are tried.
        scope: how far it reaches: one of those that `context` describes.
        ends: roles that end its reach. then: roles that end it once it has reached something.
    """

    effect: str
    directions: tuple[str, ...]
    scope: str
    ends: frozenset[str] = frozenset()
    then: frozenset[str] = frozenset()


@dataclass(eq=False, slots=True)
class Entry:
    """All that the lexicon has about one phrase.

    Attributes:
        role: what it does in a sentence: "noun" (names a part), "word" (describes), "thing", "unread", "unknown" or a
            grammatical role; for cues the row's "cue".
        part: the part that a noun names ("hair", "person"; "object" for what is worn and the like).
        meanings: part -> meaning when said of that part; "" is the meaning by itself.
        relative: it compares ("more", "older"). of_things: it may be said of things too ("chunky", "slim").
        rare: no other word is a misspelling of it.
        thing: it is one too ("rose").
        compound: behind a thing that is worn it makes another thing of it ("beard trimmer"). place: things lie there.
        factor: for words of degree, what they make of the confidence. level: -2..+2, the degree that they stand for.
            after: they may come last ("smiling a little").
    """

    phrase: str
    role: str = "word"
    part: str = ""
    meanings: dict[str, Meaning] = field(default_factory=dict)
    factor: float = 1.0
    level: int = 0
    after: bool = False
    cue: Cue | None = None
    relative: bool = False
    compound: bool = False
    of_things: bool = False
    place: bool = False
    neutral: bool = False
    rare: bool = False
    thing: bool = False

    @property
    def says_something(self) -> bool:
        """Would a misspelling of it change what is read? Of a rare word none is looked for."""
        listing = self.cue is not None and self.cue.scope == "list"
        return (bool(self.meanings) and not self.rare) or self.role == "has" or listing


def variants(phrase: str) -> list[str]:
    """The phrases that a pattern stands for: "took (him|her) for" is two."""
    choices = [part.split("|") for part in re.split(r"[()]", phrase)]
    return [" ".join("".join(parts).split()) for parts in product(*choices)]


class Lexicon:
    """Phrases of `lexicon.json`, found by a walk down a tree of words: linear in the text."""

    def __init__(self, data: Mapping) -> None:
        self.entries: dict[tuple[str, ...], Entry] = {}
        self.spellings = {variant: word for word, variants in data["spellings"].items() for variant in variants}
        self._read(data)
        self.sets = {name: frozenset(words) for name, words in data["sets"].items()}
        self.shorthand: dict[str, dict[str, str]] = data["shorthand"]
        self._tree: dict = {}
        for words, entry in self.entries.items():
            node = self._tree
            for word in words:
                node = node.setdefault(word, {})
            node[""] = entry
        self.words = frozenset({w for words in self.entries for w in words if w.isalpha()} | set(self.spellings))
        # Only misspellings of words that say something are worth mending: those that stand alone or in many phrases.
        saying = [words for words, e in self.entries.items() if e.says_something]
        counts = Counter(chain.from_iterable(saying))
        alone = {words[0] for words in saying if len(words) == 1}
        worth = {word for word, n in counts.items() if word.isalpha() and (word in alone or n > _MANY)}
        self.worth = frozenset(worth | set(self.spellings))
        self._spell = Speller(self.worth, rank=self._ranks(data))

    def _read(self, data: Mapping) -> None:
        for record in data["meanings"]:
            self._mean(record)
        for role, phrases in ({"unread": data["unread"]} | data["grammar"]).items():
            for phrase in phrases:
                self._role(phrase, role)
        for row in data["degrees"]:
            for phrase in row["words"]:
                entry = self._role(phrase, "degree")
                entry.factor, entry.level = row["factor"], row["level"]
                entry.relative, entry.after = row.get("relative", False), row.get("after", False)
        for row in data["cues"]:
            ends, then = frozenset(row.get("ends", ())), frozenset(row.get("then", ()))
            cue = Cue(row["effect"], tuple(row["direction"].split(", ")), row["scope"], ends, then)
            for phrase in chain.from_iterable(map(variants, row["words"])):
                self._role(phrase, row["cue"]).cue = cue
        self._mark(data)

    def _mean(self, record: Mapping) -> None:
        """Enter a record of `meanings`."""
        negated = record.get("negated")
        meaning = Meaning(
            tuple(record["says"].items()),
            record.get("sure", 0.95),
            None if negated is None else tuple(negated.items()),
        )
        of = record.get("of", "")
        for phrase in record["words"]:
            entry = self._entry(phrase)
            if of in entry.meanings:
                raise LexiconError(f"{phrase!r} has two meanings{f' of {of}' if of else ''}")
            entry.meanings[of] = meaning
            entry.relative = entry.relative or record.get("relative", False)
            entry.of_things = entry.of_things or record.get("of_things", False)
            entry.rare = record.get("rare", False) and (entry.rare or len(entry.meanings) == 1)
            if "is" in record:
                entry.role, entry.part = "noun", record["is"]

    def _mark(self, data: Mapping) -> None:
        """Enter what is said of phrases beside their meanings; a phrase with nothing else is a thing or unknown."""
        for phrase in (*data["things"], *data["compounds"]):
            entry = self._entry(phrase)
            entry.thing = True
            if not entry.meanings and entry.role == "word":
                entry.role = "thing"
        for phrase in data["compounds"]:
            self._entry(phrase).compound = True
        for level, phrases in data["sizes"].items():
            for phrase in phrases:
                self._entry(phrase).level = int(level)
        for phrase in data["places"]:
            self._entry(phrase).place = True
        for phrase in data["neutral"]:
            self._entry(phrase).neutral = True
        for words, entry in self.entries.items():
            if entry.role == "word" and not entry.meanings:
                entry.role = "unknown"  # only a place, or only to be passed over
            if entry.role == "word" and len(words) > 1 and (color := self.entries.get(words[-1:])):
                self._shade(entry, color, data["shaded"])

    @staticmethod
    def _shade(entry: Entry, color: Entry, parts: Sequence[str]) -> None:
        """ "Deep brown" is a brown of all that has a color, even if it is listed for eyes only."""
        if all(part in color.meanings for part in parts) and any(part in entry.meanings for part in parts):
            for part in parts:
                entry.meanings.setdefault(part, color.meanings[part])

    def _role(self, phrase: str, role: str) -> Entry:
        """The entry of a phrase that gets a role. Raises `LexiconError` where it has another or a meaning."""
        entry = self._entry(phrase)
        if entry.meanings or entry.role != "word":
            raise LexiconError(f"{phrase!r} is both {role!r} and {entry.role!r}")
        entry.role = role
        return entry

    def _ranks(self, data: Mapping) -> dict[str, int]:
        """How early words stand by themselves in their lists, where the common ones stand first."""
        ranks: dict[str, int] = {}
        for words in [record["words"] for record in data["meanings"]] + [row["words"] for row in data["cues"]]:
            for rank, word in enumerate(words):
                ranks[word] = min(rank, ranks.get(word, rank))
        for word, variants in data["spellings"].items():
            ranks |= {variant: ranks.get(word, 0) for variant in variants}
        return ranks

    def _entry(self, phrase: str) -> Entry:
        if phrase.islower() and phrase.isascii() and phrase.replace(" ", "").isalpha():
            norms = phrase.split()  # plain words, as nearly all are: to take them apart needs no tokenizer
        else:
            # "~" is no word for the tokenizer, which gives it as a mark: right as it is.
            norms = [t.norm for t in tokenize(phrase)] if phrase not in CLITICS else [phrase]
        words = tuple(self.spellings.get(norm, norm) for norm in norms)
        return self.entries.setdefault(words, Entry(phrase))

    def correct(self, word: str) -> str:
        """The lexicon's spelling of a word: itself, a variant, a corrected typing error, or the word unchanged."""
        if word in self.spellings:
            return self.spellings[word]
        if word in self.words or not word.isascii() or word[:-1] in self.words and word.endswith("s"):
            return word
        if word.endswith(("man", "men", "boy", "girl", "lady")):
            return word  # "craftswoman" is no misspelt craftsman
        word = self._spell(word) or word
        return self.spellings.get(word, word)

    def find(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, Entry | None]]:
        """Cut tokens into the longest phrases from the left: (first, after last, entry or None)."""
        words = [self.correct(t.norm) if t.kind == "word" else t.norm for t in tokens]
        at = 0
        while at < len(words):
            after, entry = self._longest(words, at)
            yield at, after, entry
            at = after

    def _longest(self, words: Sequence[str], at: int) -> tuple[int, Entry | None]:
        """The end of the longest phrase that begins at a word, and its entry; (at + 1, None) where none does."""
        best, entry = at + 1, None
        nodes = [(self._tree, True)]  # and whether each word was met as it is written
        for i in range(at, len(words)):
            word = words[i]
            forms = [(word, True)]
            if word in ANY_OF:
                forms.append((ANY, True))
            elif word.endswith("s") and len(word) > 3:
                forms.append((word[:-1], False))
            nodes = [(node[form], exact and same) for form, same in forms for node, exact in nodes if form in node]
            if not nodes:
                break
            for node, exact in nodes:
                # "black eye" is unread, but "black eyes" are eyes.
                if "" in node and (exact or node[""].role != "unread"):
                    best, entry = i + 1, node[""]
                    break
        return best, entry


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The project's lexicon, read once."""
    return Lexicon(json.loads(PATH.read_text(encoding="utf-8")))
