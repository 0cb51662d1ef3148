"""Draw the README's two contact sheets with the embedded checkpoint: `python examples/draw.py`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from facegen import FacePipeline
from facegen.drawing.sheets import grid

HERE = Path(__file__).parent
GAP = 6


def captioned(rows: dict[str, list[Image.Image]]) -> Image.Image:
    """Rows of faces, each under its description."""
    font = ImageFont.load_default(22)
    strips = {text: grid(faces, len(faces), GAP) for text, faces in rows.items()}
    width, height = next(iter(strips.values())).size
    sheet = Image.new("RGB", (width + 2 * GAP, (height + 40) * len(strips) + GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (text, strip) in enumerate(strips.items()):
        top = i * (height + 40)
        pen.text((GAP, top + 7), text, fill=(40, 40, 60), font=font)
        sheet.paste(strip, (GAP, top + 38))
    return sheet


def main() -> None:
    pipe = FacePipeline.from_pretrained()
    lines = (HERE / "descriptions.txt").read_text(encoding="utf-8").splitlines()
    rows = {text: [face.image for face in pipe(text, seed=1, n=6)] for text in lines}
    captioned(rows).save(HERE / "descriptions.webp", quality=88, method=6)
    grid([face.image for face in pipe("", seed=0, n=24)], 8, GAP).save(HERE / "seeds.webp", quality=88, method=6)


if __name__ == "__main__":
    main()
