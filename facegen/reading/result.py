"""What a reader returns: a `Reading` with the places and keywords behind it; and the error for an unreadable text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from facegen.errors import UserError
from facegen.reading.keywords import rake

MAX_CHARACTERS = 2000
USED, NOT_DRAWABLE, NOT_UNDERSTOOD = "used", "not drawable", "not understood"
ENGLISH = "English"
# A terminal, a page or a report should not get these of a text; line ends and tabs are no harm.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


class DescriptionError(UserError):
    """A description that can't be read: empty, over `MAX_CHARACTERS`, or with control characters. One sentence."""


@dataclass(frozen=True)
class Mention:
    """One place where the text speaks of an attribute: `text[start:end] == words`.

    Attributes:
        value: what was read, negation included ("no beard" is False).
        negated: a negation was read; a word that says no by itself ("short hair") is not negated.
        degree: the word of degree that came with it ("slightly"), or None.
        confidence: 0..1; lower for hedges ("maybe a beard"), small degrees and words that only suggest.
    """

    attribute: str
    value: bool
    start: int
    end: int
    words: str
    negated: bool
    degree: str | None
    confidence: float


@dataclass(frozen=True)
class Keyword:
    """A phrase that RAKE found, its score (the sum of its words' degree / frequency) and the attributes read in it."""

    phrase: str
    score: float
    start: int
    end: int
    attributes: tuple[str, ...]


class Mark(NamedTuple):
    """A stretch of the text, `text[start:end]`, what became of it, and the attributes read in it."""

    start: int
    end: int
    outcome: str
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What a description says, and what became of each of its words.

    Attributes:
        attributes: name -> yes or no; what was not said is absent.
        mentions: the places behind `attributes`, in the text's order, one or more for each.
        keywords: RAKE's, best score first.
        unused: words or phrases that nothing took, in the text's order.
        degrees: name -> -2 (hardly) .. +2 (very) for attributes that came with a word of degree; plain ones are absent.
        changes: for an order that was read onto an earlier reading, what it changed: name -> yes, no, or None for
            "no longer said". Where only a degree changed, the value stands as it was.
        language: the language that was read, by its English name.
    """

    text: str
    attributes: dict[str, bool]
    mentions: tuple[Mention, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    unused: tuple[str, ...] = ()
    unused_spans: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    degrees: dict[str, int] = field(default_factory=dict)
    changes: dict[str, bool | None] = field(default_factory=dict)
    language: str = ENGLISH

    def undrawable(self, drawable: Collection[str]) -> list[str]:
        """Attributes that were read but that a model with the attributes `drawable` can't draw."""
        return [name for name in self.attributes if name not in drawable]

    def outcome(self, keyword: Keyword, drawable: Collection[str] | None = None) -> str:
        """What became of a keyword: "used", "not drawable" or "not understood". None draws everything."""
        return _outcome(keyword.attributes, drawable)

    def marks(self, drawable: Collection[str] | None = None) -> list[Mark]:
        """The stretches that were read or not understood, in order and without overlap."""
        names: dict[tuple[int, int], list[str]] = {}
        for mention in self.mentions:
            names.setdefault((mention.start, mention.end), []).append(mention.attribute)
        places = [*names.items(), *((span, []) for span in self.unused_spans)]
        kept: list[Mark] = []
        for (start, end), found in sorted(places, key=lambda p: (p[0][0], -p[0][1])):
            last = kept[-1] if kept else Mark(0, 0, "", ())
            if end <= last.end:  # "blond" within "long blond hair": one mark that says both
                found = [*last.attributes, *found]
                kept[-1] = Mark(last.start, last.end, _outcome(found, drawable), tuple(found))
            else:
                kept.append(Mark(max(start, last.end), end, _outcome(found, drawable), tuple(found)))
        return kept

    def segments(self, drawable: Collection[str] | None = None) -> list[tuple[str, str | None]]:
        """The text cut in pieces, each with its outcome or None, for `gr.HighlightedText`; joined they are the text."""
        pieces: list[tuple[str, str | None]] = []
        at = 0
        for mark in self.marks(drawable):
            if mark.start > at:
                pieces.append((self.text[at : mark.start], None))
            pieces.append((self.text[mark.start : mark.end], mark.outcome))
            at = mark.end
        if at < len(self.text):
            pieces.append((self.text[at:], None))
        return pieces

    def to_dict(self, drawable: Collection[str] | None = None) -> dict:
        """The JSON of `parse --json`: plain dicts and lists. Degrees, changes and a foreign language only where there
        are any."""
        found: dict[str, object] = {
            "attributes": dict(self.attributes),
            "keywords": [
                {**vars(k), "attributes": list(k.attributes), "outcome": self.outcome(k, drawable)}
                for k in self.keywords
            ],
            "unused": list(self.unused),
            "undrawable": [] if drawable is None else self.undrawable(drawable),
            "mentions": [vars(m).copy() for m in self.mentions],
        }
        if self.degrees:
            found["degrees"] = dict(self.degrees)
        if self.changes:
            found["changes"] = dict(self.changes)
        if self.language != ENGLISH:
            found["language"] = self.language
        return found


def _outcome(names: Collection[str], drawable: Collection[str] | None) -> str:
    if not names:
        return NOT_UNDERSTOOD
    return USED if drawable is None or any(name in drawable for name in names) else NOT_DRAWABLE


def check_text(text: str) -> str:
    """The text itself, or `DescriptionError` where it is empty, too long or holds control characters."""
    if not text.strip():
        raise DescriptionError("the description is empty: write a few words about the face")
    if len(text) > MAX_CHARACTERS:
        raise DescriptionError(f"the description has {len(text):,} characters: at most {MAX_CHARACTERS:,} are accepted")
    if odd := CONTROL.search(text):
        raise DescriptionError(f"the description holds the control character {odd[0]!r}: write plain text")
    return text


def finish(
    text: str,
    mentions: Sequence[Mention],
    free: Sequence[tuple[int, int]] | None = None,
    degrees: Mapping[str, int] | None = None,
    language: str = ENGLISH,
) -> Reading:
    """A `Reading` of settled mentions: RAKE's keywords are added, with the attributes that were read in each.

    `free` are the places of the words that nothing took; None takes the keywords without attributes for them.
    """
    places = sorted((m.start, m.end, m.attribute) for m in mentions)
    starts = [start for start, _, _ in places]
    keywords = []
    for k in rake(text):
        # Mentions don't overlap one another, so those of a keyword lie side by side.
        first = bisect_left(starts, k.start)
        while first and places[first - 1][1] > k.start:
            first -= 1
        names = dict.fromkeys(name for _, _, name in places[first : bisect_left(starts, k.end)])
        keywords.append(Keyword(k.phrase, k.score, k.start, k.end, tuple(names)))
    if free is None:
        free = sorted((k.start, k.end) for k in keywords if not k.attributes)
    return Reading(
        text,
        {m.attribute: m.value for m in mentions},
        tuple(mentions),
        tuple(keywords),
        tuple(text[a:b] for a, b in free),
        tuple(free),
        dict(degrees or {}),
        language=language,
    )
