"""`evaluate faces` on drawn photographs, 32 px: what each figure must say of models whose behavior is known."""

import json

import numpy as np
import pytest
import torch
from drawn_face import drawn_face
from PIL import Image

from facegen import registry
from facegen.cli import main
from facegen.data.pack import pack
from facegen.data.readers import read_dataset
from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.generator import DeconvGenerator
from facegen.evaluation.card import write_card
from facegen.picture import SOURCE_TYPE

HAIR = ["black_hair", "blond_hair"]
SKINS = ((224, 180, 152), (150, 110, 90), (230, 205, 190))


def write_faces(folder, numbers, seed, subjects=None):
    """Noisy drawn faces in CelebA's layout, 32 px, half of them dark-haired."""
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(seed)
    rows, who = [], []
    for number in numbers:
        dark = bool(rng.random() < 0.5)
        face = drawn_face(32, skin=SKINS[rng.integers(3)], hair=(40,) * 3 if dark else (200,) * 3).astype(np.int16)
        pixels = (face + rng.normal(0, 12, (32, 32, 3))).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"images/{number:06d}.jpg")
        rows.append(f"{number:06d}.jpg {1 if dark else -1} {-1 if dark else 1}")
        who.append(f"{number:06d}.jpg {number % subjects if subjects else 0}\n")
    (folder / "list_attr_celeba.txt").write_text("\n".join([str(len(rows)), "Black_Hair Blond_Hair", *rows]) + "\n")
    if subjects:
        (folder / "identity.txt").write_text("".join(who))
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """204 test, 40 validation and 110 training faces."""
    numbers = [10 * i + 1 for i in range(204)] + [10 * i for i in range(40)] + [10 * i + 5 for i in range(110)]
    return write_faces(tmp_path_factory.mktemp("own") / "faces", numbers, 0)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """60 faces of 6 people that the model never saw."""
    return write_faces(tmp_path_factory.mktemp("other") / "faces", range(100_000, 100_060), 1, subjects=6)


@pytest.fixture(scope="module")
def packed(own, other):
    return pack([read_dataset(own), read_dataset(other)], 32, own / "cache")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """An untrained generator of 16 px."""
    torch.manual_seed(0)
    config = GeneratorConfig(HAIR, 8, [8, 8, 8], flow_width=8, flow_hidden=8, flow_blocks=1)
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    registry.save(DeconvGenerator(config), folder)
    return folder


def facegen(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "faces", *map(str, arguments)])
    return stop.value.code or 0


