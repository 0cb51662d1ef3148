"""A description in, a `Reading` out: attributes with the words they came from, keywords, and what nobody took.

    parse("a bearded man, no glasses").attributes == {"beard": True, "male": True, "eyeglasses": False}

Only what the words say is read: attributes that nothing was said about are absent, and the noes that a yes in an
exclusive group stands for are left to `facegen.attributes.complete`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from facegen.errors import UserError
from facegen.reading.items import read_items
from facegen.reading.keywords import rake
from facegen.reading.linking import link
from facegen.reading.mentions import Mention, mentions_of, settle, unused_spans
from facegen.reading.negation import negate
from facegen.reading.whose import set_aside

MAX_CHARACTERS = 2000
USED, NOT_DRAWABLE, NOT_UNDERSTOOD = "used", "not drawable", "not understood"


class DescriptionError(UserError):
    """A description that can't be read: empty, or over `MAX_CHARACTERS`. The message is one sentence for the user."""


@dataclass(frozen=True)
class Keyword:
    """A phrase that RAKE found, its score (the sum of its words' degree / frequency) and the attributes read in it."""

    phrase: str
    score: float
    start: int
    end: int
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What a description says, and what became of each of its words.

    Attributes:
        attributes: name -> yes or no; what was not said is absent.
        mentions: the places behind `attributes`, in the text's order, one or more for each.
        keywords: RAKE's, best score first.
        unused: words or phrases that nothing took, in the text's order.
    """

    text: str
    attributes: dict[str, bool]
    mentions: tuple[Mention, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    unused: tuple[str, ...] = ()
    unused_spans: tuple[tuple[int, int], ...] = field(default=(), repr=False)

    def undrawable(self, drawable: Collection[str]) -> list[str]:
        """Attributes that were read but that a model with the attributes `drawable` can't draw."""
        return [name for name in self.attributes if name not in drawable]

    def outcome(self, keyword: Keyword, drawable: Collection[str] | None = None) -> str:
        """What became of a keyword: "used", "not drawable" or "not understood". None draws everything."""
        if not keyword.attributes:
            return NOT_UNDERSTOOD
        if drawable is None or any(name in drawable for name in keyword.attributes):
            return USED
        return NOT_DRAWABLE

    def segments(self, drawable: Collection[str] | None = None) -> list[tuple[str, str | None]]:
        """The text cut in pieces, each with its outcome or None, for `gr.HighlightedText`; joined they are the text."""
        spans = [
            (m.start, m.end, USED if drawable is None or m.attribute in drawable else NOT_DRAWABLE)
            for m in self.mentions
            if m.end > m.start
        ]
        spans += [(start, end, NOT_UNDERSTOOD) for start, end in self.unused_spans]
        # At the same place "used" comes first, so a word that says two things shows the better outcome.
        order = (USED, NOT_DRAWABLE, NOT_UNDERSTOOD)
        pieces: list[tuple[str, str | None]] = []
        at = 0
        for start, end, label in sorted(spans, key=lambda s: (s[0], order.index(s[2]), -s[1])):
            start = max(start, at)
            if start >= end:
                continue
            if start > at:
                pieces.append((self.text[at:start], None))
            pieces.append((self.text[start:end], label))
            at = end
        if at < len(self.text):
            pieces.append((self.text[at:], None))
        return pieces

    def to_dict(self, drawable: Collection[str] | None = None) -> dict:
        """The JSON of `parse --json`: plain dicts and lists."""
        return {
            "attributes": dict(self.attributes),
            "keywords": [
                {
                    "phrase": k.phrase,
                    "score": k.score,
                    "start": k.start,
                    "end": k.end,
                    "attributes": list(k.attributes),
                    "outcome": self.outcome(k, drawable),
                }
                for k in self.keywords
            ],
            "unused": list(self.unused),
            "undrawable": [] if drawable is None else self.undrawable(drawable),
            "mentions": [vars(m).copy() for m in self.mentions],
        }


def check_text(text: str) -> str:
    """The text itself, or `DescriptionError` where it is empty or too long."""
    if not text.strip():
        raise DescriptionError("the description is empty: write a few words about the face")
    if len(text) > MAX_CHARACTERS:
        raise DescriptionError(f"the description has {len(text):,} characters: at most {MAX_CHARACTERS:,} are accepted")
    return text


def parse(text: str) -> Reading:
    """Read a description.

    Raises:
        DescriptionError: the text is empty or has over `MAX_CHARACTERS` characters.
    """
    check_text(text)
    items = read_items(text)
    link(items)
    negate(items)
    set_aside(items)
    mentions = settle(mentions_of(items, text))
    return finish(text, mentions, unused_spans(items, mentions, text))


def finish(text: str, mentions: Sequence[Mention], free: Sequence[tuple[int, int]] | None = None) -> Reading:
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
    )
