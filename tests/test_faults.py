"""Whatever is written is whole or absent: processes killed at random moments, disks that are full, bytes that flip."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image
from test_download import MD5, PICTURE, server  # noqa: F401
from test_prepare import celeba, model  # noqa: F401

from facegen import hub, registry
from facegen.data.readers import read_dataset
from facegen.picture import read_settings
from facegen.training.run import load_state
from facegen.ui import ratings

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")]
KILLS = 40


class Writers:
    """The process of writers.py: starts one writer after another."""

    def __init__(self, checkpoint: str):
        command = [sys.executable, ROOT / "tests/writers.py", checkpoint]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, name: str, folder: Path, *more: object, kill_after: float | None = None) -> int:
        """How a writer ended: an errno, or -SIGKILL where it was killed after so many seconds."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps([name, str(folder), *more], default=str), file=self.process.stdin, flush=True)
        child = int(self.process.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it had ended
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def writers(quick_checkpoint) -> Iterator[Writers]:
    started = Writers(quick_checkpoint)
    yield started
    started.process.stdin.close()
    started.process.wait()


@pytest.fixture
def full(tmp_path) -> Iterator[Callable[[int], Path]]:
    """(bytes) -> a folder on a disk of its own with so much room."""
    mounted: list[Path] = []

    def disk(size: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield disk
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


def whole_png(folder: Path) -> bool:
    path = folder / "face.png"
    if path.exists():
        with Image.open(path) as image:
            image.load()
        assert read_settings(path)["description"] in ("a man with a beard", "a smiling woman")
    return path.exists()


def whole_ratings(folder: Path) -> bool:
    """All lines but perhaps the last are ratings, and each has its face; the next rating is kept, too."""
    path = folder / "ratings.jsonl"
    if not path.exists():
        return False
    *lines, last = path.read_bytes().split(b"\n")
    kept = [json.loads(line) for line in lines if line]
    for name in {rating["file"] for rating in kept}:
        with Image.open(folder / "faces" / name) as image:
            image.load()
    assert [rating["seed"] for rating in kept] == list(range(len(kept)))
    ratings.append(folder, {**kept[0], "seed": -1} if kept else RATING, b"")
    assert len(ratings.read(folder)) == len(kept) + 1, last
    return bool(kept)


RATING = {"description": "a man", "seed": -1, "model": "m", "attributes": {}, "verdict": "good", "reason": None,
          "file": "x.png"}  # fmt: skip


def whole_zips(folder: Path) -> bool:
    found = list(folder.rglob("*.zip"))
    for path in found:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None and len(archive.namelist()) == 20
    return bool(found)


def whole_checkpoint(folder: Path) -> bool:
    if not (folder / hub.WEIGHTS).exists():
        with pytest.raises(hub.CheckpointError, match="is missing"):
            registry.load(folder)
        return False
    registry.load(folder)
    return True


def whole_state(folder: Path) -> bool:
    path = folder / "state.safetensors"
    return path.exists() and load_state(path, {}, {})["done"] >= 0


CHECKS = {
    "png": whole_png, "rating": whole_ratings, "archive": whole_zips, "checkpoint": whole_checkpoint,
    "state": whole_state,
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_killed_while_it_saves(writers, tmp_path, name):
    """Half of the kills meet a folder in which something is saved already."""
    moment, whole = random.Random(name), 0
    for i in range(KILLS):
        folder = tmp_path / str(i)
        folder.mkdir()
        for _ in range(2):
            assert writers.run(name, folder, kill_after=moment.uniform(0, 0.2)) == -signal.SIGKILL
            whole += CHECKS[name](folder)
            if name == "rating":  # its check has added one
                break
    assert whole  # the kills came while files were written


def contents(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix != ".part"]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def killed_until_done(writers, folder: Path, *more: object, seconds: float, check: Callable[[Path], object]) -> int:
    """Start a writer again and again, kill it at random moments; how often it was, until it ended by itself."""
    moment, kills = random.Random(0), 0
    while (end := writers.run(*more[:1], folder, *more[1:], kill_after=moment.uniform(0, seconds))) != 0:
        assert end == -signal.SIGKILL
        kills += 1
        seconds *= 1.05  # it does come to its end
        check(folder)
    return kills


def whole_pictures(folder: Path) -> None:
    for path in folder.rglob("*.jpg"):
        with Image.open(path) as image:
            image.load()


def test_prepare_killed_again_and_again_is_prepare(writers, celeba, model, tmp_path):  # noqa: F811
    assert writers.run("prepare", tmp_path / "once", celeba, model) == 0
    out = tmp_path / "out"
    assert killed_until_done(writers, out, "prepare", celeba, model, seconds=0.5, check=whole_pictures) > 3
    assert contents(out) == contents(tmp_path / "once") and len(read_dataset(out)) == 3


def test_download_killed_again_and_again_is_download(writers, server, tmp_path):  # noqa: F811
    urls = [f"{server.url}/slow?{i}" for i in range(60)]
    assert writers.run("download", tmp_path / "once", urls, MD5) == 0
    out = tmp_path / "out"
    assert killed_until_done(writers, out, "download", urls, MD5, seconds=0.4, check=whole_pictures) > 3
    pictures = {name: data for name, data in contents(out).items() if name.endswith((".jpg", "report.json"))}
    once = {name: data for name, data in contents(tmp_path / "once").items() if name in pictures}
    assert pictures == once and len(pictures) == 61 and len(PICTURE) > 0


@pytest.mark.parametrize("name", CHECKS)
def test_a_disk_that_is_full(writers, full, name):
    """What was saved before stays; nothing is left of what didn't fit; with room again, all goes on."""
    room = {"png": 100_000, "rating": 200_000, "archive": 2_000_000, "checkpoint": 4_000_000, "state": 12_000_000}[name]
    disk = full(room)
    if name in ("png", "checkpoint", "state"):  # written over and over: these need a disk that fills up beside them
        while not CHECKS[name](disk):
            writers.run(name, disk, kill_after=0.3)
        for left in disk.glob("*.part"):
            left.unlink()
        before = contents(disk)
        fill(disk, leave=2000)
    assert writers.run(name, disk) == errno.ENOSPC
    for left in disk.rglob("*.part"):
        assert left.name == "filling.part"
    if name in ("png", "checkpoint", "state"):
        assert contents(disk) == before
        (disk / "filling.part").unlink()
        assert writers.run(name, disk, kill_after=0.3) == -signal.SIGKILL
        assert CHECKS[name](disk)
        return
    if name == "rating":
        subprocess.run(["mount", "-o", f"remount,size={2 * room}", disk], check=True)
    assert CHECKS[name](disk)


def fill(disk: Path, leave: int) -> None:
    """Take all of a disk's room but so many bytes."""
    usage = shutil.disk_usage(disk)
    (disk / "filling.part").write_bytes(b"\0" * max(0, usage.free - leave))


@pytest.mark.parametrize("name", ["prepare", "download"])
def test_a_data_set_on_a_full_disk(writers, full, celeba, model, server, name):  # noqa: F811
    urls = [f"{server.url}/fine?{i}" for i in range(30)]
    more = (celeba, model) if name == "prepare" else (urls, MD5)
    disk = full(64_000)
    fill(disk, leave=20_000 if name == "download" else 12_000)
    out = disk / "out"
    assert writers.run(name, out, *more) == errno.ENOSPC
    whole_pictures(out)
    (disk / "filling.part").unlink()
    subprocess.run(["mount", "-o", "remount,size=4000000", disk], check=True)
    assert writers.run(name, out, *more) == 0
    whole_pictures(out)
    assert len(list(out.rglob("*.jpg"))) == (3 if name == "prepare" else 30)


def test_a_command_on_a_full_disk_says_so(full, small_checkpoint, faces):
    """One sentence and exit code 2; nothing is left."""
    disk = full(16_000)
    fill(disk, leave=0)
    commands = {
        "generate": ["generate", "a man", "--model", small_checkpoint, "-o", disk / "face.png"],
        "prepare": ["prepare", faces, disk / "out"],
        "annotate": ["annotate", faces, "--export", disk / "bags.json"],
    }
    for name, arguments in commands.items():
        command = [sys.executable, "-m", "facegen", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 2 and "Traceback" not in done.stderr, (name, done.stderr)
        assert "No space left on device" in done.stderr.splitlines()[-1], (name, done.stderr)
    assert [p.name for p in disk.rglob("*") if p.is_file()] == ["filling.part"]


def test_training_on_a_full_disk_says_so_and_keeps_its_last_state(full, faces, tmp_path):
    disk = full(40_000_000)
    small = "model={image_size: 32, hidden: 16, attributes: [black_hair, blond_hair]}"
    common = ["classifier", "--data", faces, "--cache", tmp_path, "--out", disk, "--set", small, "--set", "batch=8"]

    def train(*more: object) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "facegen", "train", *common, *more]
        return subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True)

    first = train("--set", "steps=5")
    assert first.returncode == 0, first.stderr
    before = contents(disk)
    fill(disk, leave=0)
    done = train("--resume", disk / "000-classifier", "--set", "steps=10")
    told = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode == 2 and "No space left on device" in told[0], done.stderr  # TensorBoard adds its own words
    after = contents(disk)
    for name in before:
        if name.endswith((".safetensors", ".json", ".yaml")):
            assert after[name] == before[name]


def test_packed_photographs_on_a_full_disk(full, faces):
    """A memory-mapped file that finds no room would end the process (SIGBUS)."""
    disk = full(64_000)
    code = (
        "import sys; from pathlib import Path; from facegen.data.pack import pack\n"
        "from facegen.data.readers import read_dataset; pack([read_dataset(sys.argv[1])], 64, Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, faces, disk], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "No space left on device" in done.stderr, done.stderr
    assert not list(disk.iterdir())


@pytest.mark.parametrize("name", ["default", "classifier", "reader", "deconv"])
@pytest.mark.parametrize("file", [hub.CONFIG, hub.WEIGHTS])
def test_flipped_bytes_are_refused_or_change_nothing(tmp_path, name, file):
    """200 of each file of each checkpoint."""
    folder = hub.embedded(name)
    config, tensors = hub.read(folder)
    for other in (hub.CONFIG, hub.WEIGHTS):
        shutil.copy(folder / other, tmp_path / other)
    whole, flip = bytearray((folder / file).read_bytes()), np.random.default_rng(0)
    for place in flip.integers(0, len(whole), 200):
        kept = whole[place]
        whole[place] ^= 1 << flip.integers(8)
        (tmp_path / file).write_bytes(whole)
        whole[place] = kept
        try:
            again, same = hub.read(tmp_path)
        except hub.CheckpointError:
            continue
        assert {key: again.get(key) for key in config} == config
        assert all(tensors[key].equal(same[key]) for key in tensors)
