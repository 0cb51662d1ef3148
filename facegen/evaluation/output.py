"""Writing what was measured: nothing is overwritten without being asked, and no file is ever half written."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from facegen.evaluation.reader import EvaluationError
from facegen.files import write_atomic
from facegen.picture import NOTICE, xmp

MAX_WIDTH, MAX_BYTES = 1280, 300_000  # of a page's picture


def claim(path: Path, force: bool) -> None:
    """Before a long measurement: may `path` be written? Its folder is made. Raises `EvaluationError`."""
    if path.is_dir():
        raise EvaluationError(f"{path} can't be written: it is a folder")
    if path.exists() and not force:
        raise EvaluationError(f"{path} exists: choose another name, or add --force to overwrite it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"{path} can't be written: {error.strerror}") from None


def known(name: str, names: Sequence[str], of: str) -> str:
    """`name`, if it is one of `names`. Raises `EvaluationError`."""
    if name not in names:
        raise EvaluationError(f"{name!r} is none of {of}: {', '.join(names)}")
    return name


def write_picture(path: Path, picture: Image.Image) -> None:
    """Drawn faces as PNG, marked as synthetic."""
    chunks, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    chunks.add_text("Disclaimer", NOTICE)
    chunks.add_itxt("XML:com.adobe.xmp", xmp())
    picture.save(buffer, "PNG", pnginfo=chunks)
    write_atomic(path, buffer.getvalue())


def webp(picture: Image.Image) -> bytes:
    """A picture of drawn faces, marked as synthetic, small enough for a page."""
    if picture.width > MAX_WIDTH:
        picture = picture.resize(
            (MAX_WIDTH, round(picture.height * MAX_WIDTH / picture.width)), Image.Resampling.LANCZOS
        )
    exif = Image.Exif()
    exif[0x010E] = NOTICE  # ImageDescription
    for quality in (80, 50, 25, 10):  # what hasn't learned to draw yet draws noise, which takes the most room
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=quality, method=6, xmp=xmp().encode(), exif=exif)
        if buffer.tell() <= MAX_BYTES:
            break
    return buffer.getvalue()


def write_figure(path: Path, figure: Figure) -> None:
    """A matplotlib figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    write_atomic(path, buffer.getvalue())


def spliced(before: str, made: str, begin: str, end: str, out: Path) -> str:
    """`made` between two marks of an existing page, so that what people wrote around them stays.

    Raises:
        EvaluationError: the marks aren't there.
    """
    head, found, rest = before.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise EvaluationError(f"{out}: expected the marks {begin} and, after it, {end}: what is made goes between them")
    return f"{head}{begin}\n{made}{end}{tail}"
