"""The first tab: say it, see it, change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from facegen import picture
from facegen.attributes import Override
from facegen.errors import UserError
from facegen.pipeline import Face, FacePipeline
from facegen.reading.result import check_text
from facegen.request import changed
from facegen.ui import compose, links, render
from facegen.ui.checks import details
from facegen.ui.explain import explain
from facegen.ui.session import Session, draw, new_person, reader_of
from facegen.ui.suggestions import EXAMPLES, random_description

BEST = 4


class PickError(UserError):
    """Something was picked that is not there (any more)."""


class Describe:
    """What happens on the tab. Other tabs use `session`, `outputs`, `restore` and `extras`."""

    def __init__(self, pipe: FacePipeline, first: Session, faces: links.Faces):
        """Lay out the tab in the Blocks that are being built; what is shown goes into `faces`, too."""
        self.pipe, self.first, self.faces = pipe, first, faces
        self.model_strength = float(pipe.generator.config.guidance)
        self.ui = compose.Compose(pipe, first)
        self.session, self.outputs = self.ui.state, self.ui.outputs
        self._wire()

    def look(self, session: Session, text, overrides, person, strength, reader, best) -> dict:
        """Draw what the controls say, and show it."""
        options = {
            "strength": None if strength == self.model_strength else strength,  # None is the model's own
            "reader": reader,
            "best_of": BEST if best else 1,
        }
        face = draw(self.pipe, text or "", overrides or {}, person or "0", **options)
        session.show(face, reader)
        self.faces.keep(links.write(face.settings, reader), face)
        ui = self.ui
        return {
            ui.state: session,
            ui.stage: compose.stage(session, self.pipe),
            ui.sentence: compose.sentence(session, self.pipe),
            ui.board: gr.update(said=compose.said_by(face, self.pipe)),
            ui.done: "",
        }

    def restore(self, session: Session, settings: Mapping) -> dict:
        """Show a face again from its settings, and set every control to them."""
        ui, overrides, text = self.ui, settings["overrides"], settings["description"]
        reader = reader_of(settings, self.pipe.drawable)
        strength = self.model_strength if settings["strength"] is None else settings["strength"]
        shown = self.look(session, text, overrides, settings["person"], strength, reader, False)
        person = session.face.person
        controls = {ui.text: text, ui.person: person, ui.strength: strength, ui.reader: reader, ui.best: False}
        return {**shown, **controls, ui.board: self._switches(session)}

    def extras(self, event):
        """Run the slow parts after an event."""
        seen = [self.ui.seen, self.ui.strip]
        return event.success(
            self.explained, self.session, seen, show_progress="hidden", api_visibility="private", concurrency_limit=16,
            concurrency_id="explain", trigger_mode="always_last",
        )  # fmt: skip

    async def explained(self, session: Session):
        """What the classifier sees, and what each word does, piece by piece."""
        async for parts in explain(session, self.pipe):
            yield parts

    def typed(self, session, live, *controls):
        """While somebody types."""
        text, overrides, *_ = controls
        if not live:
            behind = (text or "").strip() != session.face.settings["description"].strip()
            return {self.session: session, self.ui.sentence: compose.sentence(session, self.pipe, behind)}
        if (text or "").strip() == session.face.settings["description"].strip() and _same(overrides, session.face):
            # Set by an answer (a restored face, an example), or typed and taken back: the face is there already.
            return {self.session: session, self.ui.sentence: compose.sentence(session, self.pipe)}
        try:
            return self.look(session, *controls)
        except UserError as error:  # half-typed text is no occasion for a pop-up
            told = render.sentence(None, self.pipe.drawable, overrides, str(error))
            return {self.session: session, self.ui.sentence: told}

    def flipped(self, session, *controls):
        """A switch, the strength, the reader or best of four."""
        return self.look(session, *controls)

    def submitted(self, session, keep, *controls):
        """Enter, or the button."""
        text, overrides, person, *rest = controls
        if not overrides:
            check_text(text or "")
        who = person if keep else new_person()
        # The person who was asked for, not the relative who was the best: that would be a drift with each Draw.
        return {**self.look(session, text, overrides, who, *rest), self.ui.person: who}

    def someone_new(self, session, text, overrides, _, *rest):
        """The same words, another person."""
        who = new_person()
        return {**self.look(session, text, overrides, who, *rest), self.ui.person: who}

    def example(self, session, keep, event: gr.EventData, *controls):
        """An example stands for itself: what was set by hand is cleared."""
        text = picked(event, (*(said for _, said in EXAMPLES), None)) or random_description(self.pipe.drawable)
        shown = self.submitted(session, keep, text, {}, *controls[2:])
        return {**shown, self.ui.text: text, self.ui.board: self._switches(session)}

    def ordered(self, session, order, *controls):
        """What the box under the face asks for is laid over the description as if set by hand; the person stays."""
        text, overrides, *rest = controls
        overrides, changes = changed(session.face.reading, overrides or {}, order or "", self.pipe.graded)
        told = ", ".join(render.phrase(n, v) for n, v in changes.items() if v is not None) or "back to the text"
        shown = self.look(session, text, overrides, *rest)
        note = f'<p class="fg-quiet">Changed: {told}. The person stays.</p>'
        return {**shown, self.ui.order: "", self.ui.done: note, self.ui.board: self._switches(session)}

    def by_link(self, session, event: gr.EventData):
        """Back, Forward, undo, redo and the gallery."""
        asked = details(event).get("link")
        settings = links.read(asked) if isinstance(asked, str) else None
        return self.restore(session, settings or self.first.face.settings)

    def drop(self, session, path):
        """A PNG that was dropped on the page."""
        return self.restore(session, picture.read_settings(path)) if path else {self.session: session}

    def _switches(self, session: Session) -> Any:
        return gr.update(value=session.face.overrides, said=compose.said_by(session.face, self.pipe))

    def _wire(self) -> None:
        ui, extras = self.ui, self.extras
        # Whoever has to wait for others sees their place in the queue on the face (style.css hides it at first).
        patient: dict[str, Any] = {
            "show_progress": "minimal", "show_progress_on": [ui.stage], "api_visibility": "private",
            "concurrency_id": "draw", "concurrency_limit": 1, "trigger_mode": "always_last",
        }  # fmt: skip
        state, controls, outputs = ui.state, ui.controls, ui.outputs
        submit = [ui.text.submit, ui.go.click, ui.person.submit]
        # release: the slider's own "back to the start"
        pushed = [ui.board.input, ui.best.input, ui.strength.input, ui.strength.release, ui.reader.input]
        # `change`, because `input` comes with key presses only: not with a paste or most phones' keyboards.
        typing = [ui.text.change, ui.live.input]
        extras(gr.on(typing, self.typed, [state, ui.live, *controls], outputs, **patient))
        extras(gr.on(submit, self.submitted, [state, ui.keep, *controls], outputs, **patient))
        extras(gr.on(pushed, self.flipped, [state, *controls], outputs, **patient))
        extras(ui.stranger.click(self.someone_new, [state, *controls], outputs, **patient))
        extras(ui.order.submit(self.ordered, [state, ui.order, *controls], outputs, **patient))
        extras(ui.dropped.upload(self.drop, [state, ui.dropped], outputs, **patient))
        extras(ui.chips.pick(self.example, [state, ui.keep, *controls], outputs, **patient))
        extras(ui.link.restore(self.by_link, [state], outputs, **patient))


def picked(event: gr.EventData, entries: Sequence) -> Any:
    """The entry whose button was pressed; raises `PickError`."""
    index = details(event).get("index")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(entries):
        raise PickError("this is no longer on the page: load it again")
    return entries[index]


def _same(overrides: Mapping[str, Override] | None, face: Face) -> bool:
    return (overrides or {}) == face.overrides
