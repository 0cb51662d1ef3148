"""How far a negation reaches.

"no beard or glasses" denies both, "without a hat, smiling" only the hat, "not blond but brown" only blond. A negation
covers the phrase after it and goes on over "or" and "nor"; over "and" and commas only where the rest of the list is of
the same kind. "Glasses? none" and "Beard: no" deny what stands before them.
"""

from __future__ import annotations

from collections.abc import Sequence

from facegen import attributes
from facegen.reading.items import Item

_REACH = 24  # items that a negation looks to the right
_ENDS = frozenset("stop ask but unsure correct bullet pass".split())
# What may stand between a reply and what it denies ("Glasses? None").
_BEFORE_REPLY = frozenset("colon dash ask comma bracket is it verb degree bullet stop of a quote he she i has".split())
# What may follow a "no" that is a reply.
_AFTER_REPLY = frozenset("stop comma ask bracket but or and correct mark quote dash degree bullet".split())
# Negations that may look back for what they deny ("a hat he doesn't wear", "hat removed").
_REPLIES = ("no", "not", "never", "nt", "n't", "off", "away", "removed")
# A bare "no" says no to one thing; these say it of a whole list ("doesn't wear earrings and lipstick").
_LISTS = frozenset(
    "avoid|avoids|exclude|excluding|remove|without|without any|lacks|lacking|lack|free of|free from|devoid of|sans|"
    "neither".split("|")
)


def negate(items: Sequence[Item]) -> None:
    """Mark the items that a negation reaches."""
    for i, item in enumerate(items):
        if item.role == "not":
            if item.norm == "negative prompt" or (i > 1 and item.norm == "no" and _option(items, i)):
                _list(items, i, "line")
            elif not _forward(items, i) and item.norm.endswith(_REPLIES):
                _backward(items, i)
        elif item.role == "none":
            # "not really old" goes forward, "a smile? not really" back
            if not _backward(items, i) and item.norm.startswith("no"):
                _forward(items, i)
        elif item.role == "free":
            if i and items[i - 1].content and items[i - 1].end + 1 >= item.start:
                items[i - 1].negated = True  # "make-up-free", "beard-less"
            elif item.norm == "less":
                _forward(items, i)  # "make him look less old"
        elif item.role == "undo":
            _undo(items, i)


def _undo(items: Sequence[Item], i: int) -> None:
    """ "He had a beard but shaved it off" denies what was worn last."""
    for item in reversed(items[max(0, i - _REACH) : i]):
        if item.role == "noun" and item.part == "object":
            item.negated = True
            return


def _option(items: Sequence[Item], i: int) -> bool:
    """Two hyphens right before the item at `i`, as in Midjourney's "--no hat, glasses"."""
    return all(items[i - k].norm == "-" and items[i - k].end == items[i].start - k + 1 for k in (1, 2))


def _list(items: Sequence[Item], i: int, end: str) -> bool:
    """Deny all of a list: "Negative prompt: glasses, hat" up to the line's end or the next option, "Not wearing: hat,
    glasses" up to the sentence's end."""
    reached = False
    for j in range(i + 1, len(items)):
        item = items[j]
        if item.norm == "\n" or (item.role == "stop" and end == "stop") or (j > i + 2 and _option(items, j)):
            break
        if item.content:
            item.negated = reached = True
    return reached


def _forward(items: Sequence[Item], i: int) -> bool:
    """Mark what the negation at `i` reaches to its right; False where that is nothing."""
    listing = items[i].norm in _LISTS or items[i].norm.endswith(("n't", "nt", "not", "never"))
    here: list[Item] = []  # the content of the phrase that is being read
    first_article = False
    reached = False
    j = i + 1
    end = min(len(items), i + 1 + _REACH)
    while j < end:
        item = items[j]
        role = item.role
        if item.content:
            if here and _new_phrase(items, here, j):
                break
            here.append(item)
        elif role in _ENDS:
            break
        elif role in ("not", "none"):
            # "isn't without", "never lacks": two negations make a yes; "ain't got no" stays one.
            if not here and item.norm in _LISTS and item.norm != "neither":
                return _skip_double(items, j)
            break
        elif role in ("a", "degree", "number"):
            if role == "a" and here and here[-1].role in ("noun", "thing"):
                break
            first_article = first_article or (role == "a" and not here and item.norm in ("a", "an"))
        elif not here:
            if role in ("comma", "and", "or"):
                break
            if role == "colon":
                return _list(items, j, "stop")  # "not wearing: hat, glasses"
            if role == "dash" and j == i + 1:
                break
        elif role == "or":
            reached |= _mark(here)
            here = []
        elif role == "and":
            if not _and_goes_on(items, i, j, here, listing, first_article):
                break
            reached |= _mark(here)
            here = []
        elif role == "comma":
            if not _list_goes_on(items, j, listing):
                break
            reached |= _mark(here)
            here = []
            if j + 1 < end and items[j + 1].role in ("or", "and"):
                j += 1
        elif role == "of" and here[-1].role in ("unknown", "thing"):
            here = []  # "no sort of beard"
        else:
            break
        j += 1
    return _mark(here) or reached


