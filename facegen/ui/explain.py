"""The slow parts of an answer: what the classifier sees in the face, and what each word does to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import gradio as gr

from facegen.errors import UserError
from facegen.pipeline import Face, FacePipeline
from facegen.ui import render
from facegen.ui.readback import readback, words
from facegen.ui.session import Session, by_artist, draw, drawn_as, how_drawn

PAUSE = 0.3  # seconds without a newer face before the slow parts start: whoever types on is not slowed down by them


async def explain(session: Session, pipe: FacePipeline) -> AsyncIterator[tuple]:
    """(read-back, strip of words) as HTML, a piece at a time, given up as soon as a newer face is shown."""
    await asyncio.sleep(PAUSE)
    answer, face = session.answer, session.face

    def stamped(html: str) -> str:  # tells the page which face this belongs to
        return f'<div data-answer="{answer}">{html}</div>'

    if session.explained == answer:
        yield gr.skip(), gr.skip()
        return
    seen = stamped(readback(face.attributes, face.sources, await asyncio.to_thread(match, face)))
    if session.answer != answer:
        return
    found = phrases(face, pipe)
    yield seen, stamped(words([], busy=bool(found)))
    items: list[dict] = []
    for i, part in enumerate(found):
        items.append(await asyncio.to_thread(without, session, pipe, *part))
        if session.answer != answer:
            return
        yield seen, stamped(words(items, busy=i + 1 < len(found)))
    session.explained = answer


def match(face: Face) -> dict[str, float]:
    """`Face.match`, or nothing where there is no classifier: the face is still shown."""
    try:
        return by_artist(lambda: face.match)
    except UserError:
        return {}


def phrases(face: Face, pipe: FacePipeline) -> list[tuple[int, int, tuple[str, ...]]]:
    """Phrases that set something that is drawn: (start, end, attributes)."""
    found = face.reading.marks(pipe.drawable) if face.reading else []
    drawn = [(a, b, tuple(n for n in names if face.sources.get(n) == "text")) for a, b, _, names in found]
    return [part for part in drawn if part[2]]


def without(session: Session, pipe: FacePipeline, start: int, end: int, names: tuple[str, ...]) -> dict:
    """The same person drawn without one phrase, and where that differs."""
    face = session.face
    assert face.reading is not None
    rest = {n: v for n, v in drawn_as(face).items() if n not in names}
    other = draw(pipe, "", rest, face.person, **how_drawn(face.settings)).image
    return {
        "phrase": face.reading.text[start:end],
        "span": f"{start}-{end}",
        "src": render.thumbnail(other, 152),
        "heat": render.heat_map(face.image, other),
        "change": f"changes {render.changed(face.image, other)}%",
    }
