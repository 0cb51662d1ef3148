"""Ratings of drawn faces: kept line by line, summed up by attribute, and written as one page."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from facegen.attributes import BY_NAME
from facegen.files import append_line, write_atomic
from facegen.ui import render

REASONS = ("missing region", "blurry hairline", "accessory not converged", "wrong attribute", "other")
STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#22211f}"
    "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:16px}figure{margin:0}"
    "img{width:100%;border-radius:10px}figcaption{font-size:13px}.poor b{color:#a5362b}.good b{color:#246b45}"
    "table{border-collapse:collapse;margin:1rem 0}"
    "td,th{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid #e1dcd2}"
)
log = logging.getLogger("facegen.ui")
Ratings = dict[tuple, dict]  # (description, seed, model) -> the last rating of that face


def add(ratings: Ratings, rating: dict) -> None:
    """Count a rating; a face that was rated again counts by its last one."""
    ratings[rating["description"], rating["seed"], rating["model"]] = rating


def append(folder: Path, rating: Mapping, png: bytes) -> None:
    """The face and one line about it, on the disk when this returns."""
    (folder / "faces").mkdir(parents=True, exist_ok=True)
    if not (folder / "faces" / rating["file"]).exists():
        write_atomic(folder / "faces" / rating["file"], png)
    line = json.dumps({**rating, "time": datetime.now(UTC).isoformat(timespec="seconds")}, ensure_ascii=False)
    append_line(folder / "ratings.jsonl", line)


def read(folder: Path) -> Ratings:
    """The ratings of a folder, line by line. Lines that can't be read are passed over, and the log tells of them."""
    path, bad = folder / "ratings.jsonl", 0
    ratings: Ratings = {}
    for line in path.read_bytes().split(b"\n") if path.is_file() else ():
        if not line.strip():
            continue
        try:
            rating = json.loads(line.decode())
            if not fits(rating):
                raise ValueError
            add(ratings, {"reason": None, **rating})
        except (ValueError, RecursionError):
            bad += 1
    if bad:
        log.warning("%s: %d lines can't be read and are passed over", path, bad)
    return ratings


def fits(rating: object) -> bool:
    """Whether a line says what a rating says: a file may have been edited by hand."""
    return (
        isinstance(rating, dict)
        and all(isinstance(rating.get(name), str) for name in ("description", "model", "file"))
        and isinstance(rating.get("seed", ""), int | None)
        and rating.get("verdict") in ("good", "poor")
        and rating.get("reason") in (None, *REASONS)
        and isinstance(rating.get("attributes"), dict)
        and all(name in BY_NAME and isinstance(value, bool) for name, value in rating["attributes"].items())
    )


def summarise(ratings: Iterable[dict]) -> str:
    """A table by attribute: how many faces that were asked for it were good, and why the others were poor."""
    good: Counter[str] = Counter()
    total: Counter[str] = Counter()
    why: defaultdict[str, Counter[str]] = defaultdict(Counter)
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
        "<th scope='col'>Good</th><th scope='col'>Share</th><th scope='col'>Why poor</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def report(ratings: Sequence[dict], pictures: Mapping[str, bytes]) -> str:
    """One HTML file with the pictures in it, the poor ones first; `pictures` are PNGs by their file's name."""
    figures = []
    for r in sorted(ratings, key=lambda r: (r["verdict"] != "poor", r["description"], r["seed"] or 0)):
        png = pictures.get(r["file"])
        src = render.data_url(png) if png else ""
        verdict = r["verdict"] + (f": {r['reason']}" if r["reason"] else "")
        figures.append(
            f'<figure class="{r["verdict"]}"><img src="{src}" alt="{escape(render.describe(r["attributes"]))}">'
            f"<figcaption><b>{escape(verdict)}</b><br>{escape(r['description'])}<br>"
            f"seed {r['seed']}, {escape(r['model'])}</figcaption></figure>"
        )
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>facegen review</title><style>{STYLE}</style>"
        f"<h1>facegen review</h1><p>{len(ratings)} synthetic faces rated.</p>"
        f"{summarise(ratings)}<main>{''.join(figures)}</main></html>"
    )


def table(ratings: Sequence[dict]) -> str:
    """The ratings as CSV, a row a face."""
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(["description", "seed", "model", "verdict", "reason", "file"])
    for r in ratings:
        cells = [r["description"], r["seed"], r["model"], r["verdict"], r["reason"] or "", r["file"]]
        writer.writerow([f"'{c}" if str(c)[:1] in ("=", "+", "-", "@") else c for c in cells])  # no formulas
    return rows.getvalue()
