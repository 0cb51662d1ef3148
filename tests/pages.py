"""How the browser tests meet the app: a fresh visit on a desktop and on a phone, and what a person does there."""

from __future__ import annotations

import re

import pytest

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
TIMEOUT = 60_000  # milliseconds: generous, since a busy machine is no fault of the page
expect.set_options(timeout=TIMEOUT)

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TABS = ("Describe", "People", "Morph", "Gallery", "Review", "About")

# For what looks and acts the same on both: one size is enough.
on_desktop = pytest.mark.parametrize("page", [DESKTOP], ids=["desktop"], indirect=True)
on_phone = pytest.mark.parametrize("page", [PHONE], ids=["phone"], indirect=True)


def settled(page) -> None:
    """The face is there and each of its words is explained."""
    expect(page.locator("#fg-face")).to_have_attribute("src", re.compile("^data:image/webp"))
    expect(page.locator("#fg-strip .fg-word").first).to_be_visible()
    expect(page.locator("#fg-strip .fg-wait, .fg-stale")).to_have_count(0)


def face(page) -> str:
    return page.locator("#fg-face").get_attribute("src")


def link(page) -> str:
    return page.locator(".fg-stage").get_attribute("data-link")


def png(page) -> bytes:
    """The face on the page as it would be downloaded."""
    return page.request.get(f"{page.url.split('?')[0]}face.png{link(page)}").body()


def settings(page) -> dict:
    """What the face's PNG says about itself."""
    from facegen.picture import read_settings

    return read_settings(png(page))


def changes(page, old: str) -> None:
    expect(page.locator("#fg-face")).not_to_have_attribute("src", old)


def linked(page, part: str) -> None:
    """Wait until the face's own link, which says all that it was made from, has `part` in it."""
    page.wait_for_function("t => document.querySelector('.fg-stage').dataset.link.includes(t)", arg=part)


def addressed(page, part: str) -> None:
    """Wait until the address bar has it, too."""
    page.wait_for_function("t => location.search.includes(t)", arg=part)


def describe(page, text: str) -> None:
    """Type and press Enter; done when the face is the one that was asked for."""
    box = page.get_by_label("Describe a face")
    box.fill(text)
    box.press("Enter")
    said = "new URLSearchParams(document.querySelector('.fg-stage').dataset.link).get('text')"
    page.wait_for_function(f"text => {said}.trim() === text.trim()", arg=text)
    expect(page.locator(".fg-sentence")).to_contain_text(text.split()[-1])


def open_tab(page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def flip(page, name: str, state: str) -> None:
    page.locator(f'.fg-row[data-name="{name}"] input[value="{state}"]').click()
    linked(page, name)


def toggle(page, label: str, on: bool) -> None:
    page.get_by_label(label).set_checked(on)


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def toast(page):
    return page.locator(".toast-body").first
