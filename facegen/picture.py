"""What a PNG of ours says about itself: text chunks to restore it, and the mark that it is synthetic.

The mark is IPTC's digital source type "trainedAlgorithmicMedia" in an XMP packet (IPTC Photo Metadata
Standard, Iptc4xmpExt:DigitalSourceType; the PNG keyword "XML:com.adobe.xmp" is XMP part 3, PNG).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from PIL import Image, PngImagePlugin

from facegen.errors import UserError

SOFTWARE = "facegen"
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
_KINDS = {
    "description": (str, ""),
    "overrides": (dict, {}),
    "person": (str, "0"),
    "strength": ((int, float, type(None)), None),
}


MAX_SIDE = 2048  # px
MAX_BYTES = 16 * 2**20


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
    """The settings that `png_bytes` wrote, from a path or a PNG's bytes; `MetadataError` where there are none."""
    text = _chunks(source)
    if "facegen" not in text:
        raise MetadataError("this image holds no facegen settings: choose a PNG that facegen saved")
    try:
        settings = json.loads(text["facegen"])
    except (ValueError, RecursionError):
        raise MetadataError("the facegen settings in this image are damaged") from None
    if not isinstance(settings, dict) or not all(
        isinstance(settings.get(name, default), kind) for name, (kind, default) in _KINDS.items()
    ):
        raise MetadataError("the facegen settings in this image are damaged")
    return {**{name: default for name, (_, default) in _KINDS.items()}, **settings}


def _chunks(source: str | Path | bytes) -> dict[str, str]:
    """The text chunks of a PNG, its size looked at before any pixel is decoded; `MetadataError`."""
    too_large = f"this image is larger than {MAX_SIDE} px: choose a PNG that facegen saved"
    try:
        if (len(source) if isinstance(source, bytes) else Path(source).stat().st_size) > MAX_BYTES:
            raise MetadataError(too_large)
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=["PNG"]) as image:
            if max(image.size) > MAX_SIDE:
                raise MetadataError(too_large)
            image.load()  # chunks that follow the pixels are read only now
            return dict(getattr(image, "text", {}))
    except MetadataError:
        raise
    except Exception:  # Pillow raises many kinds for a damaged file; none of them keeps the image alive from here
        raise MetadataError("this file is no image that can be opened: choose a PNG that facegen saved") from None
