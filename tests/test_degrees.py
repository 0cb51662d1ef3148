"""Degrees by hand, attributes that are held, and what else a change brings: with a model that draws degrees."""

from __future__ import annotations

import json

import pytest
import torch
from conftest import free_port
from pages import TIMEOUT, button, describe, expect, flip, linked, settings, settled

from facegen import hub, parse, registry
from facegen.attributes import FACIAL_HAIR, MAKEUP, VocabularyError, encode, parse_override
from facegen.pipeline import FacePipeline
from facegen.request import OrderError, changed
from facegen.ui import links

NAMES, GRADED = ["male", "young", "old", "smiling", "beard", "hat"], ["smiling", "old"]


@pytest.fixture(scope="module")
def portrait(tmp_path_factory):
    """A random checkpoint that draws degrees, and says that a beard brings a hat."""
    from facegen.drawing.config import GeneratorConfig
    from facegen.drawing.generator import FaceGenerator

    folder = tmp_path_factory.mktemp("checkpoint") / "portrait"
    config = GeneratorConfig(
        NAMES, GRADED, identity_dim=8, channels=[16, 16, 16, 16, 8], style=16, coarse=16, flow_width=16,
        flow_hidden=16, flow_blocks=1,
    )  # fmt: skip
    torch.manual_seed(0)
    model = FaceGenerator(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    registry.save(model, folder)
    table = {"weights": hub.digest(folder), "people": 2, "change": {"beard": {"hat": 0.4, "old": -0.2, "smiling": 0.1}}}
    (folder / hub.LEAKAGE).write_text(json.dumps(table))
    return folder


@pytest.fixture(scope="module")
def graded(portrait):
    return FacePipeline.from_pretrained(portrait)


def test_a_degree_by_hand_is_drawn_kept_and_linked(graded, quick_pipe):
    faces = {d: graded("a smiling man", seed=3, overrides={"smiling": d}) for d in (True, "hardly", "very")}
    assert len({face.png for face in faces.values()}) == 3
    very = faces["very"]
    assert very.attributes["smiling"] is True and very.settings["degrees"] == {"smiling": 2}
    assert very.image.tobytes() == graded("a very smiling man", seed=3).image.tobytes()
    again = links.read(links.write(very.settings))
    assert "smiling%3Dvery" in links.write(very.settings) and again["overrides"] == {"smiling": "very"}
    plain, other = (quick_pipe("a man", overrides={"smiling": d}) for d in (True, "very"))
    assert plain.image.tobytes() == other.image.tobytes()  # a model without degrees draws a yes
    assert parse_override("smiling=Slightly") == ("smiling", "slightly")
    with pytest.raises(VocabularyError, match="hardly, slightly, clearly, very"):
        graded("a man", overrides={"smiling": "wildly"})


def test_an_order_moves_a_degree_where_the_model_draws_it():
    face = parse("a smiling man")
    overrides, made = changed(face, {}, "a bit more smile", GRADED)
    assert overrides == made == {"smiling": "clearly"}
    overrides, _ = changed(face, overrides, "more smile", GRADED)
    assert overrides == {"smiling": "very"}
    assert changed(face, overrides, "no smile", GRADED)[0] == {"smiling": False}
    with pytest.raises(OrderError, match="so already"):
        changed(face, {}, "a bit more smile")


def test_leakage_is_measured_beside_the_checkpoint(small_checkpoint, tmp_path):
    from typer.testing import CliRunner

    from facegen.evaluation.cli import app

    out = tmp_path / "leakage.json"
    arguments = ["leakage", "--model", str(small_checkpoint), "--people", "2", "-o", str(out)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    table = json.loads(out.read_text())
    assert table["weights"] == hub.digest(small_checkpoint) and set(table["change"]) == {
        "male", "young", "smiling", "beard",
    }  # fmt: skip
    for asked, row in table["change"].items():
        assert asked not in row and all(0.15 <= abs(change) <= 1 for change in row.values())
    assert "beard" not in table["change"]["male"]  # they are tied


@pytest.fixture
def graded_page(portrait, browser):
    """The app with that model, on a page of its own."""
    from facegen import ui

    demo = ui.build(str(portrait))
    options = {**ui.options(demo), "server_name": "127.0.0.1", "server_port": free_port()}
    demo.launch(prevent_thread_lock=True, quiet=True, **options)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(TIMEOUT)
    page.add_init_script("localStorage.setItem('facegen.toured', 'true')")
    page.goto(demo.local_url)
    settled(page)
    yield page
    page.close()
    demo.close()


def test_sliders_holds_and_what_a_change_brings_on_the_page(graded_page):
    page = graded_page
    describe(page, "a very old man with a beard")
    row = page.locator('.fg-row[data-name="old"]')
    slider, told = row.get_by_label("old", exact=True), row.locator("output")
    expect(told).to_have_text("auto: very")
    settled(page)  # both answers, to the typing and to Enter, have come
    slider.focus()
    page.keyboard.press("ArrowRight")
    linked(page, "old%3Dhardly")
    expect(told).to_have_text("hardly")
    assert settings(page)["overrides"] == {"old": "hardly"}
    page.keyboard.press("End")
    linked(page, "old%3Dvery")
    page.keyboard.press("Home")
    linked(page, "old%3Dno")
    assert settings(page)["overrides"] == {"old": False}
    page.get_by_label("Change it").fill("more smile")
    page.get_by_label("Change it").press("Enter")
    expect(page.locator("#fg-done")).to_contain_text("smiling")
    assert "smiling" in settings(page)["overrides"]
    button(page, "Back to the text").click()
    expect(page.locator(".fg-hand")).to_have_count(0)

    leak = page.locator('.fg-row[data-name="beard"] .fg-leak')
    expect(leak).to_be_hidden()
    flip(page, "beard", "yes")
    expect(leak).to_have_text("A yes tends to bring more hat, less old, more smiling")
    page.locator("#fg-board .fg-reset").click()

    settled(page)
    hold = page.get_by_label("Hold: old")
    hold.click()
    linked(page, "old%3Dvery")  # held as the text says it
    page.get_by_label("Hold: hat").click()  # nobody said: held as it is seen
    linked(page, "hat%3D")
    describe(page, "a woman")
    said = settings(page)["overrides"]
    assert said["old"] == "very" and isinstance(said["hat"], bool)
    hold.click()
    page.wait_for_function("() => !document.querySelector('.fg-stage').dataset.link.includes('old%3D')")
    expect(hold).to_have_attribute("aria-pressed", "false")


def test_what_the_embedded_model_draws_by_degrees(pipe):
    """A classifier that no loss saw: from hardly to very its answer rises in nine people of ten."""
    model, judge = pipe.generator, registry.load_classifier()
    assert {"smiling", "beard", "sunglasses", "chubby", "dark_skin", "heavy_makeup"} <= set(pipe.graded)
    identity = model.identity(range(30))
    for name in pipe.graded:
        said = [{"male": name in FACIAL_HAIR or (name not in MAKEUP and i % 2 == 0), name: True} for i in range(30)]
        hardly, very = (
            judge(model(identity, torch.tensor([encode(one, pipe.drawable, {name: degree}) for one in said])))
            for degree in (-2, 2)
        )
        rises = (very - hardly)[:, judge.attributes.index(name)] > 0
        assert rises.sum() >= 27, name
