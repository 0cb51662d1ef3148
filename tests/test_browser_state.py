"""Nothing is lost: the address bar, the way back, the gallery of the browser; and changing a face by words."""

from __future__ import annotations

import io
import re
import zipfile

from pages import (
    addressed,
    button,
    changes,
    describe,
    expect,
    face,
    flip,
    link,
    linked,
    on_desktop,
    open_tab,
    settings,
    settled,
    toast,
)

from facegen.picture import read_settings


def test_undo_redo_back_and_reload_bring_the_whole_face_back(page):
    start = face(page)
    describe(page, "an old man with a beard")
    addressed(page, "beard")
    with_beard = face(page)
    flip(page, "hat", "yes")
    addressed(page, "hat")
    with_hat = face(page)
    page.reload()
    settled(page)
    expect(page.locator("#fg-face")).to_have_attribute("src", with_hat)
    expect(page.get_by_label("Describe a face")).to_have_value("an old man with a beard")
    expect(page.locator('.fg-row[data-name="hat"] input[value="yes"]')).to_be_checked()

    button(page, "Undo").click()
    expect(page.locator("#fg-face")).to_have_attribute("src", with_beard)
    expect(page.locator('.fg-row[data-name="hat"] input[value="auto"]')).to_be_checked()
    page.locator("body").press("u")
    expect(page.locator("#fg-face")).to_have_attribute("src", start)
    expect(button(page, "Undo")).to_be_disabled()
    page.go_forward()
    expect(page.locator("#fg-face")).to_have_attribute("src", with_beard)
    button(page, "Redo").click()
    expect(page.locator("#fg-face")).to_have_attribute("src", with_hat)
    expect(button(page, "Redo")).to_be_disabled()
    page.locator("body").press("Control+z")
    expect(page.locator("#fg-face")).to_have_attribute("src", with_beard)
    expect(page.get_by_label("Describe a face")).to_have_value("an old man with a beard")


@on_desktop
def test_typing_is_one_step_back(page):
    start = face(page)
    page.get_by_label("Describe a face").press("End")
    page.get_by_label("Describe a face").press_sequentially(" and a hat", delay=20)
    addressed(page, "and+a+hat")
    button(page, "Undo").click()
    expect(page.locator("#fg-face")).to_have_attribute("src", start)
    expect(button(page, "Undo")).to_be_disabled()


@on_desktop
def test_a_server_that_has_forgotten_the_visitor_goes_on_where_they_were(page, app):
    describe(page, "an old man with a beard")
    flip(page, "hat", "yes")
    app.state_holder.session_data.clear()  # as after a restart
    flip(page, "eyeglasses", "yes")
    said = settings(page)
    assert said["description"] == "an old man with a beard" and said["overrides"] == {"hat": True, "eyeglasses": True}


def test_the_gallery_is_kept_by_the_browser(page, tmp_path):
    flip(page, "bangs", "yes")
    button(page, "Add to gallery").click()
    first = face(page)
    describe(page, "an old man with glasses")
    addressed(page, "glasses")
    page.reload()
    settled(page)
    open_tab(page, "Gallery")
    kept = page.locator('[data-list="gallery"] .fg-cell')
    expect(kept).to_have_count(1)
    with page.expect_download() as download:
        button(page, "Download as zip").click()
    download.value.save_as(tmp_path / "faces.zip")
    with zipfile.ZipFile(tmp_path / "faces.zip") as archive:
        (name,) = archive.namelist()
        assert read_settings(archive.read(name))["overrides"] == {"bangs": True}
    kept.click()
    expect(page.locator("#fg-face")).to_have_attribute("src", first)
    expect(page.get_by_label("Describe a face")).to_be_visible()  # back on the first tab, with its settings
    expect(page.locator('.fg-row[data-name="bangs"] input[value="yes"]')).to_be_checked()
    open_tab(page, "Gallery")
    page.locator('[data-list="trail"] .fg-cell', has_text="an old man with glasses").first.click()
    linked(page, "glasses")
    open_tab(page, "Gallery")
    page.get_by_role("button", name=re.compile("^Remove: ")).click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    expect(button(page, "Download as zip")).to_be_disabled()


