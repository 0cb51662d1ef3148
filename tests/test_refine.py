"""`train refine`: what is seen in faces, which codes are learned from, and a flow that draws one word more."""

import json

import numpy as np
import pytest
import torch

from facegen import registry
from facegen.cli import main
from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.generator import DeconvGenerator
from facegen.networks.squeezenet import SqueezeNet
from facegen.training.refine.choosing import FromCodes, choose
from facegen.training.refine.sight import FAR, Sight
from facegen.training.refine.weights import respread, widened

SIZES = {"identity_dim": 8, "flow_width": 16, "flow_hidden": 16, "flow_blocks": 1, "channels": [8, 8, 8, 8]}


def random_generator(names: list[str], seed: int = 0) -> DeconvGenerator:
    torch.manual_seed(seed)
    model = DeconvGenerator(GeneratorConfig(names, **SIZES))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.requires_grad_(False).eval()


def test_more_words_change_nothing_until_they_are_learned():
    known, names = ["male", "hat"], ["male", "hat", "asian", "white"]
    before = random_generator(known)
    wider = DeconvGenerator(GeneratorConfig(names, **SIZES)).eval()
    wider.load_state_dict(widened(before.state_dict(), wider.state_dict(), known, names))
    identity, said = before.identity(range(3)), torch.tensor([[1.0, 0], [0, -1], [-1, 1.5]])
    wanted = before(identity, said)
    for unheard in (0.0, 1.0, -1.0):
        more = torch.cat([said, torch.full((3, 2), unheard)], 1)
        torch.testing.assert_close(wider(identity, more), wanted, atol=1e-3, rtol=0)


def test_a_decoder_takes_codes_of_another_spread():
    decoder, told = random_generator(["hat"]).decoder, torch.zeros(3, 1)
    codes, scale, shift = torch.randn(3, 8), torch.rand(8) + 0.5, torch.randn(8)
    wanted = decoder(scale * codes + shift, told)
    respread(decoder, scale, shift)
    torch.testing.assert_close(decoder(codes, told), wanted, atol=1e-4, rtol=1e-3)


def test_photographs_teach_what_is_seen_and_what_is_far(squeezenet):
    rng = np.random.default_rng(0)
    dark = np.arange(240) % 2 == 0
    images = rng.integers(120, 200, (240, 1, 1, 3)) + rng.integers(-8, 9, (240, 32, 32, 3))  # skin, and above it hair
    images[:, :12] += np.where(dark, -90, 50)[:, None, None, None]
    images = images.clip(0, 255).astype(np.uint8)
    labels, learned = np.where(dark, 1, -1)[:, None].astype(np.int8), slice(0, 200)
    noise = rng.integers(0, 256, (4, 32, 32, 3), np.uint8)
    sight = Sight(SqueezeNet(squeezenet), images[learned], labels[learned], ["black_hair"], images[learned])
    seen = dict(zip(sight.names, sight.scores(np.concatenate([images[200:], noise])).T, strict=True))
    assert ((seen["black_hair"][:40] > 0).numpy() == dark[200:]).mean() >= 0.9
    assert seen[FAR][40:].min() > seen[FAR][:40].max()


def test_a_network_tells_from_codes_what_is_seen():
    torch.manual_seed(0)
    codes = torch.randn(2000, 6)
    scores = torch.stack([codes[:, 0] + 3, 40 * (codes[:, 1] * codes[:, 2]).tanh(), torch.randn(2000)], 1)
    network = FromCodes(6, 3)
    close = network.learn(codes, scores)
    assert close[0] > 0.98 and close[1] > 0.8 and abs(close[2]) < 0.25
    assert (network(codes)[:, 0] - scores[:, 0]).abs().mean() < 0.2  # in the scores' own unit


