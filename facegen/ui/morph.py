"""The third tab: a short animation from one face to another."""

from __future__ import annotations

import gradio as gr

from facegen import picture
from facegen.pipeline import FacePipeline
from facegen.ui import render
from facegen.ui.describe import Describe
from facegen.ui.files import scratch
from facegen.ui.session import by_artist, draw

FRAMES, MILLISECONDS = 24, 60


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
            make = gr.Button("Make the morph", variant="primary", elem_id="fg-morph")
            save = gr.DownloadButton("Download WebP", interactive=False, elem_id="fg-morph-save")
        with gr.Column(min_width=320):
            film = gr.HTML(_film("", "The animation appears here."), elem_id="fg-film", apply_default_css=False)

    def entered(session, b):
        face = session.face
        return face.settings["description"], face.person, b or face.person

    def morph(session, text_a, person_a, text_b, person_b, progress=gr.Progress()):  # noqa: B008
        shown = session.face
        if (text_a, person_a) == (shown.settings["description"], shown.person):
            start = shown  # with what was set by hand
        else:
            start = draw(pipe, text_a, {}, person_a or "0")
        end = draw(pipe, text_b, {}, person_b or "0")
        told = lambda i, n: progress((i, n), desc="Drawing", unit="frames")  # noqa: E731
        frames = by_artist(pipe.morph, start, end, FRAMES, told)
        path = scratch("facegen-morph.webp")
        frames[0].save(
            path, "WEBP", save_all=True, append_images=[*frames[1:], *frames[-2:0:-1]], loop=0, quality=82,
            duration=[700, *[MILLISECONDS] * (FRAMES - 2), 700, *[MILLISECONDS] * (FRAMES - 2)],
            xmp=picture.xmp().encode(),
        )  # fmt: skip
        label = f"Animation from “{text_a}” to “{text_b}”"
        return _film(render.data_url(path.read_bytes(), "image/webp"), label), gr.update(
            value=str(path), interactive=True
        )

    tab.select(entered, [main.session, person_b], [text_a, person_a, person_b], show_progress="hidden",
               api_visibility="private")  # fmt: skip
    make.click(morph, [main.session, text_a, person_a, text_b, person_b], [film, save], api_visibility="private",
               show_progress_on=[film], concurrency_id="morph", concurrency_limit=1)  # fmt: skip


def _film(src: str, label: str) -> str:
    image = f'<img src="{src}" alt="{render.escape(label)}">' if src else f'<p class="fg-quiet">{label}</p>'
    return f'<div class="fg-frame fg-film">{image}</div>'
