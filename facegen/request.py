"""What a face is asked for with, checked once: every way in (Python, shell, page, API) comes through `ask`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from facegen import attributes
from facegen.attributes import Override
from facegen.errors import UserError
from facegen.person import MAX_SEED, Person, PersonError, check_seed, parse_person
from facegen.reading.readers import READERS
from facegen.reading.result import DescriptionError, Reading, check_text
from facegen.reading.rules import parse

STRENGTHS = (1.0, 6.0)
BEST_OF = 8  # candidates at most
MAX_N = 10_000  # faces in one call


class StrengthError(UserError):
    """A guidance strength out of range."""


class OrderError(UserError):
    """An order that changes nothing."""


class ReaderError(UserError):
    """A reader of descriptions that is not there."""


@dataclass(frozen=True)
class Request:
    """What is to be drawn.

    Attributes:
        reading: what the description says; None where there was no text.
        overrides: attribute -> yes, no or a yes of a degree, laid over the reading.
        people: who is drawn, one face each.
        strength: guidance, 1 to 6; None is the model's own.
        best_of: 1 to 8 candidates for each person.
        look: kind of picture, such as "studio"; None is the model's own. Which there are, the model knows.
        size: side of the image in px; None is the model's own. Which there are, the model knows.
    """

    reading: Reading | None
    overrides: dict[str, Override]
    people: tuple[Person, ...]
    strength: float | None
    best_of: int
    look: str | None = None
    size: int | None = None

    @property
    def wanted(self) -> dict[str, bool]:
        """All that is said, by text or by hand."""
        return attributes.merge(self.reading.attributes if self.reading else {}, self.overrides)

    @property
    def degrees(self) -> dict[str, int]:
        """-2 .. +2 of attributes that were given a degree, by hand or else by the text."""
        said = self.reading.degrees if self.reading else {}
        said = {name: degree for name, degree in said.items() if name not in self.overrides}
        return said | attributes.degrees_of(self.overrides)


def ask(
    text: str | Reading = "",
    seed: int = 0,
    overrides: Mapping[str, Override] | None = None,
    n: int = 1,
    *,
    person: str | None = None,
    strength: float | None = None,
    best_of: int = 1,
    reader: str = "rules",
    look: str | None = None,
    size: int | None = None,
) -> Request:
    """A checked request; arguments as in `FacePipeline.__call__`.

    Raises:
        DescriptionError, VocabularyError, PersonError, StrengthError, ReaderError: one sentence each.
    """
    return Request(
        read(text, reader),
        check_overrides(overrides),
        people(seed, n, person),
        check_strength(strength),
        check_best_of(best_of),
        look,
        size,
    )


def read(text: str | Reading, reader: str = "rules") -> Reading | None:
    """What a description says, None for an empty one; a `Reading` is taken as it is.

    Raises `DescriptionError`, `ReaderError`.
    """
    if not isinstance(reader, str) or reader not in READERS:
        raise ReaderError(f"the reader {str(reader)[:40]!r} is unknown: there are {' and '.join(READERS)}")
    if isinstance(text, Reading):
        return text
    if not isinstance(text, str):
        raise DescriptionError(f"the description is {_cut(text)}: it must be text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DescriptionError("the description holds bytes that are no text: write it in UTF-8") from None
    return READERS[reader](text) if text.strip() else None


def changed(
    described: Reading | None, overrides: Mapping[str, Override], order: str, graded: Collection[str] = ()
) -> tuple[dict[str, Override], dict[str, Override | None]]:
    """The overrides of a face after an order ("take the glasses off, make her older"), and what the order changed.

    Args:
        described: what the face's description says. It stays; what changes becomes an override.
        overrides: what was overridden already.
        graded: attributes that the model draws by degrees: "a bit more smile" changes their degree.

    Returns:
        The new overrides, and {attribute: its new override, or None where one is taken back}.

    Raises:
        DescriptionError, OrderError: an empty order, or one that changes nothing.
        VocabularyError: overrides that can't be.
    """
    check_text(order)
    described = described or Reading("", {})
    before = Request(described, check_overrides(overrides), (), None, 1)
    said = before.wanted
    after = parse(order, before=replace(described, attributes=said, degrees=before.degrees))
    was, now = (
        attributes.with_degrees(said, {n: d for n, d in degrees.items() if n in graded})
        for said, degrees in ((said, before.degrees), (after.attributes, after.degrees))
    )
    made = {name: now.get(name) for name in after.changes if was.get(name) != now.get(name)}
    made = {name: value for name, value in made.items() if value is not None or name in overrides}
    if not made:
        known = "it is so already" if after.changes else "nothing in it was understood"
        raise OrderError(f"{order.strip()[:60]!r} changes nothing: {known}")
    rivals = {rival for name, value in made.items() if value for rival in attributes.rivals(name)}
    kept = {n: v for n, v in overrides.items() if n not in made and not (v and n in rivals)}
    return kept | {name: value for name, value in made.items() if value is not None}, made


def check_overrides(overrides: Mapping[str, Override] | None) -> dict[str, Override]:
    """Overrides as a dict of their own, or `VocabularyError`."""
    if overrides is None:
        return {}
    if not isinstance(overrides, Mapping):
        raise attributes.VocabularyError(f"overrides {_cut(overrides)}: expected {{attribute: True or False}}")
    attributes.check(overrides)
    return dict(overrides)


def people(seed: int, n: int = 1, person: str | None = None) -> tuple[Person, ...]:
    """Who is drawn: the person of a blend, or n people of seeds from `seed` on. Raises `PersonError`."""
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MAX_N:
        raise PersonError(f"n {_cut(n)} is out of range: draw at least 1 image and at most {MAX_N} at once")
    if person is not None:
        if n > 1:
            raise PersonError("a blend of seeds is one person: draw several with a seed")
        return (parse_person(person),)
    first = check_seed(seed)
    if first + n - 1 > MAX_SEED:
        raise PersonError(f"seeds {first} to {first + n - 1} go past the last one, {MAX_SEED}")
    return tuple(((first + i, 1.0),) for i in range(n))


def check_strength(strength: float | None) -> float | None:
    """A strength of 1 to 6, or `StrengthError`; None is the model's own."""
    low, high = STRENGTHS
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if strength is not None and not (number and low <= strength <= high):
        raise StrengthError(f"strength {_cut(strength)} is out of range: 1 (gentle) to 6 (forceful)")
    return strength


def check_best_of(n: int) -> int:
    """A number of candidates, 1 to 8, or `PersonError`."""
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= BEST_OF:
        raise PersonError(f"best of {_cut(n)} is out of range: 1 (no choice) to {BEST_OF}")
    return n


def _cut(value: object) -> str:
    """A value as an error repeats it: not all of a long one."""
    try:
        said = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "of thousands of digits"
    return said if len(said) <= 60 else f"{said[:57]}..."
