"""What several tests share: the embedded pipeline, a small untrained checkpoint, a running app and a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from facegen import registry

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def pipe():
    """The embedded pipeline."""
    from facegen.pipeline import load

    return load(None)


def tiny_checkpoint(folder: Path, attributes: list[str], blocks: int) -> Path:
    """A checkpoint that loads fast and draws noise, another noise for each attribute and person."""
    import torch

    from facegen.drawing.deconv.config import GeneratorConfig
    from facegen.drawing.deconv.generator import DeconvGenerator

    sizes = {"identity_dim": 8, "flow_width": 8, "flow_hidden": 8, "flow_blocks": 1}
    config = GeneratorConfig(attributes=attributes, channels=[8] * (blocks + 1), larger_channels=4, **sizes)
    model = DeconvGenerator(config)
    torch.manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    registry.save(model, folder)
    return folder


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory) -> Path:
    """For what does not depend on how good the faces are."""
    return tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "small", ["male", "young", "smiling", "beard"], 2)


@pytest.fixture(scope="session")
def quick_checkpoint(tmp_path_factory) -> str:
    """What the app of the tests draws with: the attributes of the embedded model, in no time."""
    drawable = json.loads((ROOT / "checkpoints/default/config.json").read_text())["attributes"]
    return str(tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "quick", drawable, 4))


@pytest.fixture(scope="session")
def quick_pipe(quick_checkpoint):
    """The pipeline of the app that is served."""
    from facegen.pipeline import load

    return load(quick_checkpoint)


@pytest.fixture(scope="session")
def faces(tmp_path_factory):
    """48 drawn faces in CelebA's layout, half of them dark-haired, 32 px."""
    import numpy as np
    from drawn_face import drawn_face
    from PIL import Image

    folder = tmp_path_factory.mktemp("celeba")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for i in range(48):
        dark = i % 2 == 0
        hair = rng.integers(20, 60, 3) if dark else rng.integers(170, 220, 3)
        Image.fromarray(drawn_face(32, skin=rng.integers(120, 230, 3), hair=hair)).save(folder / f"images/{i:06d}.jpg")
        rows.append(f"{i:06d}.jpg {1 if dark else -1} {-1 if dark else 1}")
    (folder / "list_attr_celeba.txt").write_text("\n".join(["48", "Black_Hair Blond_Hair", *rows]) + "\n")
    return folder


@pytest.fixture(scope="session")
def squeezenet(tmp_path_factory) -> Path:
    """SqueezeNet's shapes with random weights."""
    import torch
    from safetensors.torch import save_file
    from torch import nn

    from facegen.networks.squeezenet import Fire

    torch.manual_seed(0)
    fires = {3: (96, 16, 64), 4: (128, 16, 64), 5: (128, 32, 128), 7: (256, 32, 128), 8: (256, 48, 192)}
    fires |= {9: (384, 48, 192), 10: (384, 64, 256), 12: (512, 64, 256)}
    layers = {0: nn.Conv2d(3, 96, 7, 2), **{i: Fire(*sizes) for i, sizes in fires.items()}}
    file = tmp_path_factory.mktemp("squeezenet") / "squeezenet.safetensors"
    save_file({f"features.{i}.{k}": v for i, m in layers.items() for k, v in m.state_dict().items()}, file)
    return file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def app(quick_checkpoint):
    """The whole app, served on a free port by this process."""
    from facegen import ui

    demo = ui.build(quick_checkpoint)
    options = {**ui.options(demo), "server_name": "127.0.0.1", "server_port": free_port()}
    demo.launch(prevent_thread_lock=True, quiet=True, **options)
    yield demo
    demo.close()


@pytest.fixture(scope="session")
def app_url(app) -> str:
    """Where the app is served."""
    return app.local_url.rstrip("/")


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by playwright."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def contexts(browser):
    """(size) -> a browser's profile of that size, which keeps Gradio's own scripts in its cache from test to test."""
    made: dict[int, object] = {}

    def context(size: dict):
        if size["width"] not in made:
            made[size["width"]] = browser.new_context(viewport=size, accept_downloads=True)
        return made[size["width"]]

    yield context
    for each in made.values():
        each.close()


@pytest.fixture(params=[{"width": 1280, "height": 900}, {"width": 390, "height": 844}], ids=["desktop", "phone"])
def page(request, contexts, app_url):
    """A fresh visit, see pages.py. Errors in the page's own code and requests to outside fail the test."""
    from pages import TIMEOUT, settled

    page = contexts(request.param).new_page()
    page.set_default_timeout(TIMEOUT)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    outside = re.compile(r"^(?!http://127\.0\.0\.1[:/]|data:|blob:)")
    page.on("request", lambda r: faults.append(f"outside: {r.url}") if outside.match(r.url) else None)
    page.goto(f"{app_url}/robots.txt")
    page.evaluate("localStorage.clear(); localStorage.setItem('facegen.toured', 'true')")
    page.goto(app_url)
    settled(page)
    yield page
    if folder := os.environ.get("FACEGEN_SCREENSHOTS"):  # to be looked at by people
        page.screenshot(path=f"{folder}/{request.node.name}.png", full_page=True)
    page.close()
    assert not faults


@pytest.fixture(scope="session")
def many(tmp_path_factory):
    """204 drawn faces of the test part and 210 of the validation part, 32 px, as three subjects; none to train on."""
    import numpy as np
    from drawn_face import drawn_face
    from PIL import Image

    folder = tmp_path_factory.mktemp("many")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    faces = {dark: drawn_face(32, hair=(40,) * 3 if dark else (200,) * 3).astype(np.int16) for dark in (True, False)}
    rows, subjects = [], []
    for number in [10 * i + 1 for i in range(204)] + [10 * i for i in range(210)]:
        dark = bool(rng.random() < 0.5)
        pixels = (faces[dark] + rng.normal(0, 12, (32, 32, 3))).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"images/{number:06d}.jpg")
        rows.append(f"{number:06d}.jpg {1 if dark else -1} {-1 if dark else 1}")
        subjects.append(f"{number:06d}.jpg {number % 3}\n")
    (folder / "list_attr_celeba.txt").write_text("\n".join([str(len(rows)), "Black_Hair Blond_Hair", *rows]) + "\n")
    (folder / "identity.txt").write_text("".join(subjects))
    return folder


@pytest.fixture(scope="session")
def packed(many):
    """They, at 32 px."""
    from facegen.data.pack import pack
    from facegen.data.readers import read_dataset

    return pack([read_dataset(many)], 32, many / "cache")
