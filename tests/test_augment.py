"""Accessories are drawn where they belong, only on faces that lack them, and the labels say so."""

import numpy as np
import pytest
from drawn_face import LANDMARKS, drawn_face
from PIL import Image

from facegen.attributes import NAMES, check
from facegen.data.base import FaceTable, resolve_row
from facegen.data.derived import lens_brightness
from facegen.data.dress.augment import AugmentConfig, augment, augment_row, contact_sheet
from facegen.data.dress.eyewear import METALS, RIMS, SHAPES, TINTS, Frame, draw_eyewear
from facegen.data.dress.facial_hair import FacialHair, draw_facial_hair, hair_color, random_facial_hair

SIZE = 128
FACE, POINTS = drawn_face(SIZE), LANDMARKS * SIZE
ALWAYS = AugmentConfig(eyewear=1.0, facial_hair=1.0)
SHAVEN = {"male": True, "beard": False, "eyeglasses": False, "sunglasses": False}
FULL_BEARD = FacialHair(frozenset({"chin", "mustache", "cheeks"}), 0.1, 0.7, 2400)


def changed(before, after) -> np.ndarray:
    return np.abs(before.astype(int) - after.astype(int)).sum(axis=2) > 24


def rotated(degrees: float) -> tuple[np.ndarray, np.ndarray]:
    import cv2

    matrix = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), degrees, 1)
    image = cv2.warpAffine(FACE, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
    return image, (POINTS @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("roll", [0.0, 25.0])
def test_dark_lenses_lie_over_the_eyes_whatever_the_roll(shape, roll):
    image, points = rotated(roll)
    frame = Frame(shape, RIMS["black"], 0.07, tint=TINTS["black"], density=0.97)
    drawn = draw_eyewear(image, points, frame, np.random.default_rng(0))
    assert drawn.shape == image.shape and drawn.dtype == np.uint8
    assert lens_brightness(drawn, points) < 0.33 < 0.5 < lens_brightness(image, points)
    mask = changed(image, drawn)
    mouth = points[48:60].mean(axis=0).round().astype(int)
    assert not mask[mouth[1] - 4 : mouth[1] + 5, mouth[0] - 10 : mouth[0] + 11].any()


@pytest.mark.parametrize("shape", ["round", "rectangle", "wayfarer"])
def test_clear_lenses_leave_the_eyes_to_be_seen(shape):
    drawn = draw_eyewear(FACE, POINTS, Frame(shape, RIMS["black"], 0.07, glare=0.1), np.random.default_rng(0))
    assert lens_brightness(drawn, POINTS) > 0.5
    for eye in (slice(36, 42), slice(42, 48)):
        x, y = POINTS[eye].mean(axis=0).round().astype(int)
        pupil = slice(y - 2, y + 3), slice(x - 3, x + 4)
        assert np.abs(drawn[pupil].astype(int) - FACE[pupil]).mean() < 15
        around = changed(FACE, drawn)[y - 16 : y + 18, x - 16 : x + 17]
        assert around.sum() > 40  # the rim


def test_a_far_lens_is_narrower_on_a_turned_head():
    turned = POINTS.copy()
    turned[[27, 28, 29, 30, 33], 0] += 6  # the nose towards the right eye
    drawn = draw_eyewear(
        FACE, turned, Frame("square", RIMS["black"], 0.05, tint=TINTS["black"], density=0.99), np.random.default_rng(0)
    )
    row = changed(FACE, drawn)[int(POINTS[36:48, 1].mean()) + 2]
    nose = int(turned[27, 0])
    assert row[:nose].sum() > 1.25 * row[nose:].sum()


def test_rims_are_darker_in_the_dark():
    dim = (FACE * 0.25).astype(np.uint8)
    frame = Frame("square", RIMS["silver"], 0.09)
    bright_rim, dim_rim = (draw_eyewear(f, POINTS, frame, np.random.default_rng(0)) for f in (FACE, dim))
    mask = changed(FACE, bright_rim)
    assert dim_rim[mask].mean() < 0.6 * bright_rim[mask].mean()


def test_metal_names_are_rims():
    assert set(METALS) <= set(RIMS)


def region(points: list[int]) -> tuple[slice, slice]:
    low, high = POINTS[points].min(axis=0), POINTS[points].max(axis=0)
    return slice(int(low[1]), int(high[1]) + 1), slice(int(low[0]), int(high[0]) + 1)


@pytest.mark.parametrize(
    ("parts", "grows", "bare"),
    [
        ({"mustache"}, [33, 50, 52], [7, 9, 57]),
        ({"chin"}, [7, 9, 57], [33, 51]),
        ({"chin", "mustache", "cheeks"}, [5, 6], [37, 43]),
    ],
)
def test_hair_grows_where_its_style_says(parts, grows, bare):
    drawn = draw_facial_hair(FACE, POINTS, FacialHair(frozenset(parts), 0.05, 0.75, 2500), np.random.default_rng(0))
    drop = FACE.astype(int).sum(axis=2) - drawn.astype(int).sum(axis=2)
    assert drop[region(grows)].mean() > 60
    assert np.abs(drop[region(bare)]).mean() < 12


def test_lips_stay_free():
    drawn = draw_facial_hair(FACE, POINTS, FULL_BEARD, np.random.default_rng(0))
    x, y = POINTS[57].astype(int)
    drop = FACE.astype(int).sum(axis=2) - drawn.astype(int).sum(axis=2)
    assert drop[y - 3 : y, x - 6 : x + 7].mean() < 0.3 * drop[y + 10 : y + 14, x - 6 : x + 7].mean()


def test_hair_takes_its_color_from_brows_and_label():
    dark, light = (hair_color(drawn_face(SIZE, hair=h), POINTS, {}) for h in ((30, 24, 20), (170, 130, 80)))
    assert light.mean() > 1.6 * dark.mean()
    assert (
        hair_color(FACE, POINTS, {"blond_hair": True}).mean()
        > hair_color(FACE, POINTS, {"black_hair": True}).mean() + 25
    )


def test_labels_follow_what_was_drawn():
    seen = set()
    for seed in range(60):
        image, said = augment(FACE, POINTS, SHAVEN, np.random.default_rng(seed), ALWAYS)
        check(said)
        assert image is not FACE and changed(FACE, image).sum() > 60
        assert said.get("sunglasses") is True or said.get("eyeglasses") is True
        assert not (said.get("sunglasses") and "eyeglasses" in said)
        x, y = POINTS[36:42].mean(axis=0).round().astype(int)
        eye = slice(y - 2, y + 3), slice(x - 5, x + 6)
        difference = np.abs(image[eye].astype(int) - FACE[eye]).mean()
        assert difference > 30 if said.get("sunglasses") else difference < 25  # what is seen is what is said
        kinds = [n for n in ("beard", "mustache", "goatee", "stubble") if said.get(n)]
        assert kinds and said.get("beard") is not False
        seen.update(kinds, [n for n in ("eyeglasses", "sunglasses") if said.get(n)])
    assert seen == {"beard", "mustache", "goatee", "stubble", "eyeglasses", "sunglasses"}


@pytest.mark.parametrize(
    "said",
    [
        {"male": False, "beard": False, "eyeglasses": True, "sunglasses": False},
        {"male": False, "beard": False, "sunglasses": True},
        {"male": True, "beard": True},
        {"male": True, "beard": False, "stubble": True},
        {"male": True},  # not known to be shaven, nor to wear no glasses
        {"beard": False},
        {},
    ],
)
def test_nothing_is_drawn_over_what_is_there_or_may_be(said):
    for seed in range(20):
        image, after = augment(FACE, POINTS, said, np.random.default_rng(seed), ALWAYS)
        assert image is FACE and after == said


def test_women_get_no_beards_and_halves_are_halves():
    drawn = {"eyewear": 0, "hair": 0, "dark": 0}
    for seed in range(600):
        rng = np.random.default_rng(seed)
        image, said = augment(FACE, POINTS, {**SHAVEN, "male": False}, rng, AugmentConfig())
        drawn["hair"] += any(said.get(n) for n in ("beard", "mustache", "goatee", "stubble"))
        drawn["eyewear"] += image is not FACE
        drawn["dark"] += bool(said.get("sunglasses"))
    assert drawn["hair"] == 0
    assert 240 < drawn["eyewear"] < 360 and 100 < drawn["dark"] < 200  # p = 0.5 and 0.25, over 4 sigma wide


def test_faces_without_usable_landmarks_are_left_alone():
    outside, turned, unknown = POINTS + SIZE, POINTS.copy(), np.full_like(POINTS, np.nan)
    turned[:, 0] = np.where(np.arange(68) < 17, POINTS[:, 0], POINTS[:, 0] + 0.24 * SIZE)
    for points in (None, outside, turned, unknown):
        image, said = augment(FACE, points, SHAVEN, np.random.default_rng(0), ALWAYS)
        assert image is FACE and said == SHAVEN


def test_the_same_chance_draws_the_same_picture_and_the_input_is_kept():
    before = FACE.copy()
    a, _ = augment(FACE, POINTS, SHAVEN, np.random.default_rng(5), ALWAYS)
    b, _ = augment(FACE, POINTS, SHAVEN, np.random.default_rng(5), ALWAYS)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(FACE, before)


def test_rows_go_in_and_out_as_the_trainer_keeps_them():
    names = ("male", "eyeglasses", "sunglasses", "beard")
    image, row = augment_row(FACE, POINTS, resolve_row(SHAVEN, names), np.random.default_rng(1), names, ALWAYS)
    assert row.dtype == np.int8 and row.shape == (4,) and row[0] == 1
    assert image is not FACE and (row[1] == 1) != (row[2] == 1)


@pytest.mark.parametrize("size", [32, 64, 256])
def test_any_size_and_faces_at_the_edge(size):
    face, points = drawn_face(size), LANDMARKS * size
    for seed in range(12):
        for shift in ((0, 0), (0, 0.12), (-0.2, 0.1)):
            image, _ = augment(face, points + np.float32(shift) * size, SHAVEN, np.random.default_rng(seed), ALWAYS)
            assert image.shape == (size, size, 3)


def test_random_styles_are_of_every_kind():
    names = {random_facial_hair(np.random.default_rng(seed))[0] for seed in range(60)}
    assert names == {"mustache", "goatee", "beard", "stubble"}


def test_contact_sheet_shows_before_and_after(tmp_path):
    for k in range(3):
        Image.fromarray(FACE).save(tmp_path / f"{k}.png")
    values = np.stack([resolve_row(SHAVEN), resolve_row(SHAVEN), resolve_row({"eyeglasses": True})])
    data = FaceTable([tmp_path / f"{k}.png" for k in range(3)], values, landmarks=np.stack([POINTS] * 3))
    path = contact_sheet(data, 4, tmp_path / "sheet.png", size=64, seed=3, columns=4)
    sheet = np.asarray(Image.open(path))
    assert sheet.shape == (64, 256, 3)
    assert (sheet[:, :64] != sheet[:, 64:128]).any()
    assert len(NAMES) == values.shape[1] and not list(tmp_path.glob("*.part"))
