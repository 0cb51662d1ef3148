"""The enlarger: what it can't draw, and that it learns beside a generator that stays as it is."""

import json

import pytest
import torch
from safetensors.torch import load_file

from facegen import registry
from facegen.cli import main
from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.generator import DeconvGenerator, Enlarger

SIZES = {"identity_dim": 8, "prior_width": 8, "prior_hidden": 8, "prior_blocks": 1}


def untrained() -> DeconvGenerator:
    torch.manual_seed(0)
    return DeconvGenerator(GeneratorConfig(["black_hair"], channels=[8, 8, 8, 8], **SIZES))


def train(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["train", "enlarger", *map(str, arguments)])
    return stop.value.code or 0


def test_an_even_picture_stays_even_to_its_edges_whatever_the_weights():
    torch.manual_seed(0)
    enlarger = Enlarger(GeneratorConfig(["hat"], channels=[8] * 5, enlarger_channels=16, enlarger_blocks=1))
    for parameter in enlarger.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    torch.nn.init.zeros_(enlarger.noisiness)
    large = enlarger(torch.zeros(1, 3, 64, 64).add(0.3))
    assert large.shape == (1, 3, 128, 128)
    even = large[..., 2:-2, 2:-2].double()  # the outermost pixels see a trace of what lies beyond
    assert even.std((2, 3)).max() < 1e-5 and (large - even.mean((2, 3), keepdim=True)).abs().max() < 0.1


def test_it_learns_from_photographs_and_goes_on(faces, squeezenet, tmp_path, capsys):
    base, cache = tmp_path / "base", tmp_path / "cache"
    registry.save(untrained(), base)
    given = ["--data", faces, "--out", tmp_path, "--cache", cache, "--set", f"source={base}", "--set", "faces=20"]
    assert train(*given) == 2 and "give --feature-weights" in capsys.readouterr().err
    given += ["--feature-weights", squeezenet, "--set", "steps=30", "--set", "batch=4", "--set", "crop=32"]
    assert train(*given) == 2 and "mean 256 px, the generator's 64 px" in capsys.readouterr().err
    assert train(*given, "--set", "model={channels: [8, 8, 8, 8], enlarger_channels: 8, enlarger_blocks: 1}") == 0
    run = max(tmp_path.glob("*-enlarger"))
    made = registry.load(run / "checkpoint")
    assert made.config.image_size == 64 and list(run.glob("enlarger-*.jpg"))
    code, said = made.identity([3]), torch.ones(1, 1)
    torch.testing.assert_close(made.sketch(code, said), registry.load(base).sketch(code, said))  # that part stays
    assert made(code, said).shape == (1, 3, 64, 64)
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 30 and {"enlarger/gap", "enlarger/kept"} <= lines[-1].keys()

    before = load_file(run / "state.safetensors")
    config = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(config.replace("steps: 30", "steps: 32"))
    again = ["--data", faces, "--cache", cache, "--feature-weights", squeezenet, "--resume", run]
    assert train(*again) == 0
    after = load_file(run / "state.safetensors")
    moved = {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
    assert {"enlarger", "average", "discriminators"} <= moved
