"""The browser app (Gradio Blocks)."""

from __future__ import annotations

import os
from pathlib import Path

# Before Gradio is imported: no telemetry, no call to outside.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr  # noqa: E402

from facegen.pipeline import load  # noqa: E402
from facegen.ui import about, api, describe, gallery, morph, review, tool
from facegen.ui import people as people_tab  # noqa: E402
from facegen.ui.blocks import Blocks  # noqa: E402
from facegen.ui.session import start  # noqa: E402
from facegen.ui.theme import page  # noqa: E402, F401

HEAD = (
    '<header class="fg-head"><h1>face<i>gen</i></h1><p>Type a description, see the face it describes.</p>'
    '<button type="button" data-action="theme">Dark / light</button></header>'
    # The face again, small, wherever it is changed while the large one is out of sight.
    '<button type="button" class="fg-peek" data-action="face" hidden><img alt=""><span><b></b>Back to the face</span></button>'
)


def build(model: str | None = None, ratings: Path = Path("runs/review")) -> gr.Blocks:
    """The whole app as Blocks, with a first face already drawn; ratings of the review tab go to the folder `ratings`."""
    pipe = load(model)
    first = start(pipe, describe.EXAMPLES[0], "7")
    with Blocks(title="facegen", analytics_enabled=False, delete_cache=(600, 3600)) as demo:
        gr.HTML(HEAD, apply_default_css=False)
        with gr.Tabs() as tabs:
            with gr.Tab("Describe", id="describe"):
                main = describe.build(pipe, first)
            people_tab.build(pipe, main, first)
            morph.build(pipe, main)
            gallery.build(pipe, main, tabs)
            review.build([model], ratings)
            about.build(pipe)
        api.build(pipe)
        tool.build(pipe)
        main.extras(
            demo.load(main.opened, [main.session], main.outputs, show_progress="hidden", api_visibility="private")
        )
    demo.queue(max_size=512)
    return demo


def launch(model: str | None = None, **options):
    """Build and serve; `options` go to `gr.Blocks.launch`."""
    return build(model).launch(show_error=True, **page(), **options)


def build_review(model: str | None, ratings: Path) -> gr.Blocks:
    """The review tab by itself."""
    load(model)  # a broken checkpoint is told before the page is served
    with gr.Blocks(title="facegen review", analytics_enabled=False, delete_cache=(600, 3600)) as demo:
        gr.HTML(HEAD, apply_default_css=False)
        with gr.Tabs():
            review.build([model] if model is None else [model, None], ratings)
    demo.queue(max_size=512)
    return demo


def launch_review(model: str | None, ratings: Path, **options):
    """Serve the review tab by itself; ratings go to ratings.jsonl in a folder."""
    return build_review(model, ratings).launch(show_error=True, **page(), **options)
