"""Forms and data: a label and its state, as in check boxes, tables, YAML, JSON, CSV and CelebA's columns.

    "glasses [ ] beard [x]"    "hat: no, tie: yes"    "Bald: 0"    "Eyeglasses=-1"    "+ beard - hat"

A state belongs to the label before it, or, where the first state of a text stands before the first label, to the one
behind it. A label with a no is denied; the state itself then parts the text as a full stop would.
"""

from __future__ import annotations

from collections.abc import Sequence

from facegen.reading.items import Item

YES, NO, UNKNOWN = "yes", "no", "not said"
_WORDS = {
    "yes": YES, "y": YES, "true": YES, "1": YES, "yep": YES,
    "no": NO, "n": NO, "false": NO, "0": NO, "none": NO, "nope": NO,
    "null": UNKNOWN, "na": UNKNOWN, "n/a": UNKNOWN, "unknown": UNKNOWN, "unk": UNKNOWN,
}  # fmt: skip
_CERTAIN = frozenset("1 0 true false null".split())  # words that are a state wherever they follow a label
_JOINTS = frozenset("colon comma ask stop quote dash bracket".split())
_LABEL = frozenset("a degree of has".split())  # what may stand in a label besides content
_SIGNS = {"+": YES, "-": NO, "–": NO, "−": NO}
_JOINT_LENGTH = 3  # marks between a label and its state: '": '


def read_forms(items: Sequence[Item]) -> None:
    """Find labels with states and deny those with a no."""
    _boxes(items)
    _signs(items)
    if any(item.norm == "\n" for item in items):
        _tables(items)
    _values(items)


def _boxes(items: Sequence[Item]) -> None:
    """Boxes and ticks: "[x] beard [ ] hat", "✓ beard ✗ hat", or behind their labels."""
    boxes = [i for i, item in enumerate(items) if item.role == "state"]
    if boxes:
        behind = any(item.content for item in items[: boxes[0]])
        _settle(items, [(i, items[i].norm) for i in boxes], behind)


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


def _tables(items: Sequence[Item]) -> None:
    """A line of labels over a line of states: "beard,hat" over "1,0"."""
    lines: list[list[list[int]]] = [[[]]]
    for i, item in enumerate(items):
        if item.norm == "\n":
            lines.append([[]])
        elif item.norm in (",", ";", "|"):
            lines[-1].append([])
        elif item.role not in _JOINTS:
            lines[-1][-1].append(i)
    rows = [row for line in lines if (row := [cell for cell in line if cell])]
    for row in rows:
        if len(row) == 2 and len(rows) > 1 and items[row[0][-1]].content:
            items[row[0][-1] + 1].role = "colon"  # "hair | black"
    for labels, states in zip(rows, rows[1:], strict=False):
        values = [_WORDS.get(items[cell[-1]].norm) for cell in states]
        if len(labels) != len(states) or len(labels) < 2 or None in values:
            continue
        for label, cell, value in zip(labels, states, values, strict=True):
            if items[label[-1]].content:
                minus = len(cell) > 1 and items[cell[0]].norm in ("-", "−")
                _apply(items, label, NO if minus else str(value))
            items[cell[-1]].role = "stop"


def _values(items: Sequence[Item]) -> None:
    """ "beard: no", "Bald: 0", '"hat": false', "hat;no": a label, a mark, a word that is a state."""
    found: list[tuple[int, str]] = []
    loose: list[tuple[int, str]] = []  # "glasses Y beard N": with no mark between
    for i, item in enumerate(items):
        state = _WORDS.get(item.norm)
        if state is None or item.role in ("state", "noun", "age", "stop"):
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