def _new_phrase(items: Sequence[Item], here: list[Item], j: int) -> bool:
    """Does the content item at `j` begin a phrase of its own, with no word between ("no beard blue eyes")?"""
    item, before = items[j], here[-1]
    if before.role in ("noun", "thing", "age", "crowd") and before.part != "person":
        # "no glasses smiling", "no beard long hair"; but "no hair clips", "no nose ring"
        return item.role != "thing" and not (before.head is not None)
    if before.part == "person" and item.role != "unknown":
        return True
    if before.role == "word" and before.head is None and before.meaning is not None and item.role == "noun":
        return (
            item.part != "person" and before.meaning is before.own and item.part not in ("face", "head", "expression")
        )
    return False


def _skip_double(items: Sequence[Item], j: int) -> bool:
    items[j].role = "pass"
    return True


def _mark(here: list[Item]) -> bool:
    """Negate one phrase's items. In "not a young man" the person stays: only what is said of him is denied."""
    describing = [item for item in here if item.part != "person"]
    for item in describing or here:
        item.negated = True
    return bool(here)


def _phrases(items: Sequence[Item], j: int) -> tuple[list[list[Item]], str]:
    """The bare phrases (content and degrees only) that follow the comma at `j` up to "or"/"and" + phrase.

    Returns them and the word that closes the list: "or", "and", or "" where it is no such list.
    """
    phrases: list[list[Item]] = [[]]
    closed = ""
    for item in items[j + 1 : j + 1 + _REACH]:
        if item.content:
            phrases[-1].append(item)
            if len(phrases[-1]) > 4:
                return phrases, ""
        elif item.role in ("degree", "a", "number"):
            if item.role == "a" and item.norm in ("a", "an", "some") and not closed:
                phrases[-1].append(item)
        elif item.role == "comma" and not closed:
            if phrases[-1]:
                phrases.append([])
        elif item.role in ("or", "and") and not closed:
            closed = item.role
            if phrases[-1]:
                phrases.append([])
        else:
            break
    return phrases, closed if phrases[-1] or len(phrases) > 1 else ""


def _list_goes_on(items: Sequence[Item], j: int, listing: bool) -> bool:
    """Is the comma at `j` inside a list that the negation covers ("no hat, glasses or beard")?"""
    phrases, closed = _phrases(items, j)
    if not closed or (closed == "and" and not listing):
        return False
    for phrase in phrases:
        if not phrase:
            return closed == "or" and len(phrases) == 1
        last = phrase[-1]
        if last.role == "a" or (closed == "and" and any(p.role in ("a", "word") for p in phrase)):
            return False
        # "no hat, blond or light brown hair": a word whose noun comes later in the list is no member of it
        if last.role == "word" and last.head is not None and items[last.head].start > last.end:
            return False
    return True


def _and_goes_on(items: Sequence[Item], i: int, j: int, here: list[Item], listing: bool, article: bool) -> bool:
    """Does "and" at `j` carry the negation on ("without hat and scarf") or end it ("no hat and a beard")?"""
    following = items[j + 1 : j + 4]
    if not following:
        return False
    first = following[0]
    if first.role == "a" and first.norm in ("a", "an"):
        if not (article and listing):
            return False
        first = following[1] if len(following) > 1 else first
    elif first.role in ("a", "degree") and len(following) > 1 and first.norm in ("any", "visible"):
        first = following[1]
    if first.role == "word":
        # "her hair isn't long and curly": both describe the same noun
        return (
            bool(here)
            and first.head is not None
            and first.head == here[-1].head
            and items[first.head].start < first.start
        )
    if first.role not in ("noun", "thing", "unknown") or first.part == "person":
        return False
    if listing:
        return True
    return _family(first) is not None and _family(first) == _family(here[-1])


def _family(item: Item) -> str | None:
    """The vocabulary's group that a noun's own meaning belongs to."""
    return attributes.BY_NAME[item.own.says[0][0]].group if item.own and item.own.says else None


def _backward(items: Sequence[Item], i: int) -> bool:
    """Deny what a reply stands behind: "glasses? none", "Beard: no", "a hat he doesn't wear"."""
    after = items[i + 1].role if i + 1 < len(items) else "stop"
    reply = after in _AFTER_REPLY
    if items[i].role == "none" and not reply and items[i].norm.startswith("no"):
        return False
    if items[i].role == "not" and not reply and after not in ("is", "has", "verb", "in", "it"):
        return False
    seen = ""
    for j in range(i - 1, max(-1, i - 7), -1):
        item = items[j]
        if item.content:
            if item.role == "unknown" and item.norm in ("present", "worn", "seen", "wear"):
                continue
            if item.role == "noun" and item.part in ("person", "face", "head"):
                return False
            if item.role not in ("noun", "word"):
                return False
            if item.role == "word" and seen not in ("colon", "dash", "ask", "bracket", "comma"):
                return False
            if not seen and items[i].role == "not" and not items[i].norm.endswith(("off", "removed")):
                return False  # "glasses no hat" is read forward
            item.negated = True
            return True
        if item.role not in _BEFORE_REPLY or (item.role == "stop" and item.norm != "\n"):
            return False
        seen = seen or item.role
    return False
