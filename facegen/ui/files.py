"""What endpoints take and give: overrides as clients write them, and faces as files."""

from __future__ import annotations

from collections.abc import Mapping

import gradio as gr

from facegen import attributes
from facegen.pipeline import Face, write_png
from facegen.ui.scratch import scratch


def read_overrides(given: Mapping | None) -> dict[str, bool]:
    """true or false, or "yes", "no" and "auto" -> {name: bool}; `VocabularyError` for anything else."""
    chosen = {}
    for name, value in (given or {}).items():
        plain = not isinstance(value, (list, dict))
        words = {True: "yes", False: "no", None: "auto"}.get(value, value) if plain else value
        name, state = attributes.parse_override(f"{name}={words}")
        if state is not None:
            chosen[name] = state
    attributes.check(chosen)
    return chosen


def face_file(face: Face) -> dict:
    """The face as a file that Gradio serves; its cache is emptied by age."""
    path = write_png(face.png, scratch(f"facegen-{face.person[:40].replace('*', 'x')}.png"))
    return gr.FileData(path=str(path), orig_name=path.name, mime_type="image/png").model_dump()
