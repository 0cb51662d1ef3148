"""From a key to the new face on the page, in live mode, measured in Chromium.

    python -m benchmarks browser [--n 40] [--json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from benchmarks.measure import ROOT, TEXTS, machine, spread, table

# Every key that changes the text, and when the face of that text, or of a longer one, was on the screen.
PROBE = """() => {
    const box = document.querySelector('#fg-text textarea');
    let pressed = 0;
    window.keys = [];
    box.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    box.addEventListener('input', () => { window.keys.push({ text: box.value, pressed, took: null }); });
    const drawn = () => new URLSearchParams(document.querySelector('.fg-stage').dataset.link).get('text');
    const arrived = () => requestAnimationFrame((now) => {
        const last = window.keys.findLastIndex((key) => key.text === drawn());
        for (const key of window.keys.slice(0, last + 1)) key.took ??= performance.now() - key.pressed;
    });
    new MutationObserver(arrived).observe(document.querySelector('#fg-main'), {
        subtree: true, childList: true, attributes: true, attributeFilter: ['src', 'data-link'] });
}"""
ANSWERED = "() => window.keys.length && window.keys.every((key) => key.took !== null)"


def key_to_face(n: int) -> dict[str, dict]:
    """From a key to the new face on the page, live mode, in Chromium: single keys after a pause, and fluent typing."""
    sys.path.insert(0, str(ROOT / "tests"))
    from conftest import CHROMIUM, CHROMIUM_ARGS, free_port
    from playwright.sync_api import sync_playwright

    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "facegen", "app", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        with sync_playwright() as playwright:
            page = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS).new_page()
            for _ in range(120):
                try:
                    page.goto(f"http://127.0.0.1:{port}")
                    break
                except Exception:  # the server is still starting
                    time.sleep(1)
            page.wait_for_selector("#fg-strip .fg-word")
            page.evaluate(PROBE)
            box = page.locator("#fg-text textarea")

            def took() -> list[float]:
                page.wait_for_function(ANSWERED)
                return [ms / 1000 for ms in page.evaluate("window.keys.splice(0).map((key) => key.took)")]

            box.fill("a man with a ha")
            took()
            single, fluent = [], []
            for i in range(n):
                page.wait_for_timeout(1500)  # the words are explained by then, which costs the same processor
                box.press("t" if i % 2 == 0 else "Backspace")  # a hat, no hat, ..
                single += took()
            for text in TEXTS:
                box.fill("")
                page.wait_for_timeout(1500)
                took()
                box.press_sequentially(text, delay=120)  # eight keys a second
                fluent += took()
            return {"single key to its face": spread(single), "key to its face, typing fluently": spread(fluent)}
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=40, help="single keys")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = key_to_face(options.n)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(machine())
    figures = [(name, *row.values()) for name, row in rows.items()]
    table("Live mode, in Chromium", ("", "median ms", "p95 ms", "keys"), figures)
