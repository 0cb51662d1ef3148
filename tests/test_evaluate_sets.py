"""Sets of faces beside each other: distances, precision and recall, diversity, the spectrum."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from facegen.evaluation.instruments.distances import distances, distances_of_all, diversity, precision_recall
from facegen.evaluation.instruments.metrics import frechet_distance
from facegen.evaluation.instruments.spectrum import Spectrum, spectrum


def test_frechet_distance_by_singular_values_is_the_definition():
    """Against eigenvalues of the covariances' product, with fewer faces than features and with more."""
    rng = np.random.default_rng(0)
    for n, d in ((300, 6), (9, 20)):
        a, b = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)), rng.normal(size=(n + 4, d)) + 1
        product = np.cov(a.T) @ np.cov(b.T)
        root = np.sqrt(np.linalg.eigvals(product).astype(complex)).real.sum()
        expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.cov(a.T).trace() + np.cov(b.T).trace() - 2 * root
        assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-5)
        assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_identical_sets_have_no_distance():
    rng = np.random.default_rng(0)
    test = {"pooled": rng.normal(size=(400, 5)), "embeddings": np.full((400, 128), np.nan)}
    far = {"pooled": rng.normal(size=(400, 5)) + 3}
    table = distances(test, test, far)
    assert list(table) == ["squeezenet"]  # nothing is said of a space in which nothing was measured
    assert table["squeezenet"]["frechet"]["drawn"] == pytest.approx(0, abs=1e-9)
    assert 0 < table["squeezenet"]["frechet"]["floor"] < 1 < table["squeezenet"]["frechet"]["train_photographs"]
    assert table["squeezenet"]["kernel"]["drawn"] < 0.02 < table["squeezenet"]["kernel"]["train_photographs"]
    every = distances_of_all(far, test, test)["squeezenet"]
    assert every["faces"] == 400 and every["frechet"]["train_photographs"] == pytest.approx(0, abs=1e-9)
    assert every["frechet"]["drawn"] > 40


def test_precision_and_recall_of_known_sets():
    """Half of the faces drawn are photographs' likes, the others far away: precision 1/2 of theirs.

    One mode of two: recall too.
    """
    rng = np.random.default_rng(0)
    modes = np.repeat([[0.0] * 4, [50.0] * 4], 200, axis=0)[rng.permutation(400)]
    photographs = {"objects": modes + rng.normal(size=(400, 4))}
    astray = {"objects": np.where(np.arange(200)[:, None] % 2, 1000, modes[:200]) + rng.normal(size=(200, 4))}
    alone = {"objects": rng.normal(size=(200, 4))}
    table = precision_recall(astray, photographs)["efficientnet"]
    assert table["faces"] == 200 and table["precision"]["photographs"] > 0.8
    assert table["precision"]["drawn"] == pytest.approx(table["precision"]["photographs"] / 2, abs=0.08)
    table = precision_recall(alone, photographs)["efficientnet"]
    assert table["precision"]["drawn"] > 0.8 and table["recall"]["drawn"] == pytest.approx(0.45, abs=0.12)


def test_a_grid_is_found_at_its_period_and_blur_costs_detail():
    generator = torch.Generator().manual_seed(0)
    smooth = F.interpolate(torch.randn(12, 3, 32, 32, generator=generator), (64, 64), mode="bicubic") * 0.2
    photographs = Spectrum()(smooth + 0.05 * torch.randn(12, 3, 64, 64, generator=generator))
    place = torch.arange(64)
    for period in (2, 4):
        grid = 0.1 * torch.cos(2 * torch.pi * place / period)
        table = spectrum(Spectrum()(smooth + 0.05 * torch.randn(12, 3, 64, 64) + grid), photographs)
        found = {p: sides["drawn"] - sides["photographs"] for p, sides in table["grid_db"].items()}
        assert found.pop(str(period)) > 10 and max(found.values()) < 3
    blurred = F.avg_pool2d(F.pad(smooth, (1, 1, 1, 1), mode="reflect"), 3, 1)
    assert spectrum(Spectrum()(blurred), Spectrum()(smooth))["fine_energy"] < 0.6
    assert spectrum(photographs, photographs)["fine_energy"] == pytest.approx(1)


def test_one_face_drawn_again_and_again_has_no_diversity():
    test = {"pooled": np.random.default_rng(0).normal(size=(50, 4))}
    same, _ = diversity({"pooled": np.ones((50, 4))}, test)
    alike, every = diversity(test, test)
    assert same["squeezenet"]["drawn"] == 0 and alike["squeezenet"]["ratio"] == pytest.approx(1)
    assert len(every["squeezenet"]["drawn"]) == 50 * 49 / 2
