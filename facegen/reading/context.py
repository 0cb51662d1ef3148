"""Cues and how far they reach: negation, doubt, and things that are not worn.

A cue is a row of lexicon.json (effect, direction, scope, what ends it), as in ConText (Harkema et al. 2009) and
negspaCy. "no beard or glasses" denies both, "without a hat, smiling" only the hat, "not blond but brown" only blond.
The scopes:

    phrase  the phrase behind the cue, and on over "or" and "nor"; over "and" and commas where the list is of one kind
    list    the same, and over "and": "doesn't wear earrings and lipstick"
    line    to the line's end: "Negative prompt: glasses, hat"
    clause  everything up to what ends the cue: "not sure if he had a beard"
    word    the word in front: "make-up-free"
    object  what was worn last: "he had a beard but shaved it off"

Backwards, a cue is a reply to what stands before it: "Glasses? None", "Beard: no", "a hat he doesn't wear".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facegen import attributes
from facegen.reading.items import Item
from facegen.reading.lexicon import Cue

_REACH = 24  # items that a negation looks to the right
_CLAUSE = 16  # items that a clause's cue looks to the right
_BACK = 6  # items that a reply looks to the left
# What may stand between a reply and what it denies ("Glasses? None").
_BEFORE_REPLY = frozenset("colon dash ask comma bracket is it verb degree bullet stop of a quote he she i has".split())
# What may follow a reply.
_AFTER_REPLY = frozenset("stop comma ask bracket but or and correct mark quote dash degree bullet".split())
# What may also follow one that could as well go forward ("a hat he doesn't wear").
_AFTER_VERB = frozenset("is has verb in it".split())
_APART = frozenset("colon dash ask bracket comma".split())


def apply_cues(items: Sequence[Item]) -> None:
    """Write on the items what the cues do to them."""
    for i, item in enumerate(items):
        if item.cue is None or item.role != item.entry.role:
            continue
        if item.norm == "no" and _option(items, i):
            _line(items, i)
        else:
            any(_SCOPES[direction, item.cue.scope](items, i, item.cue) for direction in item.cue.directions)


def _option(items: Sequence[Item], i: int) -> bool:
    """Two hyphens right before the item at `i`, as in Midjourney's "--no hat, glasses"."""
    return i > 1 and all(items[i - k].norm == "-" and items[i - k].end == items[i].start - k + 1 for k in (1, 2))


def _line(items: Sequence[Item], i: int, cue: Cue | None = None, end: str = "") -> bool:
    """Deny all up to the line's end, the next option, or an item of the role `end` ("Not wearing: hat, glasses.")."""
    reached = False
    for j in range(i + 1, len(items)):
        item = items[j]
        if item.norm == "\n" or item.role == end or (j > i + 2 and _option(items, j)):
            break
        if item.content:
            item.negated = reached = True
    return reached


