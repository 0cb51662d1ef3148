"""Each stage learns, a killed run goes on, and a stop leaves a checkpoint that draws."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from drawn_face import LANDMARKS, drawn_face
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from facegen import registry
from facegen.data.dress.eyewear import RIMS, Frame, draw_eyewear

TOY = ["--recipe", "toy", "--set", "generator.attributes=[black_hair, blond_hair]"]


def train(*arguments, **options):
    """A `train` command in a process of its own, as a user starts it."""
    command = [sys.executable, "-m", "facegen", "train", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def run(*arguments) -> str:
    process = train(*arguments)
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return out


def mistake(*arguments) -> str:
    process = train(*arguments)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 2 and len(error.strip().splitlines()) == 1, error
    return error


def mistake_at_last(*arguments) -> str:
    """The same where progress bars come before the sentence."""
    process = train(*arguments)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 2 and "Traceback" not in error, error
    return error.strip().splitlines()[-1]


def losses(folder, name):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def arguments(faces, tmp_path, *more):
    return ["default", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", *TOY, *more]


@pytest.fixture(scope="session")
def subjects(faces, tmp_path_factory):
    """The same faces as six subjects."""
    folder = tmp_path_factory.mktemp("subjects")
    for name in ("images", "list_attr_celeba.txt"):
        (folder / name).symlink_to(faces / name)
    (folder / "identity.txt").write_text("".join(f"{i:06d}.jpg {i % 6}\n" for i in range(48)))
    return folder


def half_written(folder) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith((".tmp", "state.safetensors."))]


def test_killed_in_mid_write_it_goes_on(faces, tmp_path):
    # A state of 200 MB: it takes a while to be written.
    wide = [f"generator.flow_{name}={n}" for name, n in (("width", 1024), ("hidden", 4096), ("blocks", 3))]
    given = arguments(
        faces, tmp_path, *(x for each in wide for x in ("--set", each)), "--set", "autoencoder.steps=100000"
    )
    run(*given, "--time-limit", 0.1)  # a clean stop by the clock
    folder = tmp_path / "000-default"
    state = folder / "state.safetensors"
    before, steps = state.stat().st_mtime_ns, done(state)
    again = ["default", "--data", faces, "--cache", tmp_path / "cache", "--resume", folder]
    process = train(*again, "--time-limit", 0.1)
    while process.poll() is None and not half_written(folder):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert half_written(folder) and state.stat().st_mtime_ns == before  # killed while it wrote; the old state is whole
    assert done(state) == steps
    out = run(*again, "--time-limit", 0.25)
    assert f"go on with --resume {folder}" in out
    assert done(state) > steps and not half_written(folder)
    assert registry.load(folder / "checkpoint").config.flow_width == 1024


def done(state) -> int:
    with safe_open(state, "pt") as file:
        return json.loads(file.metadata()["extra"])["done"]["autoencoder"]


def test_ctrl_c_stops_cleanly(faces, tmp_path):
    process = train(
        *arguments(faces, tmp_path, "--set", "autoencoder.steps=1000000"), env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("000-default/tensorboard/*")) and time.monotonic() < deadline:
        time.sleep(0.3)
    time.sleep(5)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert "stopped by SIGINT" in out and "Traceback" not in error
    assert torch.isfinite(registry.load(tmp_path / "000-default/checkpoint").decoder.dense.weight).all()


def test_classifier_learns_hair_from_nothing(faces, tmp_path):
    config = [
        "--set",
        "classifier={image_size: 32, channels: [16, 16], hidden: 16, attributes: [black_hair, blond_hair]}",
    ]
    run(
        "classifier",
        "--data",
        faces,
        "--out",
        tmp_path,
        "--cache",
        tmp_path / "cache",
        *config,
        "--set",
        "steps=300",
        "--set",
        "batch=16",
    )
    curve = losses(tmp_path / "000-classifier", "classifier/loss")
    assert curve[-1] < 0.6 * curve[0]
    model = registry.load_classifier(tmp_path / "000-classifier/checkpoint")
    dark, fair = (
        torch.from_numpy(drawn_face(32, hair=h)).permute(2, 0, 1)[None] / 127.5 - 1 for h in ((40,) * 3, (200,) * 3)
    )
    assert model.probabilities(dark)[0, 0] > 0.5 > model.probabilities(fair)[0, 0]

    # What it learned is taken over, attribute by attribute, and another shape is refused.
    again = [
        "classifier",
        "--data",
        faces,
        "--out",
        tmp_path,
        "--cache",
        tmp_path / "cache",
        "--start-from",
        tmp_path / "000-classifier/checkpoint",
        "--set",
        "steps=1",
    ]
    run(
        *again,
        "--set",
        "classifier={image_size: 32, channels: [16, 16], hidden: 16, attributes: [blond_hair, brown_hair, black_hair]}",
    )
    wider = registry.load_classifier(tmp_path / "001-classifier/checkpoint")
    for face in (dark, fair):
        black, blond = model(face)[0].tolist()
        told = wider(face)[0].tolist()
        assert told[2] == pytest.approx(black, abs=0.2) and told[0] == pytest.approx(blond, abs=0.2)
    assert "hidden = 16, where 8 is asked for" in mistake_at_last(
        *again, "--set", "classifier={image_size: 32, channels: [16, 16], hidden: 8, attributes: [black_hair]}"
    )


def test_deconv_redraws_its_subjects(subjects, tmp_path):
    config = ["--set", "model={attributes: [black_hair], channels: [16, 16, 16, 16], dense: 32}", "--set", "steps=300"]
    run("deconv", "--data", subjects, "--out", tmp_path, "--cache", tmp_path / "cache", *config)
    folder = tmp_path / "000-deconv"
    error, quality = losses(folder, "deconv/msle"), losses(folder, "deconv/psnr")
    assert error[-1] < 0.7 * error[0] and quality[-1] > quality[0] + 1
    model = registry.load(folder / "checkpoint")
    assert model.config.subjects == list("012345")
    assert model(model.identity([5]), torch.ones(1, 1)).shape == (1, 3, 32, 32)
    assert list(folder.glob("good-and-poor-*.png"))
    seldom = losses(folder, "deconv/psnr_validation")
    assert seldom[-1] > seldom[0] + 1  # as it is, not a mean with the first


def test_gradients_of_several_steps_make_one_update(subjects, tmp_path):
    network = "model={attributes: [black_hair], channels: [16, 16, 16, 16], dense: 32}"
    given = ["deconv", "--data", subjects, "--out", tmp_path, "--cache", tmp_path / "cache", "--set", network]
    for steps in (1, 3, 4):
        run(*given, "--accumulate", 4, "--set", f"steps={steps}")
    one, three, four = (load_file(tmp_path / f"00{k}-deconv/state.safetensors") for k in range(3))
    weights = [name for name in one if name.startswith("model.")]
    assert all(torch.equal(one[name], three[name]) for name in weights)  # still the first weights
    assert all(not torch.equal(three[name], four[name]) for name in weights)
    assert [four[name].item() for name in four if name.endswith("step")][0] == 1  # Adam's


def test_augmentation_shows_its_sheet_and_trains_with_it(faces, tmp_path):
    folder = tmp_path / "bare"  # known to wear no glasses, and where their landmarks are
    folder.mkdir()
    (folder / "images").symlink_to(faces / "images")
    rows = [f"{i:06d}.jpg {1 if i % 2 == 0 else -1} -1" for i in range(48)]
    (folder / "list_attr_celeba.txt").write_text("\n".join(["48", "Black_Hair Eyeglasses", *rows]) + "\n")
    assert "nothing to draw on" in mistake("classifier", "--data", folder, "--augment", tmp_path / "sheet.png")
    np.save(folder / "landmarks68.npy", np.stack([LANDMARKS * 32] * 48).astype(np.float16))
    run("classifier", "--data", folder, "--augment", tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (8 * 128, 6 * 128)

    config = ["--set", "classifier={image_size: 32, channels: [16, 16], hidden: 16, attributes: [eyeglasses]}"]
    given = ["classifier", "--data", folder, "--out", tmp_path, "--cache", tmp_path / "cache", *config]
    run(*given, "--set", "steps=250", "--set", "batch=32", "--set", "augment_eyewear=0.5")
    model = registry.load_classifier(tmp_path / "000-classifier/checkpoint")
    glasses = Frame("square", RIMS["black"], 0.13)
    bare = drawn_face(32)
    worn = draw_eyewear(bare, LANDMARKS * 32, glasses, np.random.default_rng(0))
    plain, with_glasses = model(torch.from_numpy(np.stack([bare, worn])).permute(0, 3, 1, 2) / 127.5 - 1)[:, 0]
    assert with_glasses > plain + 1  # no photograph of the set wears any


def test_draw_tightens_its_bound(faces, tmp_path):
    config = "model={attributes: [black_hair], image_size: 32, glimpses: 4, hidden: 32, latent: 8, read: 5, write: 5}"
    run(
        "draw", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", "--set", config, "--set", "steps=200"
    )
    folder = tmp_path / "000-draw"
    bound = losses(folder, "draw/elbo")
    assert bound[-1] > bound[0] + 50  # nats
    model = registry.load(folder / "checkpoint")
    stages = model.canvases(model.identity([5]), torch.ones(1, 1))
    assert len(stages) == 5 and (stages[-1] - stages[0]).abs().mean() > 0.01
    assert list(folder.glob("canvas-*.png"))


def test_two_processes_train_as_one(faces, tmp_path):
    """Batches of their own, averaged gradients, one set of weights: the loss of one process, within what batches differ by."""
    only = [
        x
        for stage, n in (("autoencoder", 100), ("flow", 0), ("distillation", 0), ("adversarial", 0), ("detail", 0))
        for x in ("--set", f"{stage}.steps={n}")
    ]
    run(*arguments(faces, tmp_path / "one", *only))
    launcher = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--cpu",
        "--num_processes",
        "2",
        "--mixed_precision",
        "no",
    ]
    command = [*launcher, "-m", "facegen", "train", *map(str, arguments(faces, tmp_path / "two", *only))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [p.name for p in (tmp_path / "two").glob("0*")] == ["000-default"]
    one = losses(tmp_path / "one/000-default", "autoencoder/l1")[-1]
    two = losses(tmp_path / "two/000-default", "autoencoder/l1")[-1]
    assert two == pytest.approx(one, rel=0.15)


@pytest.mark.parametrize(
    "extra, words",
    [
        (["--set", "batch"], "no name=value pair"),
        (["--set", "speed=9"], "unknown setting 'speed'"),
        (["--set", "flow.speed=9"], "unknown setting 'flow.speed': known are steps"),
        (["--set", "flow.batch=many"], "flow.batch = 'many': a value such as 1024 is expected"),
        (["--recipe", "best"], "'best': no such file, and the recipes known by name are default"),
        (["--precision", "int4"], "--precision 'int4'"),
        (["--accumulate", "2"], "set a stage's batch instead"),
        (["--set", "autoencoder.perceptual=1.0"], "give --feature-weights"),
        (["--resume", "/nowhere"], "holds no run to resume|can't be read"),
    ],
)
def test_mistakes_are_one_sentence(faces, tmp_path, extra, words):
    given = ["--data", faces, "--out", tmp_path / "runs", "--cache", tmp_path / "cache"]
    assert re.search(words, mistake("default", *given, *TOY, *extra))
    assert not list((tmp_path / "runs").glob("*/checkpoint"))
