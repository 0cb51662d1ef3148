"""Embeddings moved as a whole to where photographs' are, alone and in the stage that moves codes."""

import torch
from test_training import arguments, losses, mistake, run
from torchmetrics.image.fid import _compute_fid

from facegen import hub
from facegen.training.default.gaussian_transport import GaussianTransport, gathered, moments

JUDGED = ("--judge", hub.embedded("classifier"), "--set", "prior_batch=64")


def people(n, scale, seed):
    """(n, 4), varying by `scale` in mixed directions; the last number is always 0."""
    mixed = torch.tensor([[1.0, 0.5, 0.0], [0.0, 1.0, -0.4], [0.2, 0.0, 1.0]])
    varied = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed)) * torch.tensor(scale)
    return torch.cat([varied @ mixed, torch.zeros(n, 1)], 1)


def test_the_loss_is_the_frechet_distance_and_vanishes_where_it_points():
    photos, drawn = people(4000, (0.3, 0.1, 0.2), 0) + 0.1, people(4000, (0.1, 0.2, 0.2), 1)
    transport = GaussianTransport(photos, drawn)
    (mean, covariance), (other, around) = moments(photos), moments(drawn)
    frechet = _compute_fid(mean, covariance, other, around).item()
    assert frechet > 0.03
    assert abs(transport.distance - frechet) < 0.05 * frechet
    embeddings = drawn.clone().requires_grad_()
    loss = transport(embeddings)
    assert abs(loss.item() - frechet) < 0.05 * frechet
    (gradient,) = torch.autograd.grad(loss, embeddings)
    there = drawn - 0.5 * len(drawn) * gradient  # of a mean of squares
    arrived = moments(there)
    torch.testing.assert_close(arrived[0], mean, atol=2e-3, rtol=0)
    torch.testing.assert_close(arrived[1], covariance, atol=3e-3, rtol=0)
    assert there[:, 3].abs().max() < 0.2  # nothing is made of a number that never varies, but the shift of the mean


def test_it_follows_faces_as_they_are_drawn_now():
    photos, drawn = people(2000, (0.3, 0.1, 0.2), 0), people(2000, (0.1, 0.1, 0.1), 1)
    transport = gathered(lambda: (photos, drawn), n=2000)
    before = transport.distance
    for seed in range(300):
        transport(people(32, (0.3, 0.1, 0.2), seed + 2))
    assert transport.distance < 0.1 * before


def test_the_refiner_learns_from_it_and_from_what_is_said_in_few_words(faces, tmp_path):
    more = ["--set", "refine_steps=200", "--set", "refine_transport=300", "--set", "refine_move=0", "--set", "drop_each=0"]
    run(*arguments(faces, tmp_path, (400, 200, 0, 0)), *JUDGED, *more, "--set", "refine_learning_rate=0.01", "--set", "batch=12")
    people = losses(tmp_path / "000-default", "refine/faces frechet")
    assert people[-1] < 0.95 * people[0]
    read = losses(tmp_path / "000-default", "refine/agreement in few words")
    assert read[-1] < 0.9 * read[0]


def test_what_it_needs_is_asked_for(faces, tmp_path):
    assert "--judge" in mistake(*arguments(faces, tmp_path, (0, 0, 0, 0)), "--set", "refine_transport=1")
    error = mistake(*arguments(faces, tmp_path, (0, 0, 0, 0)), "--set", "refine_means=1")
    assert "refine_means" in error and "--feature-weights" in error