def test_the_whole_protocol(own, other, squeezenet, checkpoint, tmp_path, capsys):
    out, html, sheet = (tmp_path / name for name in ("figures.json", "page.html", "sheet.png"))
    given = ["--data", own, "--judge-data", other, "--model", checkpoint]
    given += ["--feature-weights", squeezenet, "--said", "all", "--sheet", sheet]
    given += ["--size", "32", "--cache", own / "cache", "--n", "210", "-o", out, "--html", html]
    assert facegen(*given) == 0
    result = json.loads(out.read_text(), parse_constant=pytest.fail)  # no NaN: it isn't JSON
    protocol = result["protocol"]
    assert (protocol["drawn"], protocol["test_photographs"], protocol["judge_photographs"]) == (210, 204, 100)
    assert (protocol["image_size"], protocol["judged_at"], protocol["compared_at"]) == (16, 32, 32)
    assert protocol["said_on_average"] == 2

    # The judge tells hair in photographs; an untrained network draws none, and nothing near a photograph.
    assert result["accuracy_main"]["photographs"] > 0.9 > 0.75 > result["accuracy_main"]["drawn"]
    values = result["distance"]["squeezenet"]["frechet"]
    assert list(result["distance"]) == list(result["manifold"]) == ["efficientnet", "efficientnet_lite2", "squeezenet"]
    assert [row["seen_by_a_loss"] for row in result["distance"].values()] == [False, False, True]
    assert result["said"]["seen_main"]["photographs"] > 0.9
    assert sum(row["drawn"]["n"] for row in result["said"]["each"].values()) == 210  # each has one hair color said
    manifold = result["manifold"]["efficientnet"]
    assert manifold["precision"]["drawn"] < 0.1 and manifold["precision"]["photographs"] > 0.5
    assert result["groups"] == {}  # it draws neither sex, age nor ethnicity
    seen = f"{result['said']['seen_main']['drawn']:.3g}"
    assert f"main attributes | {seen} |" in write_card(checkpoint, out).read_text()
    assert values["drawn"] > 3 * values["floor"] > 0 and 0 < values["train_photographs"] < 3 * values["floor"]
    assert result["distance_all"]["squeezenet"]["photographs"] == 204
    assert set(result["distance_all"]["squeezenet"]) == {
        "faces",
        "photographs",
        "frechet",
        "frechet_infinity",
        "kernel",
    }
    assert result["leakage"]["flips"]["black_hair"]["people"] == 100
    # Untrained, it draws the same seeds the same whatever is said.
    typed = result["typed"]
    blond = [shares["blond_hair"] for shares in typed["each"].values() if "blond_hair" in shares]
    assert typed["people"] == 8 and len(set(blond)) == 1 and 0 < typed["shown"] < 1
    assert all(set(shares) <= set(HAIR) for shares in typed["each"].values())
    with Image.open(sheet) as picture:  # eight columns and five rows of 16 px faces, with captions and gaps of 4 px
        assert picture.size == (8 * 20 - 4, 5 * (16 + 28 + 4) - 4) and SOURCE_TYPE in picture.text["XML:com.adobe.xmp"]
    pixels = result["memorisation"]["pixels"]
    assert pixels["training_faces"] == 110 and pixels["drawn"]["minimum"] > pixels["held_out"]["median"]
    assert len(result["memorisation"]["closest"]) == 10

    page = html.read_text()
    assert page.count("data:image/") >= 1 and "http" not in page.replace("http://www.w3.org", "")  # a file of its own
    assert "black hair" in page and "Memorisation" in page and str(tmp_path) not in page
    assert "training photograph below" not in page  # photographs come only where they are asked for
    assert "Leakage" in capsys.readouterr().out

    assert facegen(*given) == 2  # nothing is overwritten without being asked
    assert f"{out} exists" in capsys.readouterr().err


def test_few_words_and_photographs_of_another_set(own, other, checkpoint, tmp_path):
    given = ["--data", own, "--judge-data", other, "--model", checkpoint, "--reference", own, "--reference-size", "64"]
    given += ["--size", "32", "--cache", own / "cache", "--no-flips", "--n", "102", "-o", tmp_path / "few.json"]
    assert facegen(*given) == 0
    result = json.loads((tmp_path / "few.json").read_text())
    protocol = result["protocol"]
    assert protocol["said"] == "few" and 1 <= protocol["said_on_average"] <= 2 and "leakage" not in result
    assert (protocol["judged_at"], protocol["compared_at"], protocol["compared_with"]) == (32, 64, 244)
    assert list(result["distance"]) == ["efficientnet", "efficientnet_lite2"]
    # An untrained network of 16 px has less fine detail than noisy photographs.
    assert set(result["spectrum"]["grid_db"]) == {"2", "4"} and 0 < result["spectrum"]["fine_energy"] < 1


def test_nearest_photographs_are_shown_only_where_asked(own, other, checkpoint, tmp_path, capsys):
    given = ["--data", own, "--judge-data", other, "--model", checkpoint]
    given += ["--size", "32", "--cache", own / "cache", "--nearest-photographs"]
    assert facegen(*given) == 2
    assert "it needs --html" in capsys.readouterr().err
    html = tmp_path / "page.html"
    assert facegen(*given, "--quick", "--html", html) == 0
    page = html.read_text()
    assert page.count("data:image/webp") == 2 and "training photograph below" in page
