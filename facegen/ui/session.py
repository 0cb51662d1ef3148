"""What one visitor is looking at, and the one function that draws for them."""

from __future__ import annotations

import contextvars
import secrets
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import gradio as gr

from facegen.attributes import VocabularyError, check, merge
from facegen.hub import CheckpointError
from facegen.person import PersonError, parse_person
from facegen.picture import MetadataError
from facegen.pipeline import Face, FacePipeline, StrengthError
from facegen.reading.rules import DescriptionError, Reading, parse
from facegen.ui import render

USER_ERRORS = (DescriptionError, VocabularyError, PersonError, StrengthError, CheckpointError, MetadataError)
HISTORY = 24

# One face at a time: two at once on two cores take as long each as one after the other, and come out of order. And always
# by the same thread: each thread that runs a network keeps working memory for it, and a server has forty.
_artist = ThreadPoolExecutor(1, thread_name_prefix="artist")


@dataclass
class Session:
    """The face that is shown, the one before it, and the trail of earlier ones (settings and a thumbnail each)."""

    face: Face
    before: bytes | None = None  # its PNG
    answer: int = 0  # counts answers, so that slow extras can tell when they are out of date
    explained: int = -1
    without: dict = field(default_factory=dict)  # faces drawn without a phrase, for the face that is shown
    trail: list[dict] = field(default_factory=list)
    gallery: list[dict] = field(default_factory=list)
    reader: str = "rules"  # one of READERS


def by_artist(work: Callable, *args):
    """What `work(*args)` returns, done by the one thread that runs the networks; never to be called by that thread itself."""
    return _artist.submit(contextvars.copy_context().run, work, *args).result()


def _recurrent(text: str) -> Reading:
    from facegen.reading.network import load_reader  # loaded when somebody chooses it

    return load_reader().parse(text)


READERS = {"rules": parse, "lstm": _recurrent}


def reader_of(settings: Mapping, drawable: Collection[str]) -> str:
    """Who read a face that is to be shown again: as a link says, or whoever reads what the image says was drawn."""
    if settings.get("reader") in READERS:
        return settings["reader"]
    text, drawn = settings["description"], settings.get("attributes")
    if drawn is not None and text.strip():
        for name, read in READERS.items():
            wanted = merge(read(text).attributes, settings["overrides"])
            if {n: v for n, v in wanted.items() if n in drawable} == drawn:
                return name
    return "rules"


def sorry(error: Exception) -> gr.Error:
    """A user's mistake as the one sentence that the page shows."""
    text = str(error)
    end = "" if text.endswith((".", "?")) else "."
    return gr.Error(f"{text[:1].upper()}{text[1:]}{end}", duration=8, print_exception=False)


def draw(
    pipe: FacePipeline,
    text: str,
    overrides: dict,
    person: str,
    strength: float | None = None,
    like: Face | None = None,
    reader: str = "rules",
    best_of: int = 1,
) -> Face:
    """A face for the page; a user's mistake is raised as `gr.Error`."""
    try:
        reading = READERS[reader](text) if text and text.strip() else None
        who = parse_person(str(person).strip())
        check(overrides)
        return by_artist(pipe.face, reading, overrides, who, strength, like, best_of)
    except USER_ERRORS as error:
        raise sorry(error) from None


def paint(pipe: FacePipeline, like: Face, person: str) -> Face:
    """Another person with the words, overrides and strength of a face."""
    return by_artist(pipe.face, like.reading, like.overrides, parse_person(person), like.settings["strength"])


def start(pipe: FacePipeline, text: str, person: str) -> Session:
    session = Session(draw(pipe, text, {}, person))
    remember(session, typing=False)
    return session


def show(
    session: Session, pipe: FacePipeline, text, overrides, person, strength=None, typing: bool = False, best_of: int = 1
) -> bool:
    """Draw and remember; False where nothing that is drawn has changed, and the face stays as it is."""
    before = session.face
    face = draw(pipe, text, overrides, person, strength, like=before, reader=session.reader, best_of=best_of)
    session.face = face
    session.answer += 1
    if face.image is before.image:
        session.trail[-1].update(settings=face.settings, typing=typing and session.trail[-1]["typing"])
        return False  # only the words are new
    session.before = before.png
    session.without = {}
    remember(session, typing)
    return True


def remember(session: Session, typing: bool) -> None:
    """Add the face to the trail; what came by typing on replaces the step before, so that a word is one step."""
    entry = {"settings": session.face.settings, "src": render.thumbnail(session.face.image), "typing": typing}
    if typing and session.trail and session.trail[-1]["typing"]:
        session.trail[-1] = entry
    else:
        session.trail = [*session.trail[-HISTORY + 1 :], entry]


def new_person() -> str:
    return str(secrets.randbelow(1_000_000))
