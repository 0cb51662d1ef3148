"""Keywords by RAKE (Rose et al. 2010, "Automatic keyword extraction from individual documents")."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import NamedTuple

_PIECE = re.compile(r"[^\W_]+(?:['’\-‐‑][^\W_]+)*|[^\s]")
# RAKE counts each pair of words in a phrase, so a phrase of n words costs n * n: longer runs are cut.
MAX_PHRASE_WORDS = 6

STOP_WORDS = frozenset(
    """a about above after again all almost also although am an and any anyone anything are aren't around as at
    be became because been being below beside between both but by can can't could couldn't did didn't do does
    doesn't doing don't down during each either else enough etc ever every few for from further had hadn't has
    hasn't have haven't having he he'd he'll he's her here hers herself him himself his how however i i'd i'll
    i'm i've if in into is isn't it it's its itself just kind least less like lot lots many may maybe me might
    more most much must my myself near neither next no none nor not nothing now of off on once one only or other
    our out over own per perhaps please quite rather really same she she'd she'll she's should so some someone
    something sort still such than that that's the their them themselves then there there's these they they're
    they've thing this those though through to too toward towards under until up upon us very was wasn't we
    we're were weren't what when where whether which while who who's whom whose why will with within without
    won't would wouldn't yes yet you you're your yours appear appeared appears get gets got look looked looks
    looking seem seemed seems wear wearing wears wore""".split()
)


class Phrase(NamedTuple):
    """A keyword and its place: `text[start:end]` is the phrase as it was written."""

    phrase: str
    score: float
    start: int
    end: int


def _runs(text: str) -> list[list[re.Match]]:
    """The text's words in runs that no stop word and no punctuation interrupts, at most `MAX_PHRASE_WORDS` long."""

    def is_content(piece: re.Match) -> bool:
        word = piece[0]
        return word[0].isalnum() and word.lower().replace("’", "'") not in STOP_WORDS

    runs = []
    # A line's end parts phrases too.
    for line in re.finditer(r"[^\r\n]+", text):
        pieces = _PIECE.finditer(text, line.start(), line.end())
        for content, group in groupby(pieces, is_content):
            if content:
                words = list(group)
                runs += [words[i : i + MAX_PHRASE_WORDS] for i in range(0, len(words), MAX_PHRASE_WORDS)]
    return runs


def rake(text: str) -> list[Phrase]:
    """RAKE's keywords of a text with their places, best score first, then in the text's order.

    A word's score is degree / frequency, its degree being the number of words in all the phrases that it stands in,
    itself included; a phrase's score is the sum of its words' (Rose et al. 2010, section 1.2.2).
    """
    runs = _runs(text)
    degree: Counter[str] = Counter()
    frequency: Counter[str] = Counter()
    for run in runs:
        for word in run:
            degree[word[0].lower()] += len(run)
            frequency[word[0].lower()] += 1
    found = []
    for run in runs:
        start, end = run[0].start(), run[-1].end()
        score = sum(degree[word] / frequency[word] for word in (piece[0].lower() for piece in run))
        found.append(Phrase(text[start:end], score, start, end))
    return sorted(found, key=lambda k: (-k.score, k.start))
