"""Codes moved to where a classifier reads what was said."""

import shutil
from dataclasses import replace

import numpy as np
import torch
from safetensors.torch import load_file
from test_training import arguments, losses, mistake, run

from facegen import hub, registry
from facegen.drawing.generator import DeconvGenerator, GeneratorConfig
from facegen.drawing.refiner import Refiner
from facegen.training.default.start_from import read_published

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


def test_few_words_refine_in_proportion_less(tmp_path):
    model = DeconvGenerator(replace(SMALL, attributes=["male", "hat", "bald", "smiling", "bangs", "beard"], refiner_full=4))
    stirred(model.prior)
    registry.save(model, tmp_path)
    prior = registry.load(tmp_path).prior
    codes, said = torch.randn(1, 8).expand(7, -1), torch.tril(torch.ones(7, 6), -1)  # from nothing said to everything
    said[:, 1] *= -1  # a no is said as well
    moved, whole = prior.refined(codes, said) - codes, prior.refiner(codes, said) - codes
    assert whole[1:].norm(dim=1).min() > 0.1
    torch.testing.assert_close(moved, whole * torch.tensor([0, 0.25, 0.5, 0.75, 1, 1, 1])[:, None])


def test_a_wider_vocabulary_refines_as_before(tmp_path):
    model = DeconvGenerator(SMALL)
    stirred(model.prior)
    registry.save(model, tmp_path)
    wide, _ = read_published(tmp_path, ["bald", "male", "smiling", "hat"])
    kept = registry.load(tmp_path)
    codes, said = torch.randn(5, 8), torch.from_numpy(np.random.default_rng(0).integers(-1, 2, (5, 2))).float()
    told = torch.zeros(5, 4)
    told[:, [1, 3]] = said
    torch.testing.assert_close(wide.prior.refiner(codes, told), kept.prior.refiner(codes, said))


def test_the_refiner_learns_which_codes_a_classifier_reads_as_said(faces, tmp_path):
    judged = ["--judge", hub.embedded("classifier"), "--set", "drop_each=0", "--set", "drop_most=0", "--set", "refine_move=0.0", "--set", "prior_batch=64"]
    run(*arguments(faces, tmp_path, (400, 200, 0, 0)), *judged, "--set", "refine_steps=150")
    folder = tmp_path / "000-default"
    read = losses(folder, "refine/agreement")
    assert read[-1] < 0.9 * read[0] and losses(folder, "refine/moved")[-1] > 0.1
    model = registry.load(folder / "checkpoint")
    refiner = model.prior.refiner
    assert refiner.out.weight.abs().max() > 1e-3

    # Another run goes on from it, and draws what it trains on from refined codes; without a classifier there is nothing to learn.
    model.config.refiner_full = 7
    registry.save(model, full := tmp_path / "full")
    shutil.copytree(folder / "checkpoint_training", tmp_path / "full_training")
    run(*arguments(faces, tmp_path / "again", (0, 0, 0, 1)), "--start-from", full)
    again = registry.load(tmp_path / "again/000-default/checkpoint").prior
    torch.testing.assert_close(again.refiner.into.weight, refiner.into.weight, rtol=0.02, atol=0.01)
    assert again.refiner_full == 7
    assert not losses(tmp_path / "again/000-default", "refine/agreement")


def test_it_learns_to_pass_for_photographs_before_the_discriminators_which_learn_too(faces, tmp_path):
    run(*arguments(faces, tmp_path / "first", (300, 150, 0, 40)), "--set", "prior_batch=64")
    first = tmp_path / "first/000-default/checkpoint"
    more = ["--judge", hub.embedded("classifier"), "--start-from", first, "--set", "refine_steps=150", "--set", "refine_learning_rate=0.01"]
    fooled = {}
    for weight in (0.001, 1000.0):
        run(*arguments(faces, tmp_path / str(weight), (0, 0, 0, 0)), *more, "--set", f"refine_adversarial={weight}", "--set", "discriminator_learning_rate=0")
        fooled[weight] = losses(tmp_path / str(weight) / "000-default", "refine/adversarial")[-1]
    assert fooled[1000.0] < 0.9 * fooled[0.001]

    run(*arguments(faces, tmp_path / "both", (0, 0, 0, 0)), *more, "--set", "refine_adversarial=1", "--set", "refine_steps=2")
    before, after = (load_file(f"{folder}_training/model.safetensors") for folder in (first, tmp_path / "both/000-default/checkpoint"))
    assert (before["discriminator.realness.weight"] - after["discriminator.realness.weight"]).abs().max() > 1e-5


def test_discriminators_without_any_are_a_mistake(faces, tmp_path):
    error = mistake(*arguments(faces, tmp_path, (0, 0, 0, 0)), "--judge", hub.embedded("classifier"), "--set", "refine_adversarial=1", "--set", "adversarial=0")
    assert "refine_adversarial is 1" in error and "discriminator" in error
