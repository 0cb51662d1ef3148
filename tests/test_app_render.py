"""The pieces of HTML: a user's words are escaped, and every word is accounted for."""

import json
import random
import re

import pytest
from PIL import Image

from facegen import parse
from facegen.attributes import NAMES
from facegen.errors import UserError
from facegen.person import PersonError
from facegen.ui import links, ratings, readback, render, review, suggestions
from facegen.ui.blocks import sorry
from facegen.ui.board import markup

NASTY = '<img src=x onerror="alert(1)"> a man with a beard & "glasses"'


def test_a_users_words_are_escaped():
    html = render.sentence(parse(NASTY), NAMES)
    assert "<img" not in html and html.count("&lt;") == 1
    assert "<img" not in render.sentence(None, NAMES, note=NASTY)
    grid = render.grid([{"src": "data:,", "caption": NASTY, "link": NASTY}], 3, NASTY)
    assert "<img src=x" not in grid
    settings = {"description": NASTY, "person": "7", "overrides": {}, "attributes": {}}
    assert "<img src=x" not in render.stage(Image.new("RGB", (8, 8)), settings, 1)


def test_sentence_keeps_the_text_and_marks_each_outcome():
    text = "an old man with red hair and a zeppelin"
    html = render.sentence(parse(text), ["male", "old"])
    for shape, word in (("used", "old"), ("not-drawable", "red"), ("not-understood", "zeppelin")):
        assert any(f'class="fg-{shape}"' in part and word in part for part in html.split("<mark")[1:]), shape


def test_what_is_set_otherwise_by_hand_is_struck_through():
    text = "an old man with a beard, not smiling"
    html = render.sentence(parse(text), NAMES, {"young": True, "beard": True})
    struck = [part for part in html.split("<mark")[1:] if "<s>" in part]
    assert [part.split("<s>")[1].split("</s>")[0] for part in struck] == ["old man"]  # the beard is as the text says
    assert "2 set by hand" in html and "not smiling" in html


def test_words_for_children_are_understood_and_not_drawn():
    amber = r'<mark class="fg-child" title="[^"]*only adults are drawn"[^>]*><span>([^<]*)'
    for text, words in (
        ("a smiling little girl", ["little girl"]), ("a teenager", ["teenager"]), ("a 7 year old", ["7 year old"]),
        ("a young woman, 25 years old", []), ("a girl with bangs", []),
    ):  # fmt: skip
        assert re.findall(amber, render.sentence(parse(text), NAMES)) == words, text


def test_readback_has_three_states(monkeypatch):
    asked = {"beard": True, "smiling": False, "hat": True, "red_hair": True}
    monkeypatch.setattr(readback, "thresholds", lambda: {})
    told = readback.states(asked, {"beard": 0.9, "smiling": 0.8, "hat": 0.5})
    verdicts = {name: verdict for name, (verdict, _) in told.items()}
    assert verdicts == {"beard": "seen", "smiling": "not seen", "hat": "unsure"}
    html = readback.readback(asked, {}, {"beard": 0.9, "smiling": 0.8, "hat": 0.5})
    assert "1 seen, 1 unsure, 1 not seen" in html and "90%" in html and "20%" in html and "not measured" in html
    monkeypatch.setattr(readback, "thresholds", lambda: {"beard": (0.6, 0.95)})
    assert readback.state("beard", 0.9) == "unsure" and readback.state("hat", 0.9) == "seen"


def test_board_has_every_attribute_once_and_says_which_are_off():
    html = markup(["beard"])
    assert all(html.count(f'data-name="{name}"') == 1 for name in NAMES)
    assert html.count('class="fg-row"') == 1 and f"{len(NAMES) - 1} more are understood" in html


def test_random_descriptions_say_only_what_can_be_drawn():
    drawable = ("male", "young", "old", "beard", "blond_hair", "hat")
    said = {suggestions.random_description(drawable) for _ in range(200)}
    assert len(said) > 8
    for text in said:
        reading = parse(text)
        assert not reading.unused and not reading.undrawable(drawable), text


def test_every_blank_of_a_template_is_understood_and_can_be_drawn():
    from itertools import product

    assert len(suggestions.templates(NAMES)) == len(suggestions.TEMPLATES) == 10
    for parts in suggestions.templates(NAMES):
        for words in product(*([part] if isinstance(part, str) else part for part in parts)):
            assert not parse("".join(words)).unused, "".join(words)
    for parts in suggestions.templates(["male", "young", "smiling"]):
        text = "".join(part if isinstance(part, str) else part[-1] for part in parts)
        assert not parse(text).undrawable(["male", "young", "smiling"]), text


def test_link_restores_its_settings():
    from urllib.parse import parse_qs

    settings = {"description": "a man & a beard", "person": "7*0.9+8*0.4", "overrides": {"hat": False}, "strength": 2.5}
    query = parse_qs(links.write(settings)[1:])
    restored = links.read(links.write(settings))
    assert {name: restored[name] for name in settings} == settings
    assert query == {"text": ["a man & a beard"], "person": ["7*0.9+8*0.4"], "set": ["hat=no"], "strength": ["2.5"]}


def test_links_that_cannot_be_read_are_told():
    assert links.read("?utm_source=x") is None and links.read("?seed=5")["person"] == "5"
    for bad in ("text=a&strength=hard", "set=hat", "set=" + "x" * 3000, "set=young=yes,old=yes", "set=zeppelin=yes"):
        with pytest.raises(UserError) as error:
            links.read(bad)
        assert len(sorry(str(error.value)).message) < 320


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
    ratings.append(tmp_path, rating(1, "good"), b"one")
    ratings.append(tmp_path, rating(2, "good"), b"two")
    ratings.append(tmp_path, rating(1, "poor", "blurry hairline"), b"one")
    with open(tmp_path / "ratings.jsonl", "a") as file:
        file.write('{"half a li')  # a crash in the middle of a line
    assert len((tmp_path / "ratings.jsonl").read_text().splitlines()) == 4
    kept = list(ratings.read(tmp_path).values())
    assert sorted((r["seed"], r["verdict"]) for r in kept) == [(1, "poor"), (2, "good")]
    summary = ratings.summarise(kept)
    assert "1 of 2" in summary and "blurry hairline (1)" in summary
    html = ratings.report([*kept, rating(3, "good") | {"description": NASTY}], {"1.png": b"one"})
    assert html.count("<figure") == 3 and "data:image/png;base64,b25l" in html and "<img src=x" not in html


def test_damaged_ratings_are_passed_over(tmp_path):
    """Any one byte of the file may be anything."""
    ratings.append(tmp_path, rating(1, "good"), b"one")
    ratings.append(tmp_path, rating(2, "good"), b"two")
    path = tmp_path / "ratings.jsonl"
    whole = path.read_bytes()
    flip = random.Random(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[flip.randrange(whole.index(b"\n"))] = flip.randrange(256)
        path.write_bytes(damaged)
        kept = ratings.read(tmp_path)
        assert 2 in [r["seed"] for r in kept.values()], damaged  # the other line
        ratings.report(list(kept.values()), {})
    path.write_text('{"verdict": "<b>good</b>"}\n[1]\nnull\n7\n' + "[" * 100_000)
    assert ratings.read(tmp_path) == {}
    edited = json.dumps(rating(1, "good") | {"verdict": "<script>"})
    path.write_text(edited)
    assert ratings.read(tmp_path) == {}


def test_a_table_of_ratings_holds_no_formulas():
    assert "'=1+1" in ratings.table([rating(1, "good") | {"description": "=1+1"}])
