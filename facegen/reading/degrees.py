"""Words of degree and size: "a hint of a smile", "very old", "a huge beard".

A degree is a whole number: -2 hardly, -1 slightly, +1 more than plainly, +2 very. Plain yes and no have none. Words of
degree and of size have theirs in lexicon.json (`degrees`, `sizes`).
"""

from __future__ import annotations

from collections.abc import Sequence

from facegen.reading.items import Item
from facegen.reading.result import Mention

_REACH = 4


def apply_degrees(items: Sequence[Item]) -> None:
    """Write words of degree and of size on what they belong to."""
    for i, item in enumerate(items):
        entry = item.entry
        item.relative = item.relative or (entry.relative and item.said is not None)
        if item.role == "degree" and entry.role == "degree":
            _spread(items, i)
        elif entry.level and item.role in ("word", "unknown"):
            _size(items, i)


def _spread(items: Sequence[Item], i: int) -> None:
    """To what follows; where nothing does, some words of degree are of what stands before ("smiling a little")."""
    item = items[i]
    of = next((x for x in items[i + 1 : i + _REACH] if x.role not in ("a", "degree", "of")), None)
    if (of is None or not of.content) and item.entry.after:
        of = next((x for x in reversed(items[:i]) if x.role != "degree"), None)
    if of is None or not of.content:
        return
    of.degree = f"{of.degree} {item.norm}" if of.degree else item.norm
    of.factor = min(of.factor, item.entry.factor)
    of.level = item.entry.level or of.level
    of.relative = of.relative or item.entry.relative


def _size(items: Sequence[Item], i: int) -> None:
    """A size is of the thing worn behind it ("a big smile"); or the word itself says so ("a huge nose")."""
    item = items[i]
    level = item.entry.level
    if item.meaning and item.meaning.says:
        item.level = item.level or (level if level == 2 else 0)
        return
    before = items[i - 1] if i else None
    if before is not None and before.role == "noun" and before.part == "object":
        before.level, item.taken = before.level or level, True  # "make the beard thicker"
        return
    for follower in items[i + 1 : i + _REACH]:
        if follower.role == "noun" and follower.part == "object":
            follower.level, item.taken = follower.level or max(-2, min(2, level + item.level)), True
            return
        if follower.role not in ("word", "comma", "unknown"):
            return


def degrees_of(items: Sequence[Item], mentions: Sequence[Mention]) -> dict[str, int]:
    """name -> degree of the mentions that count and say yes."""
    level = {item.start: item.level for item in items if item.level}
    return {m.attribute: level[m.start] for m in mentions if m.value and m.start in level and m.attribute != "male"}
