"""The app as a person meets it, in Debian's Chromium: on a desktop and on a phone."""

from __future__ import annotations

import base64
import json
import os
import re

import pytest

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
TIMEOUT = 240_000  # milliseconds: generous, since a busy machine is no fault of the page
expect.set_options(timeout=TIMEOUT)

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request, browser, app_url):
    """A fresh visit. Errors in the page's own code and requests to outside fail the test."""
    context = browser.new_context(viewport=request.param, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    outside = re.compile(r"^(?!http://127\.0\.0\.1[:/]|data:|blob:)")
    page.on("request", lambda r: faults.append(f"outside: {r.url}") if outside.match(r.url) else None)
    page.goto(app_url)
    settled(page)
    yield page
    if folder := os.environ.get("FACEGEN_SCREENSHOTS"):  # to be looked at by people
        page.screenshot(path=f"{folder}/{request.node.name}.png", full_page=True)
    context.close()
    assert not faults


def settled(page):
    """The face is there and each of its words is explained."""
    expect(page.locator("#fg-face")).to_have_attribute("src", re.compile("^data:image/png"))
    expect(page.locator("#fg-strip .fg-word").first).to_be_visible()
    expect(page.locator("#fg-strip .fg-wait, .fg-stale")).to_have_count(0)


def face(page) -> str:
    return page.locator("#fg-face").get_attribute("src")


def settings(page) -> dict:
    """What the PNG on the page says about itself."""
    from facegen.metadata import read_settings

    return read_settings(base64.b64decode(face(page).split(",")[1]))


def changes(page, old: str) -> None:
    expect(page.locator("#fg-face")).not_to_have_attribute("src", old)


def describe(page, text: str) -> None:
    """Type and press Enter; done when the face is the one that was asked for."""
    box = page.get_by_label("Describe a face")
    box.fill(text)
    box.press("Enter")
    expect(page.locator(".fg-sentence")).to_contain_text(text.split()[-1])
    page.wait_for_function("t => document.querySelector('.fg-stage').dataset.link.includes(t)", arg=text.split()[-1])


def open_tab(page, name: str) -> None:
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.first.is_visible():  # a phone hides the last tabs behind "..."
        page.locator(".overflow-menu > button").first.click()
        page.locator(".overflow-dropdown").get_by_text(name, exact=True).click()
    else:
        tab.first.click()


def flip(page, name: str, state: str) -> None:
    page.locator(f'.fg-row[data-name="{name}"] input[value="{state}"]').click()


def test_type_enter_keywords_image_override(page):
    old = face(page)
    describe(page, "an old man with a beard and a zeppelin")
    changes(page, old)
    expect(page.locator("mark.fg-used", has_text="beard")).to_be_visible()
    expect(page.locator("mark.fg-not-understood", has_text="zeppelin")).to_be_visible()
    assert settings(page)["attributes"]["beard"] is True
    old = face(page)
    flip(page, "beard", "no")
    changes(page, old)
    assert settings(page)["overrides"] == {"beard": False}
    row = page.locator("#fg-seen li", has_text="no beard")
    expect(row).to_contain_text("by hand")
    old = face(page)
    page.get_by_role("button", name="Reset to text").click()
    changes(page, old)
    assert settings(page)["overrides"] == {}


def test_live_typing_and_its_switch(page):
    old = face(page)
    box = page.get_by_label("Describe a face")
    box.fill("")
    box.press_sequentially("a bald man", delay=30)
    page.wait_for_function("() => document.querySelector('.fg-stage').dataset.link.includes('bald+man')")
    changes(page, old)
    assert settings(page)["attributes"]["bald"] is True and settings(page)["description"] == "a bald man"
    page.get_by_label("Live").uncheck()
    old = face(page)
    box.fill("a smiling woman")
    page.wait_for_timeout(1500)
    assert face(page) == old
    page.get_by_role("button", name="Draw", exact=True).click()
    changes(page, old)


def test_exclusive_groups_search_and_undrawable(page):
    flip(page, "black_hair", "yes")
    page.wait_for_function("() => document.querySelector('.fg-stage').dataset.link.includes('black_hair')")
    flip(page, "brown_hair", "yes")
    page.wait_for_function("() => document.querySelector('.fg-stage').dataset.link.includes('brown_hair')")
    assert settings(page)["overrides"] == {"brown_hair": True}
    expect(page.locator('.fg-row[data-name="black_hair"] input[value="auto"]')).to_be_checked()
    page.get_by_label("Find an attribute").fill("nose")
    expect(page.locator('.fg-row[data-name="big_nose"]')).to_be_visible()
    expect(page.locator('.fg-row[data-name="beard"]')).to_be_hidden()
    page.get_by_label("Find an attribute").fill("")
    for row in page.locator(".fg-row.fg-off").all():
        expect(row).to_contain_text("can't draw it")
        expect(row.locator("input").first).to_be_disabled()


def test_keyboard_reaches_a_switch(page):
    page.locator('.fg-row[data-name="hat"] input:checked').focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.fg-stage').dataset.link.includes('hat')")
    assert settings(page)["overrides"] == {"hat": True}
    expect(page.locator('.fg-row[data-name="hat"] input[value="yes"]')).to_be_focused()


def test_each_word_shows_where_it_acts(page):
    heat = page.locator("#fg-main .fg-heat")
    expect(heat).to_be_hidden()
    page.locator("#fg-strip .fg-word").first.focus()
    expect(heat).to_be_visible()
    expect(page.locator("#fg-main .fg-heat-label")).to_contain_text("changes")
    page.locator("#fg-text textarea").focus()
    expect(heat).to_be_hidden()


def test_person_stays_or_changes(page):
    person = settings(page)["person"]
    describe(page, "a woman with bangs")
    assert settings(page)["person"] == person
    old = face(page)
    page.get_by_role("button", name="New person").click()
    changes(page, old)
    assert settings(page)["person"] != person
    before = page.locator("#fg-main .fg-before")
    expect(before).to_have_count(1)
    page.get_by_label("Compare with the face before the last change").fill("40")
    assert "40%" in before.evaluate("e => e.style.clipPath")


def test_link_and_download_and_drop_restore_the_face(page, app_url, tmp_path):
    flip(page, "hat", "yes")
    page.wait_for_function("() => document.querySelector('.fg-stage').dataset.link.includes('hat')")
    wanted = face(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download PNG").click()
    saved = tmp_path / "face.png"
    download.value.save_as(saved)
    assert saved.read_bytes() == base64.b64decode(wanted.split(",")[1])
    link = page.locator(".fg-stage").first.get_attribute("data-link")

    other = page.context.new_page()
    other.goto(app_url + link)
    expect(other.locator("#fg-face")).to_have_attribute("src", wanted)
    expect(other.locator('.fg-row[data-name="hat"] input[value="yes"]')).to_be_checked()
    other.close()

    page.get_by_role("button", name="New person").click()
    changes(page, wanted)
    page.get_by_text("Restore from a picture").click()
    page.locator("#fg-drop input[type=file]").set_input_files(saved)
    expect(page.locator("#fg-face")).to_have_attribute("src", wanted)


def test_people_tab(page):
    open_tab(page, "People")
    expect(page.locator("#fg-near .fg-cell")).to_have_count(6)
    page.locator("#fg-near .fg-cell").nth(2).click()
    page.wait_for_function("() => document.querySelector('.fg-stage').dataset.link.includes('%2A')")
    assert "*" in settings(page)["person"]
    page.get_by_role("button", name="Start with nine strangers").click()
    cells = page.locator("#fg-brood .fg-cell")
    expect(cells).to_have_count(9)
    first = cells.nth(4).locator("img").get_attribute("src")
    cells.nth(4).click()
    expect(cells.nth(4)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Next nine").click()
    expect(page.locator("#fg-brood")).to_contain_text("Generation 2 of 2")
    expect(cells.nth(0).locator("img")).to_have_attribute("src", first)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator("#fg-brood")).to_contain_text("Generation 1 of 2")


def test_morph_gallery_and_history(page, tmp_path):
    page.get_by_role("button", name="Add to gallery").click()
    first = face(page)
    describe(page, "an old man with glasses")
    open_tab(page, "Morph")
    page.get_by_role("button", name="Make the morph").click()
    expect(page.locator("#fg-film img")).to_have_attribute("src", re.compile("^data:image/webp"))
    with page.expect_download() as download:
        page.locator("#fg-morph-save").click()
    download.value.save_as(tmp_path / "morph.webp")
    from PIL import Image

    with Image.open(tmp_path / "morph.webp") as film:
        assert film.n_frames >= 24 and b"trainedAlgorithmicMedia" in film.info["xmp"]
    open_tab(page, "Gallery")
    expect(page.locator("#fg-kept .fg-cell")).to_have_count(1)
    page.get_by_role("button", name="Pack as zip").click()
    expect(page.locator("#fg-zip")).to_be_enabled()
    with page.expect_download() as download:
        page.locator("#fg-zip").click()
    assert download.value.suggested_filename.endswith(".zip")
    page.locator("#fg-trail .fg-cell").first.click()
    expect(page.locator("#fg-face")).to_have_attribute("src", first)
    expect(page.get_by_label("Describe a face")).to_be_visible()


def test_review_tab(page, ratings):
    had = len((ratings / "ratings.jsonl").read_text().splitlines()) if (ratings / "ratings.jsonl").exists() else 0
    open_tab(page, "Review")
    page.locator("#fg-r-texts textarea").fill("a bald man\na woman with bangs")
    page.locator("#fg-r-seeds").locator("input, textarea").fill("0-1")
    page.get_by_role("button", name="Draw the grid").click()
    expect(page.locator(".fg-review li")).to_have_count(4)
    page.locator(".fg-review li").nth(0).get_by_role("button", name="good").click()
    page.locator(".fg-review li").nth(3).locator("select").select_option("blurry hairline")
    expect(page.locator("#fg-r-summary")).to_contain_text("blurry hairline")
    lines = [json.loads(line) for line in (ratings / "ratings.jsonl").read_text().splitlines()][had:]
    assert [(r["verdict"], r["reason"], r["seed"]) for r in lines] == [
        ("good", None, 0),
        ("poor", "blurry hairline", 1),
    ]
    page.get_by_role("button", name="Write the report").click()
    expect(page.locator("#fg-r-save")).to_be_enabled()


def test_bad_input_is_one_sentence(page):
    old = face(page)
    page.get_by_label("Live").uncheck()
    box = page.get_by_label("Describe a face")
    box.fill("")
    box.press("Enter")
    expect(page.locator(".toast-body").first).to_contain_text("The description is empty")
    assert face(page) == old


def test_no_side_scroll_and_no_jump_when_a_face_arrives(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    frame = page.locator("#fg-main .fg-frame")
    box = frame.bounding_box()
    old = face(page)
    page.get_by_role("button", name="New person").click()
    changes(page, old)
    settled(page)
    assert frame.bounding_box() == box
    expect(page.locator(".fg-synthetic")).to_contain_text("synthetic")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, app_url, scheme):
    """axe-core's rules (WCAG 2 A and AA among them) on each tab."""
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(viewport=DESKTOP, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{app_url}?__theme={scheme}")
    settled(page)
    found = []
    for name in ("Describe", "People", "Morph", "Gallery", "Review", "About"):
        open_tab(page, name)
        page.wait_for_timeout(1500)
        for violation in axe_playwright.Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:160] for node in violation["nodes"]][:4]
                found.append(f"{name}: {violation['id']}: {nodes}")
    context.close()
    assert not found, "\n".join(found)


def test_the_recurrent_reader_can_be_chosen(page, pipe):
    from facegen.reader import load_reader

    text = "a guy that looks like an accountant: thin, glasses, tie, no smile"  # the two readers differ on it
    describe(page, text)
    settled(page)
    old = face(page)
    page.get_by_label("Recurrent network").check()
    changes(page, old)
    wanted = pipe(text, seed=int(settings(page)["person"]), parser=load_reader().parse)
    assert base64.b64decode(face(page).split(",")[1]) == wanted.png
