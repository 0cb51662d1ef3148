"""How the browser tests meet the app: a fresh visit on a desktop and on a phone, and what a person does there."""

from __future__ import annotations

import base64
import os
import re

import pytest

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
TIMEOUT = 240_000  # milliseconds: generous, since a busy machine is no fault of the page
expect.set_options(timeout=TIMEOUT)

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TABS = ("Describe", "People", "Morph", "Gallery", "Review", "About")

# For what looks and acts the same on both: one size is enough.
on_desktop = pytest.mark.parametrize("page", [DESKTOP], ids=["desktop"], indirect=True)
on_phone = pytest.mark.parametrize("page", [PHONE], ids=["phone"], indirect=True)


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


def settled(page) -> None:
    """The face is there and each of its words is explained."""
    expect(page.locator("#fg-face")).to_have_attribute("src", re.compile("^data:image/png"))
    expect(page.locator("#fg-strip .fg-word").first).to_be_visible()
    expect(page.locator("#fg-strip .fg-wait, .fg-stale")).to_have_count(0)


def face(page) -> str:
    return page.locator("#fg-face").get_attribute("src")


def png(page) -> bytes:
    return base64.b64decode(face(page).split(",")[1])


def settings(page) -> dict:
    """What the PNG on the page says about itself."""
    from facegen.picture import read_settings

    return read_settings(png(page))


def changes(page, old: str) -> None:
    expect(page.locator("#fg-face")).not_to_have_attribute("src", old)


def linked(page, part: str) -> None:
    """Wait until the face's own link, which says all that it was made from, has `part` in it."""
    page.wait_for_function("t => document.querySelector('.fg-stage').dataset.link.includes(t)", arg=part)


def describe(page, text: str) -> None:
    """Type and press Enter; done when the face is the one that was asked for."""
    box = page.get_by_label("Describe a face")
    box.fill(text)
    box.press("Enter")
    expect(page.locator(".fg-sentence")).to_contain_text(text.split()[-1])
    linked(page, text.split()[-1])


def open_tab(page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def flip(page, name: str, state: str) -> None:
    page.locator(f'.fg-row[data-name="{name}"] input[value="{state}"]').click()


def toggle(page, label: str, on: bool) -> None:
    page.get_by_label(label).set_checked(on)
