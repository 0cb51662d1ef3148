"""The pieces of HTML that the app shows, from values. Every word of a user's goes through `escape`."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Collection, Mapping, Sequence
from html import escape

import numpy as np
from PIL import Image, ImageFilter

from facegen import attributes
from facegen.attributes import BY_NAME, Override
from facegen.reading.result import Reading
from facegen.ui import links

OUTCOMES = {
    "used": "drawn",
    "not drawable": "understood, but this model can't draw it",
    "not understood": "not understood",
    "overruled": "set otherwise by hand",
    "child": "understood, but only adults are drawn",
}
# Words for children, and ages below 18. They are read as young, and an adult is drawn.
CHILD = re.compile(
    r"\b(?:child(?:ren)?|kids?|toddlers?|bab(?:y|ies)|infants?|(?:pre-?)?teens?|teenage(?:d|rs?)?|adolescents?|tweens?"
    r"|school ?(?:boy|girl)s?|(?:little|small) (?:boy|girl)s?|(?:1[0-7]|\d)[ -]?(?:years?|yrs?|yo)\b)",
    re.IGNORECASE,
)
# Labels that describe a person or face, and so take "not"; the others name a thing, and take "no".
DESCRIBING = frozenset(
    "young middle_aged old bald smiling mouth_open facing_front facing_left facing_right chubby asian black white "
    "indian hispanic middle_eastern".split()
)


def data_url(data: bytes, kind: str = "image/png") -> str:
    """The bytes of an image as a data: URL, for HTML."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def webp(image: Image.Image, quality: int = 82) -> bytes:
    """A tenth of the PNG's size; the PNG itself can be downloaded."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def thumbnail(image: Image.Image, size: int = 112) -> str:
    """A small WebP for strips and grids, as a data URL."""
    return data_url(webp(image.resize((size, size), Image.Resampling.LANCZOS)), "image/webp")


def phrase(name: str, value: Override) -> str:
    """ "beard" or "no beard", "smiling", "not smiling" or "very smiling", "man" or "woman"."""
    if name == "male":
        return "man" if value else "woman"
    label = BY_NAME[name].label
    if isinstance(value, str):
        return f"{value} {label}"
    return label if value else f"{'not' if name in DESCRIBING else 'no'} {label}"


def describe(said: Mapping[str, bool]) -> str:
    """An image description for screen readers."""
    words = ", ".join(phrase(name, value) for name, value in said.items())
    return f"Synthetic face: {words}" if words else "Synthetic face, left to chance"


def file_name(settings: Mapping, suffix: str = ".png") -> str:
    """A safe name for a face's file."""
    name = f"facegen-{settings['person']}".replace("*", "x").replace(".", "")[:60]
    return name + (f"-{settings['size']}" if settings.get("size") else "") + suffix


def stage(image: Image.Image, settings: Mapping, answer: int, reader: str = "rules", larger: Sequence[int] = ()) -> str:
    """The big face, with room for a heat map and the face before, which the page itself keeps (see app.js).

    `larger`: sides in px at which it can be downloaded, too.
    """
    link = escape(links.write(settings, reader))
    downloads = "".join(
        f'<a href="face.png{link}&amp;size={px}" download="{escape(file_name({**settings, "size": px}))}">{px} px</a>'
        for px in larger
    )
    return (
        f'<figure class="fg-stage" data-link="{link}" data-answer="{answer}">'
        f'<div class="fg-frame"><img class="fg-face" id="fg-face" src="{data_url(webp(image), "image/webp")}" '
        f'alt="{escape(describe(settings["attributes"]))}" width="{image.width}" height="{image.height}">'
        '<img class="fg-before" alt="" hidden><img class="fg-heat" alt="" hidden>'
        '<span class="fg-heat-label" hidden></span></div>'
        '<label class="fg-compare"><span>before</span><input type="range" min="0" max="100" value="100" disabled '
        'aria-label="Compare with the face before the last change"><span>now</span></label>'
        f'<div class="fg-actions"><a href="face.png{link}" download="{escape(file_name(settings))}">Download PNG</a>'
        f'{downloads}<button type="button" data-action="link">Copy link</button>'
        '<button type="button" data-action="keep">Add to gallery</button></div></figure>'
    )


