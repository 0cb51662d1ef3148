"""The first tab: say it, see it, change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from facegen import picture
from facegen.errors import UserError
from facegen.pipeline import Face, FacePipeline
from facegen.reading.result import check_text
from facegen.reading.rules import parse
from facegen.ui import links, render
from facegen.ui.board import attribute_board
from facegen.ui.explain import explain, match
from facegen.ui.readback import readback, words
from facegen.ui.session import Session, draw, new_person, reader_of
from facegen.ui.suggestions import EXAMPLES, random_description
from facegen.ui.theme import asset

BEST = 4
LEGEND = (
    '<p class="fg-legend"><mark class="fg-used">drawn</mark><mark class="fg-used fg-not-seen">asked, not seen</mark>'
    '<mark class="fg-not-drawable">understood, not drawable</mark><mark class="fg-not-understood">not understood</mark></p>'
)
SYNTHETIC = '<p class="fg-synthetic">Every face here is synthetic: nobody in particular, and not for identifying anyone.</p>'
STEPS = (
    '<div class="fg-actions"><button type="button" data-action="undo" disabled>Undo</button>'
    '<button type="button" data-action="redo" disabled>Redo</button></div>'
)
# A grid of buttons tells which one was pressed, as the event `pick` with its data-* values.
PICK = asset("pick.js")


class PickError(UserError):
    """Something was picked that is not there (any more)."""


def picked(event: gr.EventData, entries: Sequence) -> Any:
    """The entry whose button was pressed; raises `PickError`."""
    index = (event._data or {}).get("index")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(entries):
        raise PickError("this is no longer on the page: load it again")
    return entries[index]


@dataclass
class Describe:
    """The components that other tabs set: `restore` fills them from a face's settings."""

    session: gr.State
    outputs: list
    restore: Callable[[Session, Mapping], dict]
    extras: Callable  # (event) -> runs the slow parts after it


