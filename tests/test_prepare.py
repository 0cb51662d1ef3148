"""Alignment, and `prepare` from photographs to a folder that the trainer reads, with the real detector."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_face import LANDMARKS, drawn_face
from PIL import Image

from facegen.data.align import align, crop_square
from facegen.data.base import DataError
from facegen.data.landmarks import PACKAGE, FaceFinder, find_model
from facegen.data.prepare import PrepareConfig, output_names, prepare
from facegen.data.readers import read_dataset

ROOT = Path(__file__).parent.parent


def placed(size: int, box: int, x: int, y: int, degrees: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A photograph with the drawn face in it: uint8 (size, size, 3), and where its landmarks are."""
    matrix = cv2.getRotationMatrix2D((256, 256), degrees, box / 512)
    matrix[:, 2] += (x + box / 2 - 256, y + box / 2 - 256)
    image = cv2.warpAffine(drawn_face(512), matrix, (size, size), borderValue=(150, 160, 170), flags=cv2.INTER_AREA)
    return image, (LANDMARKS * 512 @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def test_the_crop_of_an_aligned_face_is_itself():
    corners = crop_square(LANDMARKS * 200)
    np.testing.assert_allclose(corners, [[0, 0], [200, 0], [200, 200], [0, 200]], atol=6)


@pytest.mark.parametrize("degrees", [0, 30, -50])
def test_alignment_undoes_place_size_and_roll(degrees):
    image, points = placed(600, 300, 120, 160, degrees)
    face, moved, native, inside = align(image, points, 160)
    straight, expected, *_ = align(drawn_face(512), LANDMARKS * 512, 160)
    assert face.shape == (160, 160, 3) and face.dtype == np.uint8
    np.testing.assert_allclose(moved, expected, atol=0.6)
    middle = slice(40, 140), slice(40, 120)
    assert np.abs(face[middle].astype(int) - straight[middle]).mean() < 5
    assert native == pytest.approx(300, rel=0.03)
    assert inside > 0.97


def test_what_lies_outside_the_photograph_is_mirrored_and_counted():
    image, points = placed(300, 300, -90, 0)
    face, _, _, inside = align(image, points, 128)
    assert inside == pytest.approx(0.7, abs=0.04)
    assert face[64, 2].sum() > 60  # no black border


def test_upright_means_eyes_level_above_the_mouth():
    _, points = placed(600, 300, 100, 100, 35)
    _, moved, *_ = align(np.zeros((600, 600, 3), np.uint8), points, 100)
    eyes, mouth = moved[36:48].mean(axis=0), moved[[48, 54]].mean(axis=0)
    assert abs(moved[36:42, 1].mean() - moved[42:48, 1].mean()) < 1
    assert mouth[1] > eyes[1] + 15 and abs(mouth[0] - eyes[0]) < 1


def test_points_that_span_no_face_are_refused():
    with pytest.raises(ValueError, match="span no face"):
        crop_square(np.zeros((68, 2)))


@pytest.fixture(scope="module")
def model():
    try:
        return find_model()
    except DataError:
        pytest.skip(f"{PACKAGE} isn't installed")


def test_the_landmark_model_is_looked_for_where_told(tmp_path, model):
    assert find_model(model) == model
    assert PACKAGE not in sys.modules  # looked into, not imported
    with pytest.raises(DataError, match="nowhere.dat: no such landmark model"):
        find_model(tmp_path / "nowhere.dat")
    (tmp_path / "broken.dat").write_bytes(b"junk")
    with pytest.raises(DataError, match="broken.dat: can't be read as dlib's landmark model"):
        FaceFinder(find_model(tmp_path / "broken.dat"))


def test_without_a_landmark_model_the_ways_to_get_one_are_told(monkeypatch):
    monkeypatch.setattr("facegen.data.landmarks.PACKAGE", "no_such_package_here")
    with pytest.raises(DataError, match="pip install.*--landmarks.*research only"):
        find_model()


def test_landmarks_lie_where_the_face_was_drawn(model):
    image, points = placed(400, 260, 60, 80)
    ((score, found),) = FaceFinder(model).find(image)
    assert score > 0.5
    inner = list(range(27, 68))
    assert np.linalg.norm(found[inner] - points[inner], axis=1).mean() < 0.03 * 260


ROWS = {
    "000010.jpg": ("1 -1", lambda: placed(400, 240, 80, 80)[0]),
    "000012.jpg": ("-1 1", lambda: placed(400, 240, 60, 100, 12)[0]),
    "000013.jpg": ("1 1", lambda: np.full((200, 200, 3), 90, np.uint8)),  # nobody
    "000014.jpg": ("1 1", lambda: placed(400, 70, 160, 160)[0]),  # too small
    "000015.jpg": ("1 1", lambda: placed(300, 240, -80, 30)[0]),  # leaves the photograph
    "000016.jpg": ("1 1", None),  # unreadable
    "000022.jpg": ("-1 -1", lambda: placed(500, 300, 100, 100)[0]),
}


@pytest.fixture
def celeba(tmp_path):
    folder = tmp_path / "celeba"
    (folder / "images").mkdir(parents=True)
    lines = [str(len(ROWS)), "Male Smiling"]
    for name, (values, draw) in ROWS.items():
        lines.append(f"{name} {values}")
        if draw is None:
            (folder / "images" / name).write_bytes(b"no picture")
        else:
            Image.fromarray(draw()).save(folder / "images" / name, quality=95)
    (folder / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    (folder / "identity.txt").write_text("".join(f"{name} {k // 2}\n" for k, name in enumerate(ROWS)))
    return folder


KEPT = ["000010.jpg", "000012.jpg", "000022.jpg"]
OUTCOMES = {"ok": 3, "no face found": 1, "too small": 1, "leaves the photograph": 1, "unreadable image": 1}


@pytest.mark.parametrize("workers", [1, 2])
def test_celeba_comes_out_as_celeba(celeba, tmp_path, model, workers):
    out = tmp_path / "out"
    counts = prepare(celeba, out, PrepareConfig(size=96), model=model, workers=workers, progress=False)
    assert counts == OUTCOMES
    data = read_dataset(out)
    assert [data[i].path.name for i in range(len(data))] == KEPT
    assert [data[i].subject for i in range(3)] == ["0", "0", "3"]
    assert [data[i].attributes["male"] for i in range(3)] == [True, False, False]
    for i in range(3):
        image = np.asarray(Image.open(data[i].path))
        assert image.shape == (96, 96, 3)
        inner = list(range(27, 68))
        assert np.linalg.norm(data[i].landmarks[inner] - LANDMARKS[inner] * 96, axis=1).mean() < 5
        assert data[i].inside_share > 0.9
    report = json.loads((out / "prepare_report.json").read_text())
    assert report == {"photographs": 7, "outcomes": counts}
    assert not list(out.rglob("*.part"))


def test_a_second_run_does_only_what_is_missing(celeba, tmp_path, model):
    out = tmp_path / "out"
    config = PrepareConfig(size=64)
    prepare(celeba, out, config, model=model, workers=1, progress=False)
    stamps = {p.name: p.stat().st_mtime_ns for p in (out / "images").iterdir()}
    (out / "images" / KEPT[1]).unlink()
    assert prepare(celeba, out, config, model=model, workers=1, progress=False) == OUTCOMES
    after = {p.name: p.stat().st_mtime_ns for p in (out / "images").iterdir()}
    assert [name for name in KEPT if after[name] != stamps[name]] == [KEPT[1]]
    with pytest.raises(DataError, match="begun with size = 64, not 96"):
        prepare(celeba, out, PrepareConfig(size=96), model=model, progress=False)


def test_a_log_cut_in_mid_line_is_gone_on_with(celeba, tmp_path, model):
    out = tmp_path / "out"
    config = PrepareConfig(size=64)
    prepare(celeba, out, config, model=model, workers=1, progress=False)
    log = out / "prepare.jsonl"
    log.write_bytes(log.read_bytes()[:-30])
    assert prepare(celeba, out, config, model=model, workers=1, progress=False) == OUTCOMES
    assert [json.loads(line) for line in log.read_text().splitlines()]


def test_nothing_of_the_users_is_overwritten(celeba, tmp_path, model):
    with pytest.raises(DataError, match="already holds images"):
        prepare(celeba, celeba, model=model, progress=False)
    assert sorted(p.name for p in (celeba / "images").iterdir()) == sorted(ROWS)


def test_other_sets_come_out_as_a_folder_with_labels(tmp_path, model):
    source = tmp_path / "rafd"
    source.mkdir()
    name = "Rafd090_01_Caucasian_female_happy_frontal.jpg"
    Image.fromarray(placed(400, 240, 80, 80)[0]).save(source / name)
    (source / "annotations.csv").write_text("subject,words\n01,brown_hair no_eyeglasses\n")
    counts = prepare(source, tmp_path / "out", PrepareConfig(size=64), model=model, workers=1, progress=False)
    assert counts == {"ok": 1}
    data = read_dataset(tmp_path / "out")
    said = data[0].attributes
    assert said["smiling"] and said["male"] is False and said["brown_hair"] and said["eyeglasses"] is False
    assert data[0].subject == "01" and data[0].landmarks is not None and "beard" not in said


def test_same_names_in_two_folders_stay_apart():
    names = output_names([Path("/d/a/1.jpg"), Path("/d/b/1.jpg"), Path("/d/b/2.png")])
    assert names == ["a-1.jpg", "b-1.jpg", "b-2.jpg"]
    assert output_names([Path("/d/1.png"), Path("/d/1.jpg"), Path("/d/2.jpg")]) == ["1.jpg", "1-2.jpg", "2.jpg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "out"], "nowhere: no such folder"),
        (["rafd", "out", "--kind", "ffhq"], "unknown data set 'ffhq'"),
        (["rafd", "out", "--download"], "--download needs PubFig's URL lists"),
        (["rafd", "out", "--landmarks", "nothing.dat"], "nothing.dat: no such landmark model"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(tmp_path, monkeypatch, capsys, arguments, message):
    from facegen.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rafd").mkdir()
    Image.fromarray(drawn_face(64)).save(tmp_path / "rafd" / "Rafd090_01_Caucasian_female_happy_frontal.jpg")
    with pytest.raises(SystemExit) as caught:
        main(["prepare", *arguments])
    error = capsys.readouterr().err.strip()
    assert caught.value.code == 2
    assert message in error.splitlines()[-1] and "Traceback" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="kills a process group")
def test_killed_at_any_moment_it_goes_on(celeba, tmp_path, model):
    out = tmp_path / "out"
    command = "from facegen.data.prepare import app; app()"
    arguments = [sys.executable, "-c", command, str(celeba), str(out), "--size", "64", "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        arguments, cwd=tmp_path, env=environment, start_new_session=True, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not list(out.glob("images/*.jpg")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "3 of 7 photographs kept" in done.stdout and "research only" in done.stderr
    assert [p.name for p in sorted((out / "images").glob("*.jpg"))] == KEPT
    assert len(read_dataset(out)) == 3


@pytest.mark.parametrize("shrink", [1.5, 2.5, 4.0, 6.0])
def test_a_crop_made_small_is_not_aliased(shrink):
    """Of a zone plate, what is too fine for the result is gray in it: it doesn't come back as coarser rings."""
    side = round(128 * shrink)
    across = np.arange(side) - side / 2
    radius = np.hypot(across[:, None], across[None])
    finest = 0.45  # cycles for each source pixel, at the middle of an edge
    plate = 127.5 + 127.5 * np.cos(np.pi * finest * radius**2 / (side / 2))
    face, _, native, _ = align(np.repeat(plate.round().astype(np.uint8)[:, :, None], 3, 2), LANDMARKS * side, 128)
    corners = crop_square(LANDMARKS * side)
    places = corners[0] + (np.arange(128)[:, None, None] + 0.5) / 128 * (corners[3] - corners[0]) \
        + (np.arange(128)[None, :, None] + 0.5) / 128 * (corners[1] - corners[0])  # fmt: skip
    frequency = (
        finest * np.hypot(*np.moveaxis(places - side / 2, 2, 0)) / (side / 2) * native / 128
    )  # cycles a result's pixel
    inside = ((places > 4) & (places < side - 4)).all(2)
    contrast = [
        face[..., 0][inside & (frequency > low) & (frequency <= high)].std() / 90 for low, high in ((0, 0.2), (0.75, 9))
    ]
    assert contrast[0] > 0.75 and contrast[1] < 0.22, contrast
