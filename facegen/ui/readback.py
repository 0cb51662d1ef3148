"""What a classifier sees in a face, told in three states, and what each word of the description does to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape

from facegen import hub
from facegen.ui.render import phrase

SEEN, UNSURE, NOT_SEEN = "seen", "unsure", "not seen"
SIGNS = {SEEN: "✓", UNSURE: "?", NOT_SEEN: "✗", "": "·"}
CAUTIOUS = (0.3, 0.8)  # not seen below, seen from; where nothing is known of how right the classifier is


@cache
def thresholds() -> dict[str, tuple[float, float]]:
    """{attribute: (not seen below, seen from)} of the classifier's config.json: there it is right nine times in ten."""
    try:
        config = hub.resolve(None, name="classifier") / hub.CONFIG
        table = json.loads(config.read_text(encoding="utf-8")).get("thresholds", {})
        return {name: (1 - float(sure), float(sure)) for name, sure in table.items()}
    except (hub.CheckpointError, OSError, ValueError):
        return {}


def state(name: str, agrees: float) -> str:
    """One of the three states, given the probability (0..1) that the face is as asked."""
    low, high = thresholds().get(name, CAUTIOUS)
    return SEEN if agrees >= high else NOT_SEEN if agrees < low else UNSURE


def states(asked: Mapping[str, bool], match: Mapping[str, float]) -> dict[str, tuple[str, float]]:
    """{attribute: (state, probability that it is as asked)} of those that the classifier knows."""
    agrees = {name: match[name] if yes else 1 - match[name] for name, yes in asked.items() if name in match}
    return {name: (state(name, p), p) for name, p in agrees.items()}


def readback(asked: Mapping[str, bool], sources: Mapping[str, str], match: Mapping[str, float]) -> str:
    """What the classifier sees beside what was asked; the page marks what isn't seen in the sentence, too."""
    seen = escape(json.dumps({name: p > 0.5 for name, p in match.items()}))  # what the board holds an attribute at
    if not asked:
        return (
            f'<div class="fg-readback" data-told="Face updated" data-seen="{seen}"><h2>Read back</h2>'
            '<p class="fg-quiet">Nothing was asked, so there is nothing to check.</p></div>'
        )
    told, rows = states(asked, match), []
    for name, yes in asked.items():
        source = "by hand" if sources.get(name) == "override" else "from the text"
        verdict, p = told.get(name, ("", 0.0))
        percent = f"{round(p * 100)}%" if verdict else "–"
        rows.append(
            f'<li data-names="{name}" data-state="{verdict}"><span aria-hidden="true">{SIGNS[verdict]}</span>'
            f'<span class="fg-asked">{escape(phrase(name, yes))}<small>{source}</small></span>'
            f'<span class="fg-verdict">{verdict or "not measured"}</span>'
            f'<span class="fg-bar" aria-hidden="true"><i style="width:{percent if verdict else 0}"></i></span>'
            f"<b>{percent}</b></li>"
        )
    counts = [(len([1 for s, _ in told.values() if s == which]), which) for which in (SEEN, UNSURE, NOT_SEEN)]
    summary = ", ".join(f"{n} {which}" for n, which in counts if n) or "not measured"
    return (
        f'<div class="fg-readback" data-told="Face updated: {summary} of {len(asked)} asked" data-seen="{seen}">'
        "<h2>Read back "
        f"<span>{summary}</span></h2><ul>{''.join(rows)}</ul>"
        '<p class="fg-quiet">A second network, trained apart, looks at the face. Drawn faces can fool it: trust your '
        "eyes more.</p></div>"
    )


def words(items: Sequence[Mapping], busy: bool = False) -> str:
    """The strip of faces drawn without each phrase; hovering or focusing one shows its heat map over the main face."""
    if not items and not busy:
        return (
            '<div class="fg-words fg-quiet">Say something that can be drawn, and see here what each word changes.</div>'
        )
    cells = "".join(
        f'<button type="button" class="fg-word" data-heat="{item["heat"]}" data-span="{item["span"]}" '
        f'data-label="{escape(item["phrase"])}" tabindex="{-1 if i else 0}">'
        f'<img src="{item["src"]}" alt="" width="76" height="76">'
        f"<span>without <em>{escape(item['phrase'])}</em></span><small>{escape(item['change'])}</small></button>"
        for i, item in enumerate(items)
    )
    wait = '<span class="fg-wait" aria-hidden="true"></span>' if busy else ""
    return (
        '<div class="fg-words"><h2>What each word does <span>hover, tap, or use the arrow keys to see where</span></h2>'
        f'<div class="fg-strip" role="group" aria-label="What each word does" data-roving>{cells}{wait}</div></div>'
    )
