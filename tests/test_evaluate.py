"""What is measured is what the words say: figures against hand-computed values, and the commands that write them."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from facegen import registry
from facegen.cli import main
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
from facegen.networks.vggface import VGGFace, VGGFaceConfig

HAIR = ["black_hair", "blond_hair"]


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
