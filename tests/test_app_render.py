"""The pieces of HTML: a user's words are escaped, and every word is accounted for."""

import json

import pytest

from facegen import parse
from facegen.attributes import NAMES
from facegen.person import PersonError
from facegen.ui import render, review
from facegen.ui.board import _markup

NASTY = '<img src=x onerror="alert(1)"> a man with a beard & "glasses"'


def test_a_users_words_are_escaped():
    html = render.sentence(NASTY, parse(NASTY), NAMES)
    assert "<img" not in html and html.count("&lt;") == 1
    grid = render.grid([{"src": "data:,", "caption": NASTY}], 3, NASTY)
    assert "<img src=x" not in grid
    settings = {"description": NASTY, "person": "7", "overrides": {}, "attributes": {}}
    assert "<img src=x" not in render.stage("data:,", settings)


def test_sentence_keeps_the_text_and_marks_each_outcome():
    text = "an old man with red hair and a zeppelin"
    html = render.sentence(text, parse(text), ["male", "old"])
    for shape, word in (("used", "old"), ("not-drawable", "red"), ("not-understood", "zeppelin")):
        assert any(f'class="fg-{shape}"' in part and word in part for part in html.split("<mark")[1:]), shape


def test_spans_are_in_order_and_do_not_overlap():
    text = "a smiling young woman with long wavy blond hair, no glasses, freckles and a very big zeppelin"
    spans = render.spans(parse(text), NAMES)
    assert all(0 <= a < b <= len(text) for a, b, *_ in spans)
    assert all(first[1] <= second[0] for first, second in zip(spans, spans[1:], strict=False))
    assert {n for *_, names in spans for n in names} >= {
        "smiling",
        "young",
        "male",
        "long_hair",
        "blond_hair",
        "eyeglasses",
    }


def test_readback_counts_what_is_seen_as_asked():
    html = render.readback(
        {"beard": True, "smiling": False, "hat": True}, {}, {"beard": 0.9, "smiling": 0.8, "hat": 0.7}
    )
    assert "2 of 3 as asked" in html and "90%" in html and "20%" in html
    assert html.count("✓") == 2 and html.count("✗") == 1


def test_board_has_every_attribute_once_and_says_why_some_are_off():
    html = _markup(["beard"])
    assert all(html.count(f'data-name="{name}"') == 1 for name in NAMES)
    assert html.count("this model can't draw it") == len(NAMES) - 1


def test_link_restores_its_settings():
    from urllib.parse import parse_qs

    settings = {"description": "a man & a beard", "person": "7*0.9+8*0.4", "overrides": {"hat": False}, "strength": 2.5}
    query = parse_qs(render.link(settings)[1:])
    assert query == {"text": ["a man & a beard"], "person": ["7*0.9+8*0.4"], "set": ["hat=no"], "strength": ["2.5"]}


def test_seeds_are_read_as_numbers_and_ranges():
    assert review.parse_seeds("0-3, 7 2") == [0, 1, 2, 3, 7]
    for bad in ("", "three", "5-1", "0-99999999", "-1"):
        with pytest.raises(PersonError):
            review.parse_seeds(bad)


def rating(seed, verdict, reason=None):
    attributes = {"beard": True}
    return {"description": "a man", "seed": seed, "model": "m@1", "attributes": attributes, "file": f"{seed}.png",
            "verdict": verdict, "reason": reason}  # fmt: skip


def test_ratings_are_kept_at_once_and_the_last_one_counts(tmp_path):
    review.append(tmp_path, rating(1, "good"), b"one")
    review.append(tmp_path, rating(2, "good"), b"two")
    review.append(tmp_path, rating(1, "poor", "blurry hairline"), b"one")
    with open(tmp_path / "ratings.jsonl", "a") as file:
        file.write('{"half a li')  # a crash in the middle of a line
    assert len((tmp_path / "ratings.jsonl").read_text().splitlines()) == 4
    ratings = review.read(tmp_path)
    assert sorted((r["seed"], r["verdict"]) for r in ratings) == [(1, "poor"), (2, "good")]
    summary = review.summarise(ratings)
    assert "1 of 2" in summary and "blurry hairline (1)" in summary
    html = review.report([*ratings, json.loads(json.dumps(rating(3, "good") | {"description": NASTY}))], tmp_path)
    assert html.count("<figure") == 3 and "data:image/png;base64,b25l" in html and "<img src=x" not in html
