"""Descriptions that aren't in English: which language it is, and the basics of Spanish, German and French.

The language is the one that knows most of a text's words; English has it where it knows as many. Words of a language
that has a file here (`es.json`, `de.json`, `fr.json`: English phrase -> its words; a final hyphen takes the file's
endings) are put into English and read by the same rules as English is, in their places. Its other words stay unread,
whatever they mean in English. `others.json` has words by which languages are told that can't be read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from facegen.reading.ages import Age
from facegen.reading.keywords import STOP_WORDS
from facegen.reading.lexicon import lexicon
from facegen.reading.tokens import Token, normalize

_FOLDER = Path(__file__).parent
_READ = ("es", "de", "fr")
_LONGEST = 4  # words in a phrase
_ELIDED = re.compile(r"^(?:[ldjnscmt]|qu)'(?=\w)")  # French "l'homme"
_SCRIPTS = {
    "CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean", "DEVANAGARI": "Hindi",
    "CYRILLIC": "Russian or another language in Cyrillic script",
    "ARABIC": "Arabic or another language in Arabic script",
}  # fmt: skip


@dataclass(frozen=True)
class Language:
    """A language that is told by its words, and read where `words` gives their meaning in English."""

    name: str
    vocabulary: frozenset[str]
    words: dict[tuple[str, ...], str]
    years: tuple[str, ...] = ()

    def translate(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens in English, each in its place; words that aren't known become "foreign" ones."""
        tokens, out, i = _split_elisions(tokens), [], 0
        while i < len(tokens):
            if tokens[i].kind != "word":
                out.append(tokens[i])
                i += 1
                continue
            phrases = [tuple(t.norm for t in tokens[i : i + n]) for n in range(_LONGEST, 0, -1)]
            known = next((phrase for phrase in phrases if phrase in self.words), None)
            length = len(known or "1")
            start, end = tokens[i].start, tokens[i + length - 1].end
            if known:
                out += [Token(word, start, end, "word") for word in self.words[known].split()]
            else:
                out.append(Token("\0foreign", start, end, "foreign"))
            i += length
        return out

    def ages(self, text: str) -> list[Age]:
        """The ages in a text of this language: "30 años"."""
        if not self.years:
            return []
        pattern = rf"(?<![\d.,])(\d{{1,3}})[\s-]{{0,2}}(?:{'|'.join(self.years)})\b"
        found = re.finditer(pattern, text, re.IGNORECASE)
        return [Age(m.start(), m.end(), float(m[1])) for m in found if int(m[1]) <= 120]


@lru_cache(maxsize=1)
def _languages() -> tuple[Language, ...]:
    """Those that are read, then those that are only told."""
    found = [_read(json.loads((_FOLDER / f"{code}.json").read_text(encoding="utf-8"))) for code in _READ]
    others = json.loads((_FOLDER / "others.json").read_text(encoding="utf-8"))
    return (*found, *(Language(name, frozenset(map(normalize, words)), {}) for name, words in others.items()))


def _read(data: dict) -> Language:
    words: dict[tuple[str, ...], str] = {}
    for english, phrases in data["words"].items():
        for phrase in phrases:
            stem = normalize(phrase.removesuffix("-"))
            for ending in data["endings"] if phrase.endswith("-") else [""]:
                words.setdefault(tuple(f"{stem}{ending}".split()), english)
    vocabulary = {word for phrase in words for word in phrase} | set(map(normalize, data["function"]))
    return Language(data["language"], frozenset(vocabulary), words, tuple(data["years"]))


def tell(tokens: Sequence[Token]) -> Language | None:
    """The language of a text, or None for English."""
    words = [token.norm for token in tokens if token.kind == "word"]
    script = _script(words)
    if script:
        return Language(script, frozenset(), {})
    known, homes = lexicon().words, _homes()
    most = sum(word in known or word in STOP_WORDS for word in words)
    if most == len(words):
        return None
    scores = Counter(index for word in words for index in homes.get(_ELIDED.sub("", word), ()))
    best = min(scores, key=lambda index: (-scores[index], index), default=None)
    return _languages()[best] if best is not None and scores[best] > most else None


@lru_cache(maxsize=1)
def _homes() -> dict[str, tuple[int, ...]]:
    """word -> the places in `_languages` of those that have it."""
    homes: dict[str, tuple[int, ...]] = {}
    for index, language in enumerate(_languages()):
        for word in language.vocabulary:
            homes[word] = (*homes.get(word, ()), index)
    return homes


def _script(words: Sequence[str]) -> str:
    """The language of a script other than Latin, where most letters are in it."""
    letters = [c for word in words for c in word]
    foreign = Counter(_script_of(c) for c in letters if not c.isascii())
    foreign.pop("LATIN", None)
    if not foreign or 2 * foreign.total() <= len(letters):
        return ""
    if foreign["HIRAGANA"] or foreign["KATAKANA"]:
        return "Japanese"
    script = foreign.most_common(1)[0][0]
    return _SCRIPTS.get(script, script.capitalize())


def _script_of(character: str) -> str:
    return unicodedata.name(character, "LATIN").split()[0]


def _split_elisions(tokens: Sequence[Token]) -> list[Token]:
    """French "l'homme" is two words."""
    out: list[Token] = []
    for token in tokens:
        match = _ELIDED.match(token.norm) if token.kind == "word" else None
        if match and len(token.norm) == token.end - token.start:
            cut = token.start + match.end()
            out.append(Token(match[0][:-1], token.start, cut, "word"))
            out.append(Token(token.norm[match.end() :], cut, token.end, "word"))
        else:
            out.append(token)
    return out
