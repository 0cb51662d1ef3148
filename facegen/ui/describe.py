"""The first tab: say it, see it, change it."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from facegen import attributes
from facegen import picture as metadata
from facegen.pipeline import FacePipeline
from facegen.reading.rules import DescriptionError, check_text
from facegen.ui import render
from facegen.ui.board import attribute_board
from facegen.ui.explain import explain, readback
from facegen.ui.session import USER_ERRORS, Session, new_person, reader_of, show, sorry
from facegen.ui.theme import asset

EXAMPLES = (
    "a smiling young woman with long blond hair",
    "an old man with gray hair, a beard and glasses",
    "a woman with black hair, bangs and heavy make-up",
    "a bald man with a mustache, not smiling",
    "a young man with brown hair and stubble",
)
BEST = 4
LEGEND = (
    '<p class="fg-legend"><mark class="fg-used">drawn</mark><mark class="fg-not-drawable">understood, not drawable</mark>'
    '<mark class="fg-not-understood">not understood</mark></p>'
)
ACTIONS = (
    '<div class="fg-actions"><button type="button" data-action="download">Download PNG</button>'
    '<button type="button" data-action="link">Copy link</button></div>'
)
SYNTHETIC = (
    '<p class="fg-synthetic">Every face here is synthetic: nobody in particular, and no aid to identify anyone.</p>'
)


@dataclass
class Describe:
    """The components that other tabs set: `restore` fills them from a face's settings."""

    session: gr.State
    text: gr.Textbox
    board: gr.HTML
    person: gr.Textbox
    strength: gr.Slider
    outputs: list
    keep: gr.Button  # puts the face into the gallery
    restore: object  # (session, settings) -> values of `outputs`
    opened: object  # (session, request) -> values of `outputs`: what a shared link says
    extras: object  # (event) -> runs the slow parts after it


