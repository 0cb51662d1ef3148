"""A drawn face: the picture, and everything that went into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from facegen import hub, registry
from facegen.attributes import Override
from facegen.files import write_atomic
from facegen.picture import png_bytes, to_array
from facegen.reading.result import Reading


@dataclass(eq=False)
class Face:
    """One drawn face.

    Attributes:
        image: RGB, square.
        seed: the seed, or None for a blend of seeds.
        person: who it is, as text ("7", or a blend such as "7*0.94+12*0.34").
        reading: what was read in the description; None where there was no text.
        attributes: what was drawn, by name; only what the model can draw.
        sources: "text" or "override" for each of them.
        overrides: what was overridden by hand, drawable or not.
        settings: all that is needed to draw it again, of JSON's types; written into the PNG.
    """

    image: Image.Image = field(repr=False)
    seed: int | None
    person: str
    reading: Reading | None
    attributes: dict[str, bool]
    sources: dict[str, str]
    overrides: dict[str, Override]
    settings: dict

    @cached_property
    def match(self) -> dict[str, float]:
        """Probability that each attribute is in the image, 0..1, as the embedded classifier sees it (lazily)."""
        classifier = read_back()
        pixels = torch.from_numpy(to_array(self.image))[None]
        probabilities = classifier.probabilities(pixels)[0].tolist()
        return dict(zip(classifier.attributes, probabilities, strict=True))

    @cached_property
    def png(self) -> bytes:
        """The image as PNG with its settings and the mark of a synthetic image."""
        return png_bytes(self.image, self.settings)

    def save(self, path: str | Path, *, overwrite: bool = True) -> Path:
        """Write the PNG whole or not at all; `FileExistsError` for a file that is there and may not be overwritten."""
        return write_atomic(path, self.png, overwrite=overwrite)

    def to_dict(self) -> dict:
        """What `generate --json` prints; "match" is None where no classifier is at hand."""
        try:
            match = {name: round(p, 4) for name, p in self.match.items() if name in self.attributes}
        except hub.CheckpointError:
            match = None
        return {
            "seed": self.seed,
            "person": self.person,
            "attributes": self.attributes,
            "sources": self.sources,
            "match": match,
            "undrawable": self.settings["undrawable"],
            "unused": list(self.reading.unused) if self.reading else [],
            "model": self.settings["model"],
        }


@lru_cache(maxsize=1)
def read_back() -> Any:
    """The embedded classifier, which reads drawn faces back. Raises `hub.CheckpointError` where none is at hand."""
    return registry.load_classifier()
