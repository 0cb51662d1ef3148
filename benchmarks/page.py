"""What a visitor waits for, in Chromium: the first face, a face after a key, and how much comes over the wire.

    python -m benchmarks page [--keys 40] [--visits 5] [--json]

All of it in one run on one machine, with the embedded model. Layout shift is Chromium's cumulative score, from the
first paint until the words of the first face are explained.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.browser import ANSWERED, PROBE, key_to_face
from benchmarks.measure import ROOT, machine, spread

sys.path.insert(0, str(ROOT / "tests"))
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
# When the first picture was painted, and every shift of the layout since.
WATCH = """() => {
    window.painted = null;
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (entry.element?.tagName === 'IMG') window.painted ??= entry.startTime;
    }).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifts += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
}"""


@contextmanager
def served() -> Iterator[str]:
    """The app in a process of its own; its address."""
    from conftest import free_port

    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "facegen", "app", "--port", url.rsplit(":", 1)[1]]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{url}/robots.txt", timeout=5).read()
                break
            except OSError:  # it is still starting
                time.sleep(1)
        yield url
    finally:
        server.terminate()
        server.wait()


def visits(browser: Any, url: str, n: int) -> dict[str, dict]:
    """n first visits of each size, with nothing in the browser's cache."""
    found = {}
    for name, size in SIZES.items():
        painted, ready, shifts = [], [], []
        for _ in range(n):
            context = browser.new_context(viewport=size)
            page = context.new_page()
            page.add_init_script(f"({WATCH})()")
            start = time.perf_counter()
            page.goto(url)
            page.wait_for_selector(".fg-ready")
            ready.append(time.perf_counter() - start)
            page.wait_for_selector("#fg-strip .fg-word")
            page.wait_for_function("() => !document.querySelector('#fg-strip .fg-wait') && window.painted !== null")
            painted.append(page.evaluate("window.painted") / 1000)
            shifts.append(page.evaluate("window.shifts"))
            context.close()
        found[f"first face painted, {name}"] = spread(painted)
        found[f"page ready, {name}"] = spread(ready)
        found[f"layout shift, {name}"] = {"worst": round(max(shifts), 4), "n": n}
    return found


def bytes_a_key(browser: Any, url: str, n: int) -> dict[str, int]:
    """What a key brings over the wire until its face is on the page."""
    page = browser.new_page(viewport=SIZES["desktop"])
    page.goto(url)
    page.wait_for_selector("#fg-strip .fg-word")
    page.evaluate(PROBE)
    box, received, found = page.locator("#fg-text textarea"), [], []
    wire = page.context.new_cdp_session(page)
    wire.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
    wire.send("Network.enable")
    box.fill("a man with a ha")
    for i in range(n):
        page.wait_for_timeout(1500)
        received.clear()
        box.press("t" if i % 2 == 0 else "Backspace")  # a hat, no hat, ..
        page.wait_for_function(ANSWERED)
        found.append(sum(received))
    page.close()
    return {"median": round(statistics.median(found)), "worst": max(found), "n": n}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=40)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    from conftest import CHROMIUM, CHROMIUM_ARGS
    from playwright.sync_api import sync_playwright

    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        rows = visits(browser, url, options.visits)
        rows["bytes a key, until its face"] = bytes_a_key(browser, url, 10)
        browser.close()
    rows |= key_to_face(options.keys)
    if options.json:
        print(json.dumps({"machine": machine(), "rows": rows}, indent=2))
        return
    print(machine())
    for name, row in rows.items():
        print(f"{name:40}", ", ".join(f"{key} {value}" for key, value in row.items()))