def build(pipe: FacePipeline, first: Session) -> Describe:
    """Lay out the tab around the first face, which is on the page before any request."""
    model_strength = float(pipe.generator.config.guidance)
    session = gr.State(first)
    with gr.Row(elem_id="fg-compose", equal_height=False):
        with gr.Column(elem_id="fg-say"):
            text = gr.Textbox(
                value=first.face.settings["description"],
                label="Describe a face",
                placeholder="a smiling young woman with long blond hair",
                lines=1,
                max_lines=6,
                max_length=4000,
                autofocus=False,
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
            with gr.Row(elem_classes="fg-tight", elem_id="fg-act"):
                keep_face = gr.Button("Add to gallery", size="sm", elem_id="fg-keep-face", min_width=60)
                gr.HTML(ACTIONS, apply_default_css=False)
            gr.HTML(SYNTHETIC, apply_default_css=False, elem_id="fg-synthetic")
            seen = gr.HTML(readback(first), elem_id="fg-seen", apply_default_css=False)
            with gr.Row(elem_classes="fg-tight"):
                person = gr.Textbox(
                    first.face.person,
                    label="Person",
                    info="A seed, or a blend of seeds",
                    elem_id="fg-person",
                    min_width=120,
                )
                with gr.Column(min_width=150):
                    keep = gr.Checkbox(
                        True, label="Keep this person", info="Off: each Draw is someone new", elem_id="fg-keep"
                    )
                    best = gr.Checkbox(
                        False,
                        label="Best of four",
                        info="The one of four near relatives who shows the words best",
                        elem_id="fg-best",
                    )
            # A slider moves what is between its steps: they are so small that the models' own strengths (2.25, 2.4) are steps.
            strength = gr.Slider(
                1, 6, model_strength, step=0.05, label="Strength", info="How hard the words push", elem_id="fg-strength"
            )
            reader = gr.Radio(
                [("Rules", "rules"), ("Recurrent network", "lstm")],
                value="rules",
                label="Reader",
                info="Who reads the words",
                elem_id="fg-reader",
            )
            with gr.Accordion("Restore from a picture", open=False):
                dropped = gr.File(
                    label="Drop a PNG that facegen saved", file_types=[".png"], height=110, elem_id="fg-drop"
                )
        with gr.Column(elem_id="fg-why"):
            gr.HTML(LEGEND, apply_default_css=False)
            strip = gr.HTML(render.words([], busy=True), elem_id="fg-strip", apply_default_css=False)
        with gr.Column(elem_id="fg-switches"):
            board = attribute_board(pipe.drawable, said=first.face.reading.attributes, elem_id="fg-board")

    def redraw(session, text, overrides, person, strength, best, typing=False):
        push = None if strength == model_strength else float(strength)  # None is the model's own, in the metadata too
        show(session, pipe, text, overrides or {}, person, push, typing, BEST if best else 1)

    face_outputs = [session, stage, sentence, board]

    def answer(session: Session):
        said = session.face.reading.attributes if session.face.reading else {}
        return session, _stage(session), _sentence(session, pipe), gr.update(said=said)

    def typed(session, text, overrides, person, strength, best, live):
        if not live:
            return [gr.skip()] * len(face_outputs)
        if (text or "").strip() == session.face.settings["description"].strip():
            # Set by an answer (a restored face, an example), or typed and taken back: the face is there already.
            return session, gr.skip(), _sentence(session, pipe), gr.skip()
        try:
            redraw(session, text, overrides, person, strength, best, typing=True)
        except gr.Error as error:  # half-typed text is no occasion for a pop-up
            return session, gr.skip(), render.sentence("", None, pipe.drawable, note=error.message), gr.skip()
        return answer(session)

    def submitted(session, text, overrides, person, strength, best, keep):
        if not overrides:
            try:
                check_text(text or "")
            except DescriptionError as error:
                raise sorry(error) from None
        who = person if keep else new_person()
        redraw(session, text, overrides, who, strength, best)
        return *answer(session), who  # and not the relative who was the best: that would be a drift with each Draw

    def flipped(session, *controls):
        redraw(session, *controls)
        return answer(session)

    def read_by(session, reader, *controls):
        session.reader = reader
        return flipped(session, *controls)

    def someone_new(session, text, overrides, strength, best):
        who = new_person()
        redraw(session, text, overrides, who, strength, best)
        return *answer(session), who

    def restore(session: Session, settings: dict):
        """Show a face again from its settings, and set every control to them."""
        overrides, strength = settings["overrides"], settings["strength"]
        session.reader = reader_of(settings, pipe.drawable)
        show(session, pipe, settings["description"], overrides, settings["person"], strength)
        shown = answer(session)
        return (*shown[:3], gr.update(value=overrides, said=shown[3]["said"]), settings["description"],
                session.face.person, model_strength if strength is None else strength, session.reader, False)  # fmt: skip

    def opened(session, request: gr.Request):
        """A shared link restores its face; a plain visit keeps the face that is there."""
        query = dict(request.query_params) if request else {}
        if not {"text", "person", "set"} & query.keys():
            return [gr.skip()] * len(restored)
        try:
            chosen = [attributes.parse_override(pair) for pair in query.get("set", "").split(",") if pair]
            settings = {
                "description": query.get("text", ""),
                "person": query.get("person", "0"),
                "overrides": {name: value for name, value in chosen if value is not None},
                "strength": float(query["strength"]) if "strength" in query else None,
                "reader": query.get("reader"),
            }
        except ValueError as error:
            raise sorry(error) from None
        return restore(session, settings)

    def drop(session, path):
        if not path:
            return [gr.skip()] * (len(restored))
        try:
            return restore(session, metadata.read_settings(path))
        except USER_ERRORS as error:
            raise sorry(error) from None

    quiet = {"show_progress": "hidden", "api_visibility": "private", "concurrency_id": "draw", "concurrency_limit": 1}

    async def explained(session: Session):
        async for parts in explain(session, pipe):
            yield parts

    def extras(event):
        return event.success(
            explained, session, [seen, strip], show_progress="hidden", api_visibility="private", concurrency_limit=16,
            concurrency_id="explain",
        )  # fmt: skip

    # Whoever has to wait for others sees their place in the queue on the face (style.css keeps it hidden at first).
    patient = {**quiet, "show_progress": "minimal", "show_progress_on": [stage]}
    latest = {"trigger_mode": "always_last"}
    controls = [text, board, person, strength, best]
    with_person = [*face_outputs, person]
    restored = [*face_outputs, text, person, strength, reader, best]
    submit = [text.submit, go.click, person.submit]
    pushed = [board.input, best.input, strength.input, strength.release]  # release: the slider's own "back to the start"
    # `change`, because Gradio's `input` comes with key presses only: not with Backspace, a paste or most phones' keyboards.
    extras(gr.on([text.change, live.input], typed, [session, *controls, live], face_outputs, **latest, **patient))
    extras(gr.on(submit, submitted, [session, *controls, keep], with_person, **latest, **patient))
    extras(gr.on(pushed, flipped, [session, *controls], face_outputs, **latest, **patient))
    extras(reader.input(read_by, [session, reader, *controls], face_outputs, **latest, **patient))
    extras(stranger.click(someone_new, [session, text, board, strength, best], with_person, **latest, **patient))
    extras(dropped.upload(drop, [session, dropped], restored, **patient))
    example = chips.pick(_picked, None, text, queue=False, show_progress="hidden", api_visibility="private")
    extras(example.then(submitted, [session, *controls, keep], with_person, **patient))
    return Describe(session, text, board, person, strength, restored, keep_face, restore, opened, extras)


# A grid of buttons tells which one was pressed, as the event `pick` with its data-* values.
PICK = asset("pick.js")


def _picked(event: gr.EventData):
    return EXAMPLES[int(event.index)]


def _chips() -> str:
    return '<div class="fg-chips">' + "".join(
        f'<button type="button" class="fg-chip" data-index="{i}">{example}</button>' for i, example in enumerate(EXAMPLES)
    ) + "</div>"  # fmt: skip


def _stage(session: Session) -> str:
    before = render.data_url(session.before) if session.before else None
    return render.stage(render.data_url(session.face.png), session.face.settings, before, session.reader)


def _sentence(session: Session, pipe: FacePipeline) -> str:
    return render.sentence(session.face.settings["description"], session.face.reading, pipe.drawable)
