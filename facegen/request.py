"""What a face is asked for with, checked once: every way in (Python, shell, page, API) comes through `ask`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from facegen import attributes
from facegen.errors import UserError
from facegen.person import MAX_SEED, Person, PersonError, check_seed, parse_person
from facegen.reading.readers import READERS
from facegen.reading.result import DescriptionError, Reading
from facegen.reading.rules import parse

STRENGTHS = (1.0, 6.0)
BEST_OF = 8  # candidates at most
MAX_N = 10_000  # faces in one call


class StrengthError(UserError):
    """A guidance strength out of range."""


class ReaderError(UserError):
    """A reader of descriptions that is not there."""


@dataclass(frozen=True)
class Request:
    """What is to be drawn.

    Attributes:
        reading: what the description says; None where there was no text.
        overrides: attribute -> yes or no, laid over the reading.
        people: who is drawn, one face each.
        strength: guidance, 1 to 6; None is the model's own.
        best_of: 1 to 8 candidates for each person.
    """

    reading: Reading | None
    overrides: dict[str, bool]
    people: tuple[Person, ...]
    strength: float | None
    best_of: int

    @property
    def wanted(self) -> dict[str, bool]:
        """All that is said, by text or by hand."""
        return attributes.merge(self.reading.attributes if self.reading else {}, self.overrides)

    @property
    def degrees(self) -> dict[str, int]:
        """-2 .. +2 of attributes that the text gave a degree and that nothing overrides."""
        said = self.reading.degrees if self.reading else {}
        return {name: degree for name, degree in said.items() if name not in self.overrides}


def ask(
    text: str | Reading = "",
    seed: int = 0,
    overrides: Mapping[str, bool] | None = None,
    n: int = 1,
    *,
    person: str | None = None,
    strength: float | None = None,
    best_of: int = 1,
    reader: str = "rules",
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


def changed(settings: Mapping[str, Any], order: str) -> dict[str, Any]:
    """Arguments of `FacePipeline.__call__` for a saved face, changed as an order says ("take the glasses off").

    Args:
        settings: as `picture.read_settings` gives them. Their description stays; changes become overrides.

    Raises:
        DescriptionError: nothing in the order changes the face.
    """
    overrides = check_overrides(settings["overrides"])
    described = read(settings["description"])
    before = replace(
        described or Reading("", {}), attributes=attributes.merge(described.attributes if described else {}, overrides)
    )
    changes = parse(order, before).changes
    if not changes:
        raise DescriptionError(f"nothing in {order[:60]!r} changes the face: say what to add, take off or change")
    for name, value in changes.items():
        overrides.pop(name, None)
        if value is not None:
            overrides = {n: v for n, v in overrides.items() if not (value and v and n in attributes.rivals(name))}
            overrides[name] = value
    return {
        "text": settings["description"],
        "overrides": overrides,
        "person": settings["person"],
        "strength": settings["strength"],
    }


def check_overrides(overrides: Mapping[str, bool] | None) -> dict[str, bool]:
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
