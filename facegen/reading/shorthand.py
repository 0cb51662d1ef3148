"""Short ways of writing, put into words of the lexicon before anything is read: "hes", "brd", "HAI BLK", "SWM".

Codes of police files are NCIC's (National Crime Information Center, hair and eye color codes); personals write status,
race and sex in three letters. A word that takes the place of a token keeps its place in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from facegen.reading.lexicon import lexicon
from facegen.reading.tokens import Token

_BEFORE_SEX = ("unk", "unknown", "blk", "wht", "hisp", "black", "white", "asian", "hispanic", "latino")  # "blk/m"
_BETWEEN = (":", "=", "-", "/", ".")


@lru_cache(maxsize=1)
def _people() -> dict[str, str]:
    """ "BM", "SWM", "GAF" -> words."""
    table = lexicon().shorthand
    return {
        f"{status}{race}{sex}": f"{table['races'][race]} {table['sexes'][sex]}"
        for status in ("", *table["statuses"])
        for race in table["races"]
        for sex in table["sexes"]
    }


def expand(tokens: Sequence[Token], text: str) -> list[Token]:
    """The tokens with shorthand written out."""
    out: list[Token] = []
    i = 0
    tokens = _teletype(tokens, text)
    while i < len(tokens):
        token = tokens[i]
        pair = _hair_and_eyes(tokens, i, text)
        if pair:
            hair, eyes, length = pair
            out += [*_words(token, f"{hair} hair"), *_words(tokens[i + length - 1], f"{eyes} eyes")]
            i += length
            continue
        words = _written_out(tokens, i, text) if token.kind == "word" else None
        out += _words(token, words) if words else [token]
        i += 1
    return out


def _teletype(tokens: Sequence[Token], text: str) -> Sequence[Token]:
    """ "HAIR BLN EYE HAZ SEX F": labels in capitals, each with its value behind it, get their marks."""
    labels = lexicon().shorthand["labels"]
    at = {}  # label -> its value
    for i, token in enumerate(tokens[:-2]):
        if token.norm not in labels:
            continue
        value = i + 2 if tokens[i + 1].norm in _BETWEEN else i + 1
        capital = all(text[t.start : t.end].isupper() and t.kind == "word" for t in (token, tokens[value]))
        if capital and tokens[value].norm not in labels:
            at[i] = value
    codes = lexicon().shorthand["capitals"]
    if len(at) < 2 or any(text[t.start : t.end] in codes and t.norm not in labels for t in tokens[: min(at)]):
        return tokens  # "BLK HAIR BRO EYES": labels behind their values
    out: list[Token] = []
    for i, token in enumerate(tokens):
        if i in at:
            stop = [Token(";", token.start, token.start, "mark")] if i else []
            out += [*stop, token, Token(":", token.end, token.end, "mark")]
        elif at.get(i - 1) != i + 1:
            out.append(token)
    return out


def _written_out(tokens: Sequence[Token], i: int, text: str) -> str | None:
    """The words that a token stands for, or None."""
    table, token = lexicon().shorthand, tokens[i]
    words = table["contractions"].get(token.norm) or table["codes"].get(token.norm)
    if token.capital and text[token.start : token.end].isupper():
        raw = token.norm.upper()
        words = table["capitals"].get(raw) or words
        words = words or _people().get(raw)
        if raw in "WBH" and _beside_sex(tokens, i):
            words = f"{table['races'][raw]} person"
    elif token.norm.upper() in _people() and i + 1 < len(tokens) and tokens[i + 1].kind == "number":
        words = _people()[token.norm.upper()]  # "wm 60"
    if token.norm in ("m", "f") and _alone(tokens, i):
        words = table["sexes"][token.norm.upper()]
    if len(token.norm) == 3 and token.norm[1] == "/":
        first, second = token.norm[0], token.norm[2]
        race, sex = (first, second) if second in "mf" else (second, first)
        words = f"{table['slash races'][race]} {table['sexes'][sex.upper()]}" if sex in "mf" else words
    if len(token.norm) == 1 and token.norm in table["race letters"] and _labelled(tokens, i):
        words = table["race letters"][token.norm]
    return words


def _alone(tokens: Sequence[Token], i: int) -> bool:
    """Does the letter of a sex stand between marks ("M, early fifties") or behind a race?"""
    if i and tokens[i - 1].capital and tokens[i - 1].norm in ("w", "b", "h"):
        return True  # "W F"
    before, after = (tokens[j].norm if 0 <= j < len(tokens) else "," for j in (i - 1, i + 1))
    if before == "/":
        return i > 1 and tokens[i - 2].norm in _BEFORE_SEX
    return len(tokens) > 1 and before in ",;\n(" and after in ",;\n)"


def _beside_sex(tokens: Sequence[Token], i: int) -> bool:
    """Is the letter at `i` beside M or F, or a number beside it ("M 45 W", "W F")?"""
    for step in (-1, 1):
        j = i + step
        while 0 <= j < len(tokens) and (tokens[j].kind == "number" or tokens[j].norm in ",/"):
            j += step
        if 0 <= j < len(tokens) and tokens[j].norm in ("m", "f") and tokens[j].capital:
            return True
    return False


def _labelled(tokens: Sequence[Token], i: int) -> bool:
    """Does "race" stand before the letter at `i` ("RACE: W", "RAC B")?"""
    before = i - 1
    if before > 0 and tokens[before].norm in _BETWEEN:
        before -= 1
    return before >= 0 and tokens[before].norm in lexicon().shorthand["race labels"]


def _hair_and_eyes(tokens: Sequence[Token], i: int, text: str) -> tuple[str, str, int] | None:
    """ "BLK/BRO", "BLK BRO": the colors of hair and eyes, as files have them side by side, and the number of tokens."""
    if not tokens[i].capital:
        return None
    table = lexicon().shorthand
    j = i + 2 if i + 1 < len(tokens) and tokens[i + 1].norm == "/" else i + 1
    if j >= len(tokens) or (j + 1 < len(tokens) and tokens[j + 1].norm in ("hair", "eyes", "hr")):
        return None
    hair, eyes = (text[t.start : t.end] for t in (tokens[i], tokens[j]))
    if hair not in table["hair codes"] or eyes not in table["eye codes"]:
        return None
    return table["capitals"][hair], table["capitals"][eyes], j + 1 - i


def _words(token: Token, words: str) -> list[Token]:
    return [Token(word, token.start, token.end, "word", token.capital) for word in words.split()]
