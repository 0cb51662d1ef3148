"""What several tests share: the embedded pipeline, a small untrained checkpoint, a running app and a browser."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from facegen import registry

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

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


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory) -> Path:
    """A checkpoint that loads fast and draws noise: for what does not depend on how good the faces are."""
    from facegen.drawing.generator import DeconvGenerator, GeneratorConfig

    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    config = GeneratorConfig(
        attributes=["male", "young", "smiling", "beard"],
        identity_dim=8,
        channels=[8, 8, 8],
        prior_width=8,
        prior_hidden=8,
        prior_blocks=1,
    )
    registry.save(DeconvGenerator(config), folder)
    return folder


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def ratings(tmp_path_factory) -> Path:
    """Where the running app keeps its ratings."""
    return tmp_path_factory.mktemp("ratings")


@pytest.fixture(scope="session")
def app(ratings):
    """The whole app, served on a free port by this process."""
    from facegen import ui

    demo = ui.build(ratings=ratings)
    options = {**ui.page(), "server_name": "127.0.0.1", "server_port": free_port()}
    demo.launch(prevent_thread_lock=True, quiet=True, show_error=True, **options)
    yield demo
    demo.close()


@pytest.fixture(scope="session")
def app_url(app) -> str:
    """Where the app is served."""
    return app.local_url


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
