"""Cues and how far they reach: negation, doubt, and things that are not worn.

A cue is a row of lexicon.json (effect, direction, scope, what ends it), as in ConText (Harkema et al. 2009) and
negspaCy. "no beard or glasses" denies both, "without a hat, smiling" only the hat, "not blond but brown" only blond.
The scopes:

    phrase  the phrase behind the cue, and on over "or" and "nor"; over "and" and commas where the list is of one kind
    list    the same, and over "and": "doesn't wear earrings and lipstick"
    order   a list with articles: "remove the hat and the glasses"
    worn    a phrase that begins with what is worn: "change the glasses to sunglasses", not "change the hair to red"
    reply   nothing but a reply: "with the beard gone"
    line    to the line's end: "Negative prompt: glasses, hat"
    clause  everything up to what ends the cue: "not sure if he had a beard"
    word    the word in front: "make-up-free"
    object  what was worn last: "he had a beard but shaved it off"

Backwards, a cue is a reply to what stands before it: "Glasses? None", "Beard: no", "a hat he doesn't wear".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facegen.reading.items import Item
from facegen.reading.lexicon import Cue
from facegen.reading.reach import Forward, deny_line, is_expression, is_option

IN_THE_PAST = "in the past"
_OBJECT = 24  # items that are searched for what was worn last
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
        if item.norm == "no" and is_option(items, i):
            deny_line(items, i)
        else:
            any(_SCOPES[direction, item.cue.scope](items, i, item.cue) for direction in item.cue.directions)


def _clause(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """Everything up to what ends the cue; a cue that sets people aside needs one there ("ignore the bald man")."""
    reached: list[Item] = []
    one = False
    for item in items[i + 1 : i + 1 + _CLAUSE]:
        if item.role in cue.ends or (reached and item.role in cue.then):
            break
        if cue.effect == "not worn" and reached and is_expression(item):
            break  # "carries a folder and smiles"
        one = one or item.part == "person" or item.norm == "one"
        if item.content:
            reached.append(item)
    if cue.effect == "somebody else" and not one:
        return _phrase(items, i, cue)  # "forget the hat"
    for item in reached:
        if cue.effect == "hedged":
            item.hedged = True
        else:
            item.skip = item.skip or cue.effect
    return bool(reached)


def _since(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """What was said since the last stop: "he had a ponytail back then"."""
    for item in reversed(items[max(0, i - _CLAUSE) : i]):
        if item.role in cue.ends:
            break
        if (
            item.content
            and item.part != "person"
            and not item.negated
            and item.said
            and any(dict(item.said.says).values())
        ):
            item.skip = item.skip or cue.effect
    return True


def _word(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """The word right in front of the cue: "make-up-free", "beard-less"."""
    if not i or not items[i - 1].content or items[i - 1].end + 1 < items[i].start:
        return False
    items[i - 1].negated = True
    return True


def _worn(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """A phrase, where it begins with what is worn."""
    first = next((item for item in items[i + 1 : i + 4] if item.content), None)
    return first is not None and first.role == "noun" and first.part == "object" and _phrase(items, i, cue)


def _less(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """ "Less old" is not old; "less beard" is a beard still."""
    noun = items[i + 1] if i + 1 < len(items) else None
    if noun is None or noun.role != "noun" or noun.part not in ("object", "makeup"):
        return _phrase(items, i, cue)
    noun.level, noun.relative = -1, True
    return True


def _object(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """What is worn that was spoken of last: "he had a beard but shaved it off"."""
    for item in reversed(items[max(0, i - _OBJECT) : i]):
        if item.role == "noun" and item.part == "object":
            item.negated, item.skip = True, "" if item.skip == IN_THE_PAST else item.skip
            return True
    return False


def _reply(items: Sequence[Item], i: int, cue: Cue) -> bool:
    """Deny what a reply stands behind: "glasses? none", "Beard: no", "a hat he doesn't wear"."""
    after = items[i + 1].role if i + 1 < len(items) else "stop"
    reply = after in _AFTER_REPLY
    either = "forward" in cue.directions or cue.scope == "reply"  # it could as well be about what follows
    reply = reply or (cue.scope == "reply" and after in ("he", "she", "i"))
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


def _phrase(items: Sequence[Item], i: int, cue: Cue) -> bool:
    return Forward(items, i, cue)()


_SCOPES: dict[tuple[str, str], Callable[[Sequence[Item], int, Cue], bool]] = {
    ("forward", "phrase"): _phrase, ("forward", "list"): _phrase, ("forward", "word"): _less,
    ("forward", "order"): _phrase, ("forward", "worn"): _worn, ("back", "reply"): _reply,
    ("back", "clause"): _since, ("forward", "line"): deny_line, ("forward", "clause"): _clause,
    ("back", "phrase"): _reply, ("back", "list"): _reply, ("back", "word"): _word, ("back", "object"): _object,
}  # fmt: skip
