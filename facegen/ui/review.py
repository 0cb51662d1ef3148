"""Review: a grid of descriptions and seeds, each face marked good or poor with a reason.

A visitor of the app rates for themselves: their ratings live in their session, and leave it as a download. `facegen
review` also keeps them in a folder, as they are made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice, product
from pathlib import Path
from typing import Any

import gradio as gr

from facegen import bulk, hub
from facegen import person as identity
from facegen.errors import UserError
from facegen.files import write_atomic
from facegen.pipeline import Face, load
from facegen.reading.rules import parse
from facegen.registry import GENERATORS
from facegen.ui import ratings, render
from facegen.ui.checks import details
from facegen.ui.describe import picked
from facegen.ui.files import packed, scratch
from facegen.ui.session import draw
from facegen.ui.settings import SETTINGS
from facegen.ui.suggestions import EXAMPLES
from facegen.ui.theme import asset, download


class ReviewError(UserError):
    """A review that can't be made."""


def build(models: Sequence[str | None], folder: Path | None = None) -> None:
    """Lay out the tab; `models` are those that were named at the start; the embedded ones can be chosen, too."""
    names = choices(models)
    with gr.Tab("Review", id="review"):
        with gr.Row(equal_height=False):
            texts = gr.Textbox(
                "\n".join(text for _, text in EXAMPLES[:3]),
                label="Descriptions",
                info="One a line",
                lines=4,
                elem_id="fg-r-texts",
            )
            with gr.Column(min_width=260):
                seeds = gr.Textbox("0-3", label="Seeds", info="Such as 0-3, 7, 12", elem_id="fg-r-seeds")
                model = gr.CheckboxGroup(
                    list(names),
                    value=[next(iter(names))],
                    label="Models",
                    info="Several draw side by side",
                    elem_id="fg-r-model",
                )
                given = gr.UploadButton("Descriptions from a file", file_types=list(bulk.KINDS), size="sm")
        with gr.Row(elem_classes="fg-tight"):
            go = gr.Button("Draw the grid", variant="primary", elem_id="fg-r-draw")
            stop = gr.Button("Stop", elem_id="fg-r-stop", min_width=80)
            export = gr.Button("Download the report", elem_id="fg-r-export")
            pack = gr.Button("Download as zip", elem_id="fg-r-pack")
            save = gr.DownloadButton("Report", elem_id="fg-r-save", elem_classes="fg-by-itself")
        grid = gr.HTML(_grid([]), js_on_load=asset("review.js"), apply_default_css=False, elem_id="fg-r-grid")
        start = ratings.read(folder) if folder else {}
        summary = gr.HTML(ratings.summarise(start.values()), apply_default_css=False, elem_id="fg-r-summary")
        cells = gr.State([])
        rated = gr.State(start)  # of this visitor alone

    def rate(cells, mine, event: gr.EventData):
        """Count one rating at once; the page has marked the cell already."""
        said = details(event)
        cell = picked(event, cells)
        verdict = "good" if said.get("verdict") == "good" else "poor"
        reason = said.get("reason") if verdict == "poor" and said.get("reason") in ratings.REASONS else None
        rating = {**cell["record"], "verdict": verdict, "reason": reason}
        ratings.add(mine, rating)
        if folder:
            ratings.append(folder, rating, cell["png"])
        return mine

    def pictures(cells, mine) -> dict[str, bytes]:
        """The PNGs of the rated faces: of this visit, or of the folder."""
        found = {cell["record"]["file"]: cell["png"] for cell in cells}
        for name in {rating["file"] for rating in mine.values()} - found.keys():
            path = folder / "faces" / Path(name).name if folder else None
            if path and path.is_file():
                found[name] = path.read_bytes()
        return found

    def exported(cells, mine):
        if not mine:
            raise ReviewError("rate a face first: there is nothing to report")
        report = ratings.report(list(mine.values()), pictures(cells, mine))
        return str(write_atomic(scratch("facegen-review.html"), report))

    def pack_all(cells, mine):
        """All faces of the grid, and a table of them with their ratings, if any."""
        if not cells:
            raise ReviewError("draw a grid first: there is nothing to pack")
        unrated = {"verdict": "", "reason": None}
        rows: dict = {}
        for cell in cells:
            ratings.add(rows, {**unrated, **cell["record"]})
        rows.update({key: rating for key, rating in mine.items() if key in rows})
        members = {f"faces/{name}": png for name, png in pictures(cells, {}).items()}
        return packed("facegen-review.zip", {"faces.csv": ratings.table(list(rows.values())), **members})

    def listed(path):
        """The descriptions of a file: .txt (one a line), .csv or .jsonl (in "description")."""
        rows = bulk.rows(path, Path("faces"), 0, {}) if path else ()
        found = [row.text for row in islice(rows, SETTINGS.review + 1) if row.text.strip()]
        if not found:
            raise ReviewError("this file holds no descriptions: write one a line, or a column named description")
        return "\n".join(found)

    def draw_all(texts, seeds, model):
        yield from drawn(texts, seeds, model, names)

    private: dict[str, Any] = {"api_visibility": "private"}
    drawing = go.click(draw_all, [texts, seeds, model], [grid, cells], concurrency_id="review", concurrency_limit=1,
                       show_progress_on=[grid], **private)  # fmt: skip
    stop.click(None, None, None, cancels=[drawing], **private)
    given.upload(listed, [given], [texts], **private)
    quiet = {"show_progress": "hidden", **private}
    counted = grid.rate(rate, [cells, rated], [rated], concurrency_id="rate", concurrency_limit=1,
                        trigger_mode="multiple", **quiet)  # fmt: skip
    # By itself: the answers to two quick ratings may come in either order, and the last summary must be of both.
    counted.success(_summed, [rated], [summary], trigger_mode="always_last", **quiet)
    for button, work in ((export, exported), (pack, pack_all)):
        made = button.click(work, [cells, rated], [save], concurrency_id="export", **private)
        made.success(None, js=download("#fg-r-save"))


