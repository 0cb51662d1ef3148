"""A face as a link, and back: the query string says all that is needed to draw it again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from facegen import attributes
from facegen.errors import UserError
from facegen.pipeline import Face
from facegen.request import check_strength

WORDS = {True: "yes", False: "no"}
KEYS = ("text", "person", "seed", "set", "strength", "look", "size", "reader")


class LinkError(UserError):
    """A link that can't be read."""


def write(settings: Mapping, reader: str = "rules") -> str:
    """The query string, "?" included, that restores a face."""
    query = {"text": settings["description"], "person": settings["person"]}
    if settings["overrides"]:
        query["set"] = ",".join(f"{n}={WORDS.get(v, v)}" for n, v in settings["overrides"].items())
    if settings.get("strength") is not None:
        query["strength"] = f"{settings['strength']:g}"
    if settings.get("look"):
        query["look"] = settings["look"]
    if reader != "rules":
        query["reader"] = reader
    return "?" + urlencode(query)


def read(query: str | Mapping[str, str]) -> dict | None:
    """Settings of a query string; None where it names no face. Raises `LinkError`, `VocabularyError`."""
    said = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True)) if isinstance(query, str) else dict(query)
    if not {"text", "person", "seed", "set"} & said.keys():
        return None
    chosen = {}
    for pair in said.get("set", "").split(","):
        if pair:
            name, value = attributes.parse_override(pair)
            if value is not None:
                chosen[name] = value
    attributes.check(chosen)
    try:
        strength = check_strength(float(said["strength"])) if "strength" in said else None
    except ValueError:
        raise LinkError(f"strength {said['strength'][:20]!r} is out of range: 1 (gentle) to 6 (forceful)") from None
    size = said.get("size", "")
    if size and not (size.isascii() and size.isdigit() and len(size) <= 4):
        raise LinkError(f"size {size[:20]!r} is none: a side in px, such as 512")
    return {
        "description": said.get("text", ""),
        "person": said.get("person", said.get("seed", "0")),
        "overrides": chosen,
        "strength": strength,
        "look": said.get("look"),
        "size": int(size) if size else None,
        "reader": said.get("reader"),
    }


class Faces:
    """The last faces that were shown or asked for by link, so that a download need not draw again."""

    def __init__(self, draw: Callable[[dict], Face], size: int):
        """`draw` makes a face of settings; `size` of them are kept."""
        self.draw, self.size = draw, size
        self.kept: OrderedDict[str, Face] = OrderedDict()

    def keep(self, link: str, face: Face) -> None:
        """Keep a face under its link; the ones longest out of use go."""
        self.kept[link] = face
        self.kept.move_to_end(link)
        while len(self.kept) > self.size:
            self.kept.popitem(last=False)

    def get(self, query: str) -> Face:
        """The face of a link; raises `UserError` for a link that names none."""
        link = f"?{query.removeprefix('?')}"
        if link not in self.kept:
            settings = read(query)
            if settings is None:
                raise LinkError(f"this link names no face: it needs one of {', '.join(KEYS[:4])}")
            self.keep(link, self.draw(settings))
        return self.kept[link]
