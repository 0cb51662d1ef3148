"""The model card: made from the figures of `evaluate faces`, around what its author wrote."""

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from facegen import hub
from facegen.cli import main
from facegen.evaluation import card as made

ROOT = Path(__file__).parent.parent
FIGURES = ROOT / "docs/evaluation_few.json"


def card(folder, figures, *more) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "card", str(folder), "--figures", str(figures), *more])
    return stop.value.code or 0


def test_a_new_card_has_figures_usage_and_a_picture_and_is_pushed_once_it_names_a_licence(small_checkpoint, tmp_path):
    folder = shutil.copytree(small_checkpoint, tmp_path / "small")
    assert card(folder, FIGURES, "--repo-id", "me/face") == 0
    path, found = folder / hub.CARD, json.loads(FIGURES.read_text())
    page = ModelCard(path.read_text())
    assert 'from_pretrained("me/face")' in page.text and (folder / made.PICTURE).stat().st_size > 1000
    values = {result.metric_name: result.metric_value for result in page.data.eval_results}
    assert values["a face is found"] == round(found["face_found"]["drawn"], 4)
    assert f"| women | {found['groups']['women']['seen']:.3g} |" in page.text
    with pytest.raises(hub.CheckpointError, match="doesn't say license"):
        hub.check_card(folder)
    own = path.read_text().replace("library_name", "license: mit\nlibrary_name").replace("To be written", "London Set")
    path.write_text(own)
    assert card(folder, FIGURES, "--repo-id", "me/face") == 0
    assert path.read_text() == own
    hub.check_card(folder)


def test_a_classifiers_card_gets_its_figures_and_keeps_its_words(tmp_path):
    folder = shutil.copytree(hub.embedded("classifier"), tmp_path / "classifier")
    found = {
        "protocol": {"photographs": 9}, "mean": {"balanced_accuracy": 0.75, "roc_auc": 0.8},
        "calibration_error_all": 0.1, "sure": {"right": None, "share": 0.5, "attributes": 2},
        "attributes": {"hat": {}, "bald": {}},
    }  # fmt: skip
    (tmp_path / "figures.json").write_text(json.dumps(found))
    words = ModelCard.load(folder / hub.CARD).text
    assert card(folder, tmp_path / "figures.json") == 0
    page = ModelCard.load(folder / hub.CARD)
    assert page.text == words
    values = {result.metric_name: result.metric_value for result in page.data.eval_results}
    assert (
        values["balanced accuracy, mean of 2 attributes"] == 0.75 and values["ROC area, mean of the attributes"] == 0.8
    )
    assert "right where it is sure" not in values  # not measured
    assert card(folder, FIGURES) == 2  # a generator's


def test_a_readers_card_gets_what_evaluate_reader_printed(tmp_path, capsys):
    folder = shutil.copytree(hub.embedded("reader"), tmp_path / "reader")
    words = ModelCard.load(folder / hub.CARD).text
    labelled = str(ROOT / "tests/data/descriptions_unseen.jsonl")
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "reader", "--file", labelled, "--json"])
    assert not stop.value.code
    printed = capsys.readouterr().out
    (tmp_path / "figures.json").write_text(printed)
    assert card(folder, tmp_path / "figures.json") == 0
    page = ModelCard.load(folder / hub.CARD)
    assert page.text == words
    values = {result.metric_name: result.metric_value for result in page.data.eval_results}
    assert values["f1, statements of labelled descriptions"] == json.loads(printed)["all"]["lstm"]["f1"]
    (tmp_path / "figures.json").write_text(json.dumps({"all": {"rules": {}}}))
    assert card(folder, tmp_path / "figures.json") == 2  # --rules-only measures no checkpoint


@pytest.mark.parametrize(
    ("figures", "page", "words"),
    [
        ("none.json", None, "can't be read"),
        ("config.json", None, "is missing"),
        (FIGURES, "---\nlicense: mit\n---\n# Mine\n", "expected the marks"),
        (FIGURES, "---\n- no\n---\n", "is no model card's"),
    ],
)
def test_a_card_that_cannot_be_made_is_told_and_left(small_checkpoint, tmp_path, capsys, figures, page, words):
    folder = shutil.copytree(small_checkpoint, tmp_path / "small")
    if page:
        (folder / hub.CARD).write_text(page)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert card(folder, folder / figures) == 2
    assert words in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_the_embedded_card_says_what_was_measured():
    folder, found = hub.embedded(), made.read_figures(FIGURES, "faces")
    page = ModelCard.load(folder / hub.CARD)
    assert made.text(found, "OWNER/NAME") in page.text and (folder / made.PICTURE).is_file()
    assert page.data.eval_results == made.results(made.rows(found), page)
    assert page.data.datasets and len(page.text.splitlines()) < 110
