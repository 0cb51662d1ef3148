"""The fourth tab: what was drawn in this visit, and what was kept of it."""

from __future__ import annotations

import io
import zipfile

import gradio as gr

from facegen.files import write_atomic
from facegen.pipeline import FacePipeline
from facegen.ui import render
from facegen.ui.describe import PICK, Describe
from facegen.ui.scratch import scratch
from facegen.ui.session import HISTORY, Session, draw
from facegen.ui.theme import download


def build(pipe: FacePipeline, main: Describe, tabs: gr.Tabs) -> None:
    """Lay out the tab; a click on a face brings it back with all its settings."""
    with gr.Tab("Gallery", id="gallery") as tab:
        gr.HTML("<h2>Kept</h2>", apply_default_css=False)
        kept = gr.HTML(_kept([]), js_on_load=PICK, apply_default_css=False, elem_id="fg-kept")
        with gr.Row(elem_classes="fg-tight"):
            pack = gr.Button("Download as zip", elem_id="fg-pack", min_width=120)
            save = gr.DownloadButton("Zip", elem_id="fg-zip", elem_classes="fg-by-itself")
        gr.HTML("<h2>This visit</h2>", apply_default_css=False)
        trail = gr.HTML(_trail([]), js_on_load=PICK, apply_default_css=False, elem_id="fg-trail")

    def entered(session: Session):
        return _kept(session.gallery), _trail(session.trail)

    def keep(session: Session):
        entry = {"settings": session.face.settings, "src": render.thumbnail(session.face.image)}
        if all(e["settings"] != entry["settings"] for e in session.gallery):
            session.gallery = [*session.gallery, entry][-4 * HISTORY :]
        gr.Info("It is in the gallery now, which lasts as long as this visit.", duration=3)
        return session, *entered(session)

    def back_to(which):
        def go(session: Session, event: gr.EventData):
            entry = getattr(session, which)[int(event.index)]
            return *main.restore(session, entry["settings"]), gr.Tabs(selected="describe")

        return go

    def packed(session: Session):
        if not session.gallery:
            raise gr.Error("Keep a face first: the gallery is empty.", duration=6, print_exception=False)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for i, entry in enumerate(session.gallery, 1):
                s = entry["settings"]
                face = draw(pipe, s["description"], s["overrides"], s["person"], s["strength"])
                archive.writestr(f"facegen-{i:02}.png", face.png)
        path = write_atomic(scratch("facegen-gallery.zip"), buffer.getvalue())
        return str(path)

    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(entered, [main.session], [kept, trail], **quiet)
    main.keep.click(keep, [main.session], [main.session, kept, trail], **quiet)
    main.extras(kept.pick(back_to("gallery"), [main.session], [*main.outputs, tabs], concurrency_id="draw", **quiet))
    main.extras(trail.pick(back_to("trail"), [main.session], [*main.outputs, tabs], concurrency_id="draw", **quiet))
    made = pack.click(packed, [main.session], [save], api_visibility="private", concurrency_id="morph")
    made.success(None, js=download("#fg-zip"))


def _cells(entries: list[dict]) -> list[dict]:
    return [{"src": e["src"], "caption": e["settings"]["description"][:60] or "left to chance"} for e in entries]


def _kept(entries: list[dict]) -> str:
    return render.grid(_cells(entries), 6, "Kept faces", empty="Nothing here yet: “Add to gallery” under the face puts it here.")


def _trail(entries: list[dict]) -> str:
    return render.grid(_cells(entries), 6, "Faces of this visit", empty="Nothing drawn yet.")
