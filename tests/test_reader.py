"""The recurrent reader: its grammar, its training, its checkpoint, and `parse` in the place of the rules'."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch

from facegen import attributes, hub, registry
from facegen.evaluation.reader import differences, read_descriptions, score
from facegen.reading.network import CHARACTERS, ReaderConfig, RecurrentReader, encode, load_reader
from facegen.reading.rules import DescriptionError, parse
from facegen.training.reader import ReaderTraining, fit, targets
from facegen.training.run import Run
from facegen.training.sentences.grammar import misspell, write
from tests.text_table import rows

DATA = Path(__file__).parent / "data"
SMALL = ReaderConfig(list(attributes.NAMES), embedding=8, channels=16, hidden=12)


@pytest.fixture(scope="module")
def embedded():
    return load_reader()


def test_the_grammar_repeats_itself_from_its_seed_and_only_then():
    def several(seed):
        rng = random.Random(seed)
        return [write(rng) for _ in range(20)]

    assert several(3) == several(3) != several(4)


def test_the_grammar_writes_valid_labels_for_every_attribute():
    rng = random.Random(0)
    seen = set()
    for _ in range(4000):
        text, said = write(rng)
        assert text.strip()
        attributes.check(said)
        seen |= set(said.items())
    assert seen == {(name, value) for name in attributes.NAMES for value in (True, False)}


def test_the_rules_agree_with_the_grammar():
    """Two independent makers of labels: where they part, one of them is wrong. Some of its sentences are ambiguous."""
    rng = random.Random(1)
    right = wrong = 0
    for _ in range(1500):
        text, said = write(rng)
        read = parse(text).attributes
        right += sum(read.get(name) is value for name, value in said.items())
        wrong += sum(read.get(name) is not value for name, value in said.items())
    assert right / (right + wrong) > 0.97


def test_misspelling_changes_letters_only():
    text = "a bearded man, 45, with long hair."
    changed = misspell(random.Random(0), text, 0.5)
    assert changed != text and "".join(c for c in changed if not c.isalpha()) == "".join(
        c for c in text if not c.isalpha()
    )
    assert misspell(random.Random(0), text, 0.0) == text


def test_characters_are_coded_without_case_and_padded():
    codes = encode(["Ab", "añ\U0001f600zz"])
    assert codes.shape == (2, 8)
    assert codes[0].tolist()[:3] == [CHARACTERS.index("a") + 2, CHARACTERS.index("b") + 2, 0]
    assert codes[1].tolist()[:3] == [
        CHARACTERS.index("a") + 2,
        CHARACTERS.index("n") + 2,
        1,
    ]  # ñ is n, an emoji is "other"


def test_targets_are_not_said_yes_no():
    assert targets([{"beard": True, "hat": False}], ["beard", "hat", "bald"]).tolist() == [[1, 2, 0]]


def test_padding_changes_nothing():
    torch.manual_seed(0)
    model = RecurrentReader(SMALL).eval()
    alone, _ = model(encode(["a bearded man"]))
    beside, attention = model(encode(["a bearded man", "x" * 200]))
    # The recurrent state runs over the padding backwards, so only attention's place is exact.
    assert attention[0, :, 4:].abs().max() < 1e-6
    assert alone.shape == beside[:1].shape == (1, len(attributes.NAMES), 3)


def test_training_learns_stops_in_time_and_resumes(tmp_path):
    config = ReaderTraining(steps=30, batch_size=16, learning_rate=5e-3)
    run = Run(tmp_path / "run", time_limit=0.0)
    assert fit(run, config, SMALL) is False and run.stopping == "the time limit"
    run = Run(tmp_path / "run")
    state = tmp_path / "run" / "state.safetensors"
    assert fit(run, config, SMALL, state) is True
    stored = json.loads((tmp_path / "run" / "checkpoint" / "config.json").read_text())
    assert stored["training"]["steps"] == 30 and stored["model_type"] == "facegen-reader"
    assert load_reader(tmp_path / "run" / "checkpoint").parse("a man").text == "a man"


def test_a_checkpoint_reads_the_same_after_a_round_trip(tmp_path):
    torch.manual_seed(1)
    model = RecurrentReader(SMALL).eval()
    registry.save(model, tmp_path / "reader")
    again = load_reader(tmp_path / "reader").model
    codes = encode(["an old man with glasses"])
    assert torch.allclose(model(codes)[0], again(codes)[0], atol=0.05)  # stored as int8


@pytest.mark.parametrize("damage", ["missing", "truncated", "other model", "pickle"])
def test_a_broken_checkpoint_is_one_sentence(tmp_path, damage):
    folder = tmp_path / "reader"
    registry.save(RecurrentReader(SMALL), folder)
    if damage == "missing":
        (folder / "model.safetensors").unlink()
    elif damage == "truncated":
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:100])
    elif damage == "other model":
        (folder / "config.json").write_text('{"model_type": "facegen-deconv"}')
    else:
        (folder / "model.safetensors").rename(folder / "model.pt")
    with pytest.raises(hub.CheckpointError) as error:
        load_reader(folder)
    assert "\n" not in str(error.value) and str(folder) in str(error.value)


def test_the_embedded_reader_is_small_and_knows_the_vocabulary(embedded):
    folder = hub.embedded("reader")
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5_000_000
    pose = set(attributes.members("pose"))  # joined the vocabulary after it was trained
    assert embedded.model.config.attributes == [n for n in attributes.NAMES if n not in pose]


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001])
def test_it_refuses_what_the_rules_refuse(embedded, text):
    with pytest.raises(DescriptionError) as ours:
        embedded.parse(text)
    with pytest.raises(DescriptionError) as rules:
        parse(text)
    assert str(ours.value) == str(rules.value)


@pytest.mark.parametrize("text", ["?", "\u202eأنا", "🧔" * 500, "ﬁ İ ß", "a" * 2000, "\n\n.\n"])
def test_any_text_is_read(embedded, text):
    reading = embedded.parse(text)
    attributes.check(reading.attributes)
    assert "".join(piece for piece, _ in reading.segments()) == text


@pytest.mark.parametrize(
    "text, says",
    rows(
        """
        a smiling young woman with long blond hair | smiling young -male long_hair blond_hair
        an old man with a beard and glasses | old male beard eyeglasses
        He has no beard and he doesn't wear glasses. | male -beard -eyeglasses
        """
    ),
)
def test_it_reads_plain_descriptions(embedded, text, says):
    assert embedded.parse(text).attributes == says


def test_its_mentions_lie_on_the_words_that_it_read(embedded):
    reading = embedded.parse("an old man with a beard, no hat")
    places = {m.attribute: m.words for m in reading.mentions}
    assert reading.text[reading.mentions[0].start : reading.mentions[0].end] == reading.mentions[0].words
    assert "beard" in places["beard"] or "hat" in places["hat"]
    assert any(keyword.attributes for keyword in reading.keywords)


def test_it_reads_what_people_write_and_less_well_than_the_rules(embedded):
    descriptions = read_descriptions(DATA / "descriptions_dev.jsonl")
    lstm, rules = score(embedded.parse, descriptions), score(parse, descriptions)
    assert 0.7 < lstm.f1 < rules.f1
    found = differences(parse, embedded.parse, descriptions)
    assert 0 < len(found) <= len(descriptions)
    text, differing = found[0]
    name, (a, b) = next(iter(differing.items()))
    assert a != b and a == attributes.complete(parse(text).attributes).get(name)
