"""Each stage learns, a killed run goes on, and a stop leaves a checkpoint that draws."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch
from drawn_face import drawn_face

from facegen import hub
from facegen.classifier import load_classifier
from facegen.evaluation import families

TINY = ["--set", "batch=8", "--set", "generator={attributes: [black_hair, blond_hair], identity_dim: 8, channels: [16, 16, 16, 16], prior_width: 16, prior_hidden: 16, prior_blocks: 1}"]


def train(*arguments, **options):
    """A `train` command in a process of its own, as a user starts it."""
    command = [sys.executable, "-m", "facegen", "train", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def run(*arguments) -> str:
    process = train(*arguments)
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return out


def losses(folder, name):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def arguments(faces, tmp_path, stage_steps):
    names = ("autoencoder_steps", "prior_steps", "adversarial_steps")
    steps = [x for name, n in zip(names, stage_steps, strict=True) for x in ("--set", f"{name}={n}")]
    return ["default", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", *TINY, *steps]


@pytest.fixture(scope="session")
def subjects(faces, tmp_path_factory):
    """The same faces as six subjects."""
    folder = tmp_path_factory.mktemp("subjects")
    for name in ("images", "list_attr_celeba.txt"):
        (folder / name).symlink_to(faces / name)
    (folder / "identity.txt").write_text("".join(f"{i:06d}.jpg {i % 6}\n" for i in range(48)))
    return folder


def test_three_stages_learn_and_leave_a_checkpoint(faces, tmp_path):
    out = run(*arguments(faces, tmp_path, (500, 600, 8)), "--set", "prior_batch=64")
    folder = tmp_path / "000-default"
    assert str(folder / "checkpoint") in out
    pixel, flow = losses(folder, "autoencoder/l1"), losses(folder, "prior/flow")
    assert pixel[-1] < 0.9 * pixel[0]
    assert flow[-1] < 0.9 * flow[0]
    model = hub.load_generator(folder / "checkpoint")
    assert model.config.attributes == ["black_hair", "blond_hair"]
    assert list(folder.glob("prior-*.png")) and (folder / "config.yaml").is_file()


    again = tmp_path / "again"
    more = run(*arguments(faces, again, (100, 1, 1)), "--start-from", folder / "checkpoint")
    assert "checkpoint:" in more
    assert losses(again / "000-default", "autoencoder/l1")[0] < 1.1 * pixel[-1]  # it went on where the first left off


def test_killed_in_the_middle_it_goes_on(faces, tmp_path):
    given = arguments(faces, tmp_path, (100_000, 10, 10))
    process = train(*given, "--time-limit", 0.1)
    process.communicate(timeout=300)  # a clean stop by the clock
    folder = tmp_path / "000-default"
    assert process.returncode == 0
    state = folder / "state.safetensors"
    whole = state.read_bytes()
    process = train("default", "--data", faces, "--cache", tmp_path / "cache", "--resume", folder)
    time.sleep(6)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (folder / "state.safetensors.part").write_bytes(whole[: len(whole) // 2])  # what a kill in mid-write leaves
    before = hub.read(folder / "checkpoint")[0]
    out = run("default", "--data", faces, "--cache", tmp_path / "cache", "--resume", folder, "--time-limit", 0.05)
    assert f"go on with --resume {folder}" in out
    assert hub.read(folder / "checkpoint")[0] == before


def test_ctrl_c_stops_cleanly(faces, tmp_path):
    process = train(*arguments(faces, tmp_path, (1_000_000, 10, 10)), env={**os.environ, "PYTHONUNBUFFERED": "1"})
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("000-default/tensorboard/*")) and time.monotonic() < deadline:
        time.sleep(0.3)
    time.sleep(5)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert "stopped by SIGINT" in out and "Traceback" not in error
    assert torch.isfinite(hub.load_generator(tmp_path / "000-default/checkpoint").decoder.dense.weight).all()


def test_classifier_learns_hair_from_nothing(faces, tmp_path):
    config = ["--set", "classifier={image_size: 32, channels: [16, 16], hidden: 16, attributes: [black_hair, blond_hair]}"]
    run("classifier", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", *config, "--set", "steps=300", "--set", "batch=16")
    curve = losses(tmp_path / "000-classifier", "classifier/loss")
    assert curve[-1] < 0.6 * curve[0]
    model = load_classifier(tmp_path / "000-classifier/checkpoint")
    dark, fair = (torch.from_numpy(drawn_face(32, hair=h)).permute(2, 0, 1)[None] / 127.5 - 1 for h in ((40,) * 3, (200,) * 3))
    assert model.probabilities(dark)[0, 0] > 0.5 > model.probabilities(fair)[0, 0]


def test_deconv_redraws_its_subjects(subjects, tmp_path):
    config = ["--set", "model={attributes: [black_hair], channels: [16, 16, 16, 16], dense: 32}", "--set", "steps=300"]
    run("deconv", "--data", subjects, "--out", tmp_path, "--cache", tmp_path / "cache", *config)
    folder = tmp_path / "000-deconv"
    error, quality = losses(folder, "deconv/msle"), losses(folder, "deconv/psnr")
    assert error[-1] < 0.7 * error[0] and quality[-1] > quality[0] + 1
    model = families.load(folder / "checkpoint")
    assert model.config.subjects == list("012345")
    assert model(model.identity([5]), torch.ones(1, 1)).shape == (1, 3, 32, 32)
    assert list(folder.glob("good-and-poor-*.png"))


def test_draw_tightens_its_bound(faces, tmp_path):
    config = "model={attributes: [black_hair], image_size: 32, glimpses: 4, hidden: 32, latent: 8, read: 5, write: 5}"
    run("draw", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", "--set", config, "--set", "steps=200")
    folder = tmp_path / "000-draw"
    bound = losses(folder, "draw/elbo")
    assert bound[-1] > bound[0] + 50  # nats
    model = families.load(folder / "checkpoint")
    stages = model.canvases(model.identity([5]), torch.ones(1, 1))
    assert len(stages) == 5 and (stages[-1] - stages[0]).abs().mean() > 0.01
    assert list(folder.glob("canvas-*.png"))


def test_gan_plays_from_nothing(faces, tmp_path):
    given = ["--set", "adversarial_steps=100", "--set", "penalty_every=4"]
    run("gan", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", *TINY, *given)
    folder = tmp_path / "000-gan"
    assert losses(folder, "adversarial/l1") == [0.0]  # no photograph is redrawn
    model = hub.load_generator(folder / "checkpoint")
    a, b = model(model.identity([1, 2]), torch.zeros(2, 2))
    assert (a - b).abs().mean() > 0.01  # noise alone is the code


def test_two_processes_train_as_one(faces, tmp_path):
    """Batches of their own, averaged gradients, one set of weights: the loss of one process, within what batches differ by."""
    given = arguments(faces, tmp_path / "one", (100, 0, 0))
    run(*given)
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--mixed_precision", "no"]
    command = [*launcher, "-m", "facegen", "train", *map(str, arguments(faces, tmp_path / "two", (100, 0, 0)))]
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
        (["--set", "speed=9"], "unknown hyper-parameter 'speed'"),
        (["--set", "batch=many"], "a number is needed"),
        (["--precision", "int4"], "--precision 'int4'"),
        (["--resume", "/nowhere"], "holds no run to resume|can't be read"),
    ],
)
def test_mistakes_are_one_sentence(faces, tmp_path, extra, words):
    process = train("default", "--data", faces, "--out", tmp_path / "runs", "--cache", tmp_path / "cache", *TINY, *extra)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 2
    assert len(error.strip().splitlines()) == 1
    assert re.search(words, error)
    assert not list((tmp_path / "runs").glob("*/checkpoint"))
