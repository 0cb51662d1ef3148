"""How the first tab is laid out."""

from __future__ import annotations

from collections.abc import Collection

import gradio as gr

from facegen.attributes import Override, with_degrees
from facegen.pipeline import Face, FacePipeline
from facegen.ui import render
from facegen.ui.board import attribute_board
from facegen.ui.explain import match
from facegen.ui.readback import readback, words
from facegen.ui.session import Session
from facegen.ui.suggestions import EXAMPLES, templates
from facegen.ui.theme import asset

LEGEND = (
    '<p class="fg-legend"><mark class="fg-used">drawn</mark><mark class="fg-used fg-not-seen">asked, not seen</mark>'
    '<mark class="fg-not-drawable">understood, not drawable</mark>'
    '<mark class="fg-not-understood">not understood</mark></p>'
)
SYNTHETIC = (
    '<p class="fg-synthetic">Every face here is synthetic: nobody in particular, and not for identifying anyone.</p>'
)
STEPS = (
    '<div class="fg-actions"><button type="button" data-action="undo" disabled>Undo</button>'
    '<button type="button" data-action="redo" disabled>Redo</button></div>'
)
USE = '<button type="button" class="fg-chip" data-use>Use</button>'
CLOSE = '<form method="dialog"><button class="fg-chip">Close</button></form>'
BEHIND = "The face is out of date: press Draw to draw what the box says."
# A grid of buttons tells which one was pressed, as the event `pick` with its data-* values.
PICK = asset("pick.js")


class Compose:
    """The components of the tab, around the first face, which is on the page before any request.

    Attributes:
        state: the visitor's `Session`.
        controls: what a face is asked for with: text, switches, person, strength, reader, best of four.
        outputs: all that an answer may set.
    """

    def __init__(self, pipe: FacePipeline, first: Session):
        """Lay out the tab in the Blocks that are being built."""
        self.state = gr.State(first)
        with gr.Row(elem_id="fg-compose", equal_height=False):
            with gr.Column(elem_id="fg-say"):
                self.text = gr.Textbox(
                    value=first.face.settings["description"],
                    label="Describe a face",
                    placeholder="a smiling young woman with long blond hair",
                    lines=1,
                    max_lines=6,
                    max_length=4000,
                    elem_id="fg-text",
                )
                self.chips = gr.HTML(chips(pipe.drawable), js_on_load=PICK + asset("chips.js"), apply_default_css=False)
                self.sentence = gr.HTML(sentence(first, pipe), elem_id="fg-sentence", apply_default_css=False)
                with gr.Row(elem_classes="fg-tight"):
                    self.go = gr.Button("Draw", variant="primary", elem_id="fg-draw", min_width=90)
                    self.stranger = gr.Button("New person", elem_id="fg-new", min_width=90)
                    self.live = gr.Checkbox(True, label="Live", elem_id="fg-live", min_width=70, container=False)
            with gr.Column(elem_id="fg-side"):
                self.stage = gr.HTML(stage(first, pipe), elem_id="fg-main", apply_default_css=False)
                with gr.Column(elem_id="fg-change"):
                    self.order = gr.Textbox(
                        label="Change it",
                        placeholder="make her older, take off the glasses",
                        lines=1,
                        max_length=400,
                        submit_btn="Change",
                        elem_id="fg-order",
                    )
                    self.done = gr.HTML("", apply_default_css=False, elem_id="fg-done")
                    gr.HTML(STEPS + SYNTHETIC, apply_default_css=False)
                self.seen = gr.HTML(seen(first), elem_id="fg-seen", apply_default_css=False)
                with gr.Column(elem_id="fg-who"):
                    with gr.Row(elem_classes="fg-tight"):
                        self.person = gr.Textbox(
                            first.face.person,
                            label="Person",
                            info="A seed, or a blend of seeds",
                            elem_id="fg-person",
                            min_width=120,
                        )
                        with gr.Column(min_width=150):
                            self.keep = gr.Checkbox(
                                True, label="Keep this person", info="Off: each Draw is a new person", elem_id="fg-keep"
                            )
                            self.best = gr.Checkbox(
                                False,
                                label="Best of four",
                                info="Draws four close variations and keeps the best match",
                                elem_id="fg-best",
                            )
                    # A slider moves what is between its steps: small ones, so that the models' own strengths are steps.
                    self.strength = gr.Slider(
                        1,
                        6,
                        float(pipe.generator.config.guidance),
                        step=0.05,
                        label="Strength",
                        info="How closely to follow the text",
                        elem_id="fg-strength",
                    )
                    self.reader = gr.Radio(
                        [("Rules", "rules"), ("Recurrent network", "lstm")],
                        value="rules",
                        label="Reader",
                        info="How the text is read",
                        elem_id="fg-reader",
                    )
                    # A button, not a File: it holds no picture that must be cleared before the next one.
                    self.dropped = gr.UploadButton(
                        "Restore from a picture", file_types=[".png"], size="sm"
                    )
            with gr.Column(elem_id="fg-why"):
                gr.HTML(LEGEND, apply_default_css=False)
                self.strip = gr.HTML(words([], busy=True), elem_id="fg-strip", apply_default_css=False)
            with gr.Column(elem_id="fg-switches"):
                self.board = attribute_board(pipe, said=said_by(first.face, pipe), elem_id="fg-board")
        self.link = gr.HTML("", js_on_load=asset("link.js"), apply_default_css=False, elem_id="fg-link")
        self.controls = [self.text, self.board, self.person, self.strength, self.reader, self.best]
        self.outputs = [self.state, self.stage, self.sentence, *self.controls, self.order, self.done]


