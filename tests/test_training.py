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
from safetensors import safe_open

from facegen import registry

TOY = ["--recipe", "toy", "--set", "generator.attributes=[black_hair, blond_hair]"]


def train(*arguments, **options):
    """A `train` command in a process of its own, as a user starts it."""
    command = [sys.executable, "-m", "facegen", "train", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def run(*arguments) -> str:
    process = train(*arguments)
    out, error = process.communicate()
    assert process.returncode == 0, error
    return out


def mistake(*arguments) -> str:
    process = train(*arguments)
    _, error = process.communicate()
    assert process.returncode == 2 and len(error.strip().splitlines()) == 1, error
    return error


def losses(folder, name):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def arguments(faces, tmp_path, *more):
    return ["default", "--data", faces, "--out", tmp_path, "--cache", tmp_path / "cache", *TOY, *more]


def half_written(folder) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith((".tmp", "state.safetensors."))]


def test_killed_in_mid_write_it_goes_on(faces, tmp_path):
    # A state of 200 MB: it takes a while to be written.
    wide = [f"generator.flow_{name}={n}" for name, n in (("width", 1024), ("hidden", 4096), ("blocks", 3))]
    given = arguments(
        faces, tmp_path, *(x for each in wide for x in ("--set", each)), "--set", "autoencoder.steps=100000"
    )
    folder = tmp_path / "000-default"
    assert f"go on with --resume {folder}" in run(*given, "--time-limit", 0.1)  # a clean stop by the clock
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
    ends = {"autoencoder": steps + 10, "flow": 0, "distillation": 0, "adversarial": 0, "detail": 0}
    run(*again, *(x for stage, n in ends.items() for x in ("--set", f"{stage}.steps={n}")))
    assert done(state) == steps + 10 and not half_written(folder)
    assert registry.load(folder / "checkpoint").config.flow_width == 1024


def done(state) -> int:
    with safe_open(state, "pt") as file:
        return json.loads(file.metadata()["extra"])["done"]["autoencoder"]


def test_ctrl_c_stops_cleanly(faces, tmp_path):
    process = train(
        *arguments(faces, tmp_path, "--set", "autoencoder.steps=1000000"), env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    while process.poll() is None and not (tmp_path / "000-default/log.jsonl").exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate()
    assert process.returncode == 0, error
    assert "stopped by SIGINT" in out and "Traceback" not in error
    assert torch.isfinite(registry.load(tmp_path / "000-default/checkpoint").decoder.dense.weight).all()


def test_two_processes_train_as_one(faces, tmp_path):
    """Batches of their own, averaged gradients, one set of weights: the loss of one process, within what they vary."""
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
    done = subprocess.run(command, capture_output=True, text=True)
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
        (["--recipe", "best"], "'best': no such file, and the recipes known by name are .*default"),
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
