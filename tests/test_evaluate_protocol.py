"""The figures of `evaluate faces` on models and sets whose true figure is known."""

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from facegen.attributes import NAMES, tied
from facegen.data.base import settle_exclusive
from facegen.data.pack import Pack
from facegen.evaluation.faces.flips import flip_alone, flip_people, flipped, mirror_noise
from facegen.evaluation.faces.groups import by_group
from facegen.evaluation.faces.memorisation import Nearest, closest_pairs, compare, nearest, nearest_pixels
from facegen.evaluation.faces.page import check_private
from facegen.evaluation.faces.protocol import beside
from facegen.evaluation.faces.said import COUNTS, few_words, seen_as_said
from facegen.evaluation.faces.sameness import identity, pairs, strangers
from facegen.evaluation.instruments.cache import cached, fingerprint
from facegen.evaluation.instruments.judge import Judge, judge_rows
from facegen.evaluation.reader import EvaluationError

ASKED = ["male", "young", "black_hair", "blond_hair", "beard", "hat", "smiling"]
SIZE = 16


@dataclass
class Settings:
    attributes: list[str] = field(default_factory=lambda: list(ASKED))
    image_size: int = SIZE


class Stripes(nn.Module):
    """Draws each attribute as a column, light for yes; the row of pixels below is who it is.

    `deaf` to all attributes it draws what the seed says; `leaks` {attribute: other} draws the other one's column too.
    """

    def __init__(self, deaf=False, leaks=None):
        super().__init__()
        self.config, self.deaf, self.leaks = Settings(), deaf, leaks or {}

    def identity(self, seeds):
        return torch.stack([torch.from_numpy(np.random.default_rng(s).uniform(-1, 1, SIZE)).float() for s in seeds])

    def forward(self, identity, attributes):
        images = identity[:, None, None].expand(-1, 3, SIZE, -1).clone()
        if not self.deaf:
            for j in range(len(ASKED)):
                images[:, :, :8, j] = attributes[:, j, None, None] * 0.8
            for name, other in self.leaks.items():
                images[:, :, :8, ASKED.index(other)] = attributes[:, ASKED.index(name), None, None] * 0.8
        return images


class Columns:
    """A lens that reads the columns; the row of pixels below is the embedding."""

    name, key = "reading", "columns"

    def __call__(self, images):
        verdicts = (images[:, 0, 0, : len(ASKED)].numpy() + 1) / 2
        person = images[:, 0, -1].numpy()
        return {"verdicts": verdicts, "embeddings": person, "objects": person, "found": np.ones(len(images), bool)}


JUDGE = Judge.restored({"names": np.array(ASKED)})
QUIET = dict.fromkeys(ASKED, 0.0)


def people(n=40):
    rows = np.random.default_rng(0).choice([-1, 1], (n, len(ASKED))).astype(np.int8)
    rows[:, ASKED.index("blond_hair")] = -rows[:, ASKED.index("black_hair")]
    rows[rows[:, 0] < 0, ASKED.index("beard")] = -1
    return rows


def test_a_model_that_does_only_what_is_asked_leaks_nothing():
    figures, cosines = flip_people(Stripes(), JUDGE, [Columns()], people(), QUIET, SIZE)
    assert figures["off_target_main"]["changed"] == 0 and figures["off_target_all"]["changed"] == 0
    for name in ASKED:
        assert figures["flips"][name]["judged_as_asked"] == figures["flips"][name]["moved_the_right_way"] == 1
    assert figures["flips"]["beard"]["people"] == (people()[:, 0] > 0).sum()  # on men only
    assert all(np.allclose(values, 1, atol=1e-5) for values in cosines.values())  # the person is the row below


def test_a_model_that_ignores_attributes_leaks_nothing_and_obeys_by_chance():
    figures, _ = flip_people(Stripes(deaf=True), JUDGE, [Columns()], people(), QUIET, SIZE)
    assert figures["off_target_main"]["changed"] == 0
    assert 0.2 < figures["flips"]["smiling"]["judged_as_asked"] < 0.8
    assert figures["flips"]["smiling"]["moved_the_right_way"] < 0.8


