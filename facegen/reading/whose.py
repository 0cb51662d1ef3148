"""Whom the words are about: the described person or somebody else.

One face is drawn. Where several people are mentioned, the first one counts; "his wife", "next to a bearded man" and
"her husband is bald" are about somebody else until the text comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facegen.reading.items import Item
from facegen.reading.lexicon import lexicon
from facegen.reading.people import (
    OTHER,
    REACH,
    comes_later,
    gender,
    introduces,
    is_general,
    is_owner,
    lead,
    owns,
    skip,
)
from facegen.reading.worn import set_aside_unworn

_LIKENED = frozenset("skin hair eyes lips nose jaw cheeks body".split())  # "the skin of a girl"


def set_aside(items: Sequence[Item]) -> None:
    """Write on the items that don't count why they don't."""
    story = _Story(items)
    for i in range(len(items)):
        story.hear(i)
    set_aside_unworn(items)


class _Story:
    """Who the text is about while it is read from left to right; what is said of others is set aside.

    Attributes:
        male: the described person's gender, as far as it was said. met: has the described person been mentioned?
        other: is somebody else being spoken of? linked: brought in by "next to" and the like, in passing?
        corrected: "no, .." or "I mean" came last, so the next person replaces the first.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items, self.sets = items, lexicon().sets
        self.male: bool | None = None
        self.met = self.other = self.linked = self.corrected = False

    def hear(self, i: int) -> None:
        """Take in the item at `i`."""
        item = self.items[i]
        if item.skip in (OTHER, "not sure"):
            return
        step = self._STEPS.get(item.role)
        if step:
            step(self, i)
        elif item.norm in self.sets["again"]:
            self._again(i)
        elif item.norm in self.sets["excepting"] and self.other and self._role(i + 1) in ("he", "she", "self"):
            if self._role(i + 2) in ("", "stop", "comma"):
                _deny_last(self.items, i)  # "Everyone wore a hat except him."
        if self.other and item.content:
            item.skip = item.skip or OTHER

    def _norm(self, i: int) -> str:
        return self.items[i].norm if 0 <= i < len(self.items) else ""

    def _role(self, i: int) -> str:
        return self.items[i].role if 0 <= i < len(self.items) else ""

    def _stop(self, i: int) -> None:
        self.other = False

    def _self(self, i: int) -> None:
        if self.other and self._role(i - 1) == "is":
            return  # "My sister is the one with glasses"
        if self.items[i].norm in self.sets["singled out"] and self._role(i - 1) in ("stop", "comma"):
            skip([item for item in self.items[:i] if item.content])
            self.male = None
        self.other, self.met = False, True

    def _correct(self, i: int) -> None:
        self.corrected = True

    def _not(self, i: int) -> None:
        if self._role(i + 1) == "comma":
            self.corrected = True
        elif self.met and not self.other:
            _echo(self.items, i)

    def _again(self, i: int) -> None:
        if self._norm(i + 1) == "one" or self._role(i + 1) in ("is", "has"):
            self.other = self.met or self.male is not None  # "the other one had a mask on"

    def _comma(self, i: int) -> None:
        if self.other and self.linked and i + 1 < len(self.items):
            following = self.items[i + 1]
            if following.role in ("has", "verb", "not", "age") or (following.role == "word" and following.own):
                self.other = False  # "next to a bald man, smiling"

    def _pronoun(self, i: int) -> None:
        item, male = self.items[i], self.items[i].role == "he"
        if self._norm(i - 1) == "to" and self._norm(i + 1) in ("left", "right"):
            return  # "the man to his right"
        if self.male is None or (self.corrected and item.norm in ("he", "she")):
            self.male, self.corrected = male, False
        self.met = True
        owner = item.norm in ("his", "hers") and self._role(i + 1) == "is"  # "hers are green"
        if item.norm in ("he", "she") or owner or owns(self.items, i):
            self.other, self.linked = male != self.male, False
        if male != self.male:
            item.skip = OTHER

    def _crowd(self, i: int) -> None:
        if self.met:
            skip(self.items[lead(self.items, i)[0] : i])
            # "a mother of two boys" goes on about the mother
            self.other = "of" not in (self._norm(i - 1), self._norm(i - 2))
            self.items[i].skip = OTHER
        elif is_general(self.items, i):
            self.other = True  # "Most men wear beards; he does not."

    def _noun(self, i: int) -> None:
        item = self.items[i]
        if item.norm in self.sets["again"] and self._role(i + 1) in ("is", "has"):
            self._again(i)
        elif item.part == "person" and (item.says or item.norm in self.sets["relatives"] or not self.met):
            self._person(i)

    def _person(self, i: int) -> None:
        items, sets = self.items, self.sets
        item, male = items[i], gender(items[i])
        begin, link, possessive = lead(items, i)
        differs = male is not None and self.male is not None and male != self.male
        if is_owner(items, i) and self._owned(i, link):
            return
        if link == "of" and self.items[begin - 2].part in (
            "skin",
            "hair",
            "eyes",
            "lips",
            "nose",
            "jaw",
            "cheeks",
            "body",
        ):
            skip(items[begin : i + 1])
            return
        if link in sets["comparing"] and (differs or possessive or self._norm(i - 1) == "my" or link == "than"):
            skip(items[begin : i + 1])  # "hair like a boy", "looks like her mother, but with glasses"
            behind = self._norm(i + 2) if self._role(i + 1) == "comma" else self._norm(i + 1)
            self.other = behind in ("who", "whose", "with")
            return
        if self.other and self._role(begin - 1) == "is":
            skip(items[begin : i + 1])  # "The victim is a white woman."
            return
        if self._in_passing(begin, i, link):
            skip(items[begin : i + 1])  # the described person comes later
            self.other = self.linked = True
            return
        relative = possessive and item.norm in sets["relatives"]
        definite = items[begin].norm == "the"  # "the younger man with him"
        somebody_new = relative or any(
            x.norm in sets["again"] or (definite and x.norm in sets["the other"]) for x in items[begin:i]
        )
        corrected = (self.corrected and not possessive) or item.norm in sets["becoming"] or link == "into"
        if not self.met or (differs and corrected):
            self.other = False
        elif somebody_new or (link in sets["links"] and not self._sought(begin, link)):
            self.other = True
        elif link in sets["joining"]:
            self.other = differs or (male is None and introduces(items, begin, i))
        else:
            self.other = differs
        if self.other:
            skip(items[begin:i])
        elif male is not None:
            self.male = male
        self.met, self.corrected, self.linked = True, False, link in sets["links"]

    def _in_passing(self, begin: int, i: int, link: str) -> bool:
        """Is the person mentioned before the described one: "next to a bald man, ..", "the witness .. the suspect"?"""
        bystander = self.items[i].norm in self.sets["bystanders"]
        if bystander and any(item.norm in self.sets["wanted"] for item in self.items):
            return True
        apposed = self._role(begin - 1) == "comma" and self._norm(begin) in ("a", "an")
        if self.other and apposed and self.items[begin - 2].part == "person":
            return True  # "The driver, a woman in glasses, said .."
        male = gender(self.items[i])
        if bystander and male is not None and any(x.norm == ("she" if male else "he") for x in self.items[i:]):
            return True  # "A policeman was holding her; she .."
        if self.met:
            return False
        # "a round table behind a man" tells where the table is.
        beside = link in self.sets["beside"] and self._role(begin - 2) not in ("thing", "unread", "unknown")
        return beside or self._another(begin, i) or self._neighbor(i)

    def _sought(self, begin: int, link: str) -> bool:
        """Is it who is looked for, by somebody of whom nothing was said ("I'm looking for a bald man")?"""
        return link in self.sets["seeking"] and not any(x.said and x.said.says for x in self.items[:begin])

    def _another(self, begin: int, i: int) -> bool:
        """Is it "the other passenger", said before the described person comes in?"""
        return any(x.norm in ("other", "another") for x in self.items[begin:i]) and comes_later(self.items, i)

    def _neighbor(self, i: int) -> bool:
        """Is it "the guy next to him", or "my wife" where "I am bald" follows?"""
        mine = self._norm(i - 1) == "my" and self.items[i].norm in self.sets["relatives"]
        if mine and any(item.norm in ("i", "i'm", "im") for item in self.items[i + 1 :]):
            return True
        if any(x.part == "person" and x.skip for x in self.items[:i]):
            return False  # "not the man in the hat, the woman beside him"
        if self._norm(i + 1) == "to" and self._norm(i + 2) in ("his", "her", "my"):
            return comes_later(self.items, i)  # "the man to his right"
        return self._norm(i + 1) in self.sets["beside"] and self._norm(i + 2) in ("him", "her", "me", "them")

    def _first_person(self, i: int) -> None:
        if self.items[i].norm in ("i", "i'm", "im"):
            self.other, self.met = False, True
        elif self.items[i].norm == "you" and self._role(i + 1) == "colon":
            self.other = True  # a personal: "Me: .. You: .."

    def _owned(self, i: int, link: str) -> bool:
        """Set aside who only owns something: "her father's eyes", "a man's haircut", "the farmer's wife".

        Returns whether that was so: not in "a man's face".
        """
        item, owned = self.items[i], self.items[i + 2]
        if owned.part == "person":
            item.skip = OTHER
        elif self.met:
            item.skip = OTHER
            # "She has her father's eyes": they are hers. "Her father's beard is gray": that is his.
            if item.norm in self.sets["relatives"] and link not in self.sets["inheriting"]:
                self.other = True
        elif owned.part in ("hair", ""):
            item.skip = OTHER
        return bool(item.skip)

    _STEPS: dict[str, Callable[[_Story, int], None]] = {
        "stop": _stop, "ask": _stop, "bullet": _stop, "self": _self, "correct": _correct, "not": _not, "none": _not,
        "he": _pronoun, "she": _pronoun, "crowd": _crowd, "noun": _noun, "comma": _comma,
        "i": _first_person,
    }  # fmt: skip


def _echo(items: Sequence[Item], i: int) -> None:
    """ "The other passenger wore a hat; she had none": a bare "no" denies what somebody else has."""
    following = items[i + 1 : i + 6]
    passed = ["verb", "has", "it"]
    if any(x.norm in ("them", "it", "one", "any") for x in following):
        passed.append("unknown")  # "she never needed them"
    behind = next((x for x in following if x.role not in passed and x.norm not in ("any", "one")), None)
    if behind is not None and behind.role not in ("stop", "but", "mark", "quote", "bracket"):
        return
    _deny_last(items, i)


def _deny_last(items: Sequence[Item], i: int) -> None:
    """Deny what somebody else was last said to have or be."""
    for item in reversed(items[max(0, i - 3 * REACH) : i]):
        if item.role in ("noun", "word") and item.part != "person" and item.said and item.said.says:
            if item.skip in (OTHER, "not sure"):
                item.skip, item.negated = "", True
            return
