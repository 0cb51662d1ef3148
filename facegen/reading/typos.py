"""Typing errors: an unknown word becomes the lexicon's nearest word, unless it is a real word itself."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

# Real words that lie so near to one of the lexicon's that they would be taken for its misspelling ("bread" for
# "beard", "bold" for "bald"); derived from a public-domain word list by `near`, see tests/test_text_typos.py.
PROTECTED_PATH = Path(__file__).with_name("real_words.json")
_LONGEST = 20
_LAST = 10_000  # the rank of words without one
_REPEATED = re.compile(r"(\w)\1{2,}")


def allowed(word: str) -> int:
    """How many edits (insertion, deletion, substitution, swap of neighbors) a word may lie away: 0, 1 or 2."""
    return 0 if len(word) < 4 or len(word) > _LONGEST else 1 if len(word) < 8 else 2


class Speller:
    """Nearest word by optimal string alignment distance, among words with the same first letter.

    Args:
        words: what can be meant. rank: of some of them how common they are, 0 the commonest.
        protected: real words, never corrected; None for the list that comes with the lexicon.
    """

    def __init__(
        self, words: Collection[str], protected: Iterable[str] | None = None, rank: Mapping[str, int] | None = None
    ) -> None:
        if protected is None:
            protected = json.loads(PROTECTED_PATH.read_text(encoding="utf-8"))["words"]
        self._protected = frozenset(protected)
        self._words = frozenset(words)
        self._rank = rank or {}
        self._by_first: dict[str, list[str]] = defaultdict(list)
        for word in sorted(words):
            if len(word) >= 4:
                self._by_first[word[0]].append(word)

    def __call__(self, word: str) -> str | None:
        """The word that was meant, or None where nothing is near or the word is real."""
        if not word.isascii() or not word.isalpha() or word in self._protected:
            return None
        return self._nearest(word)

    @lru_cache(maxsize=4096)  # noqa: B019 - one speller lives as long as the program
    def _nearest(self, word: str) -> str | None:
        for squeezed in (_REPEATED.sub(r"\1\1", word), _REPEATED.sub(r"\1", word)):  # "looooong", "smiiile"
            if squeezed != word and squeezed in self._words:
                return squeezed
        edits = allowed(word)
        if not edits:
            return None
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        found = process.extract(word, self._by_first.get(word[0], ()), scorer=OSA.distance, score_cutoff=edits, limit=4)
        # Of equals, the commoner word, then one of the same length, then one with the same last letter.
        key = min(
            (
                (score, self._rank.get(w, _LAST), abs(len(w) - len(word)), w[-1] != word[-1], w)
                for w, score, _ in found
                if allowed(w) >= score
            ),
            default=None,
        )
        return key and key[-1]


def near(real_words: Iterable[str], words: Collection[str]) -> list[str]:
    """The real words that need protection: those that a speller without it would take for one of `words`."""
    speller = Speller(words, protected=())
    return sorted({w for w in real_words if w not in speller._words and speller(w)})
