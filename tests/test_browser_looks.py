"""How the page looks and behaves, whatever is on it: in sight, in line, in the dark, with axe and on a phone."""

from __future__ import annotations

import re
import threading

import pytest
from pages import (
    DESKTOP,
    PHONE,
    TABS,
    TIMEOUT,
    button,
    changes,
    expect,
    face,
    flip,
    linked,
    on_desktop,
    on_phone,
    open_tab,
    settled,
)


@on_phone
def test_the_face_stays_in_sight_while_its_switches_are_set(page):
    peek = page.get_by_role("button", name="Back to the face")
    expect(peek).to_be_hidden()
    page.locator('.fg-row[data-name="hat"]').scroll_into_view_if_needed()
    expect(peek).to_be_visible()
    flip(page, "hat", "yes")
    expect(peek.locator("img")).to_have_attribute("src", face(page))
    peek.click()
    expect(page.locator("#fg-main .fg-frame")).to_be_in_viewport(ratio=0.9)
    expect(peek).to_be_hidden()


@on_desktop
def test_whoever_waits_sees_their_place_in_the_queue(page, app_url):
    from facegen.ui import session

    other = page.context.new_page()
    other.goto(app_url)
    settled(other)
    old = face(page)
    done = threading.Event()
    session._artist.submit(done.wait)  # as if a long drawing were under way
    try:
        button(other, "New person").click()
        expect(other.locator("#fg-main .progress-text")).to_be_visible()
        page.get_by_label("Describe a face").press("End")
        page.get_by_label("Describe a face").press_sequentially(" and a hat")
        expect(page.locator("#fg-main .progress-text")).to_contain_text(re.compile(r"queue: \d+/\d+"))
    finally:
        done.set()
    changes(page, old)
    linked(page, "hat")
    expect(page.locator("#fg-main .progress-text")).to_have_count(0)
    other.close()


SHIFTS = """() => {
    window.jumps = [];
    new PerformanceObserver((list) => window.jumps.push(...list.getEntries().map((e) => e.value)))
        .observe({ type: 'layout-shift', buffered: true });
}"""


def test_a_face_is_in_the_page_before_any_script_and_nothing_jumps_while_it_is_built(page, browser, app_url):
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(app_url)
    expect(plain.locator("#fg-splash")).to_be_visible()
    assert plain.locator("#fg-splash").get_attribute("src") == face(page)
    context.close()
    page.add_init_script(f"({SHIFTS})()")
    page.reload()
    settled(page)
    expect(page.locator("#fg-splash")).to_have_count(0)
    assert sum(page.evaluate("window.jumps")) < 0.05


def test_nothing_jumps_and_no_face_is_enlarged_beyond_what_looks_sharp(page):
    frame = page.locator("#fg-main .fg-frame")
    box, old = frame.bounding_box(), face(page)
    assert box["width"] <= 360
    page.evaluate(SHIFTS.replace(", buffered: true", ""))
    button(page, "New person").click()
    changes(page, old)
    settled(page)
    assert frame.bounding_box() == box
    assert sum(page.evaluate("window.jumps")) < 0.05
    expect(page.locator(".fg-synthetic")).to_contain_text("synthetic")


def test_dark_and_light_and_no_side_scroll_on_any_tab(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button(page, "Dark / light").click()
    dark = page.evaluate(ground)
    assert dark != light
    for name in TABS:
        open_tab(page, name)
        expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    about = page.locator("#fg-about")
    for words in ("not for identifying anyone", "Bias", "MIT licence", "not commercial"):
        expect(about).to_contain_text(words)
    page.reload()
    settled(page)
    assert page.evaluate(ground) == dark  # it is remembered


# A busy tab is looked at once it has drawn what it shows by itself.
DRAWN = {"Describe": ".fg-word", "People": "#fg-near .fg-cell", "Gallery": '[data-list="trail"] .fg-cell'}


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")])
def test_axe_finds_nothing(browser, app_url, size, scheme):
    """axe-core's rules (WCAG 2 A and AA among them) on each tab."""
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{app_url}?__theme={scheme}")
    settled(page)
    found = []
    for name in TABS:
        open_tab(page, name)
        if name in DRAWN:
            expect(page.locator(DRAWN[name]).first).to_be_visible()
        for violation in axe_playwright.Axe().run(page).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"]][:4]
            found.append(f"{name}: {violation['impact']} {violation['id']}: {nodes}")
    context.close()
    assert not found, "\n".join(found)
