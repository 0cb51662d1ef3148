"""Text or attributes, and a seed -> a face, with everything that went into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from facegen import __version__, attributes, hub, registry
from facegen import person as identity
from facegen.attributes import Override
from facegen.errors import UserError
from facegen.face import Face, read_back
from facegen.files import write_atomic
from facegen.person import Person
from facegen.picture import to_image
from facegen.reading.result import Reading
from facegen.request import Request, StrengthError, ask

__all__ = ["Face", "FacePipeline", "StrengthError", "UnknownLook", "UnknownSize", "load", "load_or_embedded"]

KEPT = 64  # images of the last requests, 13 MB at 256 px
NEAR = 0.45  # how far candidates are from the person asked for; 1 is a stranger


class UnknownLook(UserError):
    """A look that the model doesn't have."""


class UnknownSize(UserError):
    """A size that the model doesn't draw."""


class FacePipeline:
    """A generator made ready: `FacePipeline.from_pretrained()`, then call it with a description and a seed."""

    def __init__(self, generator: Any, model: str, folder: Path | None = None):
        """Args: a network of `registry.GENERATORS`, the name that its images carry, the folder that it is from."""
        self.generator = generator.eval()
        self.model = model
        self.folder = folder
        self._image = lru_cache(KEPT)(self._paint)  # words change more often than what is drawn of them
        self.notice = ""  # what whoever looks at its faces should know; see `load_or_embedded`

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path | None = None,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
    ) -> FacePipeline:
        """The embedded checkpoint, a folder, or a Hub repo id; arguments as in `hub.resolve`.

        Raises:
            hub.CheckpointError: that is not to be had.
        """
        folder = hub.resolve(source, revision=revision, token=token, cache_dir=cache_dir)
        return cls(registry.load(folder), _model_name(folder, source, revision), folder)

    def save_pretrained(self, folder: str | Path) -> Path:
        """Write the checkpoint as a folder that `from_pretrained` reads, with card and licence where it has them."""
        folder = Path(folder)
        if self.folder is None:
            registry.save(self.generator, folder)
            return folder
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir():
            if file.is_file() and file.resolve() != (folder / file.name).resolve():
                write_atomic(folder / file.name, file.read_bytes())
        return folder

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool = False,
        revision: str | None = None,
        commit_message: str | None = None,
        token: str | bool | None = None,
    ) -> str:
        """Publish the checkpoint; arguments, result and errors as in `hub.push`."""
        if self.folder is None:
            raise hub.CheckpointError("this model has no folder: save it, write its card, and push the folder")
        return hub.push(self.folder, repo_id, private, revision=revision, commit_message=commit_message, token=token)

    @property
    def drawable(self) -> tuple[str, ...]:
        """Names of the attributes that this model can draw."""
        return tuple(self.generator.config.attributes)

    @property
    def graded(self) -> tuple[str, ...]:
        """Those of them that it draws slighter or stronger where the text gives a degree."""
        return tuple(getattr(self.generator.config, "graded", ()))

    @property
    def reads(self) -> bool:
        """Whether the generator reads descriptions for itself: all the words count, not only the known attributes."""
        return hasattr(self.generator, "portray")

    @property
    def looks(self) -> tuple[str, ...]:
        """Kinds of picture that it draws, the default first; empty where there is but one."""
        return tuple(getattr(self.generator.config, "looks", ()))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sides in px that it draws, its own first."""
        config = self.generator.config
        return tuple(getattr(config, "sizes", (config.image_size,)))

    def __call__(
        self,
        text: str | Reading = "",
        seed: int = 0,
        overrides: Mapping[str, Override] | None = None,
        n: int = 1,
        *,
        person: str | None = None,
        strength: float | None = None,
        best_of: int = 1,
        reader: str = "rules",
        look: str | None = None,
        size: int | None = None,
    ) -> Face | list[Face]:
        """Draw a description.

        Args:
            text: the description, or what `facegen.parse` made of it; may be empty where `overrides` or a seed are all
                that is wanted.
            seed: 0..2**32-1; n images are of seeds seed..seed+n-1.
            overrides: {attribute: True, False, or a yes of a degree: "hardly", "slightly", "clearly", "very"}, laid
                over the text.
            n: how many; a list is returned where it is more than 1.
            person: a blend of seeds in place of `seed` (see `facegen.person`); n is 1 then.
            strength: guidance, 1 (none) to 6; None is the model's own.
            best_of: 1 to 8: of so many people, the seed's own and near relatives, the one is drawn in whom the
                classifier sees what was asked best. `Face.person` says who it was.
            reader: who reads the text: "rules", or "lstm" for the recurrent network.
            look: one of `looks`; None is the model's own.
            size: one of `sizes`, in px; None is the model's own.

        Raises:
            UserError: a bad argument, in one sentence, before anything is drawn.
        """
        request = ask(
            text,
            seed,
            overrides,
            n,
            person=person,
            strength=strength,
            best_of=best_of,
            reader=reader,
            look=look,
            size=size,
        )
        if look is not None and look not in self.looks:
            has = f"has {', '.join(self.looks)}" if self.looks else "has no looks to choose from"
            raise UnknownLook(f"the look {str(look)[:40]!r} is unknown: this model {has}")
        if size is not None and (type(size) is not int or size not in self.sizes):
            draws = " and ".join(map(str, self.sizes))
            raise UnknownSize(f"the size {str(size)[:20]} px is unknown: this model draws {draws} px")
        # One by one: a convolution's rounding may depend on the batch, and a face must not.
        faces = [self._draw(request, who) for who in request.people]
        return faces[0] if n == 1 else faces

    def _draw(self, request: Request, asked: Person) -> Face:
        wanted, strength = request.wanted, request.strength
        used = {name: value for name, value in wanted.items() if name in self.drawable}
        degrees = {name: d for name, d in request.degrees.items() if name in used and name in self.graded}
        condition = self.encode(used, degrees)
        how: dict[str, Any] = {"look": request.look} if request.look else {}
        person = self._fittest(asked, used, condition, request, how)
        how |= {"size": request.size} if request.size not in (None, self.sizes[0]) else {}
        text = identity.format_person(person)
        settings: dict[str, Any] = {
            "description": request.reading.text if request.reading else "",
            "overrides": dict(request.overrides),
            "attributes": used,
            "undrawable": [name for name in wanted if name not in self.drawable],
            # The person drawn is what draws the same bytes again, whoever was asked for.
            "seed": person[0][0] if len(person) == 1 else None,
            "person": text,
            "strength": strength,
            "model": self.model,
            "version": __version__,
        }
        settings |= {"degrees": degrees} if degrees else {}
        settings |= how
        said: str | tuple[float, ...] = tuple(condition[0].tolist())
        if self.reads:  # it gets the words, then what is set by hand
            by_hand = attributes.spoken(attributes.merge({}, request.overrides))
            said = ", ".join(filter(None, [settings["description"], by_hand]))
        image = self._image(person, said, strength, **how).copy()
        seed = asked[0][0] if len(asked) == 1 else None
        sources = {name: "override" if name in request.overrides else "text" for name in used}
        return Face(image, seed, text, request.reading, used, sources, dict(request.overrides), settings)

    def _paint(self, person: Person, said: str | tuple, strength: float | None, **how: Any) -> Image.Image:
        """The image of a person; `said` in words for what reads for itself, else as attribute input."""
        code = self.identity(person)
        if isinstance(said, str):
            return to_image(self.generator.portray(code, [said], strength)[0])
        return to_image(self.generator(code, torch.tensor([said]), strength, **how)[0])

    def _fittest(
        self, person: Person, used: Mapping[str, bool], condition: torch.Tensor, request: Request, how: Mapping
    ) -> Person:
        """Of a person and near relatives, `request.best_of` in all, the one whose read-back fits `used` best.

        Told by the least sure of the attributes that the classifier knows, on quick drawings, all in one batch.
        """
        n = request.best_of
        if n == 1:
            return person
        classifier = read_back()
        told = [(classifier.attributes.index(a), yes) for a, yes in used.items() if a in classifier.attributes]
        if not told:
            return person
        near = [identity.variation(person, identity.stranger(person[0][0], i), NEAR) for i in range(n - 1)]
        people = [person, *near]
        codes = torch.cat([self.identity(p) for p in people])
        sketch = getattr(self.generator, "sketch", self.generator)
        sketches = sketch(codes, condition.expand(n, -1), request.strength, **how)
        seen = classifier.probabilities(sketches)
        fits = torch.stack([seen[:, j] if yes else 1 - seen[:, j] for j, yes in told], 1)
        return people[int(fits.clamp(min=1e-4).log().mean(1).add(fits.amin(1)).argmax())]

    def identity(self, person: Person) -> torch.Tensor:
        """Identity code (1, d) of a person."""
        return identity.code(person, self.generator.identity)

    def encode(self, wanted: Mapping[str, bool], degrees: Mapping[str, int] | None = None) -> torch.Tensor:
        """The model's attribute input (1, a): -1 no, 0 not said, +1 yes, and 0.5 to 1.5 for a yes of a degree."""
        return torch.tensor([attributes.encode(wanted, self.drawable, degrees)])

    def morph(self, start: Face, end: Face, frames: int) -> Iterator[Image.Image]:
        """`frames` images from one face to the other, as they are drawn.

        Their appearance codes and attributes are blended evenly. The look is that of `start`.
        """
        ends = []
        how = {"look": start.settings["look"]} if start.settings.get("look") else {}
        for face in (start, end):
            condition = self.encode(face.attributes, face.settings.get("degrees"))
            code = self.generator.appearance(
                self.identity(identity.parse_person(face.person)),
                condition,
                face.settings["strength"],
                **how,
            )
            ends.append((code, condition))
        (code_a, said_a), (code_b, said_b) = ends
        for i in range(frames):
            t = i / max(frames - 1, 1)
            t = t * t * (3 - 2 * t)  # slow at both ends
            image = self.generator.draw(torch.lerp(code_a, code_b, t), torch.lerp(said_a, said_b, t), **how)
            yield to_image(image[0])


@lru_cache(maxsize=4)
def load(source: str | None = None) -> FacePipeline:
    """`FacePipeline.from_pretrained`, kept: the app and the review ask for the same few models again and again."""
    return FacePipeline.from_pretrained(source)


def load_or_embedded(source: str | None = None) -> FacePipeline:
    """`load` for a server, which must start: where the chosen model can't be had, the embedded one, with a `notice`."""
    try:
        return load(source)
    except UserError as error:
        pipe = load(str(hub.embedded()))
        pipe.notice = f"The embedded model draws: {error}."
        return pipe


def _model_name(folder: Path, source: str | Path | None, revision: str | None = None) -> str:
    """A name with a fingerprint of the weights, so that an image can be traced to exactly what drew it."""
    chosen = source or hub.chosen()
    name = str(chosen) if chosen and not Path(chosen).exists() else folder.name
    if revision and "@" not in name:
        name = f"{name}@{revision}"
    return f"{name}@{hub.digest(folder)[:12]}"
