"""The CelebA reader, its derived labels, and the helpers that every data set shares, on tiny folders."""

from pathlib import Path

import numpy as np
import pytest
from drawn_face import LANDMARKS, drawn_face
from PIL import Image

from facegen.attributes import NAMES
from facegen.data.base import (
    DataError,
    FaceTable,
    attribute_table,
    landmark_table,
    load_with_landmarks,
    number_of,
    settle_exclusive,
    split,
    split_rows,
)
from facegen.data.derived import face_shape_scores, jaw_geometry, lens_brightness
from facegen.data.sets.celeba import read_celeba

COLUMNS = "Bald Black_Hair Brown_Hair Eyeglasses Male No_Beard Oval_Face Smiling Young"
ROWS = [
    ("000010.jpg", "-1 1 -1 -1 1 -1 -1 1 1"),
    ("000011.jpg", "-1 1 1 1 -1 1 1 -1 -1"),
    ("000012.jpg", "1 -1 -1 1 1 1 -1 1 -1"),
]


def write_celeba(folder: Path, rows=ROWS, columns=COLUMNS, images="images", size=(64, 64)) -> Path:
    (folder / images).mkdir(parents=True)
    for name, _ in rows:
        Image.fromarray(drawn_face(64)).resize(size).save(folder / images / name)
    lines = [str(len(rows)), columns, *(f"{name}  {values}" for name, values in rows)]
    (folder / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_columns_become_attributes(tmp_path):
    data = read_celeba(write_celeba(tmp_path))
    assert [len(data), data[0].number, data[0].path.name] == [3, 10, "000010.jpg"]
    first, second = data[0].attributes, data[1].attributes
    assert first["male"] and first["beard"] and first["smiling"] and first["young"]
    assert first["black_hair"] and first["brown_hair"] is False and first["blond_hair"] is False
    assert second["beard"] is False and second["male"] is False
    assert "black_hair" not in second and "brown_hair" not in second  # both at once: the annotator was in doubt
    assert second["oval_face"] and second["round_face"] is False
    assert "hat" not in first  # the file has no such column
    assert data[0].landmarks is None and data[0].subject is None and data[0].inside_share == 1.0


def test_a_beard_is_more_than_stubble(tmp_path):
    columns = "5_o_Clock_Shadow Goatee Mustache No_Beard Sideburns"
    rows = ["1 -1 -1 -1 -1", "1 1 -1 -1 -1", "-1 1 -1 -1 -1", "-1 -1 -1 -1 -1", "-1 -1 -1 1 -1", "1 -1 -1 1 -1"]
    data = read_celeba(write_celeba(tmp_path, [(f"{i:06d}.jpg", row) for i, row in enumerate(rows)], columns))
    assert [face.attributes.get("beard") for face in data] == [False, None, True, None, False, False]


def test_the_original_distributions_folders_are_read(tmp_path):
    write_celeba(tmp_path, images="img_align_celeba", size=(178, 218))
    data = read_celeba(tmp_path)
    image = data.load(0, 32)
    assert image.shape == (32, 32, 3) and image.dtype == np.uint8


def test_what_lies_beside_the_list_is_read(tmp_path):
    write_celeba(tmp_path)
    landmarks = np.stack([LANDMARKS * 64] * 3).astype(np.float16)
    np.save(tmp_path / "landmarks68.npy", landmarks)
    (tmp_path / "alignment.csv").write_text(
        "image,detector_score,native_crop_px,inside_share\n000012.jpg,1,100,0.5\n000010.jpg,1,90,0.9\n"
    )
    (tmp_path / "identity.txt").write_text("000010.jpg 7\n000011.jpg 7\n000012.jpg 9\n")
    (tmp_path / "ratings_predicted.csv").write_text(
        "image,age,long-haired\n000010.jpg,25,80\n000011.jpg,41,40\n000012.jpg,60,5\n"
    )
    data = read_celeba(tmp_path)
    assert [data[i].subject for i in range(3)] == ["7", "7", "9"]
    assert data[0].inside_share == pytest.approx(0.9) and data[2].inside_share == pytest.approx(0.5)
    np.testing.assert_allclose(data[1].landmarks, landmarks[1])
    said = [data[i].attributes for i in range(3)]
    assert said[0]["young"] and said[0]["old"] is False and said[0]["long_hair"] is True
    assert said[1]["middle_aged"] and said[1]["young"] is False and "long_hair" not in said[1]
    assert said[2]["old"] and said[2]["middle_aged"] is False and said[2]["long_hair"] is False
    bare = read_celeba(tmp_path, derived=False)[2].attributes
    assert "old" not in bare and "long_hair" not in bare


def test_dark_lenses_are_told_from_clear_ones(tmp_path):
    rows = [("000001.jpg", "1"), ("000002.jpg", "1"), ("000003.jpg", "-1")]
    write_celeba(tmp_path, rows, "Eyeglasses", size=(128, 128))
    for name, lens in (("000001.jpg", 12), ("000002.jpg", None), ("000003.jpg", None)):
        Image.fromarray(drawn_face(128, lens)).save(tmp_path / "images" / name, quality=95)
    np.save(tmp_path / "landmarks68.npy", np.stack([LANDMARKS * 128] * 3))
    dark, clear, none = (read_celeba(tmp_path)[i].attributes for i in range(3))
    assert dark["sunglasses"] is True and "eyeglasses" not in dark
    assert clear["sunglasses"] is False and clear["eyeglasses"] is True
    assert none["sunglasses"] is False and none["eyeglasses"] is False


def test_without_landmarks_of_an_image_its_lenses_are_not_told(tmp_path):
    write_celeba(tmp_path, [("000001.jpg", "1"), ("000002.jpg", "1")], "Eyeglasses", size=(128, 128))
    for name in ("000001.jpg", "000002.jpg"):
        Image.fromarray(drawn_face(128, 12)).save(tmp_path / "images" / name, quality=95)
    np.save(tmp_path / "landmarks68.npy", np.stack([LANDMARKS * 128, np.full((68, 2), np.nan)]))
    known, unknown = (read_celeba(tmp_path)[i].attributes for i in range(2))
    assert known["sunglasses"] is True
    assert unknown["eyeglasses"] is True and "sunglasses" not in unknown and "facing_front" not in unknown


def test_lens_brightness_doesnt_depend_on_exposure():
    bright, dim = drawn_face(128, 20), drawn_face(128, 20) // 2
    assert lens_brightness(bright, LANDMARKS * 128) == pytest.approx(lens_brightness(dim, LANDMARKS * 128), abs=0.03)


@pytest.mark.parametrize(("stretch", "shape"), [((1.0, 1.25), "oblong_face"), ((1.25, 1.0), "round_face")])
def test_face_shape_follows_the_jaw(stretch, shape):
    scores = face_shape_scores((LANDMARKS * np.float32(stretch) * 100)[None])
    plain = face_shape_scores((LANDMARKS * 100)[None])
    assert scores[shape][0] > plain[shape][0] + 1


def test_face_shape_is_silent_for_turned_heads():
    turned = LANDMARKS.copy()
    turned[[27, 28, 29, 30], 0] += 0.12
    assert abs(jaw_geometry(turned[None])["yaw"][0]) > 0.15
    assert np.isnan(face_shape_scores(turned[None])["square_face"][0])


def test_geometry_is_free_of_scale_and_roll():
    angle = np.deg2rad(25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    a, b = jaw_geometry(LANDMARKS[None]), jaw_geometry((LANDMARKS @ turn.T * 300)[None])
    for name in a:
        assert a[name][0] == pytest.approx(b[name][0], abs=1e-4)


BROKEN = [
    (lambda f: (f / "list_attr_celeba.txt").unlink(), "list_attr_celeba.txt"),
    (lambda f: (f / "images").rename(f / "pictures"), "images"),
    (lambda f: (f / "images" / "000010.jpg").unlink(), "000010.jpg"),
    (lambda f: _replace(f / "list_attr_celeba.txt", "3\n", "many\n"), "line 1: expected the number"),
    (lambda f: _replace(f / "list_attr_celeba.txt", "3\n", "4\n"), "says 4 images, but 3"),
    (
        lambda f: _replace(f / "list_attr_celeba.txt", "000011.jpg  -1 1", "000011.jpg  1"),
        "line 4: expected .* 9 values",
    ),
    (lambda f: _replace(f / "list_attr_celeba.txt", "000011.jpg  -1", "000011.jpg  yes"), "line 4: expected -1 or 1"),
    (lambda f: np.save(f / "landmarks68.npy", np.zeros((2, 68, 2))), r"landmarks68.npy: expected shape \(3, 68, 2\)"),
    (lambda f: np.save(f / "landmarks68.npy", np.full((3, 68, 2), "x")), "landmarks68.npy: expected numbers"),
    (lambda f: (f / "landmarks68.npy").write_bytes(b"junk"), "landmarks68.npy: can't be read"),
    (lambda f: (f / "alignment.csv").write_text("image,inside_share\n000010.jpg,wide\n"), "alignment.csv, line 2"),
    (lambda f: (f / "alignment.csv").write_text("picture\n"), "alignment.csv, line 1"),
    (lambda f: (f / "identity.txt").write_text("000010.jpg\n"), "identity.txt, line 1"),
    (lambda f: (f / "identity.txt").write_text("000010.jpg 1\n"), "no line for 000011.jpg"),
]


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_files_are_named_in_one_sentence(tmp_path, damage, message):
    damage(write_celeba(tmp_path))
    with pytest.raises(DataError, match=message) as caught:
        read_celeba(tmp_path)
    assert "\n" not in str(caught.value)


def test_an_image_that_is_none_is_named(tmp_path):
    write_celeba(tmp_path)
    (tmp_path / "images" / "000011.jpg").write_bytes(b"not a picture")
    data = read_celeba(tmp_path, derived=False)
    with pytest.raises(DataError, match="000011.jpg"):
        data.load(1, 16)


def test_split_is_by_number_modulo_ten(tmp_path):
    assert [split(n) for n in (20, 21, 22, 29)] == ["validation", "test", "train", "train"]
    data = read_celeba(write_celeba(tmp_path))
    assert [split_rows(data, part).tolist() for part in ("validation", "test", "train")] == [[0], [1], [2]]


def test_numbers_of_other_names_are_stable():
    assert number_of(Path("a/000123.jpg")) == 123
    assert number_of(Path("a/Anna_0001.jpg")) == number_of(Path("b/Anna_0001.jpg")) != number_of(Path("Anna_0002.jpg"))


def test_landmarks_follow_the_central_square(tmp_path):
    image = np.zeros((120, 80, 3), np.uint8)
    image[60, 40] = 255  # the middle of the square that is cut out
    Image.fromarray(image).save(tmp_path / "000001.png")
    landmarks = np.full((1, 68, 2), (40, 60), np.float32)
    data = FaceTable([tmp_path / "000001.png"], np.zeros((1, len(NAMES)), np.int8), landmarks=landmarks)
    small, points = load_with_landmarks(data, 0, 40)
    x, y = np.round(points[0]).astype(int)
    assert small[y, x].max() == small.max() > 20
    np.testing.assert_array_equal(landmark_table(data, 40)[0], points)
    unknown = FaceTable(data.paths, data.values)
    assert load_with_landmarks(unknown, 0, 40)[1] is None and np.isnan(landmark_table(unknown, 40)).all()


def test_subset_keeps_rows_parallel(tmp_path):
    data = read_celeba(write_celeba(tmp_path))
    part = data.subset(np.array([False, True, True]))
    assert [part[0].number, part[1].number] == [11, 12]
    assert part[1].attributes == data[2].attributes
    assert attribute_table(part, ["male", "bald"]).tolist() == [[-1, -1], [1, 1]]


def test_attribute_table_of_any_dataset(tmp_path):
    data = read_celeba(write_celeba(tmp_path))

    class Plain:  # a data set that is no FaceTable
        def __len__(self):
            return len(data)

        def __getitem__(self, i):
            return data[i]

    names = ["smiling", "black_hair", "hat"]
    np.testing.assert_array_equal(attribute_table(Plain(), names), attribute_table(data, names))


def test_one_yes_makes_rivals_no_and_two_are_doubt():
    values = np.zeros((2, len(NAMES)), np.int8)
    black, brown, red = (NAMES.index(n) for n in ("black_hair", "brown_hair", "red_hair"))
    values[0, black] = 1
    values[1, [black, brown]] = 1
    settle_exclusive(values)
    assert values[0, [black, brown, red]].tolist() == [1, -1, -1]
    assert values[1, [black, brown, red]].tolist() == [0, 0, 0]
