"""The public endpoints: one for each action, typed and documented, for gradio_client and curl.

No `from __future__ import annotations` here: Gradio reads the type hints as objects.
"""

from typing import Any

import gradio as gr

from facegen import attributes
from facegen import person as identity
from facegen.errors import UserError
from facegen.person import format_person, parse_person
from facegen.pipeline import FacePipeline
from facegen.reading.result import check_text
from facegen.reading.rules import parse
from facegen.request import changed
from facegen.ui import render
from facegen.ui.checks import face_file, number, read_overrides, whole, words
from facegen.ui.session import by_artist, draw
from facegen.ui.settings import SETTINGS


class ParentsError(UserError):
    """People that can't be bred."""


def build(pipe: FacePipeline) -> None:
    """Add the endpoints to the Blocks that are being built."""

    def generate_face(
        text: str,
        seed: int = 0,
        overrides: dict[str, Any] | None = None,
        person: str = "",
        strength: float = 0,
        best_of: int = 1,
        previous: str = "",
        look: str = "",
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Draw a synthetic face from a description in plain English, such as "an old man with a beard, no glasses".

        Args:
            text: the description, 1 to 2,000 characters; may be empty if overrides are given.
            seed: who is drawn, 0 to 4294967295: the same seed with other words is the same person, changed.
            overrides: attribute name to "yes" or "no" (or true, false), or to a degree of yes ("hardly", "slightly",
                "clearly", "very") for what is "graded", laid over the text; names: /list_attributes.
            person: a blend of seeds such as "7*0.94+12*0.34", in place of the seed; empty for none.
            strength: how closely to follow the text, 1 to 6; 0 for the model's own.
            best_of: 1 to 8: draws so many close variations and keeps the best match, as the classifier sees it.
            previous: a description that `text` then changes, such as "take the glasses off"; empty for none.
            look: a kind of picture, such as "studio", where the model has several; empty for its own.

        Returns:
            The face as a PNG file with its settings inside, and what was read, drawn and seen in it.
        """
        chosen = read_overrides(overrides)
        if not chosen:
            check_text(words(text))
        if words(previous).strip():
            chosen, _ = changed(parse(previous), chosen, words(text), pipe.graded)
            text = previous
        who = person or identity.check_seed(seed)
        face = draw(pipe, text, chosen, who, strength=strength or None, best_of=best_of, look=look or None)
        return face_file(face), by_artist(face.to_dict)

    def parse_description(text: str, previous: str = "") -> dict[str, Any]:
        """Read a description without drawing: its attributes, keywords, and what nobody understood.

        Args:
            text: the description, 1 to 2,000 characters.
            previous: a description that `text` then changes, such as "take the glasses off"; empty for none.

        Returns:
            {"attributes": {name: bool}, "keywords": [..], "unused": [..], "undrawable": [..], "mentions": [..]}.
        """
        before = parse(previous) if words(previous).strip() else None
        return parse(words(text), before=before).to_dict(pipe.drawable)

    def list_attributes() -> list[dict[str, Any]]:
        """Every attribute that a description can set, and whether this model can draw it.

        Returns:
            [{"name", "label", "group", "exclusive", "drawable", "graded"}].
        """
        return [
            {
                "name": a.name,
                "label": a.label,
                "group": a.group,
                "exclusive": attributes.GROUP_BY_NAME[a.group].exclusive,
                "drawable": a.name in pipe.drawable,
                "graded": a.name in pipe.graded,
            }
            for a in attributes.VOCABULARY
        ]

    def vary_person(person: str, distance: float = 0.4, n: int = 6, seed: int = 0) -> list[str]:
        """People near a person, to be drawn with /generate_face.

        Args:
            person: a seed or a blend of seeds.
            distance: 0 is the same person, 1 a stranger.
            n: how many, 1 to 16.
            seed: another seed gives others.

        Returns:
            Blends of seeds, one for each.
        """
        base, far = parse_person(person), number("distance", distance, 0, 1)
        others = [identity.stranger(seed, i) for i in range(whole("n", n, 1, SETTINGS.people))]
        return [format_person(identity.variation(base, other, far)) for other in others]

    def mix_people(first: str, second: str, share: float = 0.5) -> str:
        """The person between two people, to be drawn with /generate_face.

        Args:
            first: a seed or a blend of seeds.
            second: the other.
            share: 0 is the first, 1 the second.

        Returns:
            A blend of seeds.
        """
        return format_person(identity.mix(parse_person(first), parse_person(second), number("share", share, 0, 1)))

    def breed_people(parents: list[str], n: int = 9, seed: int = 0) -> list[str]:
        """The next generation of people from chosen parents (EvoFIT's way), to be drawn with /generate_face.

        Args:
            parents: one or more people.
            n: how many children, 1 to 16; the parents come first among them.
            seed: another seed gives others.

        Returns:
            Blends of seeds.
        """
        if not isinstance(parents, list) or not 1 <= len(parents) <= SETTINGS.people:
            raise ParentsError(f'parents must be a list of 1 to {SETTINGS.people} people, such as ["7", "12"]')
        chosen, children = [parse_person(p) for p in parents], whole("n", n, 1, SETTINGS.people)
        return [format_person(p) for p in identity.breed(chosen, children, identity.check_seed(seed))]

    def explain_words(text: str, seed: int = 0) -> list[dict[str, Any]]:
        """What each phrase of a description does: the same person drawn without it, and how much that differs.

        Args:
            text: the description.
            seed: who is drawn, 0 to 4294967295.

        Returns:
            [{"phrase", "attributes", "change"}]: change is the mean difference in per cent over the tenth of the
            pixels that differ most.
        """
        reading = parse(words(text))
        face = draw(pipe, reading, {}, identity.check_seed(seed))
        rows = []
        for start, end, outcome, names in reading.marks(pipe.drawable):
            if outcome == "used":
                rest = {n: v for n, v in face.attributes.items() if n not in names}
                change = render.changed(face.image, draw(pipe, "", rest, face.person).image)
                rows.append({"phrase": text[start:end], "attributes": list(names), "change": change})
        return rows

    # A queue of their own: programs wait for each other, and not the people who look at the page for them.
    for function in (
        generate_face, parse_description, list_attributes, vary_person, mix_people, breed_people, explain_words,
    ):  # fmt: skip
        gr.api(function, api_name=function.__name__, concurrency_id="api", concurrency_limit=1)
