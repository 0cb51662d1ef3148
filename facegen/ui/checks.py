"""What programs send and get: values of the right kind, overrides as they write them, and faces as files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gradio as gr

from facegen import attributes
from facegen.errors import UserError
from facegen.files import write_atomic
from facegen.pipeline import Face
from facegen.ui import render
from facegen.ui.files import scratch

SHOWN = 40  # characters of a bad value that are repeated


class ValueOutOfRange(UserError):
    """A number that is none, or that is out of range."""


def words(text: object) -> str:
    """A description as it is, or `ValueOutOfRange` where it is no text."""
    if not isinstance(text, str):
        raise ValueOutOfRange(f"the description {_cut(text)} is no text")
    return text


def number(name: str, value: object, low: float, high: float) -> float:
    """A finite number of low..high, or `ValueOutOfRange`."""
    good = (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high
    )
    if not good:
        raise ValueOutOfRange(f"{name} {_cut(value)} is out of range: it is a number from {low:g} to {high:g}")
    return float(value)  # type: ignore[arg-type]


def whole(name: str, value: object, low: int, high: int) -> int:
    """A whole number of low..high, or `ValueOutOfRange`."""
    if isinstance(value, float) and not value.is_integer():
        raise ValueOutOfRange(f"{name} {_cut(value)} is out of range: it is a whole number from {low} to {high}")
    return int(number(name, value, low, high))


def details(event: gr.EventData) -> dict[str, Any]:
    """What an event of the page tells besides its fields; nothing, where that is no object."""
    return event._data if isinstance(event._data, dict) else {}


def read_overrides(given: object) -> dict[str, attributes.Override]:
    """true or false, "yes", "no" and "auto", or degrees -> overrides; `VocabularyError` for anything else."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise attributes.VocabularyError(
            f'overrides {_cut(given)} must be an object such as {{"hat": "yes", "beard": "no"}}'
        )
    chosen: dict[str, attributes.Override] = {}
    for name, value in given.items():
        said = (
            {True: "yes", False: "no", None: "auto"}.get(value, value) if not isinstance(value, list | dict) else value
        )
        _, state = attributes.parse_override(f"{name}={said}")
        if state is not None:
            chosen[name] = state
    attributes.check(chosen)
    return chosen


def face_file(face: Face) -> Any:
    """The face as a file that Gradio serves; its cache is emptied by age."""
    path = write_atomic(scratch(render.file_name(face.settings)), face.png)
    return gr.FileData(path=str(path), orig_name=path.name, mime_type="image/png").model_dump()


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