def test_what_does_not_show_or_is_far_is_left_out():
    torch.manual_seed(0)
    n, names = 8000, ["male", "black_hair", "gray_hair", "hat", "old", "asian"]
    said = torch.zeros(n, 6)
    said[: n // 2, 3] = said[: n // 4, 4] = said[: n // 8, 1] = 1.0
    said[: n // 8, 2] = -1.0  # black hair stands for it
    hat = 2.0 * (torch.arange(n) < n // 2)
    scores = {
        "male": torch.randn(n), "black_hair": torch.randn(n), "gray_hair": torch.ones(n), "hat": torch.ones(n),
        "old": torch.rand(n), "asian": torch.randn(n), FAR: hat + torch.randn(n),
    }  # fmt: skip
    codes = torch.arange(n)[:, None].float()
    chosen = choose(codes, said, scores, names, {"asian": 0.1}, 0.2)
    rows = chosen.codes[:, 0].long()
    assert (scores["black_hair"][rows][said[rows, 1] > 0] > 0).all()  # what was said and isn't seen is out
    of_hats, bare = (torch.isin(torch.arange(n // 8, n)[part(n)], rows).float().mean() for part in (
        lambda n: slice(0, 3 * n // 8), lambda n: slice(3 * n // 8, None)
    ))  # fmt: skip
    assert abs(of_hats - bare) < 0.12 and bare < 0.87  # hats are far from photographs, and not left out for that
    far = scores[FAR] - hat
    assert far[rows].mean() < far.mean() - 0.2
    degrees, place = chosen.told[:, 4], scores["old"][rows]
    graded = (degrees > 0) & (degrees != 1)
    assert degrees[graded].min() < 0.55 and degrees[graded].max() > 1.45
    assert torch.corrcoef(torch.stack([degrees[graded], place[graded]]))[0, 1] > 0.99
    assert chosen.plainly[:, 0].float().mean() == pytest.approx(0.1, abs=0.03)
    assert scores["asian"][rows][chosen.plainly[:, 0]].min() > scores["asian"][rows][~chosen.plainly[:, 0]].max()


def refine(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["train", "refine", *map(str, arguments)])
    return stop.value.code or 0


def test_a_generator_learns_a_word_of_faces_of_its_own(faces, squeezenet, tmp_path, capsys):
    base = tmp_path / "base"
    registry.save(random_generator(["black_hair"]), base)
    given = ["--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", "--set", f"source={base}"]
    assert refine(*given) == 2 and "give --feature-weights" in capsys.readouterr().err
    given += ["--feature-weights", squeezenet]
    assert refine(*given) == 2 and "'asian', which isn't among" not in capsys.readouterr().err
    given += ["--set", "model={attributes: [blond_hair], channels: [8, 8, 8, 8]}", "--set", "plain={blond_hair: 0.3}"]
    given += ["--set", "faces=300", "--set", "codes=2000", "--set", "batch=64", "--set", "matching=600"]
    given += ["--set", "learning_rate=0.005"]
    assert refine(*given, "--set", "plain={hat: 0.1}") == 2
    assert "plain names 'hat', which isn't among model.attributes" in capsys.readouterr().err
    more = ["--set", "model={attributes: [blond_hair, hat], channels: [8, 8, 8, 8]}", "--set", "plain={hat: 0.1}"]
    assert refine(*given, *more) == 2 and "labelled 'hat': plain can't name it" in capsys.readouterr().err
    assert refine(*given, "--set", "left_out=2") == 2 and "left_out 2.0 and plain" in capsys.readouterr().err
    assert refine(*given, "--set", "steps=600") == 2 and "matching 600 is of the 600 steps" in capsys.readouterr().err
    assert refine(*given, "--set", "steps=700") == 0
    run = max(tmp_path.glob("*-refine"))
    before, made = registry.load(base), registry.load(run / "checkpoint")
    assert made.config.attributes == ["black_hair", "blond_hair"] and list(run.glob("refine-*.jpg"))
    code, said = made.identity(range(200)), torch.zeros(200, 2)
    assert made.decoder.to_rgb.weight.equal(
        before.decoder.to_rgb.weight
    )  # the decoder stays, but for its codes' spread
    drawn, wanted = (model.appearance(code, said[:, :n]) for model, n in ((made, 2), (before, 1)))
    faces_of = (made.small(drawn, said), before.small(wanted, said[:, :1]))
    assert (faces_of[0].std(0).mean() / faces_of[1].std(0).mean() - 1).abs() < 0.3
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert {"refine/matching", "refine/distillation"} <= lines[-1].keys() and "refine/told_black_hair" in lines[0]
    asked = made.appearance(code, torch.tensor([[0.0, 1.0]]).expand(200, 2))
    assert (asked - made.appearance(code, said)).norm(dim=1).mean() > 0.1  # a word that it didn't know

    state = (run / "state.safetensors").read_bytes()
    (run / "config.yaml").write_text((run / "config.yaml").read_text().replace("steps: 700", "steps: 720"))
    assert refine("--data", faces, "--cache", tmp_path / "cache", "--feature-weights", squeezenet, "--resume", run) == 0
    assert (run / "state.safetensors").read_bytes() != state
