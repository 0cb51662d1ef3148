"""Review: a grid of descriptions and seeds, each face marked good or poor with a reason (the report's qualitative step).

Ratings are appended to ratings.jsonl as they are made, and each rated face is put beside it; the summary and the report
are made from these files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import gradio as gr

from facegen import person as identity
from facegen.files import write_atomic
from facegen.pipeline import Face, load
from facegen.reading.rules import DescriptionError, parse
from facegen.ui import render
from facegen.ui.describe import EXAMPLES
from facegen.ui.scratch import scratch
from facegen.ui.session import USER_ERRORS, draw, sorry
from facegen.ui.theme import asset, download

REASONS = ("missing region", "blurry hairline", "accessory not converged", "wrong attribute", "other")
MAX_CELLS = 96


def build(models: Sequence[str | None], folder: Path) -> gr.Tab:
    """Lay out the tab; `models` are those that were named at the start, None for the embedded one."""
    names = {("embedded" if m is None else m): m for m in models}
    with gr.Tab("Review", id="review") as tab:
        with gr.Row(equal_height=False):
            texts = gr.Textbox(
                "\n".join(EXAMPLES[:3]), label="Descriptions", info="One a line", lines=4, elem_id="fg-r-texts"
            )
            with gr.Column(min_width=260):
                seeds = gr.Textbox("0-3", label="Seeds", info="Such as 0-3, 7, 12", elem_id="fg-r-seeds")
                model = gr.Dropdown(list(names), value=next(iter(names)), label="Model", elem_id="fg-r-model")
        with gr.Row(elem_classes="fg-tight"):
            go = gr.Button("Draw the grid", variant="primary", elem_id="fg-r-draw")
            export = gr.Button("Download the report", elem_id="fg-r-export")
            save = gr.DownloadButton("Report", elem_id="fg-r-save", elem_classes="fg-by-itself")
        grid = gr.HTML(_grid([]), js_on_load=asset("review.js"), apply_default_css=False, elem_id="fg-r-grid")
        summary = gr.HTML(summarise(read(folder)), apply_default_css=False, elem_id="fg-r-summary")
        cells = gr.State([])

    def drawn(texts, seeds, model, progress=gr.Progress()):  # noqa: B008
        try:
            lines, numbers = _lines(texts), parse_seeds(seeds)
            if len(lines) * len(numbers) > MAX_CELLS:
                raise DescriptionError(
                    f"{len(lines)} descriptions by {len(numbers)} seeds are {len(lines) * len(numbers)} faces: "
                    f"review at most {MAX_CELLS} at a time"
                )
            pipe = load(names[model])
        except USER_ERRORS as error:
            raise sorry(error) from None
        made = []
        for i, text in enumerate(lines):
            for j, seed in enumerate(numbers):
                progress((i * len(numbers) + j, len(lines) * len(numbers)), desc="Drawing", unit="faces")
                made.append(_cell(draw(pipe, text, {}, str(seed))))
        return _grid(made), made

    def rated(cells, event: gr.EventData):
        """Save one rating at once; the page has marked the cell already."""
        cell = cells[int(event.index)]
        verdict = event.verdict if event.verdict in ("good", "poor") else "poor"
        reason = event.reason if verdict == "poor" and event.reason in REASONS else None
        append(folder, {**cell["record"], "verdict": verdict, "reason": reason}, cell["png"])
        return summarise(read(folder))

    def exported():
        ratings = read(folder)
        if not ratings:
            raise gr.Error("Rate a face first: there is nothing to report.", duration=6, print_exception=False)
        path = write_atomic(scratch("facegen-review.html"), report(ratings, folder).encode())
        return str(path)

    go.click(drawn, [texts, seeds, model], [grid, cells], api_visibility="private", show_progress_on=[grid],
             concurrency_id="review", concurrency_limit=1)  # fmt: skip
    grid.rate(rated, [cells], [summary], show_progress="hidden", api_visibility="private", concurrency_id="rate",
              concurrency_limit=1, trigger_mode="multiple")  # fmt: skip
    written = export.click(exported, None, [save], api_visibility="private", concurrency_id="review")
    written.success(None, js=download("#fg-r-save"))
    return tab


def parse_seeds(text: str) -> list[int]:
    """ "0-3, 7" -> [0, 1, 2, 3, 7]; `PersonError` where it can't be read."""
    numbers: list[int] = []
    for part in re.split(r"[,\s]+", text.strip()):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if not match:
            raise identity.PersonError(f"{part!r} is no seed: write numbers and ranges, such as 0-3, 7")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= MAX_CELLS:
            raise identity.PersonError(f"{part!r} is no range of 1 to {MAX_CELLS} seeds, the lower one first")
        numbers += [identity.check_seed(n) for n in range(first, last + 1)]
    return list(dict.fromkeys(numbers))


