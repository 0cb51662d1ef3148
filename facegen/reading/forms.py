"""Forms and data: a label and its state, as in check boxes, tables, YAML, JSON, CSV and CelebA's columns.

    "glasses [ ] beard [x]"    "hat: no, tie: yes"    "Bald: 0"    "Eyeglasses=-1"    "+ beard - hat"

A state belongs to the label before it, or, where the first state of a text stands before the first label, to the one
behind it. A label with a no is denied; the state itself then parts the text as a full stop would.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, groupby

from facegen.reading.ages import attribute
from facegen.reading.items import Item
from facegen.reading.lexicon import Meaning

YES, NO, UNKNOWN = "yes", "no", "not said"
_WORDS = {
    "yes": YES, "y": YES, "true": YES, "1": YES, "yep": YES,
    "no": NO, "n": NO, "false": NO, "0": NO, "none": NO, "nope": NO,
    "null": UNKNOWN, "na": UNKNOWN, "n/a": UNKNOWN, "unknown": UNKNOWN, "unk": UNKNOWN,
}  # fmt: skip
_CERTAIN = frozenset("1 0 true false null".split())  # words that are a state wherever they follow a label
_JOINTS = frozenset("colon comma ask stop quote dash bracket".split())
_LABEL = frozenset("a degree of has is".split())  # what may stand in a label besides content
_KEYS = ("value", "present", "checked", "selected", "state", "answer")  # not what a state is of
_SIGNS = {"+": YES, "-": NO, "–": NO, "−": NO}
_ELLIPSIS = 3  # dots
_JOINT_LENGTH = 3  # marks between a label and its state: '": '


def read_forms(items: list[Item]) -> None:
    """Find labels with states and deny those with a no. Tables are turned into labels with their values."""
    _drop_options(items)
    _drop_tags(items)
    _rule(items)
    _boxes(items)
    _signs(items)
    if any(item.norm == "\n" for item in items):
        _tables(items)
    _values(items)


def _boxes(items: Sequence[Item]) -> None:
    """Boxes and ticks: "[x] beard [ ] hat", "✓ beard ✗ hat", or behind their labels."""
    first = 0
    for i, item in enumerate([*items, None]):
        if item is None or item.role == "stop":
            _line_of_boxes(items, [j for j in range(first, i) if items[j].role == "state"], first, i)
            first = i + 1


def _line_of_boxes(items: Sequence[Item], boxes: Sequence[int], first: int, end: int) -> None:
    """The boxes between two stops. "Sex [x] M [ ] F": a label with boxes before what there is to choose from."""
    if not boxes:
        return
    label = [item for item in items[first : boxes[0]] if item.content]
    if not label or not any(item.content or item.norm in _WORDS for item in items[boxes[-1] + 1 : end]):
        return _settle(items, [(i, items[i].norm) for i in boxes], behind=bool(label))
    for i, after in zip(boxes, [*boxes[1:], end], strict=True):
        choice, ticked = items[i + 1 : after], items[i].norm == YES
        items[i].role = "colon" if i == boxes[0] else "comma"
        if ticked and choice and _WORDS.get(choice[0].norm) == NO:
            _apply(items, range(first, boxes[0]), NO)
        for item in choice:
            item.negated = item.negated or (item.content and not ticked)


def _signs(items: Sequence[Item]) -> None:
    """ "+ beard + glasses - hat", or "beard +, hat -"."""
    signs = [(i, _SIGNS[item.norm]) for i, item in enumerate(items) if item.norm in _SIGNS and _apart(items, i)]
    if len(signs) > 1 and YES in (state for _, state in signs):
        first = signs[0][0]
        behind = first > 0 and items[first - 1].content
        if behind and not all(i + 1 == len(items) or items[i + 1].role in ("comma", "stop") for i, _ in signs):
            return
        _settle(items, signs, behind)


def _apart(items: Sequence[Item], i: int) -> bool:
    """Does the sign stand by itself, with nothing but one label beside it?"""
    before = items[i - 1] if i else None
    if before is None or before.norm in ("\n", ",", ";", "."):
        return True
    return before.content and before.end < items[i].start


def _drop_options(items: list[Item]) -> None:
    """ "Glasses (Y/N): N": the states to choose from are none."""
    i = 2
    while i + 1 < len(items):
        before, joint, behind = items[i - 1 : i + 2]
        if joint.role == "or" and {_WORDS.get(before.norm), _WORDS.get(behind.norm)} == {YES, NO}:
            bracket = 1 if items[i - 2].role == "bracket" else 0
            del items[i - 1 - bracket : i + 2 + bracket]
        i += 1


def _rule(items: list[Item]) -> None:
    """ "Hat ..... none / Tie: yes": dots that lead to a value, and strokes between the cells."""
    colons = 0
    i = 0
    while i < len(items):
        dots = i
        while dots < len(items) and items[dots].norm == ".":
            dots += 1
        if dots - i > _ELLIPSIS:
            items[i].role = "colon"
            del items[i + 1 : dots]
        colons += items[i].role == "colon"
        i += 1
    for i in range(1, len(items) - 1 if colons > 1 else 0):
        apart = items[i].norm == "/" and items[i - 1].end < items[i].start < items[i + 1].start - 1
        if apart and any(item.role == "colon" for item in items[i + 1 : i + 4]):
            items[i].role = "stop"


def _drop_tags(items: list[Item]) -> None:
    """ "<hair>red</hair>": the opening tag is a label, the closing one ends its value."""
    i = 0
    while i + 2 < len(items):
        if items[i].norm == "<":
            end = next((j for j in range(i + 2, min(i + 6, len(items))) if items[j].norm == ">"), None)
            if end and items[i + 1].norm == "/":
                items[i].role = "stop"
                del items[i + 1 : end + 1]
            elif end:
                items[end].role = "colon"
                del items[i]
        i += 1


def _tables(items: list[Item]) -> None:
    """ "hair | black" is a label and its value; a line of labels over lines of values is turned into such pairs."""
    lines = [list(line) for end, line in groupby(items, lambda item: item.norm == "\n") if not end]
    rows = [row for line in lines if (row := _cells(line))]
    for row in rows:
        if len(row) == 2 and len(rows) > 1 and row[0][-1].content:
            items[items.index(row[0][-1]) + 1].role = "colon"
    if len(rows) > 1 and len(rows[0]) > 1 and len(rows[0]) == len(rows[1]) and _are_columns(*rows[:2]):
        paired: list[Item] = []
        for label, value in zip(*rows[:2], strict=True):
            at = value[0].start
            if label[-1].norm == "age" and value[0].role == "number" and value[0].norm.isdigit():
                value[0].role, value[0].meaning = "age", Meaning(((attribute(int(value[0].norm)), True),))
            paired += [*label, Item(at, at, ":", "colon"), *value, Item(value[-1].end, value[-1].end, ".", "stop")]
        for item in chain.from_iterable(chain.from_iterable(rows[2:])):
            item.skip = "another row"
            paired.append(item)
        items[:] = paired


def _cells(line: Sequence[Item]) -> list[list[Item]]:
    """A line cut at its commas or bars; none for one of dashes only ("|---|---|")."""
    cells: list[list[Item]] = [[]]
    for item in line:
        if item.norm in (",", ";", "|"):
            cells.append([])
        elif item.role not in _JOINTS or item.norm in _SIGNS:
            cells[-1].append(item)
    cells = [cell for cell in cells if cell]
    return cells if any(item.norm not in _SIGNS for cell in cells for item in cell) else []


def _are_columns(labels: Sequence[Sequence[Item]], values: Sequence[Sequence[Item]]) -> bool:
    """Is the first line one of labels, and the second one of states or of what is said of them?"""
    named = sum(cell[-1].role == "noun" or cell[-1].own is not None for cell in labels)
    if named < 2 or (
        named < len(labels) and any(cell[-1].role not in ("unknown", "thing") for cell in labels if not cell[-1].own)
    ):
        return False
    if all(cell[-1].norm in _WORDS for cell in values):
        return True
    bare = any(cell[-1].role == "noun" and not cell[-1].says for cell in labels)  # "hair" needs to be told more of
    return bare and not all(cell[-1].role == "noun" for cell in values)


def _values(items: Sequence[Item]) -> None:
    """ "beard: no", "Bald: 0", '"hat": false', "hat;no": a label, a mark, a word that is a state."""
    found: list[tuple[int, str]] = []
    loose: list[tuple[int, str]] = []  # "glasses Y beard N": with no mark between
    for i, item in enumerate(items):
        state = _WORDS.get(item.norm)
        if state is None or item.role in ("state", "noun", "age", "stop", "bracket"):
            continue
        joint, minus = _joint(items, i)
        if joint is None:
            continue
        if not joint and item.norm not in _CERTAIN:
            loose.append((i, state))
        elif item.norm in _CERTAIN or _ends_a_cell(items, i):
            found.append((i, NO if minus and state == YES else state))
    if len(loose) > 1 and any(items[i].role == "yes" for i, _ in loose):
        found += loose
    _settle(items, found, behind=True)


def _ends_a_cell(items: Sequence[Item], i: int) -> bool:
    """Is the word at `i` all there is, or is the next label with its state behind it ("tie? no hat? yes")?

    Not so in "face: no beard".
    """
    j = i + 1
    while j < len(items) and (items[j].content or items[j].role in _LABEL):
        j += 1
    if j == i + 1:
        return j == len(items) or items[j].role != "not"
    return j + 1 < len(items) and items[j].role in ("colon", "ask") and items[j + 1].norm in _WORDS


def _joint(items: Sequence[Item], i: int) -> tuple[bool | None, bool]:
    """What parts the state at `i` from its label: (is there a mark, is there a minus sign); (None, _) for no label."""
    j, minus = i - 1, False
    if j >= 0 and items[j].norm in ("-", "−") and items[j].end == items[i].start and items[i].norm == "1":
        j, minus = j - 1, True
    marks = 0
    while j >= 0 and items[j].role in _JOINTS and items[j].norm != "\n" and marks < _JOINT_LENGTH:
        if items[j].role == "stop" and items[j].norm not in (";", "|"):
            return None, minus
        if items[j].norm == "," and items[i].norm not in _CERTAIN:
            return None, minus  # "a beard, no, a mustache"
        j, marks = j - 1, marks + 1
    if j < 0 or not items[j].content:
        return None, minus
    return marks > 0 or minus, minus


def _settle(items: Sequence[Item], states: Sequence[tuple[int, str]], behind: bool) -> None:
    """Apply each state to the label in front of it (`behind`) or after it."""
    for i, state in states:
        label = _label(items, i, -1 if behind else 1)
        if label:
            _apply(items, label, state)
            _part(items, min(label) - 1)
        items[i].role = "stop"
        if i and items[i - 1].norm in _SIGNS and items[i - 1].end == items[i].start:
            items[i - 1].role = "stop"


def _part(items: Sequence[Item], j: int) -> None:
    """A comma before a label parts it from the cell before."""
    while j > 0 and items[j].role in ("quote", "bracket"):
        j -= 1
    if j >= 0 and items[j].role == "comma":
        items[j].role = "stop"


def _label(items: Sequence[Item], i: int, step: int) -> list[int]:
    """The indices of the label's items, nearest first."""
    j, label = i + step, []
    if step < 0:
        while j >= 0 and items[j].role in _JOINTS and items[j].norm != "\n":
            j -= 1
    while 0 <= j < len(items) and (items[j].content or items[j].role in _LABEL or _is_no(items[j])):
        label.append(j)
        j += step
    if step < 0 and j > 0 and label and all(items[k].norm in _KEYS for k in label):
        return _label(items, j + 1, step)  # '"name": "beard", "value": true'
    if step < 0 and j >= 0 and items[j].role == "colon" and len(label) > 1:
        label.pop()  # the value of the label before: "EYES: BROWN GLASSES: NO"
    return label


def _is_no(item: Item) -> bool:
    """The word "no" in a label ("No_Beard")."""
    return item.norm == "no" and item.role == "not"


def _apply(items: Sequence[Item], label: Sequence[int], state: str) -> None:
    content = [items[j] for j in label if items[j].content]
    denied = [items[j] for j in label if _is_no(items[j])]
    if state == UNKNOWN:
        for item in content:
            item.skip = "not said"
    elif state == NO and denied:
        for item in denied:
            item.role = "pass"  # "No_Beard: 0"
    elif state == NO:
        for item in [item for item in content if item.part != "person"] or content:
            item.negated = True
