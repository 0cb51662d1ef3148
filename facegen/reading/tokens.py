"""Text cut into words, numbers and marks, each with its place; in one pass, so in linear time."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# "w/m", "m/w" are police shorthand (white male), "w/o" is "without"; "y.o." and "Mr." keep their full stops.
_TOKEN = re.compile(
    r"""(?P<word>
        [wbhaoliuWBHAOLIU]/[mfMF](?![^\W_]) | [mfMF]/[wbhaoWBHAO](?![^\W_])
      | [wW]/(?:[oO]|out|OUT)\b | [nN]/[aA]\b | [wW]/(?=\s|[a-zA-Z])
      | [bB]\ ?&\ ?[wW]\b | [mM]ake[-\ ]?[uU]p\b
      | [^\W\d_]+(?:['’ʼ`´][^\W\d_]+)*
    )
    | (?P<number>\d+(?:\.\d+|,\d{3}(?!\d))*)
    | (?P<state>\[\s?[xXvV✓✔✗✘]?\s?\] | \(\s?[xX✓✔]?\s?\) | [☐☑☒✓✔✅✗✘❌❎]\ufe0f?)
    | (?P<line>[\r\n\v\f\x1c-\x1e\x85\u2028\u2029])
    | (?P<mark>[^\s\w])
    """,
    re.VERBOSE,
)
_HUMPS = re.compile(r"[A-Z]?[a-z]+(?:[A-Z][a-z]+)+")  # camelCase: "hasBeard"
_HUMP = re.compile(r"[A-Z]?[a-z]+")
_NOT_TICKED = frozenset("☐✗✘❌❎")
_APOSTROPHES = str.maketrans("’ʼ`´", "''''")
CLITICS = ("'s", "'re", "'ve", "'d", "'ll", "'m")
_HYPHENS = "-\u2010\u2011\u00ad"


class Token(NamedTuple):
    """One word, number, mark or line end: `text[start:end]` as written, `norm` as compared.

    `kind` is "word", "number", "line", "mark" or "state" (a box or tick, whose norm is "yes" or "no").
    """

    norm: str
    start: int
    end: int
    kind: str
    capital: bool = False


def normalize(word: str) -> str:
    """Case, accents and kinds of apostrophe removed: "Café’s" -> "cafe's"."""
    word = word.translate(_APOSTROPHES)
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    word = word.casefold()
    return "makeup" if word in ("make-up", "make up") else word


def tokenize(text: str) -> list[Token]:
    """Words, numbers, marks and line ends in order.

    A hyphen inside a word parts it silently: "dark-haired" is two words. Underscores are spaces (tags are written
    long_hair), and "she's" and "man's" are cut before the 's.
    """
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, start, end = str(match.lastgroup), match.start(), match.end()
        if kind == "word" and _HUMPS.fullmatch(match[0]):
            humps = _HUMP.finditer(match[0])
            tokens += [
                Token(h[0].lower(), start + h.start(), start + h.end(), "word", h[0][0].isupper()) for h in humps
            ]
        elif kind == "word":
            raw = match[0]
            norm = normalize(raw)
            capital = raw[0].isupper()
            for clitic in CLITICS:
                # Where normalizing changed the length, the cut's place is not known: leave such words whole.
                if norm.endswith(clitic) and len(norm) == len(raw) and len(norm) > len(clitic):
                    cut = end - len(clitic)
                    tokens.append(Token(norm[: -len(clitic)], start, cut, "word", capital))
                    tokens.append(Token(clitic, cut, end, "word"))
                    break
            else:
                tokens.append(Token(norm, start, end, "word", capital))
        elif kind == "state":
            mark = match[0].strip("[]() \ufe0f\t\n")
            tokens.append(Token("no" if mark in _NOT_TICKED or not mark else "yes", start, end, kind))
        elif kind == "mark" and match[0] in _HYPHENS and _inside_word(text, start):
            continue
        elif kind == "mark" and tokens and tokens[-1].norm == "\ufffd" and _is_symbol(match[0]):
            continue  # one mark stands for any number of emoji
        else:
            symbol = kind == "mark" and _is_symbol(match[0])
            tokens.append(Token("\n" if kind == "line" else "\ufffd" if symbol else match[0], start, end, kind))
    return tokens


def _is_symbol(mark: str) -> bool:
    """An emoji, a joiner, a control character: anything but punctuation and the like."""
    return not mark.isascii() and unicodedata.category(mark)[0] in "SCM"


def _inside_word(text: str, at: int) -> bool:
    """Is the hyphen at this place between two letters or digits ("blue-eyed", "45-year-old")?"""
    return 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
