"""How far a negation reaches to its right: "no beard or glasses", "without a hat, smiling", "not blond but brown"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facegen import attributes
from facegen.reading.items import Item
from facegen.reading.lexicon import Cue

_REACH = 24  # items that a negation looks to the right


def is_option(items: Sequence[Item], i: int) -> bool:
    """Two hyphens right before the item at `i`, as in Midjourney's "--no hat, glasses"."""
    return i > 1 and all(items[i - k].norm == "-" and items[i - k].end == items[i].start - k + 1 for k in (1, 2))


def deny_line(items: Sequence[Item], i: int, cue: Cue | None = None, end: str = "") -> bool:
    """Deny all up to the line's end, the next option, or an item of the role `end` ("Not wearing: hat, glasses.")."""
    reached = False
    for j in range(i + 1, len(items)):
        item = items[j]
        if item.norm == "\n" or item.role == end or (j > i + 2 and is_option(items, j)):
            break
        if item.content:
            item.negated = reached = True
    return reached


class Forward:
    """What a negation reaches to its right, read item by item."""

    def __init__(self, items: Sequence[Item], i: int, cue: Cue) -> None:
        self.items, self.i, self.cue = items, i, cue
        self.listing = cue.scope in ("list", "order")
        self.here: list[Item] = []  # the content of the phrase that is being read
        self.article = False  # did the first phrase begin with "a"?
        self.reached = False
        self.j = i + 1

    def __call__(self) -> bool:
        """Negate it; False where that is nothing."""
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
        if not self.here and item.cue and item.cue.scope in ("list", "order") and item.cue.directions == ("forward",):
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
        if not self.here:  # "She was not, nor had she ever been, blonde."
            return self.items[self.j - 1].role == "is" and self.j > self.i + 1
        if not _list_goes_on(self.items, self.j, self.listing):
            return False
        self._close()
        if self.j + 1 < len(self.items) and self.items[self.j + 1].role in ("or", "and"):
            self.j += 1
        return True

    def _colon(self, item: Item) -> bool:
        after = self.items[self.j + 1 : self.j + 2]
        if self.items[self.j - 1].norm == "no" and after and after[0].norm in ("a", "an"):
            return False  # "No: a cap"
        if self.items[self.j - 1].role in ("not", "has", "verb"):  # "not wearing: hat, glasses"
            self.reached = deny_line(self.items, self.j, end="stop")
        return False

    def _dash(self, item: Item) -> bool:
        return not self.here and self.j > self.i + 1

    def _verb(self, item: Item) -> bool:
        """ "Has never been able to grow a beard": the unknown word was a verb."""
        if item.norm != "to" or any(x.role != "unknown" for x in self.here):
            return not self.here
        self.here = []
        return True

    def _of(self, item: Item) -> bool:
        if self.here and self.here[-1].role not in ("unknown", "thing"):
            return False
        self.here = []  # "no sort of beard"
        return True

    _STEPS: dict[str, Callable[[Forward, Item], bool]] = {
        "not": _again, "none": _again, "a": _small, "degree": _small, "number": _small, "or": _or, "and": _and,
        "comma": _comma, "colon": _colon, "dash": _dash, "of": _of, "verb": _verb,
    }  # fmt: skip

    def _and_goes_on(self) -> bool:
        """Does "and" carry the negation on ("without hat and scarf") or end it ("no hat and a beard")?"""
        following = self.items[self.j + 1 : self.j + 4]
        first = following[0] if following else None
        if first is None or (first.norm in ("a", "an") and not (self.article and self.listing)):
            return False
        definite = self.cue.scope == "order" and first.norm in ("the", "his", "her", "their")
        if len(following) > 1 and (definite or first.norm in ("a", "an", "any", "visible")):
            first = following[1]
        if first.role == "word":  # "her hair isn't long and curly": both describe the same noun
            head = first.head
            return head is not None and head == self.here[-1].head and self.items[head].start < first.start
        if first.role not in ("noun", "thing", "unknown") or first.part == "person":
            return False
        if self.cue.scope == "order" and first is following[0] and first.norm in ("smile", "grin", "laugh", "frown"):
            return False  # "lose the hat and smile": an order of its own
        return self.listing or (_group(first) is not None and _group(first) == _group(self.here[-1]))


def _new_phrase(before: Item, item: Item) -> bool:
    """Does a content item begin a phrase of its own, with no word between ("no beard blue eyes")?"""
    if before.role in ("noun", "thing", "age", "crowd") and before.part != "person":
        # "no glasses smiling", "no beard long hair"; but "no hair clips", "no nose ring"
        return item.role != "thing" and before.head is None
    if before.part == "person" and item.role != "unknown":
        return True
    if before.role == "word" and before.head is not None and before.head == item.head:
        by_itself = bool(before.says) and before.said is not None and before.said.says == before.says
        return by_itself and not _same_kind(before, item)
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


def _same_kind(before: Item, item: Item) -> bool:
    """Do both say the same attribute, or two of an exclusive group ("black", "brown")?"""
    if not item.said or not item.said.says:
        return False
    name, other = before.says[0][0], item.said.says[0][0]
    return name == other or name in attributes.rivals(other)


def is_expression(item: Item) -> bool:
    """Does it tell an expression ("smiles"), which nobody wears or holds?"""
    return _said_group(item) == "expression"


def _said_group(item: Item) -> str | None:
    """The vocabulary's group of what an item says where it stands."""
    return attributes.BY_NAME[item.said.says[0][0]].group if item.said and item.said.says else None


def _group(item: Item) -> str | None:
    """The vocabulary's group that a noun's own meaning belongs to."""
    return attributes.BY_NAME[item.says[0][0]].group if item.says else None
