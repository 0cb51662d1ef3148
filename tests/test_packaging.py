"""What is released: a wheel that works anywhere, the tree of a Space, and what both say about themselves."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml
from conftest import free_port
from gradio_client import Client
from huggingface_hub import SpaceCard

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


CLEAN = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def call(*arguments, **options) -> str:
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def served(*arguments, cwd: Path, **environment) -> Iterator[str]:
    """The address of a server that is started as a person would."""
    port = str(free_port())
    more = {"GRADIO_SERVER_PORT": port, "GRADIO_SERVER_NAME": "127.0.0.1", "PYTHONUNBUFFERED": "1", **environment}
    command = [str(a).replace("{port}", port) for a in arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=cwd, env={**CLEAN, **more}, text=True, **pipes) as process:
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if port in line:
                    break
            assert process.poll() is None, "".join(said)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.stdout.read()


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A fresh environment with the wheel in it, and everything else from where these tests run."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # setuptools leaves its build folder there
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info", "runs", "docs", "tests"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    call(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source)
    environment = folder / "environment"
    call(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin/python"
    call(*pip, "--python", python, "install", "--no-deps", *folder.glob("*.whl"), env=CLEAN)
    site = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "rest.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.rmtree(source)
    return environment / "bin"


def test_the_wheel_holds_every_file_of_the_package(installed):
    site = Path(call(installed / "python", "-c", "import facegen; print(facegen.__path__[0])", env=CLEAN).strip())
    files = {file.relative_to(ROOT / "facegen") for file in (ROOT / "facegen").rglob("*.*") if file.is_file()}
    assert not {file for file in files if file.suffix != ".pyc" and not (site / file).is_file()}


def test_the_wheel_gives_a_face_and_the_page(installed, tmp_path):
    where = call(installed / "python", "-c", "import facegen; print(facegen.__file__)", cwd=tmp_path, env=CLEAN)
    assert where.startswith(str(installed.parent))
    said = call(installed / "facegen", "generate", "a bearded man", "-o", "a.png", "--json", cwd=tmp_path, env=CLEAN)
    assert json.loads(said)["attributes"] == {"beard": True, "male": True} and (tmp_path / "a.png").is_file()
    models = [json.loads(line) for line in call(installed / "facegen", "models", "--json", env=CLEAN).splitlines()]
    here = {m["name"]: m["folder"].startswith(str(installed.parent)) for m in models if "@" not in m["name"]}
    assert here == dict.fromkeys(["classifier", "deconv", "default", "draw", "endtoend", "gan", "reader"], True)
    with served(installed / "facegen", "app", "--port", "{port}", cwd=tmp_path) as url:
        assert "facegen" in urlopen(url).read().decode()


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("the tree of a Space is taken from git")
    folder = tmp_path_factory.mktemp("space") / "tree"
    call("make", "space", f"DIR={folder}", "REPO=me/faces", "MODEL=me/face", cwd=ROOT)
    return folder


def draws_behind_a_prefix(space: Path, *python: object, **environment: str) -> None:
    """Start the Space's app as the Hub does; its page knows the prefix, and its API draws."""
    elsewhere = {"PYTHONPATH": str(space), "GRADIO_ROOT_PATH": "/faces", **environment}
    with served(*python, "app.py", cwd=space, **elsewhere) as url:
        assert f'"root":"{url}/faces"' in urlopen(url).read().decode()
        picture, said = Client(url, verbose=False).predict("a bearded man", api_name="/generate_face")
        assert said["attributes"] == {"beard": True, "male": True} and Path(picture).stat().st_size > 10_000


def test_the_tree_of_a_space_draws_a_face_behind_a_prefix(space):
    assert "*.safetensors filter=lfs" in (space / ".gitattributes").read_text()
    assert not (space / "facegen/training").exists() and not (space / ".git").exists()
    assert sum(f.stat().st_size for f in space.rglob("*") if f.is_file()) < 60e6
    page = SpaceCard.load(space / "README.md")
    said = page.data.to_dict()
    assert said["models"] == said["preload_from_hub"] == ["me/face"] and said["datasets"]
    picture = said["thumbnail"].removeprefix("https://huggingface.co/spaces/me/faces/resolve/main/")
    links = [*re.findall(r"\]\((?!https?:)([^)#\s]+)", page.text), picture, said["app_file"], said["license_link"]]
    assert not [name for name in links if not (space / name).exists()]
    draws_behind_a_prefix(space, sys.executable, HOME="/nonexistent")


@pytest.mark.slow
def test_a_space_draws_in_a_fresh_environment_where_nothing_can_be_written(space, tmp_path):
    """With the Python that its header names and what its requirements.txt installs; only /tmp can be written to."""
    wanted = SpaceCard.load(space / "README.md").data.to_dict()["python_version"]
    python = shutil.which(f"python{wanted}")
    if python is None:
        pytest.skip(f"no Python {wanted} here")
    call(python, "-m", "venv", tmp_path / "environment")
    fresh = tmp_path / "environment/bin/python"
    call(fresh, "-m", "pip", "install", "--quiet", "--retries", "1", "-r", space / "requirements.txt", env=CLEAN)
    home = tmp_path / "home"
    home.mkdir()
    folders = [home, space, *(folder for folder in space.rglob("*") if folder.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    before = sorted(space.rglob("*"))
    # root writes anywhere, unless it gives that right away.
    mortal = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
    try:
        assert subprocess.run([*mortal, "touch", home / "a", space / "a"], capture_output=True).returncode == 1
        draws_behind_a_prefix(space, *mortal, fresh, HOME=str(home))
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert sorted(space.rglob("*")) == before and not list(home.iterdir())


def test_requirements_are_those_of_the_package():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith(("#", "--"))] == PROJECT["dependencies"]


def test_make_takes_torch_for_cpus_first(tmp_path):
    """What pip installs for `make run` on a fresh machine: the build that requirements.txt names, then the rest."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    installs = [line for line in call("make", "-n", "run", cwd=tmp_path).splitlines() if " pip install" in line]
    assert "/whl/cpu torch==" in installs[0] and "--no-deps" in installs[0]
    assert len(installs) == 2 and "--editable" in installs[1]


def test_the_space_says_what_it_is():
    """Its front matter is the Hub's, names the Gradio that is required, and the licence of the weights."""
    said = SpaceCard.load(ROOT / "README.md").data.to_dict()
    assert said["sdk"] == "gradio" and (ROOT / said["app_file"]).is_file()
    wanted = next(d for d in PROJECT["dependencies"] if d.startswith("gradio"))
    assert f">={said['sdk_version'].rsplit('.', 1)[0]}" in wanted
    assert f"Programming Language :: Python :: {said['python_version']}" in PROJECT["classifiers"]
    assert (
        said["license"] == "other" and (ROOT / said["license_link"]).is_file() and len(said["short_description"]) <= 60
    )
    assert said["suggested_hardware"] == "cpu-basic" and said["tags"]


def test_the_citation_is_of_this_version():
    from facegen import __version__

    said = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert said["version"] == __version__ and said["license"] == PROJECT["license"] and said["cff-version"] == "1.2.0"
