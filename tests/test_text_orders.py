"""Degrees, and orders that change the face of an earlier reading."""

from __future__ import annotations

import pytest

from facegen import attributes
from facegen.reading.rules import parse
from tests.text_table import rows

DEGREES = r"""
a slight smile | smiling=-1
slightly chubby | chubby=-1
a very old man | old=2
a huge beard | beard=2
a big smile | smiling=1
a huge nose | big_nose=2
a bit chubby, with a hint of a smile | chubby=-1 smiling=-1
barely smiling | smiling=-2
a thick mustache and light stubble | mustache=1 stubble=-1
an extremely pale face | pale_skin=2
smiling a little, with a long beard | smiling=-1 beard=1
he smiles broadly. Very chubby | smiling=2 chubby=2
she smiles a lot and is slightly chubby | smiling=2 chubby=-1
a man with a beard, too |
a beard too |
not smiling much |
a bald man with glasses |
no big beard |
"""


@pytest.mark.parametrize("line", DEGREES.strip().splitlines())
def test_degrees(line):
    text, degrees = line.rsplit("|", 1)
    assert parse(text).degrees == {name: int(n) for name, n in (pair.split("=") for pair in degrees.split())}


ORDERS = r"""
a man with a beard and glasses > take the glasses off | -eyeglasses
a man with a beard and glasses > lose the beard | -beard
a man with a beard and glasses > swap the glasses for a hat | -eyeglasses hat
a young woman > make her older | middle_aged
a young woman > make her much older | old
an old man > younger please | middle_aged
a woman with black hair > make the hair red | red_hair
a man with long hair > shorter hair | -long_hair
a smiling man > stop smiling | -smiling
a smiling man > keep the smile, add a hat | hat
a man > make him a woman | -male
a woman > turn her into a man | male
a woman > give him a beard | beard
"""


@pytest.mark.parametrize("text, says", rows(ORDERS))
def test_an_order_changes_the_reading_before(text, says):
    first, order = (part.strip() for part in text.split(">"))
    before = parse(first)
    after = parse(order, before=before)
    assert after.attributes == attributes.merge(before.attributes, says)
    assert {name: value for name, value in after.changes.items() if value is not None} == says
    gone = before.attributes.keys() - after.attributes.keys()
    assert {name for name, value in after.changes.items() if value is None} == gone


def test_a_size_that_counts_is_not_unused():
    assert parse("a man with a huge beard").unused == () and parse("a huge man").unused == ("huge",)


def test_more_and_less_move_the_degree():
    reading = parse("a man with a beard and a slight smile")
    for order, degree in [("more smile", None), ("a lot more smile", 2), ("a bit less smile", 1), ("less smile", None)]:
        reading = parse(order, before=reading)
        assert reading.attributes["smiling"] is True and reading.degrees.get("smiling") == degree, order
    for degree in (-1, -2):
        reading = parse("not so much beard", before=reading)
        assert reading.degrees["beard"] == degree and reading.changes == {"beard": True}
    reading = parse("not so much beard", before=reading)
    assert reading.attributes["beard"] is False and "beard" not in reading.degrees


def test_less_of_nothing_changes_nothing():
    before = parse("a man without a beard")
    assert parse("less beard", before=before).changes == {}


def test_a_reading_with_degrees_and_changes_says_so_in_json():
    stored = parse("a big smile, no hat", before=parse("a woman in a hat")).to_dict()
    assert stored["degrees"] == {"smiling": 1} and stored["changes"] == {"smiling": True, "hat": False}
