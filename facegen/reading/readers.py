"""The readers of descriptions by name. torch is imported when the recurrent one is first used."""

from __future__ import annotations

from typing import Protocol

from facegen.reading.orders import refine
from facegen.reading.result import Reading
from facegen.reading.rules import parse


class Read(Protocol):
    """Reads a description, or with `before` an order to change the face of that reading."""

    def __call__(self, text: str, before: Reading | None = None) -> Reading:
        """Raises `DescriptionError` for a text that is empty or too long."""
        ...


def _recurrent(text: str, before: Reading | None = None) -> Reading:
    from facegen.reading.network import load_reader

    reading = load_reader().parse(text)
    return reading if before is None else refine(reading, before)


READERS: dict[str, Read] = {"rules": parse, "lstm": _recurrent}
