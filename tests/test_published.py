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


# A blend of two men stays half a man: of deconv something else is asked.
@pytest.mark.parametrize(
    ("name", "yes", "no", "attribute"),
    [("deconv", "a man with sunglasses", "a man, no sunglasses", "sunglasses")]
    + [(name, "a man", "a woman", "male") for name in SMALL if name != "deconv"],
)
def test_a_published_model_draws_faces_on_which_words_act(name, yes, no, attribute):
    pipe = FacePipeline.from_pretrained(name)
    asked, other = (pipe(text, seed=0, n=8) for text in (yes, no))
    assert pipe(yes, seed=3).png == asked[3].png
    assert asked[0].image.size == (64, 64) and len({face.image.tobytes() for face in asked + other}) == 16
    seen = [np.mean([face.match[attribute] for face in faces]) for faces in (asked, other)]
    assert seen[0] > seen[1] + 0.2
    finder = FaceFinder(find_model())
    found = [bool(finder.find(np.asarray(face.image.resize((256, 256))))) for face in asked + other]
    assert np.mean(found) > 0.7


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
