"""The other tabs as a person meets them, in Debian's Chromium: on a desktop and on a phone."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import av
from pages import (
    button,
    expect,
    face,
    flip,
    link,
    linked,
    on_desktop,
    open_tab,
    png,
    settings,
    toast,
)
from PIL import Image


def sources(cells) -> list[str]:
    return cells.locator("img").evaluate_all("all => all.map((image) => image.src)")


def test_variations_and_a_mix_of_two_people(page):
    open_tab(page, "People")
    near, mixed = page.locator("#fg-near .fg-cell"), page.locator("#fg-mixed .fg-cell")
    expect(near).to_have_count(6)
    old = sources(near)
    assert len(set(old)) == 6
    button(page, "Six variations").click()
    expect(near.first.locator("img")).not_to_have_attribute("src", old[0])

    expect(mixed).to_have_count(3)
    one, half, other = sources(mixed)
    share = page.locator("#fg-share input[type=range]")
    share.focus()
    page.keyboard.press("End")  # all of the other
    expect(mixed.nth(1).locator("img")).to_have_attribute("src", other)
    page.keyboard.press("Home")  # nothing of them
    expect(mixed.nth(1).locator("img")).to_have_attribute("src", one)
    assert half not in (one, other)

    said = settings(page)["attributes"]
    near.nth(2).click()
    linked(page, "%2A")
    assert near.evaluate_all("all => all.map((cell) => cell.getAttribute('aria-pressed'))").index("true") == 2
    star = page.get_by_role("button", name="To the gallery: Variation 5")
    star.click()
    expect(star).to_have_text("★")
    assert "*" in settings(page)["person"] and settings(page)["attributes"] == said
    peek = page.get_by_role("button", name="Back to the face")  # the choice is seen without leaving the tab
    expect(peek.locator("img")).to_have_attribute("src", face(page))
    peek.click()
    expect(page.locator("#fg-person").locator("input, textarea")).to_have_value(settings(page)["person"])
    open_tab(page, "Gallery")
    starred = page.locator('[data-list="gallery"] .fg-cell')
    expect(starred).to_have_count(1)
    old = link(page)
    starred.click()
    page.wait_for_function("old => document.querySelector('.fg-stage').dataset.link !== old", arg=old)
    assert settings(page)["attributes"] == said


def test_breeding_forward_and_back(page, tmp_path):
    flip(page, "hat", "yes")
    open_tab(page, "People")
    button(page, "Next nine").click()
    expect(toast(page)).to_contain_text("Mark at least one face to breed from")
    button(page, "Start with nine strangers").click()
    cells = page.locator("#fg-brood .fg-cell")
    expect(cells).to_have_count(9)
    first = sources(cells)
    stars = page.locator("#fg-brood .fg-star")
    for i in (2, 3, 3):  # the second click takes it back
        stars.nth(i).click()
    for i in (4, 7):
        cells.nth(i).click()
        expect(cells.nth(i)).to_have_attribute("aria-pressed", "true")
    expect(stars).to_have_text([*"☆☆★☆☆☆☆☆☆"])
    button(page, "Next nine").click()
    brood = page.locator("#fg-brood")
    expect(brood).to_contain_text("Generation 2 of 2")
    expect(brood).not_to_contain_text("drawn")  # all of them are there
    second = sources(cells)
    assert second[:2] == [first[4], first[7]] and len({*first, *second}) == 16  # two are kept, seven are new
    button(page, "Back").click()
    expect(brood).to_contain_text("Generation 1 of 2")
    expect(brood).not_to_contain_text("drawn")
    assert sources(cells) == first
    expect(stars).to_have_text([*"☆☆★☆☆☆☆☆☆"])
    button(page, "Forward").click()
    expect(brood).to_contain_text("Generation 2 of 2")
    expect(brood).not_to_contain_text("drawn")
    cells.nth(5).click()
    expect(cells.nth(5)).to_have_attribute("aria-pressed", "true")
    button(page, "Mix the two marked").click()
    expect(toast(page)).to_contain_text("Mark two faces to mix")
    cells.nth(0).click()
    expect(cells.nth(0)).to_have_attribute("aria-pressed", "true")
    button(page, "Mix the two marked").click()
    mixed = page.locator("#fg-mixed .fg-cell")
    expect(mixed.nth(0).locator("img")).to_have_attribute("src", sources(cells)[5])
    expect(mixed.nth(2).locator("img")).to_have_attribute("src", sources(cells)[0])
    with page.expect_download() as download:
        page.locator("#fg-brood-pack").click()
    download.value.save_as(tmp_path / "people.zip")
    with zipfile.ZipFile(tmp_path / "people.zip") as archive:
        assert len({archive.read(name) for name in archive.namelist()}) == 9
    cells.nth(0).click()
    expect(cells.nth(0)).to_have_attribute("aria-pressed", "false")
    button(page, "Use the marked face").click()
    linked(page, "%2A")
    assert settings(page)["overrides"] == {"hat": True}  # attributes are kept


@on_desktop
def test_morph(page, tmp_path):
    flip(page, "hat", "yes")
    open_tab(page, "Morph")
    expect(page.get_by_label("From")).to_have_value(settings(page)["description"])
    page.get_by_label("To", exact=True).fill("a bald old man")
    button(page, "Make the morph").click()
    expect(page.locator("#fg-film img")).to_have_attribute("src", re.compile("^data:image/webp"))
    with page.expect_download() as download:
        page.locator("#fg-morph-save").click()
    download.value.save_as(tmp_path / "morph.webp")
    with Image.open(tmp_path / "morph.webp") as film, Image.open(io.BytesIO(png(page))) as shown:
        assert film.n_frames >= 24 and b"trainedAlgorithmicMedia" in film.info["xmp"]
        start, now = film.convert("RGB").resize((16, 16)), shown.convert("RGB").resize((16, 16))
        film.seek(23)
        end = film.convert("RGB").resize((16, 16))

    with page.expect_download() as download:
        page.get_by_role("link", name="Download MP4").click()
    download.value.save_as(tmp_path / "morph.mp4")
    with av.open(str(tmp_path / "morph.mp4")) as video:
        assert "trainedAlgorithmicMedia" in video.metadata["comment"]
        played = [frame.to_image().resize((16, 16)) for frame in video.decode(video=0)]

    def apart(a, b):
        return sum(abs(x - y) for x, y in zip(a.tobytes(), b.tobytes(), strict=True))

    assert apart(played[0], now) * 5 < apart(end, now) and apart(played[-1], now) < apart(end, now)
    assert min(apart(frame, end) for frame in played) * 5 < apart(end, now)
    assert apart(start, now) * 5 < apart(end, now)  # it sets out from the face on the page, hat and all


def test_review_is_ones_own(page, quick_pipe, tmp_path, app_url):
    open_tab(page, "Review")
    button(page, "Download the report").click()
    expect(toast(page)).to_contain_text("Rate a face first")
    page.locator("#fg-r-texts textarea").fill("a bald man\na woman with bangs")
    page.locator("#fg-r-seeds").locator("input, textarea").fill("0-1")
    button(page, "Draw the grid").click()
    cells = page.locator(".fg-review li")
    expect(cells).to_have_count(4)
    cells.nth(0).get_by_role("button", name="good").click()
    cells.nth(3).locator("select").select_option("blurry hairline")  # at once: no waiting for the first
    summary = page.locator("#fg-r-summary")
    expect(summary).to_contain_text("1 of 2")
    expect(summary).to_contain_text("blurry hairline")
    expect(summary.get_by_role("row", name=re.compile("bangs"))).to_be_visible()
    with page.expect_download() as download:
        button(page, "Download the report").click()
    download.value.save_as(tmp_path / "report.html")
    report = page.context.new_page()
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.locator("figure")).to_have_count(2)
    side = quick_pipe.generator.config.image_size
    assert report.locator("img").evaluate_all(f"all => all.every((image) => image.naturalWidth === {side})")
    expect(report.locator("figure.poor").first).to_contain_text("blurry hairline")
    report.goto(app_url)  # somebody else
    open_tab(report, "Review")
    expect(report.locator("#fg-r-summary")).to_contain_text("No ratings yet")
    report.close()

    with page.expect_download() as download:
        page.locator("#fg-r-pack").click()
    download.value.save_as(tmp_path / "review.zip")
    with zipfile.ZipFile(tmp_path / "review.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("faces.csv").decode())))
        assert [(r["seed"], r["verdict"], r["reason"]) for r in rows] == [
            ("0", "good", ""), ("1", "", ""), ("0", "", ""), ("1", "poor", "blurry hairline"),
        ]  # fmt: skip
        assert all(archive.read(f"faces/{r['file']}")[:4] == b"\x89PNG" for r in rows)


@on_desktop
def test_a_review_that_is_too_large_is_refused(page):
    open_tab(page, "Review")
    page.locator("#fg-r-seeds").locator("input, textarea").fill("0-95")
    button(page, "Draw the grid").click()
    expect(toast(page)).to_contain_text("review at most 96 at a time")


@on_desktop
def test_several_models_draw_a_file_of_descriptions_side_by_side(page, quick_pipe, pipe, tmp_path):
    open_tab(page, "Review")
    (tmp_path / "list.csv").write_text('description,seed\nan old man,1\n"a woman, smiling",2\n')
    with page.expect_file_chooser() as chooser:
        button(page, "Descriptions from a file").click()
    chooser.value.set_files(tmp_path / "list.csv")
    expect(page.locator("#fg-r-texts textarea")).to_have_value("an old man\na woman, smiling")
    page.locator("#fg-r-seeds").locator("input, textarea").fill("3")
    page.get_by_label("embedded").check()
    button(page, "Draw the grid").click()
    cells = page.locator(".fg-review li")
    expect(cells).to_have_count(4)
    assert ["by quick" in text for text in cells.all_inner_texts()] == [True, False] * 2
    left, right = cells.nth(2).bounding_box(), cells.nth(3).bounding_box()
    assert left["y"] == right["y"] > cells.nth(0).bounding_box()["y"]  # a row for each description
    with page.expect_download() as download:
        page.locator("#fg-r-pack").click()
    download.value.save_as(tmp_path / "review.zip")
    with zipfile.ZipFile(tmp_path / "review.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("faces.csv").decode())))
    assert [r["model"] for r in rows] == [quick_pipe.model, pipe.model] * 2


@on_desktop
def test_a_review_can_be_stopped_and_keeps_what_was_drawn(page):
    open_tab(page, "Review")
    page.get_by_label("embedded").check()
    page.get_by_label("quick").uncheck()  # that one is too quick to be stopped
    page.locator("#fg-r-seeds").locator("input, textarea").fill("0-31")
    button(page, "Draw the grid").click()
    expect(page.locator(".fg-review li").nth(2)).to_be_visible()
    button(page, "Stop").locator("visible=true").click()
    page.wait_for_timeout(1500)  # whatever was on its way has come
    count = page.locator(".fg-review li").count()
    page.wait_for_timeout(1500)
    assert 3 <= page.locator(".fg-review li").count() == count < 96
