"""Text or attributes, and a seed -> a face, with everything that went into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from facegen import __version__, attributes, hub, registry
from facegen import person as identity
from facegen import picture as metadata
from facegen.errors import UserError
from facegen.files import write_atomic
from facegen.person import MAX_SEED, Person, PersonError
from facegen.reading.rules import Reading, parse

__all__ = ["Face", "FacePipeline", "StrengthError", "load", "to_image"]


STRENGTHS = (1.0, 6.0)
BEST_OF = 8  # candidates at most
NEAR = 0.45  # how far candidates are from the person asked for; 1 is a stranger


class StrengthError(UserError):
    """A guidance strength out of range."""


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
    overrides: dict[str, bool]
    settings: dict

    @cached_property
    def match(self) -> dict[str, float]:
        """Probability that each attribute is in the image, 0..1, as the embedded classifier sees it (lazily)."""
        classifier = _classifier()
        probabilities = classifier.probabilities(to_pixels(self.image))[0].tolist()
        return dict(zip(classifier.attributes, probabilities, strict=True))

    @cached_property
    def png(self) -> bytes:
        """The image as PNG with its settings and the mark of a synthetic image."""
        return metadata.png_bytes(self.image, self.settings)

    def save(self, path: str | Path) -> Path:
        """Write the PNG whole or not at all."""
        return write_atomic(path, self.png)

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


class FacePipeline:
    """A generator made ready: `FacePipeline.from_pretrained()`, then call it with a description and a seed."""

    def __init__(self, generator, model: str):
        self.generator = generator.eval()
        self.model = model

    @classmethod
    def from_pretrained(cls, source: str | Path | None = None) -> FacePipeline:
        """The embedded checkpoint, a folder, or a Hub repo id; `hub.CheckpointError` where that is not to be had."""
        folder = hub.resolve(source)
        return cls(registry.load(folder), _model_name(folder, source))

    @property
    def drawable(self) -> tuple[str, ...]:
        """Names of the attributes that this model can draw."""
        return tuple(self.generator.config.attributes)

    def __call__(
        self,
        text: str = "",
        seed: int = 0,
        overrides: Mapping[str, bool] | None = None,
        n: int = 1,
        *,
        person: str | None = None,
        strength: float | None = None,
        best_of: int = 1,
        parser: Callable[[str], Reading] = parse,
    ) -> Face | list[Face]:
        """Draw a description.

        Args:
            text: the description; may be empty where `overrides` or a seed are all that is wanted.
            seed: 0..2**32-1; n images are of seeds seed..seed+n-1.
            overrides: {attribute: True or False}, laid over the text.
            n: how many; a list is returned where it is more than 1.
            person: a blend of seeds in place of `seed` (see `facegen.person`); n is 1 then.
            strength: guidance, 1 (none) to 6; None is the model's own.
            best_of: 1 to 8: of so many people, the seed's own and near relatives of theirs, the one is drawn in whom the
                classifier sees what was asked best. `Face.person` says who it was.
            parser: text -> Reading.

        Raises:
            DescriptionError, VocabularyError, PersonError, StrengthError: one sentence each, before anything is drawn.
        """
        if not isinstance(n, int) or n < 1:
            raise PersonError(f"{n!r} is no number of images: draw at least 1")
        if person is not None and n > 1:
            raise PersonError("a blend of seeds is one person: draw several with a seed")
        overrides = dict(overrides or {})
        attributes.check(overrides)
        reading = parser(text) if text.strip() else None
        if person is None:
            identity.check_seed(seed)
            if seed + n - 1 > MAX_SEED:
                raise PersonError(f"seeds {seed} to {seed + n - 1} go past the last one, {MAX_SEED}")
            who = [((seed + i, 1.0),) for i in range(n)]
        else:
            who = [identity.parse_person(person)]
        # One by one: a convolution's rounding may depend on the batch, and a face must not.
        faces = [self.face(reading, overrides, each, strength, best_of=best_of) for each in who]
        return faces[0] if n == 1 else faces

    def face(
        self,
        reading: Reading | None,
        overrides: Mapping[str, bool],
        person: Person,
        strength: float | None = None,
        like: Face | None = None,
        best_of: int = 1,
    ) -> Face:
        """Draw one person as read and overridden; where `like` is the very same face, its image is taken over.

        `best_of` as in `__call__`. Raises `StrengthError`, `PersonError`.
        """
        if strength is not None and not STRENGTHS[0] <= strength <= STRENGTHS[1]:
            raise StrengthError(f"strength {strength:g} is out of range: 1 (gentle) to 6 (forceful)")
        described = reading.attributes if reading else {}
        wanted = attributes.merge(described, overrides)
        used = {name: value for name, value in wanted.items() if name in self.drawable}
        asked, person = person, self.fittest(person, used, strength, best_of)
        text = identity.format_person(person)
        if like is not None and (used, text, strength) == (like.attributes, like.person, like.settings["strength"]):
            image = like.image
        else:
            image = to_image(self.generator(self.identity(person), self.encode(used), strength))
        seed = asked[0][0] if len(asked) == 1 else None
        drawn_seed = person[0][0] if len(person) == 1 else None  # the person drawn is what draws the same bytes again
        settings = {
            "description": reading.text if reading else "",
            "overrides": dict(overrides),
            "attributes": used,
            "undrawable": [name for name in wanted if name not in self.drawable],
            "seed": drawn_seed,
            "person": text,
            "strength": strength,
            "model": self.model,
            "version": __version__,
        }
        sources = {name: "override" if name in overrides else "text" for name in used}
        return Face(image, seed, text, reading, used, sources, dict(overrides), settings)

    def fittest(self, person: Person, used: Mapping[str, bool], strength: float | None, n: int) -> Person:
        """Of a person and n - 1 near relatives, the one whose read-back agrees best with the attributes `used`.

        Told by the least sure of the attributes that the classifier knows, on quick drawings: all in one batch, at
        the decoder's size. Raises `PersonError`.
        """
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= BEST_OF:
            raise PersonError(f"best of {n!r} is out of range: 1 (no choice) to {BEST_OF}")
        if n == 1:
            return person
        classifier = _classifier()
        told = [(classifier.attributes.index(a), yes) for a, yes in used.items() if a in classifier.attributes]
        if not told:
            return person
        near = [identity.variation(person, identity.stranger(person[0][0], i), NEAR) for i in range(n - 1)]
        people = [person, *near]
        codes = torch.cat([self.identity(p) for p in people])
        wanted = self.encode(used).expand(n, -1)
        sketches = self.generator.sketch(codes, wanted, strength)
        seen = classifier.probabilities(sketches)
        fits = torch.stack([seen[:, j] if yes else 1 - seen[:, j] for j, yes in told], 1)
        return people[int(fits.clamp(min=1e-4).log().mean(1).add(fits.amin(1)).argmax())]

    def identity(self, person: Person) -> torch.Tensor:
        """Identity code (1, d) of a person."""
        return identity.code(person, self.generator.identity)

    def encode(self, wanted: Mapping[str, bool]) -> torch.Tensor:
        """The model's attribute input (1, a) of -1, 0 and +1."""
        return torch.tensor([attributes.encode(wanted, self.drawable)])

    def morph(self, start: Face, end: Face, frames: int, progress: Callable | None = None) -> list[Image.Image]:
        """`frames` images from one face to the other: their appearance codes and attributes are blended evenly."""
        ends = []
        for face in (start, end):
            condition = self.encode(face.attributes)
            code = self.generator.appearance(
                self.identity(identity.parse_person(face.person)), condition, face.settings["strength"]
            )
            ends.append((code, condition))
        (code_a, said_a), (code_b, said_b) = ends
        images = []
        for i in range(frames):
            t = i / max(frames - 1, 1)
            t = t * t * (3 - 2 * t)  # slow at both ends
            images.append(to_image(self.generator.draw(torch.lerp(code_a, code_b, t), torch.lerp(said_a, said_b, t))))
            if progress:
                progress(i + 1, frames)
        return images


def to_image(pixels: torch.Tensor) -> Image.Image:
    """(1, 3, h, w) in -1..1 -> an RGB image."""
    values = (pixels[0].clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)
    return Image.fromarray(values.permute(1, 2, 0).contiguous().numpy())


def to_pixels(image: Image.Image) -> torch.Tensor:
    """An RGB image -> (1, 3, h, w) in -1..1."""
    return torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1)[None] / 127.5 - 1.0


@lru_cache(maxsize=4)
def load(source: str | None = None) -> FacePipeline:
    """`FacePipeline.from_pretrained`, kept: the app and the review ask for the same few models again and again."""
    return FacePipeline.from_pretrained(source)


@lru_cache(maxsize=1)
def _classifier():
    return registry.load_classifier()


def _model_name(folder: Path, source: str | Path | None) -> str:
    """A name with a fingerprint of the weights, so that an image can be traced to exactly what drew it."""
    name = str(source) if source and not Path(str(source)).exists() else Path(folder).name
    digest = hashlib.sha256((Path(folder) / "model.safetensors").read_bytes()).hexdigest()
    return f"{name}@{digest[:12]}"
