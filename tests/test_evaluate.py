"""What is measured is what the words say: figures against hand-computed values, and the commands that write them."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from drawn_face import drawn_face
from PIL import Image

from facegen import registry
from facegen.cli import main
from facegen.data.pack import pack
from facegen.data.readers import read_dataset
from facegen.drawing.classifier import AttributeClassifier, ClassifierConfig
from facegen.evaluation import features
from facegen.evaluation.classifier import (
    attribute_figures,
    calibration_error,
    load,
    precision,
    sure_figures,
    threshold_of,
)
from facegen.evaluation.instruments.metrics import balanced_accuracy, frechet_distance, frechet_infinity
from facegen.evaluation.models import redrawn as targets
from facegen.evaluation.models.report import BEGIN, END
from facegen.evaluation.output import spliced
from facegen.networks.draw import Draw, DrawConfig
from facegen.networks.subjects import SubjectDeconv, SubjectDeconvConfig
from facegen.networks.vggface import VGGFace, VGGFaceConfig
from facegen.picture import SOURCE_TYPE

HAIR = ["black_hair", "blond_hair"]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """204 drawn faces of the test part and 210 of the validation part, 32 px, as three subjects; none to train on."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    faces = {dark: drawn_face(32, hair=(40,) * 3 if dark else (200,) * 3).astype(np.int16) for dark in (True, False)}
    rows, subjects = [], []
    for number in [10 * i + 1 for i in range(204)] + [10 * i for i in range(210)]:
        dark = bool(rng.random() < 0.5)
        pixels = (faces[dark] + rng.normal(0, 12, (32, 32, 3))).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"images/{number:06d}.jpg")
        rows.append(f"{number:06d}.jpg {1 if dark else -1} {-1 if dark else 1}")
        subjects.append(f"{number:06d}.jpg {number % 3}\n")
    (folder / "list_attr_celeba.txt").write_text("\n".join([str(len(rows)), "Black_Hair Blond_Hair", *rows]) + "\n")
    (folder / "identity.txt").write_text("".join(subjects))
    return folder


@pytest.fixture(scope="module")
def packed(many):
    return pack([read_dataset(many)], 32, many / "cache")


@pytest.fixture(scope="module")
def checkpoint(many, tmp_path_factory):
    """An untrained VGG of narrow width."""
    torch.manual_seed(0)
    sizes = {"image_size": 32, "channels": [4, 4, 8, 8, 8], "hidden": 16, "std": [64.0] * 3}
    model = VGGFace(VGGFaceConfig(attributes=HAIR, base_rates=[0.4, 0.6], **sizes))
    folder = tmp_path_factory.mktemp("vgg") / "checkpoint"
    registry.save(model, folder)
    return folder


def facegen(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", *map(str, arguments)])
    return stop.value.code or 0


def test_balanced_accuracy_leaves_out_what_is_not_said():
    labels = np.array([1, 1, 1, -1, 0, 0])
    probability = np.array([0.9, 0.9, 0.1, 0.2, 0.9, 0.1])
    assert balanced_accuracy(labels, probability) == pytest.approx((2 / 3 + 1) / 2)
    assert np.isnan(balanced_accuracy(labels[:3], probability[:3]))


def test_frechet_distance_of_known_gaussians():
    """|difference of means|^2 + the squared differences of the axes' deviations: 1 + (1 - 3)^2 + (2 - 2)^2."""
    x = np.random.default_rng(0).normal(size=(500, 2))
    x = (x - x.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T)).T)  # sample mean 0 and covariance 1, exactly
    assert frechet_distance(x * [1, 2], x * [3, 2] + [1, 0]) == pytest.approx(5.0, abs=1e-6)
    assert frechet_distance(x, x) == pytest.approx(0.0, abs=1e-6)