def append(folder: Path, rating: dict, png: bytes) -> None:
    """The face and one line about it, on the disk when this returns."""
    (folder / "faces").mkdir(parents=True, exist_ok=True)
    if not (folder / "faces" / rating["file"]).exists():
        write_atomic(folder / "faces" / rating["file"], png)
    line = json.dumps({**rating, "time": datetime.now(UTC).isoformat(timespec="seconds")}, ensure_ascii=False)
    with open(folder / "ratings.jsonl", "a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> list[dict]:
    """The ratings; a cell that was rated again counts by its last one. A half-written last line is passed over."""
    path = folder / "ratings.jsonl"
    latest: dict[tuple, dict] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            rating = json.loads(line)
            latest[rating["description"], rating["seed"], rating["model"]] = rating
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
    return list(latest.values())


def summarise(ratings: Iterable[dict]) -> str:
    """A table by attribute: how many faces that were asked for it were good, and why the others were poor."""
    good, total, why = Counter(), Counter(), defaultdict(Counter)
    for rating in ratings:
        for name in ("all", *(render.phrase(n, v) for n, v in rating["attributes"].items())):
            total[name] += 1
            good[name] += rating["verdict"] == "good"
            if rating["reason"]:
                why[name][rating["reason"]] += 1
    if not total:
        return '<p class="fg-quiet">No ratings yet.</p>'
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{good[name]} of {n}</td><td>{round(100 * good[name] / n)}%</td>"
        f"<td>{escape(', '.join(f'{r} ({c})' for r, c in why[name].most_common()))}</td></tr>"
        for name, n in total.most_common()
    )
    return (
        "<table class='fg-table'><caption>Ratings by attribute</caption><thead><tr><th scope='col'>Asked for</th>"
        f"<th scope='col'>Good</th><th scope='col'>Share</th><th scope='col'>Why poor</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def report(ratings: Sequence[dict], folder: Path) -> str:
    """One HTML file with the pictures in it, the poor ones first."""
    figures = []
    for r in sorted(ratings, key=lambda r: (r["verdict"] != "poor", r["description"], r["seed"])):
        picture = folder / "faces" / Path(r["file"]).name
        src = render.data_url(picture.read_bytes()) if picture.is_file() else ""
        verdict = r["verdict"] + (f": {r['reason']}" if r["reason"] else "")
        figures.append(
            f'<figure class="{r["verdict"]}"><img src="{src}" alt="{escape(render.describe(r["attributes"]))}">'
            f"<figcaption><b>{escape(verdict)}</b><br>{escape(r['description'])}<br>seed {r['seed']}, {escape(r['model'])}</figcaption></figure>"
        )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>facegen review</title><style>"
        "body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#22211f}"
        "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:16px}figure{margin:0}"
        "img{width:100%;border-radius:10px}figcaption{font-size:13px}.poor b{color:#a5362b}.good b{color:#246b45}"
        "table{border-collapse:collapse;margin:1rem 0}td,th{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid #e1dcd2}"
        f"</style><h1>facegen review</h1><p>{len(ratings)} synthetic faces rated.</p>{summarise(ratings)}<main>{''.join(figures)}</main></html>"
    )


def _lines(texts: str) -> list[str]:
    lines = [line.strip() for line in (texts or "").splitlines() if line.strip()]
    for line in lines or [""]:
        parse(line)  # an empty list is told as an empty description
    return lines


def _cell(face: Face) -> dict:
    record = {
        "description": face.settings["description"],
        "seed": face.seed,
        "model": face.settings["model"],
        "attributes": face.attributes,
        "file": f"{hashlib.sha256(face.png).hexdigest()[:16]}.png",
    }
    return {"src": render.thumbnail(face.image, 192), "png": face.png, "record": record}


def _grid(cells: Sequence[dict]) -> str:
    if not cells:
        return '<p class="fg-quiet">Choose descriptions and seeds, then draw the grid and mark each face.</p>'
    options = "".join(f"<option>{reason}</option>" for reason in REASONS)
    items = []
    for i, cell in enumerate(cells):
        r = cell["record"]
        name = escape(f"{r['description']}, seed {r['seed']}")
        items.append(
            f'<li data-index="{i}"><img src="{cell["src"]}" alt="{escape(render.describe(r["attributes"]))}" width="192" height="192">'
            f"<span>{escape(r['description'])} · {r['seed']}</span>"
            f'<div role="group" aria-label="Rate: {name}"><button type="button" data-verdict="good" aria-pressed="false">good</button>'
            f'<select aria-label="Poor, because: {name}"><option value="">poor …</option>{options}</select></div></li>'
        )
    return f'<ul class="fg-review">{"".join(items)}</ul>'