def test_change_it_by_words(page):
    describe(page, "a young woman with glasses")
    person = settings(page)["person"]
    box = page.get_by_label("Change it")
    box.fill("no glasses and a hat")
    box.press("Enter")
    expect(page.locator("#fg-done")).to_contain_text("no eyeglasses, hat")
    said = settings(page)
    assert said["overrides"] == {"eyeglasses": False, "hat": True} and said["person"] == person
    expect(page.locator("mark.fg-overruled s", has_text="glasses")).to_be_visible()
    expect(page.locator(".fg-hand")).to_contain_text("2 set by hand")
    expect(page.locator("#fg-seen li", has_text="no eyeglasses")).to_contain_text("by hand")
    button(page, "Back to the text").click()
    expect(page.locator(".fg-hand")).to_have_count(0)
    box.fill("a zeppelin")
    box.press("Enter")
    expect(toast(page)).to_contain_text("changes nothing")


@on_desktop
def test_an_example_clears_what_was_set_by_hand_and_random_is_another_description(page):
    flip(page, "hat", "yes")
    expect(page.locator(".fg-hand")).to_contain_text("1 set by hand")
    button(page, "Bald man").click()
    linked(page, "bald")
    assert settings(page)["overrides"] == {}
    expect(page.locator(".fg-hand")).to_have_count(0)
    old = link(page)
    button(page, "Random").click()
    page.wait_for_function("old => document.querySelector('.fg-stage').dataset.link !== old", arg=old)
    expect(page.locator("#fg-text textarea")).to_have_value(settings(page)["description"])


@on_desktop
def test_what_is_asked_and_not_seen_is_marked_in_the_sentence(page):
    """The model of these tests draws noise, in which hardly anything is seen."""
    describe(page, "a smiling old man with a beard, a hat, glasses and gray hair")
    settled(page)
    unseen = page.locator('#fg-seen li[data-state="not seen"]')
    missing = unseen.evaluate_all("all => all.map((li) => li.dataset.names)")
    assert missing
    for mark in page.locator("#fg-sentence mark.fg-used").all():
        names = mark.get_attribute("data-names").split()
        marked = "fg-not-seen" in mark.get_attribute("class").split()
        assert marked == any(name in missing for name in names), names
        assert marked == ("asked, not seen" in mark.text_content())


@on_desktop
def test_who_cannot_see_hears_what_became_of_it_and_keys_do_what_buttons_do(page):
    told = page.locator("#fg-told")
    expect(told).to_have_text("")
    old = face(page)
    page.locator("body").press("n")
    changes(page, old)
    expect(told).to_contain_text(re.compile(r"Face updated: .*of 5 asked"))
    page.locator("body").press("?")
    expect(page.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    button(page, "Close").click()
    page.locator("body").press("/")
    expect(page.get_by_label("Describe a face")).to_be_focused()
    page.keyboard.press("n")  # inside of text it is a letter
    expect(page.get_by_label("Describe a face")).to_have_value(re.compile("n$"))


@on_desktop
def test_the_tour_is_shown_until_it_is_dismissed(page):
    tour = page.locator(".fg-tour")
    expect(tour).to_be_hidden()
    page.evaluate("localStorage.removeItem('facegen.toured')")
    page.reload()
    expect(tour).to_contain_text("Type what a face looks like")
    for _ in range(3):
        button(page, "Next").click()
    expect(tour).to_be_hidden()
    page.reload()
    settled(page)
    expect(tour).to_be_hidden()


@on_desktop
def test_one_key_costs_little_of_the_wire(page):
    wire = page.context.new_cdp_session(page)
    received = []
    wire.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
    wire.send("Network.enable")
    page.get_by_label("Describe a face").press("End")
    page.get_by_label("Describe a face").press_sequentially("s")
    linked(page, "hairs")
    assert 0 < sum(received) < 20_000


def test_a_link_of_a_face_shows_it_to_those_who_see_the_link(page, app_url, quick_pipe):
    html = page.request.get(f"{app_url}/?text=a+%3Cbald%3E+man&seed=5").text()
    assert '<meta property="og:title" content="a &lt;bald&gt; man · facegen">' in html
    picture = re.search(r'og:image" content="([^"]+)"', html)[1].replace("&amp;", "&")
    assert picture.startswith(app_url)
    answer = page.request.get(picture)
    assert answer.headers["content-type"] == "image/png"
    assert answer.body() == quick_pipe("a <bald> man", seed=5).png
    assert "gradio" not in re.search(r"<title>.*?</title>|og:[^>]*", html)[0].lower()
    small = page.request.get(picture.replace("face.png", "face.webp"))
    assert small.headers["content-type"] == "image/webp" and io.BytesIO(small.body()).read(4) == b"RIFF"
    assert page.request.get(f"{app_url}/favicon.ico").ok and page.request.get(f"{app_url}/manifest.json").ok
