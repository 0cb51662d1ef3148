"""What language models get over MCP: one tool, which answers with the picture and a sentence about each word.

No `from __future__ import annotations` here: Gradio reads the type hints as objects.
"""

import asyncio
from typing import Literal

import gradio as gr

from facegen.person import check_seed
from facegen.pipeline import Face, FacePipeline
from facegen.reading.result import check_text
from facegen.ui import render
from facegen.ui.blocks import TOOL
from facegen.ui.checks import face_file, read_overrides, words
from facegen.ui.readback import NOT_SEEN, SEEN, UNSURE, states
from facegen.ui.session import by_artist, draw


def build(pipe: FacePipeline) -> None:
    """Add the tool to the Blocks that are being built."""
    turn = asyncio.Semaphore(1)

    async def draw_face(
        text: str, seed: int = 0, overrides: dict[str, Literal["yes", "no"]] | None = None
    ) -> tuple[gr.FileData, str]:
        """Draw a synthetic portrait (head and shoulders, one person) from a description in plain English.

        Say what the face looks like: gender, age, hair and its color, beard or mustache, glasses, make-up, smile,
        hat and the like, such as "a smiling old man with a gray beard, no glasses". What is not said is left to
        chance. Ask again with the same seed and other words to change the same person. It can't draw real people,
        backgrounds or scenes, and no face that it draws is of anyone.

        Args:
            text: the description, 1 to 2,000 characters.
            seed: who is drawn, 0 to 4294967295; each seed is another person.
            overrides: attributes to set whatever the text says, such as {"eyeglasses": "yes", "hat": "no"}.

        Returns:
            the picture as PNG, and what became of each word: drawn, seen in the picture, not drawable, not understood.
        """

        def work():
            chosen = read_overrides(overrides)
            if not chosen:
                check_text(words(text))
            face = draw(pipe, text, chosen, check_seed(seed))
            return face_file(face), account(face)

        # Off the queue, because over MCP Gradio answers a queued call with one text in place of a picture; in turn
        # all the same, and without a thread for each that waits.
        async with turn:
            return await asyncio.to_thread(work)

    gr.api(draw_face, api_name=TOOL.lstrip("/"), queue=False)


def account(face: Face) -> str:
    """What became of the words, in sentences."""
    said = by_artist(face.to_dict)
    parts = [f"{render.describe(face.attributes)}."]
    if said["match"]:
        told = states(face.attributes, said["match"])
        for which, words in ((SEEN, "Seen in it"), (UNSURE, "Not sure to be seen"), (NOT_SEEN, "Asked, not seen")):
            names = [render.phrase(n, face.attributes[n]) for n, (state, _) in told.items() if state == which]
            if names:
                parts.append(f"{words}, says a classifier: {', '.join(names)}.")
    if said["undrawable"]:
        names = [name.replace("_", " ") for name in said["undrawable"]]
        parts.append(f"Understood, but this model can't draw it: {', '.join(names)}.")
    if said["unused"]:
        parts.append(f"Not understood: {', '.join(said['unused'])}.")
    parts.append(f"Person {face.person}; the picture is synthetic and shows nobody.")
    return " ".join(parts)
