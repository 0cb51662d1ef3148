"""What one visitor is looking at, and the one function that draws for them."""

from __future__ import annotations

import contextvars
import secrets
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from facegen.attributes import Override, merge, with_degrees
from facegen.pipeline import Face, FacePipeline
from facegen.reading.readers import READERS
from facegen.reading.result import Reading

# One face at a time: two at once on two cores take as long each as one after the other, and come out of order. And
# always by the same thread: each thread that runs a network keeps working memory for it, and a server has forty.
_artist = ThreadPoolExecutor(1, thread_name_prefix="artist")


@dataclass
class Session:
    """The face that is shown. Gradio copies the first one for each visitor, who then goes their own way."""

    face: Face
    reader: str = "rules"
    answer: int = 0  # counts answers, so that slow extras can tell when they are out of date
    explained: int = -1

    def __deepcopy__(self, memo: dict) -> Session:
        return replace(self)  # a face never changes, so it is shared

    def show(self, face: Face, reader: str = "rules") -> None:
        """Make this the face that is shown."""
        self.face, self.reader = face, reader
        self.answer += 1


def by_artist(work: Callable, *args, **options):
    """What `work(*args)` returns, done by the one thread that runs the networks; never called by that thread itself."""
    return _artist.submit(contextvars.copy_context().run, lambda: work(*args, **options)).result()


def reader_of(settings: Mapping, drawable: Collection[str]) -> str:
    """The reader of a face that is shown again: the link's, or the one whose reading fits what was drawn."""
    if settings.get("reader"):
        return settings["reader"]
    text, drawn = settings["description"], settings.get("attributes")
    if drawn is not None and text.strip():
        for name, read in READERS.items():
            wanted = merge(read(text).attributes, settings["overrides"])
            if {n: v for n, v in wanted.items() if n in drawable} == drawn:
                return name
    return "rules"


def drawn_as(face: Face) -> dict[str, Override]:
    """What a face was drawn with, degrees included."""
    return with_degrees(face.attributes, face.settings.get("degrees", {}))


def draw(
    pipe: FacePipeline, text: str | Reading, overrides: Mapping[str, Override], person: str | int, **options: Any
) -> Face:
    """One face by `pipe`, whose further arguments are `options`; raises `UserError`."""
    return by_artist(pipe, text, overrides=overrides, person=str(person).strip(), **options)


def redraw(pipe: FacePipeline, settings: Mapping, reader: str | None = None) -> Face:
    """The face of settings, as a link or a PNG has them."""
    reader = reader or reader_of(settings, pipe.drawable)
    text, who = settings["description"], settings["person"]
    size = settings.get("size")
    return draw(pipe, text, settings["overrides"], who, reader=reader, size=size, **how_drawn(settings))


def how_drawn(settings: Mapping) -> dict[str, Any]:
    """The options of `draw` that settings hold beside text, overrides and person."""
    return {"strength": settings["strength"], "look": settings.get("look")}


def new_person() -> str:
    """The seed, as text, of a person picked at random."""
    return str(secrets.randbelow(1_000_000))
