"""A morph as a file: WebP, and MP4 where PyAV (the extra `video`) is installed. Both say that they are synthetic."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

from PIL import Image

from facegen import picture

MILLISECONDS, HOLD = 60, 12  # a frame; frames for which both ends stay


def there_and_back(frames: Sequence[Image.Image], hold: int) -> list[Image.Image]:
    """The frames to the end and back to the second, each end for `hold` frames."""
    return [*[frames[0]] * hold, *frames[1:-1], *[frames[-1]] * hold, *frames[-2:0:-1]]


def webp(frames: Sequence[Image.Image]) -> bytes:
    """An animation that runs there and back for ever."""
    played, ends = there_and_back(frames, 1), (0, len(frames) - 1)
    durations = [MILLISECONDS * (HOLD if i in ends else 1) for i in range(len(played))]
    buffer = io.BytesIO()
    played[0].save(
        buffer, "WEBP", save_all=True, append_images=played[1:], loop=0, quality=82, duration=durations,
        xmp=picture.xmp().encode(),
    )  # fmt: skip
    return buffer.getvalue()


def mp4(frames: Sequence[Image.Image]) -> bytes | None:
    """H.264 that runs there and back once; None without PyAV."""
    try:
        import av
    except ImportError:
        return None
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as video:
        video.metadata["comment"] = f"{picture.NOTICE} {picture.SOURCE_TYPE}"
        stream = video.add_stream("libx264", Fraction(1000, MILLISECONDS), {"crf": "20", "threads": "1"})
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        for image in there_and_back(frames, HOLD):
            video.mux(stream.encode(av.VideoFrame.from_image(image)))
        video.mux(stream.encode(None))
    return buffer.getvalue()
