"""The board of tri-state switches, one for each attribute, as one component: 57 of Gradio's own are slow to load."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape

import gradio as gr

from facegen.attributes import BY_NAME, GROUPS, VOCABULARY, Attribute, Group, members
from facegen.reading.lexicon import lexicon
from facegen.ui.theme import asset

# What people search for that no description would say.
SEARCHED = {
    "gender": "sex man woman", "ethnicity": "race origin", "chubby": "weight fat thin", "hair_color": "colour",
    "eye_color": "colour", "expression": "mood", "pose": "direction looking", "features": "face",
}  # fmt: skip
SYNONYMS = 24  # words an attribute is found by, at most


def attribute_board(drawable: Collection[str], said: Mapping[str, bool], **options) -> gr.HTML:
    """The component. Its value is the overrides, {name: bool}; its event `input` tells of a flipped switch.

    What the text says is a property of its own, `said`, so that an answer on its way can't undo a newer flip.
    """
    return gr.HTML(
        value={},
        said=dict(said),
        html_template=markup(drawable),
        js_on_load=asset("board.js"),
        apply_default_css=False,
        **options,
    )


def markup(drawable: Collection[str]) -> str:
    """The switches of what a model can draw, by group, and one line about the rest."""
    found_by = synonyms()
    main: list[str] = []
    rest: list[str] = []
    for group in GROUPS:
        names = [n for n in members(group.name) if n in drawable]
        for into, shown in ((main, True), (rest, False)):
            rows = "".join(_row(BY_NAME[n], group, found_by.get(n, "")) for n in names if BY_NAME[n].main is shown)
            if rows:
                into.append(f'<fieldset class="fg-group"><legend>{escape(group.label)}</legend>{rows}</fieldset>')
    off = [a for a in VOCABULARY if a.name not in drawable]
    folded = "".join(f'<li data-name="{a.name}">{escape(a.label)}</li>' for a in off)
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
            [*found.get(a.name, [])[:SYNONYMS], SEARCHED.get(a.name, ""), SEARCHED.get(a.group, "")]
        ).strip()
        for a in VOCABULARY
    }


def _row(attribute: Attribute, group: Group, found_by: str) -> str:
    name, label = attribute.name, escape("woman or man" if attribute.name == "male" else attribute.label)
    yes, no = ("man", "woman") if name == "male" else ("yes", "no")
    exclusive = f' data-exclusive="{group.name}"' if group.exclusive else ""
    options = "".join(
        f'<label class="fg-{state}"><input type="radio" name="fg-{name}" value="{state}"'
        f"{' checked' if state == 'auto' else ''}><span>{word}</span></label>"
        for state, word in (("auto", "auto"), ("yes", yes), ("no", no))
    )
    return (
        f'<div class="fg-row" data-name="{name}" data-label="{label.lower()}" data-words="{escape(found_by)}" '
        f'data-yes="{yes}" '
        f'data-no="{no}"{exclusive} role="radiogroup" aria-label="{label}"><span class="fg-label">{label}</span>'
        f'<span class="fg-segments">{options}</span></div>'
    )
