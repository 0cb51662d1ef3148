"""The slow parts of an answer: what the classifier sees in the face, and what each word does to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import gradio as gr

from facegen.pipeline import FacePipeline
from facegen.ui import render
from facegen.ui.session import USER_ERRORS, Session, by_artist, draw

PAUSE = 0.3  # seconds without a newer face before the slow parts start: whoever types on is not slowed down by them


async def explain(session: Session, pipe: FacePipeline) -> AsyncIterator[tuple]:
    """(read-back, strip of words) as HTML, a piece at a time, given up as soon as a newer face is shown."""
    await asyncio.sleep(PAUSE)
    answer = session.answer

    def stamped(html):  # tells the page that this belongs to the face that it shows, and is no longer out of date
        return f'<div data-answer="{answer}">{html}</div>'

    if session.explained == answer:
        yield gr.skip(), gr.skip()
        return
    seen = await asyncio.to_thread(readback, session)
    if session.answer != answer:
        return
    found = phrases(session, pipe)
    yield stamped(seen), gr.skip() if found else stamped(render.words([]))
    items = []
    for i, phrase in enumerate(found):
        item = await asyncio.to_thread(_without, session, pipe, *phrase)
        if session.answer != answer:
            return
        items.append(item)
        yield stamped(seen), stamped(render.words(items, busy=i + 1 < len(found)))
    session.explained = answer


def readback(session: Session) -> str:
    face = session.face
    try:
        match = by_artist(lambda: face.match)
    except USER_ERRORS:  # a model folder may come without a classifier: the face is still worth showing
        match = {}
    return render.readback(face.attributes, face.sources, match)


def phrases(session: Session, pipe: FacePipeline) -> list[tuple[int, int, tuple[str, ...]]]:
    """Phrases that set something that is drawn: (start, end, attributes)."""
    if session.face.reading is None:
        return []
    found = render.spans(session.face.reading, pipe.drawable)
    return [(a, b, names) for a, b, _, names in found if any(session.face.sources.get(n) == "text" for n in names)]


def _without(session: Session, pipe: FacePipeline, start: int, end: int, names: tuple[str, ...]) -> dict:
    """The same person drawn without one phrase, and where that differs."""
    face, phrase = session.face, session.face.reading.text[start:end]
    gone = {n for n in names if face.sources.get(n) == "text"}
    rest = {n: v for n, v in face.attributes.items() if n not in gone}
    key = tuple(rest.items())
    if key not in session.without:  # typing on changes the words more often than the face
        other = draw(pipe, "", rest, face.person, face.settings["strength"]).image
        heat = render.heat_map(face.image, other)
        session.without[key] = render.thumbnail(other, 152), heat, render.changed(face.image, other)
    src, heat, change = session.without[key]
    return {"phrase": phrase, "span": f"{start}-{end}", "src": src, "heat": heat, "change": f"changes {change}%"}
