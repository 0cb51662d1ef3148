"""The enlarger: what it can't draw, and that it learns beside a generator that stays as it is."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from facegen import registry
from facegen.cli import main
from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.generator import DeconvGenerator, Enlarger
from facegen.pipeline import FacePipeline, UnknownSize

SIZES = {"identity_dim": 8, "flow_width": 8, "flow_hidden": 8, "flow_blocks": 1}


def untrained() -> DeconvGenerator:
    torch.manual_seed(0)
    return DeconvGenerator(GeneratorConfig(["black_hair"], channels=[8, 8, 8, 8], **SIZES))


def train(*arguments, preset: str = "enlarger") -> int:
    with pytest.raises(SystemExit) as stop:
        main(["train", preset, *map(str, arguments)])
    return stop.value.code or 0


def test_an_even_picture_stays_even_to_its_edges_whatever_the_weights():
    torch.manual_seed(0)
    enlarger = Enlarger(16, 1, 128)
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


def test_a_second_enlarger_doubles_the_image_where_that_is_asked(faces, squeezenet, tmp_path):
    base = tmp_path / "base"
    torch.manual_seed(0)
    config = GeneratorConfig(["black_hair"], channels=[8] * 4, enlarger_channels=8, enlarger_blocks=1, **SIZES)
    registry.save(DeconvGenerator(config), base)
    given = ["--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", "--set", f"source={base}"]
    given += ["--set", "faces=20", "--set", "steps=10", "--set", "batch=4", "--set", "crop=32"]
    given += ["--set", "model={channels: [8, 8, 8, 8], enlarger_channels: 8, enlarger_blocks: 1, larger_channels: 8}"]
    assert train(*given, "--feature-weights", squeezenet, preset="larger") == 0
    run = max(tmp_path.glob("*-larger"))
    assert list(run.glob("larger-*.jpg"))
    pipe, before = FacePipeline.from_pretrained(run / "checkpoint"), FacePipeline.from_pretrained(base)
    assert (before.sizes, pipe.sizes) == ((64,), (64, 128))
    own, large = pipe("black hair"), pipe("black hair", size=128)
    assert own.image == before("black hair").image and "size" not in own.settings  # the first enlarger stays
    assert large.image.size == (128, 128) and large.settings["size"] == 128
    assert pipe("black hair", size=64).png == own.png
    for wrong in (100, 0, True, "128"):
        with pytest.raises(UnknownSize, match=r"is unknown: this model draws 64 and 128 px"):
            pipe("black hair", size=wrong)
    with pytest.raises(UnknownSize, match="draws 64 px"):
        before("black hair", size=128)
    small = torch.from_numpy(np.asarray(large.image.resize((64, 64)), np.float32) - np.asarray(own.image, np.float32))
    assert small.abs().mean() < 8  # levels of 256: it is the same face
