"""The browser app (Gradio Blocks)."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from facegen.ui.files import claim
from facegen.ui.start import quick

# Before Gradio is imported: no telemetry, no call to outside, one folder of files.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
claim()

with quick():
    import gradio as gr

from facegen.pipeline import load, load_or_embedded  # noqa: E402
from facegen.ui import about, api, describe, gallery, links, morph, people, render, review, server, tool  # noqa: E402
from facegen.ui.blocks import Blocks  # noqa: E402
from facegen.ui.server import options  # noqa: E402
from facegen.ui.session import Session, draw, redraw  # noqa: E402
from facegen.ui.settings import SETTINGS  # noqa: E402
from facegen.ui.suggestions import EXAMPLES  # noqa: E402
from facegen.ui.theme import asset  # noqa: E402

__all__ = ["build", "build_review", "launch", "launch_review", "options", "serve"]
FIRST_PERSON = "0"


def build(model: str | None = None) -> Blocks:
    """The whole app as Blocks, with a first face already drawn; serve it with `serve` or `options`."""
    pipe = load_or_embedded(model)
    faces = links.Faces(lambda settings: redraw(pipe, settings), SETTINGS.linked_faces)
    first = Session(draw(pipe, EXAMPLES[0][1], {}, FIRST_PERSON))
    with Blocks(title="facegen", analytics_enabled=False, delete_cache=(600, 3600)) as demo:
        gr.HTML(asset("head.html"), apply_default_css=False)
        if pipe.notice:
            gr.HTML(f'<p class="fg-note" role="alert">{escape(pipe.notice)}</p>', apply_default_css=False)
        with gr.Tabs():
            with gr.Tab("Describe", id="describe"):
                main = describe.Describe(pipe, first, faces)
            people.People(pipe, main, first)
            morph.build(pipe, main)
            gallery.build(faces)
            review.build([model])
            about.build(pipe)
        api.build(pipe)
        tool.build(pipe)

        def opened(session: Session, request: gr.Request):
            """A shared link restores its face; a plain visit keeps the face that is there."""
            settings = links.read(dict(request.query_params)) if request else None
            return main.restore(session, settings) if settings else {main.session: session}

        main.extras(demo.load(opened, [main.session], main.outputs, show_progress="hidden", api_visibility="private"))
    demo.queue(max_size=SETTINGS.queue)
    demo.faces, demo.first = faces, render.data_url(render.webp(first.face.image), "image/webp")
    return demo


def build_review(model: str | None, ratings: Path) -> Blocks:
    """The review tab by itself; ratings are kept in a folder."""
    load(model)  # a broken checkpoint is told before the page is served
    with Blocks(title="facegen review", analytics_enabled=False, delete_cache=(600, 3600)) as demo:
        gr.HTML(asset("head.html"), apply_default_css=False)
        with gr.Tabs():
            review.build([model], ratings)
    demo.queue(max_size=SETTINGS.queue)
    return demo


def serve(demo: Blocks, host: str | None = None, port: int | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    host = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    given = os.environ.get("GRADIO_SERVER_PORT", "")
    server.serve(demo, host, port or (int(given) if given.isdecimal() else None), options(demo))


def launch(model: str | None = None, *, server_name: str | None = None, server_port: int | None = None) -> None:
    """Build the app and serve it."""
    server.check_address(server_name or "127.0.0.1", server_port)  # told before a model is loaded
    serve(build(model), server_name, server_port)


def launch_review(
    model: str | None, ratings: Path, *, server_name: str | None = None, server_port: int | None = None
) -> None:
    """Serve the review tab by itself; ratings go to ratings.jsonl in a folder."""
    server.check_address(server_name or "127.0.0.1", server_port)
    serve(build_review(model, ratings), server_name, server_port)