def test_frechet_distance_of_endlessly_many_faces_is_not_larger_for_few():
    """Gaussians in 32 dimensions at a squared distance of 4, 400 and 1,600 of each: the plain distance tells which."""
    rng = np.random.default_rng(1)
    few, many = ((rng.normal(size=(n, 32)), rng.normal(size=(n, 32)) + np.eye(32)[0] * 2) for n in (400, 1600))
    assert frechet_distance(*few) - 4 > 1 > frechet_distance(*many) - 4 > 0.35
    assert frechet_infinity(*few) == pytest.approx(4, abs=0.5)
    assert frechet_infinity(*many) == pytest.approx(4, abs=0.3)


def test_calibration_error_of_a_known_case():
    """Ten faces at 0.25 of which 3 are yes, thirty at 0.95 of which 15 are."""
    yes = np.array([True] * 3 + [False] * 7 + [True] * 15 + [False] * 15)
    probability = np.array([0.25] * 10 + [0.95] * 30)
    assert calibration_error(yes, probability) == pytest.approx(0.25 * 0.05 + 0.75 * 0.45)
    assert calibration_error(yes[:10], np.full(10, 0.3)) == pytest.approx(0.0)


def test_figures_of_an_attribute_that_is_common_in_training():
    """Nine in ten are yes in training: log-odds of 1 speak for yes less than that share alone, so they speak for no."""
    figures = attribute_figures(np.array([1, -1, -1, 0]), np.array([3.0, 1.0, 1.5, -9.0]), rate=0.9)
    assert (figures["yes"], figures["no"]) == (1, 2)
    assert figures["balanced_accuracy"] == 1.0 and figures["roc_auc"] == 1.0
    alone = attribute_figures(np.array([1, 1, 0]), np.array([3.0, 1.0, 1.0]), rate=0.9)
    assert alone["balanced_accuracy"] is None and alone["roc_auc"] is None


def test_evaluate_classifier_writes_figures_and_reliability(many, packed, checkpoint, tmp_path, capsys):
    out, picture = tmp_path / "figures.json", tmp_path / "reliability.png"
    given = [
        "classifier",
        "--data",
        many,
        "--model",
        checkpoint,
        "--cache",
        many / "cache",
        "-o",
        out,
        "--picture",
        picture,
    ]
    assert facegen(*given) == 0
    result = json.loads(out.read_text())
    assert result["protocol"]["photographs"] == 204
    row = result["attributes"]["black_hair"]
    assert row["yes"] + row["no"] == 204

    # The ROC area, by hand: how often a dark-haired face scores above a fair one.
    rows = packed.rows("test")
    images = torch.from_numpy(packed.images[rows]).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        odds = load(checkpoint)(images)[:, 0].numpy()
    yes = packed.columns(HAIR)[rows, 0] > 0
    above = odds[yes][:, None] - odds[~yes][None]
    assert row["roc_auc"] == pytest.approx(((above > 0) + 0.5 * (above == 0)).mean(), abs=1e-4)
    assert "black_hair" in capsys.readouterr().out
    assert np.asarray(Image.open(picture).convert("RGB")).std() > 5

    assert facegen(*given) == 2  # nothing is overwritten without being asked
    assert f"{out} exists" in capsys.readouterr().err
    assert facegen(*given, "--force") == 0


def test_a_sure_answer_is_right_nine_times_in_ten():
    """Of 100 yeses 90 lie at 0.8 and 10 at 0.1, of 100 noes 80 at 0.2 and 20 at 0.6."""
    yes = np.array([True] * 100 + [False] * 100)
    even = np.array([0.8] * 90 + [0.1] * 10 + [0.2] * 80 + [0.6] * 20)
    labels = np.where(yes, 1, -1)
    assert precision(yes, even, 0.55) == pytest.approx((0.9 / 1.1, 0.8 / 0.9))  # 20 of 100 noes are taken for yes
    assert precision(yes, even, 0.85) == pytest.approx((np.nan, 0.0), nan_ok=True)  # no yes is told; the noes are wrong
    assert threshold_of(np.append(labels, [0] * 9), np.append(even, [0.9] * 9)) == 1.0  # no: 80 right, 10 wrong
    even[90:100] = 0.2125
    assert threshold_of(labels, even) == pytest.approx(0.79)  # from where the ten wrong noes aren't told any more
    assert threshold_of(labels[:110], even[:110]) is None
    told = sure_figures(labels[:, None], even[:, None], [0.79])
    assert told == {"right": 1.0, "share": pytest.approx((0.9 + 0.8) / 2), "attributes": 1}


