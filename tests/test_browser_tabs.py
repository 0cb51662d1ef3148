"""The other tabs as a person meets them, in Debian's Chromium: on a desktop and on a phone."""

from __future__ import annotations

import io
import json
import re
import zipfile

from pages import (  # noqa: F401
    changes,
    describe,
    expect,
    face,
    flip,
    linked,
    on_desktop,
    open_tab,
    page,
    png,
    settings,
)
from PIL import Image

from facegen.picture import read_settings


def sources(cells) -> list[str]:
    return cells.locator("img").evaluate_all("all => all.map((image) => image.src)")


def test_variations_and_a_mix_of_two_people(page):
    open_tab(page, "People")
    near, mixed = page.locator("#fg-near .fg-cell"), page.locator("#fg-mixed .fg-cell")
    expect(near).to_have_count(6)
    old = sources(near)
    assert len(set(old)) == 6
    page.get_by_role("button", name="Six variations").click()
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
    assert "*" in settings(page)["person"] and settings(page)["attributes"] == said
    peek = page.get_by_role("button", name="Back to the face")  # the choice is seen without leaving the tab
    expect(peek.locator("img")).to_have_attribute("src", face(page))
    peek.click()
    expect(page.locator("#fg-person").locator("input, textarea")).to_have_value(settings(page)["person"])


def test_breeding_forward_and_back(page):
    flip(page, "hat", "yes")
    linked(page, "hat")
    open_tab(page, "People")
    page.get_by_role("button", name="Next nine").click()
    page.get_by_role("button", name="Start with nine strangers").click()
    cells = page.locator("#fg-brood .fg-cell")
    expect(cells).to_have_count(9)
    first = sources(cells)
    for i in (4, 7):
        cells.nth(i).click()
        expect(cells.nth(i)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Next nine").click()
    brood = page.locator("#fg-brood")
    expect(brood).to_contain_text("Generation 2 of 2")
    second = sources(cells)
    assert second[:2] == [first[4], first[7]] and len({*first, *second}) == 16  # the marked ones are kept, seven are new
    page.get_by_role("button", name="Back", exact=True).click()
    expect(brood).to_contain_text("Generation 1 of 2")
    assert sources(cells) == first
    page.get_by_role("button", name="Forward").click()
    expect(brood).to_contain_text("Generation 2 of 2")
    cells.nth(5).click()
    expect(cells.nth(5)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Use the marked face").click()
    linked(page, "%2A")
    assert settings(page)["overrides"] == {"hat": True}  # attributes are kept


def test_morph(page, tmp_path):
    flip(page, "hat", "yes")
    linked(page, "hat")
    open_tab(page, "Morph")
    expect(page.get_by_label("From")).to_have_value(settings(page)["description"])
    page.get_by_label("To", exact=True).fill("a bald old man")
    page.get_by_role("button", name="Make the morph").click()
    expect(page.locator("#fg-film img")).to_have_attribute("src", re.compile("^data:image/webp"))
    with page.expect_download() as download:
        page.locator("#fg-morph-save").click()
    download.value.save_as(tmp_path / "morph.webp")
    with Image.open(tmp_path / "morph.webp") as film, Image.open(io.BytesIO(png(page))) as shown:
        assert film.n_frames >= 24 and b"trainedAlgorithmicMedia" in film.info["xmp"]
        start, now = film.convert("RGB").resize((16, 16)), shown.convert("RGB").resize((16, 16))
        film.seek(23)
        end = film.convert("RGB").resize((16, 16))

    def apart(a, b):
        return sum(abs(x - y) for x, y in zip(a.tobytes(), b.tobytes(), strict=True))

    assert apart(start, now) * 5 < apart(end, now)  # it sets out from the face on the page, hat and all


def test_gallery_and_history(page, tmp_path):
    flip(page, "bangs", "yes")
    linked(page, "bangs")
    page.get_by_role("button", name="Add to gallery").click()
    first = face(page)
    describe(page, "an old man with glasses")
    open_tab(page, "Gallery")
    expect(page.locator("#fg-kept .fg-cell")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as zip").click()
    download.value.save_as(tmp_path / "faces.zip")
    with zipfile.ZipFile(tmp_path / "faces.zip") as archive:
        (name,) = archive.namelist()
        assert read_settings(archive.read(name))["overrides"] == {"bangs": True}
    trail = page.locator("#fg-trail .fg-cell")
    assert trail.count() >= 2
    page.locator("#fg-kept .fg-cell").click()
    expect(page.locator("#fg-face")).to_have_attribute("src", first)
    expect(page.get_by_label("Describe a face")).to_be_visible()  # back on the first tab, with its settings
    expect(page.locator('.fg-row[data-name="bangs"] input[value="yes"]')).to_be_checked()
    open_tab(page, "Gallery")
    old = face(page)
    trail.filter(has_text="an old man with glasses").first.click()
    changes(page, old)
    expect(page.get_by_label("Describe a face")).to_have_value("an old man with glasses")


@on_desktop
def test_an_empty_gallery_says_so(page):
    open_tab(page, "Gallery")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    page.get_by_role("button", name="Download as zip").click()
    expect(page.locator(".toast-body").first).to_contain_text("Keep a face first")


def test_review_tab(page, pipe, ratings, tmp_path):
    had = len((ratings / "ratings.jsonl").read_text().splitlines()) if (ratings / "ratings.jsonl").exists() else 0
    open_tab(page, "Review")
    page.locator("#fg-r-texts textarea").fill("a bald man\na woman with bangs")
    page.locator("#fg-r-seeds").locator("input, textarea").fill("0-1")
    page.get_by_role("button", name="Draw the grid").click()
    cells = page.locator(".fg-review li")
    expect(cells).to_have_count(4)
    cells.nth(0).get_by_role("button", name="good").click()
    cells.nth(3).locator("select").select_option("blurry hairline")
    summary = page.locator("#fg-r-summary")
    expect(summary).to_contain_text("blurry hairline")
    expect(summary.get_by_role("row", name=re.compile("bangs"))).to_be_visible()
    while len((ratings / "ratings.jsonl").read_text().splitlines()) < had + 2:  # the summary may be of an earlier test
        page.wait_for_timeout(100)
    lines = [json.loads(line) for line in (ratings / "ratings.jsonl").read_text().splitlines()][had:]
    assert [(r["verdict"], r["reason"], r["seed"]) for r in lines] == [
        ("good", None, 0),
        ("poor", "blurry hairline", 1),
    ]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    download.value.save_as(tmp_path / "report.html")
    report = page.context.new_page()
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.locator("figure")).not_to_have_count(0)
    side = pipe.generator.config.image_size
    assert report.locator("img").evaluate_all(f"all => all.every((image) => image.naturalWidth === {side})")
    expect(report.locator("figure.poor").first).to_contain_text("blurry hairline")
    report.close()


@on_desktop
def test_a_review_that_is_too_large_is_refused(page):
    open_tab(page, "Review")
    page.locator("#fg-r-seeds").locator("input, textarea").fill("0-95")
    page.get_by_role("button", name="Draw the grid").click()
    expect(page.locator(".toast-body").first).to_contain_text("review at most 96 at a time")
