"""The second tab: people near this one, a mix of two, and breeding by choice."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import count
from typing import Any

import gradio as gr

from facegen import person as identity
from facegen.errors import UserError
from facegen.person import format_person, parse_person
from facegen.pipeline import Face, FacePipeline
from facegen.ui import links, render
from facegen.ui.compose import PICK
from facegen.ui.describe import Describe, picked
from facegen.ui.files import packed
from facegen.ui.session import Session, draw, how_drawn, new_person
from facegen.ui.theme import download

NEAR, BROOD = 6, 9


class BreedError(UserError):
    """A generation that can't be bred."""


class People:
    """What happens on the tab; whoever is chosen here becomes the person of the first tab."""

    def __init__(self, pipe: FacePipeline, main: Describe, first: Session):
        """Lay out the tab in the Blocks that are being built."""
        self.pipe, self.main = pipe, main
        with gr.Tab("People", id="people") as self.tab:
            gr.HTML(
                '<p class="fg-quiet">The words stay; only the person changes. Pick a face to carry on with it. A star '
                "puts it into your gallery.</p>",
                apply_default_css=False,
            )
            with gr.Row(equal_height=False):
                with gr.Column(min_width=320):
                    gr.HTML("<h2>Near this person</h2>", apply_default_css=False)
                    self.distance = gr.Slider(
                        0.1, 1, 0.4, step=0.05, label="How far", info="1 is a stranger", elem_id="fg-distance"
                    )
                    self.vary = gr.Button("Six variations", variant="primary", elem_id="fg-vary")
                    self.near = gr.HTML(_near([]), js_on_load=PICK, apply_default_css=False, elem_id="fg-near")
                    self.near_people = gr.State([])
                with gr.Column(min_width=320):
                    gr.HTML("<h2>Between two people</h2>", apply_default_css=False)
                    with gr.Row():
                        self.left = gr.Textbox(first.face.person, label="One", min_width=100, elem_id="fg-mix-a")
                        self.right = gr.Textbox(new_person(), label="Other", min_width=100, elem_id="fg-mix-b")
                    self.share = gr.Slider(0, 1, 0.5, step=0.05, label="Share of the other", elem_id="fg-share")
                    self.mixed = gr.HTML(_near([]), js_on_load=PICK, apply_default_css=False, elem_id="fg-mixed")
                    self.mixed_people = gr.State([])
            gr.HTML(
                "<h2>Breed a face</h2>"
                "<p class='fg-quiet'>Mark the faces that come closest to who you have in mind, then ask for "
                "the next nine; they are bred from the marked ones (the way of EvoFIT composites).</p>",
                apply_default_css=False,
            )
            with gr.Row(elem_classes="fg-tight"):
                self.sow = gr.Button("Start with nine strangers", elem_id="fg-sow", min_width=120)
                self.grow = gr.Button("Next nine", variant="primary", elem_id="fg-grow", min_width=120)
                self.back = gr.Button("Back", elem_id="fg-back", min_width=80)
                self.forward = gr.Button("Forward", elem_id="fg-forward", min_width=80)
                self.halt = gr.Button("Stop", elem_id="fg-people-stop", min_width=80)
            self.brood = gr.HTML(_brood(None), js_on_load=PICK, apply_default_css=False, elem_id="fg-brood")
            with gr.Row(elem_classes="fg-tight"):
                self.take = gr.Button("Use the marked face", elem_id="fg-take", min_width=120)
                self.two = gr.Button("Mix the two marked", elem_id="fg-two", min_width=120)
                self.pack = gr.Button("Download as zip", elem_id="fg-brood-pack", min_width=120)
                self.save = gr.DownloadButton("Zip", elem_id="fg-brood-zip", elem_classes="fg-by-itself")
            self.line = gr.State({"generations": [], "at": -1, "marked": [], "cells": []})
        self._wire()

    def drawn(self, session: Session, who: str) -> Face:
        """Somebody else with the words, switches and strength of the face that is shown."""
        like = session.face
        return draw(self.pipe, like.reading or "", like.overrides, who, **how_drawn(like.settings))

    def cells(self, session: Session, crowd: list[str], captions: Iterable[str]) -> Iterator[list[dict]]:
        """The cells of a grid, one more each time, as they are drawn."""
        made: list[dict] = []
        for who, caption in zip(crowd, captions, strict=False):
            face = self.drawn(session, who)
            link = links.write(face.settings, session.reader)
            made = [*made, {"src": render.thumbnail(face.image, 160), "caption": caption, "link": link}]
            yield made

    def near_this(self, session, distance):
        """People near the one who is shown."""
        base, start = parse_person(session.face.person), secrets.randbelow(identity.MAX_SEED)
        crowd = [format_person(identity.variation(base, identity.stranger(start, i), distance)) for i in range(NEAR)]
        for shown in self.cells(session, crowd, (f"Variation {i}" for i in count(1))):
            yield _near(shown), crowd

    def between(self, session, a, b, share):
        """One, the mix, the other."""
        crowd = [format_person(identity.mix(parse_person(a), parse_person(b), s)) for s in (0, share, 1)]
        *_, shown = self.cells(session, crowd, ("One", "Mix: use this person", "Other"))
        return render.grid(shown, 3, "One, the mix, the other", one=True), crowd

    def entered(self, session, b, share):
        """Something to look at."""
        mix = self.between(session, session.face.person, b, share)
        for near_now in self.near_this(session, 0.4):
            yield session.face.person, *mix, *near_now

    def become(self, session, person):
        """Make somebody the person of the first tab."""
        return self.main.restore(session, {**session.face.settings, "person": person, "reader": session.reader})

    def choose(self, session, crowd, event: gr.EventData):
        """The face that was picked."""
        return self.become(session, picked(event, crowd))

    def started(self, session, line):
        """The first generation: nine strangers."""
        crowd = [new_person() for _ in range(BROOD)]
        yield from self.moved(session, {"generations": [crowd], "at": 0, "marked": []})

    def grown(self, session, line):
        """The next generation, of the marked ones."""
        parents = [parse_person(who) for who in marked_people(line, "to breed from")]
        crowd = [format_person(p) for p in identity.breed(parents, BROOD, secrets.randbelow(identity.MAX_SEED))]
        generations = [*line["generations"][: line["at"] + 1], crowd]
        yield from self.moved(session, {"generations": generations, "at": len(generations) - 1, "marked": []})

    def stepped(self, session, line, by):
        """The generation before or after."""
        at = min(max(line["at"] + by, 0), len(line["generations"]) - 1)
        yield from self.moved(session, {**line, "at": at, "marked": []})

    def moved(self, session, line):
        """Draw the generation that `line` is at."""
        crowd = line["generations"][line["at"]] if line["at"] >= 0 else []
        for shown in self.cells(session, crowd, (f"Face {i}" for i in count(1))):
            line = {**line, "cells": shown}
            yield _brood(line), line

    def marked(self, line, event: gr.EventData):
        """Mark a face, or take its mark away."""
        i = picked(event, range(len(line["cells"])))
        line["marked"] = [m for m in line["marked"] if m != i] if i in line["marked"] else [*line["marked"], i]
        return _brood(line), line

    def taken(self, session, line):
        """The face that was marked last."""
        return self.become(session, marked_people(line, "to use")[-1])

    def mix_two(self, session, line, share):
        """The two faces that were marked last, and their mix."""
        people = marked_people(line, "to mix")
        if len(people) < 2:
            raise BreedError("mark two faces to mix, by clicking them")
        return *people[-2:], *self.between(session, *people[-2:], share)

    def zipped(self, session, line):
        """The PNGs of the generation that is shown."""
        if line["at"] < 0:
            raise BreedError("start with nine strangers first: there is nothing to pack")
        faces = [self.drawn(session, who) for who in line["generations"][line["at"]]]
        return packed("facegen-people.zip", {f"face-{i}.png": face.png for i, face in enumerate(faces, 1)})

    def _wire(self) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        patient = {**quiet, "concurrency_id": "draw", "concurrency_limit": 1}
        main, state, line = self.main, self.main.session, self.line
        near: list[Any] = [self.near, self.near_people]
        mixed: list[Any] = [self.mixed, self.mixed_people]
        brood: list[Any] = [self.brood, line]
        steps = (
            (self.sow, self.started),
            (self.grow, self.grown),
            (self.back, partial(self.stepped, by=-1)),
            (self.forward, partial(self.stepped, by=1)),
        )
        drawing: list[Any] = [button.click(work, [state, line], brood, **patient) for button, work in steps]
        drawing.append(self.vary.click(self.near_this, [state, self.distance], near, **patient))
        self.halt.click(None, None, None, cancels=drawing, **quiet)
        sliding = [self.share.input, self.share.release, self.left.submit, self.right.submit]
        blend = [state, self.left, self.right, self.share]
        gr.on(sliding, self.between, blend, mixed, trigger_mode="always_last", **patient)
        for grid, people in (near, mixed):
            main.extras(grid.pick(self.choose, [state, people], main.outputs, **patient))
        self.brood.pick(self.marked, [line], brood, **quiet)
        main.extras(self.take.click(self.taken, [state, line], main.outputs, **patient))
        self.two.click(self.mix_two, [state, line, self.share], [self.left, self.right, *mixed], **patient)
        made = self.pack.click(self.zipped, [state, line], [self.save], **patient)
        made.success(None, js=download("#fg-brood-zip"))
        first = [self.left, *mixed, *near]
        self.tab.select(self.entered, [state, self.right, self.share], first, **patient)


def marked_people(line: dict, purpose: str) -> list[str]:
    """The people that are marked, in the order of marking; raises `BreedError` where there are none."""
    if not line["marked"]:
        raise BreedError(f"mark at least one face {purpose}, by clicking it")
    return [line["generations"][line["at"]][i] for i in line["marked"]]


def _near(cells: list[dict]) -> str:
    return render.grid(cells, 3, "People near this one", empty="Nobody yet.", one=True)


def _brood(line: dict | None) -> str:
    if line is None or line["at"] < 0:
        return render.grid([], 3, "", empty="Start with nine strangers.")
    drawn = "" if len(line["cells"]) == BROOD else f": {len(line['cells'])} of {BROOD} drawn"
    head = f'<p class="fg-quiet">Generation {line["at"] + 1} of {len(line["generations"])}{drawn}</p>'
    cells = render.grid(line["cells"], 9, "Nine people to breed from", pressed=line["marked"])
    return f'{head}<div class="fg-brood">{cells}</div>'
