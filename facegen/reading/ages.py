"""Ages in numbers: "45-year-old", "mid-20s", "in his fifties", "aged 30 to 35", "Age: 30", "woman, 45", "25F"."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNITS = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
_TEENS = dict(
    zip(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
        range(10, 20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_TENS["fourty"] = 40
_DECADES = {word[:-1] + "ies": value for word, value in _TENS.items()}

_WORD = (
    rf"(?:(?:{'|'.join(_UNITS)})[\s-]and[\s-](?:{'|'.join(_TENS)})"  # "five-and-fifty"
    rf"|(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_UNITS)}))?|{'|'.join(_TEENS)}|{'|'.join(_UNITS)})"
)
_AT = r"\b(?=[efnost])"  # where a number word may begin: looking for all of them everywhere takes long
_N = rf"(?:(?<![\d.,/#$])\d{{1,3}}(?![\d%°])|{_AT}{_WORD}\b)"
_TO = r"\s{0,2}(?:-|–|—|to|or|and|/)\s{0,2}"
_RANGE = rf"(?P<a>{_N})(?:{_TO}(?P<b>{_N}))?"
_ABOUT = (
    r"(?:about|around|approximately|approx\.?|roughly|circa|maybe|perhaps|probably|possibly|nearly|almost|just|only"
    r"|close to|anything from|anywhere from|anything between|somewhere between|early|mid|late|some|like"
    r"|at least|at most|upwards? of|north of|no less than"
    r"|prob|probs|abt|bout|~|≈)"
)
_SEEMS = (
    r"(?:at|looks?|looked|looking|turned|turning|is|was|be|been|being|say|pushing|nearing|approaching|guess"
    r"|he['’]s|she['’]s|hes|shes|i['’]?m|am|that|no|wait|sorry|correction|actually|mean|meant)"
)
_PEOPLE = (
    r"man|woman|male|female|guy|girl|boy|lady|dude|gentleman|bloke|person|mom|dad|lad|lass|chap|fellow|youth|kid|child"
    r"|matron|gent|subject|actor|actress|soldier|student|housewife|blonde|brunette|redhead"
    r"|widow|widower|bachelor|spinster|teacher|nurse|mother|father|husband|wife|beauty|teen|teenager|fella|suspect"
)
_PART = r"(?:early|mid|middle|late)"
_DECADE = rf"(?:(?<![\d'’])[1-9]0['’]?s\b|{_AT}(?:{'|'.join(_DECADES)})\b)"
_NOT_DECIMAL = r"(?![.,]\d)"
# What may follow a number that stands without "years".
_END = _NOT_DECIMAL + (
    r"(?=\s{0,2}(?:[,.;:!?()\[\]\n|—–/]|$|-\s|(?:or so|and|with|but|now|at most|at least|max|tops|today|i|wearing"
    r"|in|when|then|back when|no|make|er|um|wait|sorry|correction|scratch|comma|period"
    r"|he['’]?s|she['’]?s|clean|bald|wears|wore|his|her|got|always|usually|never|next|this|last|tomorrow"
    r"|has|who|he|she|there|maybe|probably|-?ish)\b))"
)
_LIST_END = _NOT_DECIMAL + r"(?=\s{0,2}(?:[,;.)\]\n|/]|$|(?:and|with)\b))"

_THIS_YEAR = 2025  # "born 1950" makes old of whom no year of a photograph is told
_YEAR = r"(?:19|20)\d\d"
_TAKEN = re.compile(
    rf"\b(?:photo\w*|picture|portrait|taken|shot|snapped|painted|filmed|dated)\b\D{{0,12}}({_YEAR})\b", re.IGNORECASE
)

# In order: where two patterns overlap, the earlier one has it.
_PATTERNS = {
    "born": r"\b(?:born|b\.|d\.?o\.?b\.?|date of birth|birth ?date|year of birth|yob)(?![a-z])"
    rf"(?:[^;\n]{{0,20}}?\b(?P<a>{_YEAR}s?)\b|\sin\s['’](?P<c>\d\d)\b"
    rf"|\s(?:in|during|around)\sthe\s(?:(?:early|mid|late)[\s-])?(?P<b>{_DECADE}))",
    "months": rf"{_N}[\s-]{{0,2}}(?:month|week|day)s?[\s-]{{0,2}}old\b",
    "years": rf"{_RANGE}(?:[\s-]?(?:odd|ish|something|plus))?[\s-]{{0,2}}"
    r"(?:years?|yrs?|year's|yeras?|yers|y[a-z]{2,6}(?=[\s-]old))\b\.?"
    r"(?P<old>[\s-]{0,2}(?:of[\s-]age|olds?|young)\b)?",
    "yo": rf"{_RANGE}[\s-]{{0,2}}y\.?\s?/?\s?o\.?a?\b\.?",
    "decade": rf"(?:\b(?P<part>{_PART})(?:[\s-]{{1,2}}(?:to|or)[\s-]{{1,2}}{_PART})?[\s-]{{0,2}})?(?P<a>{_DECADE})"
    rf"(?:{_TO}(?:(?P<part2>{_PART})[\s-]{{0,2}})?(?P<b>{_DECADE}))?",
    "aged": r"\b(?:aged?|ages|age range|age group)\b\s?(?:of|is|was|:|=|-|–|—)?\s?"
    rf"(?:{_ABOUT}\s?)?(?:between\s)?{_RANGE}",
    "between": rf"\bbetween\s(?P<a>{_N})\sand\s(?P<b>{_N}){_END}",
    "ish": rf"(?P<a>{_N}|{_AT}{_WORD})[\s-]?(?:ish|odd|something)\b",
    "compared": r"\b(?:(?P<over>over|older than|above|past|more than)"
    r"|(?P<under>(?:can['’]?t|cannot|can not|couldn['’]?t|could not)\s(?:be|have been)\s(?:more than|older than"
    r"|over|past)"
    r"|under|younger than|below|less than|not yet|not a day (?:over|past|older than)"
    rf"|(?:not|no) (?:more|older) than|not (?:much )?(?:over|past)))\s(?:the age of\s|age\s)?(?P<a>{_N}){_END}",
    "about": rf"\b(?:{_ABOUT}|{_SEEMS})\s(?:{_ABOUT}\s)?{_RANGE}{_END}",
    "person": rf"\b(?:{_PEOPLE})(?:,?\s)(?P<of>of\s)?(?:{_ABOUT}\s)?{_RANGE}{_END}",
    "coded": rf"\b(?:(?-i:[SDMGBT]?[WBAHL][MF])|[wb]m|[wba]f|[wbahlo]/[mf]),?\s(?:{_ABOUT}\s)?{_RANGE}"
    r"(?!\s?(?:lbs?|pounds|kg|cm|ft|['\"])\b)",
    "slashed": r"(?-i:\b(?:[WBAHLO]/[MF]|[MF]/[WBAHLO]))/(?P<a>\d\d)(?!\d)",
    "decades": rf"{_AT}(?P<a>{'|'.join(_UNITS)})\sdecades?(?:\sold)?\b",
    "summers": rf"(?P<a>{_N})\s(?:summers|winters)\b",
    "nearly": r"\b(?:(?:never|not) see|turn(?:s|ed|ing)|pushing|nearing|approaching|(?:neighbou?rhood|region"
    r"|vicinity|side|shy) of"
    rf"|close on)\s(?P<a>{_N})\b(?!\s(?:miles|percent|degrees|times|people|heads|pages))",
    "inverted": rf"{_AT}(?P<a>(?:{'|'.join(_UNITS)})[\s-]and[\s-](?:{'|'.join(_TENS)}))\b",
    "ordinal": rf"{_AT}(?P<a>{'|'.join(_TENS)})[\s-]"
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\syear\b",
    "plus": r"(?<![\d.,/#$])(?P<a>\d{2})\s?\+(?=[\s,.;)]|$)",
    "day": rf"(?P<a>{_N})(?:\sif)\s(?:s?he|they)(?:['’]s|['’]re|\sis|\sare|\swas)\sa\sday\b",
    "listed": rf"(?:^|[,;(\[\n|/:—–]|\s-|\band(?=\s))\s?(?:{_ABOUT}\s)?(?P<a>(?<![\d.,/#$])\d{{2}}(?![\d%°])"
    rf"|(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_UNITS)}))?)"
    rf"(?:{_TO}(?P<b>\d{{2}}))?{_LIST_END}",
}
# Of these only the number is the age's, not the words that lead to it.
_BARE = ("listed", "person", "about", "coded", "slashed", "nearly")
_NUMBER = re.compile(rf"\d|{_AT}(?:{_WORD}|{'|'.join(_DECADES)}|teens)", re.IGNORECASE)  # without one there is no age
_REGEXES = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _PATTERNS.items()}
# "25F", "28/M"; and at the start of a text or bracket "M/28", "F 25" (elsewhere F/22 is an aperture).
_SEXED = re.compile(
    r"(?<![\w./])(?P<a>[1-9]\d)\s?/?\s?(?P<sex>[MF]|(?<=\d)[mf])(?![\w/.'’])"
    r"|(?:^\s{0,3}|[(\[]|\bI'm\s)(?P<sex2>[MFmf])\s?[/,]?\s?(?P<a2>[1-9]\d)(?![\d%.]\d?)\b"
)
_ERA = re.compile(
    r"[\s-]{0,2}(?:style|styled|hair|hairstyle|haircut|hairdo|fashion|movie|film|vibe|vibes|hollywood|look|era|music|rock|glam|aesthetic|"
    r"retro|inspired|themed|photo|yearbook|sitcom|disco|pop|actress|actor|band|outfit|clothes|dress|anime)\b",
    re.IGNORECASE,
)
_NO_AGE_BEFORE = re.compile(
    r"\b(?:add|adds|take|off|shave|by|for|in|after|last|past|within|every|next|than|during|since|these|those|first|the)\s$",
    re.IGNORECASE,
)
_NO_AGE_AFTER = re.compile(
    r"\s(?:ago|later|earlier|before|after|of|in|since|experience|junior|senior|together|apart|from|older|younger|on|at|working|now)\b",
    re.IGNORECASE,
)  # fmt: skip
_LABEL = re.compile(r"(\w+)\s?:\s?$")
_NO_AGE_LABELS = frozenset(
    (
        "steps step cfg scale seed size sampler strength iso chaos stylize height weight id no number case code room "
        "page item score fps"
    ).split()
)


class Age(NamedTuple):
    """An age found in a text: its place, its years and, for "25F", whether male."""

    start: int
    end: int
    years: float
    male: bool | None = None


def attribute(years: float) -> str:
    """The age group of a number of years: under 40 young, from 60 old."""
    return "young" if years < 40 else "middle_aged" if years < 60 else "old"


def _number(text: str) -> float:
    """A number in digits or words; for a decade ("20s", "forties") its middle."""
    text = text.lower()
    if text in _DECADES:
        return _DECADES[text] + 5
    digits = re.match(r"\d+", text)
    if digits:
        return float(digits[0]) + (5 if text.endswith("s") else 0)
    words = re.split(r"[\s-]+", text)
    return float(sum(_TENS.get(w) or _TEENS.get(w) or _UNITS.get(w, 0) for w in words))


def _decade(text: str, part: str | None) -> float:
    return _number(text) + {"e": -3, "l": 3}.get((part or "m")[0].lower(), 0)


def _years(name: str, match: re.Match, text: str) -> float | None:
    """The years that a match stands for, or None where it is no age after all."""
    start, end = match.span()
    if name == "months":
        return 0.0
    if name == "born":
        taken = _TAKEN.search(text)
        year = _number(match["a"] or match["b"] or match["c"])
        return int(taken[1] if taken else _THIS_YEAR) - year - (0 if year > 1000 else 1900)
    a = match["a"]
    b = match["b"] if "b" in match.re.groupindex else None
    before = text[max(0, start - 24) : start]
    if name == "decade":
        article = re.search(r"\b(?:the|an?|roaring)\s$", before, re.IGNORECASE)
        if (article and not match["part"]) or _ERA.match(text, end):
            return None
        low = _decade(a, match["part"])
        return (low + _decade(b, match["part2"])) / 2 if b else low
    low, high = _number(a), _number(b) if b else None
    if name == "years" and not match["old"]:
        if low < 13 or _NO_AGE_BEFORE.search(before) or _NO_AGE_AFTER.match(text, end):
            return None
    if name == "listed":
        label = _LABEL.search(text[max(0, start - 24) : match.start("a")])
        if low < 13 or (label and label[1].lower() in _NO_AGE_LABELS):
            return None
    if name in ("coded", "plus") and low < 13:
        return None
    if name == "person" and low < 13 and not match["of"]:
        return None
    if name in ("about", "compared", "between", "ish") and low < (3 if a[0].isdigit() else 10):
        return None
    if name == "decades":
        low *= 10
    if name == "compared":
        low += 1 if match["over"] else -1
    if name == "nearly" and re.search(r"\bshy of\s$", text[: match.start("a")], re.IGNORECASE):
        low -= 1
    years = low if high is None or high < low else (low + high) / 2
    return years if years <= 120 else None


def find(text: str) -> list[Age]:
    """The ages in a text, in order, none overlapping another."""
    if not _NUMBER.search(text):
        return []
    ages: list[Age] = []
    taken = bytearray(len(text))

    def add(start: int, end: int, years: float, male: bool | None = None) -> None:
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            ages.append(Age(start, end, years, male))

    for match in _SEXED.finditer(text):
        sex, a = match["sex"] or match["sex2"], match["a"] or match["a2"]
        if int(a) >= 13:
            add(match.start("a") if match["a"] else match.start("sex2"), match.end(), float(a), sex in "Mm")
    for name, regex in _REGEXES.items():
        for match in regex.finditer(text):
            years = _years(name, match, text)
            if years is not None:
                # Only the words of the age itself, not the comma or colon that set it apart.
                start = match.start("a") if name in _BARE else match.start()
                add(start, match.end("a") if name == "day" else match.end(), years)
    return sorted(ages)