def test_leakage_is_found_where_it_is():
    figures, _ = flip_people(Stripes(leaks={"smiling": "hat"}), JUDGE, [Columns()], people(), QUIET, SIZE)
    assert figures["changed"]["smiling"]["hat"] == 1.0
    assert figures["changed"]["smiling"]["young"] == 0.0
    assert figures["flips"]["smiling"]["off_target_main"] == pytest.approx(1 / 6)  # one of six other attributes
    alone = flip_alone(Stripes(leaks={"smiling": "hat"}), JUDGE, [Columns()], 5, SIZE)
    assert alone["smiling"]["off_target_main"] == pytest.approx(1 / 6) and alone["male"]["off_target_main"] == 0
    assert alone["smiling"]["judged_yes_when_yes"] == 1 and alone["smiling"]["judged_yes_when_no"] == 0


def test_what_is_tied_is_counted_apart():
    figures, _ = flip_people(Stripes(leaks={"male": "beard"}), JUDGE, [Columns()], people(), QUIET, SIZE)
    assert "beard" not in figures["changed"]["male"] and figures["changed_tied"]["male"]["beard"] > 0.2
    assert figures["flips"]["male"]["off_target_main"] == 0


def test_ties_go_both_ways_but_for_gender():
    for name in NAMES:
        assert name not in tied(name)
        assert all(name in tied(other) for other in tied(name)) or name == "male"
    assert "male" not in tied("beard")  # who shaves stays a man
    assert "gray_hair" in tied("black_hair") and "mustache" in tied("beard") and "beard" in tied("male")
    assert not {"young", "gray_hair"} & tied("old") - {"young", "middle_aged"}  # what only goes together is not tied
    assert "hat" not in tied("male")


def test_flipping_keeps_labels_possible():
    names = ["male", "black_hair", "blond_hair", "beard", "hat"]
    rows = np.array([[1, 1, -1, 1, -1], [-1, -1, 1, -1, 1], [1, 0, 0, 0, 1]], np.int8)
    who, after = flipped(rows, "beard", names)
    assert who.tolist() == [0] and after.tolist() == [[1, 1, -1, -1, -1]]  # a woman's isn't flipped, nor one not said
    who, after = flipped(rows, "black_hair", names)
    assert who.tolist() == [0, 1]
    assert after.tolist() == [[1, -1, 0, 1, -1], [-1, 1, -1, -1, 1]]  # yes rules the rival out; no leaves it open
    _, after = flipped(rows, "male", names)
    assert after[:, 3].tolist() == [0, 0, 0] and after[:, 0].tolist() == [-1, 1, -1]
    assert rows[0].tolist() == [1, 1, -1, 1, -1]  # the input stays


def test_the_judge_sees_who_faces_left_face_right_in_the_mirror():
    judge = Judge.restored({"names": np.array(["facing_left", "facing_right", "hat"])})
    seen, mirrored = np.array([[0.9, 0.1, 0.9], [0.1, 0.9, 0.2]]), np.array([[0.1, 0.9, 0.9], [0.8, 0.2, 0.7]])
    assert mirror_noise(judge, seen, mirrored) == {"facing_left": 0.0, "facing_right": 0.0, "hat": 0.5}


def test_copied_training_faces_are_found():
    rng = np.random.default_rng(0)
    bank = rng.integers(0, 256, (50, 8, 8, 3), np.uint8)
    held_out = rng.integers(0, 256, (40, 8, 8, 3), np.uint8)
    copies = np.concatenate([bank[[7, 3]], bank[[9], :, ::-1]])  # the last in the mirror
    found = nearest_pixels(copies, bank)
    assert found.places.tolist() == [7, 3, 9] and np.allclose(found.distances, 0, atol=0.1)
    figures = compare({"drawn": found, "held_out": nearest_pixels(held_out, bank)})
    assert figures["nearer_than_held_out"] == 1 and figures["below_held_out_1_percent"] == 1
    assert figures["drawn"]["minimum"] < 0.1 < 50 < figures["held_out"]["minimum"]
    new = compare({"drawn": nearest_pixels(held_out[:20], bank), "held_out": nearest_pixels(held_out[20:], bank)})
    assert 0.2 < new["nearer_than_held_out"] < 0.8


