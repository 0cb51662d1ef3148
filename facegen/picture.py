"""Pictures: pixels to and from arrays, and what a PNG of ours says about itself.

Text chunks restore it and mark it as synthetic. The mark is IPTC's digital source type "trainedAlgorithmicMedia" in an
XMP packet (IPTC Photo Metadata Standard, Iptc4xmpExt:DigitalSourceType; the PNG keyword "XML:com.adobe.xmp" is XMP
part 3, PNG).
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from PIL import Image, PngImagePlugin

from facegen.errors import UserError

SOFTWARE = "facegen"
LUMA = (0.299, 0.587, 0.114)  # of red, green, blue (ITU-R BT.601)
MAX_BYTES, MAX_SIDE = 16 * 2**20, 4096  # of a file that is to be restored
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
NOTICE = "Synthetic face drawn by a neural network. Not a photograph, and not an identification aid."

_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    " Iptc4xmpExt:DigitalSourceType={source} xmp:CreatorTool={tool}/></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="r"?>'
)


def xmp(tool: str = SOFTWARE) -> str:
    """The XMP packet that marks an image as synthetic."""
    return _XMP.format(source=quoteattr(SOURCE_TYPE), tool=quoteattr(tool))


# What a face is drawn again from: its kind, and what stands for it where an image does not say.
_KINDS: dict[str, tuple[Any, Any]] = {
    "description": (str, ""),
    "overrides": (dict, {}),
    "person": (str, "0"),
    "strength": ((int, float, type(None)), None),
    "look": ((str, type(None)), None),
    "size": ((int, type(None)), None),
}


class MetadataError(UserError):
    """An image that is not one of ours, or whose settings can't be read."""


def png_bytes(image: Image.Image, settings: Mapping[str, object]) -> bytes:
    """An image as PNG, its settings in the chunk "facegen" (JSON, keys sorted): the same input gives the same bytes.

    Args:
        image: RGB.
        settings: what is needed to draw it again, of JSON's types; "description", "model" and "version" are
            also written as chunks of their own, for people and other programs.
    """
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Software", f"{SOFTWARE} {settings.get('version', '')}".strip())
    chunks.add_itxt("Description", str(settings.get("description", "")))
    chunks.add_text("Model", str(settings.get("model", "")).encode("ascii", "replace").decode())
    chunks.add_text("Seed", str(settings.get("seed", "")))
    chunks.add_itxt("Attributes", json.dumps(settings.get("attributes", {}), sort_keys=True))
    chunks.add_text("Disclaimer", NOTICE)
    chunks.add_itxt("facegen", json.dumps(dict(settings), sort_keys=True, ensure_ascii=False))
    tool = f"{SOFTWARE} {settings.get('version', '')}".strip()
    chunks.add_itxt("XML:com.adobe.xmp", xmp(tool))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=chunks, compress_level=4)
    return buffer.getvalue()


def read_settings(source: str | Path | bytes) -> dict:
    """The settings that `png_bytes` wrote, from a path or a PNG's bytes.

    No pixel is decoded where the settings stand before them, as ours do; of an image in which they may come later, only
    one of at most `MAX_SIDE` px a side is.

    Raises:
        MetadataError: no PNG, too large, without settings, or with damaged ones.
    """
    size = len(source) if isinstance(source, bytes) else _file_size(Path(source))
    if size > MAX_BYTES:
        raise MetadataError(f"this file has {size / 2**20:.0f} MB: choose a PNG that facegen saved, at most 16 MB")
    text = _settings_text(io.BytesIO(source) if isinstance(source, bytes) else Path(source))
    if text is None:
        raise MetadataError("this image holds no facegen settings: choose a PNG that facegen saved")
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MetadataError("the facegen settings in this image are damaged") from error
    if not isinstance(settings, dict) or not all(
        isinstance(settings.get(name, default), kind) for name, (kind, default) in _KINDS.items()
    ):
        raise MetadataError("the facegen settings in this image are damaged")
    return {**{name: default for name, (_, default) in _KINDS.items()}, **settings}


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise MetadataError(f"{path.name} can't be opened: {error.strerror or error}") from None


def _settings_text(file: io.BytesIO | Path) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=["PNG"]) as image:
                if "facegen" not in image.info:
                    if max(image.size) > MAX_SIDE:
                        return None
                    image.load()  # chunks that follow the pixels are read with them
                text = image.info.get("facegen")
    except Exception as error:  # a damaged file finds many ways to be
        message = "this file is no image that can be opened: choose a PNG that facegen saved"
        raise MetadataError(message) from error.with_traceback(None)  # which would keep the image in memory
    return text if isinstance(text, str) else None


def to_image(pixels: Any) -> Image.Image:
    """One RGB image (3, h, w) in -1..1, an array or a tensor of any type and device, as a picture."""
    if hasattr(pixels, "detach"):
        pixels = pixels.detach().float().cpu()
    values = np.rint(np.clip(np.asarray(pixels, dtype=np.float32), -1, 1) * np.float32(127.5) + np.float32(127.5))
    return Image.fromarray(np.ascontiguousarray(values.astype(np.uint8).transpose(1, 2, 0)))


def to_array(image: Image.Image | np.ndarray) -> np.ndarray:
    """A picture, or uint8 (.., h, w, 3) -> float32 (.., 3, h, w) in -1..1."""
    values = np.moveaxis(np.asarray(image, dtype=np.float32), -1, -3)
    return np.ascontiguousarray(values / np.float32(127.5) - np.float32(1))