def test_calibration_is_kept_in_the_checkpoint(many, tmp_path, capsys):
    torch.manual_seed(0)
    sizes = {"attributes": HAIR, "base_rates": [0.5, 0.5], "image_size": 32, "hidden": 8}
    model = AttributeClassifier(ClassifierConfig(**sizes)).eval()
    registry.save(model, tmp_path / "one")
    given = ["classifier", "--data", many, "--model", tmp_path / "one", "--cache", many / "cache"]
    assert facegen(*given) == 0
    assert "Sure of" not in capsys.readouterr().out
    assert facegen(*given, "--calibrate") == 0
    assert "Sure of" in capsys.readouterr().out
    kept = json.loads((tmp_path / "one/config.json").read_text())["thresholds"]
    assert set(kept) == set(HAIR) and all(0.7 <= t <= 1 for t in kept.values())
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    torch.testing.assert_close(registry.load_classifier(tmp_path / "one")(images), model(images), atol=0.02, rtol=0.05)


def test_evaluate_features_writes_its_picture(many, checkpoint, tmp_path, capsys):
    out = tmp_path / "features.png"
    given = ["features", "--data", many, "--model", checkpoint, "--cache", many / "cache", "--n", "60"]
    asked = ["--attribute", "black_hair", "--method", "pca", "--method", "tsne"]
    assert facegen(*given, *asked, "-o", out) == 0
    with Image.open(out) as image:
        width, height = image.size
        colors = {c for n, c in image.convert("RGB").getcolors(2**24) if n > 20}
    assert width > 1.5 * height  # two panels
    assert any(b > r + 60 for r, g, b in colors) and any(r > b + 60 for r, g, b in colors)  # both sides are drawn
    capsys.readouterr()
    assert facegen(*given, "--attribute", "hair", "-o", tmp_path / "b.png") == 2
    assert "'hair' is none of the attributes" in capsys.readouterr().err
    assert not (tmp_path / "b.png").exists()


def test_faces_with_an_attribute_lie_together_or_not():
    rng, labels = np.random.default_rng(0), np.array([1] * 20 + [-1] * 60 + [0] * 20)
    apart = rng.standard_normal((100, 4)) + 20 * (labels == 1)[:, None]
    assert features.neighbors(apart, labels) == (1.0, 0.25)
    near, chance = features.neighbors(rng.standard_normal((100, 4)), labels)
    assert near < 0.45 and chance == 0.25
    assert np.isnan(features.neighbors(apart, np.ones(100))).all()


def test_features_in_the_plane():
    """PCA keeps the two directions that vary most; t-SNE keeps two clouds apart. Both give the same picture again."""
    rng = np.random.default_rng(0)
    cloud = np.repeat([0, 1], 40)
    x = rng.normal(size=(80, 12)) + 25.0 * cloud[:, None]
    for method in ("pca", "tsne"):
        points = features.project(x, method)
        assert points.shape == (80, 2)
        np.testing.assert_allclose(points, features.project(x, method))
        a, b = points[cloud == 0], points[cloud == 1]
        assert np.linalg.norm(a.mean(0) - b.mean(0)) > 2 * max(a.std(), b.std())


def test_umap_only_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(features, "find_spec", lambda name: None)
    assert features.chosen(None) == ["pca", "tsne"]
    with pytest.raises(ValueError, match="umap-learn"):
        features.chosen(["umap"])


def save(model, folder):
    registry.save(model, folder)
    return folder