def build(pipe: FacePipeline, first: Session, faces: links.Faces) -> Describe:
    """Lay out the tab around the first face, which is on the page before any request."""
    model_strength = float(pipe.generator.config.guidance)
    state = gr.State(first)
    with gr.Row(elem_id="fg-compose", equal_height=False):
        with gr.Column(elem_id="fg-say"):
            text = gr.Textbox(
                value=first.face.settings["description"],
                label="Describe a face",
                placeholder="a smiling young woman with long blond hair",
                lines=1,
                max_lines=6,
                max_length=4000,
                elem_id="fg-text",
            )
            chips = gr.HTML(_chips(), js_on_load=PICK, apply_default_css=False)
            sentence = gr.HTML(_sentence(first, pipe), elem_id="fg-sentence", apply_default_css=False)
            with gr.Row(elem_classes="fg-tight"):
                go = gr.Button("Draw", variant="primary", elem_id="fg-draw", min_width=90)
                stranger = gr.Button("New person", elem_id="fg-new", min_width=90)
                live = gr.Checkbox(True, label="Live", elem_id="fg-live", min_width=70, container=False)
        with gr.Column(elem_id="fg-side"):
            stage = gr.HTML(_stage(first), elem_id="fg-main", apply_default_css=False)
            with gr.Column(elem_id="fg-change"):
                order = gr.Textbox(
                    label="Change it",
                    placeholder="make her older, take off the glasses",
                    lines=1,
                    max_length=400,
                    submit_btn="Change",
                    elem_id="fg-order",
                )
                done = gr.HTML("", apply_default_css=False, elem_id="fg-done")
                gr.HTML(STEPS + SYNTHETIC, apply_default_css=False)
            seen = gr.HTML(_seen(first), elem_id="fg-seen", apply_default_css=False)
            with gr.Column(elem_id="fg-who"):
                with gr.Row(elem_classes="fg-tight"):
                    person = gr.Textbox(
                        first.face.person, label="Person", info="A seed, or a blend of seeds", elem_id="fg-person", min_width=120
                    )
                    with gr.Column(min_width=150):
                        keep = gr.Checkbox(True, label="Keep this person", info="Off: each Draw is a new person", elem_id="fg-keep")
                        best = gr.Checkbox(
                            False,
                            label="Best of four",
                            info="Draws four close variations and keeps the best match",
                            elem_id="fg-best",
                        )
                # A slider moves what is between its steps: they are so small that the models' own strengths are steps.
                strength = gr.Slider(
                    1, 6, model_strength, step=0.05, label="Strength", info="How closely to follow the text", elem_id="fg-strength"
                )
                reader = gr.Radio(
                    [("Rules", "rules"), ("Recurrent network", "lstm")],
                    value="rules",
                    label="Reader",
                    info="How the text is read",
                    elem_id="fg-reader",
                )
                with gr.Accordion("Restore from a picture", open=False):
                    dropped = gr.File(
                        label="Drop a PNG that facegen saved", file_types=[".png"], height=110, elem_id="fg-drop"
                    )
        with gr.Column(elem_id="fg-why"):
            gr.HTML(LEGEND, apply_default_css=False)
            strip = gr.HTML(words([], busy=True), elem_id="fg-strip", apply_default_css=False)
        with gr.Column(elem_id="fg-switches"):
            board = attribute_board(pipe.drawable, said=said_by(first.face), elem_id="fg-board")
    link = gr.HTML("", js_on_load=asset("link.js"), apply_default_css=False, elem_id="fg-link")

    def look(session: Session, text, overrides, person, strength, reader, best) -> Face:
        """Draw what the controls say."""
        push = None if strength == model_strength else strength  # None is the model's own, in the metadata too
        options = {"strength": push, "reader": reader, "best_of": BEST if best else 1, "like": session.face}
        face = draw(pipe, text or "", overrides or {}, person or "0", **options)
        session.show(face, reader)
        faces.keep(links.write(face.settings, reader), face)
        return face

    def answer(session: Session) -> dict:
        said = gr.update(said=said_by(session.face))
        new = {stage: _stage(session), sentence: _sentence(session, pipe), board: said, done: ""}
        return {state: session, **new}

    def restore(session: Session, settings: Mapping) -> dict:
        """Show a face again from its settings, and set every control to them."""
        reader_, overrides = reader_of(settings, pipe.drawable), settings["overrides"]
        push = model_strength if settings["strength"] is None else settings["strength"]
        look(session, settings["description"], overrides, settings["person"], push, reader_, False)
        shown, who = answer(session), session.face.person
        shown[board] = gr.update(value=overrides, said=shown[board]["said"])
        return {**shown, text: settings["description"], person: who, strength: push, reader: reader_, best: False}

    def typed(session, live, *controls):
        if not live:
            return {state: session}
        words_, overrides, *_ = controls
        if (words_ or "").strip() == session.face.settings["description"].strip() and (overrides or {}) == session.face.overrides:
            # Set by an answer (a restored face, an example), or typed and taken back: the face is there already.
            return {state: session, sentence: _sentence(session, pipe)}
        try:
            look(session, *controls)
        except UserError as error:  # half-typed text is no occasion for a pop-up
            return {state: session, sentence: render.sentence("", None, pipe.drawable, overrides, str(error))}
        return answer(session)

    def flipped(session, *controls):
        look(session, *controls)
        return answer(session)

    def submitted(session, keep, *controls):
        words_, overrides, person_, *rest = controls
        if not overrides:
            check_text(words_ or "")
        who = person_ if keep else new_person()
        look(session, words_, overrides, who, *rest)
        return {**answer(session), person: who}  # not the relative who was the best: that would be a drift with each Draw

    def someone_new(session, words_, overrides, _, *rest):
        who = new_person()
        look(session, words_, overrides, who, *rest)
        return {**answer(session), person: who}

    def example(session, keep, event: gr.EventData, *controls):
        """An example stands for itself: what was set by hand is cleared."""
        words_ = picked(event, (*(said for _, said in EXAMPLES), None)) or random_description(pipe.drawable)
        _, _, person_, *rest = controls
        shown = submitted(session, keep, words_, {}, person_, *rest)
        return {**shown, text: words_, board: gr.update(value={}, said=shown[board]["said"])}

    def ordered(session, order_, *controls):
        """What the box under the face asks for is laid over the description as if set by hand; the person stays."""
        words_, overrides, *rest = controls
        new = orders(session.face, order_)
        look(session, words_, {**(overrides or {}), **new}, *rest)
        said = ", ".join(render.phrase(n, v) for n, v in new.items())
        note = f'<p class="fg-quiet">Changed: {said}. The person stays.</p>'
        shown = answer(session)
        return {**shown, order: "", done: note, board: gr.update(value=session.face.overrides, said=shown[board]["said"])}

    def by_link(session, event: gr.EventData):
        asked = (event._data or {}).get("link")
        settings = links.read(asked) if isinstance(asked, str) else None
        return restore(session, settings or first.face.settings)

    def drop(session, path):
        return restore(session, picture.read_settings(path)) if path else {state: session}

    async def explained(session: Session):
        async for parts in explain(session, pipe):
            yield parts

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_id": "draw", "concurrency_limit": 1}

    def extras(event):
        return event.success(
            explained, state, [seen, strip], show_progress="hidden", api_visibility="private", concurrency_limit=16,
            concurrency_id="explain", trigger_mode="always_last",
        )  # fmt: skip

    # Whoever has to wait for others sees their place in the queue on the face (style.css keeps it hidden at first).
    patient: dict[str, Any] = {**quiet, "show_progress": "minimal", "show_progress_on": [stage], "trigger_mode": "always_last"}
    controls = [text, board, person, strength, reader, best]
    outputs = [state, stage, sentence, *controls, order, done]
    submit = [text.submit, go.click, person.submit]
    # release: the slider's own "back to the start"
    pushed = [board.input, best.input, strength.input, strength.release, reader.input]
    # `change`, because Gradio's `input` comes with key presses only: not with Backspace, a paste or most phones' keyboards.
    extras(gr.on([text.change, live.input], typed, [state, live, *controls], outputs, **patient))
    extras(gr.on(submit, submitted, [state, keep, *controls], outputs, **patient))
    extras(gr.on(pushed, flipped, [state, *controls], outputs, **patient))
    extras(stranger.click(someone_new, [state, *controls], outputs, **patient))
    extras(order.submit(ordered, [state, order, *controls], outputs, **patient))
    extras(dropped.upload(drop, [state, dropped], outputs, **patient))
    extras(chips.pick(example, [state, keep, *controls], outputs, **patient))
    extras(link.restore(by_link, [state], outputs, **patient))
    return Describe(state, outputs, restore, extras)


