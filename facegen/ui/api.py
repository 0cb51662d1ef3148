"""The public endpoints: one for each action, typed and documented, for gradio_client and curl.

No `from __future__ import annotations` here: Gradio reads the type hints as objects.
"""

from typing import Any

import gradio as gr

from facegen import attributes
from facegen import person as identity
from facegen.person import format_person, parse_person
from facegen.pipeline import FacePipeline
from facegen.reading.rules import parse
from facegen.ui import render
from facegen.ui.files import face_file, read_overrides
from facegen.ui.session import USER_ERRORS, by_artist, draw, sorry

MAX_PEOPLE = 16


def build(pipe: FacePipeline) -> None:
    """Add the endpoints to the Blocks that are being built."""

    def generate_face(
        text: str,
        seed: int = 0,
        overrides: dict[str, Any] | None = None,
        person: str = "",
        strength: float = 0,
        best_of: int = 1,
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Draw a synthetic face from a description in plain English, such as "an old man with a gray beard, no glasses".

        Args:
            text: the description, 1 to 2,000 characters; may be empty if overrides are given.
            seed: who is drawn, 0 to 4294967295: the same seed with other words is the same person, changed.
            overrides: attribute name to "yes" or "no" (or true, false), laid over the text; see /list_attributes for the names.
            person: a blend of seeds such as "7*0.94+12*0.34", in place of the seed; empty for none.
            strength: how hard the words push, 1 to 6; 0 for the model's own.
            best_of: 1 to 8: the one of so many near relatives who shows the words best, as the classifier sees it.

        Returns:
            The face as a PNG file with its settings inside, and what was read, drawn and seen in it.
        """
        try:
            if not overrides:
                parse(text)
            who = person.strip() or format_person(((identity.check_seed(seed), 1.0),))
            face = draw(pipe, text, read_overrides(overrides), who, strength or None, best_of=best_of)
            return face_file(face), by_artist(face.to_dict)
        except USER_ERRORS as error:
            raise sorry(error) from None

    def parse_description(text: str) -> dict[str, Any]:
        """Read a description without drawing: its attributes, keywords, and what nobody understood.

        Args:
            text: the description, 1 to 2,000 characters.

        Returns:
            {"attributes": {name: bool}, "keywords": [..], "unused": [..], "undrawable": [..], "mentions": [..]}.
        """
        try:
            return parse(text).to_dict(pipe.drawable)
        except USER_ERRORS as error:
            raise sorry(error) from None

    def list_attributes() -> list[dict[str, Any]]:
        """Every attribute that a description can set, and whether this model can draw it.

        Returns:
            [{"name", "label", "group", "exclusive", "drawable"}].
        """
        return [
            {
                "name": a.name,
                "label": a.label,
                "group": a.group,
                "exclusive": attributes.GROUP_BY_NAME[a.group].exclusive,
                "drawable": a.name in pipe.drawable,
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
        try:
            base = parse_person(person)
            return [
                format_person(identity.variation(base, identity.stranger(seed, i), distance)) for i in range(_count(n))
            ]
        except USER_ERRORS as error:
            raise sorry(error) from None

    def mix_people(first: str, second: str, share: float = 0.5) -> str:
        """The person between two people, to be drawn with /generate_face.

        Args:
            first: a seed or a blend of seeds.
            second: the other.
            share: 0 is the first, 1 the second.

        Returns:
            A blend of seeds.
        """
        try:
            return format_person(identity.mix(parse_person(first), parse_person(second), share))
        except USER_ERRORS as error:
            raise sorry(error) from None

    def breed_people(parents: list[str], n: int = 9, seed: int = 0) -> list[str]:
        """The next generation of people from chosen parents (EvoFIT's way), to be drawn with /generate_face.

        Args:
            parents: one or more people.
            n: how many children, 1 to 16; the parents come first among them.
            seed: another seed gives others.

        Returns:
            Blends of seeds.
        """
        try:
            return [format_person(p) for p in identity.breed([parse_person(p) for p in parents], _count(n), seed)]
        except USER_ERRORS as error:
            raise sorry(error) from None

    def explain_words(text: str, seed: int = 0) -> list[dict[str, Any]]:
        """What each phrase of a description does: the same person drawn without it, and how much that differs.

        Args:
            text: the description.
            seed: who is drawn, 0 to 4294967295.

        Returns:
            [{"phrase", "attributes", "change"}]: change is the mean difference in per cent over the tenth of the
            pixels that differ most.
        """
        try:
            parse(text)
            face = draw(pipe, text, {}, format_person(((identity.check_seed(seed), 1.0),)))
        except USER_ERRORS as error:
            raise sorry(error) from None
        rows = []
        for start, end, outcome, names in render.spans(face.reading, pipe.drawable):
            if outcome == "used":
                rest = {n: v for n, v in face.attributes.items() if n not in names}
                other = draw(pipe, "", rest, face.person)
                change = render.changed(face.image, other.image)
                rows.append({"phrase": text[start:end], "attributes": list(names), "change": change})
        return rows

    # A queue of their own: programs wait for each other, and not the people who look at the page for them.
    for function in (
        generate_face, parse_description, list_attributes, vary_person, mix_people, breed_people, explain_words,
    ):  # fmt: skip
        gr.api(function, api_name=function.__name__, concurrency_id="api", concurrency_limit=1)


def _count(n: int) -> int:
    if not 1 <= n <= MAX_PEOPLE:
        raise identity.PersonError(f"{n} people are out of range: ask for 1 to {MAX_PEOPLE}")
    return int(n)
