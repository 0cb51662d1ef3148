"""What the default generator learns by, each on what it should tell apart."""

import pytest
import torch

from facegen.networks.discriminators import Discriminator, FeatureDiscriminator
from facegen.training.default.losses import feature_penalty, relativistic
from facegen.training.jitter import other_view


def test_feature_discriminator_tells_drawn_from_photographs_by_what_was_asked():
    """Maps that differ only in how their mean goes with the attribute: a discriminator that listens can tell."""
    torch.manual_seed(0)
    heads = FeatureDiscriminator(1, (4, 8), width=16)
    adam = torch.optim.Adam(heads.parameters(), 5e-3, (0.0, 0.99))

    def maps(labels, sign):
        means = (sign * labels)[:, :, None, None]
        return [
            torch.randn(len(labels), c, s, s) * scale + means * scale for c, s, scale in ((4, 6, 1.0), (8, 3, 10.0))
        ]

    labels = torch.tensor([[1.0], [-1.0]]).repeat(16, 1)
    heads.calibrate(maps(labels, 1))
    assert (heads.scale[0] / heads.scale[1]).item() == pytest.approx(10, rel=0.2)
    for _ in range(150):
        pairs = zip(heads(maps(labels, 1), labels), heads(maps(labels, -1), labels), strict=True)
        loss = sum(relativistic(a, b) for a, b in pairs) + 0.01 * feature_penalty(heads, maps(labels, 1), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        for real, drawn in zip(heads(maps(labels, 1), labels), heads(maps(labels, -1), labels), strict=True):
            assert real.mean() > drawn.mean() + 1


def test_feature_penalty_is_that_of_unit_maps():
    """A linear head on maps of any scale: half the squared length of its weight."""
    heads = FeatureDiscriminator(1, (3,), width=4)
    heads.heads[0] = torch.nn.Identity()
    heads.realness[0] = torch.nn.Conv2d(3, 1, 1)
    heads.condition[0] = torch.nn.Linear(1, 3)
    torch.nn.init.zeros_(heads.condition[0].weight), torch.nn.init.zeros_(heads.condition[0].bias)
    for scale in (1.0, 50.0):
        maps = [torch.randn(5, 3, 4, 4) * scale]
        heads.calibrate(maps)
        expected = 0.5 * heads.realness[0].weight.square().sum()
        torch.testing.assert_close(feature_penalty(heads, maps, torch.ones(5, 1)), expected)


def test_other_views_are_the_same_face_a_little_aside():
    torch.manual_seed(0)
    ramp = torch.linspace(-0.5, 0.5, 64)
    face = (ramp[:, None] * ramp[None]).expand(16, 3, 64, 64).contiguous() * 2
    views = other_view(face)
    apart = (views - face).abs().mean((1, 2, 3))
    assert views.shape == face.shape and views.abs().max() <= 1
    assert apart.min() > 0.003 and apart.max() < 0.15
    assert apart.std() > 0.005  # each its own way


def test_a_discriminator_of_the_whole_image_sees_how_much_the_batch_varies():
    torch.manual_seed(0)
    face, others, told = torch.rand(1, 3, 32, 32), torch.rand(3, 3, 32, 32), torch.zeros(4, 2)
    alike, varied = torch.cat([face] * 4), torch.cat([face, others])
    patches, whole = (Discriminator(2, 32, width=8, whole=whole) for whole in (False, True))
    assert patches(varied, told).shape == (4, 2, 2) and whole(varied, told).shape == (4, 2, 2)
    torch.testing.assert_close(patches(alike, told)[0], patches(varied, told)[0])
    assert (whole(alike, told)[0] - whole(varied, told)[0]).abs().min() > 1e-4
