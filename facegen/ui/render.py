"""The pieces of HTML that the app shows, from values. Every word of a user's goes through `escape`."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

import numpy as np
from PIL import Image, ImageFilter

from facegen.attributes import BY_NAME

OUTCOMES = {
    "used": "drawn",
    "not drawable": "understood, but this model can't draw it",
    "not understood": "not understood",
}


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def thumbnail(image: Image.Image, size: int = 112) -> str:
    """A small WebP for strips and grids; the full PNG can be drawn again from its settings."""
    buffer = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(buffer, "WEBP", quality=82)
    return data_url(buffer.getvalue(), "image/webp")


def phrase(name: str, value: bool) -> str:
    """ "beard" or "no beard"; gender is not said as "no male"."""
    if name == "male":
        return "man" if value else "woman"
    label = BY_NAME[name].label
    return label if value else f"no {label}"


def describe(attributes: Mapping[str, bool]) -> str:
    """An image description for screen readers."""
    said = ", ".join(phrase(name, value) for name, value in attributes.items())
    return f"Synthetic face: {said}" if said else "Synthetic face, left to chance"


def link(settings: Mapping, reader: str = "rules") -> str:
    """The query string that restores a face, read by that reader."""
    query = {"text": settings["description"], "person": settings["person"]}
    if settings["overrides"]:
        query["set"] = ",".join(f"{n}={'yes' if v else 'no'}" for n, v in settings["overrides"].items())
    if settings.get("strength") is not None:
        query["strength"] = f"{settings['strength']:g}"
    if reader != "rules":
        query["reader"] = reader
    return "?" + urlencode(query)


def stage(src: str, settings: Mapping, before: str | None = None, reader: str = "rules") -> str:
    """The big face, with room for a heat map, and the slider between it and the face before the last change."""
    alt = escape(describe(settings["attributes"]))
    name = f"facegen-{settings['person']}.png".replace("*", "x")[:80]
    before_image = f'<img class="fg-before" src="{before}" alt="">' if before else ""
    state = "" if before else "disabled"
    return (
        f'<figure class="fg-stage" data-link="{escape(link(settings, reader))}" data-file="{escape(name)}">'
        f'<div class="fg-frame"><img class="fg-face" id="fg-face" src="{src}" alt="{alt}" width="512" height="512">'
        f'{before_image}<img class="fg-heat" alt="" hidden><span class="fg-heat-label" hidden></span></div>'
        f'<label class="fg-compare"><span>before</span><input type="range" min="0" max="100" value="100" {state} '
        'aria-label="Compare with the face before the last change"><span>now</span></label>'
        "</figure>"
    )


def sentence(text: str, reading, drawable: Sequence[str], note: str = "") -> str:
    """The description with each phrase marked by what became of it."""
    if reading is None:
        return f'<p class="fg-sentence fg-quiet">{escape(note or "Nothing said yet: the face is left to chance.")}</p>'
    marked, at = [], 0
    for start, end, outcome, names in spans(reading, drawable):
        marked.append(escape(reading.text[at:start]))
        labels = ", ".join(phrase(n, reading.attributes[n]) for n in names if n in reading.attributes)
        title = f"{labels}: {OUTCOMES[outcome]}" if labels else OUTCOMES[outcome]
        shape = outcome.replace(" ", "-")
        # Focusable only where there is something to see: a heat map of what the phrase changes.
        focus = f' tabindex="0" data-span="{start}-{end}"' if outcome == "used" else ""
        marked.append(
            f'<mark class="fg-{shape}" title="{escape(title)}"{focus}>{escape(reading.text[start:end])}'
            f'<span class="fg-sr"> ({escape(title)})</span></mark>'
        )
        at = end
    marked.append(escape(reading.text[at:]))
    if not reading.attributes:
        note = "Nothing here was understood: the face is left to chance."
    tail = f'<p class="fg-note">{escape(note)}</p>' if note else ""
    return f'<p class="fg-sentence">{"".join(marked)}</p>{tail}'


def spans(reading, drawable: Sequence[str]) -> list[tuple[int, int, str, tuple[str, ...]]]:
    """The marked stretches of a description, in order and without overlap: (start, end, outcome, attributes)."""
    found: dict[tuple[int, int], list[str]] = {}
    for mention in reading.mentions:
        found.setdefault((mention.start, mention.end), []).append(mention.attribute)
    marks = [
        (start, end, "used" if any(n in drawable for n in names) else "not drawable", tuple(names))
        for (start, end), names in found.items()
    ]
    marks += [(start, end, "not understood", ()) for start, end in reading.unused_spans]
    kept, at = [], 0
    for start, end, outcome, names in sorted(marks, key=lambda m: (m[0], -m[1])):
        covered = [i for i, (a, b, *_) in enumerate(kept) if a <= start and end <= b]
        if covered:  # "blond" within "long blond hair": one mark that says both
            a, b, was, before = kept[covered[0]]
            better = "used" if "used" in (was, outcome) else was
            kept[covered[0]] = (a, b, better, before + names)
        elif max(start, at) < end:
            kept.append((max(start, at), end, outcome, names))
            at = end
    return kept


def readback(attributes: Mapping[str, bool], sources: Mapping[str, str], match: Mapping[str, float]) -> str:
    """What the classifier sees beside what was asked, as bars with ticks and crosses."""
    rows, right, judged = [], 0, 0
    for name, asked in attributes.items():
        source = "by hand" if sources.get(name) == "override" else "from the text"
        if name in match:
            seen = match[name] if asked else 1 - match[name]
            agrees = seen >= 0.5
            judged += 1
            right += agrees
            verdict = f'<span class="{"fg-yes" if agrees else "fg-no"}">{"✓" if agrees else "✗"}</span>'
            word = "seen as asked" if agrees else "not seen as asked"
            percent = f"{round(seen * 100)}%"
            bar = (
                f'<span class="fg-bar" role="meter" aria-label="{word}" aria-valuemin="0" aria-valuemax="100" '
                f'aria-valuenow="{round(seen * 100)}"><i style="width:{percent}"></i></span>'
            )
        else:
            verdict, bar, percent, word = "<span>·</span>", "<span class='fg-nobar'></span>", "–", "not measured"
        rows.append(
            f'<li title="{word}">{verdict}<span class="fg-sr">{word}</span>'
            f'<span class="fg-asked">{escape(phrase(name, asked))}<small>{source}</small></span>{bar}<b>{percent}</b></li>'
        )
    if not rows:
        return '<div class="fg-readback"><h3>Read back</h3><p class="fg-quiet">Nothing was asked, so there is nothing to check.</p></div>'
    summary = f"{right} of {judged} as asked" if judged else "not measured"
    return (
        f'<div class="fg-readback"><h3>Read back <span>{summary}</span></h3><ul>{"".join(rows)}</ul>'
        '<p class="fg-quiet">The bar is how sure a separate classifier is that the face is as asked.</p></div>'
    )


def words(items: Sequence[Mapping], busy: bool = False) -> str:
    """The strip of faces drawn without each phrase; hovering or focusing one shows its heat map over the main face."""
    if not items and not busy:
        return (
            '<div class="fg-words fg-quiet">Say something that can be drawn, and see here what each word changes.</div>'
        )
    cells = "".join(
        f'<li><button type="button" class="fg-word" data-heat="{item["heat"]}" data-span="{item["span"]}" '
        f'data-label="{escape(item["phrase"])}"><img src="{item["src"]}" alt="" width="72" height="72">'
        f"<span>without <em>{escape(item['phrase'])}</em></span><small>{escape(item['change'])}</small></button></li>"
        for item in items
    )
    wait = '<li class="fg-wait" aria-hidden="true"></li>' if busy else ""
    return (
        '<div class="fg-words"><h3>What each word does <span>hover, tap or tab to see where</span></h3>'
        f"<ul>{cells}{wait}</ul></div>"
    )


def heat_map(with_it: Image.Image, without: Image.Image, size: int = 128) -> str:
    """Where two faces differ, as a see-through PNG: clear where they agree, amber to red where they don't."""
    a, b = (np.asarray(im.convert("RGB").resize((size, size)), dtype=np.float32) for im in (with_it, without))
    difference = Image.fromarray(np.abs(a - b).mean(2).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2.5))
    # A fixed scale: a word that changes little stays pale. Never opaque: what is changed must still be seen.
    strength = np.clip(np.asarray(difference, dtype=np.float32) / 90, 0, 1)
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., 0] = 255
    rgba[..., 1] = (190 * (1 - strength)).astype(np.uint8)
    rgba[..., 2] = (40 * (1 - strength)).astype(np.uint8)
    rgba[..., 3] = (165 * strength**0.8).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG", compress_level=6)
    return data_url(buffer.getvalue())


