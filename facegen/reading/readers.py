"""The readers of descriptions by name. torch is imported when the recurrent one is first used."""

from __future__ import annotations

from collections.abc import Callable

from facegen.reading.result import Reading
from facegen.reading.rules import parse


def _recurrent(text: str) -> Reading:
    from facegen.reading.network import load_reader

    return load_reader().parse(text)


READERS: dict[str, Callable[[str], Reading]] = {"rules": parse, "lstm": _recurrent}
