"""The board of tri-state switches, one for each attribute, as one component: 57 of Gradio's own are slow to load."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape

import gradio as gr

from facegen.attributes import GROUPS, VOCABULARY, members
from facegen.ui.theme import asset


def attribute_board(drawable: Collection[str], said: Mapping[str, bool], **options) -> gr.HTML:
    """The component. Its value is the overrides, {name: bool}; its event `input` tells of a flipped switch.

    What the text says is a property of its own, `said`, so that an answer on its way can't undo a newer flip.
    """
    return gr.HTML(
        value={},
        said=dict(said),
        html_template=_markup(drawable),
        js_on_load=asset("board.js"),
        apply_default_css=False,
        **options,
    )


def _markup(drawable: Collection[str]) -> str:
    by_name = {a.name: a for a in VOCABULARY}
    main, rest = [], []
    for group in GROUPS:
        at_once = {n for n in members(group.name) if by_name[n].main and n in drawable}
        for into, names in ((main, at_once), (rest, set(members(group.name)) - at_once)):
            rows = "".join(_row(by_name[n], group, n in drawable) for n in members(group.name) if n in names)
            if rows:
                into.append(f'<fieldset class="fg-group"><legend>{escape(group.label)}</legend>{rows}</fieldset>')
    return (
        '<div class="fg-board"><div class="fg-board-bar">'
        '<input type="search" class="fg-search" placeholder="Find an attribute" aria-label="Find an attribute">'
        '<button type="button" class="fg-reset" disabled>Reset to text</button></div>'
        f'<div class="fg-groups">{"".join(main)}</div>'
        f'<details class="fg-more"><summary>More attributes</summary><div class="fg-groups">{"".join(rest)}</div></details>'
        '<p class="fg-none fg-quiet" hidden>No attribute of that name.</p></div>'
    )


def _row(attribute, group, drawable: bool) -> str:
    name, label = attribute.name, escape(attribute.label)
    exclusive = f' data-exclusive="{group.name}"' if group.exclusive else ""
    disabled = "" if drawable else " disabled"
    reason = "" if drawable else "<small>this model can't draw it</small>"
    options = "".join(
        f'<label class="fg-{state}"><input type="radio" name="fg-{name}" value="{state}"{disabled}'
        f"{' checked' if state == 'auto' else ''}><span>{word}</span></label>"
        for state, word in (("auto", "text"), ("yes", "yes"), ("no", "no"))
    )
    return (
        f'<div class="fg-row{"" if drawable else " fg-off"}" data-name="{name}" data-label="{label.lower()}"{exclusive} '
        f'role="radiogroup" aria-label="{label}"><span class="fg-label">{label}{reason}</span>'
        f'<span class="fg-segments">{options}</span></div>'
    )
