"""The notch filter takes the grid that an enlarger weaves, and nothing else."""

import math

import pytest
import torch

from facegen.drawing.deconv.notch import Notch
from facegen.evaluation.instruments.spectrum import Spectrum, spectrum

PLACE = torch.arange(96)
INNER = (..., slice(24, -24), slice(24, -24))  # away from the edges, where it sees its image mirrored


@pytest.mark.parametrize(
    ("period", "left"), [(4, 0.5), (2, 1.0), (8, 1.0), (16, 1.0)], ids=lambda value: f"{value:g}"
)
def test_half_of_what_repeats_every_four_px_goes(period, left):
    """Along columns, rows and both diagonals; what repeats more or less often stays."""
    along = PLACE.expand(96, 96)
    for phase in (along, along.T, along + along.T, along - along.T):
        wave = torch.cos(2 * math.pi / period * phase).expand(1, 3, 96, 96)
        assert Notch()(wave)[INNER].std() / wave[INNER].std() == pytest.approx(left, abs=0.01)


def test_colors_and_plain_faces_stay():
    plain = torch.tensor([0.9, -0.2, 0.4]).view(1, 3, 1, 1).expand(2, 3, 64, 64)
    torch.testing.assert_close(Notch()(plain), plain)
    colored = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    taken = colored - Notch()(colored)
    torch.testing.assert_close(taken[:, 0], taken[:, 1])  # gray: the difference of two channels is as it was


def test_the_embedded_generator_draws_less_of_a_grid_with_it(pipe):
    generator, said = pipe.generator, pipe.encode({}).expand(12, -1)
    small = generator.sketch(generator.identity(range(12)), said)
    woven = generator.enlarger(small)
    with_grid, without = Spectrum()(woven), Spectrum()(generator.notch(woven))
    strength = spectrum(without, with_grid)["grid_db"]["4"]
    assert strength["photographs"] - strength["drawn"] > 3  # "photographs" are those with the grid, here
    assert spectrum(without, with_grid)["fine_energy"] > 0.9
