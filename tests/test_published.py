"""The models in checkpoints/ beside the default one: the reports' own systems, each drawn with as anybody would."""

import json

import numpy as np
import pytest
import torch

from facegen import FacePipeline, hub, registry
from facegen.cli import main
from facegen.data.landmarks import FaceFinder, find_model

SMALL = ("deconv", "draw", "endtoend", "gan")


def test_all_four_systems_are_there():
    there = {row["name"]: row for row in hub.at_hand() if row["where"] == "embedded"}
    assert {*SMALL, "default", "classifier", "reader"} == {*there}
    sizes = [there[name]["mb"] for name in SMALL]
    assert max(sizes) < 6 and sum(sizes) < 20


def faces(name, text):
    drawn = FacePipeline.from_pretrained(name)(text, seed=0, n=8)
    assert all(face.image.size == (64, 64) for face in drawn) and len({face.image.tobytes() for face in drawn}) == 8
    return drawn


@pytest.mark.parametrize("name", ["draw", "endtoend", "gan"])
def test_a_published_model_draws_men_and_women(name):
    men, women = faces(name, "a man"), faces(name, "a woman")
    assert FacePipeline.from_pretrained(name)("a man", seed=3).png == men[3].png
    male = [np.mean([face.match["male"] for face in drawn]) for drawn in (men, women)]
    assert male[0] > male[1] + 0.2
    finder = FaceFinder(find_model())
    assert np.mean([bool(finder.find(np.asarray(face.image.resize((256, 256))))) for face in men + women]) > 0.7


def test_hair_is_drawn_end_to_end_as_the_words_say():
    black, blond, bald = (
        np.mean([np.asarray(face.image, float) for face in faces("endtoend", text)], 0)
        for text in ("a man with black hair", "a man with blond hair", "a bald man")
    )
    hair, forehead = slice(2, 10), slice(12, 18)
    assert blond[hair, 22:42].mean() > black[hair, 22:42].mean() + 30
    assert bald[forehead, 26:38].mean() > black[forehead, 26:38].mean() + 20


def test_the_first_reports_network_draws_sunglasses():
    bare, dark = (
        np.mean([np.asarray(face.image, float) for face in faces("deconv", text)], 0)
        for text in ("a man, no sunglasses", "a man with sunglasses")
    )
    eyes, mouth = slice(28, 36), slice(42, 50)
    assert (bare - dark)[eyes, 18:46].mean() > 30 > 10 > abs((bare - dark)[mouth, 18:46].mean())


def test_no_published_subject_is_one_person():
    model = registry.load("deconv")
    assert model.config.parents == 1 and all(subject.startswith("blend") for subject in model.config.subjects)
    one, other = model(torch.eye(len(model.config.subjects))[:2], torch.zeros(2, len(model.config.attributes)))
    assert (one - other).abs().mean() > 0.01


def test_the_end_to_end_reader_brings_its_model(tmp_path, capsys):
    def generate(*more) -> int:
        with pytest.raises(SystemExit) as stop:
            main(["generate", "a woman", "--reader", "endtoend", "-o", str(tmp_path / "face.png"), *more])
        return stop.value.code or 0

    assert generate("--json") == 0
    assert "endtoend" in json.loads(capsys.readouterr().out)["model"]
    assert generate("--force", "--model", "draw") == 2
    assert "brings its own model" in capsys.readouterr().err