class OrderError(UserError):
    """An order that changes nothing."""


def orders(face: Face, text: str) -> dict[str, bool]:
    """What an order such as "make her older, no glasses" changes of a face; raises `OrderError` where it is nothing."""
    check_text(text or "")
    said = parse(text).attributes
    new = {name: value for name, value in said.items() if face.attributes.get(name) is not value}
    if not new:
        known = "it is so already" if said else "nothing in it was understood"
        raise OrderError(f"{text.strip()[:60]!r} changes nothing: {known}")
    return new


def said_by(face: Face) -> dict[str, bool]:
    """What the text alone says of a face."""
    return face.reading.attributes if face.reading else {}


def _seen(session: Session) -> str:
    face = session.face
    return f'<div data-answer="{session.answer}">{readback(face.attributes, face.sources, match(face))}</div>'


def _stage(session: Session) -> str:
    return render.stage(session.face.image, session.face.settings, session.answer, session.reader)


def _sentence(session: Session, pipe: FacePipeline) -> str:
    face = session.face
    return render.sentence(face.settings["description"], face.reading, pipe.drawable, face.overrides)


def _chips() -> str:
    labels = [*(label for label, _ in EXAMPLES), "Random"]
    buttons = "".join(
        f'<button type="button" class="fg-chip" data-index="{i}" tabindex="{-1 if i else 0}">{label}</button>'
        for i, label in enumerate(labels)
    )
    return f'<div class="fg-chips" role="group" aria-label="Examples" data-roving>{buttons}</div>'
