"""The network's contract: shapes, ranges, and what seeds and attributes do to it."""

from dataclasses import replace

import pytest
import torch

from facegen import registry
from facegen.attributes import encode
from facegen.drawing.generator import GeneratorConfig, Prior


def test_identity_is_standard_normal_and_fixed_by_its_seed():
    model = registry.load()
    codes = model.identity(range(200))
    assert codes.shape == (200, model.config.identity_dim)
    assert abs(codes.mean()) < 0.02 and abs(codes.std() - 1) < 0.02
    torch.testing.assert_close(model.identity([17])[0], codes[17])


def test_rgb_of_the_promised_shape_and_range():
    model = registry.load()
    rgb = model(model.identity([0, 1]), torch.zeros(2, len(model.config.attributes)))
    side = model.config.image_size
    assert rgb.shape == (2, 3, side, side)
    assert rgb.min() >= -1 and rgb.max() <= 1 and rgb.std() > 0.2


def test_guidance_pushes_further_from_what_nothing_said_draws():
    model = registry.load()
    identity = model.identity(range(4))
    names = model.config.attributes
    said = torch.tensor([encode({"male": True, "beard": True}, names)] * 4)
    plain = model.appearance(identity, torch.zeros_like(said))
    distances = [(model.appearance(identity, said, g) - plain).norm() for g in (1.0, 2.0, 4.0)]
    assert 0 < distances[0] < distances[1] < distances[2]


def test_not_said_is_neither_yes_nor_no():
    model = registry.load()
    identity, names = model.identity([3]), model.config.attributes
    states = [{}, {"smiling": True}, {"smiling": False}]
    drawn = [model(identity, torch.tensor([encode(s, names)])) for s in states]
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (drawn[a] - drawn[b]).abs().mean() > 0.005


def test_an_untrained_prior_keeps_the_noise():
    """Codes are nearly normal: until the prior has learned anything the decoder is given plain noise."""
    torch.manual_seed(0)
    prior = Prior(GeneratorConfig(attributes=["male"], identity_dim=16, prior_width=16, prior_hidden=16, prior_blocks=1))
    noise, said = torch.randn(32, 16), torch.ones(32, 1)
    torch.testing.assert_close(prior.sample(noise, said, 2.0), noise, rtol=0.02, atol=0.0)
    torch.nn.init.normal_(prior.out.weight)
    assert (prior.sample(noise, said, 2.0) - noise).abs().mean() > 0.1


def test_autoguidance_moves_on_from_what_the_guide_draws():
    """The flow moves every code by a constant, its guide by another; autoguidance lengthens the way between the two."""
    config = GeneratorConfig(["male"], 16, prior_width=16, prior_hidden=16, prior_blocks=1, guide_width=8, guide_hidden=8, guide_blocks=1)
    noise, said = torch.randn(8, 16, generator=torch.Generator().manual_seed(0)), torch.ones(8, 1)

    def shift(autoguidance, own, guides):
        prior = Prior(replace(config, autoguidance=autoguidance))
        torch.nn.init.constant_(prior.out.bias, own)
        torch.nn.init.constant_(prior.guide.out.bias, guides)
        return (prior.sample(noise, said, 2.0) - Prior(config).sample(noise, said, 2.0)).mean().item()

    way = shift(1.0, 0.1, 0.0)
    assert way > 0.05
    assert shift(1.0, 0.1, 0.3) == pytest.approx(way)  # not at all
    assert shift(3.0, 0.1, 0.0) == pytest.approx(3 * way, rel=1e-3)
    assert shift(3.0, 0.1, 0.1) == pytest.approx(way, rel=1e-3)  # they agree
    assert shift(3.0, 0.1, 0.2) == pytest.approx(-way, rel=1e-3)


def test_codes_are_brought_between_the_shortest_and_the_longest():
    torch.manual_seed(0)
    config = GeneratorConfig(attributes=["male"], identity_dim=16, prior_width=16, prior_hidden=16, prior_blocks=1)
    free, bounded = Prior(config), Prior(replace(config, shortest_code=3.0, longest_code=4.0))
    torch.nn.init.normal_(free.out.weight, std=0.02)
    bounded.load_state_dict(free.state_dict())
    noise, said = torch.randn(32, 16) * torch.linspace(0.2, 2, 32)[:, None], torch.ones(32, 1)
    before, after = free.sample(noise, said, 2.0), bounded.sample(noise, said, 2.0)
    lengths = before.norm(dim=1)
    assert lengths.min() < 2.9 and lengths.max() > 4.1 and ((lengths > 3) & (lengths < 4)).any()  # all kinds are there
    torch.testing.assert_close(after.norm(dim=1), lengths.clamp(3.0, 4.0))
    torch.testing.assert_close(torch.cosine_similarity(before, after), torch.ones(32))
    assert (bounded.sample(torch.zeros(1, 16), torch.zeros(1, 1), 1.0).isfinite()).all()


def test_few_steps_of_the_flow_come_near_many(pipe):
    prior, noise = pipe.generator.prior, pipe.generator.identity(range(4))
    said = torch.zeros(4, len(pipe.drawable))
    said[:, 0], said[:2, pipe.drawable.index("smiling")] = torch.tensor([1.0, -1.0, 1.0, -1.0]), 1
    with torch.inference_mode():
        limit = prior.flow(noise, said, 2.0, steps=96)
        off = [(prior.flow(noise, said, 2.0, steps=n) - limit).norm(dim=1).mean().item() for n in (6, 12, 24)]
    assert off[1] < off[0] / 2 and off[2] < off[1] / 2  # as of a rule of a higher order than the first
    assert off[1] < 0.05 * limit.norm(dim=1).mean().item()
