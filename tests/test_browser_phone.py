"""What a narrow phone hides or cuts off first, and what a face says when it is not the one that the box describes."""

from __future__ import annotations

import pytest
from pages import TABS, addressed, button, expect, face, linked, on_desktop, open_tab, settings, settled, toggle

NARROW = {"width": 360, "height": 740}
EDGES = """() => {
    const parts = ['p', '.fg-frame'].map((part) => document.querySelector(`#fg-film ${part}`));
    const boxes = parts.map((part) => part?.getBoundingClientRect());
    return boxes.every(Boolean) && boxes.map((box) => [box.left, box.right]);
}"""
on_a_narrow_phone = pytest.mark.parametrize("page", [NARROW], ids=["360 px"], indirect=True)


@on_a_narrow_phone
def test_every_tab_and_example_is_within_reach_on_a_narrow_phone(page):
    for chip in page.locator(".fg-chips .fg-chip").all():
        box = chip.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= NARROW["width"]
    for name in TABS:
        open_tab(page, name)
        expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


@on_a_narrow_phone
def test_nothing_shines_through_the_face_that_stays_in_sight(page):
    open_tab(page, "People")
    peek, label = page.locator(".fg-peek"), page.locator("#fg-mix-a label > span")
    expect(page.locator("#fg-near .fg-cell")).to_have_count(6)  # they push the rest down
    expect(page.locator("#fg-mixed .fg-cell")).to_have_count(3)
    expect(peek).to_be_visible()
    top = peek.bounding_box()["y"] + 40
    page.evaluate("y => scrollBy(0, y)", label.bounding_box()["y"] - top)
    on_top = "([x, y]) => !!document.elementFromPoint(x, y).closest('.fg-peek')"
    box = label.bounding_box()
    assert peek.bounding_box()["y"] < box["y"] and page.evaluate(on_top, [box["x"] + 4, box["y"] + 4])


@on_a_narrow_phone
def test_a_morph_tells_how_far_it_is_and_can_be_stopped(page, monkeypatch):
    monkeypatch.setattr("facegen.ui.morph.FRAMES", 2000)  # the model of the tests is too fast to be stopped
    open_tab(page, "Morph")
    film = page.locator("#fg-film")
    button(page, "Make the morph").click()
    expect(film.locator("progress")).to_be_visible()
    inner, outer = page.wait_for_function(EDGES).json_value()
    assert outer[0] <= inner[0] and inner[1] <= outer[1]
    button(page, "Stop").click()
    expect(film).to_contain_text("The animation appears here")
    page.wait_for_timeout(1000)
    expect(film).to_contain_text("The animation appears here")  # no frame came after it


@on_desktop
def test_a_link_with_a_seed_alone_is_that_person_left_to_chance(page, app_url, quick_pipe):
    page.goto(f"{app_url}/?seed=5")
    page.locator(".fg-stage").wait_for()
    linked(page, "person=5")
    addressed(page, "person=5")
    expect(page.get_by_label("Describe a face")).to_have_value("")
    expect(page.locator("#fg-person").locator("input, textarea")).to_have_value("5")
    assert settings(page)["attributes"] == {} and settings(page)["person"] == "5"


@on_desktop
def test_a_face_that_is_out_of_date_says_so_and_how_to_draw(page):
    toggle(page, "Live", False)
    old, box = face(page), page.get_by_label("Describe a face")
    said = box.input_value()
    box.fill("an old man")
    expect(page.locator("#fg-sentence .fg-note")).to_contain_text("out of date")
    box.fill(said)
    expect(page.locator("#fg-sentence .fg-note")).to_have_count(0)
    box.fill("an old man")
    assert face(page) == old
    button(page, "Draw").click()
    linked(page, "old+man")
    settled(page)
    expect(page.locator("#fg-sentence .fg-note")).to_have_count(0)


@on_a_narrow_phone
def test_a_template_with_blanks_is_filled_in_and_drawn(page):
    button(page, "Templates").click()
    row = page.locator("dialog li").first
    assert page.locator("dialog li").count() >= 5 and row.bounding_box()["width"] <= NARROW["width"]
    row.locator("select").nth(0).select_option("old")
    row.locator("select").nth(1).select_option("man")
    row.get_by_role("button", name="Use").click()
    linked(page, "an+old+man+with+black+hair")
    expect(page.get_by_label("Describe a face")).to_have_value("an old man with black hair")
