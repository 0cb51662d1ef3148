"""The second tab: people near this one, a mix of two, and breeding by choice."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

import gradio as gr

from facegen import person as identity
from facegen.errors import UserError
from facegen.person import format_person, parse_person
from facegen.pipeline import FacePipeline
from facegen.ui import render
from facegen.ui.compose import PICK
from facegen.ui.describe import Describe, picked
from facegen.ui.session import Session, draw, how_drawn, new_person

NEAR, BROOD = 6, 9


class BreedError(UserError):
    """A generation that can't be bred."""


def build(pipe: FacePipeline, main: Describe, first: Session) -> None:
    """Lay out the tab; whoever is chosen here becomes the person of the first tab."""
    with gr.Tab("People", id="people") as tab:
        gr.HTML(
            '<p class="fg-quiet">The words stay; only the person changes. Pick a face to carry on with it.</p>',
            apply_default_css=False,
        )
        with gr.Row(equal_height=False):
            with gr.Column(min_width=320):
                gr.HTML("<h2>Near this person</h2>", apply_default_css=False)
                distance = gr.Slider(
                    0.1, 1, 0.4, step=0.05, label="How far", info="1 is a stranger", elem_id="fg-distance"
                )
                vary = gr.Button("Six variations", variant="primary", elem_id="fg-vary")
                near = gr.HTML(_near([]), js_on_load=PICK, apply_default_css=False, elem_id="fg-near")
                near_people = gr.State([])
            with gr.Column(min_width=320):
                gr.HTML("<h2>Between two people</h2>", apply_default_css=False)
                with gr.Row():
                    left = gr.Textbox(first.face.person, label="One", min_width=100, elem_id="fg-mix-a")
                    right = gr.Textbox(new_person(), label="Other", min_width=100, elem_id="fg-mix-b")
                share = gr.Slider(0, 1, 0.5, step=0.05, label="Share of the other", elem_id="fg-share")
                mixed = gr.HTML(_near([]), js_on_load=PICK, apply_default_css=False, elem_id="fg-mixed")
                mixed_people = gr.State([])
        gr.HTML(
            "<h2>Breed a face</h2>"
            "<p class='fg-quiet'>Mark the faces that come closest to who you have in mind, then ask for "
            "the next nine; they are bred from the marked ones (the way of EvoFIT composites).</p>",
            apply_default_css=False,
        )
        with gr.Row(elem_classes="fg-tight"):
            sow = gr.Button("Start with nine strangers", elem_id="fg-sow", min_width=120)
            grow = gr.Button("Next nine", variant="primary", elem_id="fg-grow", min_width=120)
            back = gr.Button("Back", elem_id="fg-back", min_width=80)
            forward = gr.Button("Forward", elem_id="fg-forward", min_width=80)
            take = gr.Button("Use the marked face", elem_id="fg-take", min_width=120)
        brood = gr.HTML(_brood(None), js_on_load=PICK, apply_default_css=False, elem_id="fg-brood")
        line = gr.State({"generations": [], "at": -1, "marked": []})

    def cells(session: Session, crowd: list[str], word: str) -> list[dict]:
        """Other people with the words, switches and strength of the face that is shown."""
        like = session.face
        how = how_drawn(like.settings)
        faces = [draw(pipe, like.reading or "", like.overrides, who, **how) for who in crowd]
        return [{"src": render.thumbnail(f.image, 160), "caption": f"{word} {i}"} for i, f in enumerate(faces, 1)]

    def near_this(session, distance):
        base, start = parse_person(session.face.person), secrets.randbelow(identity.MAX_SEED)
        crowd = [format_person(identity.variation(base, identity.stranger(start, i), distance)) for i in range(NEAR)]
        return _near(cells(session, crowd, "Variation")), crowd

    def between(session, a, b, share):
        crowd = [format_person(identity.mix(parse_person(a), parse_person(b), s)) for s in (0, share, 1)]
        shown = cells(session, crowd, "")
        for cell, caption in zip(shown, ("One", "Mix: use this person", "Other"), strict=True):
            cell["caption"] = caption
        return render.grid(shown, 3, "One, the mix, the other"), crowd

    def become(session, person):
        """Make somebody the person of the first tab."""
        return main.restore(session, {**session.face.settings, "person": person, "reader": session.reader})

    def choose(session, crowd, event: gr.EventData):
        return become(session, picked(event, crowd))

    def started(session, line):
        crowd = [new_person() for _ in range(BROOD)]
        return moved(session, {"generations": [crowd], "at": 0, "marked": []})

    def grown(session, line):
        parents = [parse_person(who) for who in marked_people(line, "to breed from")]
        crowd = [format_person(p) for p in identity.breed(parents, BROOD, secrets.randbelow(identity.MAX_SEED))]
        generations = [*line["generations"][: line["at"] + 1], crowd]
        return moved(session, {"generations": generations, "at": len(generations) - 1, "marked": []})

    def stepped(session, line, by):
        at = min(max(line["at"] + by, 0), len(line["generations"]) - 1)
        return moved(session, {**line, "at": at, "marked": []})

    def moved(session, line):
        if line["at"] >= 0:
            line["cells"] = cells(session, line["generations"][line["at"]], "Face")
        return _brood(line), line

    def marked(line, event: gr.EventData):
        i = picked(event, range(len(line.get("cells", []))))
        line["marked"] = [m for m in line["marked"] if m != i] if i in line["marked"] else [*line["marked"], i]
        return _brood(line), line

    def taken(session, line):
        return become(session, marked_people(line, "to use")[-1])

    quiet: dict[str, Any] = {
        "show_progress": "hidden",
        "api_visibility": "private",
        "concurrency_id": "draw",
        "concurrency_limit": 1,
    }
    state = main.session
    vary.click(near_this, [state, distance], [near, near_people], **quiet)
    blend = [state, left, right, share]
    gr.on(
        [share.input, share.release, left.submit, right.submit],
        between,
        blend,
        [mixed, mixed_people],
        trigger_mode="always_last",
        **quiet,
    )
    main.extras(near.pick(choose, [state, near_people], main.outputs, **quiet))
    main.extras(mixed.pick(choose, [state, mixed_people], main.outputs, **quiet))
    sow.click(started, [state, line], [brood, line], **quiet)
    grow.click(grown, [state, line], [brood, line], **quiet)
    back.click(partial(stepped, by=-1), [state, line], [brood, line], **quiet)
    forward.click(partial(stepped, by=1), [state, line], [brood, line], **quiet)
    brood.pick(marked, [line], [brood, line], show_progress="hidden", api_visibility="private")
    main.extras(take.click(taken, [state, line], main.outputs, **quiet))

    def entered(session, a, b, share):
        """First visit: something to look at."""
        return session.face.person, *between(session, session.face.person, b, share), *near_this(session, 0.4)

    tab.select(entered, blend, [left, mixed, mixed_people, near, near_people], **quiet)


def marked_people(line: dict, purpose: str) -> list[str]:
    """The people that are marked, in the order of marking; raises `BreedError` where there are none."""
    if not line["marked"]:
        raise BreedError(f"mark at least one face {purpose}, by clicking it")
    return [line["generations"][line["at"]][i] for i in line["marked"]]


def _near(cells: list[dict]) -> str:
    return render.grid(cells, 3, "People near this one", empty="Nobody yet.")


def _brood(line: dict | None) -> str:
    if line is None or line["at"] < 0:
        return render.grid([], 3, "", empty="Start with nine strangers.")
    head = f'<p class="fg-quiet">Generation {line["at"] + 1} of {len(line["generations"])}</p>'
    cells = render.grid(line["cells"], 9, "Nine people to breed from", pressed=line["marked"])
    return f'{head}<div class="fg-brood">{cells}</div>'