def sentence(
    reading: Reading | None,
    drawable: Collection[str],
    overrides: Mapping[str, Override] | None = None,
    note: str = "",
) -> str:
    """The description with each phrase marked by what became of it, and how much of it was set by hand."""
    overrides = overrides or {}
    if reading is None:
        marked = (
            f'<p class="fg-sentence fg-quiet">{escape(note or "Nothing said yet: the face is left to chance.")}</p>'
        )
        note = ""
    else:
        marked = f'<p class="fg-sentence">{_marked(reading, drawable, overrides)}</p>'
        if not reading.attributes:
            note = note or "Nothing here was understood: the face is left to chance."
    tail = f'<p class="fg-note">{escape(note)}</p>' if note else ""
    if overrides:
        tail += (
            f'<p class="fg-hand">{len(overrides)} set by hand '
            '<button type="button" class="fg-reset" data-action="clear">Back to the text</button></p>'
        )
    return marked + tail


def _marked(reading: Reading, drawable: Collection[str], overrides: Mapping[str, Override]) -> str:
    said = attributes.merge(reading.attributes, overrides)
    children = [found.span() for found in CHILD.finditer(reading.text)]
    parts, at = [], 0
    for start, end, outcome, names in reading.marks(drawable):
        told = {n: reading.attributes[n] for n in names if n in reading.attributes}
        if any(said.get(n) is not v for n, v in told.items()):
            outcome = "overruled"
        elif "young" in told and any(a < end and start < b for a, b in children):
            outcome = "child"
        labels = ", ".join(phrase(n, v) for n, v in told.items())
        title = escape(f"{labels}: {OUTCOMES[outcome]}" if labels else OUTCOMES[outcome])
        words, tag = escape(reading.text[start:end]), "s" if outcome == "overruled" else "span"
        parts.append(
            f'{escape(reading.text[at:start])}<mark class="fg-{outcome.replace(" ", "-")}" title="{title}" '
            f'data-names="{" ".join(told)}" data-span="{start}-{end}"><{tag}>{words}</{tag}>'
            f'<span class="fg-sr"> ({title})</span></mark>'
        )
        at = end
    return "".join(parts) + escape(reading.text[at:])


def heat_map(with_it: Image.Image, without: Image.Image, size: int = 128) -> str:
    """Where two faces differ, as a see-through picture: clear where they agree, amber to red where they don't."""
    a, b = (np.asarray(im.convert("RGB").resize((size, size)), dtype=np.float32) for im in (with_it, without))
    difference = Image.fromarray(np.abs(a - b).mean(2).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2.5))
    # A fixed scale: a word that changes little stays pale. Never opaque: what is changed must still be seen.
    strength = np.clip(np.asarray(difference, dtype=np.float32) / 90, 0, 1)
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., 0] = 255
    rgba[..., 1] = (190 * (1 - strength)).astype(np.uint8)
    rgba[..., 2] = (40 * (1 - strength)).astype(np.uint8)
    rgba[..., 3] = (165 * strength**0.8).astype(np.uint8)
    return data_url(webp(Image.fromarray(rgba), 80), "image/webp")


def changed(a: Image.Image, b: Image.Image) -> int:
    """Mean difference of two images in per cent of the full range, over the tenth of the pixels that differ most."""
    difference = np.abs(np.asarray(a, dtype=np.float32) - np.asarray(b, dtype=np.float32)).mean(2).ravel()
    most = np.sort(difference)[-max(1, difference.size // 10) :]
    return round(float(most.mean()) / 255 * 100)


def grid(
    cells: Sequence[Mapping],
    columns: int,
    label: str,
    pressed: Collection[int] = (),
    empty: str = "",
    one: bool = False,
) -> str:
    """Faces as buttons: cells of {"src", "caption", "link"}, each with a star that puts it into the gallery.

    `pressed` are marked; with `one`, the page marks the one that was picked last. The arrow keys move inside the group.
    """
    if not cells:
        return f'<div class="fg-grid fg-quiet">{escape(empty)}</div>'
    items = "".join(
        f'<div class="fg-kept-cell"><button type="button" class="fg-cell" data-index="{i}" '
        f'aria-pressed="{"true" if i in pressed else "false"}" '
        f'tabindex="{-1 if i else 0}"><img src="{cell["src"]}" alt="" width="112" height="112">'
        f"<span>{escape(cell['caption'])}</span></button>"
        f'<button type="button" class="fg-star" data-action="star" data-link="{escape(cell["link"])}" tabindex="-1" '
        f'aria-label="To the gallery: {escape(cell["caption"])}">☆</button></div>'
        for i, cell in enumerate(cells)
    )
    group = f'role="group" aria-label="{escape(label)}" data-roving style="--columns:{columns}"'
    group += " data-one" if one else ""
    return f'<div class="fg-grid" {group}>{items}</div>'