def choices(models: Sequence[str | None]) -> dict[str, str | None]:
    """{name: source} of the generators that can be chosen: the named ones, then what lies in checkpoints/."""
    names: dict[str, str | None] = {Path(m).name if Path(m).is_dir() else m: m for m in models if m}
    beside = [m for m in hub.at_hand() if m["where"] == "embedded" and m["type"] in GENERATORS]
    return {**names, "embedded": None, **{m["name"]: m["folder"] for m in beside if m["name"] != "default"}}


def drawn(texts: str, seeds: str, chosen: Sequence[str], names: dict[str, str | None]) -> Iterator[tuple]:
    """(the grid as HTML, its cells), face by face, those of several models side by side; raises `UserError`."""
    lines, numbers = _lines(texts), parse_seeds(seeds)
    n = len(lines) * len(numbers) * max(1, len(chosen))
    if n > SETTINGS.review:
        raise ReviewError(
            f"{len(lines)} descriptions by {len(numbers)} seeds by {len(chosen)} models are {n} faces: "
            f"review at most {SETTINGS.review} at a time"
        )
    if not chosen:
        raise ReviewError("choose a model to draw with")
    for name in chosen:
        if name not in names:
            raise ReviewError(f"there is no model {str(name)[:40]!r} here: load the page again")
    made: list[dict] = []
    for text, seed, name in product(lines, numbers, chosen):
        made.append(_cell(draw(load(names[name]), text, {}, seed), name if len(chosen) > 1 else ""))
        yield _grid(made, n, len(chosen)), made


def parse_seeds(text: str) -> list[int]:
    """ "0-3, 7" -> [0, 1, 2, 3, 7]; `PersonError` where it can't be read."""
    numbers: list[int] = []
    for part in re.split(r"[,\s]+", text.strip()):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if not match:
            raise identity.PersonError(f"{part[:40]!r} is no seed: write numbers and ranges, such as 0-3, 7")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= SETTINGS.review:
            raise identity.PersonError(f"{part!r} is no range of 1 to {SETTINGS.review} seeds, the lower one first")
        numbers += [identity.check_seed(n) for n in range(first, last + 1)]
    return list(dict.fromkeys(numbers))


def _summed(mine: dict) -> str:
    return ratings.summarise(mine.values())


def _lines(texts: str) -> list[str]:
    lines = [line.strip() for line in (texts or "").splitlines() if line.strip()]
    for line in lines or [""]:
        parse(line)  # an empty list is told as an empty description
    return lines


def _cell(face: Face, model: str = "") -> dict:
    record = {
        "description": face.settings["description"],
        "seed": face.seed,
        "model": face.settings["model"],
        "attributes": face.attributes,
        "file": f"{hashlib.sha256(face.png).hexdigest()[:16]}.png",
    }
    return {"src": render.thumbnail(face.image, 192), "png": face.png, "record": record, "model": model}


def _grid(cells: Sequence[dict], of: int = 0, models: int = 1) -> str:
    if not cells:
        return '<p class="fg-quiet">Choose descriptions and seeds, then draw the grid and mark each face.</p>'
    options = "".join(f"<option>{reason}</option>" for reason in ratings.REASONS)
    items = []
    for i, cell in enumerate(cells):
        r = cell["record"]
        by = f", by {cell['model']}" if cell["model"] else ""
        name = escape(f"{r['description']}, seed {r['seed']}{by}")
        items.append(
            f'<li data-index="{i}"><img src="{cell["src"]}" alt="{escape(render.describe(r["attributes"]))}" '
            'width="192" height="192">'
            f"<span>{escape(r['description'])} · {r['seed']}{escape(by)}</span>"
            f'<div role="group" aria-label="Rate: {name}">'
            '<button type="button" data-verdict="good" aria-pressed="false">good</button>'
            f'<select aria-label="Poor, because: {name}"><option value="">poor …</option>{options}</select></div></li>'
        )
    told = f'<p class="fg-quiet" role="status">{len(cells)} of {of} faces drawn</p>' if len(cells) < of else ""
    row = f' style="grid-template-columns: repeat({models}, minmax(0, 200px))"' if models > 1 else ""
    return f'{told}<ul class="fg-review"{row}>{"".join(items)}</ul>'