def said_by(face: Face, pipe: FacePipeline) -> dict[str, Override]:
    """What the text alone says of a face, by degrees where the model draws them."""
    if face.reading is None:
        return {}
    degrees = {name: degree for name, degree in face.reading.degrees.items() if name in pipe.graded}
    return with_degrees(face.reading.attributes, degrees)


def seen(session: Session) -> str:
    """The read-back of the face that is shown, as HTML."""
    face = session.face
    return f'<div data-answer="{session.answer}">{readback(face.attributes, face.sources, match(face))}</div>'


def stage(session: Session, pipe: FacePipeline) -> str:
    """The face that is shown, as HTML."""
    return render.stage(session.face.image, session.face.settings, session.answer, session.reader, pipe.sizes[1:])


def sentence(session: Session, pipe: FacePipeline, behind: bool = False) -> str:
    """Its description with the marks, as HTML; `behind` where the box says something else by now."""
    face, note = session.face, BEHIND if behind else ""
    return render.sentence(face.reading, pipe.drawable, face.overrides, note)


def chips(drawable: Collection[str]) -> str:
    """The examples as buttons, one for a random description, and templates with blanks in a dialog."""
    labels = [*(label for label, _ in EXAMPLES), "Random"]
    buttons = "".join(
        f'<button type="button" class="fg-chip" data-index="{i}" tabindex="{-1 if i else 0}">{label}</button>'
        for i, label in enumerate(labels)
    )
    buttons += '<button type="button" class="fg-chip" data-open tabindex="-1">Templates</button>'
    rows = "".join(f"<li><span>{_blanks(parts)}</span>{USE}</li>" for parts in templates(drawable))
    dialog = f'<dialog aria-label="Templates"><h2>Templates</h2><ul>{rows}</ul>{CLOSE}</dialog>'
    return f'<div class="fg-chips" role="group" aria-label="Examples" data-roving>{buttons}</div>{dialog}'


def _blanks(parts: list[str | list[str]]) -> str:
    """The parts of a template as HTML: text, and a list for each blank."""
    return "".join(
        part
        if isinstance(part, str)
        else f'<select aria-label="Blank {i}">{"".join(f"<option>{word}</option>" for word in part)}</select>'
        for i, part in enumerate(parts)
    )
