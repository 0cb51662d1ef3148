"""A published generator is widened to new attributes without changing, and learns to draw at twice the size."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from test_training import arguments, losses, mistake, run

from facegen import registry
from facegen.attributes import encode
from facegen.data.pack import pack
from facegen.data.readers import read_dataset
from facegen.drawing.generator import DeconvGenerator, Enlarger, GeneratorConfig
from facegen.training.batches import FaceBatches, flipped, rarity
from facegen.training.default.enlarge import unevenness
from facegen.training.default.start_from import read_published
from facegen.training.run import TrainingError


@pytest.fixture
def published(tmp_path):
    torch.manual_seed(0)
    config = GeneratorConfig(
        ["male", "hat"], 8, [16, 16, 16, 16], prior_width=16, prior_hidden=16, prior_blocks=1, prior_steps=2,
        guide_width=8, guide_hidden=8, guide_blocks=1,
    )  # fmt: skip
    model = DeconvGenerator(config)
    for flow in (model.prior, model.prior.guide):
        torch.nn.init.normal_(flow.out.weight, std=0.3)
    torch.nn.init.normal_(model.decoder.to_rgb.weight, std=0.3)
    registry.save(model, tmp_path / "old")
    return tmp_path / "old"


def test_a_widened_generator_draws_as_before_until_it_learns(published):
    names = ["male", "facing_left", "hat"]  # the new one comes between: places move
    before = registry.load(published)
    wide, helpers = read_published(published, names)
    assert helpers == {} and wide.config.attributes == names
    for said in ({"male": True}, {"hat": False, "male": False}, {"hat": True}):
        a = before(before.identity([3]), torch.tensor([encode(said, before.config.attributes)]))
        b = wide(wide.identity([3]), torch.tensor([encode(said, names)]))
        torch.testing.assert_close(a, b)
        c = wide(wide.identity([3]), torch.tensor([encode({**said, "facing_left": True}, names)]))
        torch.testing.assert_close(a, c)


def test_data_that_label_less_are_refused(published):
    with pytest.raises(TrainingError, match="draws hat, which the data don't label"):
        read_published(published, ["male", "smiling"])


def test_in_the_mirror_left_is_right():
    names = ["male", "facing_left", "facing_right"]
    image, label = torch.arange(12.0).view(1, 3, 2, 2), torch.tensor([[1.0, 1.0, -1.0]])
    seen, said = flipped(image, label, names)
    assert said.tolist() == [[1.0, -1.0, 1.0]]
    assert seen[0, 0].tolist() == [[1.0, 0.0], [3.0, 2.0]]
    back, label_back = flipped(seen, said, names)
    assert torch.equal(back, image) and torch.equal(label_back, label)


def test_what_is_seldom_seen_together_is_drawn_more_often():
    names = ["male", "gray_hair"]
    # 500 women, 30 of them gray; 500 men, half of them gray.
    rows = [(-1, 1)] * 30 + [(-1, -1)] * 470 + [(1, 1)] * 250 + [(1, -1)] * 250
    weights = rarity(np.array(rows, np.int8), names)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] > 2 * weights[31] and weights[0] > 2 * weights[501]


def test_of_some_faces_little_is_said_and_of_some_nothing(faces, tmp_path):
    data = pack([read_dataset(faces)], 32, tmp_path)
    names, rng = ["black_hair", "blond_hair"], np.random.default_rng(0)

    def left(drop_most, drop_each):
        how = {"drop_all": 0.3, "drop_each": drop_each, "drop_most": drop_most, "min_inside": 0.0, "dress": None}
        batches = FaceBatches(data, names, rng, torch.device("cpu"), **how)
        torch.manual_seed(0)
        return (batches.drop(torch.ones(4000, 2), torch.arange(4000) < 1200) != 0).float().mean(1)

    everything, little, mixed = left(0.0, 0.0), left(1.0, 0.0), left(0.5, 0.0)
    assert (everything[:1200] == 0).all() and (everything[1200:] == 1).all()
    assert (little[:1200] == 0).all() and 0.1 < little[1200:].mean() < 0.16
    assert 0.53 < mixed[1200:].mean() < 0.6


def test_enlarged_faces_gain_detail_and_stay_who_they_are(faces, tmp_path):
    run(*arguments(faces, tmp_path, (200, 1, 1, 1)))
    start = tmp_path / "000-default/checkpoint"
    given = ["enlarge", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache"]
    small = ["--set", "channels=16", "--set", "blocks=1", "--set", "batch=8", "--set", "warm_up=100"]
    small += ["--set", "learning_rate=0.003"]  # few steps, and no feature loss to ask for detail
    run(*given, *small, "--set", "steps=300", "--start-from", start)
    folder = tmp_path / "001-enlarge"
    pixel = losses(folder, "enlarge/pixel")
    assert pixel[-1] < 1.2 * pixel[0]  # at a quarter of the size, where back-projection alone is about right
    assert losses(folder, "enlarge/adversarial")  # the discriminator joined in
    before, after = registry.load(start), registry.load(folder / "checkpoint")
    assert (before.config.image_size, after.config.image_size) == (32, 64)
    seen = torch.zeros(1, 2)
    sketch = after.sketch(after.identity([5]), seen)
    torch.testing.assert_close(sketch, before(before.identity([5]), seen), atol=0.02, rtol=0.0)
    large = after(after.identity([5]), seen)
    assert large.shape == (1, 3, 64, 64)
    with torch.inference_mode():
        after.enlarger.out.weight.zero_()
        after.enlarger.out.bias.zero_()
        learned = (after.enlarger(sketch) - large).abs().mean()
        assert learned > 5e-5, float(learned)  # it has learned: at the start it adds exactly nothing
    again = torch.nn.functional.interpolate(large, scale_factor=0.5, mode="bicubic", antialias=True)
    assert (again - sketch).abs().mean() < 0.1

    run(*given, "--set", "steps=310", "--resume", folder)
    with safe_open(folder / "state.safetensors", "pt") as file:
        assert file.metadata()["extra"] == '{"done": 310}'

    assert "--start-from" in mistake(*given, *small)
    (tmp_path / "bare").symlink_to(start)
    assert "bare_training is missing" in mistake(*given, *small, "--start-from", tmp_path / "bare")


@pytest.mark.parametrize("axis", [2, 3])
def test_a_weave_of_the_enlargers_own_is_seen_and_unlearned(axis):
    torch.manual_seed(0)
    enlarger = Enlarger(GeneratorConfig(enlarger_channels=8, enlarger_blocks=1))
    small = torch.rand(2, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        plain = float(unevenness(enlarger, small, enlarger(small), axis))
        assert plain < 0.004  # at the start it is smooth enlargement alone, which treats every place alike, edges aside
        enlarger.out.bias.copy_(0.1 * torch.randn(48))  # each of the 16 places a shade of its own
        woven = float(unevenness(enlarger, small, enlarger(small), axis))
    assert woven > 0.01
    optimizer = torch.optim.Adam(enlarger.parameters(), 0.005)
    for _ in range(60):
        loss = unevenness(enlarger, small, enlarger(small), axis)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < woven / 3


@pytest.mark.parametrize("along", [0, 1])
def test_stripes_of_two_pixels_go_and_slower_detail_stays(along):
    enlarger = Enlarger(GeneratorConfig(enlarger_channels=8, enlarger_blocks=1))
    for wave, left in (([1, 1, 1, 1], 1.0), ([1, 0, -1, 0], 0.75), ([1, -1, 1, -1], 0.0)):
        line = torch.tensor(wave * 8, dtype=torch.float32)
        detail = (line[:, None] if along == 0 else line[None]).expand(1, 3, 32, 32)
        inner = (..., slice(4, -4), slice(4, -4))  # at the border the taps meet nothing
        torch.testing.assert_close(enlarger.without_stripes(detail)[inner], (left * detail)[inner])
    assert "taps" not in enlarger.state_dict()  # checkpoints from before load
