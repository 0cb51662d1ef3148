"""The third tab: a short animation from one face to another."""

from __future__ import annotations

from typing import Any

import gradio as gr

from facegen.pipeline import FacePipeline
from facegen.ui import film, render
from facegen.ui.describe import Describe
from facegen.ui.session import by_artist, draw

FRAMES = 24
SAVE = '<button type="button" data-action="film" id="fg-morph-save">Download WebP</button>'
EMPTY = "The animation appears here."


def build(pipe: FacePipeline, main: Describe) -> None:
    """Lay out the tab."""
    with gr.Tab("Morph", id="morph") as tab, gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            gr.HTML("<h2>From one face to another</h2>", apply_default_css=False)
            text_a = gr.Textbox(
                label="From", info="The face on the first tab, to begin with", lines=2, elem_id="fg-morph-a"
            )
            person_a = gr.Textbox(label="Person", max_lines=1)
            text_b = gr.Textbox("an old man with gray hair and a beard", label="To", lines=2, elem_id="fg-morph-b")
            person_b = gr.Textbox(label="Person", max_lines=1)
            with gr.Row(elem_classes="fg-tight"):
                make = gr.Button("Make the morph", variant="primary", elem_id="fg-morph", min_width=140)
                stop = gr.Button("Stop", elem_id="fg-morph-stop", min_width=80)
        with gr.Column(min_width=320):
            shown = gr.HTML(_film(EMPTY), elem_id="fg-film", apply_default_css=False)

    def entered(session, b):
        face = session.face
        return face.settings["description"], face.person, b or face.person

    def morph(session, text_a, person_a, text_b, person_b):
        face = session.face
        if (text_a, person_a) == (face.settings["description"], face.person):
            start = face  # with what was set by hand
        else:
            start = draw(pipe, text_a, {}, person_a or "0")
        end = draw(pipe, text_b, {}, person_b or "0")
        coming, frames = pipe.morph(start, end, FRAMES), []
        while (frame := by_artist(next, coming, None)) is not None:  # one at a time: others are drawn for in between
            frames.append(frame)
            told = f"Frame {len(frames)} of {FRAMES}"
            bar = f'{told} <progress value="{len(frames)}" max="{FRAMES}" aria-label="{told}"></progress>'
            yield _film(bar)
        label = render.escape(f"Animation from “{text_a}” to “{text_b}”")
        src, video = render.data_url(film.webp(frames), "image/webp"), film.mp4(frames)
        saves = SAVE
        if video:
            saves += f'<a href="{render.data_url(video, "video/mp4")}" download="facegen-morph.mp4">Download MP4</a>'
        made = f'<div class="fg-frame fg-film"><img src="{src}" alt="{label}"></div>'
        yield f'{made}<div class="fg-actions">{saves}</div>'

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(entered, [main.session, person_b], [text_a, person_a, person_b], **quiet)
    making = make.click(morph, [main.session, text_a, person_a, text_b, person_b], [shown],
                        concurrency_id="morph", concurrency_limit=1, **quiet)  # fmt: skip
    stopped = stop.click(None, None, None, cancels=[making], **quiet)
    stopped.then(lambda: _film(EMPTY), None, [shown], **quiet)  # after a frame that was on its way


def _film(words: str) -> str:
    return f'<div class="fg-frame fg-film"><p class="fg-quiet">{words}</p></div>'
