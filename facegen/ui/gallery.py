"""The fourth tab: faces that the visitor's own browser keeps, and those of this visit."""

from __future__ import annotations

import gradio as gr

from facegen.errors import UserError
from facegen.ui import links
from facegen.ui.checks import details
from facegen.ui.files import packed
from facegen.ui.settings import SETTINGS
from facegen.ui.theme import asset, download

PAGE = (
    '<h2>Kept</h2><p class="fg-quiet">Kept in this browser until you remove them. A click brings a face back.</p>'
    '<div data-list="gallery" role="group" aria-label="Kept faces" style="--columns:6"></div>'
    '<p><button type="button" class="fg-reset" data-pack>Download as zip</button></p>'
    '<h2>This visit</h2><div data-list="trail" role="group" aria-label="Faces of this visit" style="--columns:6"></div>'
)


class GalleryError(UserError):
    """A gallery that can't be packed."""


def build(faces: links.Faces) -> None:
    """Lay out the tab. The server keeps nothing of it: it draws the faces again when they are packed."""
    with gr.Tab("Gallery", id="gallery"):
        page = gr.HTML(PAGE, js_on_load=asset("gallery.js"), apply_default_css=False, elem_id="fg-gallery")
        save = gr.DownloadButton("Zip", elem_id="fg-zip", elem_classes="fg-by-itself")

    def pack(event: gr.EventData) -> str:
        wanted = details(event).get("links")
        if not isinstance(wanted, list) or not all(isinstance(link, str) for link in wanted):
            raise GalleryError("the gallery is damaged: load the page again")
        if not 0 < len(wanted) <= SETTINGS.kept:
            raise GalleryError(f"{len(wanted)} faces are in the gallery: 1 to {SETTINGS.kept} can be packed at a time")
        return packed("facegen-gallery.zip", {f"facegen-{i:02}.png": faces.get(x).png for i, x in enumerate(wanted, 1)})

    made = page.pack(pack, None, [save], show_progress="hidden", api_visibility="private", concurrency_id="morph")
    made.success(None, js=download("#fg-zip"))
