"""The first tab as a person meets it, in Debian's Chromium: on a desktop and on a phone."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest
from pages import (
    button,
    changes,
    describe,
    expect,
    face,
    flip,
    link,
    linked,
    on_desktop,
    png,
    settings,
    settled,
    toast,
    toggle,
)
from PIL import Image

# Every text that the face on the page has stood for, in order.
WATCH = """() => {
    window.shown = [];
    const look = () => {
        const text = new URLSearchParams(document.querySelector('.fg-stage').dataset.link).get('text');
        if (text !== window.shown.at(-1)) window.shown.push(text);
    };
    look();
    new MutationObserver(look).observe(document.querySelector('#fg-main'), {
        subtree: true, childList: true, attributes: true, attributeFilter: ['data-link'] });
}"""


def restore_from(page, path):
    with page.expect_file_chooser() as chooser:
        button(page, "Restore from a picture").click()
    chooser.value.set_files(path)


def test_type_enter_keywords_image_override(page):
    old = face(page)
    describe(page, "an old man with a beard and a zeppelin")
    changes(page, old)
    expect(page.locator("mark.fg-used", has_text="beard")).to_be_visible()
    expect(page.locator("mark.fg-not-understood", has_text="zeppelin")).to_be_visible()
    assert settings(page)["attributes"]["beard"] is True
    expect(page.locator('.fg-row[data-name="beard"] .fg-auto')).to_have_text("auto: yes")
    old = face(page)
    flip(page, "beard", "no")
    changes(page, old)
    assert settings(page)["overrides"] == {"beard": False}
    row = page.locator("#fg-seen li", has_text="no beard")
    expect(row).to_contain_text("by hand")
    expect(page.locator("#fg-seen li[data-state]")).to_have_count(3)  # one verdict for each that was asked
    old = face(page)
    button(page, "Reset to text").click()
    changes(page, old)
    assert settings(page)["overrides"] == {}


@on_desktop
def test_live_typing_and_its_switch(page):
    box = page.get_by_label("Describe a face")
    box.fill("")
    page.evaluate(WATCH)
    box.press_sequentially("a bald man", delay=30)
    linked(page, "bald+man")
    assert settings(page)["attributes"]["bald"] is True and settings(page)["description"] == "a bald man"
    # The latest wins: whatever was skipped on the way, no face came back to an earlier text.
    texts = page.evaluate("window.shown")
    assert [len(text) for text in texts[1:]] == sorted(len(text) for text in texts[1:]) and texts[-1] == "a bald man"
    for _ in "man":
        box.press("Backspace")
    said = "new URLSearchParams(document.querySelector('.fg-stage').dataset.link).get('text').trim()"
    page.wait_for_function(f"() => {said} === 'a bald'")
    box.fill("a woman with bangs")  # comes as a paste does: a change without a key
    linked(page, "bangs")
    expect(page.locator("mark.fg-used", has_text="bangs")).to_be_visible()

    toggle(page, "Live", False)
    with page.expect_response(lambda r: "queue/join" in r.url):
        box.fill("a smiling woman")
    assert "bangs" in link(page)
    button(page, "Draw").click()
    linked(page, "smiling+woman")
    box.fill("an old woman")
    toggle(page, "Live", True)  # catches up with what was typed meanwhile
    linked(page, "old+woman")


@on_desktop
def test_exclusive_groups_search_and_what_cannot_be_drawn(page):
    flip(page, "black_hair", "yes")
    flip(page, "brown_hair", "yes")
    assert settings(page)["overrides"] == {"brown_hair": True}
    expect(page.locator('.fg-row[data-name="black_hair"] input[value="auto"]')).to_be_checked()
    search = page.get_by_label("Find an attribute")
    search.fill("nose")
    expect(page.locator('.fg-row[data-name="big_nose"]')).to_be_visible()
    expect(page.locator('.fg-row[data-name="beard"]')).to_be_hidden()
    for words, name in (("weight", "chubby"), ("spectacles", "eyeglasses"), ("elderly", "old"), ("age", "young")):
        search.fill(words)
        expect(page.locator(f'.fg-row[data-name="{name}"]')).to_be_visible()
    search.fill("xyz")
    expect(page.get_by_text("No attribute of that name.")).to_be_visible()
    search.fill("earrings")
    expect(page.locator(".fg-cannot")).to_contain_text("understood, but this model can't draw them")
    search.fill("")
    expect(page.locator('.fg-row[data-name="beard"]')).to_be_visible()


@on_desktop
def test_keyboard_alone(page, quick_pipe):
    page.locator('.fg-row[data-name="hat"] input:checked').focus()
    page.keyboard.press("ArrowRight")
    linked(page, "hat")
    assert settings(page)["overrides"] == {"hat": True}
    switch = page.locator('.fg-row[data-name="hat"] input[value="yes"]')
    expect(switch).to_be_focused()
    ring = switch.evaluate("e => getComputedStyle(e.nextElementSibling).outlineStyle")
    assert ring == "solid"  # where the keyboard is can be seen
    slider = page.locator("#fg-strength input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    linked(page, f"strength={quick_pipe.generator.config.guidance + 0.05:g}")
    page.locator("#fg-strength button").click()  # back to the model's own
    page.wait_for_function("() => !document.querySelector('.fg-stage').dataset.link.includes('strength')")


def test_each_word_shows_where_it_acts(page):
    heat, label = page.locator("#fg-main .fg-heat"), page.locator("#fg-main .fg-heat-label")
    expect(heat).to_be_hidden()
    words = page.locator("#fg-strip .fg-word")
    words.first.focus()
    expect(heat).to_be_visible()
    expect(label).to_contain_text("smiling")
    page.keyboard.press("ArrowRight")  # one stop of the Tab key for them all, arrows inside
    expect(words.nth(1)).to_be_focused()
    expect(label).to_contain_text("woman")
    page.locator("#fg-text textarea").focus()
    expect(heat).to_be_hidden()
    page.locator("mark.fg-used", has_text="blond").hover()
    expect(heat).to_be_visible()
    expect(label).to_contain_text("blond")
    assert heat.get_attribute("src") == page.locator(".fg-word", has_text="blond").get_attribute("data-heat")
    assert words.first.locator("img").get_attribute("src") != face(page)


@on_desktop
def test_person_stays_or_changes(page):
    person = settings(page)["person"]
    expect(page.locator("#fg-person").locator("input, textarea")).to_have_value(person)
    describe(page, "a woman with bangs")
    assert settings(page)["person"] == person
    old = face(page)
    button(page, "New person").click()
    changes(page, old)
    assert settings(page)["person"] != person
    before = page.locator("#fg-main .fg-before")
    expect(before).to_have_attribute("src", old)
    page.get_by_label("Compare with the face before the last change").fill("40")
    assert "40%" in before.evaluate("e => e.style.clipPath")
    toggle(page, "Keep this person", False)
    person, old = settings(page)["person"], face(page)
    button(page, "Draw").click()
    changes(page, old)
    assert settings(page)["person"] != person and settings(page)["description"] == "a woman with bangs"
    box = page.locator("#fg-person").locator("input, textarea")
    box.fill("12")
    toggle(page, "Keep this person", True)
    box.press("Enter")
    linked(page, "person=12")


@on_desktop
def test_link_and_download_and_drop_restore_the_face(page, tmp_path):
    flip(page, "hat", "yes")
    wanted = face(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PNG").click()
    saved = tmp_path / "face.png"
    download.value.save_as(saved)
    assert saved.read_bytes() == png(page) and b"trainedAlgorithmicMedia" in saved.read_bytes()

    with page.expect_download() as download:
        page.get_by_role("link", name="128 px").click()
    with Image.open(download.value.path()) as large:
        assert large.size == (128, 128)
    assert download.value.suggested_filename == "facegen-0-128.png"

    other = page.context.new_page()
    other.goto(page.url.split("?")[0] + link(page))
    expect(other.locator("#fg-face")).to_have_attribute("src", wanted)
    expect(other.locator('.fg-row[data-name="hat"] input[value="yes"]')).to_be_checked()
    other.close()

    button(page, "New person").click()
    changes(page, wanted)
    restore_from(page, saved)
    expect(page.locator("#fg-face")).to_have_attribute("src", wanted)
    expect(page.locator("#fg-person").locator("input, textarea")).to_have_value("0")


@on_desktop
@pytest.mark.parametrize("mode, side", [("RGB", 8), ("1", 13000)], ids=["other", "bomb"])
def test_a_picture_that_is_not_ours_or_too_large_is_refused_in_one_sentence(page, tmp_path, mode, side):
    Image.new(mode, (side, side)).save(tmp_path / "picture.png")
    old = face(page)
    restore_from(page, tmp_path / "picture.png")
    expect(toast(page)).to_contain_text(re.compile("choose a PNG that facegen saved"))
    assert "Traceback" not in toast(page).inner_text() and face(page) == old


@on_desktop
def test_bad_input_is_one_sentence(page):
    old = face(page)
    toggle(page, "Live", False)
    box = page.get_by_label("Describe a face")
    box.fill("")
    box.press("Enter")
    expect(toast(page)).to_contain_text("The description is empty")
    assert face(page) == old


@on_desktop
def test_markup_in_a_link_is_words_and_not_part_of_the_page(page, app_url):
    for query in ("person=<img src=//other.example/x.png id=evil>", "set=<i id=evil>=yes", "text=<u id=evil>x</u>"):
        page.goto(f"{app_url}?{query}")
        where = page.locator("#fg-sentence") if query.startswith("text") else toast(page)
        expect(where).to_contain_text("id=evil")
        assert page.locator("#evil").count() == 0


@on_desktop
def test_the_recurrent_reader_can_be_chosen_and_its_face_restored(page, quick_pipe, app_url):
    text = "a guy that looks like an accountant: thin, glasses, tie, no smile"  # the two readers differ on it
    describe(page, text)
    old = face(page)
    page.get_by_label("Recurrent network").check()
    changes(page, old)
    wanted = quick_pipe(text, seed=int(settings(page)["person"]), reader="lstm")
    assert png(page) == wanted.png
    shown = face(page)
    other = page.context.new_page()
    other.goto(app_url + link(page))
    expect(other.locator("#fg-face")).to_have_attribute("src", shown)
    expect(other.get_by_label("Recurrent network")).to_be_checked()
    other.close()


@on_desktop
def test_the_best_of_four_relatives(page, quick_pipe):
    # Of one of them a relative fits better than the person.
    texts = ("an old woman", "a blond woman", "a smiling man", "a woman with glasses", "a bald man", "pale skin")
    best = (quick_pipe(text, seed=0, best_of=4) for text in texts)
    text, wanted = next((text, face) for text, face in zip(texts, best, strict=True) if face.person != "0")
    describe(page, text)
    toggle(page, "Best of four", True)
    linked(page, quote_plus(wanted.person))
    assert png(page) == wanted.png
    expect(page.locator("#fg-person").locator("input, textarea")).to_have_value("0")
    button(page, "Draw").click()  # again from the same person, not from the relative
    settled(page)
    assert png(page) == wanted.png
