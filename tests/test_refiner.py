"""Codes moved to where a classifier reads what was said."""

import numpy as np
import torch

from facegen import hub
from facegen.generator import DeconvGenerator, GeneratorConfig
from facegen.refiner import Refiner
from facegen.training.published import read_published

SMALL = GeneratorConfig(attributes=["male", "hat"], identity_dim=8, channels=[8, 8, 8, 8], prior_width=16, prior_hidden=16, prior_blocks=1, guide_width=0, refiner_width=16)  # fmt: skip


def stirred(module):
    torch.manual_seed(0)
    for parameter in module.parameters():
        parameter.data.normal_(std=0.3)
    return module


def test_untrained_it_moves_nothing():
    codes, said = torch.randn(5, 8), torch.tensor([[1.0, -1.0]]).expand(5, -1)
    torch.testing.assert_close(Refiner(8, 2, 16)(codes, said), codes)


def test_yes_and_no_move_differently_and_nothing_said_moves_nothing():
    refiner, codes = stirred(Refiner(8, 2, 16)), torch.randn(1, 8).expand(4, -1)
    moved = refiner(codes, torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])) - codes
    assert (torch.cdist(moved, moved) + torch.eye(4)).min() > 0.1
    assert not moved[3].any()


def test_the_flow_draws_refined_codes_no_longer_than_allowed():
    model = DeconvGenerator(SMALL)
    stirred(model.prior)
    model.prior.longest = 3.0
    noise, said = torch.randn(6, 8), torch.tensor([[1.0, -1.0]]).expand(6, -1)
    with torch.inference_mode():
        drawn, flowed = model.appearance(noise, said), model.prior.flow(noise, said, model.config.guidance)
        assert (model.prior.refiner(flowed, said) - flowed).norm(dim=1).min() > 0.1
        torch.testing.assert_close(drawn, model.prior.within(model.prior.refiner(flowed, said)))
    assert drawn.norm(dim=1).max() < 3.001


def test_a_wider_vocabulary_refines_as_before(tmp_path):
    model = DeconvGenerator(SMALL)
    stirred(model.prior)
    hub.save(model, tmp_path)
    wide, _ = read_published(tmp_path, ["bald", "male", "smiling", "hat"])
    kept = hub.load_generator(tmp_path)
    codes, said = torch.randn(5, 8), torch.from_numpy(np.random.default_rng(0).integers(-1, 2, (5, 2))).float()
    told = torch.zeros(5, 4)
    told[:, [1, 3]] = said
    torch.testing.assert_close(wide.prior.refiner(codes, told), kept.prior.refiner(codes, said))
