"""Codes of two attributes that go together: the planes tell them apart, and a code is moved to what photographs seldom show."""

import pytest
import torch

from facegen.drawing.discriminants import Discriminants

TOGETHER = 0.9  # so often the second attribute is what the first is


@pytest.fixture(scope="module")
def world():
    """(codes (m, 6), labels (m, 2)): the first attribute moves the first place by 3, the second the second."""
    generator = torch.Generator().manual_seed(0)
    first = torch.rand(4000, generator=generator) < 0.5
    second = torch.where(torch.rand(4000, generator=generator) < TOGETHER, first, ~first)
    labels = torch.stack([first, second], 1).float() * 2 - 1
    codes = torch.randn(4000, 6, generator=generator)
    codes[:, :2] += 1.5 * labels
    return codes, labels


def fitted(world, firmness=4.0):
    discriminants = Discriminants(6, 2, firmness)
    discriminants.fit(*world)
    return discriminants


def shown(discriminants, codes):
    return codes @ discriminants.normals.T


def test_planes_tell_attributes_apart(world):
    codes, labels = world
    discriminants = fitted(world)
    between = (discriminants.yes + discriminants.no) / 2
    told = torch.where(shown(discriminants, codes) > between, 1.0, -1.0)
    assert ((told == labels).float().mean(0) > 0.9).all()
    for j in range(2):  # in units of the spread within
        along = shown(discriminants, codes)[:, j]
        within = torch.cat([along[labels[:, j] > 0] - discriminants.yes[j], along[labels[:, j] < 0] - discriminants.no[j]])
        assert abs(within.mean()) < 1e-3 and within.std() == pytest.approx(1.0, abs=0.01)


def test_a_rare_pair_is_brought_about(world):
    """A code that shows both, asked for the first without the second, and the other way round."""
    discriminants = fitted(world)
    both = torch.tensor([[1.5, 1.5, 0.3, 0.0, 0.0, 0.0]]).expand(2, -1)
    asked = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    between = (discriminants.yes + discriminants.no) / 2
    assert (shown(discriminants, both) > between).all()
    corrected = discriminants.correct(both, asked)
    assert (torch.sign(shown(discriminants, corrected) - between) == asked).all()
    assert ((corrected - both)[:, 2:].abs() < 0.3).all()  # what no attribute is about stays


def test_what_is_shown_already_or_not_said_is_left_alone(world):
    discriminants = fitted(world)
    clear = torch.stack([discriminants.yes[0] + 1, discriminants.no[1] - 1])
    code = torch.linalg.lstsq(discriminants.normals, clear).solution[None]
    for said in ([0.0, 0.0], [1.0, -1.0], [1.0, 0.0], [0.0, -1.0]):
        torch.testing.assert_close(discriminants.correct(code, torch.tensor([said])), code)
    moved = discriminants.correct(code, torch.tensor([[-1.0, -1.0]]))
    # What was shown well, and is said, stays so though the planes lean towards each other.
    assert shown(discriminants, moved)[0, 1] < shown(discriminants, code)[0, 1] + 0.3
    assert shown(discriminants, moved)[0, 0] < shown(discriminants, code)[0, 0] - 2


def test_the_firmer_the_nearer(world):
    code, said = torch.zeros(1, 6), torch.tensor([[1.0, 0.0]])
    code[0, 0] = -2.0
    places = [shown(each := fitted(world, firmness), each.correct(code, said))[0, 0].item() for firmness in (0.1, 1.0, 10.0, 1000.0)]
    assert places == sorted(places) and places[0] > shown(fitted(world), code)[0, 0]
    assert places[-1] == pytest.approx(fitted(world).yes[0].item(), abs=0.01)


def test_the_move_is_the_likeliest(world):
    """No other code scores better: nearness to the flow's code against what is short of the mean."""
    torch.manual_seed(0)
    discriminants = fitted(world, 2.0)
    codes, said = torch.randn(20, 6), torch.tensor([[1.0, -1.0]]).expand(20, -1)

    def score(moved):
        short = (torch.where(said > 0, discriminants.yes, discriminants.no) - shown(discriminants, codes)) * said
        gained = shown(discriminants, moved - codes) * said
        left = (short.clamp(min=0) - gained).clamp(min=0)
        return (moved - codes).square().sum(1) / 4 + left.square().sum(1) / 2

    best = discriminants.correct(codes, said)
    for _ in range(50):
        assert (score(best + 0.02 * torch.randn_like(best)) >= score(best) - 1e-4).all()


def test_too_few_photographs_correct_nothing(world):
    codes, labels = world
    labels = labels.clone()
    labels[:, 1] = -1
    labels[:9, 1] = 1
    discriminants = Discriminants(6, 2, 4.0)
    code, said = torch.zeros(1, 6), torch.tensor([[1.0, 1.0]])
    torch.testing.assert_close(discriminants.correct(code, said), code)  # nothing learned yet
    discriminants.fit(codes, labels)
    assert discriminants.normals[0].any() and not discriminants.normals[1].any()
    torch.testing.assert_close(discriminants.correct(code, torch.tensor([[0.0, 1.0]])), code)
    assert (discriminants.correct(code, said) != code).any()
