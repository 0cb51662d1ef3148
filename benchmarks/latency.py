"""How fast and how large: description to PNG, a cold start, and beside them a network of deconvfaces' size.

    python benchmarks/latency.py [--n 100] [--threads 2] [--browser] [--json]

All of it in one run on one machine, so that the rows can be compared. With --browser also the time from a key to the
new face in live mode, measured in Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

TEXTS = (
    "a smiling young woman with long blond hair",
    "an old man with gray hair, a beard and glasses",
    "a bald man with a mustache, not smiling",
    "a woman with black hair, bangs and heavy make-up",
)


def spread(seconds: list[float]) -> dict:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    return {
        "median_ms": round(1000 * statistics.median(ordered), 1),
        "p95_ms": round(1000 * ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))], 1),
        "n": len(ordered),
    }


def cold(times: int, threads: int) -> dict:
    """`python -m facegen generate` as a fresh process: seconds until the PNG is written, and its peak memory."""
    seconds, memory = [], []
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(times):
            out = Path(folder) / f"{i}.png"
            command = [sys.executable, "-m", "facegen", "generate", TEXTS[0], "--seed", str(i), "-o", str(out)]
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds.append(time.perf_counter() - start)
            if status or not out.exists():
                raise SystemExit("the cold start failed: run `python -m facegen generate` to see why")
            memory.append(usage.ru_maxrss / 1024)
    return {**spread(seconds), "peak_mb": round(max(memory))}


def warm(n: int, best_of: int = 1) -> dict:
    """Description to PNG bytes, one at a time, in this process; of `best_of` relatives the one who shows the words
    best.
    """
    from facegen import FacePipeline

    pipe = FacePipeline.from_pretrained()
    for i in range(5):
        _ = pipe(TEXTS[i % len(TEXTS)], seed=i, best_of=best_of).png
    seconds = []
    for i in range(n):
        start = time.perf_counter()
        _ = pipe(TEXTS[i % len(TEXTS)], seed=i, best_of=best_of).png
        seconds.append(time.perf_counter() - start)
    size = pipe.generator.config.image_size
    parameters = sum(p.numel() for p in pipe.generator.parameters())
    return {**spread(seconds), "pixels": f"{size} x {size}", "parameters": parameters, "peak_mb": peak_mb()}


def deconvfaces(n: int) -> dict:
    """A network of the size of Flynn's deconvfaces: 6.1 M parameters, five upsampling + conv blocks, 320 x 256."""
    import torch
    from torch import nn

    class Deconv(nn.Module):
        def __init__(self, people: int = 57, emotions: int = 8):
            super().__init__()
            self.person, self.emotion = nn.Linear(people, 512), nn.Linear(emotions, 512)
            self.mix, self.dense = nn.Linear(1024, 1024), nn.Linear(1024, 32 * 10 * 8)
            layers: list[nn.Module] = []
            for a, b in zip((32, 160, 160, 128, 96), (160, 160, 128, 96, 32), strict=True):
                layers += [nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 5, padding=2), nn.LeakyReLU(0.1)]
                layers += [nn.Conv2d(b, b, 3, padding=1), nn.LeakyReLU(0.1)]
            self.blocks = nn.Sequential(*layers, nn.Conv2d(32, 3, 3, padding=1))

        def forward(self, person, emotion):
            h = torch.cat([self.person(person), self.emotion(emotion)], 1).relu()
            return self.blocks(self.dense(self.mix(h).relu()).relu().view(-1, 32, 10, 8))

    torch.manual_seed(0)
    network = Deconv().eval()
    seconds = []
    with torch.inference_mode():
        for i in range(n + 3):
            person, emotion = torch.eye(57)[i % 57][None], torch.eye(8)[i % 8][None]
            start = time.perf_counter()
            image = network(person, emotion)
            seconds.append(time.perf_counter() - start)
    assert image.shape == (1, 3, 320, 256)
    parameters = sum(p.numel() for p in network.parameters())
    return {**spread(seconds[3:]), "pixels": "320 x 256", "parameters": parameters}


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


def peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100, help="images for each row")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--browser", action="store_true", help="also key to face, in Chromium")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    import torch

    torch.set_num_threads(options.threads)
    rows = {
        "description to PNG, warm": warm(options.n),
        "a fresh process to its first PNG": cold(5, options.threads),
        "deconvfaces-size network, forward only": deconvfaces(max(10, options.n // 4)),
        # Last: a fresh process begins as a copy of this one, whose peak memory would count as its own.
        "the best of four": warm(options.n, best_of=4),
        "the best of eight": warm(options.n, best_of=8),
    }
    if options.browser:
        rows |= key_to_face(40)
    said = {
        "machine": platform.processor() or platform.machine(),
        "threads": options.threads,
        "load_average": os.getloadavg()[0],  # other work on the machine shows here
        "torch": torch.__version__,
        "rows": rows,
    }
    if options.json:
        print(json.dumps(said, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"batch 1, {options.threads} threads, load average {said['load_average']:.1f}")
    for column in ("what", "median ms", "p95 ms", "peak MB", "pixels", "parameters", "n"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, row in rows.items():
        parameters = f"{row['parameters'] / 1e6:.1f} M" if "parameters" in row else ""
        measured = (
            row["median_ms"],
            row["p95_ms"],
            row.get("peak_mb", ""),
            row.get("pixels", ""),
            parameters,
            row["n"],
        )
        table.add_row(name, *map(str, measured))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
