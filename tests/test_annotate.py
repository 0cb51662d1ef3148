"""Annotation: proposals, saving at every step, resuming, exporting; and the page itself in a real browser."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from conftest import free_port
from drawn_face import LANDMARKS, drawn_face
from PIL import Image
from typer.testing import CliRunner

from facegen.attributes import NAMES
from facegen.data.annotation import DEFAULT_NAMES, Annotation
from facegen.data.bag_of_words import read_words
from facegen.data.base import DataError, FaceTable
from facegen.data.readers import read_dataset
from facegen.ui.annotate import NOT_SAID, app, to_choice, to_labels

ROOT = Path(__file__).parent.parent
LABELS = [
    {"male": False, "smiling": True, "brown_hair": True},
    {"male": False, "smiling": False, "brown_hair": False},
    {"male": True, "beard": True},
]


@pytest.fixture
def folder(tmp_path):
    """Two subjects, one with two pictures, in the layout of folder.py."""
    (tmp_path / "images").mkdir()
    for k in range(3):
        Image.fromarray(drawn_face(64)).save(tmp_path / "images" / f"{k}.png")
    rows = ["image,subject,male,smiling,brown_hair,beard"]
    for k, said in enumerate(LABELS):
        cells = [{True: "yes", False: "no", None: ""}[said.get(n)] for n in ("male", "smiling", "brown_hair", "beard")]
        rows.append(f"{k}.png,{'anna' if k < 2 else 'bert'},{','.join(cells)}")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def begin(folder, **options) -> Annotation:
    return Annotation(read_dataset(folder), folder / "annotations.csv", **options)


def test_labels_on_which_the_pictures_agree_are_proposed(folder):
    annotation = begin(folder)
    assert [s.id for s in annotation.subjects] == ["anna", "bert"] and annotation.subjects[0].rows == (0, 1)
    anna, bert = annotation.proposals(0), annotation.proposals(1)
    assert anna["male"] is False and "brown_hair" not in anna  # the two pictures disagree
    assert "smiling" not in anna  # an expression is no trait
    assert bert["male"] is True and bert["beard"] is True


def test_the_jaw_proposes_a_shape(tmp_path):
    Image.fromarray(drawn_face(64)).save(tmp_path / "a.png")
    long_face = LANDMARKS * np.float32([44, 64])
    data = FaceTable([tmp_path / "a.png"], np.zeros((1, len(NAMES)), np.int8), landmarks=long_face[None])
    found = Annotation(data, tmp_path / "w.csv").proposals(0)
    assert found["oblong_face"] is True and found["round_face"] is False


def test_a_sure_classifier_fills_the_rest_and_contradicts_nothing(folder):
    def classifier(images):
        assert images.dtype == np.uint8 and images.shape[1:] == (128, 128, 3)
        names = ["male", "eyeglasses", "black_hair", "brown_hair", "bald", "bangs"]
        return names, np.tile(np.float32([0.99, 0.97, 0.96, 0.92, 0.03, 0.6]), (len(images), 1))

    anna = begin(folder, classifier=classifier).proposals(0)
    assert anna["male"] is False  # the set's own label stands
    assert anna["eyeglasses"] is True and anna["bald"] is False and "bangs" not in anna
    assert anna["black_hair"] is True and anna.get("brown_hair") is not True


def test_every_step_is_on_disk_and_a_new_start_goes_on(folder):
    annotation = begin(folder)
    assert annotation.start() == 0 and annotation.described() == 0
    annotation.save(0, {"male": False, "oval_face": True})
    assert read_words(folder / "annotations.csv")["anna"]["oval_face"] is True
    annotation.look(1)
    again = begin(folder)
    assert again.start() == 1 and again.described() == 1
    assert again.labels(0)["oval_face"] is True and "brown_hair" not in again.labels(0)
    assert again.labels(1)["beard"] is True  # not described yet: proposals


def test_without_a_place_it_opens_at_the_first_that_is_missing(folder):
    annotation = begin(folder)
    annotation.save(0, {"male": False})
    annotation.place.unlink()
    assert begin(folder).start() == 1


def test_a_new_yes_clears_its_rivals(folder):
    annotation = begin(folder)
    annotation.save(0, {"round_face": True})
    settled = annotation.save(0, {"round_face": True, "square_face": True})
    assert settled["square_face"] is True and settled["round_face"] is False


def test_rows_and_words_of_others_are_kept(folder):
    (folder / "annotations.csv").write_text("subject,words\ncarl,beard\nanna,smiling male\n")
    annotation = begin(folder)
    annotation.save(0, {"male": False})
    bags = read_words(folder / "annotations.csv")
    assert bags["carl"] == {"beard": True}
    assert bags["anna"] == {"smiling": True, "male": False}  # smiling wasn't asked for here


def test_a_broken_csv_is_named_and_left_alone(folder):
    (folder / "annotations.csv").write_text("something else\n")
    with pytest.raises(DataError, match="annotations.csv, line 1"):
        begin(folder)
    assert (folder / "annotations.csv").read_text() == "something else\n"


def test_the_readers_lay_annotations_over_labels(folder):
    begin(folder).save(0, {"male": False, "black_hair": True, "eyeglasses": False})
    data = read_dataset(folder)
    for i in (0, 1):
        said = data[i].attributes
        assert said["black_hair"] and said["brown_hair"] is False and said["eyeglasses"] is False
    assert "eyeglasses" not in data[2].attributes


def test_exports(folder):
    annotation = begin(folder)
    annotation.save(0, {"male": False, "black_hair": True})
    assert annotation.export(folder / "all.json") == 1
    assert json.loads((folder / "all.json").read_text())["anna"]["black_hair"] is True
    assert annotation.export(folder / "all.csv") == 3
    rows = list(csv.DictReader(open(folder / "all.csv")))
    assert [row["subject"] for row in rows] == ["anna", "anna", "bert"]
    assert rows[1]["black_hair"] == "yes" and rows[1]["brown_hair"] == "no" and rows[2]["black_hair"] == ""
    assert rows[0]["smiling"] == "yes" and rows[1]["smiling"] == "no"  # a picture's own
    with pytest.raises(DataError, match="exists already"):
        annotation.export(folder / "all.csv")
    with pytest.raises(DataError, match="ends in .csv or .json"):
        annotation.export(folder / "all.xlsx")


def test_export_from_the_shell(folder):
    begin(folder).save(1, {"male": True, "goatee": True})
    result = CliRunner().invoke(app, [str(folder), "--export", str(folder / "out.csv")])
    assert result.exit_code == 0, result.output
    assert "3 rows" in result.output and "goatee" in (folder / "out.csv").read_text()


def test_answers_round_trip():
    said = {"male": True, "beard": False}
    choices = tuple(to_choice(said.get(n)) for n in DEFAULT_NAMES)
    assert to_labels(DEFAULT_NAMES, choices) == said
    assert to_labels(("male", "beard"), (None, NOT_SAID)) == {}


def test_pictures_of_a_subject_stand_in_a_row(folder):
    assert begin(folder).picture(0, 32).shape == (32, 64, 3)


def serve(folder, port: int) -> subprocess.Popen:
    arguments = [sys.executable, "-c", "from facegen.ui.annotate import app; app()"]
    arguments += [str(folder), "--no-classifier", "--port", str(port)]
    process = subprocess.Popen(
        arguments, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True
    )
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/")
            return process
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the page wasn't served")


def test_by_keyboard_in_a_browser_killed_and_resumed(folder, browser):
    from pages import TIMEOUT, expect

    def until(condition):
        while not condition():
            page.wait_for_timeout(50)

    def bag(subject):
        path = folder / "annotations.csv"
        return read_words(path).get(subject, {}) if path.exists() else {}

    port = free_port()
    server = serve(folder, port)
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT)
    try:
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.get_by_text("Subject 1 of 2")).to_be_visible()
        expect(page.locator("#a-male input[value=no]")).to_be_checked()  # proposed
        assert "anna" not in page.content()  # ids may be people's names
        page.keyboard.press("y")  # male: yes
        until(lambda: bag("anna").get("male") is True)
        for _ in range(3):
            page.keyboard.press("j")
        page.keyboard.press("y")  # oval_face: the fifth
        until(lambda: bag("anna").get("oval_face") is True)
        expect(page.locator("#a-round_face input[value=no]")).to_be_checked()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Subject 2 of 2")).to_be_visible()
        page.keyboard.press("j")  # past young: nothing is said
        page.keyboard.press("k")
        page.keyboard.press("y")  # male was proposed: confirmed is answered, too
        until(lambda: bag("bert").get("male") is True)
        page.keyboard.press("k")
        page.keyboard.press("n")
        until(lambda: bag("bert").get("male") is False)
        os.killpg(server.pid, signal.SIGKILL)  # at any moment
        server.wait()
        server = serve(folder, port)
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.get_by_text("Subject 2 of 2")).to_be_visible()
        expect(page.locator("#a-male input[value=no]")).to_be_checked()
        page.keyboard.press("b")
        expect(page.get_by_text("Subject 1 of 2")).to_be_visible()
        expect(page.locator("#a-oval_face input[value=yes]")).to_be_checked()
    finally:
        page.close()
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    assert bag("anna")["male"] is True and bag("bert")["beard"] is True
