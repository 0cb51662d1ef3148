"""The generator's contract: shapes, ranges, what seeds, words, degrees and looks do, and that it draws no grid."""

import numpy as np
import pytest
import torch

from facegen import FacePipeline, registry
from facegen.attributes import encode
from facegen.drawing.config import GeneratorConfig
from facegen.drawing.decoder import Crop, Decoder, double, double_crop
from facegen.drawing.flow import Flow, adams
from facegen.drawing.generator import FaceGenerator
from facegen.drawing.threads import threads
from facegen.picture import read_settings
from facegen.pipeline import UnknownLook

SMALL = GeneratorConfig(
    ["male", "smiling"], ["smiling"], identity_dim=8, channels=[16, 16, 16, 16, 8], style=16, coarse=16,
    flow_width=16, flow_hidden=16, flow_blocks=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def small():
    """A generator of random weights large enough that everything it is told shows."""
    torch.manual_seed(0)
    model = FaceGenerator(SMALL).eval().requires_grad_(False)
    for module in (
        model.flow.out,
        model.decoder.eigenfaces,
        *(b.style for b in model.decoder.blocks),
        *(b.to_rgb for b in model.decoder.blocks),
    ):
        torch.nn.init.normal_(module.weight, std=0.2)
    for block in model.decoder.blocks:
        block.noise.fill_(0.1)
    return model


def test_identity_is_standard_normal_and_fixed_by_its_seed(small):
    codes = small.identity(range(1000))
    assert codes.shape == (1000, 8)
    assert abs(codes.mean()) < 0.03 and abs(codes.std() - 1) < 0.03
    torch.testing.assert_close(small.identity([17])[0], codes[17])


def test_rgb_of_the_promised_shape_and_range(small):
    rgb = small(small.identity([0, 1]), torch.zeros(2, 2))
    assert rgb.shape == (2, 3, 64, 64) and rgb.abs().max() <= 1 and rgb.std() > 0.05
    assert small.sketch(small.identity([0, 1]), torch.zeros(2, 2)).shape == (2, 3, 32, 32)


@pytest.mark.parametrize("other", [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [0.0, 1.0], [0.0, 1.5]])
def test_each_word_and_each_degree_is_another_picture(small, other):
    identity = small.identity([3])
    plain, changed = (small(identity, torch.tensor([said])) for said in ([0.0, 0.25], other))
    assert (plain - changed).abs().mean() > 1e-3


def test_the_number_of_threads_changes_no_bit():
    torch.manual_seed(0)
    config = GeneratorConfig(["male"], channels=[64, 64, 64, 48, 32, 32], coarse=16, flow_width=64, flow_hidden=64)
    generator = FaceGenerator(config).eval().requires_grad_(False).to(memory_format=torch.channels_last)
    for parameter in generator.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    said, drawn = generator.conditions(torch.ones(1, 1)), set()
    for n in (1, 2, 3):
        with threads(n):
            code = generator.appearance(generator.identity([7]), torch.ones(1, 1))
            drawn.add(generator.decoder(code, said).numpy().tobytes())
    assert len(drawn) == 1


def test_looks_differ_and_the_first_is_the_default(small):
    identity, said = small.identity([3]), torch.zeros(1, 2)
    studio, snapshot = (small(identity, said, look=look) for look in ("studio", "snapshot"))
    assert torch.equal(studio, small(identity, said)) and (studio - snapshot).abs().mean() > 1e-3


def test_noise_is_fixed_when_drawing_and_new_when_training(small):
    identity, said = small.identity([3]), torch.zeros(1, 2)
    assert torch.equal(small(identity, said), small(identity, said))
    small.decoder.train()
    trained = [small.decoder(identity, small.conditions(said)) for _ in range(2)]
    small.decoder.eval()
    assert (trained[0] - trained[1]).abs().mean() > 1e-3


def test_a_crop_is_the_part_of_the_whole(small):
    x = torch.randn(2, 3, 10, 10)
    torch.testing.assert_close(double_crop(x, Crop(0, 6, 12)), double(x)[..., :12, 6:18])
    code, told, inner = torch.randn(2, 8), torch.zeros(2, SMALL.conditions), slice(4, -4)
    whole = small.decoder(code, told)
    part = small.decoder(code, told, crop=Crop(10, 22, 32))
    torch.testing.assert_close(
        part[..., inner, inner], whole[..., 10:42, 22:54][..., inner, inner], atol=1e-5, rtol=1e-4
    )


def test_nothing_repeats_every_two_or_four_pixels():
    """Power at periods of exactly 2 and 4 px is no more than that of their neighbours, in what random decoders draw."""
    torch.manual_seed(0)
    spectrum = 0
    for _ in range(4):
        decoder = Decoder(SMALL).eval()
        for block in decoder.blocks:
            torch.nn.init.normal_(block.to_rgb.weight)
            torch.nn.init.constant_(block.noise, 0.3)
        with torch.inference_mode():
            drawn = decoder(torch.randn(16, 8), torch.zeros(16, SMALL.conditions))[..., 8:-8, 8:-8]
        window = torch.hann_window(48)
        spectrum = spectrum + torch.fft.rfft(drawn * window, dim=3).abs().square().mean((0, 1, 2))
    power = 10 * spectrum.log10()
    assert power[24] < power[20:22].mean() + 3
    assert power[12] < torch.cat([power[8:10], power[15:17]]).mean() + 3


def test_an_untrained_flow_keeps_the_noise():
    torch.manual_seed(0)
    flow, noise = Flow(SMALL), torch.randn(64, 8)
    kept = flow.sample(noise, torch.zeros(64, SMALL.conditions), 2.0)
    assert torch.cosine_similarity(kept, noise).min() > 0.999
    torch.nn.init.normal_(flow.out.weight)
    assert (flow.sample(noise, torch.zeros(64, SMALL.conditions), 2.0) - kept).abs().mean() > 0.1


def test_the_teachers_rule_is_of_a_higher_order():
    exact = torch.tensor([[1.0]]).exp()
    off = [(adams(lambda x, t: x, torch.ones(1, 1), n)[-1] - exact).abs().item() for n in (6, 12, 24)]
    assert off[1] < off[0] / 5 and off[2] < off[1] / 5


def test_the_pipeline_draws_with_it_and_degrees_count(small, tmp_path):
    registry.save(small, tmp_path / "small")
    pipe = FacePipeline.from_pretrained(tmp_path / "small")
    assert pipe.drawable == ("male", "smiling") and pipe.graded == ("smiling",)
    faces = [pipe(f"a {how} smiling man", seed=5) for how in ("slightly", "", "very")]
    assert faces[0].image.size == (64, 64)
    pixels = [np.asarray(face.image, float) for face in faces]
    assert all(np.abs(a - b).mean() > 0.1 for a, b in ((pixels[0], pixels[1]), (pixels[1], pixels[2])))


def test_the_embedded_generator_follows_words():
    model = registry.load()
    identity, names = model.identity(range(4)), model.config.attributes
    said = torch.tensor([encode({"male": True, "beard": True}, names)] * 4)
    plain = model.appearance(identity, torch.zeros_like(said))
    distances = [(model.appearance(identity, said, g) - plain).norm() for g in (1.0, 2.0, 4.0)]
    assert 0 < distances[0] < distances[1] < distances[2]
    states = [{}, {"smiling": True}, {"smiling": False}]
    drawn = [model(identity[:1], torch.tensor([encode(s, names)])) for s in states]
    assert drawn[0].shape == (1, 3, 256, 256)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (drawn[a] - drawn[b]).abs().mean() > 0.005


def test_the_look_is_chosen_kept_in_the_picture_and_checked(small, tmp_path):
    pipe = FacePipeline(small, "small")
    own, snapshot = pipe("a man", 7), pipe("a man", 7, look="snapshot")
    assert pipe.looks == ("studio", "snapshot", "celebrity")
    assert pipe("a man", 7, look="studio").image.tobytes() == own.image.tobytes() != snapshot.image.tobytes()
    kept = read_settings(snapshot.save(tmp_path / "face.png"))
    assert pipe("a man", 7, look=kept["look"]).png == snapshot.png
    with pytest.raises(UnknownLook, match="the look 'painted' is unknown: this model has studio, snapshot, celebrity"):
        pipe("a man", look="painted")
    start, end = pipe.morph(snapshot, own, 2)
    assert start.tobytes() == snapshot.image.tobytes()