def test_faces_without_features_are_no_ones_neighbors():
    bank = np.array([[0.0, 0], [np.nan, 0], [5, 5]])
    found = nearest(np.array([[4.0, 5], [np.nan, 1], [0, 0.5]]), bank)
    assert found.places.tolist() == [2, -1, 0]
    np.testing.assert_allclose(found.distances, [1, np.nan, 0.5])
    assert closest_pairs(found) == [(2, 0, 0.5), (0, 2, 1.0)]
    assert compare({"drawn": Nearest(np.full(3, np.nan), np.full(3, -1)), "held_out": found}) == {}


def test_what_is_said_is_as_common_as_people_say_it():
    """said.json is what the descriptions of tests/data come to; of many labels as few are said, the same ones most."""
    files = [Path(__file__).parent / f"data/descriptions_{part}.jsonl" for part in ("dev", "unseen")]
    rows = [json.loads(line)["attributes"] for file in files for line in file.read_text().splitlines()]
    assert COUNTS["numbers"] == {str(n): k for n, k in sorted(Counter(map(len, rows)).items())}
    assert all(
        counts == [sum(row.get(a) is yes for row in rows) for yes in (False, True)]
        for a, counts in COUNTS["attributes"].items()
    )
    names = list(NAMES)
    labels = np.where(np.random.default_rng(0).random((500, len(names))) < 0.5, -1, 1).astype(np.int8)
    settle_exclusive(labels)
    said = few_words(labels, names)
    assert ((said == labels) | (said == 0) | (labels == 0)).all()
    often = {name: int((said[:, names.index(name)] != 0).sum()) for name in ("male", "eyeglasses", "sideburns")}
    assert often["male"] > 300 > 200 > often["eyeglasses"] > 30 > often["sideburns"]
    assert (few_words(labels * 0, names) == 0).all()


def test_seen_as_it_was_said():
    said = np.array([[1, 0], [-1, 0], [1, 0], [0, 0]], np.int8)
    table = seen_as_said(
        said, np.array([[0.9, 0.1], [0.8, 0.1], [0.2, 0.1], [0.9, 0.1]]), ["hat", "bald"], ["hat", "bald"]
    )
    assert table == {"hat": {"n": 3, "yes": 0.5, "no": 0.0, "seen": pytest.approx(1 / 3)}}
    colors = ["black_hair", "gray_hair"]
    table = seen_as_said(np.array([[1, -1], [0, -1]], np.int8), np.array([[0.9, 0.1], [0.1, 0.9]]), colors, colors)
    # Who has black hair wasn't said not to be gray.
    assert table["gray_hair"] == {"n": 1, "yes": None, "no": 0.0, "seen": 0.0}


def test_groups_are_asked_for_the_same_beside():
    said = people(30)
    nobody = {"objects": np.empty((0, SIZE))}, np.empty((0, len(ASKED)))
    figures = by_group(Stripes(), JUDGE, [Columns()], said, SIZE, *nobody)
    assert list(figures) == ["women", "men", "young"]  # what it draws of sex, age and ethnicity
    unknown = {"drawn": None, "photographs": None}
    assert all(row == {"seen": 1.0, "face_found": 1.0, "frechet": unknown} for row in figures.values())
    deaf = by_group(Stripes(deaf=True), JUDGE, [Columns()], said, SIZE, *nobody)
    assert 0.3 < deaf["men"]["seen"] < 0.7


def test_groups_are_compared_with_their_own_photographs():
    """Men's photographs are like what is drawn, women's are far from it."""
    rng = np.random.default_rng(0)
    labels = np.zeros((350, len(ASKED)))
    labels[:, ASKED.index("male")] = np.repeat([1, -1], [200, 150])
    objects = rng.uniform(-1, 1, (350, SIZE))
    objects[200:] += 5
    figures = by_group(Stripes(), JUDGE, [Columns()], people(100), SIZE, {"objects": objects}, labels)
    men, women = figures["men"]["frechet"], figures["women"]["frechet"]
    assert men["drawn"] < 2 and men["photographs"] < 2  # 200 photographs of men, two halves
    assert women["drawn"] > 5 * SIZE and women["photographs"] is None  # a hundred, and not another
    assert figures["young"]["frechet"] == {"drawn": None, "photographs": None}