def grid(cells: Sequence[Mapping], columns: int, label: str, pressed: Sequence[int] = (), empty: str = "") -> str:
    """Faces as buttons: cells of {"src", "caption"}; `pressed` are marked."""
    if not cells:
        return f'<div class="fg-grid fg-quiet">{escape(empty)}</div>'
    items = "".join(
        f'<button type="button" class="fg-cell" data-index="{i}" aria-pressed="{"true" if i in pressed else "false"}" '
        f'aria-label="{escape(cell["caption"])}"><img src="{cell["src"]}" alt="" width="112" height="112">'
        f"<span>{escape(cell['caption'])}</span></button>"
        for i, cell in enumerate(cells)
    )
    return f'<div class="fg-grid" role="group" aria-label="{escape(label)}" style="--columns:{columns}">{items}</div>'


def as_json(value: object) -> str:
    """JSON that may stand inside an HTML attribute."""
    return escape(json.dumps(value))


def changed(a: Image.Image, b: Image.Image) -> int:
    """Mean difference of two images in per cent of the full range, over the tenth of the pixels that differ most."""
    difference = np.abs(np.asarray(a, dtype=np.float32) - np.asarray(b, dtype=np.float32)).mean(2).ravel()
    most = np.sort(difference)[-max(1, difference.size // 10) :]
    return round(float(most.mean()) / 255 * 100)
