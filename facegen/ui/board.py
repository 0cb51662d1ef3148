"""The board of tri-state switches, one for each attribute, as one component: 57 of Gradio's own are slow to load."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from html import escape
from pathlib import Path

import gradio as gr

from facegen import hub
from facegen.attributes import BY_NAME, GROUP_BY_NAME, GROUPS, VOCABULARY, Attribute, Group, Override, members
from facegen.pipeline import FacePipeline
from facegen.reading.lexicon import lexicon
from facegen.ui.theme import asset

# What people search for that no description would say.
SEARCHED = {
    "gender": "sex man woman", "ethnicity": "race origin", "chubby": "weight fat thin", "hair_color": "colour",
    "eye_color": "colour", "expression": "mood", "pose": "direction looking", "features": "face",
}  # fmt: skip
STEPS = ("no", "auto", "hardly", "slightly", "yes", "clearly", "very")  # of a slider
SYNONYMS = 24  # words an attribute is found by, at most


def attribute_board(pipe: FacePipeline, said: Mapping[str, Override], **options) -> gr.HTML:
    """The component. Its value is the overrides, {name: Override}; its event `input` tells of a flipped switch.

    What the text says is a property of its own, `said`, so that an answer on its way can't undo a newer flip.
    """
    return gr.HTML(
        value={},
        said=dict(said),
        html_template=markup(pipe.drawable, pipe.graded, leaks(pipe.folder)),
        js_on_load=asset("board.js"),
        apply_default_css=False,
        **options,
    )


def leaks(folder: Path | None) -> dict[str, dict[str, float]]:
    """{attribute: {another: its mean change, -1 .. 1}} of the checkpoint's leakage.json, if it is of these weights."""
    try:
        table = json.loads((folder / hub.LEAKAGE).read_text(encoding="utf-8")) if folder else {}
        return table["change"] if folder and table["weights"] == hub.digest(folder) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def markup(
    drawable: Collection[str], graded: Collection[str] = (), leakage: Mapping[str, Mapping[str, float]] | None = None
) -> str:
    """The switches of what a model can draw, by group, with degrees for what is `graded`; one line about the rest."""
    found_by = synonyms()
    main: list[str] = []
    rest: list[str] = []
    for group in GROUPS:
        names = [n for n in members(group.name) if n in drawable]
        for into, shown in ((main, True), (rest, False)):
            rows = "".join(
                _row(BY_NAME[n], group, found_by.get(n, ""), n in graded, (leakage or {}).get(n, {}))
                for n in names
                if BY_NAME[n].main is shown
            )
            if rows:
                into.append(f'<fieldset class="fg-group"><legend>{escape(group.label)}</legend>{rows}</fieldset>')
    off = [a for a in VOCABULARY if a.name not in drawable]
    folded = "".join(
        f'<li data-name="{a.name}" data-words="{escape(found_by.get(a.name, ""))}">{escape(a.label)}</li>' for a in off
    )
    cannot = (
        f'<details class="fg-cannot"><summary>{len(off)} more are understood, but this model can\'t draw them</summary>'
        f"<ul>{folded}</ul></details>"
    )
    return (
        '<div class="fg-board"><div class="fg-board-bar">'
        '<input type="search" class="fg-search" placeholder="Find an attribute" aria-label="Find an attribute">'
        '<button type="button" class="fg-reset" disabled>Reset to text</button></div>'
        f'<div class="fg-groups">{"".join(main)}</div>'
        '<details class="fg-more"><summary>More attributes</summary>'
        f'<div class="fg-groups">{"".join(rest)}</div></details>'
        f'{cannot if off else ""}<p class="fg-none fg-quiet" hidden>No attribute of that name.</p></div>'
    )


def synonyms() -> dict[str, str]:
    """{attribute: the words that say it by themselves, and a few that people search for}."""
    found: dict[str, list[str]] = {}
    for entry in lexicon().entries.values():
        for meaning in entry.meanings.values():
            if len(meaning.says) == 1 and meaning.says[0][1] and entry.phrase.isascii():
                found.setdefault(meaning.says[0][0], []).append(entry.phrase)
    return {
        a.name: " ".join(
            [
                *found.get(a.name, [])[:SYNONYMS],
                GROUP_BY_NAME[a.group].label.lower(),
                *(SEARCHED.get(key, "") for key in (a.name, a.group)),
            ]
        ).strip()
        for a in VOCABULARY
    }


def _row(attribute: Attribute, group: Group, found_by: str, graded: bool, leaks: Mapping[str, float]) -> str:
    name, label = attribute.name, escape("woman or man" if attribute.name == "male" else attribute.label)
    yes, no = ("man", "woman") if name == "male" else ("yes", "no")
    exclusive = f' data-exclusive="{group.name}"' if group.exclusive else ""
    if graded:
        control = (
            f'<span class="fg-degree"><input type="range" min="0" max="{len(STEPS) - 1}" value="1" '
            f'data-steps="{" ".join(STEPS)}" aria-label="{label}"><output>auto</output></span>'
        )
    else:
        options = "".join(
            f'<label class="fg-{state}"><input type="radio" name="fg-{name}" value="{state}"'
            f"{' checked' if state == 'auto' else ''}><span>{word}</span></label>"
            for state, word in (("auto", "auto"), ("yes", yes), ("no", no))
        )
        control = f'<span class="fg-segments" role="radiogroup" aria-label="{label}">{options}</span>'
    drift = ", ".join(f"{'less' if v < 0 else 'more'} {BY_NAME[n].label}" for n, v in _strongest(leaks))
    brings = f'<small class="fg-leak">A yes tends to bring {escape(drift)}</small>' if drift else ""
    return (
        f'<div class="fg-row" data-name="{name}" data-label="{label.lower()}" data-words="{escape(found_by)}" '
        f'data-yes="{yes}" '
        f'data-no="{no}"{exclusive}><span class="fg-label">{label}{brings}</span>{control}'
        f'<button type="button" class="fg-hold" aria-pressed="false" tabindex="-1" aria-label="Hold: {label}" '
        'title="Hold it as it is (L)"></button></div>'
    )


def _strongest(leaks: Mapping[str, float], n: int = 3) -> list[tuple[str, float]]:
    known = [(name, change) for name, change in leaks.items() if name in BY_NAME]
    return sorted(known, key=lambda pair: -abs(pair[1]))[:n]