def test_evaluate_models_writes_the_table(many, tmp_path, capsys):
    torch.manual_seed(0)
    subjects = SubjectDeconv(SubjectDeconvConfig(HAIR, ["0", "1", "2"], [8, 8, 8, 8], 8))
    draw = Draw(DrawConfig(HAIR, image_size=16, glimpses=2, latent=4, hidden=8, read=4, write=4))
    save(subjects, tmp_path / "run/checkpoint")
    save(draw, tmp_path / "draw")
    log = [{"step": 100, "seconds": 60.0, "deconv/msle": 1.0}, {"step": 200, "seconds": 30.0, "deconv/msle": 1.0}]
    (tmp_path / "run/log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in log) + '{"step": 30')
    out = tmp_path / "docs/models.md"
    given = ["models", f"deconv={tmp_path / 'run/checkpoint'}", f"draw={tmp_path / 'draw'}", "--data", many]
    given += ["--size", "32", "--cache", many / "cache", "-o", out]
    given += ["--ask", "blond_hair", "--n-asked", "7"]
    assert facegen(*given, "--note", "Ninety seconds each.") == 0

    text = out.read_text()
    lines = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    table = {row[0]: dict(zip(lines[0], row, strict=True)) for row in lines[2:5]}
    asked = {row[0]: [float(x) for x in row[1].split("/")] for row in lines[7:]}
    assert list(table) == list(asked) == ["deconv", "draw", "photographs"]
    assert all(0 <= share <= 1 for row in asked.values() for share in row)
    assert asked["photographs"][0] > 0.8 > 0.2 > asked["photographs"][1]  # blond is judged yes where it is labelled so
    assert table["deconv"]["training, minutes"] == "1.5" and table["deconv"]["steps"] == "deconv 200"
    assert table["draw"]["training, minutes"] == "-" and table["draw"]["px"] == "16"
    for name in ("deconv", "draw"):
        assert 3 < float(table[name]["PSNR, dB"]) < 30
        assert float(table[name]["ms an image"]) > 0 and float(table[name]["memory, MB"]) > 50
        distance = {k: float(table[k]["Frechet distance"].replace(",", "")) for k in (name, "photographs")}
        assert distance[name] > 3 * distance["photographs"]
    # The judge tells hair in photographs; untrained networks draw none.
    assert float(table["photographs"]["attribute accuracy"]) > 0.9 > 0.7 > float(table["deconv"]["attribute accuracy"])
    assert "Ninety seconds each." in text and "(black hair, blond hair)" in text
    assert "nats an image" in text and str(tmp_path) not in text
    sizes = {"draw": (160, 96), "draw-canvas": (48, 96), "deconv": (320, 192), "deconv-good-and-poor": (256, 64)}
    for name, size in sizes.items():
        assert f"(models/{name}.webp)" in text
        with Image.open(out.parent / f"models/{name}.webp") as picture:
            assert picture.size == size and SOURCE_TYPE.encode() in picture.info["xmp"]  # marked as what it is

    capsys.readouterr()
    assert facegen(*given) == 2
    assert f"{out} exists" in capsys.readouterr().err
    out.write_text(f"{END}\n")
    assert facegen(*given, "--force") == 2  # before anything is measured
    assert "evaluate models: begin" in capsys.readouterr().err
    assert facegen("models", "draw", *given[3:]) == 2
    assert "'draw' is no name=folder pair" in capsys.readouterr().err


def test_what_people_wrote_around_the_table_stays(tmp_path):
    page = f"# Ours\n\nHow to read it.\n\n{BEGIN}\nstale\n{END}\n\nThe end.\n"
    assert spliced(page, "| new |\n", BEGIN, END, tmp_path) == page.replace("stale", "| new |")


def test_draw_redraws_what_its_bound_measures(packed):
    """With a posterior that has no spread, the picture redrawn is the one that the bound's first term is of."""
    torch.manual_seed(0)
    model = Draw(DrawConfig(HAIR, image_size=32, glimpses=3, latent=4, hidden=8, read=4, write=4)).eval()
    with torch.no_grad():
        model.posterior.weight[4:] = 0
        model.posterior.bias[4:] = -20
        model.patch.weight *= 0.02  # else pixels saturate, and a probability of 1 has no log-odds left
        model.patch.bias *= 0.02
    rows = packed.rows("test")[:6]
    photo = torch.from_numpy(packed.images[rows]).permute(0, 3, 1, 2) / 255
    attributes = torch.from_numpy(packed.columns(HAIR)[rows].astype(np.float32))
    mine, images = targets.redrawn(model, packed, rows)
    with torch.no_grad():
        nll, _ = model.elbo(photo, attributes)
    expected = F.binary_cross_entropy((images + 1) / 2, photo, reduction="none").sum((1, 2, 3)).mean()
    assert list(mine) == list(rows)
    torch.testing.assert_close(nll, expected, rtol=1e-5, atol=0.01)


def test_deconv_is_asked_for_its_own_subjects_only(packed):
    model = SubjectDeconv(SubjectDeconvConfig(HAIR, ["1", "stranger"], [8, 8, 8, 8], 8)).eval()
    rows = packed.rows("test")[:9]
    mine, images = targets.redrawn(model, packed, rows)
    assert list(mine) == [r for r in rows if packed.subjects[r] == "1"] and len(images) == 3
    label = torch.from_numpy(packed.columns(HAIR)[mine[:1]].astype(np.float32))
    torch.testing.assert_close(images[:1], model(torch.tensor([[1.0, 0.0]]), label))
    strangers = SubjectDeconv(SubjectDeconvConfig(HAIR, ["9"], [8, 8, 8, 8], 8)).eval()
    assert targets.redrawn(strangers, packed, rows) is None


def test_good_and_poor_are_ordered_by_psnr(packed):
    """Photographs themselves, then with more and more noise: the first in the picture is the cleanest."""
    rows = packed.rows("test")[:6]
    photos = torch.from_numpy(packed.images[rows]).permute(0, 3, 1, 2) / 127.5 - 1
    noise = torch.linspace(0.6, 0.1, 6).view(-1, 1, 1, 1) * torch.randn(
        photos.shape, generator=torch.Generator().manual_seed(0)
    )
    pair = rows, (photos + noise).clamp(-1, 1)
    order = targets.quality(pair, packed)
    assert (order.diff() > 0).all()
    sheet = np.asarray(targets.good_and_poor(pair, packed, 2), float)
    assert sheet.shape == (64, 64, 3)
    best = ((pair[1][5].permute(1, 2, 0).numpy() + 1) * 127.5).round()
    np.testing.assert_allclose(sheet[:32, :32], best, atol=1)


def test_the_bound_is_the_networks_own(packed):
    torch.manual_seed(0)
    model = Draw(DrawConfig(HAIR, image_size=32, glimpses=2, latent=4, hidden=8, read=4, write=4)).eval()
    rows = packed.rows("test")[:70]  # two batches of unequal size are weighed by it
    found = targets.bound(model, packed, rows)
    assert found["elbo"] == pytest.approx(found["reconstruction"] - found["divergence"])
    photo = torch.from_numpy(packed.images[rows]).permute(0, 3, 1, 2) / 255
    attributes = torch.from_numpy(packed.columns(HAIR)[rows].astype(np.float32))
    with torch.no_grad():
        nll, divergence = model.elbo(photo, attributes)
    assert found["elbo"] == pytest.approx(-float(nll + divergence), rel=0.02)


def test_a_set_that_one_learned_from_judges_with_its_other_parts(many, tmp_path, capsys):
    torch.manual_seed(0)
    folder = save(SubjectDeconv(SubjectDeconvConfig(HAIR, ["0"], [8, 8, 8, 8], 8)), tmp_path / "a")
    other = tmp_path / "other"
    (other / "images").mkdir(parents=True)
    numbers = [
        10 * i + k for i in range(400, 410) for k in range(10)
    ]  # ten each to validate and to test, eighty to train
    for number in numbers:
        Image.fromarray(drawn_face(32)).save(other / f"images/{number:06d}.jpg")
    rows = [f"{n:06d}.jpg 1 -1" for n in numbers]
    (other / "list_attr_celeba.txt").write_text("\n".join([str(len(rows)), "Black_Hair Blond_Hair", *rows]) + "\n")
    given = ["models", f"a={folder}", "--data", many, "--size", "32", "--n", "4"]
    out = tmp_path / "table.md"
    assert facegen(*given, "--judge-held-out", other, "--cache", tmp_path / "cache", "-o", out) == 0
    assert "a judge trained on 230 other photographs" in out.read_text()  # 310 with those that the model learned from