def _clause(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """Everything up to what ends the cue; a cue that sets people aside needs one there ("ignore the bald man")."""
    reached: list[Item] = []
    for item in items[i + 1 : i + 1 + _CLAUSE]:
        if item.role in cue.ends or (reached and item.role in cue.then):
            break
        if item.content:
            reached.append(item)
    if cue.effect == "somebody else" and not any(item.part == "person" for item in reached):
        return _phrase(items, i, cue)  # "forget the hat"
    for item in reached:
        if cue.effect == "hedged":
            item.hedged = True
        else:
            item.skip = item.skip or cue.effect
    return bool(reached)


def _word(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """The word right in front of the cue: "make-up-free", "beard-less"."""
    if not i or not items[i - 1].content or items[i - 1].end + 1 < items[i].start:
        return False
    items[i - 1].negated = True
    return True


def _less(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """ "Less old" is not old; "less beard" is a beard still."""
    noun = items[i + 1] if i + 1 < len(items) else None
    if noun is None or noun.role != "noun" or noun.part not in ("object", "makeup"):
        return _phrase(items, i, cue)
    noun.level, noun.relative = -1, True
    return True


def _object(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """What is worn that was spoken of last: "he had a beard but shaved it off"."""
    for item in reversed(items[max(0, i - _REACH) : i]):
        if item.role == "noun" and item.part == "object":
            item.negated = True
            return True
    return False


def _reply(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """Deny what a reply stands behind: "glasses? none", "Beard: no", "a hat he doesn't wear"."""
    after = items[i + 1].role if i + 1 < len(items) else "stop"
    reply = after in _AFTER_REPLY
    either = "forward" in cue.directions  # it could as well be about what follows
    if either and not reply and (cue.directions[0] == "back" or after not in _AFTER_VERB):
        return False
    seen = ""
    for item in reversed(items[max(0, i - _BACK) : i]):
        if item.content:
            if item.norm in ("present", "worn", "seen", "wear") and item.role == "unknown":
                continue
            return _denied(item, seen, sure=reply or not either)
        if item.role not in _BEFORE_REPLY or (item.role == "stop" and item.norm != "\n"):
            return False
        seen = seen or item.role
    return False


def _denied(item: Item, seen: str, sure: bool) -> bool:
    """Does a reply deny the content item that it stands behind, with `seen` between them?"""
    if item.role not in ("noun", "word") or item.part in ("person", "face", "head"):
        return False
    if (item.role == "word" and seen not in _APART) or (not seen and not sure):
        return False  # "glasses no hat" is read forward
    item.negated = True
    return True


class _Forward:
    """What a negation reaches to its right, read item by item."""

    def __init__(self, items: Sequence[Item], i: int, cue: Cue) -> None:
        self.items, self.i, self.cue = items, i, cue
        self.listing = cue.scope == "list"
        self.here: list[Item] = []  # the content of the phrase that is being read
        self.article = False  # did the first phrase begin with "a"?
        self.reached = False
        self.j = i + 1

    def __call__(self) -> bool:
        end = min(len(self.items), self.i + 1 + _REACH)
        while self.j < end and self._goes_on(self.items[self.j]):
            self.j += 1
        self._close()
        return self.reached

    def _goes_on(self, item: Item) -> bool:
        if item.content:
            if self.here and _new_phrase(self.here[-1], item):
                return False
            self.here.append(item)
            return True
        if item.role in self.cue.ends:
            return False
        step = self._STEPS.get(item.role)
        return step(self, item) if step else not self.here

    def _close(self) -> None:
        """Negate the phrase. In "not a young man" the person stays: only what is said of him is denied."""
        for item in [item for item in self.here if item.part != "person"] or self.here:
            item.negated = self.reached = True
        self.here = []

    def _again(self, item: Item) -> bool:
        """ "isn't without", "never lacks": two negations make a yes; "ain't got no" stays one."""
        if not self.here and item.cue and item.cue.scope == "list" and item.cue.directions == ("forward",):
            if item.norm != "neither":
                item.role, self.reached = "pass", True
        return False

    def _small(self, item: Item) -> bool:
        if item.role == "a" and self.here and self.here[-1].role in ("noun", "thing"):
            return False
        self.article = self.article or (item.role == "a" and not self.here and item.norm in ("a", "an"))
        return True

    def _or(self, item: Item) -> bool:
        going = bool(self.here)
        self._close()
        return going

    def _and(self, item: Item) -> bool:
        return bool(self.here) and self._and_goes_on() and self._or(item)

    def _comma(self, item: Item) -> bool:
        if not self.here or not _list_goes_on(self.items, self.j, self.listing):
            return False
        self._close()
        if self.j + 1 < len(self.items) and self.items[self.j + 1].role in ("or", "and"):
            self.j += 1
        return True

    def _colon(self, item: Item) -> bool:
        if self.items[self.j - 1].role in ("not", "has", "verb"):  # "not wearing: hat, glasses"
            self.reached = _line(self.items, self.j, end="stop")
        return False

    def _dash(self, item: Item) -> bool:
        return not self.here and self.j > self.i + 1

    def _of(self, item: Item) -> bool:
        if self.here and self.here[-1].role not in ("unknown", "thing"):
            return False
        self.here = []  # "no sort of beard"
        return True

    _STEPS: dict[str, Callable[[_Forward, Item], bool]] = {
        "not": _again, "none": _again, "a": _small, "degree": _small, "number": _small, "or": _or, "and": _and,
        "comma": _comma, "colon": _colon, "dash": _dash, "of": _of,
    }  # fmt: skip

    def _and_goes_on(self) -> bool:
        """Does "and" carry the negation on ("without hat and scarf") or end it ("no hat and a beard")?"""
        following = self.items[self.j + 1 : self.j + 4]
        first = following[0] if following else None
        if first is None or (first.norm in ("a", "an") and not (self.article and self.listing)):
            return False
        if len(following) > 1 and first.norm in ("a", "an", "any", "visible"):
            first = following[1]
        if first.role == "word":  # "her hair isn't long and curly": both describe the same noun
            head = first.head
            return head is not None and head == self.here[-1].head and self.items[head].start < first.start
        if first.role not in ("noun", "thing", "unknown") or first.part == "person":
            return False
        return self.listing or (_group(first) is not None and _group(first) == _group(self.here[-1]))


def _new_phrase(before: Item, item: Item) -> bool:
    """Does a content item begin a phrase of its own, with no word between ("no beard blue eyes")?"""
    if before.role in ("noun", "thing", "age", "crowd") and before.part != "person":
        # "no glasses smiling", "no beard long hair"; but "no hair clips", "no nose ring"
        return item.role != "thing" and before.head is None
    if before.part == "person" and item.role != "unknown":
        return True
    if before.role == "word" and before.head is None and before.meaning is not None:
        # "not bald short hair", "clean-shaven glasses"; but "not a smiling face"
        plain = before.meaning is before.own and item.part not in ("person", "face", "head", "expression")
        return plain and (item.role == "noun" or item.head is not None)
    return False


def _phrases(items: Sequence[Item], j: int) -> tuple[list[list[Item]], str]:
    """The bare phrases (content and degrees only) that follow the comma at `j` up to "or"/"and" + phrase.

    Returns them and the word that closes the list: "or", "and", or "" where it is no such list.
    """
    phrases: list[list[Item]] = [[]]
    closed = ""
    for item in items[j + 1 : j + 1 + _REACH]:
        joint = not closed and (item.role in ("or", "and", "comma"))
        if item.content:
            phrases[-1].append(item)
            if len(phrases[-1]) > 4:
                return phrases, ""
        elif joint:
            closed = item.role if item.role != "comma" else ""
            if phrases[-1]:
                phrases.append([])
        elif item.role not in ("degree", "a", "number"):
            break
        elif item.norm in ("a", "an", "some") and not closed:
            phrases[-1].append(item)
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


def _group(item: Item) -> str | None:
    """The vocabulary's group that a noun's own meaning belongs to."""
    return attributes.BY_NAME[item.says[0][0]].group if item.says else None


def _phrase(items: Sequence[Item], i: int, cue: Cue) -> bool:
    return _Forward(items, i, cue)()


_SCOPES: dict[tuple[str, str], Callable[[Sequence[Item], int, Cue], bool]] = {
    ("forward", "phrase"): _phrase, ("forward", "list"): _phrase, ("forward", "word"): _less,
    ("forward", "line"): _line, ("forward", "clause"): _clause,
    ("back", "phrase"): _reply, ("back", "list"): _reply, ("back", "word"): _word, ("back", "object"): _object,
}  # fmt: skip