def test_pairs_of_people():
    same, other = pairs(["a", "b", "a", "a"], np.random.default_rng(0))
    assert same.tolist() == [[0, 2], [0, 3], [2, 3]] and sorted(other.tolist()) == [[0, 1], [1, 2], [1, 3]]


def test_identity_lies_between_two_people_and_one():
    known = {"same_person": np.array([0.9, 1.0]), "other_person": np.array([0.5, 0.6])}
    figures = identity({"hat": np.array([0.9, np.nan]), "beard": np.array([0.6]), "male": np.array([np.nan])}, known)
    assert figures["position"] == pytest.approx((0.75 - 0.55) / 0.4)
    assert figures["nearer_to_same"] == 0.5 and figures["same_from_other_roc_area"] == 1
    assert figures["each"] == {"hat": 0.9, "beard": 0.6, "male": None}
    assert "position" not in identity({}, known)


def test_what_is_kept_is_measured_once(tmp_path):
    calls = []

    def make():
        calls.append(1)
        return {"x": np.arange(3), "names": np.array(["a", "bc"])}

    keys = [fingerprint("a", np.arange(3)), fingerprint("a", np.arange(4)), fingerprint("b", np.arange(3))]
    assert len(set(keys)) == 3 and keys[0] == fingerprint("a", np.arange(3))
    first, again = cached(tmp_path, "kind", keys[0], make), cached(tmp_path, "kind", keys[0], make)
    assert calls == [1] and again["x"].tolist() == [0, 1, 2] and again["names"].tolist() == first["names"].tolist()
    cached(tmp_path, "kind", keys[1], make)
    assert len(calls) == 2 and not list(tmp_path.glob("*.part"))


def test_photographs_go_only_where_git_ignores_them(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("runs/\n")
    check_private(tmp_path / "runs/new/page.html")
    with pytest.raises(EvaluationError, match="git doesn't ignore it"):
        check_private(tmp_path / "docs/page.html")


def test_a_kept_judge_judges_alike():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 30))
    labels = np.stack([np.sign(x[:, 0]), np.sign(x[:, 1] + x[:, 2]), np.zeros(200)], 1).astype(np.int8)
    judge = Judge(["hat", "bald", "beard"], x, labels)
    assert judge.heads == ["hat", "bald"]  # nothing was said of beards
    again = Judge.restored(judge.arrays)
    for name, seen in judge.probabilities(x).items():
        np.testing.assert_array_equal(seen, again.probabilities(x)[name])
        assert ((seen > 0.5) == (labels[:, judge.heads.index(name)] > 0)).mean() > 0.85


def test_the_judge_and_the_strangers_are_kept_from_all_that_the_generator_learned_from():
    numbers = np.array(
        [10, 11, 12, 12, 13, 20, 13, 14]
    )  # of three data sets: the generator's, the judge's, more of the generator's
    source = np.array([0, 0, 0, 1, 1, 1, 2, 2], np.int8)
    n = len(numbers)
    data = Pack(
        np.zeros((n, 4, 4, 3), np.uint8), np.zeros((n, len(NAMES)), np.int8), numbers, np.ones(n, np.float32), source,
        np.array(["", "", "", "a", "a", "b", "", ""]), np.zeros((n, 68, 2), np.float32),
    )  # fmt: skip
    assert list(judge_rows(data)) == [0, 4, 5, 6, 7]  # without a word, all but source 0 are the judge's
    learned = beside(data, 1)
    assert list(learned.source) == [0, 0, 0, 1, 1, 1, -1, -1]
    assert list(judge_rows(learned)) == [0, 5] and list(strangers(learned)) == [5]  # 12 and 13 are the generator's
    assert list(beside(data, 2).source) == [0, 0, 0, -1, -1, -1, -2, -2]
