"""The reader by rules: a description in, a `Reading` out.

    parse("a bearded man, no glasses").attributes == {"beard": True, "male": True, "eyeglasses": False}

Only what the words say is read: attributes that nothing was said about are absent, and the noes that a yes in an
exclusive group stands for are left to `facegen.attributes.complete`.
"""

from __future__ import annotations

from facegen.reading import ages
from facegen.reading.context import apply_cues
from facegen.reading.degrees import apply_degrees, degrees_of
from facegen.reading.forms import read_forms
from facegen.reading.items import read_items
from facegen.reading.languages import tell
from facegen.reading.linking import link
from facegen.reading.mentions import mentions_of, settle, unused_spans
from facegen.reading.orders import refine, steps_of
from facegen.reading.result import ENGLISH, MAX_CHARACTERS, DescriptionError, Reading, check_text, finish
from facegen.reading.shorthand import expand
from facegen.reading.tokens import tokenize
from facegen.reading.whose import set_aside

__all__ = ["MAX_CHARACTERS", "DescriptionError", "Reading", "check_text", "parse"]


def parse(text: str, before: Reading | None = None) -> Reading:
    """Read a description; or, with the reading `before` it, an order to change that face ("take the glasses off").

    Raises:
        DescriptionError: the text is empty or has over `MAX_CHARACTERS` characters.
    """
    check_text(text)
    tokens = tokenize(text)
    language = tell(tokens)
    if language:
        items = read_items(language.translate(tokens), language.ages(text))
    else:
        items = read_items(expand(tokens, text), ages.find(text))
    read_forms(items)
    link(items)
    apply_cues(items)
    set_aside(items)
    apply_degrees(items)
    mentions = settle(mentions_of(items, text))
    reading = finish(
        text,
        mentions,
        unused_spans(items, mentions, text),
        degrees_of(items, mentions),
        language.name if language else ENGLISH,
    )
    return reading if before is None else refine(reading, before, steps_of(items, mentions))
